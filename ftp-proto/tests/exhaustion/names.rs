//! Two sessions that differ in the names of their ids and in the time of day only will do the same. This makes their
//! texts the same.

use std::collections::BTreeMap;
use std::fmt::Write;

use ftp_proto::time::Instant;

/// `text`, with ids numbered by their first place in it, times as they are from `now`, and places in the stream of
/// replies as they are from what has left.
pub(crate) fn plain(text: &str, now: Instant, left: u64) -> String {
    let mut names: BTreeMap<(u8, &str), usize> = BTreeMap::new();
    let mut plain = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && !IN_WORD[usize::from(bytes[at])] {
            at += 1;
        }
        plain.push_str(&text[start..at]);
        let start = at;
        while at < bytes.len() && IN_WORD[usize::from(bytes[at])] {
            at += 1;
        }
        if start == at {
            break;
        }
        let word = &text[start..at];
        let (letter, number) = word.split_at(1);
        let is_id = matches!(letter, "a" | "d" | "l" | "f" | "r")
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_id {
            let next = names.len();
            let name = names.entry((bytes[start], number)).or_insert(next);
            write!(plain, "{letter}#{name}").expect("a string takes all");
            continue;
        }
        plain.push_str(word);
        // What counts by its difference only.
        let (skip, base) = match word {
            "Instant" => (1, Some(now.0)),
            "Announced" => (1, Some(left)),
            "written" => (2, Some(left)),
            "sent" | "moved" | "last_id" | "draws" | "commands" | "received" | "downloads" | "uploads" | "seed" => {
                (2, None)
            }
            _ => continue,
        };
        let digits = at + skip;
        let end = digits + text[digits.min(text.len())..].bytes().take_while(u8::is_ascii_digit).count();
        if let Ok(number) = text.get(digits..end).unwrap_or_default().parse::<u64>() {
            match base {
                // Of replies it counts whether all have left: a step credits either all of them, or too few.
                Some(left) if word != "Instant" => plain.push(if number > left { '>' } else { '=' }),
                Some(now) => write!(plain, "{}", i128::from(number) - i128::from(now)).expect("a string takes all"),
                None => plain.push('_'),
            }
            at = end;
        }
    }
    plain
}

/// Which bytes are part of a word. All are ASCII, so cuts fall between characters.
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};
