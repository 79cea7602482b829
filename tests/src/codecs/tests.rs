//! The codecs against the RFC's own words, and against themselves.

use super::*;
use crate::pattern;

fn data(bytes: &[u8]) -> Piece {
    Piece::Data(bytes.to_vec())
}

/// Each mode, the pieces, and what the RFC makes of them.
#[test]
fn known_answers() {
    let marker = || Piece::Marker(b"262144".to_vec());
    let cases: [(Mode, Vec<Piece>, &[u8]); 11] = [
        (Mode::Block, vec![data(b"abc"), Piece::EndOfFile], b"\x00\x00\x03abc\x40\x00\x00"),
        (Mode::Block, vec![marker(), Piece::EndOfFile], b"\x10\x00\x06262144\x40\x00\x00"),
        (Mode::Block, vec![data(b"r"), Piece::EndOfRecord], b"\x00\x00\x01r\x80\x00\x00"),
        (Mode::Compressed(0), vec![data(b"abc"), Piece::EndOfFile], b"\x03abc\x00\x40\xC0"),
        (Mode::Compressed(0), vec![data(b"aaaaa")], b"\x85a"),
        (Mode::Compressed(0), vec![data(&[0; 63])], b"\xFF"),
        (Mode::Compressed(b' '), vec![data(b"x     y")], b"\x01x\xC5\x01y"),
        (Mode::Compressed(0), vec![marker(), data(b"z")], b"\x00\x10\x06262144\x01z"),
        (Mode::Records, vec![data(b"a\xFFb"), Piece::EndOfRecord], b"a\xFF\xFFb\xFF\x01"),
        (Mode::Records, vec![Piece::EndOfRecord, data(b"c"), Piece::EndOfFile], b"\xFF\x01c\xFF\x02"),
        (Mode::Records, vec![], b""),
    ];
    for (mode, pieces, bytes) in cases {
        assert_eq!(mode.encode(&pieces), bytes, "{mode:?} {pieces:?}");
        let back = mode.decode(&mut &bytes[..]).unwrap();
        assert_eq!((content(&back), markers(&back)), (content(&pieces), markers(&pieces)), "{mode:?} {pieces:?}");
        assert_eq!(split(&back), split(&pieces), "{mode:?} {pieces:?}");
    }
}

#[test]
fn descriptors_may_come_together_with_data() {
    let both = Mode::Block.decode(&mut &b"\xC0\x00\x03abc"[..]).unwrap();
    assert_eq!(both, [data(b"abc"), Piece::EndOfRecord, Piece::EndOfFile]);
    let both = Mode::Compressed(0).decode(&mut &b"\x00\xC0\x83a"[..]).unwrap();
    assert_eq!(both, [data(b"aaa"), Piece::EndOfRecord, Piece::EndOfFile]);
    let both = Mode::Records.decode(&mut &b"abc\xFF\x03"[..]).unwrap();
    assert_eq!(both, [data(b"abc"), Piece::EndOfRecord, Piece::EndOfFile]);
    let suspect = Mode::Block.decode(&mut &b"\x60\x00\x01a"[..]).unwrap();
    assert_eq!(suspect, [data(b"a"), Piece::EndOfFile]);
}

#[test]
fn reads_one_file_and_no_byte_more() {
    for mode in [Mode::Block, Mode::Compressed(0), Mode::Records] {
        let one = mode.encode(&[data(b"one"), Piece::EndOfFile]);
        let two = mode.encode(&[data(b"two"), Piece::EndOfFile]);
        let both = [one, two.clone()].concat();
        let mut rest = &both[..];
        assert_eq!(content(&mode.decode(&mut rest).unwrap()), b"one");
        assert_eq!(rest, two, "{mode:?}");
    }
}

#[test]
fn what_is_cut_or_wrong_is_told() {
    for (mode, bytes) in [
        (Mode::Block, &b"\x00\x00\x03ab"[..]),
        (Mode::Block, b"\x00\x00"),
        (Mode::Block, b"\x01\x00\x00"),
        (Mode::Block, b"\x10\x00\x03a b"),
        (Mode::Compressed(0), b"\x03ab"),
        (Mode::Compressed(0), b"\x85"),
        (Mode::Compressed(0), b"\x00"),
        (Mode::Records, b"abc\xFF"),
        (Mode::Records, b"abc\xFF\x04"),
    ] {
        assert!(mode.decode(&mut &bytes[..]).is_err(), "{mode:?} {}", bytes.escape_ascii());
    }
}

#[test]
fn everything_comes_back() {
    let runs = [vec![0; 200], vec![7; 3], vec![b' '; 64], pattern(70_000), vec![0xFF; 130]].concat();
    for length in [0, 1, 127, 128, 65_535, 65_536, runs.len()] {
        let file = &runs[..length];
        for mode in [Mode::Block, Mode::Compressed(0), Mode::Compressed(b' '), Mode::Records] {
            let row = [data(file), Piece::EndOfFile];
            assert_eq!(content(&mode.decode(&mut &mode.encode(&row)[..]).unwrap()), file, "{mode:?} {length}");
        }
        for level in [0, 1, 9] {
            assert_eq!(inflate(&deflate(file, level)).unwrap(), file, "{level} {length}");
        }
    }
}

#[test]
fn zlib_is_not_raw_deflate() {
    let framed = deflate(b"hello hello hello", 6);
    // CMF: deflate with a window of 32 KiB; the pair is a multiple of 31 (RFC 1950 §2.2).
    assert_eq!(framed[0], 0x78);
    assert_eq!((u16::from(framed[0]) << 8 | u16::from(framed[1])) % 31, 0);
    assert!(inflate(&framed[2..]).is_err());
    assert!(inflate(&framed[..framed.len() - 1]).is_err(), "the checksum is part of it");
    assert!(inflate(&[framed, vec![0]].concat()).is_err());
}

#[test]
fn ebcdic_is_ibm_1047() {
    assert_eq!(ebcdic::from_latin(b"Hello [x] 09"), b"\xC8\x85\x93\x93\x96\x40\xAD\xA7\xBD\x40\xF0\xF9");
    assert_eq!(ebcdic::to_latin(&[ebcdic::NL]), [0x85]);
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(ebcdic::from_latin(&ebcdic::to_latin(&all)), all);
}
