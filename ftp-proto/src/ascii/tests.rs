use proptest::prelude::*;

use super::*;

fn encode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::default(), Vec::new());
    chunks.into_iter().for_each(|chunk| encoder.encode(chunk, &mut out));
    out
}

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    chunks.into_iter().for_each(|chunk| decoder.decode(chunk, &mut out));
    decoder.finish(&mut out);
    out
}

#[test]
fn known_answers() {
    for (file, network) in [
        (&b""[..], &b""[..]),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"no end", b"no end"),
        (b"a\rb\r", b"a\rb\r"),
        (b"\xff\0\n", b"\xff\0\r\n"),
    ] {
        assert_eq!(encode([file]), network);
        assert_eq!(decode([network]), file);
    }
}

#[test]
fn a_network_line_end_in_the_file_is_not_doubled() {
    assert_eq!(encode([&b"a\r\nb\n"[..]]), b"a\r\nb\r\n");
    assert_eq!(encode([&b"a\r"[..], b"", b"\nb"]), b"a\r\nb");
    assert_eq!(encode([&b"a\r"[..], b"b\n"]), b"a\rb\r\n");
    assert_eq!(encode([&b"\r"[..], b"\n\n"]), b"\r\n\r\n");
}

#[test]
fn a_carriage_return_is_held_until_the_next_byte() {
    assert_eq!(decode([&b"a\r"[..], b"", b"\nb"]), b"a\nb");
    assert_eq!(decode([&b"a\r"[..], b"b"]), b"a\rb");
    assert_eq!(decode([&b"a\r"[..], b"\r", b"\n"]), b"a\r\n");
    assert_eq!(decode([&b"\r\r\r"[..]]), b"\r\r\r");
    assert_eq!(decode([&b"a\n"[..]]), b"a\n", "a bare LF stays");
}

/// Bytes that are mostly line ends.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'x'), any::<u8>()];
    proptest::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn where_it_is_cut_means_nothing(text in text(), size in 1_usize..9) {
        prop_assert_eq!(encode(text.chunks(size)), encode([&text[..]]));
        prop_assert_eq!(decode(text.chunks(size)), decode([&text[..]]));
    }

    #[test]
    fn a_unix_file_survives_the_round_trip(mut text in text()) {
        text.dedup_by(|byte, before| *before == b'\r' && *byte == b'\n');
        prop_assert_eq!(decode([&encode([&text[..]])[..]]), text);
    }

    #[test]
    fn the_network_never_sees_a_bare_line_feed(text in text()) {
        let network = encode([&text[..]]);
        let bare = network.iter().enumerate().any(|(at, byte)| *byte == b'\n' && (at == 0 || network[at - 1] != b'\r'));
        prop_assert!(!bare);
    }
}
