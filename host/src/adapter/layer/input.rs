//! Ciphertext on its way in, record by record: what stands behind the record that ends TLS is not TLS's.

use std::io::{self, IoSlice, Write};

use crate::adapter::Stream;

/// Bytes that came in and were not taken yet. An idle connection holds no buffer.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// What the input begins with (RFC 8446 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// A record of so many bytes, with its header.
    Whole(usize),
    /// The first part of one, or nothing.
    Partial,
    /// A header that promises more than a record may hold.
    Oversized,
    /// No record: its first byte is that of none.
    Foreign,
}

impl Input {
    /// What came in already.
    pub(super) fn of(buffer: Vec<u8>) -> Self {
        let end = buffer.len();
        Self { buffer, start: 0, end }
    }

    /// What there is.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// What it begins with.
    pub(super) fn record(&self) -> Record {
        match *self.bytes() {
            [kind, ..] if !KINDS.contains(&kind) => Record::Foreign,
            [_, _, _, high, low, ..] => {
                let len = usize::from(u16::from_be_bytes([high, low]));
                if len > MAX_PAYLOAD {
                    Record::Oversized
                } else if self.end - self.start < HEADER + len {
                    Record::Partial
                } else {
                    Record::Whole(HEADER + len)
                }
            }
            _ => Record::Partial,
        }
    }

    /// The first `count` bytes are taken.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Reads what is there now; there is room, as long as the input is no whole record.
    pub(super) fn fill(&mut self, stream: &impl Stream) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() < CAPACITY {
            self.buffer.resize(CAPACITY, 0);
        }
        let result = stream.read(self.buffer.get_mut(self.end..).unwrap_or_default());
        match &result {
            Ok(count) => self.end += count,
            Err(_) if self.end == 0 => *self = Self::default(),
            Err(_) => {}
        }
        result
    }
}

/// The way out, as rustls wants it.
pub(super) struct Sink<'a, S>(pub(super) &'a S);

impl<S: Stream> Write for Sink<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Kinds of records: change_cipher_spec, alert, handshake, application_data, and one that is not used (heartbeat).
const KINDS: std::ops::RangeInclusive<u8> = 0x14..=0x18;
const HEADER: usize = 5;
/// What a record may hold at most (RFC 5246 §6.2.3; RFC 8446 §5.2 allows less).
const MAX_PAYLOAD: usize = (1 << 14) + 2048;
/// Two full records, and what is over of a third.
const CAPACITY: usize = 36 * 1024;
