//! STRU R in MODE S (RFC 959 §3.4.1): 0xFF 1 ends a record, 0xFF 2 the file, 0xFF 3 both; 0xFF 0xFF is a byte 0xFF.

use std::io::{self, Read};

use super::{Piece, byte, bytes, is_over};

pub(super) fn encode(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Data(data) => {
                for byte in data {
                    out.push(*byte);
                    if *byte == ESCAPE {
                        out.push(ESCAPE);
                    }
                }
            }
            Piece::EndOfRecord => out.extend_from_slice(&[ESCAPE, RECORD]),
            Piece::EndOfFile => out.extend_from_slice(&[ESCAPE, FILE]),
            Piece::Marker(_) => panic!("MODE S has no markers"),
        }
    }
    out
}

pub(super) fn decode(from: &mut impl Read) -> io::Result<Vec<Piece>> {
    let (mut pieces, mut data) = (Vec::new(), Vec::new());
    while !is_over(&pieces) {
        let next = byte(from)?;
        let code = match next {
            Some(ESCAPE) => bytes(from, 1)?[0],
            Some(byte) => {
                data.push(byte);
                continue;
            }
            None => 0,
        };
        if code == ESCAPE {
            data.push(ESCAPE);
            continue;
        }
        if !data.is_empty() {
            pieces.push(Piece::Data(std::mem::take(&mut data)));
        }
        match code {
            _ if next.is_none() => break,
            RECORD => pieces.push(Piece::EndOfRecord),
            FILE => pieces.push(Piece::EndOfFile),
            BOTH => pieces.extend([Piece::EndOfRecord, Piece::EndOfFile]),
            _ => return Err(io::Error::other(format!("a code that nobody knows: {code:#x}"))),
        }
    }
    Ok(pieces)
}

const ESCAPE: u8 = 0xFF;
const RECORD: u8 = 1;
const FILE: u8 = 2;
const BOTH: u8 = RECORD | FILE;
