//! TYPE A: the line ends of a Unix file to those of the network and back (RFC 959 §3.1.1.1). Both directions are
//! incremental: where the chunks are cut means nothing.

use alloc::vec::Vec;

/// From the file to the network: LF becomes CR LF; a CR LF that is there already stays one.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    after_cr: bool,
}

impl Encoder {
    /// Encodes `input` behind `out`.
    pub fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let _ = (input, out, &mut self.after_cr);
    }
}

/// From the network to the file: CR LF becomes LF; a CR before anything else stays.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    held_cr: bool,
}

impl Decoder {
    /// Decodes `input` behind `out`. A CR at the end of `input` is held back until the next byte is known.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let _ = (input, out, &mut self.held_cr);
    }

    /// The stream has ended: gives out a CR that was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let _ = (out, &mut self.held_cr);
    }
}
