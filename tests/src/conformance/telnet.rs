//! The control connection is a Telnet connection (RFC 959 §3, RFC 1123 §4.1.2.12).

use super::{Check, may, must, should};

pub(super) const CHECKS: &[Check] = &[
    should("telnet.nop", "RFC 1123 §4.1.2.12", "IAC NOP before a command is not part of it", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xF1PWD\r\n");
        wire.expect(257);
    }),
    should("telnet.inside-a-verb", "RFC 1123 §4.1.2.12", "Telnet commands inside a command are not part of it", |c| {
        let mut wire = c.login();
        wire.send(b"NO\xFF\xF1OP\xFF\xF6\r\n");
        wire.expect(200);
    }),
    should("telnet.alone", "RFC 1123 §4.1.2.12", "A Telnet command alone is answered by nothing", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xF1");
        wire.expect_silence(A_MOMENT);
        wire.ask("NOOP", 200);
    }),
    should("telnet.will", "RFC 1123 §4.1.2.12", "WILL is answered DONT", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xFB\x01NOOP\r\n");
        assert_eq!(wire.raw(3), b"\xFF\xFE\x01");
        wire.expect(200);
    }),
    should("telnet.do", "RFC 1123 §4.1.2.12", "DO is answered WONT", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xFD\x03NOOP\r\n");
        assert_eq!(wire.raw(3), b"\xFF\xFC\x03");
        wire.expect(200);
    }),
    should("telnet.wont-and-dont", "RFC 854 §1", "WONT and DONT are answered by nothing", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xFC\x01\xFF\xFE\x03NOOP\r\n");
        wire.expect(200);
    }),
    should("telnet.split", "RFC 1123 §4.1.2.12", "A Telnet command may come in pieces", |c| {
        let mut wire = c.login();
        for byte in b"\xFF\xF1N\xFF\xFC\x01OOP\r\n" {
            wire.send([*byte]);
        }
        wire.expect(200);
    }),
    may("telnet.subnegotiation", "RFC 854 §1", "A subnegotiation is skipped", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xFA\x18\x00xterm\xFF\xF0NOOP\r\n");
        wire.expect(200);
    }),
    should("telnet.doubled-iac", "RFC 854 §1", "IAC IAC is the byte 255", |c| {
        let mut wire = c.login();
        wire.send(b"MKD a\xFF\xFFb\r\n");
        wire.expect(257);
        wire.send(b"RMD a\xFF\xFFb\r\n");
        wire.expect(250);
    }),
    should("telnet.synch", "RFC 959 §4.1.3", "IP and Synch before a command are not part of it", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xF4\xFF\xF2NOOP\r\n");
        wire.expect(200);
    }),
    should("telnet.urgent-synch", "RFC 959 §4.1.3", "Neither are they where the data mark is urgent", |c| {
        let mut wire = c.login();
        wire.send(b"\xFF\xF4\xFF");
        wire.send_urgent(0xF2);
        wire.send("NOOP\r\n");
        wire.expect(200);
    }),
    must("telnet.cr-nul", "RFC 854 §1", "CR NUL ends no line", |c| {
        let mut wire = c.login();
        wire.send(b"CWD a\r\0b\r\n");
        wire.expect_any(&[500, 501, 550, 553]);
        wire.ask("NOOP", 200);
    }),
];

/// How long "nothing" is looked at.
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(60);
