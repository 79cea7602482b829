//! XCRC and its kin, MMD5, RANG, COMB, LANG, CSID, PRET, and SITE's part of them: known answers.

use super::*;

fn range(path: &[u8], from: u64, to: Option<u64>) -> FileRange {
    FileRange { path: path.into(), from, to }
}

fn paths(paths: &[&[u8]]) -> Vec<RawPath> {
    paths.iter().map(|path| bytes(path)).collect()
}

fn refused(verb: Verb, arguments: &[&str]) {
    for argument in arguments {
        let line = [verb.name(), " ", argument].concat();
        assert_eq!(parse(line.as_bytes()), Err(CommandError::BadArgument(verb)), "{line}");
    }
}

#[test]
fn a_checksum_is_of_a_file_or_of_a_range_of_it() {
    use Verb::{Xcrc, Xmd5, Xsha, Xsha1, Xsha256, Xsha512};
    for verb in [Xcrc, Xmd5, Xsha, Xsha1, Xsha256, Xsha512] {
        for (argument, of, or) in [
            (&b"a"[..], range(b"a", 0, None), None),
            (b"a b", range(b"a b", 0, None), None),
            (b"\"a b\"", range(b"a b", 0, None), None),
            (b"\"a \"\"b\" 5", range(b"a \"b", 5, None), None),
            (b"\"a b\" 5 9", range(b"a b", 5, Some(9)), None),
            (b"a 5", range(b"a 5", 0, None), Some(range(b"a", 5, None))),
            (b"a b 5 9", range(b"a b 5 9", 0, None), Some(range(b"a b", 5, Some(9)))),
            (b"a -5", range(b"a -5", 0, None), None),
            (b"5 9", range(b"5 9", 0, None), Some(range(b"5", 9, None))),
            (b"\"a", range(b"\"a", 0, None), None),
            (b"\"a\" x", range(b"\"a\" x", 0, None), None),
            (b"\"\"", range(b"\"\"", 0, None), None),
            (b"a 99999999999999999999", range(b"a 99999999999999999999", 0, None), None),
        ] {
            let line = [verb.name().as_bytes(), b" ", argument].concat();
            assert_eq!(parsed(&line), Ok(Command::Checksum { verb, of, or }));
        }
    }
}

#[test]
fn md5_knows_no_ranges() {
    for (line, path) in [(&b"MD5 a 5"[..], &b"a 5"[..]), (b"MD5 \"a 5\"", b"a 5"), (b"MD5 \"a\" 5", b"\"a\" 5")] {
        assert_eq!(parsed(line), Ok(Command::Checksum { verb: Verb::Md5, of: range(path, 0, None), or: None }));
    }
}

#[test]
fn lists_of_files() {
    for (line, verb, wanted) in [
        (&b"MMD5 a"[..], Verb::Mmd5, &[&b"a"[..]][..]),
        (b"MMD5 a b, \"c, d\" ,e", Verb::Mmd5, &[b"a b", b"c, d", b"e"]),
        (b"MMD5 0,\r", Verb::Mmd5, &[b"0", b"\r"]),
        (b"COMB a b", Verb::Comb, &[b"a", b"b"]),
        (b"COMB \"a b\" c \"d\"\"e\"", Verb::Comb, &[b"a b", b"c", b"d\"e"]),
    ] {
        assert_eq!(parsed(line), Ok(Command::Paths(verb, paths(wanted))), "{}", line.escape_ascii());
    }
    refused(Verb::Mmd5, &[",", "a,", ",a", "a,,b", " ", "\"a\"b", "\"a"]);
    refused(Verb::Comb, &["a", "a ", " a b", "a  b", "\"a b\"", "\"a\"b c", "a \"b"]);
}

#[test]
fn ranges() {
    assert_eq!(parsed(b"RANG 10 20"), Ok(Command::Rang(10, 20)));
    assert_eq!(parsed(b"RANG 0 0"), Ok(Command::Rang(0, 0)));
    assert_eq!(parsed(b"RANG 1 0"), Ok(Command::Rang(1, 0)));
    refused(Verb::Rang, &["10", "20 10", "2 0", "a b", "1 2 3", "-1 5", "1  2", "0 99999999999999999999"]);
    let hash = |algorithm| Ok(Command::Opts(OptsArgument::Hash(algorithm)));
    assert_eq!(parsed(b"OPTS HASH"), hash(None));
    assert_eq!(parsed(b"OPTS hash sha-512"), hash(Some(HashAlgorithm::Sha512)));
    assert_eq!(parsed(b"OPTS HASH SHA512"), Ok(Command::Opts(OptsArgument::Unknown)));
}

