//! Arguments: known answers, verb by verb.

use super::*;

/// Each line is `verb`'s, and its argument is wrong.
fn refused(verb: Verb, arguments: &[&str]) {
    for argument in arguments {
        let line = [verb.name(), " ", argument].concat();
        assert_eq!(parse(line.as_bytes()), Err(CommandError::BadArgument(verb)), "{line}");
    }
}

fn accepted(table: &[(&str, Command)]) {
    for (line, command) in table {
        assert_eq!(parsed(line.as_bytes()).as_ref(), Ok(command), "{line}");
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[test]
fn names_and_passwords_are_verbatim() {
    accepted(&[
        ("USER anonymous", Command::User(bytes(b"anonymous"))),
        ("user  a b ", Command::User(bytes(b" a b "))),
        ("PASS", Command::Pass(Secret::new(b""))),
        ("PASS ", Command::Pass(Secret::new(b""))),
        ("PASS  a\r\t\x01 ", Command::Pass(Secret::new(b" a\r\t\x01 "))),
        ("ACCT x", Command::Acct(Secret::new(b"x"))),
        ("CLNT FileZilla 3", Command::Clnt(bytes(b"FileZilla 3"))),
        ("HELP retr", Command::Help(bytes(b"retr"))),
    ]);
    assert!(!alloc::format!("{:?}", parse(b"PASS hunter2")).contains("hunter2"));
}

#[test]
fn port() {
    accepted(&[
        ("PORT 192,0,2,1,4,1", Command::Port(Verb::Port, address("192.0.2.1:1025"))),
        ("PORT 0,0,0,0,0,1", Command::Port(Verb::Port, address("0.0.0.0:1"))),
        ("PORT 192,000,002,001,255,255", Command::Port(Verb::Port, address("192.0.2.1:65535"))),
    ]);
    refused(
        Verb::Port,
        &[
            " 1,2,3,4,5,6",
            "1,2,3,4,5,6 ",
            "1,2,3,4,5",
            "1,2,3,4,5,6,7",
            "1,2,3,4,5,6,",
            "256,2,3,4,5,6",
            "1,2,3,4,0,0",
            "-1,2,3,4,5,6",
            "+1,2,3,4,5,6",
            "1, 2,3,4,5,6",
            "1.2.3.4.5.6",
            ",,,,,",
            "0001,2,3,4,5,6",
            "a",
        ],
    );
}

#[test]
fn eprt() {
    accepted(&[
        ("EPRT |1|192.0.2.1|1025|", Command::Port(Verb::Eprt, address("192.0.2.1:1025"))),
        ("EPRT |2|2001:db8::1|65535|", Command::Port(Verb::Eprt, address("[2001:db8::1]:65535"))),
        ("EPRT !2!::ffff:192.0.2.1!21!", Command::Port(Verb::Eprt, address("[::ffff:192.0.2.1]:21"))),
        ("EPRT a1a192.0.2.1a1025a", Command::Port(Verb::Eprt, address("192.0.2.1:1025"))),
        ("EPRT |3|x|1|", Command::PortFamily(Verb::Eprt)),
        ("EPRT |99999999999999999999|x|1|", Command::PortFamily(Verb::Eprt)),
    ]);
    refused(
        Verb::Eprt,
        &[
            "|1|192.0.2.1|1025",
            "|1|192.0.2.1|1025||",
            "1|192.0.2.1|1025|",
            "|1|::1|1025|",
            "|2|192.0.2.1|1025|",
            "|1|192.0.2.1|0|",
            "|1|192.0.2.1|65536|",
            "|1|192.0.2.1|-1|",
            "|1|192.0.2.01|1025|",
            "|2|fe80::1%eth0|1025|",
            "|2|[::1]|1025|",
            "|x|192.0.2.1|1025|",
            "||192.0.2.1|1025|",
            "|1||1025|",
            "|1|192.0.2.1||",
            "|",
            " 1 192.0.2.1 1025 ",
            "|1|192.0.2.1|1025| ",
            "\u{e9}1\u{e9}192.0.2.1\u{e9}1025\u{e9}",
        ],
    );
}

#[test]
fn lprt() {
    accepted(&[
        ("LPRT 4,4,192,0,2,1,2,4,1", Command::Port(Verb::Lprt, address("192.0.2.1:1025"))),
        (
            "LPRT 6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,4,1",
            Command::Port(Verb::Lprt, address("[2001:db8::1]:1025")),
        ),
        ("LPRT 5,1,1,1,1", Command::PortFamily(Verb::Lprt)),
    ]);
    refused(
        Verb::Lprt,
        &[
            "4,4,192,0,2,1,2,0,0",
            "4,4,192,0,2,1,3,0,4,1",
            "4,16,192,0,2,1,2,4,1",
            "6,4,192,0,2,1,2,4,1",
            "4,4,192,0,2,1,2,4",
            "5,x",
            "x",
            "4,4,192,0,2,256,2,4,1",
            "5,,1",
            "300,1",
        ],
    );
}

#[test]
fn epsv() {
    accepted(&[
        ("EPSV", Command::Epsv(EpsvArgument::Same)),
        ("EPSV ", Command::Epsv(EpsvArgument::Same)),
        ("EPSV 1", Command::Epsv(EpsvArgument::Ipv4)),
        ("EPSV 2", Command::Epsv(EpsvArgument::Ipv6)),
        ("EPSV 3", Command::Epsv(EpsvArgument::Other)),
        ("epsv all", Command::Epsv(EpsvArgument::All)),
    ]);
    refused(Verb::Epsv, &["x", "-1", "ALLES", " 1", "1 "]);
}

#[test]
fn type_stru_and_mode() {
    accepted(&[
        ("TYPE A", Command::Type(TypeArgument::Ascii)),
        ("type a n", Command::Type(TypeArgument::Ascii)),
        ("TYPE i", Command::Type(TypeArgument::Image)),
        ("TYPE L 8", Command::Type(TypeArgument::Local(8))),
        ("TYPE l 36", Command::Type(TypeArgument::Local(36))),
        ("TYPE A T", Command::Type(TypeArgument::Unimplemented)),
        ("TYPE A C", Command::Type(TypeArgument::Unimplemented)),
        ("TYPE E", Command::Type(TypeArgument::Ebcdic)),
        ("TYPE E n", Command::Type(TypeArgument::Ebcdic)),
        ("TYPE E T", Command::Type(TypeArgument::Unimplemented)),
        ("TYPE E C", Command::Type(TypeArgument::Unimplemented)),
        ("STRU f", Command::Stru(b'F')),
        ("STRU R", Command::Stru(b'R')),
        ("STRU P", Command::Stru(b'P')),
        ("MODE s", Command::Mode(b'S')),
        ("MODE B", Command::Mode(b'B')),
        ("MODE C", Command::Mode(b'C')),
        ("MODE Z", Command::Mode(b'Z')),
    ]);
    refused(Verb::Type, &["X", "AN", "I N", "L", "L ", "L 0", "L 256", "L x", "L  8", "A X", "A  N", " A", "A "]);
    refused(Verb::Stru, &["S", "FF", " F", "F "]);
    refused(Verb::Mode, &["X", "SS", " S"]);
}

#[test]
fn allo_and_rest() {
    accepted(&[
        ("ALLO 0", Command::Allo(0)),
        ("ALLO 18446744073709551615", Command::Allo(u64::MAX)),
        ("ALLO 100 R 10", Command::Allo(100)),
        ("ALLO 100 r 10", Command::Allo(100)),
        ("REST 0", Command::Rest(0)),
        ("REST 007", Command::Rest(7)),
        ("REST 18446744073709551615", Command::Rest(u64::MAX)),
    ]);
    refused(Verb::Allo, &["x", "-1", "18446744073709551616", "1 R", "1 R x", "1 10", "1 "]);
    refused(
        Verb::Rest,
        &["x", "-1", "+1", " 1", "1 ", "1.5", "0x10", "18446744073709551616", "99999999999999999999999"],
    );
}

#[test]
fn opts() {
    let facts =
        |facts: &[&str]| Command::Opts(OptsArgument::Mlst(facts.iter().map(|fact| bytes(fact.as_bytes())).collect()));
    accepted(&[
        ("OPTS UTF8 ON", Command::Opts(OptsArgument::Utf8On)),
        ("opts utf8 on", Command::Opts(OptsArgument::Utf8On)),
        ("OPTS UTF8", Command::Opts(OptsArgument::Utf8On)),
        ("OPTS UTF-8 NLST", Command::Opts(OptsArgument::Utf8On)),
        ("OPTS UTF-8", Command::Opts(OptsArgument::Utf8On)),
        ("OPTS UTF8 OFF", Command::Opts(OptsArgument::Utf8Off)),
        ("OPTS UTF8 NLST", Command::Opts(OptsArgument::Unknown)),
        ("OPTS MLST Type;size;X-unknown;", facts(&["Type", "size", "X-unknown"])),
        ("OPTS MLST type;size", facts(&["type", "size"])),
        ("OPTS MLST", facts(&[])),
        ("OPTS MLST ", facts(&[])),
        ("OPTS MLST ;", facts(&[])),
        ("OPTS RETR x", Command::Opts(OptsArgument::Unknown)),
        ("OPTS  ", Command::Opts(OptsArgument::Unknown)),
    ]);
}

#[test]
fn mdtm_keeps_its_argument_and_reads_the_old_form_too() {
    accepted(&[("MDTM a b", Command::Mdtm { path: bytes(b"a b"), set: None })]);
    let at = time(b"20240102030405");
    let set = Some((at, bytes(b"a b")));
    accepted(&[
        ("MDTM 20240102030405 a b", Command::Mdtm { path: bytes(b"20240102030405 a b"), set }),
        ("MDTM 20240102030405", Command::Mdtm { path: bytes(b"20240102030405"), set: None }),
        ("MDTM 20241302030405 a", Command::Mdtm { path: bytes(b"20241302030405 a"), set: None }),
    ]);
}

#[test]
fn mfmt_and_mfct() {
    for verb in [Verb::Mfmt, Verb::Mfct] {
        let line = alloc::format!("{} 20240102030405  a b", verb.name());
        assert_eq!(parsed(line.as_bytes()), Ok(Command::SetTime(verb, time(b"20240102030405"), bytes(b" a b"))));
        refused(verb, &["20240102030405", "20240102030405 ", "x a", "2024 a", " 20240102030405 a"]);
    }
}

#[test]
fn mff() {
    let mode = FactsToSet { mode: Some(0o640), ..FactsToSet::default() };
    accepted(&[
        ("MFF UNIX.mode=0640; a b", Command::Mff(mode, bytes(b"a b"))),
        ("MFF unix.MODE=640;  a", Command::Mff(mode, bytes(b" a"))),
    ]);
    refused(
        Verb::Mff,
        &[
            "a",
            "UNIX.mode=640 a",
            "UNIX.mode=9; a",
            "UNIX.mode=10000; a",
            "UNIX.mode; a",
            "=1; a",
            "; a",
            " a",
            "Modify=x; a",
            "UNIX.mode=640;",
        ],
    );
    assert_eq!(parse(b"MFF UNIX.mode=640;Size=1; a"), Err(CommandError::NotImplementedFor(Verb::Mff)));
    let both = FactsToSet { modify: Some(time(b"20240102030405")), create: Some(time(b"20230102030405")), ..mode };
    accepted(&[("MFF modify=20240102030405;Create=20230102030405;UNIX.mode=640; a", Command::Mff(both, bytes(b"a")))]);
}

#[test]
fn site() {
    let site = |command| Command::Site(command);
    accepted(&[
        ("SITE HELP", site(SiteCommand::Help)),
        ("site chmod 0644 a b", site(SiteCommand::Chmod(0o644, bytes(b"a b")))),
        ("SITE CHMOD 7777  a", site(SiteCommand::Chmod(0o7777, bytes(b" a")))),
        ("SITE UMASK", site(SiteCommand::Umask(None))),
        ("SITE UMASK 022", site(SiteCommand::Umask(Some(0o22)))),
        ("SITE IDLE", site(SiteCommand::Idle(None))),
        ("SITE IDLE 600", site(SiteCommand::Idle(Some(600)))),
        ("SITE SYMLINK a b", site(SiteCommand::Symlink(bytes(b"a"), bytes(b"b")))),
        ("SITE COPY \"a\" b", site(SiteCommand::Copy(bytes(b"\"a\""), bytes(b"b")))),
        ("SITE COPY \"a b\" \"c \"\"d\"", site(SiteCommand::Copy(bytes(b"a b"), bytes(b"c \"d")))),
        ("SITE COPY \"a b\" c", site(SiteCommand::Copy(bytes(b"a b"), bytes(b"c")))),
        ("SITE COPY a \"b c\"", site(SiteCommand::Copy(bytes(b"a"), bytes(b"b c")))),
        ("SITE whom  x ", site(SiteCommand::Other { name: "WHOM".into(), argument: bytes(b" x ") })),
        ("SITE WHOM", site(SiteCommand::Other { name: "WHOM".into(), argument: bytes(b"") })),
    ]);
    refused(
        Verb::Site,
        &[
            " CHMOD 644 a",
            "CHMOD 644",
            "CHMOD 644 ",
            "CHMOD 888 a",
            "CHMOD 10000 a",
            "CHMOD -1 a",
            "CHMOD u+x a",
            "UMASK 1000",
            "UMASK 8",
            "UMASK -1",
            "IDLE x",
            "IDLE -1",
            "COPY a",
            "COPY a b c",
            "COPY  a",
            "COPY a ",
            "COPY \"a b\"c d",
            "!",
            "UTIME a",
            "UTIME 2024010203 a",
            "UTIME 20240102030405.5 a",
        ],
    );
    for verb in ["CHMOD", "UTIME", "SYMLINK", "COPY"] {
        assert_eq!(parse(["SITE ", verb].concat().as_bytes()), Err(CommandError::MissingArgument(Verb::Site)));
    }
    assert_eq!(parse(b"SITE WHOM a\rb"), Err(CommandError::ControlByte));
}

#[test]
fn site_utime_has_two_forms() {
    for (line, at, path) in [
        ("SITE UTIME 20240102030405 a b", "20240102030405", "a b"),
        ("SITE UTIME 202401020304 a", "20240102030400", "a"),
        ("SITE UTIME a b 20200101000000 20240102030405 20210101000000 UTC", "20240102030405", "a b"),
        ("SITE UTIME 20240102030405 a utc", "20240102030405", "a utc"),
    ] {
        let expected = SiteCommand::Utime { modified: time(at.as_bytes()), path: bytes(path.as_bytes()) };
        assert_eq!(parsed(line.as_bytes()), Ok(Command::Site(expected)), "{line}");
    }
}
