//! MODE C (RFC 959 §3.4.3): strings, runs of one byte, runs of the filler, and escapes that speak of the string behind
//! them. An escape that needs a string where there is none stands before a run of no filler.

use std::io::{self, Read};

use super::{END_OF_FILE, END_OF_RECORD, MARKER, Piece, byte, bytes, is_over, put};

pub(super) fn encode(pieces: &[Piece], filler: u8) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Data(data) => strings(&mut out, data, filler),
            Piece::EndOfRecord => out.extend_from_slice(&[ESCAPE, END_OF_RECORD, FILLER]),
            Piece::EndOfFile => out.extend_from_slice(&[ESCAPE, END_OF_FILE, FILLER]),
            Piece::Marker(marker) => {
                assert!(marker.len() <= usize::from(COUNT_OF_STRING), "a marker that no string holds");
                out.extend_from_slice(&[ESCAPE, MARKER, marker.len() as u8]);
                out.extend_from_slice(marker);
            }
        }
    }
    out
}

fn strings(out: &mut Vec<u8>, data: &[u8], filler: u8) {
    let mut literal = Vec::new();
    for run in data.chunk_by(|a, b| a == b) {
        if run.len() < 4 {
            literal.extend_from_slice(run);
            continue;
        }
        flush(out, &mut literal);
        for part in run.chunks(usize::from(COUNT_OF_RUN)) {
            let count = part.len() as u8;
            match part[0] {
                first if first == filler => out.push(FILLER | count),
                first => out.extend_from_slice(&[RUN | count, first]),
            }
        }
    }
    flush(out, &mut literal);
}

fn flush(out: &mut Vec<u8>, literal: &mut Vec<u8>) {
    for part in literal.chunks(usize::from(COUNT_OF_STRING)) {
        out.push(part.len() as u8);
        out.extend_from_slice(part);
    }
    literal.clear();
}

pub(super) fn decode(from: &mut impl Read, filler: u8) -> io::Result<Vec<Piece>> {
    let (mut pieces, mut descriptor) = (Vec::new(), None);
    while !is_over(&pieces) {
        let Some(head) = byte(from)? else {
            // An escape at the very end speaks of nothing.
            put(&mut pieces, descriptor.unwrap_or_default(), Vec::new())?;
            break;
        };
        let data = match head {
            ESCAPE => {
                let next = bytes(from, 1)?[0];
                if let Some(before) = descriptor.replace(next) {
                    put(&mut pieces, before, Vec::new())?;
                }
                continue;
            }
            FILLER.. => vec![filler; usize::from(head & COUNT_OF_RUN)],
            RUN.. => vec![bytes(from, 1)?[0]; usize::from(head & COUNT_OF_RUN)],
            _ => bytes(from, usize::from(head))?,
        };
        put(&mut pieces, descriptor.take().unwrap_or_default(), data)?;
    }
    Ok(pieces)
}

const ESCAPE: u8 = 0;
const RUN: u8 = 0b1000_0000;
const FILLER: u8 = 0b1100_0000;
const COUNT_OF_STRING: u8 = 0b0111_1111;
const COUNT_OF_RUN: u8 = 0b0011_1111;
