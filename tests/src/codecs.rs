//! The transmission modes, structures and types of RFC 959 as a client knows them: written from the RFC, without a look
//! at the engine's own, so that one can be held against the other.
//!
//! A file on its way is a row of [`Piece`]s. Each mode writes and reads such rows:
//!
//! ```
//! use ftp_tests::codecs::{Mode, Piece, content};
//!
//! let row = [Piece::Data(b"one".to_vec()), Piece::Marker(b"3".to_vec()), Piece::EndOfFile];
//! let bytes = Mode::Block.encode(&row);
//! assert_eq!(content(&Mode::Block.decode(&mut &bytes[..]).unwrap()), b"one");
//! ```

mod block;
mod compressed;
pub mod ebcdic;
mod records;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// A part of a file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of it.
    Data(Vec<u8>),
    /// A record ends here.
    EndOfRecord,
    /// The file ends here.
    EndOfFile,
    /// Where a transfer may be taken up again.
    Marker(Vec<u8>),
}

/// How pieces are told apart on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// MODE S with STRU R: codes behind 0xFF (RFC 959 §3.4.1). Knows no markers.
    Records,
    /// MODE B (§3.4.2).
    Block,
    /// MODE C with this filler byte: 0 in TYPE I, a blank in TYPE A and E (§3.4.3).
    Compressed(u8),
}

impl Mode {
    /// The bytes of `pieces`.
    ///
    /// # Panics
    /// Where a piece cannot be said in this mode.
    #[must_use]
    pub fn encode(self, pieces: &[Piece]) -> Vec<u8> {
        match self {
            Self::Records => records::encode(pieces),
            Self::Block => block::encode(pieces),
            Self::Compressed(filler) => compressed::encode(pieces, filler),
        }
    }

    /// Reads pieces up to the end of the file, or to that of the connection, and no byte more.
    ///
    /// # Errors
    /// When the connection ends in the middle of a piece, when a piece is none, and as `from` does.
    pub fn decode(self, from: &mut impl Read) -> io::Result<Vec<Piece>> {
        match self {
            Self::Records => records::decode(from),
            Self::Block => block::decode(from),
            Self::Compressed(filler) => compressed::decode(from, filler),
        }
    }
}

/// All data of a row, together.
#[must_use]
pub fn content(pieces: &[Piece]) -> Vec<u8> {
    split(pieces).concat()
}

/// The data of each record; what stands behind the last end is the last.
#[must_use]
pub fn split(pieces: &[Piece]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for piece in pieces {
        match piece {
            Piece::Data(bytes) => all.last_mut().expect("there is always one").extend_from_slice(bytes),
            Piece::EndOfRecord => all.push(Vec::new()),
            Piece::EndOfFile | Piece::Marker(_) => {}
        }
    }
    all.pop_if(|last| last.is_empty());
    all
}

/// Every marker of a row, with how many bytes of data stand before it.
#[must_use]
pub fn markers(pieces: &[Piece]) -> Vec<(usize, Vec<u8>)> {
    let mut before = 0;
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Data(bytes) => before += bytes.len(),
            Piece::Marker(marker) => found.push((before, marker.clone())),
            Piece::EndOfRecord | Piece::EndOfFile => {}
        }
    }
    found
}

/// MODE Z: the zlib format (RFC 1950), as every client that has it speaks it.
///
/// # Panics
/// Never: memory takes all that is written.
#[must_use]
pub fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

/// The other way. Nothing may stand behind the stream.
///
/// # Errors
/// When it is no such stream, is cut short, or fails its checksum.
pub fn inflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    let mut decoder = ZlibDecoder::new(bytes);
    decoder.read_to_end(&mut plain)?;
    if decoder.total_in() != bytes.len() as u64 {
        return Err(io::Error::other("something stands behind the stream"));
    }
    Ok(plain)
}

/// The codes of RFC 959 §3.4.2.
const END_OF_RECORD: u8 = 128;
const END_OF_FILE: u8 = 64;
const SUSPECT: u8 = 32;
const MARKER: u8 = 16;

/// The data of a block or string, and what its descriptor says.
fn put(pieces: &mut Vec<Piece>, descriptor: u8, data: Vec<u8>) -> io::Result<()> {
    if descriptor & !(END_OF_RECORD | END_OF_FILE | SUSPECT | MARKER) != 0 {
        return Err(io::Error::other(format!("a descriptor that nobody knows: {descriptor:#x}")));
    }
    if descriptor & MARKER != 0 {
        if data.is_empty() || !data.iter().all(u8::is_ascii_graphic) {
            return Err(io::Error::other(format!("no marker: {}", data.escape_ascii())));
        }
        pieces.push(Piece::Marker(data));
    } else if !data.is_empty() {
        pieces.push(Piece::Data(data));
    }
    if descriptor & END_OF_RECORD != 0 {
        pieces.push(Piece::EndOfRecord);
    }
    if descriptor & END_OF_FILE != 0 {
        pieces.push(Piece::EndOfFile);
    }
    Ok(())
}

fn is_over(pieces: &[Piece]) -> bool {
    pieces.last() == Some(&Piece::EndOfFile)
}

/// The next byte; `None` at the end of the connection.
fn byte(from: &mut impl Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    match from.read(&mut byte)? {
        0 => Ok(None),
        _ => Ok(Some(byte[0])),
    }
}

/// So many bytes, which must be there.
fn bytes(from: &mut impl Read, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
