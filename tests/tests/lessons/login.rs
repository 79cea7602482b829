//! Other protocols, and the login.

use super::*;

#[test]
fn http_and_smtp_answered_line_by_line() {
    let server = Setup::new().start();
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /USER HTTP/1.0\r\n\r\nUSER alice\r\n",
        "EHLO x\r\nMAIL FROM:<a@b>\r\n",
        "Cookie: a=b\r\n",
    ] {
        let mut wire = server.wire();
        wire.send(request);
        let replies = wire.rest();
        assert!(replies.len() <= 1 && replies.iter().all(|reply| reply.code == 421), "{replies:?}");
    }
}

#[test]
fn pass_without_user_and_a_second_pass() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("PASS secret", 503);
    wire.log_in("alice", "secret");
    wire.ask("PASS secret", 503);
    wire.ask("PWD", 257);
}

#[test]
fn a_bare_close_after_failed_logins() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    let attempts = ftp_proto::config::Config::default().limits.login_attempts;
    for _ in 0..attempts {
        wire.ask("USER alice", 331);
        wire.ask("PASS wrong", 530);
    }
    wire.expect(421);
    wire.expect_closed();
}

#[test]
fn opts_utf8_on_before_login() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("OPTS UTF8 ON", 200);
}

#[test]
fn a_125_where_explorer_wants_150() {
    let server = Setup::new().start();
    let mut wire = server.login();
    // Connected before the command: others say 125 then.
    let opened = wire.open(Way::Epsv);
    wire.ask("LIST", 150);
    drop(opened.connection());
    wire.expect_any(&[226, 426]);
}

#[test]
fn the_minimum_of_rfc_1123_and_rfc_5797() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for (command, code) in [
        ("STRU F", 200),
        ("TYPE A N", 200),
        ("TYPE L 8", 200),
        ("MODE S", 200),
        ("HELP", 214),
        ("ACCT x", 202),
        ("REIN", 220),
    ] {
        wire.ask(command, code);
    }
}

#[test]
fn feat_that_is_badly_framed() {
    let server = Setup::new().start();
    for family in FAMILIES {
        let mut wire = Wire::greeted(server.address_of(family));
        let feat = wire.ask("FEAT", 211);
        assert!(feat.body().iter().all(|line| !line.is_empty() && !line.starts_with(' ')));
    }
}
