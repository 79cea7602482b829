//! Framing: whole, in pieces and by a simple reader that goes byte by byte, the frames are the same.
//!
//! Input: the limit, four lengths of pieces, then the control connection's bytes.

use ftp_proto::line::{Frame, Framer};

use crate::pieces::{pieces, take};

/// A frame that owns its line.
#[derive(Debug, PartialEq, Eq)]
enum Owned {
    Line(Vec<u8>),
    TooLong,
    Refuse([u8; 3]),
}

/// The target `line`.
pub fn line(mut data: &[u8]) {
    let [limit, cuts @ ..] = take::<5>(&mut data);
    let limit = usize::from(limit);
    let whole = frames(limit, [data]);
    assert_eq!(whole, frames(limit, pieces(data, &cuts)), "in pieces");
    assert_eq!(whole, frames(limit, data.chunks(1)), "byte by byte");
    assert_eq!(whole, reference(limit, data), "by the reference");
}

fn frames<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let (mut framer, mut frames) = (Framer::new(limit), Vec::new());
    for mut piece in pieces {
        let mut before = piece.len();
        while let Some(frame) = framer.next(&mut piece) {
            frames.push(match frame {
                Frame::Line(line) => {
                    assert!(line.len() <= limit, "a line over the limit");
                    Owned::Line(line.to_vec())
                }
                Frame::TooLong => Owned::TooLong,
                Frame::Refuse(bytes) => Owned::Refuse(bytes),
            });
            assert!(piece.len() < before, "a frame of nothing");
            before = piece.len();
        }
        assert!(piece.is_empty(), "bytes left over");
    }
    frames
}

/// RFC 854 and RFC 959 as simply as they can be read.
fn reference(limit: usize, bytes: &[u8]) -> Vec<Owned> {
    let (mut frames, mut line, mut dropped, mut after_cr) = (Vec::new(), Vec::new(), false, false);
    let mut rest = bytes;
    loop {
        let text = match rest {
            [] | [255] | [255, 251..=254] => return frames,
            [255, 251, option, behind @ ..] => {
                frames.push(Owned::Refuse([255, 254, *option]));
                rest = behind;
                continue;
            }
            [255, 253, option, behind @ ..] => {
                frames.push(Owned::Refuse([255, 252, *option]));
                rest = behind;
                continue;
            }
            [255, 252 | 254, _, behind @ ..] => {
                rest = behind;
                continue;
            }
            [255, 250, behind @ ..] => {
                rest = behind_subnegotiation(behind);
                continue;
            }
            [255, 236..=254, behind @ ..] => {
                rest = behind;
                continue;
            }
            [255, text, behind @ ..] | [text, behind @ ..] => {
                rest = behind;
                *text
            }
        };
        let pending = std::mem::replace(&mut after_cr, text == b'\r');
        let data: &[u8] = match (pending, text) {
            (_, b'\n') => {
                if !std::mem::take(&mut dropped) {
                    frames.push(Owned::Line(std::mem::take(&mut line)));
                }
                continue;
            }
            (false, b'\r') => continue,
            (true, b'\r' | 0) => b"\r",
            (true, _) => &[b'\r', text],
            (false, _) => &[text],
        };
        if !dropped {
            line.extend_from_slice(data);
        }
        if line.len() > limit {
            line.clear();
            dropped = true;
            frames.push(Owned::TooLong);
        }
    }
}

/// What follows the `IAC SE` that ends a subnegotiation.
fn behind_subnegotiation(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [255, 240, behind @ ..] => return behind,
            [255, _, behind @ ..] | [_, behind @ ..] => behind,
            [] => return &[],
        };
    }
}
