//! Replies: whatever their text, a client reads the code and the lines that were meant, and no others.
//!
//! Input: the code, two bytes; then the lines, with LF between them.

use ftp_proto::reply::Reply;

use crate::pieces::take;

/// The target `reply`.
pub fn reply(mut data: &[u8]) {
    let code = u16::from_be_bytes(take(&mut data)) % 700;
    // A text may hold an LF too: it is the byte 0 that stands for one here.
    let texts: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(zero_to_line_feed).collect();
    let made = match &texts[..] {
        [first, between @ .., last] => {
            let mut reply = Reply::begin(code, first);
            for text in between {
                reply.line(text);
            }
            reply.end(last)
        }
        _ => Reply::line(code, &[data]),
    };
    let code = if (100..600).contains(&code) { code } else { 451 };
    assert_eq!(made.code(), code);
    let meant: Vec<Vec<u8>> = texts.iter().map(|text| shown(text)).collect();
    assert_eq!(read(made.as_bytes()), (code, meant), "{}", made.as_bytes().escape_ascii());
}

fn zero_to_line_feed(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte == 0 { b'\n' } else { *byte }).collect()
}

/// A text as a client may see it.
fn shown(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }).collect()
}

/// Reads one reply as RFC 959 §4.2 and RFC 854 have it, and nothing may follow.
fn read(bytes: &[u8]) -> (u16, Vec<Vec<u8>>) {
    let text = std::str::from_utf8(&bytes[..3]).expect("three digits");
    let code: u16 = text.parse().expect("three digits");
    let mut lines = Vec::new();
    let mut rest = bytes;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a last line");
        let (line, behind) = (&rest[..end], &rest[end + 2..]);
        assert!(!line.iter().any(u8::is_ascii_control), "a control byte");
        let is_last = line.starts_with(text.as_bytes()) && line.get(3) == Some(&b' ');
        let start = if is_last || lines.is_empty() { 4 } else { 1 };
        assert!(is_last || line.get(start - 1) == Some(if lines.is_empty() { &b'-' } else { &b' ' }));
        lines.push(without_telnet(&line[start..]));
        rest = behind;
        if is_last {
            assert!(rest.is_empty(), "bytes behind the last line");
            return (code, lines);
        }
    }
}

/// A doubled IAC is data; a single one would be a command.
fn without_telnet(line: &[u8]) -> Vec<u8> {
    let (mut text, mut rest) = (Vec::new(), line);
    while let [byte, behind @ ..] = rest {
        rest = if *byte == 0xFF { behind.strip_prefix(&[0xFF]).expect("a doubled IAC") } else { behind };
        text.push(*byte);
    }
    text
}
