//! Known answers of each format, and what holds for every file, however it is cut.

use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

const STREAM_I: Coding = Coding {
    representation: Representation::Image,
    structure: Structure::File,
    mode: Mode::Stream,
    level: 6,
    marker_interval: 0,
};
const BLOCK_I: Coding = Coding { mode: Mode::Block, ..STREAM_I };
const COMPRESSED_I: Coding = Coding { mode: Mode::Compressed, ..STREAM_I };

fn records(coding: Coding, representation: Representation) -> Coding {
    Coding { structure: Structure::Record, representation, ..coding }
}

fn encode_pieces<'a>(coding: &Coding, restart: u64, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(coding, restart), Vec::new());
    let mut held: Option<&[u8]> = None;
    for piece in pieces {
        if let Some(before) = held.replace(piece) {
            encoder.encode(before, &mut out);
        }
    }
    encoder.finish(held.unwrap_or_default(), &mut out);
    out
}

fn encode(coding: &Coding, file: &[u8]) -> Vec<u8> {
    encode_pieces(coding, 0, [file])
}

/// What a decoder made of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Decoded {
    file: Vec<u8>,
    /// Where in the file each marker stood.
    markers: Vec<(Vec<u8>, usize)>,
    /// Whether it ended by itself.
    ended: bool,
}

