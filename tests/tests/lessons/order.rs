//! Commands and replies, in their order.

use super::*;

#[test]
fn noop_and_stat_while_a_transfer_stalls() {
    for server in with_large() {
        let mut wire = server.login();
        let data = stalled(&mut wire);
        server.wait_for_notice(|notice| matches!(notice, Notice::TransferStarted { .. }));
        wire.ask("NOOP", 200);
        let body = wire.ask("STAT", 211).body().join("\n");
        assert!(body.contains("RETR running") && body.contains(&LARGE.to_string()), "{body}");
        drop(data);
        wire.expect(426);
    }
}

#[test]
fn six_commands_in_one_segment() {
    let server = Setup::new().start();
    server.put("a", b"x");
    let mut wire = server.login();
    wire.send("PWD\r\nSIZE a\r\nNOOP\r\nMDTM a\r\nSYST\r\nCWD missing\r\n");
    for code in [257, 213, 200, 213, 215, 550] {
        wire.expect(code);
    }
}

#[test]
fn commands_behind_a_transfer_wait_for_it() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.send("RETR a\r\nPWD\r\nNOOP\r\nDELE a\r\n");
    wire.expect(150);
    let mut content = Vec::new();
    opened.connection().read_to_end(&mut content).unwrap();
    for code in [226, 257, 200, 250] {
        wire.expect(code);
    }
    assert_eq!(content, b"content");
}

#[test]
fn a_syntax_error_then_another_command() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in ["TYPE", "PORT nonsense", "MDTM", "SITE CHMOD", "REST x"] {
        wire.ask(command, 501);
        wire.ask("NOOP", 200);
    }
}

#[test]
fn quit_during_a_transfer() {
    for server in with_large() {
        let mut wire = server.login();
        let mut data = stalled(&mut wire);
        wire.say("QUIT");
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        assert_eq!(content.len(), LARGE);
        wire.expect(226);
        wire.expect(221);
        wire.expect_closed();
    }
}

#[test]
fn cr_and_lf_in_separate_segments() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for piece in ["NO", "OP", "\r"] {
        wire.send(piece);
    }
    wire.send("\nPWD\r");
    wire.expect(200);
    wire.send("\n");
    wire.expect(257);
}

#[test]
fn four_mebibytes_without_a_line_end() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for _ in 0..64 {
        wire.send(vec![b'x'; 64 << 10]);
    }
    wire.send("\r\n");
    wire.expect(500);
    wire.ask("NOOP", 200);
}

#[test]
fn a_verb_known_by_its_end_only() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in ["XQUIT", "QUI", "NOOPS", "AQUIT"] {
        wire.ask(command, 500);
    }
    wire.ask("TYPE IMAGE", 501);
    wire.ask("NOOP", 200);
}
