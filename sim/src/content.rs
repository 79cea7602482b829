//! Contents of files that tell where they come from.
//!
//! ```text
//! 0010002a 000000        each line is 16 bytes long, its end among them:
//! 0010002a 000001        whose it is, and which line of it
//! ```
//!
//! So any piece of a file can be traced to its author, wherever it turns up, also where it came as TYPE A.

use std::fmt;
use std::ops::Range;

/// A content that nobody else has: told by two numbers, made where it is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// Whose it is: another for each content in a world.
    pub author: u32,
    /// How many bytes; at most [`Content::LONGEST`].
    pub len: u64,
}

/// A piece of a content that was found somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// At this offset of what was looked at.
    pub at: usize,
    /// So many bytes there, as whole lines.
    pub len: usize,
    /// Whose it is.
    pub author: u32,
    /// Its offset in the author's content, in bytes with single line ends.
    pub from: u64,
}

impl Content {
    /// The longest one: 256 MiB.
    pub const LONGEST: u64 = (LINE as u64) << 24;

    /// These bytes of it, as far as it reaches.
    #[must_use]
    pub fn bytes(self, range: Range<u64>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size(range.end.min(self.len).saturating_sub(range.start)));
        self.pieces(range, |piece| {
            bytes.extend_from_slice(piece);
            true
        });
        bytes
    }

    /// All of it.
    #[must_use]
    pub fn whole(self) -> Vec<u8> {
        self.bytes(0..self.len)
    }

    /// The same with CRLF at the ends of lines, as TYPE A has it on the wire. Offsets are those of [`bytes`](Self::bytes).
    #[must_use]
    pub fn text(self, range: Range<u64>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size(range.end.min(self.len).saturating_sub(range.start)) / 16 * 17 + 16);
        self.pieces(range, |piece| {
            match piece.strip_suffix(b"\n") {
                Some(line) => {
                    bytes.extend_from_slice(line);
                    bytes.extend_from_slice(b"\r\n");
                }
                None => bytes.extend_from_slice(piece),
            }
            true
        });
        bytes
    }

    /// How many of `bytes` are what this has from offset `from` on, before the first that is not.
    #[must_use]
    pub fn common(self, from: u64, bytes: &[u8]) -> usize {
        let mut same = 0;
        self.pieces(from..from.saturating_add(bytes.len() as u64), |piece| {
            let left = &bytes[same..];
            if left.starts_with(piece) {
                same += piece.len();
                return true;
            }
            same += left.iter().zip(piece).take_while(|(one, other)| one == other).count();
            false
        });
        same
    }

    /// Tells of the bytes in `range` line by line, for as long as `tell` wants more.
    fn pieces(self, range: Range<u64>, mut tell: impl FnMut(&[u8]) -> bool) {
        let (mut at, end) = (range.start, range.end.min(self.len));
        while at < end {
            let line = line(self.author, at / LINE as u64);
            let from = size(at % LINE as u64);
            let to = LINE.min(from + size(end - at));
            if !tell(&line[from..to]) {
                return;
            }
            at += (to - from) as u64;
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}[{}]", self.author, self.len)
    }
}

impl fmt::Debug for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = identify(self.0);
        let mut list = f.debug_list();
        for Found { at, len, author, from } in found.iter().take(8) {
            list.entry(&format_args!("{at}: {author:08x}[{from}..{}]", from + *len as u64));
        }
        list.entry(&format_args!("{} bytes in all", self.0.len())).finish()
    }
}

/// Bytes, shown by whose they are.
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8]);

/// Whose whole lines stand in `bytes`, in their order; what follows in the same content is one piece.
#[must_use]
pub fn identify(bytes: &[u8]) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut at = 0;
    while at + LINE <= bytes.len() {
        let Some((author, from, len)) = parsed(&bytes[at..]) else {
            at += 1;
            continue;
        };
        match all.last_mut() {
            Some(last)
                if last.at + last.len == at
                    && last.author == author
                    && last.from + (last.len / len * LINE) as u64 == from =>
            {
                last.len += len;
            }
            _ => all.push(Found { at, len, author, from }),
        }
        at += len;
    }
    all
}

fn line(author: u32, block: u64) -> [u8; LINE] {
    let digit = |number: u64, place: usize| DIGITS[size(number >> (4 * place) & 0xf)];
    let mut line = *b"00000000 000000\n";
    for (place, byte) in line[..8].iter_mut().rev().enumerate() {
        *byte = digit(u64::from(author), place);
    }
    for (place, byte) in line[9..15].iter_mut().rev().enumerate() {
        *byte = digit(block, place);
    }
    line
}

/// The line that `bytes` begin with: whose, from which offset, and how long it is here.
fn parsed(bytes: &[u8]) -> Option<(u32, u64, usize)> {
    let (words, end) = bytes.split_at_checked(LINE - 1)?;
    let len = match end {
        [b'\n', ..] => LINE,
        [b'\r', b'\n', ..] => LINE + 1,
        _ => return None,
    };
    if words.get(8) != Some(&b' ') {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u64, |number, digit| {
            let digit = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(number << 4 | u64::from(digit))
        })
    };
    let author = number(words.get(..8)?)?;
    let block = number(words.get(9..)?)?;
    Some((u32::try_from(author).ok()?, block * LINE as u64, len))
}

/// Contents are shorter than memory.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

const LINE: usize = 16;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    const IT: Content = Content { author: 0x10_002a, len: 50 };

    #[test]
    fn any_range_is_a_part_of_the_whole() {
        let whole = IT.whole();
        assert_eq!(whole, b"0010002a 000000\n0010002a 000001\n0010002a 000002\n00");
        for from in 0..52 {
            for to in from..53 {
                let range = whole.get(from..to.min(50)).unwrap_or_default();
                assert_eq!(IT.bytes(from as u64..to as u64), range);
                assert_eq!(IT.common(from as u64, range), range.len());
            }
        }
        assert_eq!(IT.common(4, b"002a 0x"), 6);
        assert_eq!(IT.common(48, b"0010"), 2);
    }

    #[test]
    fn text_has_both_bytes_at_its_ends_of_lines() {
        let text = String::from_utf8(IT.text(9..50)).unwrap();
        assert_eq!(text, "000000\r\n0010002a 000001\r\n0010002a 000002\r\n00");
        assert_eq!(text.replace("\r\n", "\n").into_bytes(), IT.bytes(9..50));
    }

    #[test]
    fn pieces_tell_whose_they_are() {
        let other = Content { author: 7, len: 40 };
        let mixed = [IT.bytes(20..48), other.bytes(0..32), other.bytes(0..16), b"??".to_vec()].concat();
        let found = |at, len, author, from| Found { at, len, author, from };
        assert_eq!(identify(&mixed), [found(12, 16, 0x10_002a, 32), found(28, 32, 7, 0), found(60, 16, 7, 0)]);
        assert_eq!(identify(&IT.text(0..50)), [found(0, 51, 0x10_002a, 0)]);
        assert!(identify(b"0010002a 00000").is_empty());
    }
}
