//! Logins by more, or by less, than a password: certificates and ACCT.

use ftp_proto::config::Switch;
use ftp_proto::server::CloseReason;
use ftp_proto::{Failure, Notice};

use crate::world::World;

/// A secured client that has shown a certificate.
fn with_certificate() -> World {
    let mut world = World::with_tls(|config| config.tls.clear_control = Switch::On);
    world.tls.control.peer_certificate = Some(b"DER"[..].into());
    world.ask("AUTH TLS", "234");
    world
}

#[test]
fn a_certificate_may_do_alone() {
    let mut world = with_certificate();
    world.tls.certified.push("alice");
    world.account("alice", |account| account.welcome = vec!["Hello".into()]);
    assert_eq!(world.ask("USER alice", "232-Hello").lines.last().unwrap(), "232 Logged in by certificate.");
    world.ask("PWD", "257");
    world.ask("PASS whatever", "202");
    world.ask("ACCT whatever", "202");
    assert_eq!(world.notices.iter().filter(|notice| matches!(notice, Notice::LoggedIn { .. })).count(), 1);
    world.ask("REIN", "220");
    world.ask("USER alice", "331");
}

#[test]
fn a_certificate_that_is_not_enough_costs_nothing() {
    let mut world = with_certificate();
    for _ in 0..10 {
        world.ask("USER alice", "331");
    }
    assert!(!world.notices.iter().any(|notice| matches!(notice, Notice::LoginFailed { .. })));
    world.ask("PASS secret", "230");
    let last = world.tls.credentials.last().unwrap();
    assert_eq!(last.certificate.as_deref(), Some(&b"DER"[..]));
    assert!(last.secured && last.password.is_some());
}

#[test]
fn a_certificate_counts_only_while_tls_is_on() {
    let mut world = with_certificate();
    world.tls.certified.push("alice");
    world.ask("USER alice", "232");
    world.ask("CCC", "200");
    world.ask("PWD", "257");
    world.ask("USER alice", "331");
}

#[test]
fn a_host_that_fails_asks_for_the_password() {
    let mut world = with_certificate();
    world.tls.certified.push("alice");
    world.fail_next("Authenticate", Failure::Io);
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
}

#[test]
fn commands_behind_user_wait_for_the_certificate() {
    let mut world = with_certificate();
    world.tls.certified.push("alice");
    world.hold("Authenticate");
    world.send("USER alice\r\nPASS x\r\nPWD");
    world.silent();
    world.release();
    world.expect("232");
    world.expect("202");
    world.expect("257");
}

#[test]
fn a_session_may_end_while_its_certificate_is_judged() {
    let mut world = with_certificate();
    world.hold("Authenticate");
    world.send("USER alice");
    world.break_control();
    world.closed(CloseReason::PeerReset);
}

// ACCT.

#[test]
fn an_account_may_be_asked_for() {
    let mut world = World::new();
    world.tls.codes.insert("alice", "project1");
    world.ask("ACCT project1", "503");
    world.ask("USER alice", "331");
    world.ask("ACCT project1", "503");
    world.ask("PASS secret", "332");
    world.ask("PWD", "530");
    world.ask("PASS secret", "503");
    world.ask("ACCT project1", "230");
    world.ask("PWD", "257");
    let last = world.tls.credentials.last().unwrap();
    assert_eq!(last.password.as_ref().unwrap().expose(), b"secret");
    assert_eq!(last.account.as_ref().unwrap().expose(), b"project1");
}

#[test]
fn a_wrong_account_is_a_failed_login() {
    let mut world = World::with(|config| config.limits.login_attempts = 2);
    world.tls.codes.insert("alice", "project1");
    for last in [false, true] {
        world.ask("USER alice", "331");
        world.ask("PASS secret", "332");
        world.send("ACCT wrong");
        world.silent();
        world.wait_seconds(1);
        world.expect("530");
        if !last {
            world.ask("ACCT project1", "503");
        }
    }
    world.expect("421");
    world.closed(CloseReason::TooManyLogins);
    assert!(world.notices.iter().any(|notice| matches!(notice, Notice::LoginFailed { user } if **user == *b"alice")));
}

#[test]
fn user_begins_anew_where_an_account_was_asked_for() {
    let mut world = World::new();
    world.tls.codes.insert("alice", "project1");
    world.ask("USER alice", "331");
    world.ask("PASS secret", "332");
    world.ask("USER reader", "331");
    world.ask("ACCT project1", "503");
    world.ask("PASS secret", "230");
}

#[test]
fn a_certificate_may_need_an_account_too() {
    let mut world = with_certificate();
    world.tls.certified.push("alice");
    world.tls.codes.insert("alice", "project1");
    world.ask("USER alice", "332");
    world.ask("ACCT project1", "230");
    assert!(world.tls.credentials.last().unwrap().password.is_none());
}