#[test]
fn languages_clients_and_announcements() {
    assert_eq!(parsed(b"LANG"), Ok(Command::Bare(Verb::Lang)));
    assert_eq!(parsed(b"LANG en-US"), Ok(Command::Lang("en-US".into())));
    assert_eq!(parsed(b"LANG i-klingon"), Ok(Command::Lang("i-klingon".into())));
    refused(Verb::Lang, &["en_US", "-", "en-", "abcdefghi", "1", "en us", "\u{e9}"]);
    assert_eq!(parsed(b"CSID Name=x; Version=1"), Ok(Command::Csid(bytes(b"Name=x; Version=1"))));
    refused(Verb::Csid, &["x", "=x;", ";", "Name=x;y;", " "]);
    assert_eq!(parsed(b"PRET retr a b"), Ok(Command::Pret(Verb::Retr, Some(bytes(b"a b")))));
    assert_eq!(parsed(b"PRET LIST"), Ok(Command::Pret(Verb::List, None)));
    assert_eq!(parsed(b"PRET STOU "), Ok(Command::Pret(Verb::Stou, None)));
    refused(Verb::Pret, &["RETR", "STOR ", "NONSENSE x", " RETR a"]);
    assert_eq!(parse(b"PRET DELE a"), Err(CommandError::NotImplementedFor(Verb::Pret)));
}

#[test]
fn site_owners_trees_and_copies() {
    let chown = |owner: Option<&str>, group: Option<&str>, path: &[u8]| SiteCommand::Chown {
        owner: owner.map(Into::into),
        group: group.map(Into::into),
        path: path.into(),
    };
    for (line, command) in [
        (&b"SITE CHGRP staff a b"[..], chown(None, Some("staff"), b"a b")),
        (b"SITE CHOWN bob a", chown(Some("bob"), None, b"a")),
        (b"SITE CHOWN bob:100 a", chown(Some("bob"), Some("100"), b"a")),
        (b"SITE CHOWN :staff a", chown(None, Some("staff"), b"a")),
        (b"SITE mkdir a b", SiteCommand::MakeDirs(bytes(b"a b"))),
        (b"SITE RMDIR a", SiteCommand::RemoveTree(bytes(b"a"))),
        (b"SITE CPFR a b", SiteCommand::CopyFrom(bytes(b"a b"))),
        (b"SITE CPTO a", SiteCommand::CopyTo(bytes(b"a"))),
        (b"SITE QUOTA ", SiteCommand::Quota),
        (b"SITE who", SiteCommand::Who),
    ] {
        assert_eq!(parsed(line), Ok(Command::Site(command)), "{}", line.escape_ascii());
    }
    refused(
        Verb::Site,
        &["CHGRP a", "CHGRP a:b c", "CHOWN : a", "CHOWN a: b", "CHOWN a:b:c d", "CHOWN a\tb c", "QUOTA x", "WHO x"],
    );
    for verb in ["CHGRP", "CHOWN", "MKDIR", "RMDIR", "CPFR", "CPTO"] {
        assert_eq!(parse(["SITE ", verb].concat().as_bytes()), Err(CommandError::MissingArgument(Verb::Site)));
    }
}

proptest! {
    #[test]
    fn any_paths_print_and_parse(names in prop::collection::vec("[ \"ab,/0-9]{1,8}", 2..5), from: u64, to: Option<u64>) {
        let paths: Vec<RawPath> = names.iter().map(|name| bytes(name.as_bytes())).collect();
        let of = range(names.first().map_or(&[][..], |name| name.as_bytes()), from, if from == 0 { None } else { to });
        let commands = [
            Command::Paths(Verb::Mmd5, paths.clone()),
            Command::Paths(Verb::Comb, paths),
            Command::Checksum { verb: Verb::Xcrc, of, or: None },
        ];
        for command in commands {
            prop_assert_eq!(parse(&print(&command)), Ok(command));
        }
    }
}
