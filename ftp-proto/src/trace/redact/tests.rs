//! Known answers, and the proof that the engine reads the same lines out of what is shown.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::Redactor;
use crate::command::{self, Command, SecurityCommand};
use crate::line::{Frame, Framer};
use crate::trace::Secrets;
use crate::verb::Verb;

fn hidden() -> Vec<String> {
    ["PASS", "ACCT", "ADAT", "SITE PSWD"].iter().map(ToString::to_string).collect()
}

/// What is shown of these pieces.
fn shown_with(limit: usize, secrets: Secrets, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut redactor = Redactor::new(limit);
    redactor.show(secrets);
    let redact = |piece: &&[u8]| {
        let mut out = Vec::new();
        redactor.redact(piece, &hidden(), &mut out);
        out
    };
    pieces.iter().map(redact).collect()
}

fn shown(bytes: &[u8]) -> String {
    shown_with(4096, Secrets::Hidden, &[bytes]).concat().escape_ascii().to_string()
}

#[test]
fn the_argument_of_a_secret_verb_is_hidden() {
    assert_eq!(shown(b"PASS hunter2\r\n"), r"PASS ***\r\n");
    assert_eq!(shown(b"pAsS hunter2\r\n"), r"pAsS ***\r\n");
    assert_eq!(shown(b"ACCT hunter2\n"), r"ACCT ***\n");
    assert_eq!(shown(b"ADAT aHVudGVyMg==\r\n"), r"ADAT ***\r\n");
    assert_eq!(shown(b"PASS a b  c \r\n"), r"PASS ***\r\n");
    assert_eq!(shown(b"SITE pswd old new\r\n"), r"SITE pswd ***\r\n");
    assert_eq!(shown(b"SITE  PSWD old new\r\n"), r"SITE  PSWD ***\r\n");
}

#[test]
fn everything_else_stays() {
    for line in [&b"USER PASS\r\n"[..], b"PASSIVE x\r\n", b"PASV\r\n", b"RETR PASS x\r\n", b"XPASS a\r\n", b"PASS\r\n"]
    {
        assert_eq!(shown(line).as_bytes(), line.escape_ascii().to_string().as_bytes());
    }
    assert_eq!(shown(b"PASS \r\nSITE HELP\r\n"), r"PASS \r\nSITE HELP\r\n");
}

#[test]
fn several_commands_in_one_segment_are_told_apart() {
    assert_eq!(
        shown(b"USER alice\r\nPASS hunter2\r\nACCT hunter3\r\nPWD\r\n"),
        r"USER alice\r\nPASS ***\r\nACCT ***\r\nPWD\r\n"
    );
}

#[test]
fn a_secret_in_pieces_is_hidden_in_each() {
    let pieces = shown_with(4096, Secrets::Hidden, &[b"PA", b"SS", b" ", b"hun", b"ter2", b"\r", b"\nPWD"]);
    assert_eq!(pieces, [&b"PA"[..], b"SS", b" ", b"***", b"*", b"\r", b"\nPWD"]);
}

#[test]
fn telnet_hides_no_secret() {
    assert_eq!(shown(b"\xFF\xF4\xFF\xF2PASS hunter2\r\n"), r"\xff\xf4\xff\xf2PASS ***\r\n");
    assert_eq!(shown(b"PA\xFF\xF1SS hun\xFF\xF1ter2\r\n"), r"PA\xff\xf1SS ***\xff\xf1\r\n");
    assert_eq!(shown(b"PASS a\xFF\xFFb\r\n"), r"PASS ***\xff\xf1\r\n");
    assert_eq!(shown(b"PASS \xFFhunter2\r\n"), r"PASS \xff\xf1***\r\n");
    assert_eq!(shown(b"PASS \xFF\xFAhunter2\r\n"), r"PASS \xff\xfa*********");
}

/// They make a command of the line, or none.
#[test]
fn control_bytes_stay() {
    assert_eq!(shown(b"PASS a\0b\r\n"), r"PASS ***\x00*\r\n");
    assert_eq!(shown(b"ACCT a\rb\r\n"), r"ACCT ***\r*\r\n");
    assert_eq!(shown(b"PASS a\r\0b\r\n"), r"PASS ***\r\x00*\r\n");
}

#[test]
fn what_is_not_quite_a_command_is_hidden_too() {
    assert_eq!(shown(b" PASS hunter2\r\n"), r" PASS ***\r\n");
    assert_eq!(shown(b"PASS\thunter2\r\n"), r"PASS\t***\r\n");
    assert_eq!(shown(b"\0PASS:hunter2\r\n"), r"\x00PASS:***\r\n");
}

