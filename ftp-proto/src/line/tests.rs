use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

use super::*;

/// A frame that owns its line.
#[derive(Debug, PartialEq, Eq)]
enum Owned {
    Line(Vec<u8>),
    TooLong,
    Refuse([u8; 3]),
}

fn owned(frame: Frame<'_>) -> Owned {
    match frame {
        Frame::Line(line) => Owned::Line(line.to_vec()),
        Frame::TooLong => Owned::TooLong,
        Frame::Refuse(reply) => Owned::Refuse(reply),
    }
}

fn feed<'a>(framer: &mut Framer, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut frames = Vec::new();
    for mut piece in pieces {
        while let Some(frame) = framer.next(&mut piece) {
            frames.push(owned(frame));
        }
        assert!(piece.is_empty(), "all input is taken");
    }
    frames
}

/// The frames of `bytes`, found to be the same for the whole and byte by byte.
fn frames(bytes: &[u8]) -> Vec<Owned> {
    let whole = feed(&mut Framer::new(16), [bytes]);
    assert_eq!(whole, feed(&mut Framer::new(16), bytes.chunks(1)), "byte by byte");
    whole
}

fn lines(lines: &[&[u8]]) -> Vec<Owned> {
    lines.iter().map(|line| Owned::Line(line.to_vec())).collect()
}

#[test]
fn lf_ends_a_line_and_a_cr_before_it_belongs_to_the_end() {
    for (bytes, expected) in [
        (&b""[..], &[][..]),
        (b"NOOP", &[]),
        (b"NOOP\r\n", &[&b"NOOP"[..]]),
        (b"NOOP\n", &[b"NOOP"]),
        (b"\r\n\n", &[b"", b""]),
        (b"A\r\nB\nC\r\n", &[b"A", b"B", b"C"]),
        (b"A\rB\r\n", &[b"A\rB"]),
        (b"A\r\r\n", &[b"A\r"]),
        (b"A\r\0B\r\n", &[b"A\rB"]),
        (b"A\r\0\r\n", &[b"A\r"]),
        (b"A\0B\r\n", &[b"A\0B"]),
        (b"\0\r\n", &[b"\0"]),
    ] {
        assert_eq!(frames(bytes), lines(expected), "{}", bytes.escape_ascii());
    }
}

#[test]
fn telnet_commands_are_taken_out_wherever_they_stand() {
    for (bytes, expected) in [
        (&b"\xff\xf4\xff\xf2ABOR\r\n"[..], &b"ABOR"[..]),
        (b"AB\xff\xf1OR\r\n", b"ABOR"),
        (b"ABOR\r\xff\xf1\n", b"ABOR"),
        (b"ABOR\xff\xf6\r\n", b"ABOR"),
        (b"\xff\xf4\xffABOR\r\n", b"ABOR"),
        (b"CWD \xff\xff\r\n", b"CWD \xff"),
        (b"\xff\xfa\x18\x00a\nb\xff\xffc\xff\xf0NOOP\r\n", b"NOOP"),
        (b"\xff\xfc\x01\xff\xfe\x03NOOP\r\n", b"NOOP"),
        (b"NOOP\r\xff\xf1\r\n", b"NOOP\r"),
        (b"\xff\nNOOP", b""),
    ] {
        assert_eq!(frames(bytes), lines(&[expected]), "{}", bytes.escape_ascii());
    }
}

#[test]
fn options_are_refused_in_the_order_they_came() {
    assert_eq!(
        frames(b"\xff\xfb\x01NO\xff\xfd\x03OP\r\n"),
        [Owned::Refuse([255, 254, 1]), Owned::Refuse([255, 252, 3]), Owned::Line(b"NOOP".to_vec())]
    );
}

#[test]
fn a_line_is_too_long_one_byte_past_the_limit() {
    assert_eq!(frames(b"0123456789abcdef\r\nNOOP\r\n"), lines(&[b"0123456789abcdef", b"NOOP"]));
    let poisoned = [Owned::TooLong, Owned::Line(b"NOOP".to_vec())];
    assert_eq!(frames(b"0123456789abcdefg\r\nNOOP\r\n"), poisoned);
    assert_eq!(frames(b"0123456789abcdef\rg\xff\xf1\r\nNOOP\r\n"), poisoned);
    assert_eq!(frames(b"\xff\xff0123456789abcdef\0\r\nNOOP\r\n"), poisoned);
}

