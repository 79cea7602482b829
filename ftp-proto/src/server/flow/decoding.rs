//! The decoding of an upload: as much at a time as one write may hold. The rest stays where it is, in what came in.

use alloc::boxed::Box;
use alloc::vec::Vec;

use bytes::{Buf, Bytes};

use crate::coding::{Decoder, Fault, Step};

/// The decoder of an upload, and what it has not decoded yet.
#[derive(Debug)]
pub(super) struct Decoding {
    decoder: Decoder,
    input: Bytes,
    /// Whether it may give more without more input.
    pub(super) busy: bool,
    /// A restart marker, until everything before it is written.
    pub(super) marker: Option<Box<[u8]>>,
    /// Whether the file has ended, and all of it was given out.
    pub(super) over: bool,
}

impl Decoding {
    pub(super) const fn new(decoder: Decoder) -> Self {
        Self { decoder, input: Bytes::new(), busy: false, marker: None, over: false }
    }

    /// More came in; what came before is decoded.
    pub(super) fn take(&mut self, input: Bytes) {
        self.input = input;
        self.busy = true;
    }

    /// Decodes what there is room for; once the connection has `ended`, also what was held back.
    pub(super) fn decode(&mut self, out: &mut Vec<u8>, room: usize, ended: bool) -> Result<(), Fault> {
        if self.over || self.marker.is_some() {
            return Ok(());
        }
        if self.busy {
            let mut input = &self.input[..];
            let step = self.decoder.decode(&mut input, out, room.max(1))?;
            let used = self.input.len() - input.len();
            self.input.advance(used);
            match step {
                Step::Hungry => self.busy = false,
                Step::Full => {}
                Step::Marker(marker) => self.marker = Some(marker),
                Step::End => (self.busy, self.over, self.input) = (false, true, Bytes::new()),
            }
        }
        if ended && !self.busy && !self.over {
            self.over = true;
            self.decoder.finish(out)?;
        }
        Ok(())
    }
}