/// A client that ends its lines as the engine does not: what it meant as PASS is a part of its USER.
#[test]
fn a_password_behind_a_line_end_that_was_lost_is_hidden() {
    assert_eq!(shown(b"USER alice\rPASS hunter2\rSYST\r\n"), r"USER alice\rPASS ***\r*\r\n");
    assert_eq!(shown(b"USER alice\0PASS hunter2\n"), r"USER alice\x00PASS ***\n");
    assert_eq!(shown(b"user alice\rSYST\racct hunter2\r\n"), r"user alice\rSYST\racct ***\r\n");
    assert_eq!(shown(b"USER alice\n\rPASS hunter2\n\r"), r"USER alice\n\rPASS ***\n\r");
    assert_eq!(shown(b"USER a\rb\r\nRETR x\rPASS y\r\n"), r"USER a\rb\r\nRETR x\rPASS y\r\n", "a name is no secret");
}

#[test]
fn a_line_that_is_too_long_stays_so() {
    let long = |length: usize| [b"PASS ".to_vec(), b"x".repeat(length)].concat();
    assert_eq!(shown_with(10, Secrets::Hidden, &[&long(6)]), [b"PASS ******"]);
    assert_eq!(shown_with(10, Secrets::Hidden, &[&long(5)]), [b"PASS ***"]);
    let pieces = shown_with(10, Secrets::Hidden, &[b"PASS x", b"x", b"x", b"x", b"x", b"x"]);
    assert_eq!(pieces, [&b"PASS ***"[..], b"*", b"*", b"\xFF\xF1", b"\xFF\xF1", b"*"]);
}

#[test]
fn a_measured_secret_keeps_its_length() {
    assert_eq!(shown_with(99, Secrets::Measured, &[b"PASS hun", b"ter2\r\n"]), [&b"PASS ***"[..], b"****\r\n"]);
}

/// Bytes that mean something, and verbs in whole.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => prop::sample::select(vec![&b"PASS "[..], b"acct ", b"ADAT ", b"USER ", b"SITE PSWD ", b"\r\n", b"\r\n", b"\n", b"\r"])
            .prop_map(<[u8]>::to_vec),
        4 => prop::sample::select(b"PASad x:\r\n\0\xFF\xFB\xFA\xF0\xF1\xF4".to_vec()).prop_map(|byte| [byte].to_vec()),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

/// Lines, and what is said in between.
fn frames(limit: usize, pieces: &[Vec<u8>]) -> Vec<(usize, Option<Vec<u8>>)> {
    let mut framer = Framer::new(limit);
    let mut frames = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let mut input = &piece[..];
        while let Some(frame) = framer.next(&mut input) {
            frames.push(match frame {
                Frame::Line(line) => (at, Some(line.to_vec())),
                Frame::TooLong => (at, None),
                Frame::Refuse(bytes) => (at, Some(bytes.to_vec())),
            });
        }
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The same lines at the same places, and nothing of a secret in them.
    #[test]
    fn what_is_shown_is_framed_as_what_was_said(
        bytes in stream(),
        cuts in prop::collection::vec(1..9_usize, 1..20),
        measured in any::<bool>(),
    ) {
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for length in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*length).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = behind;
        }
        let secrets = if measured { Secrets::Measured } else { Secrets::Hidden };
        let limit = if measured { 12 } else { 4096 };
        let borrowed: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let shown = shown_with(limit, secrets, &borrowed);
        prop_assert!(shown.iter().all(|piece| !piece.is_empty()));
        let (said, shown) = (frames(limit, &pieces), frames(limit, &shown));
        prop_assert_eq!(said.len(), shown.len());
        for ((at, said), (place, shown)) in said.into_iter().zip(shown) {
            prop_assert_eq!(at, place);
            let (said, shown) = match (said, shown) {
                (Some(said), Some(shown)) => (said, shown),
                (said, shown) => {
                    prop_assert_eq!(said, shown);
                    continue;
                }
            };
            match (command::parse(&said), command::parse(&shown)) {
                (Ok(Command::Pass(said)), Ok(Command::Pass(shown)))
                | (Ok(Command::Acct(said)), Ok(Command::Acct(shown))) => {
                    prop_assert!(is_hidden(said.expose(), shown.expose()));
                }
                (
                    Ok(Command::Security(SecurityCommand::Wrapped(Verb::Adat, said))),
                    Ok(Command::Security(SecurityCommand::Wrapped(Verb::Adat, shown))),
                ) => prop_assert!(is_hidden(&said, &shown)),
                (Ok(Command::Site(_)), Ok(Command::Site(_))) => {}
                (Ok(said), shown) => prop_assert_eq!(Ok(said), shown),
                (Err(_), shown) => prop_assert!(shown.is_err()),
            }
        }
    }
}

/// Whether nothing of the secret but its control bytes is left, and it is there where it was there.
fn is_hidden(said: &[u8], shown: &[u8]) -> bool {
    said.is_empty() == shown.is_empty() && shown.iter().all(|byte| *byte == b'*' || byte.is_ascii_control())
}