/// Decodes pieces with room for `room` bytes at a time; then the connection ends.
fn decode_pieces<'a>(
    coding: &Coding,
    room: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Decoded, Fault> {
    let (mut decoder, mut decoded) = (Decoder::new(coding), Decoded::default());
    for mut piece in pieces {
        loop {
            let mut out = Vec::new();
            let step = decoder.decode(&mut piece, &mut out, room);
            assert!(out.len() <= room + 64, "{} bytes where there was room for {room}", out.len());
            decoded.file.extend_from_slice(&out);
            match step? {
                Step::Hungry => break assert!(piece.is_empty()),
                Step::Full => assert!(out.len() >= room),
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

fn decode(coding: &Coding, stream: &[u8]) -> Result<Decoded, Fault> {
    decode_pieces(coding, 1024, [stream])
}

fn decode_file(coding: &Coding, stream: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(decode(coding, stream)?.file)
}

/// Checks both directions.
#[track_caller]
fn known(coding: Coding, file: &[u8], stream: &[u8]) {
    assert_eq!(encode(&coding, file).escape_ascii().to_string(), stream.escape_ascii().to_string());
    assert_eq!(decode_file(&coding, stream).as_deref(), Ok(file));
}

#[test]
fn stream_with_records() {
    let text = records(STREAM_I, Representation::Ascii);
    known(text, b"", b"\xFF\x02");
    known(text, b"one\ntwo\n", b"one\xFF\x01two\xFF\x03");
    known(text, b"one\n\n\n", b"one\xFF\x01\xFF\x01\xFF\x03");
    known(text, b"no end", b"no end\xFF\x02");
    known(text, b"\xFF\n\xFF\xFF", b"\xFF\xFF\xFF\x01\xFF\xFF\xFF\xFF\xFF\x02");
    known(text, b"dos\r\n", b"dos\r\xFF\x03");
    let image = records(STREAM_I, Representation::Image);
    known(image, b"", b"\xFF\x03");
    known(image, b"one\ntwo\xFF\n", b"one\ntwo\xFF\xFF\n\xFF\x03");
    assert_eq!(decode_file(&image, b"a\xFF\x01b\xFF\x01\xFF\x02").as_deref(), Ok(&b"ab"[..]), "one behind the other");
    assert_eq!(decode_file(&text, b"a\xFF\x01b").as_deref(), Ok(&b"a\nb"[..]), "a close ends the file too");
    assert_eq!(decode_file(&text, b"a\r\nb\xFF\x03").as_deref(), Ok(&b"a\nb\n"[..]), "a line end is one, code or not");
    assert_eq!(decode_file(&text, b"a\xFF"), Err(Fault::Truncated));
    for code in [0, 4, 0x80, 0xFE] {
        assert_eq!(decode_file(&text, &[b'a', 0xFF, code]), Err(Fault::Malformed));
    }
    assert!(decode(&text, b"a\xFF\x02ignored \xFF\xFE").unwrap().ended);
}

#[test]
fn blocks() {
    known(BLOCK_I, b"", b"\x40\0\0");
    known(BLOCK_I, b"hello", b"\x40\0\x05hello");
    let text = records(BLOCK_I, Representation::Ascii);
    known(text, b"one\n\ntwo\n", b"\x80\0\x03one\x80\0\0\xC0\0\x03two");
    known(text, b"one\ntwo", b"\x80\0\x03one\x40\0\x03two");
    known(records(BLOCK_I, Representation::Image), b"one\n", b"\xC0\0\x04one\n");
    assert_eq!(decode_file(&BLOCK_I, b"\0\0\x02ab\x20\0\x01c\0\0\0\x40\0\0").as_deref(), Ok(&b"abc"[..]));
    assert_eq!(decode_file(&BLOCK_I, b"\x80\0\x01a\xC0\0\x01b").as_deref(), Ok(&b"ab"[..]), "STRU F has no records");
    for cut in [&b""[..], b"\x40", b"\x40\0", b"\x40\0\x02", b"\x40\0\x02a", b"\0\0\x02ab"] {
        assert_eq!(decode_file(&BLOCK_I, cut), Err(Fault::Truncated), "{cut:?}");
    }
    for bad in [&b"\x01\0\0"[..], b"\x48\0\0", b"\x10\0\0", b"\x10\0\x03a b", b"\x10\0\x01\n", b"\x10\0\x81"] {
        assert_eq!(decode_file(&BLOCK_I, bad), Err(Fault::Malformed), "{bad:?}");
    }
    let long = [7; 65_536];
    let sent = encode(&BLOCK_I, &long);
    assert_eq!((&sent[..3], &sent[65_538..]), (&b"\0\xFF\xFF"[..], &b"\x40\0\x01\x07"[..]));
    assert_eq!(decode_file(&BLOCK_I, &sent).as_deref(), Ok(&long[..]));
}

#[test]
fn a_block_that_ends_the_file_is_the_end() {
    let decoded = decode(&BLOCK_I, b"\x40\0\x01a\x0F nonsense").unwrap();
    assert_eq!(decoded, Decoded { file: b"a".to_vec(), markers: Vec::new(), ended: true });
    assert!(decode(&BLOCK_I, b"\x50\0\x01m").unwrap().ended, "also where it is a marker");
}

#[test]
fn compressed_strings() {
    known(COMPRESSED_I, b"", b"\0\x40\xC0");
    known(COMPRESSED_I, b"abc", b"\0\x40\x03abc");
    known(COMPRESSED_I, b"aaa", b"\0\x40\x83a");
    known(COMPRESSED_I, b"\0\0", b"\0\x40\xC2");
    known(COMPRESSED_I, b"xaabbbby\0\0", b"\x03xaa\x84b\x01y\0\x40\xC2");
    known(COMPRESSED_I, &[b'a'; 130], b"\xBFa\xBFa\0\x40\x84a");
    known(Coding { representation: Representation::Ascii, ..COMPRESSED_I }, b"   \0\0", b"\xC3\0\x40\x02\0\0");
    known(Coding { representation: Representation::Ebcdic, ..COMPRESSED_I }, b"a  ", b"\x01\x81\0\x40\xC2");
    let text = records(COMPRESSED_I, Representation::Ascii);
    known(text, b"one\n\nxxx\n", b"\0\x80\x03one\0\x80\xC0\0\xC0\x83x");
    known(text, b"one\ntwo", b"\0\x80\x03one\0\x40\x03two");
    let image = |stream: &[u8]| decode_file(&COMPRESSED_I, stream);
    assert_eq!(image(b"\x02ab\x83c\xC2").as_deref(), Ok(&b"abccc\0\0"[..]), "a close ends the file");
    assert_eq!(image(b"\x01a\0\x40").as_deref(), Ok(&b"a"[..]), "also behind the escape");
    assert_eq!(image(b"\x80a\xC0\x01b").as_deref(), Ok(&b"b"[..]), "runs of nothing");
    assert_eq!(image(b"\0\x20\x01b").as_deref(), Ok(&b"b"[..]), "suspect data is taken");
    assert_eq!(
        decode_file(&text, b"\0\x80\0\x80\x01a\0\x80").as_deref(),
        Ok(&b"\na\n\n"[..]),
        "empty strings left out"
    );
    for cut in [&b"\0"[..], b"\x02a", b"\x81", b"\0\x10", b"\0\x10\x02a"] {
        assert_eq!(image(cut), Err(Fault::Truncated), "{cut:?}");
    }
    for bad in [&b"\0\x01"[..], b"\0\x10\xC2", b"\0\x10\xC0", b"\0\x10\0\x40", b"\0\x10\x02a "] {
        assert_eq!(image(bad), Err(Fault::Malformed), "{bad:?}");
    }
}

#[test]
fn markers_stand_where_they_say() {
    let file: Vec<u8> = (0..250).map(|at| if at % 7 == 3 { b'\n' } else { b'x' }).collect();
    for mode in [Mode::Block, Mode::Compressed] {
        for representation in [Representation::Image, Representation::Ascii, Representation::Ebcdic] {
            for structure in [Structure::File, Structure::Record] {
                let coding = Coding { representation, structure, mode, level: 6, marker_interval: 100 };
                let decoded = decode(&coding, &encode(&coding, &file)).unwrap();
                let expected = [(b"100".to_vec(), 100), (b"200".to_vec(), 200)];
                assert_eq!(decoded.markers, expected, "{coding:?}");
                let rest = decode(&coding, &encode_pieces(&coding, 200, [&file[200..]])).unwrap();
                assert_eq!((&rest.file[..], rest.markers), (&file[200..], Vec::new()), "{coding:?}");
                let rest = decode(&coding, &encode_pieces(&coding, 150, [&file[150..]])).unwrap();
                assert_eq!(rest.markers, [(b"200".to_vec(), 50)], "{coding:?}");
            }
        }
    }
}

#[test]
fn a_marker_never_parts_cr_and_lf() {
    let coding = Coding { representation: Representation::Ascii, marker_interval: 4, ..BLOCK_I };
    assert_eq!(encode(&coding, b"abc\r\nde"), b"\0\0\x04abc\r\0\0\x01\n\x10\0\x015\x40\0\x02de");
    let decoded = decode(&coding, b"\0\0\x02a\r\x10\0\x01m\0\0\x02\nb\x10\0\x01n\x40\0\0").unwrap();
    assert_eq!((&decoded.file[..], decoded.markers), (&b"a\nb"[..], [(b"n".to_vec(), 3)].to_vec()));
}

#[test]
fn ebcdic_is_code_page_1047() {
    let coding = Coding { representation: Representation::Ebcdic, ..STREAM_I };
    // As `iconv -t IBM1047` has it.
    known(
        coding,
        b"Hello, [world]^| 09azAZ!",
        &[
            0xC8, 0x85, 0x93, 0x93, 0x96, 0x6B, 0x40, 0xAD, 0xA6, 0x96, 0x99, 0x93, 0x84, 0xBD, 0x5F, 0x4F, 0x40, 0xF0,
            0xF9, 0x81, 0xA9, 0xC1, 0xE9, 0x5A,
        ],
    );
    known(coding, b"a\nb\r\n\x85", b"\x81\x15\x82\x0D\x15\x25");
    let all: Vec<u8> = (0..=255).collect();
    let mut partners = encode(&coding, &all);
    assert_eq!(decode_file(&coding, &partners).as_deref(), Ok(&all[..]));
    partners.sort_unstable();
    assert_eq!(partners, all);
}

#[test]
fn listings_are_lines_of_the_network() {
    let listing = |coding: &Coding, chunks: [&[u8]; 2]| {
        let (mut encoder, mut out) = (Encoder::for_listing(coding), Vec::new());
        encoder.encode(chunks[0], &mut out);
        encoder.finish(chunks[1], &mut out);
        out
    };
    let ebcdic = records(STREAM_I, Representation::Ebcdic);
    assert_eq!(listing(&ebcdic, [b"a\r", b"\nb\r\n"]), b"\x81\x15\x82\x15");
    let block = Coding { mode: Mode::Block, representation: Representation::Ascii, ..STREAM_I };
    assert_eq!(listing(&block, [b"a\r\n", b""]), b"\0\0\x03a\r\n\x40\0\0");
}

#[cfg(feature = "mode-z")]
mod deflate {
    use std::vec;

    use super::*;

    const DEFLATE_I: Coding = Coding { mode: Mode::Deflate, ..STREAM_I };

    #[test]
    fn it_is_the_zlib_format() {
        let hello = b"hello, hello, hello";
        let sent = encode(&DEFLATE_I, hello);
        assert_eq!(sent[0], 0x78, "RFC 1950 §2.2: deflate, a window of 32 KiB");
        assert_eq!(u16::from_be_bytes([sent[0], sent[1]]) % 31, 0);
        assert_eq!(miniz_oxide::inflate::decompress_to_vec_zlib(&sent).unwrap(), hello);
        let text = Coding { representation: Representation::Ascii, ..DEFLATE_I };
        assert_eq!(miniz_oxide::inflate::decompress_to_vec_zlib(&encode(&text, b"a\n")).unwrap(), b"a\r\n");
        // As zlib itself has it.
        let zlib = b"\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\x00\x44\x28\x06\xd5";
        assert_eq!(decode_file(&DEFLATE_I, zlib).as_deref(), Ok(&hello[..]));
    }

    #[test]
    fn every_level_comes_back() {
        let file: Vec<u8> = (0..100_000_u32).flat_map(|number| (number % 977).to_le_bytes()).collect();
        let sizes: Vec<usize> = (0..=9)
            .map(|level| {
                let coding = Coding { level, ..DEFLATE_I };
                let sent = encode(&coding, &file);
                assert_eq!(decode_file(&coding, &sent).as_deref(), Ok(&file[..]));
                sent.len()
            })
            .collect();
        assert!(sizes[0] > file.len() && sizes[9] < file.len() / 10, "{sizes:?}");
    }

    #[test]
    fn it_ends_with_its_checksum() {
        let sent = encode(&DEFLATE_I, b"content");
        for cut in 0..sent.len() {
            assert_eq!(decode_file(&DEFLATE_I, &sent[..cut]), Err(Fault::Truncated), "cut at {cut}");
        }
        let mut wrong = sent.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(decode_file(&DEFLATE_I, &wrong), Err(Fault::Malformed));
        assert_eq!(decode_file(&DEFLATE_I, &[&sent[..], b"x"].concat()), Err(Fault::Malformed));
        assert_eq!(decode_pieces(&DEFLATE_I, 64, [&sent[..], b"x"]), Err(Fault::Malformed));
        assert_eq!(decode_file(&DEFLATE_I, b"content"), Err(Fault::Malformed), "not zlib at all");
    }

    #[test]
    fn records_end_within_the_stream() {
        let coding = records(DEFLATE_I, Representation::Ascii);
        let decoded = decode(&coding, &encode(&coding, b"one\ntwo\n")).unwrap();
        assert_eq!((&decoded.file[..], decoded.ended), (&b"one\ntwo\n"[..], false), "the checksum comes behind them");
        let behind = encode(&DEFLATE_I, b"one\xFF\x03more");
        assert_eq!(decode_file(&coding, &behind), Err(Fault::Malformed));
        assert_eq!(decode_file(&coding, &behind[..behind.len() - 5]), Err(Fault::Malformed));
    }

    #[test]
    fn a_bomb_is_decoded_in_small_pieces() {
        let bomb = encode(&DEFLATE_I, &vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        let decoded = decode_pieces(&DEFLATE_I, 1000, [&bomb[..]]).unwrap();
        assert_eq!(decoded.file.len(), 10_000_000);
    }
}

fn modes() -> Vec<Mode> {
    Vec::from([
        Mode::Stream,
        Mode::Block,
        Mode::Compressed,
        #[cfg(feature = "mode-z")]
        Mode::Deflate,
    ])
}

fn codings() -> impl Strategy<Value = Coding> {
    let representation =
        prop_oneof![Just(Representation::Ascii), Just(Representation::Ebcdic), Just(Representation::Image)];
    let structure = prop_oneof![Just(Structure::File), Just(Structure::Record)];
    let mode = proptest::sample::select(modes());
    (representation, structure, mode, 0_u8..=9, 0_u64..40).prop_map(
        |(representation, structure, mode, level, marker_interval)| Coding {
            representation,
            structure,
            mode,
            level,
            marker_interval,
        },
    )
}

/// Files in which everything of meaning is frequent.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => Just(b'\n'),
        3 => Just(b'\r'),
        2 => Just(0xFF_u8),
        1 => 0_u8..4,
        1 => Just(b' '),
        1 => Just(0x85_u8),
        4 => any::<u8>(),
    ];
    let run = (byte, prop_oneof![4 => Just(1_usize), 1 => 1_usize..200]);
    proptest::collection::vec(run, 0..80)
        .prop_map(|runs| runs.into_iter().flat_map(|(byte, count)| std::vec![byte; count]).collect())
}

/// A stream of bytes that often looks like one of a coder's.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        2 => proptest::sample::select(std::vec![0_u8, 1, 2, 3, 16, 32, 64, 128, 192, 0x78, 0x9C, 0xFF]),
        1 => any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..400)
}

/// `bytes` in pieces that end at `cuts`.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter().map(|end| &bytes[core::mem::replace(&mut from, end)..end]).collect()
}

