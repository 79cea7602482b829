//! Names with wildcards, for LIST and NLST. Bytes, not letters: `?` is one byte of a name in UTF-8. A path is not split
//! here; a slash is a byte like any other.

/// Whether `pattern` holds `*`, `?` or `[`.
#[must_use]
pub fn is_glob(pattern: &[u8]) -> bool {
    pattern.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Whether `name` matches `pattern`: `*`, `?`, `[a-z]`, `[!a-z]` or `[^a-z]`, and `\` before a byte that means itself.
/// In time at most proportional to the product of their lengths. A leading dot is matched only by a dot.
///
/// A `]` that comes first in its brackets is one of their bytes; a `[` that is never closed means itself.
#[must_use]
pub fn glob_matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && !pattern.starts_with(b".") && !pattern.starts_with(b"\\.") {
        return false;
    }
    // Where no `]` is left, no `[` looks for one: else a row of `[` would be searched to the end over and over.
    let last_close = pattern.iter().rposition(|byte| *byte == b']').unwrap_or(0);
    let (mut at_pattern, mut at_name) = (0, 0);
    // Behind the last `*`, and how far into the name what follows it has been tried. Earlier ones need no second try:
    // whatever they could take more of, the last one can.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at_pattern) == Some(&b'*') {
            at_pattern += 1;
            retry = Some((at_pattern, at_name));
            continue;
        }
        let Some(byte) = name.get(at_name) else {
            return at_pattern == pattern.len();
        };
        if let Some(length) = matched_length(pattern, at_pattern, last_close, *byte) {
            at_pattern += length;
            at_name += 1;
            continue;
        }
        let Some((behind_star, tried)) = retry else { return false };
        retry = Some((behind_star, tried + 1));
        (at_pattern, at_name) = (behind_star, tried + 1);
    }
}

/// How long the element at `at` is, when it matches `byte`; `None` when it does not, or the pattern is at its end.
fn matched_length(pattern: &[u8], at: usize, last_close: usize, byte: u8) -> Option<usize> {
    let element = pattern.get(at..)?;
    let (matches, length) = match element {
        [] => (false, 0),
        [b'?', ..] => (true, 1),
        [b'\\', escaped, ..] => (*escaped == byte, 2),
        [b'[', ..] if at < last_close => match_class(element, byte).unwrap_or((byte == b'[', 1)),
        [plain, ..] => (*plain == byte, 1),
    };
    matches.then_some(length)
}

/// Whether `byte` is one of the bracket's bytes, and how long the bracket is; `None` when it is not closed.
fn match_class(element: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(element.get(1), Some(b'!' | b'^'));
    let start = 1 + usize::from(negated);
    // The first byte is a member even if it is `]`.
    let length = element.get(start + 1..)?.iter().position(|byte| *byte == b']')? + 1;
    let mut members = element.get(start..start + length)?;
    let mut found = false;
    while let [first, rest @ ..] = members {
        (found, members) = match rest {
            [b'-', last, rest @ ..] => (found || (*first..=*last).contains(&byte), rest),
            _ => (found || *first == byte, rest),
        };
    }
    Some((found != negated, start + length + 1))
}
