//! MODE B (RFC 959 §3.4.2): a descriptor, a count of two bytes, and so many bytes.

use std::io::{self, Read};

use super::{END_OF_FILE, END_OF_RECORD, MARKER, Piece, byte, bytes, is_over, put};

pub(super) fn encode(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            // The most that a count can say.
            Piece::Data(data) => data.chunks(0xFFFF).for_each(|data| block(&mut out, 0, data)),
            Piece::EndOfRecord => block(&mut out, END_OF_RECORD, b""),
            Piece::EndOfFile => block(&mut out, END_OF_FILE, b""),
            Piece::Marker(marker) => block(&mut out, MARKER, marker),
        }
    }
    out
}

fn block(out: &mut Vec<u8>, descriptor: u8, data: &[u8]) {
    let count = u16::try_from(data.len()).expect("a block holds 65535 bytes");
    out.push(descriptor);
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(data);
}

pub(super) fn decode(from: &mut impl Read) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    while !is_over(&pieces) {
        let Some(descriptor) = byte(from)? else { break };
        let count = bytes(from, 2)?;
        let data = bytes(from, usize::from(count[0]) << 8 | usize::from(count[1]))?;
        put(&mut pieces, descriptor, data)?;
    }
    Ok(pieces)
}
