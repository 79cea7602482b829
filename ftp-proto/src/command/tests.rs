use alloc::format;
use alloc::vec::Vec;
use proptest::prelude::*;

use super::*;
use crate::calendar;
use crate::verb::{Argument, TABLE};

mod arguments;
mod digests;
mod foreign;
mod security;
mod verbs;

fn bytes(text: &[u8]) -> Box<[u8]> {
    text.into()
}

/// Whether times can be read: the tables below hold some.
fn time(text: &[u8]) -> UnixTime {
    calendar::parse_time_val(text).expect("a time-val")
}

fn print(command: &Command) -> Vec<u8> {
    let mut line = Vec::new();
    command.write(&mut line);
    line
}

/// Parses `line`, and checks that what is printed is parsed to the same.
fn parsed(line: &[u8]) -> Result<Command, CommandError> {
    let command = parse(line)?;
    let printed = print(&command);
    assert_eq!(parse(&printed).as_ref(), Ok(&command), "{} printed as {}", line.escape_ascii(), printed.escape_ascii());
    Ok(command)
}

/// Lines that begin like commands, so that arguments are reached.
fn line() -> impl Strategy<Value = Vec<u8>> {
    const SITE: &[&str] =
        &["CHMOD ", "UMASK ", "UTIME ", "SYMLINK ", "COPY ", "IDLE ", "HELP", "WHO ", "CHOWN ", "CHGRP ", "CPTO "];
    const MEANT: &[u8] = b"  ,,;;||==\"\"0012467aAiIlLfFuU:./\r\0";
    let argument = prop::collection::vec(any::<u8>(), 0..24).prop_map(|bytes| {
        let meant = |byte: u8| MEANT.get(usize::from(byte % 48)).copied().unwrap_or(byte);
        bytes.into_iter().map(meant).collect::<Vec<u8>>()
    });
    (any::<[u8; 2]>(), argument).prop_map(|([verb, site], argument)| {
        let Some(row) = TABLE.get(usize::from(verb)) else { return argument };
        let mut line = Vec::from(row.name);
        line.push(b' ');
        if row.verb == Verb::Site {
            line.extend_from_slice(SITE.get(usize::from(site) % 12).copied().unwrap_or_default().as_bytes());
        }
        line.extend(argument);
        line
    })
}

/// Found by fuzzing: what is behind the third digit was not printed.
#[test]
fn a_time_keeps_its_whole_fraction() {
    for line in [
        &b"MFMT 20200102030405.20252 a"[..],
        b"MFCT 20200102030405.000000001 a b",
        b"MFF Modify=20200102030405.123456789;Create=20200102030405.0001; a",
        b"SITE UTIME a 20200102030405 20200102030405.98765 20200102030405 UTC",
    ] {
        assert!(parsed(line).is_ok(), "{}", line.escape_ascii());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_panics_and_what_is_parsed_prints(line in line()) {
        let _ = parsed(&line);
    }

    #[test]
    fn a_path_is_verbatim(path in prop::collection::vec(1..=255_u8, 1..40)) {
        let line = [b"rEtR ", &path[..]].concat();
        prop_assert_eq!(parsed(&line), Ok(Command::Path(Verb::Retr, path.into())));
    }

    #[test]
    fn addresses_print_and_parse(octets in any::<[u8; 16]>(), port in 1..=u16::MAX) {
        let [a, b, c, d, ..] = octets;
        let v4 = SocketAddr::from(([a, b, c, d], port));
        let v6 = SocketAddr::from((octets, port));
        use Verb::{Eprt, Lprt, Port};
        for (verb, address) in [(Port, v4), (Eprt, v4), (Eprt, v6), (Lprt, v4), (Lprt, v6)] {
            let command = Command::Port(verb, address);
            prop_assert_eq!(parse(&print(&command)), Ok(command));
        }
    }

    #[test]
    fn two_paths_print_and_parse(
        from in "[ \"ab/]{1,8}",
        to in "[ \"ab/]{1,8}",
    ) {
        let command = Command::Site(SiteCommand::Copy(bytes(from.as_bytes()), bytes(to.as_bytes())));
        prop_assert_eq!(parse(&print(&command)), Ok(command));
    }
}
