//! MODE Z, against miniz_oxide on the whole stream.
//!
//! Input: level, room, four lengths of pieces, then a file, which is taken for a stream too.

use ftp_proto::coding::{Coding, Fault, Mode, Representation, Structure};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::coding::{decode, encode, round_trip};
use crate::pieces::{pieces, take};

/// The target `deflate`.
pub fn deflate(mut data: &[u8]) {
    let [level, room, cuts @ ..] = take::<6>(&mut data);
    let coding = Coding {
        representation: Representation::Image,
        structure: Structure::File,
        mode: Mode::Deflate,
        level: level % 10,
        marker_interval: 0,
    };
    let of_kind = Coding {
        representation: [Representation::Image, Representation::Ascii, Representation::Ebcdic]
            [usize::from(level / 10 % 3)],
        structure: [Structure::File, Structure::Record][usize::from(level / 30 % 2)],
        ..coding
    };
    round_trip(&of_kind, data, &cuts, room);
    let stream = encode(&coding, [data]);
    assert_eq!(inflate(&stream).as_deref(), Some(data), "what we deflate others inflate");
    let deflated = miniz_oxide::deflate::compress_to_vec_zlib(data, level % 10);
    let inflated = decode(&coding, 1 + usize::from(room), pieces(&deflated, &cuts)).map(|decoded| decoded.file);
    assert_eq!(inflated.as_deref(), Ok(data), "what others deflate we inflate");
    garbage(&coding, data, &cuts, room);
}

/// A stream that nobody encoded; of one that swells beyond reason only the beginning is looked at.
fn garbage(coding: &Coding, stream: &[u8], cuts: &[u8], room: u8) {
    let whole = decode(coding, LARGEST, [stream]);
    let cut = decode(coding, 1 + usize::from(room), pieces(stream, cuts));
    assert_eq!(whole, cut, "in pieces");
    match (whole, inflate(stream)) {
        (Ok(decoded), Some(file)) => assert_eq!(decoded.file, file),
        // A distance that reaches before the beginning means zeros to who keeps a window, as the engine does; the
        // checksum, which is not looked at while fuzzing, has the last word.
        (Ok(_), None) => {}
        // The reference does not look behind the end of its stream.
        (Err(Fault::Malformed), _) | (Err(Fault::Truncated), None) => {}
        (Err(fault), Some(_)) => panic!("{fault:?} where the reference finds nothing"),
    }
}

fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(stream, LARGEST).ok()
}

/// Inputs are at most some KiB, and deflate swells at most a thousandfold.
const LARGEST: usize = 8 << 20;
