//! TYPE, STRU and MODE S, B and C: a file comes back, wherever it is cut; streams that nobody encoded are read as a
//! decoder reads them that sees all at once.
//!
//! Input: a coding, the room, four lengths of pieces, then a file, which is taken for a stream too.

use ftp_proto::coding::{Coding, Decoder, Encoder, Fault, Mode, Representation, Step, Structure};

use crate::pieces::{pieces, take};

/// What a decoder made of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) file: Vec<u8>,
    /// Where in the file each marker stood.
    markers: Vec<(Vec<u8>, usize)>,
    ended: bool,
}

/// The target `coding`.
pub fn coding(mut data: &[u8]) {
    let [kind, room, interval, cuts @ ..] = take::<7>(&mut data);
    let coding = Coding {
        representation: [Representation::Image, Representation::Ascii, Representation::Ebcdic][usize::from(kind % 3)],
        structure: [Structure::File, Structure::Record][usize::from(kind / 3 % 2)],
        mode: [Mode::Stream, Mode::Block, Mode::Compressed][usize::from(kind / 6 % 3)],
        level: 6,
        marker_interval: interval.into(),
    };
    round_trip(&coding, data, &cuts, room);
    let whole = decode(&coding, usize::MAX >> 1, [data]);
    assert_eq!(whole, decode(&coding, 1 + usize::from(room), pieces(data, &cuts)), "in pieces");
    against_reference(data);
    ascii(data);
}

/// What is sent, wherever it is cut, comes back.
pub(crate) fn round_trip(coding: &Coding, file: &[u8], cuts: &[u8], room: u8) {
    let stream = encode(coding, pieces(file, cuts));
    let decoded = decode(coding, 1 + usize::from(room), pieces(&stream, cuts)).expect("what was encoded");
    assert_eq!(decoded.file, expected(coding, file), "{coding:?}");
    let whole = decode(coding, usize::MAX >> 1, [&encode(coding, [file])[..]]).expect("what was encoded");
    assert_eq!(whole.file, decoded.file);
    if coding.structure == Structure::File {
        assert_eq!(whole.markers, decoded.markers);
    }
    assert!(stream.len() <= 64 + 3 * file.len() + 24 * file.len(), "it swells");
}

pub(crate) fn encode<'a>(coding: &Coding, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(coding, 0), Vec::new());
    pieces.into_iter().for_each(|piece| encoder.encode(piece, &mut out));
    encoder.finish(b"", &mut out);
    out
}

pub(crate) fn decode<'a>(
    coding: &Coding,
    room: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Decoded, Fault> {
    let (mut decoder, mut decoded) = (Decoder::new(coding), Decoded::default());
    for mut piece in pieces {
        loop {
            let mut out = Vec::new();
            let step = decoder.decode(&mut piece, &mut out, room);
            assert!(out.len() <= room.saturating_add(64), "{} bytes where there was room for {room}", out.len());
            decoded.file.extend_from_slice(&out);
            match step? {
                Step::Hungry => break assert!(piece.is_empty(), "hungry, and there is more"),
                Step::Full => assert!(out.len() >= room, "not full"),
                Step::Marker(marker) => decoded.markers.push((marker.into(), decoded.file.len())),
                Step::End => {
                    decoded.ended = true;
                    return Ok(decoded);
                }
            }
        }
    }
    decoder.finish(&mut decoded.file)?;
    Ok(decoded)
}

/// The file itself, but that TYPE A has one line end only.
pub(crate) fn expected(coding: &Coding, file: &[u8]) -> Vec<u8> {
    let mut expected: Vec<u8> = Vec::new();
    for &byte in file {
        let is_text = coding.representation == Representation::Ascii && coding.structure == Structure::File;
        if is_text && byte == b'\n' && expected.last() == Some(&b'\r') {
            expected.pop();
        }
        expected.push(byte);
    }
    expected
}

/// TYPE A as a function of the whole file, and of the whole stream.
fn ascii(file: &[u8]) {
    let coding = coding_of(Representation::Ascii, Mode::Stream);
    let mut text: Vec<u8> = Vec::new();
    for &byte in file {
        if byte == b'\n' && text.last() != Some(&b'\r') {
            text.push(b'\r');
        }
        text.push(byte);
    }
    assert_eq!(encode(&coding, [file]), text);
    let decoded = decode(&coding, usize::MAX >> 1, [file]).expect("text").file;
    assert_eq!(decoded, expected(&coding, file));
}

