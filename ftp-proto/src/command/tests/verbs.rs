//! The verb, its case, and the space behind it.

use super::*;

#[test]
fn every_verb_of_the_table_keeps_to_its_row() {
    for row in TABLE {
        for name in row.aliases.iter().chain([&row.name]) {
            let bare = parsed(name.as_bytes());
            let lower = parsed(name.to_ascii_lowercase().as_bytes());
            assert_eq!(bare, lower, "{name}");
            let blanks = parsed(&[name.as_bytes(), b" "].concat());
            assert_eq!(bare, blanks, "{name} and a blank");
            match row.argument {
                Argument::Required => assert_eq!(bare, Err(CommandError::MissingArgument(row.verb))),
                Argument::None => {
                    assert_eq!(bare, Ok(Command::Bare(row.verb)));
                    let wanted = parsed(&[name.as_bytes(), b" x"].concat());
                    assert_eq!(wanted, Err(CommandError::UnwantedArgument(row.verb)));
                    assert_eq!(parsed(&[name.as_bytes(), b"   "].concat()), bare);
                }
                Argument::Optional => assert!(bare.is_ok(), "{name}"),
            }
        }
    }
}

#[test]
fn a_pathname_is_everything_behind_one_space() {
    use Verb::{Appe, Cwd, Dele, List, Mkd, Mlsd, Mlst, Nlst, Retr, Rmd, Rnfr, Rnto, Size, Stat, Stor, Stou};
    for verb in [Cwd, Retr, Stor, Stou, Appe, List, Nlst, Mlsd, Mlst, Rnfr, Rnto, Dele, Rmd, Mkd, Size, Stat] {
        for path in [&b"a"[..], b" a ", b"-la  a", b"a\rb", b"\xff\xfe", b"\t\x7f", b"a  b"] {
            let line = [verb.name().as_bytes(), b" ", path].concat();
            assert_eq!(parsed(&line), Ok(Command::Path(verb, bytes(path))));
        }
    }
}

#[test]
fn blanks_alone_are_no_pathname_where_one_is_optional() {
    for verb in [Verb::List, Verb::Nlst, Verb::Stat, Verb::Stou, Verb::Help] {
        let line = [verb.name().as_bytes(), b"   "].concat();
        assert_eq!(parsed(&line), Ok(Command::Bare(verb)));
    }
    assert_eq!(parsed(b"MLST "), Ok(Command::Bare(Verb::Mlst)));
    assert_eq!(parsed(b"MLST  "), Ok(Command::Path(Verb::Mlst, bytes(b" "))));
    assert_eq!(parsed(b"MLSD  "), Ok(Command::Path(Verb::Mlsd, bytes(b" "))));
    assert_eq!(parsed(b"RETR  "), Ok(Command::Path(Verb::Retr, bytes(b" "))));
}

#[test]
fn noop_takes_anything() {
    for line in [&b"NOOP"[..], b"noop ", b"NOOP keep alive", b"NOOP \x01"] {
        assert_eq!(parsed(line), Ok(Command::Bare(Verb::Noop)));
    }
}

#[test]
fn words_that_are_not_in_the_table_may_be_custom_verbs() {
    for (line, verb, argument) in [
        (&b"xyzzy"[..], "XYZZY", &b""[..]),
        (b"X123 ", "X123", b""),
        (b"Abcdefghijkl  a b ", "ABCDEFGHIJKL", b" a b "),
        (b"QUITE", "QUITE", b""),
        (b"SITEX y\t", "SITEX", b"y\t"),
        (b"7", "7", b""),
    ] {
        assert_eq!(parsed(line), Ok(Command::Other { verb: verb.into(), argument: bytes(argument) }));
    }
    assert_eq!(parse(b"XYZZY a\rb"), Err(CommandError::ControlByte));
}

#[test]
fn other_lines_are_no_commands() {
    for line in [
        &b""[..],
        b" ",
        b"    ",
        b" NOOP",
        b"\tNOOP",
        b"NOOP\t",
        b"abcdefghijklm",
        b"/bin/sh",
        b"\xc3\xa9",
        b"A-B",
        b"QUIT\r",
    ] {
        assert_eq!(parse(line), Err(CommandError::NotACommand), "{}", line.escape_ascii());
    }
}

#[test]
fn nul_may_stand_nowhere() {
    for line in [&b"\0"[..], b"NOOP\0", b"NOOP \0", b"RETR a\0b", b"PASS \0", b"XYZZY \0", b"QUIT \0", b"- \0"] {
        assert_eq!(parse(line), Err(CommandError::ControlByte), "{}", line.escape_ascii());
    }
}

#[test]
fn control_bytes_may_stand_only_in_pathnames_and_passwords() {
    for verb in
        ["USER", "ACCT", "PORT", "EPRT", "LPRT", "EPSV", "TYPE", "STRU", "MODE", "ALLO", "REST", "HELP", "OPTS", "CLNT"]
    {
        for control in [b'\r', b'\t', 1, 127] {
            let line = [verb.as_bytes(), b" a", &[control]].concat();
            assert_eq!(parse(&line), Err(CommandError::ControlByte), "{}", line.escape_ascii());
        }
    }
}