#[test]
fn a_megabyte_without_an_end_is_one_frame_and_then_in_step() {
    let megabyte = vec![b'x'; 1 << 20];
    let mut framer = Framer::new(4096);
    assert_eq!(feed(&mut framer, megabyte.chunks(1000)), [Owned::TooLong]);
    assert_eq!(framer.partial.capacity(), 0);
    assert_eq!(feed(&mut framer, [&b"PASS x\r\nNOOP\r\n"[..]]), lines(&[b"NOOP"]));

    let whole = [&megabyte[..], b"\r\nNOOP\r\n"].concat();
    assert_eq!(feed(&mut Framer::new(4096), [&whole[..]]), [Owned::TooLong, Owned::Line(b"NOOP".to_vec())]);
}

#[test]
fn a_line_that_is_too_long_is_told_of_before_its_end_however_it_comes() {
    let bytes = b"12345678901234567\r\nNOOP\r\n";
    for end_of_piece in [bytes.len(), 19, 17] {
        let mut input = &bytes[..end_of_piece];
        let mut framer = Framer::new(16);
        assert_eq!(framer.next(&mut input), Some(Frame::TooLong));
        assert_eq!(input, &bytes[17..end_of_piece], "the end is still to be taken");
        assert!(framer.has_begun_a_line());
    }
}

#[test]
fn a_whole_line_is_lent_from_the_input() {
    let input = b"NOOP\r\nRETR \xc3\xa9\r\n";
    let mut framer = Framer::new(4096);
    let mut rest = &input[..];
    let Some(Frame::Line(line)) = framer.next(&mut rest) else { panic!("a line") };
    assert_eq!(line.as_ptr(), input.as_ptr());
    let Some(Frame::Line(line)) = framer.next(&mut rest) else { panic!("a line") };
    assert_eq!(line.as_ptr(), input[6..].as_ptr());
    assert_eq!(framer.partial.capacity(), 0);
}

#[test]
fn the_buffer_is_bounded_moved_seldom_and_given_back() {
    let mut framer = Framer::new(1000);
    let (mut moves, mut capacity) = (0, 0);
    for _ in 0..1000 {
        assert_eq!(framer.next(&mut &b"x"[..]), None);
        moves += usize::from(framer.partial.capacity() != capacity);
        capacity = framer.partial.capacity();
        assert!(capacity <= 1000);
    }
    assert!(moves <= 6, "moved {moves} times");
    let mut end = &b"\r\n"[..];
    assert_eq!(framer.next(&mut end), Some(Frame::Line(&[b'x'; 1000])));
    assert_eq!(framer.next(&mut end), None);
    assert_eq!(framer.partial.capacity(), 0);
}

/// A framer that searched on for the LF after each option would need some 10^11 steps here.
#[test]
fn a_flood_of_options_is_searched_once() {
    let flood = [b"\xff\xfd\x01".repeat(200_000), b"NOOP\r\n".to_vec()].concat();
    assert_eq!(feed(&mut Framer::new(4096), [&flood[..]]).len(), 200_001);
}

#[test]
fn reset_forgets_everything() {
    for begun in [&b"NOO"[..], b"A\r", b"\xff", b"\xff\xfd", b"\xff\xfa\x01", &[b'x'; 17]] {
        let mut framer = Framer::new(16);
        feed(&mut framer, [begun]);
        framer.reset();
        assert_eq!(feed(&mut framer, [&b"QUIT\r\n"[..]]), lines(&[b"QUIT"]));
    }
}

#[test]
fn debug_shows_no_half_of_a_password() {
    let mut framer = Framer::new(64);
    feed(&mut framer, [&b"PASS secret"[..]]);
    assert!(!alloc::format!("{framer:?}").contains("115"));
}

/// Mostly the bytes that mean something.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    const MEANT: &[u8] =
        &[b'\r', b'\n', b'\n', 0, 255, 255, 255, 254, 253, 252, 251, 250, 250, 244, 242, 240, 239, 236, 235];
    let byte = any::<u8>().prop_map(|byte| MEANT.get(usize::from(byte % 40)).copied().unwrap_or(byte));
    prop::collection::vec(byte, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_the_bytes_are_cut_means_nothing(bytes in stream(), limit in 0..30_usize, cuts in any::<[u8; 4]>()) {
        let whole = feed(&mut Framer::new(limit), [&bytes[..]]);
        prop_assert_eq!(&whole, &feed(&mut Framer::new(limit), bytes.chunks(1)));

        let mut cuts: Vec<_> = cuts.iter().map(|cut| usize::from(*cut) % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut framer = Framer::new(limit);
        let mut pieces = Vec::new();
        for cut in cuts.windows(2) {
            pieces.extend(feed(&mut framer, [&bytes[cut[0]..cut[1]]]));
            prop_assert!(framer.partial.capacity() <= limit);
        }
        prop_assert_eq!(&whole, &pieces);
        prop_assert!(!whole.iter().any(|frame| matches!(frame, Owned::Line(line) if line.len() > limit)));
    }
}
