//! TYPE A: the line ends of a Unix file to those of the network and back (RFC 959 §3.1.1.1). Both directions are
//! incremental: where the chunks are cut means nothing. No character set is translated: bytes pass as they are.

use alloc::vec::Vec;

use memchr::{memchr, memchr_iter};

/// From the file to the network: LF becomes CR LF; a CR LF that is there already stays one.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    after_cr: bool,
}

impl Encoder {
    /// Encodes `input` behind `out`.
    pub fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let Some(last) = input.last() else { return };
        out.reserve(input.len());
        let mut copied = 0;
        for line_feed in memchr_iter(b'\n', input) {
            let line = &input[copied..line_feed];
            out.extend_from_slice(line);
            let has_cr = line.last().map_or(copied == 0 && self.after_cr, |byte| *byte == b'\r');
            out.extend_from_slice(if has_cr { b"\n" } else { b"\r\n" });
            copied = line_feed + 1;
        }
        out.extend_from_slice(&input[copied..]);
        self.after_cr = *last == b'\r';
    }

    /// Whether what comes means the same as at the beginning of a file.
    pub(crate) const fn is_between(&self) -> bool {
        !self.after_cr
    }
}

/// From the network to the file: CR LF becomes LF; a CR before anything else stays.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    held_cr: bool,
}

impl Decoder {
    /// Decodes `input` behind `out`. A CR at the end of `input` is held back until the next byte is known.
    pub fn decode(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        let Some(first) = input.first() else { return };
        if self.held_cr && *first != b'\n' {
            out.push(b'\r');
        }
        out.reserve(input.len());
        while let Some(cr) = memchr(b'\r', input) {
            let (line, rest) = (&input[..cr], &input[cr + 1..]);
            out.extend_from_slice(line);
            input = match rest {
                [] => {
                    self.held_cr = true;
                    return;
                }
                [b'\n', next @ ..] => {
                    out.push(b'\n');
                    next
                }
                _ => {
                    out.push(b'\r');
                    rest
                }
            };
        }
        out.extend_from_slice(input);
        self.held_cr = false;
    }

    /// The stream has ended: gives out a CR that was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if core::mem::take(&mut self.held_cr) {
            out.push(b'\r');
        }
    }

    /// Whether nothing is held back.
    pub(crate) const fn is_between(&self) -> bool {
        !self.held_cr
    }
}

#[cfg(test)]
mod tests;
