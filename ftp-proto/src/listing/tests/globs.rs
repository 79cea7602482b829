//! Wildcards, against known answers and against the definition read out naively.

use super::*;

#[test]
fn known_matches() {
    for (pattern, name) in [
        ("", ""),
        ("*", ""),
        ("*", "abc"),
        ("*.txt", "a.txt"),
        ("a*b*c", "aXbYbZc"),
        ("?", "x"),
        ("[abc]x", "bx"),
        ("[a-c]", "b"),
        ("[!a-c]", "d"),
        ("[^a-c]", "d"),
        ("[]]", "]"),
        ("[!]]", "x"),
        ("[]a]", "a"),
        ("[a-]", "-"),
        ("[-a]", "-"),
        ("[", "["),
        ("a[b", "a[b"),
        ("[]", "[]"),
        ("[!]", "[!]"),
        ("\\*", "*"),
        ("\\[a]", "[a]"),
        ("a\\", "a\\"),
        (".*", ".hidden"),
        ("\\.*", ".hidden"),
        ("a*", "a.b"),
        ("**", "x"),
    ] {
        assert!(glob_matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
    }
}

#[test]
fn known_differences() {
    for (pattern, name) in [
        ("", "a"),
        ("a", ""),
        ("?", ""),
        ("*.txt", "a.txt.gz"),
        ("[a-c]", "d"),
        ("[!a-c]", "b"),
        ("[c-a]", "b"),
        ("[!]]", "]"),
        ("[ab", "a"),
        ("\\*", "x"),
        ("A", "a"),
        ("*", ".hidden"),
        ("?hidden", ".hidden"),
        ("[.]hidden", ".hidden"),
    ] {
        assert!(!glob_matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
    }
}

#[test]
fn globs_are_known_by_their_signs() {
    assert!(["*", "a?", "[x"].iter().all(|pattern| is_glob(pattern.as_bytes())));
    assert!(!is_glob(b"plain-name.txt"));
}

/// Each of these takes for ever where every `*` is tried again, or every `[` is searched to the pattern's end.
#[test]
fn hostile_patterns_end_at_once() {
    let name = b"a".repeat(255);
    let brackets = [b"*".to_vec(), b"[".repeat(4000)].concat();
    let stars = b"*a".repeat(1000);
    for pattern in [&b"*a*a*a*a*a*a*a*a*a*a*a*a*b"[..], &stars, &brackets] {
        assert!(!glob_matches(pattern, &name));
    }
    assert!(!glob_matches(&brackets, &b"[".repeat(255)));
}

/// What one pattern means, by trying everything.
fn matches_naively(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], _) => name.is_empty(),
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|taken| matches_naively(rest, &name[taken..])),
        (_, []) => false,
        ([b'?', rest @ ..], [_, name @ ..]) => matches_naively(rest, name),
        ([b'\\', escaped, rest @ ..], [byte, name @ ..]) => escaped == byte && matches_naively(rest, name),
        ([b'[', class @ ..], [byte, name @ ..]) => {
            let (negated, members) = match class {
                [b'!' | b'^', members @ ..] => (true, members),
                members => (false, members),
            };
            let close = (1..members.len()).find(|at| members[*at] == b']');
            let Some(close) = close else { return *byte == b'[' && matches_naively(class, name) };
            has_member(&members[..close], *byte) != negated && matches_naively(&members[close + 1..], name)
        }
        ([plain, rest @ ..], [byte, name @ ..]) => plain == byte && matches_naively(rest, name),
    }
}

fn has_member(members: &[u8], byte: u8) -> bool {
    match members {
        [] => false,
        [first, b'-', last, rest @ ..] => (*first <= byte && byte <= *last) || has_member(rest, byte),
        [first, rest @ ..] => *first == byte || has_member(rest, byte),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_definition(pattern in "[ab*?!^\\[\\]\\\\-]{0,9}", name in "[ab\\[\\]-]{0,7}") {
        let expected = matches_naively(pattern.as_bytes(), name.as_bytes());
        prop_assert_eq!(glob_matches(pattern.as_bytes(), name.as_bytes()), expected);
    }

    #[test]
    fn never_panics(pattern: Vec<u8>, name: Vec<u8>) {
        let _ = glob_matches(&pattern, &name);
    }
}
