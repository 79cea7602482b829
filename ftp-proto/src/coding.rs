//! What a file becomes on the data connection: representation type, structure and mode (RFC 959 §3.1, §3.4).
//!
//! ```text
//!  file ──► type ──► structure ──► mode ──► data connection        Encoder
//!  file ◄── type ◄── structure ◄── mode ◄── data connection        Decoder
//!           A E I    F R           S B C Z
//! ```
//!
//! Both directions are incremental: where the chunks are cut means nothing. Both are bounded: an [`Encoder`] makes of a
//! chunk at most about three times its length, and a [`Decoder`] stops when it has given out as much as there was room
//! for, however much more its input would swell to; what is left is decoded by the next call.
//!
//! | file | what it is |
//! |---|---|
//! | `encode`, `decode` | the two pipelines |
//! | `ends` | what a block, or a code between bytes, says of the end of records and of the file |
//! | `stream` | MODE S with STRU R: codes behind 0xFF |
//! | `block` | MODE B |
//! | `compressed` | MODE C: runs |
//! | `deflate` | MODE Z: the zlib coding, by miniz_oxide; the feature `mode-z` |
//! | `ebcdic` | TYPE E: IBM-1047 |
//!
//! Types A and I without structure in MODE S are the most of all transfers. TYPE I is then the identity
//! ([`Coding::is_identity`]), and no coder is needed at all.

mod block;
mod compressed;
mod decode;
#[cfg_attr(not(feature = "mode-z"), path = "coding/no_deflate.rs")]
mod deflate;
mod ebcdic;
mod encode;
mod ends;
mod stream;

pub use self::decode::{Decoder, Step};
pub use self::encode::Encoder;

/// The representation type (RFC 959 §3.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Representation {
    /// TYPE A N, the default of RFC 959: lines end in CR LF on the network, in LF in the file.
    #[default]
    Ascii,
    /// TYPE E N: IBM-1047 on the network, ISO 8859-1 in the file; lines end in NL and LF.
    Ebcdic,
    /// TYPE I and L 8: bytes.
    Image,
}

/// The structure of a file (RFC 959 §3.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Structure {
    /// STRU F: none.
    #[default]
    File,
    /// STRU R: records. In types A and E a record is a line; in TYPE I the whole file is one.
    Record,
}

/// The transmission mode (RFC 959 §3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// MODE S.
    #[default]
    Stream,
    /// MODE B: blocks behind headers.
    Block,
    /// MODE C: runs of a byte in short.
    Compressed,
    /// MODE Z: what MODE S would send, in the zlib coding.
    #[cfg(feature = "mode-z")]
    Deflate,
}

impl Mode {
    /// Whether restart markers go with the data, so that REST names one (RFC 959 §3.5).
    #[must_use]
    pub const fn has_markers(self) -> bool {
        matches!(self, Self::Block | Self::Compressed)
    }
}

/// Everything that decides how a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// TYPE.
    pub representation: Representation,
    /// STRU.
    pub structure: Structure,
    /// MODE.
    pub mode: Mode,
    /// How hard MODE Z tries: 0 (stores) to 9.
    pub level: u8,
    /// Bytes of the file between two restart markers, where the mode has them; 0 for none.
    pub marker_interval: u64,
}

impl Coding {
    /// Whether the file's bytes are sent as they are.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.representation == Representation::Image && self.is_plain()
    }

    /// Whether neither structure nor mode change anything.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.structure == Structure::File && self.mode == Mode::Stream
    }

    /// Whether REST counts bytes of the file. Where it does not, it counts those of the text that is sent, before
    /// MODE Z: an offset in TYPE A, as RFC 3659 §5 has it.
    #[must_use]
    pub fn restarts_in_file(&self) -> bool {
        self.mode.has_markers() || self.representation != Representation::Ascii
    }

    /// Whether a transfer may restart: RFC 3659 §5 has no offsets for records, so STRU R takes a mode with markers.
    #[must_use]
    pub fn may_restart(&self) -> bool {
        self.structure == Structure::File || self.mode.has_markers()
    }

    /// MODE C's filler (RFC 959 §3.4.3).
    const fn filler(&self) -> u8 {
        match self.representation {
            Representation::Ascii => b' ',
            Representation::Ebcdic => ebcdic::SPACE,
            Representation::Image => 0,
        }
    }
}

/// What is wrong with data that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not what its mode and structure say.
    #[error("malformed data")]
    Malformed,
    /// It ended before its end.
    #[error("the data ended too early")]
    Truncated,
}

#[cfg(test)]
mod tests;
