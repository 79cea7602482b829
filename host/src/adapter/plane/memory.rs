//! Bytes between a connection and memory.

use bytes::{Buf, Bytes};
use ftp_proto::outcome::{Done, Received};

use super::{Connection, Link, Visit, halt};
use crate::adapter::{Halt, Layer, Taken};

/// All of some bytes on their way out.
#[derive(Debug)]
pub(super) struct Sending {
    rest: Bytes,
    sent: u64,
}

impl Sending {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { rest: bytes, sent: 0 }
    }

    /// How many bytes are on their way.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn step<C: Connection>(&mut self, link: &mut Link<C>, visit: &mut Visit) -> Result<Done, Halt> {
        // Where it cannot be set, the connection is gone, and the write says so.
        let _ = link.hurry();
        let Link { connection, layer, .. } = link;
        if let Some(layer) = layer {
            return self.step_secured(connection, layer, visit);
        }
        if !self.rest.is_empty() {
            let count = connection.write_vectored(&[std::io::IoSlice::new(&self.rest)]).map_err(halt)?;
            self.advance(count, visit);
        }
        if self.rest.is_empty() { Ok(Done) } else { Err(Halt::Later) }
    }

    fn step_secured<C: Connection>(
        &mut self,
        connection: &C,
        layer: &mut Layer,
        visit: &mut Visit,
    ) -> Result<Done, Halt> {
        if self.rest.is_empty() {
            return layer.flush(connection).map(|()| Done);
        }
        let count = layer.write(connection, &self.rest)?;
        self.advance(count, visit);
        Err(Halt::Later)
    }

    fn advance(&mut self, count: usize, visit: &mut Visit) {
        self.rest.advance(count);
        self.sent += count as u64;
        visit.moved += count;
    }
}

/// At least one byte, and at most so many, to come in.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) max: usize,
}

impl Receiving {
    pub(super) fn step<C: Connection>(&self, link: &mut Link<C>, visit: &mut Visit) -> Result<Received, Halt> {
        let buffer = visit.buffer();
        let room = self.max.min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let (count, end) = match link.take(buffer)? {
            Taken::Bytes(count) => (count, None),
            Taken::End(end) => (0, Some(end)),
        };
        let bytes = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
        visit.moved += count;
        Ok(Received { bytes, end })
    }
}
