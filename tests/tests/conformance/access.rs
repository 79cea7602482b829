//! USER, PASS, ACCT, REIN, QUIT, and who may do what.

use ftp_tests::{FAMILIES, Setup, Way, Wire};

#[test]
fn login_and_goodbye() {
    let server = Setup::new().start();
    for family in FAMILIES {
        let mut wire = Wire::greeted(server.address_of(family));
        wire.ask("USER alice", 331);
        wire.ask("PASS secret", 230);
        wire.ask("ACCT x", 202);
        wire.ask("QUIT", 221);
        wire.expect_closed();
    }
    let mut wire = server.login();
    wire.ask("bye", 221);
    wire.expect_closed();
}

#[test]
fn the_greeting_may_have_several_lines() {
    let server = Setup::new().config(|config| config.greeting = vec!["Hello".into(), "and welcome".into()]).start();
    let mut wire = Wire::connect(server.address());
    let greeting = wire.expect(220);
    assert_eq!(greeting.lines.len(), 2);
    assert_eq!(greeting.text(), "and welcome");
}

#[test]
fn verbs_are_known_in_any_case() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("user alice", 331);
    wire.ask("Pass secret", 230);
    wire.ask("pWd", 257);
}

#[test]
fn nothing_of_the_storage_before_login() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    for command in
        ["PWD", "CWD /", "PASV", "EPSV", "PORT 127,0,0,1,200,1", "LIST", "RETR a", "STOR a", "DELE a", "MKD a"]
    {
        wire.ask(command, 530);
    }
    for command in ["TYPE I", "SIZE a", "MDTM a", "MLST", "STAT /", "RNFR a", "REST 1", "SITE CHMOD 600 a", "ALLO 1"] {
        wire.ask(command, 530);
    }
    wire.ask("ACCT x", 503);
}

#[test]
fn what_works_before_login() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("SYST", 215);
    wire.ask("FEAT", 211);
    wire.ask("HELP", 214);
    wire.ask("NOOP", 200);
    wire.ask("STAT", 211);
    wire.ask("OPTS UTF8 ON", 200);
    wire.ask("CLNT test", 200);
    wire.ask("QUIT", 221);
}

#[test]
fn unknown_names_and_wrong_passwords_get_the_same_answers() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    let known = wire.ask("USER alice", 331);
    let wrong = wire.ask("PASS wrong", 530);
    let unknown = wire.ask("USER nobody", 331);
    let neither = wire.ask("PASS wrong", 530);
    assert_eq!((known, wrong), (unknown, neither));
}

#[test]
fn anonymous_may_look() {
    let server = Setup::new().start();
    server.put("a", b"public");
    for name in ["anonymous", "ftp", "FTP"] {
        let mut wire = server.wire();
        wire.log_in(name, "me@example.org");
        wire.ask("TYPE I", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"public");
        wire.refused("STOR b", 550);
    }
}

#[test]
fn a_reader_changes_nothing() {
    let server = Setup::new().start();
    server.put("a", b"kept");
    let mut wire = server.login_as("bob");
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"kept");
    for command in
        ["STOR a", "APPE a", "STOU", "DELE a", "RNFR a", "MKD d", "RMD d", "SITE CHMOD 600 a", "MFMT 20200101000000 a"]
    {
        wire.refused(command, 550);
    }
    assert_eq!(server.content("a").unwrap(), b"kept");
}

#[test]
fn a_drop_box_takes_and_shows_nothing() {
    let server = Setup::new().start();
    server.put("a", b"kept");
    let mut wire = server.login_as("drop");
    wire.store(Way::Epsv, "STOR new", b"left here");
    for command in ["RETR new", "LIST", "NLST", "MLSD", "APPE a", "DELE new"] {
        wire.refused(command, 550);
    }
    for command in ["SIZE a", "MDTM a", "MLST a", "STAT a"] {
        wire.ask(command, 550);
    }
    wire.refused("STOR a", 553);
    assert_eq!(server.content("a").unwrap(), b"kept");
    assert_eq!(server.content("new").unwrap(), b"left here");
}

#[test]
fn user_begins_the_login_anew() {
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.ask("USER bob", 331);
    wire.ask("PWD", 530);
    wire.ask("PASS secret", 230);
    wire.refused("STOR a", 550);
}

#[test]
fn rein_forgets_everything() {
    let server = Setup::new().start();
    server.make_dir("d");
    let mut wire = server.login();
    wire.ask("CWD d", 250);
    wire.ask("EPSV ALL", 200);
    wire.ask("REIN", 220);
    wire.ask("PWD", 530);
    wire.ask("PASS secret", 503);
    wire.log_in("alice", "secret");
    assert!(wire.ask("PWD", 257).text().starts_with("\"/\""));
    wire.ask("PASV", 227);
    assert!(wire.ask("STAT", 211).body().iter().any(|line| line.contains("TYPE A")));
}

#[test]
fn the_room_is_bounded() {
    let server = Setup::new().sessions(2, 1).start();
    let mut first = server.wire();
    let mut second = Wire::connect(server.address());
    second.expect(421);
    second.expect_closed();
    let mut other = Wire::greeted(server.address_of(FAMILIES[1]));
    first.ask("QUIT", 221);
    first.expect_closed();
    let mut third = server.wire();
    third.ask("NOOP", 200);
    other.ask("NOOP", 200);
}
