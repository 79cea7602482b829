//! Ciphertext on its way in, record by record: what stands behind the record that ends TLS is not TLS's.

use std::io;

use crate::adapter::Stream;

/// Bytes that came in and were not taken yet. An idle connection holds no buffer.
#[derive(Debug)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    /// Up to here it was looked at: what stands before waits for the rest of its message.
    seen: usize,
    end: usize,
    /// Whether much came in at once: then more is asked for.
    is_much: bool,
}

/// What the input goes on with (RFC 8446 §5.1).
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
        Self { buffer, start: 0, seen: 0, end, is_much: false }
    }

    /// What was not looked at.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.seen..self.end).unwrap_or_default()
    }

    /// What it goes on with.
    pub(super) fn record(&self) -> Record {
        match *self.bytes() {
            [kind, ..] if !KINDS.contains(&kind) => Record::Foreign,
            [_, _, _, high, low, ..] => {
                let len = usize::from(u16::from_be_bytes([high, low]));
                if len > MAX_PAYLOAD {
                    Record::Oversized
                } else if self.end - self.seen < HEADER + len {
                    Record::Partial
                } else {
                    Record::Whole(HEADER + len)
                }
            }
            _ => Record::Partial,
        }
    }

    /// The next `count` bytes are looked at.
    pub(super) fn see(&mut self, count: usize) {
        self.seen = self.end.min(self.seen + count);
    }

    /// What was looked at and not done with.
    pub(super) fn seen(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..self.seen).unwrap_or_default()
    }

    /// The first `count` bytes that were looked at are done with.
    pub(super) fn discard(&mut self, count: usize) {
        self.start = self.seen.min(self.start + count);
    }

    /// Whether a message of the handshake is longer than any may be.
    pub(super) fn is_overlong(&self) -> bool {
        self.end - self.start >= MAX_MESSAGE
    }

    /// Reads what is there now. There is room, as long as it goes on with no whole record and is not overlong.
    pub(super) fn fill(&mut self, stream: &impl Stream) -> io::Result<usize> {
        if self.start == self.end && !self.is_much {
            return self.sip(stream);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.seen, self.end) = (0, self.seen - self.start, self.end - self.start);
        }
        let room = self.end + GULP;
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let result = stream.read(self.buffer.get_mut(self.end..).unwrap_or_default());
        match &result {
            Ok(count) => {
                self.is_much = self.end > 0 || *count > SIP;
                self.end += count;
            }
            Err(_) if self.end == 0 => *self = Self { is_much: true, ..Self::default() },
            Err(_) => {}
        }
        result
    }

    /// A command needs next to no room, and mostly there is none: that is not to cost a buffer.
    fn sip(&mut self, stream: &impl Stream) -> io::Result<usize> {
        let mut sip = [0; SIP];
        let result = stream.read(&mut sip);
        let came = sip.get(..*result.as_ref().unwrap_or(&0)).unwrap_or_default();
        *self = Self { is_much: came.len() == SIP, ..Self::of(came.to_vec()) };
        result
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

/// Kinds of records: change_cipher_spec, alert, handshake, application_data, and one that is not used (heartbeat).
const KINDS: std::ops::RangeInclusive<u8> = 0x14..=0x18;
const HEADER: usize = 5;
/// What a record may hold at most (RFC 5246 §6.2.3; RFC 8446 §5.2 allows less).
const MAX_PAYLOAD: usize = (1 << 14) + 2048;
/// Bytes that are asked for where nothing much is to be expected: a command, or a client's hello.
const SIP: usize = 1024;
/// And where there is more: about four full records.
const GULP: usize = 68 * 1024;
/// What is kept of a message of the handshake, with the headers of its records.
const MAX_MESSAGE: usize = 64 * 1024;
