//! Lines: how they end, how they come in pieces, how long they are, what may stand in them.

use super::{Check, Context, may, must, should};
use crate::{Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    must("line.byte-by-byte", "RFC 1123 §4.1.2.10", "A command may come byte by byte", |c| {
        let mut wire = c.login();
        by_bytes(&mut wire, "PWD\r\n");
        wire.expect(257);
    }),
    must("line.login-byte-by-byte", "RFC 1123 §4.1.2.10", "A login may come byte by byte", |c| {
        let mut wire = c.greeted();
        by_bytes(&mut wire, &format!("{}\r\n", c.user()));
        wire.expect(331);
        by_bytes(&mut wire, &format!("{}\r\n", c.pass()));
        wire.expect(230);
    }),
    must("line.transfer-byte-by-byte", "RFC 1123 §4.1.2.10", "A transfer's commands may come byte by byte", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        by_bytes(&mut wire, "RETR a\r\n");
        wire.expect_any(&[125, 150]);
        drop(opened.connection());
        wire.expect_any(&[226, 250, 426]);
    }),
    must("line.split-end", "RFC 1123 §4.1.2.10", "CR and LF may come in two segments", |c| {
        let mut wire = c.login();
        for piece in ["PWD\r", "\nNOOP\r", "\n"] {
            wire.send(piece);
        }
        wire.expect(257);
        wire.expect(200);
    }),
    must("line.needs-its-end", "RFC 959 §5.3", "A command is no command before its line has ended", |c| {
        let mut wire = c.login();
        wire.send("PWD");
        wire.expect_silence(A_MOMENT);
        wire.send("\r\n");
        wire.expect(257);
    }),
    must(
        "line.across-two",
        "RFC 1123 §4.1.2.10",
        "A segment may hold the end of one command and half of the next",
        |c| {
            let mut wire = c.login();
            wire.send("NOOP\r\nPW");
            wire.expect(200);
            wire.send("D\r\nSYS");
            wire.expect(257);
            wire.send("T\r\n");
            wire.expect(215);
        },
    ),
    may("line.lf-alone", "RFC 959 §5.3", "A line that ends in LF alone is a line", |c| {
        let mut wire = c.login();
        wire.send("NOOP\n");
        wire.expect(200);
    }),
    should(
        "line.long",
        "RFC 959 §4.2.2",
        "A line that is too long is answered once, and the session is in step",
        |c| {
            let mut wire = c.login();
            wire.send(vec![b'x'; 100_000]);
            wire.send("\r\nPWD\r\n");
            wire.expect_any(&[500, 501]);
            wire.expect(257);
        },
    ),
    should("line.long-path", "RFC 959 §5.4", "A path that is too long is refused", |c| {
        let mut wire = c.login();
        wire.ask_any(&format!("CWD {}", "x".repeat(2_000)), &[500, 501, 550, 553]);
        wire.ask("PWD", 257);
    }),
    should("line.path-of-a-thousand", "RFC 959 §5.3", "A path of a thousand bytes is a path", |c| {
        let mut wire = c.login();
        wire.ask(&format!("CWD {}.", "./".repeat(500)), 250);
    }),
    must("line.nul", "RFC 959 §5.3", "A NUL does not cut a name short", |c| {
        c.put("a", b"kept");
        let mut wire = c.login();
        wire.send(b"DELE a\0b\r\n");
        wire.expect_any(&[500, 501, 550, 553]);
        assert_eq!(c.content("a"), b"kept");
    }),
    must("line.cr-in-a-name", "RFC 959 §5.3", "A CR in a name splits no reply", |c| {
        let mut wire = c.login();
        wire.send(b"MKD a\rb\r\n");
        wire.expect_any(&[257, 500, 501, 550, 553]);
        wire.ask("NOOP", 200);
    }),
    must("line.controls-not-echoed", "RFC 959 §4.2", "Control bytes of a command come back in no reply", |c| {
        let mut wire = c.login();
        wire.send(b"CWD a\x1B[2J\x07\r\n");
        wire.expect_any(&[500, 501, 550, 553]);
        wire.send(b"NON\x08SENSE\r\n");
        wire.expect_any(&[500, 501, 502]);
    }),
    must("line.eight-bits", "RFC 2640 §2.2", "A path of bytes that are no UTF-8 breaks nothing", |c| {
        let mut wire = c.login();
        wire.send(b"CWD \xE4\xF6\xFC\r\n");
        wire.expect_any(&[500, 501, 550, 553]);
        wire.ask("NOOP", 200);
    }),
    should("line.trailing-blank", "RFC 959 §5.3", "A blank behind a verb without an argument is forgiven", |c| {
        let mut wire = c.login();
        wire.ask("PWD ", 257);
        wire.ask("NOOP ", 200);
    }),
    may("line.leading-blank", "RFC 959 §5.3", "A line that begins with a blank holds no verb", |c| {
        let mut wire = c.login();
        wire.ask_any(" NOOP", &[500, 501, 502]);
        wire.ask("NOOP", 200);
    }),
    must("reply.greeting-format", "RFC 959 §4.2", "The greeting is a whole reply that ends in CRLF", |c| {
        let mut wire = c.connected();
        wire.expect(220);
        wire.expect_silence(A_MOMENT);
    }),
    must("reply.several-lines", "RFC 959 §4.2", "Replies of several lines begin ddd- and end ddd", |c| {
        let mut wire = c.login();
        // The wire reads no other format.
        for command in ["HELP", "FEAT", "STAT"] {
            wire.ask_any(command, &[211, 212, 214]);
        }
        wire.ask("NOOP", 200);
    }),
    must("reply.errors-do-not-leak", "RFC 2577 §6", "An error does not tell where the server keeps its files", |c| {
        let mut wire = c.login();
        for command in ["CWD missing", "DELE missing", "RNFR missing", "RMD missing"] {
            let shown = wire.ask_any(command, &[450, 550]).show();
            assert!(!shown.contains("/home/") && !shown.contains("/srv/") && !shown.contains("/tmp/."), "{shown}");
        }
    }),
    must("reply.nothing-unasked", "RFC 1123 §4.1.2.11", "Nobody speaks who was not asked", |c| {
        let mut wire = c.login();
        wire.ask("NOOP", 200);
        wire.expect_silence(A_MOMENT);
    }),
    must("reply.one-each", "RFC 959 §5.4", "Each command has one final reply", one_each),
];

/// How long "nothing" is looked at.
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(60);

fn by_bytes(wire: &mut Wire, line: &str) {
    line.bytes().for_each(|byte| wire.send([byte]));
}

/// Good ones and bad ones; the last is told from all others by its code.
fn one_each(c: &mut Context<'_>) {
    let mut wire = c.login();
    let commands = ["PWD", "CWD missing", "TYPE", "NONSENSE", "DELE missing", "RNTO x", "NOOP x", "MKD", "STRU Q"];
    for command in commands {
        wire.say(command);
        let reply = wire.reply();
        assert!((200..600).contains(&reply.code), "{}", reply.show());
    }
    wire.ask("SYST", 215);
    wire.expect_silence(A_MOMENT);
}