/// What becomes of a file that is sent and taken again: itself, but that TYPE A has one line end only.
fn expected(coding: &Coding, file: &[u8]) -> Vec<u8> {
    let ascii = coding.representation == Representation::Ascii && coding.structure == Structure::File;
    let mut expected: Vec<u8> = Vec::new();
    for &byte in file {
        if ascii && byte == b'\n' && expected.last() == Some(&b'\r') {
            expected.pop();
        }
        expected.push(byte);
    }
    expected
}

#[test]
fn a_marker_that_finds_no_place_costs_no_blocks() {
    let coding = Coding { representation: Representation::Ascii, mode: Mode::Block, marker_interval: 7, ..STREAM_I };
    let stream = encode(&coding, &[b'\r'; 1000]);
    assert!(stream.len() < 1030, "{}", stream.len());
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_file_comes_back_wherever_it_is_cut(
        coding in codings(), file in files(), sent in cuts(), received in cuts(), room in 1_usize..100,
    ) {
        let stream = encode_pieces(&coding, 0, pieces(&file, &sent));
        let decoded = decode_pieces(&coding, room, pieces(&stream, &received)).unwrap();
        prop_assert_eq!(decoded.file, expected(&coding, &file));
        let may_expand = 3 * file.len() + 64;
        // In records a CR is data to who sends it; who receives it waits for what follows, and passes over a marker there.
        let markers = match coding.structure {
            Structure::Record => (file.len() as u64).checked_div(coding.marker_interval).unwrap_or(0) as usize,
            Structure::File => decoded.markers.len(),
        };
        prop_assert!(stream.len() <= may_expand + markers * 24, "{} of {}", stream.len(), file.len());
    }

    #[test]
    fn cuts_mean_nothing_to_a_decoder(coding in codings(), stream in garbage(), received in cuts(), room in 1_usize..100) {
        let whole = decode_pieces(&coding, usize::MAX >> 1, [&stream[..]]);
        let cut = decode_pieces(&coding, room, pieces(&stream, &received));
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn a_file_goes_on_behind_each_marker(coding in codings(), file in files()) {
        let stream = encode(&coding, &file);
        let whole = decode(&coding, &stream).unwrap();
        for (marker, before) in whole.markers {
            let offset: usize = core::str::from_utf8(&marker).unwrap().parse().unwrap();
            let rest = decode(&coding, &encode_pieces(&coding, offset as u64, [&file[offset..]])).unwrap();
            prop_assert_eq!([&whole.file[..before], &rest.file[..]].concat(), expected(&coding, &file));
        }
    }

    #[test]
    fn a_restart_in_the_text_passes_over_its_beginning(coding in codings(), file in files(), at in any::<prop::sample::Index>()) {
        let mode = if coding.mode.has_markers() { Mode::Stream } else { coding.mode };
        let raw = Coding { representation: Representation::Image, structure: Structure::File, mode, ..coding };
        let coding = Coding { representation: Representation::Ascii, ..raw };
        let text = decode_file(&raw, &encode(&coding, &file)).unwrap();
        let offset = at.index(text.len() + 1);
        let rest = decode_file(&raw, &encode_pieces(&coding, offset as u64, [&file[..]])).unwrap();
        prop_assert_eq!(&rest[..], &text[offset..]);
    }
}
