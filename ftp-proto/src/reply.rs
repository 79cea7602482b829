//! Replies (RFC 959 §4.2), encoded as they are made.
//!
//! A [`Reply`] is legal by construction: three digits, lines that end in CR LF, a last line with a space behind the
//! code, and no control byte or bare Telnet IAC in between, whatever went into it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use memchr::memchr;

/// A whole reply, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply(Encoded);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// Known when the program was built: costs nothing to send.
    Fixed(&'static [u8]),
    Made(Vec<u8>),
}

impl Encoded {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

/// A fixed one-line reply, checked when the program is built.
macro_rules! reply {
    ($text:literal) => {
        const { $crate::reply::Reply::fixed(concat!($text, "\r\n")) }
    };
}
pub(crate) use reply;

impl Reply {
    /// A fixed line with its CR LF. Panics, in a constant at build time, where it is not a legal reply.
    pub(crate) const fn fixed(line: &'static str) -> Self {
        let bytes = line.as_bytes();
        assert!(bytes.len() > 6, "a reply has a code, a space, a text and CR LF");
        let (mut at, end) = (0, bytes.len() - 2);
        while at < end {
            let legal = match at {
                0 => matches!(bytes[at], b'1'..=b'5'),
                1 | 2 => bytes[at].is_ascii_digit(),
                3 => bytes[at] == b' ',
                _ => matches!(bytes[at], b' '..=b'~'),
            };
            assert!(legal, "not a legal reply");
            at += 1;
        }
        assert!(bytes[end] == b'\r' && bytes[end + 1] == b'\n', "a reply ends in CR LF");
        Self(Encoded::Fixed(bytes))
    }

    /// One line: `code`, a space, and `parts` one behind the other.
    #[must_use]
    pub fn line(code: u16, parts: &[&[u8]]) -> Self {
        let mut out = Vec::with_capacity(6 + parts.iter().map(|part| part.len()).sum::<usize>());
        push_code(&mut out, code, b' ');
        parts.iter().for_each(|part| push_text(&mut out, part));
        out.extend_from_slice(b"\r\n");
        Self(Encoded::Made(out))
    }

    /// Begins a reply of several lines: `code-first`.
    pub fn begin(code: u16, first: &[u8]) -> MultiLine {
        let mut out = Vec::new();
        push_code(&mut out, code, b'-');
        push_text(&mut out, first);
        out.extend_from_slice(b"\r\n");
        MultiLine { code, out }
    }

    /// The reply's code, 100 to 599.
    #[must_use]
    pub fn code(&self) -> u16 {
        let digits = self.as_bytes().iter().take(3);
        digits.fold(0, |code, digit| code * 10 + u16::from(digit.wrapping_sub(b'0')))
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn into_encoded(self) -> Encoded {
        self.0
    }
}

/// A reply of several lines in the making.
#[derive(Debug)]
#[must_use = "call `end`"]
pub struct MultiLine {
    code: u16,
    out: Vec<u8>,
}

impl MultiLine {
    /// A line in between, behind one space, so that no line can be taken for the last (RFC 959 §4.2).
    pub fn line(&mut self, text: &[u8]) -> &mut Self {
        self.out.push(b' ');
        push_text(&mut self.out, text);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// The last line: `code last`.
    #[must_use]
    pub fn end(mut self, last: &[u8]) -> Reply {
        push_code(&mut self.out, self.code, b' ');
        push_text(&mut self.out, last);
        self.out.extend_from_slice(b"\r\n");
        Reply(Encoded::Made(self.out))
    }
}

/// Writes text as a reply may carry it: control bytes as `?`, 0xFF doubled as Telnet asks (RFC 854).
pub(crate) fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    // Most text needs nothing of the kind.
    if !text.iter().fold(false, |found, byte| found | matches!(byte, 0..=31 | 127 | 0xFF)) {
        return out.extend_from_slice(text);
    }
    for &byte in text {
        match byte {
            0..=31 | 127 => out.push(b'?'),
            0xFF => out.extend_from_slice(&[0xFF, 0xFF]),
            _ => out.push(byte),
        }
    }
}

/// A path as it stands between the quotes of a 257: those in it are doubled (RFC 959 Appendix II).
#[must_use]
pub(crate) fn with_quotes_doubled(path: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'"', path).is_none() {
        return Cow::Borrowed(path);
    }
    let mut out = Vec::with_capacity(path.len() + 8);
    for &byte in path {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    Cow::Owned(out)
}

fn push_code(out: &mut Vec<u8>, code: u16, separator: u8) {
    let code = if (100..600).contains(&code) { code } else { 451 };
    let [hundreds, tens, ones] = [100, 10, 1].map(|place| b'0' + (code / place % 10) as u8);
    out.extend_from_slice(&[hundreds, tens, ones, separator]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_line() {
        assert_eq!(reply!("200 OK.").as_bytes(), b"200 OK.\r\n");
        assert_eq!(Reply::line(257, &[b"\"/a\"", b" here"]).as_bytes(), b"257 \"/a\" here\r\n");
        assert_eq!(Reply::line(99, &[b"x"]).code(), 451);
    }

    #[test]
    fn several_lines() {
        let mut reply = Reply::begin(211, b"Features:");
        reply.line(b"SIZE").line(b"211 not the end");
        assert_eq!(reply.end(b"End").as_bytes(), b"211-Features:\r\n SIZE\r\n 211 not the end\r\n211 End\r\n");
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(*with_quotes_doubled(b"/a\"b\""), *b"/a\"\"b\"\"");
        assert!(matches!(with_quotes_doubled(b"/a b"), Cow::Borrowed(b"/a b")));
    }

    proptest! {
        #[test]
        fn no_text_can_split_a_reply(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let line = Reply::line(550, &[&text]);
            let body = line.as_bytes().strip_suffix(b"\r\n").unwrap();
            prop_assert!(body.iter().all(|b| *b >= b' ' && *b != 127));
            prop_assert_eq!(body.iter().filter(|b| **b == 0xFF).count() % 2, 0);
        }
    }
}