const fn coding_of(representation: Representation, mode: Mode) -> Coding {
    Coding { representation, structure: Structure::File, mode, level: 6, marker_interval: 0 }
}

fn against_reference(stream: &[u8]) {
    let decode = |mode| decode(&coding_of(Representation::Image, mode), usize::MAX >> 1, [stream]);
    assert_eq!(decode(Mode::Block), blocks(stream), "MODE B");
    assert_eq!(decode(Mode::Compressed), strings(stream), "MODE C");
}

/// A marker in whole or in part.
fn marker(bytes: &[u8]) -> Result<&[u8], Fault> {
    let fits = bytes.len() <= 128 && bytes.iter().all(u8::is_ascii_graphic);
    if fits { Ok(bytes) } else { Err(Fault::Malformed) }
}

/// MODE B of TYPE I (RFC 959 §3.4.2).
fn blocks(mut stream: &[u8]) -> Result<Decoded, Fault> {
    let mut decoded = Decoded::default();
    loop {
        let [descriptor, high, low, rest @ ..] = stream else { return Err(Fault::Truncated) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let is_marker = descriptor & 16 != 0;
        if descriptor & 0x0F != 0 || (is_marker && length > 128) {
            return Err(Fault::Malformed);
        }
        let (block, behind) = rest.split_at(length.min(rest.len()));
        stream = behind;
        if is_marker {
            marker(block)?;
        }
        if block.len() < length {
            return Err(Fault::Truncated);
        }
        match is_marker {
            true if block.is_empty() => return Err(Fault::Malformed),
            true => decoded.markers.push((block.to_vec(), decoded.file.len())),
            false => decoded.file.extend_from_slice(block),
        }
        if descriptor & 64 != 0 {
            decoded.ended = true;
            return Ok(decoded);
        }
    }
}

/// MODE C of TYPE I (RFC 959 §3.4.3).
fn strings(mut stream: &[u8]) -> Result<Decoded, Fault> {
    let (mut decoded, mut flags) = (Decoded::default(), 0_u8);
    loop {
        let string: Vec<u8> = match stream {
            // The connection's end is the file's.
            [] if flags & 16 == 0 => return Ok(decoded),
            [] | [0] => return Err(Fault::Truncated),
            [0, descriptor, behind @ ..] => {
                if descriptor & 0x0F != 0 {
                    return Err(Fault::Malformed);
                }
                stream = behind;
                match std::mem::replace(&mut flags, *descriptor) {
                    // An escape right behind another was for a string of nothing.
                    empty if empty & 16 != 0 => return Err(Fault::Malformed),
                    empty if empty & 64 != 0 => {
                        decoded.ended = true;
                        return Ok(decoded);
                    }
                    _ => continue,
                }
            }
            [count @ 1..=127, behind @ ..] => {
                let length = usize::from(*count);
                let (string, rest) = behind.split_at(length.min(behind.len()));
                if flags & 16 != 0 {
                    marker(string)?;
                }
                if string.len() < length {
                    return Err(Fault::Truncated);
                }
                stream = rest;
                string.to_vec()
            }
            [128..=191] => return Err(Fault::Truncated),
            [run @ 128..=191, byte, behind @ ..] => {
                stream = behind;
                vec![*byte; usize::from(run & 63)]
            }
            [filler, behind @ ..] => {
                stream = behind;
                vec![0; usize::from(filler & 63)]
            }
        };
        match std::mem::take(&mut flags) {
            flags if flags & 16 != 0 => {
                marker(&string)?;
                if string.is_empty() {
                    return Err(Fault::Malformed);
                }
                decoded.markers.push((string, decoded.file.len()));
                decoded.ended = flags & 64 != 0;
            }
            flags => {
                decoded.file.extend_from_slice(&string);
                decoded.ended = flags & 64 != 0;
            }
        }
        if decoded.ended {
            return Ok(decoded);
        }
    }
}
