//! USER, PASS, ACCT and REIN.

use ftp_proto::Notice;
use ftp_proto::server::CloseReason;

use crate::world::World;

#[test]
fn a_client_logs_in_and_leaves() {
    let mut world = World::new();
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
    world.ask("PWD", "257 \"/\"");
    world.ask("QUIT", "221");
    world.closed(CloseReason::Quit);
}

#[test]
fn an_unknown_name_looks_like_a_wrong_password() {
    let mut world = World::new();
    let mut fail = |name: &str| {
        let named = world.ask(&format!("USER {name}"), "331").text();
        world.send("PASS wrong");
        world.silent();
        world.wait_seconds(1);
        (named, world.expect("530").text())
    };
    assert_eq!(fail("alice"), fail("nobody"));
}

impl World {
    /// PASS with a wrong password; the delay passes.
    fn fail_login(&mut self) {
        self.ask("USER alice", "331");
        self.send("PASS wrong");
        self.silent();
        self.wait_seconds(1);
        self.expect("530");
    }
}

#[test]
fn a_wrong_password_is_answered_late_and_the_name_forgotten() {
    let mut world = World::new();
    world.fail_login();
    assert!(world.notices.iter().any(|notice| matches!(notice, Notice::LoginFailed { user } if **user == *b"alice")));
    world.ask("PASS secret", "503");
    world.log_in("alice");
}

#[test]
fn the_last_attempt_ends_in_530_and_421() {
    let mut world = World::with(|config| config.limits.login_attempts = 3);
    world.fail_login();
    world.fail_login();
    world.fail_login();
    world.expect("421");
    world.closed(CloseReason::TooManyLogins);
}

#[test]
fn a_success_forgets_earlier_failures() {
    let mut world = World::with(|config| config.limits.login_attempts = 2);
    world.fail_login();
    world.log_in("alice");
    world.fail_login();
    world.log_in("alice");
}

#[test]
fn pass_comes_only_behind_user() {
    let mut world = World::new();
    world.ask("PASS secret", "503");
    world.log_in("alice");
    world.ask("PASS secret", "503");
    world.ask("PWD", "257");
}

#[test]
fn acct_is_not_needed() {
    let mut world = World::new();
    world.ask("ACCT x", "503");
    world.log_in("alice");
    world.ask("ACCT x", "202");
    world.ask("ACCT", "501");
}

#[test]
fn user_begins_anew() {
    let mut world = World::logged_in();
    world.ask("CWD dir", "250");
    world.passive();
    world.ask("USER alice", "331");
    world.ask("PWD", "530");
    assert_eq!(world.open_connections(), 0, "the data connection is closed");
    world.ask("PASS secret", "230");
    world.ask("PWD", "257 \"/\"");
    world.ask("RETR a.txt", "425");
}

#[test]
fn rein_makes_everything_as_at_the_beginning() {
    let mut world = World::logged_in();
    world.ask("EPSV ALL", "200");
    world.ask("CWD dir", "250");
    world.ask("OPTS MLST size;", "200");
    world.ask("REIN", "220");
    world.ask("PWD", "530");
    world.ask("PASS secret", "503");
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
    world.ask("PWD", "257 \"/\"");
    world.ask("PASV", "227");
    assert!(world.ask("STAT", "211").text().contains("TYPE A"));
    assert!(world.ask("FEAT", "211").text().contains("type*;"));
}

#[test]
fn whoever_was_logged_in_is_told_to_be_gone_once() {
    let logged_out = |world: &World| {
        let gone = world.notices.iter().filter_map(|notice| match notice {
            Notice::LoggedOut { user } => Some(user.to_string()),
            _ => None,
        });
        gone.collect::<Vec<_>>()
    };
    let mut world = World::logged_in();
    world.ask("REIN", "220");
    assert_eq!(logged_out(&world), ["alice"]);
    world.ask("REIN", "220");
    world.ask("USER alice", "331");
    assert_eq!(logged_out(&world), ["alice"], "nobody was there");
    world.ask("PASS secret", "230");
    world.ask("USER bob", "331");
    world.ask("REIN", "220");
    assert_eq!(logged_out(&world), ["alice", "alice"]);
}

#[test]
fn rein_waits_for_the_transfer() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.send("REIN");
    world.silent();
    world.upload(link, b"all of it");
    world.expect("226");
    world.expect("220");
    assert_eq!(world.tree.file("/new"), Some(&b"all of it"[..]));
}

#[test]
fn what_needs_a_login_is_refused_without_one() {
    let mut world = World::new();
    for line in [
        "CWD dir",
        "CDUP",
        "PWD",
        "PASV",
        "EPSV",
        "PORT 198,51,100,7,200,1",
        "TYPE I",
        "RETR a.txt",
        "STOR b",
        "STOU",
        "APPE b",
        "LIST",
        "NLST",
        "MLSD",
        "MLST",
        "RNFR a.txt",
        "DELE a.txt",
        "RMD dir",
        "MKD new",
        "SIZE a.txt",
        "MDTM a.txt",
        "SITE HELP",
        "REST 1",
        "ALLO 1",
        "STAT a.txt",
    ] {
        world.ask(line, "530");
    }
    for (line, code) in
        [("SYST", "215"), ("NOOP", "200"), ("FEAT", "211"), ("HELP", "214"), ("STAT", "211"), ("OPTS UTF8 ON", "200")]
    {
        world.ask(line, code);
    }
    assert!(!world.tree.has("/new"));
}

#[test]
fn a_welcome_of_several_lines_is_one_reply() {
    let mut world = World::new();
    world.account("alice", |account| account.welcome = vec!["Hello".into(), "230 not the end\r\n500 x".into()]);
    world.ask("USER alice", "331");
    let reply = world.ask("PASS secret", "230-Hello");
    assert_eq!(reply.lines.len(), 3);
    world.ask("NOOP", "200");
}

#[test]
fn an_empty_password_is_a_password() {
    let mut world = World::new();
    world.ask("USER alice", "331");
    world.send("PASS");
    world.wait_seconds(1);
    world.expect("530");
}
