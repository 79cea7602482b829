//! Data connections that the client makes: PASV, EPSV, LPSV.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, TcpStream};

use super::context::{optional, optional_any, skip};
use super::{Check, Context, may, must, should};
use crate::{Way, eventually};

pub(super) const CHECKS: &[Check] = &[
    must("pasv.reply", "RFC 959 §4.1.2", "PASV tells an address and a port, in parentheses", |c| {
        c.needs_ipv4();
        c.login().passive(Way::Pasv);
    }),
    must("pasv.transfer", "RFC 1123 §4.1.2.6", "PASV leads to a transfer", |c| {
        c.needs_ipv4();
        c.put("a", b"content");
        assert_eq!(c.login().fetch(Way::Pasv, "RETR a"), b"content");
    }),
    must("pasv.upload", "RFC 1123 §4.1.2.6", "PASV leads to an upload", |c| {
        c.needs_ipv4();
        c.login().store(Way::Pasv, "STOR a", b"content");
        assert_eq!(c.content("a"), b"content");
    }),
    must("pasv.each-transfer", "RFC 1123 §4.1.2.6", "Each transfer has a PASV of its own", |c| {
        c.needs_ipv4();
        c.put("a", b"content");
        let mut wire = c.login();
        for _ in 0..3 {
            assert_eq!(wire.fetch(Way::Pasv, "RETR a"), b"content");
        }
    }),
    must("pasv.over-ipv6", "RFC 2428 §1", "PASV, which cannot tell an IPv6 address, is refused over IPv6", |c| {
        c.needs_ipv6();
        let mut wire = c.login();
        wire.ask_any("PASV", &[425, 500, 501, 502, 503, 522, 550]);
        wire.passive(Way::Epsv);
    }),
    may("pasv.argument", "RFC 959 §5.3", "PASV takes no argument", |c| {
        c.login().ask("PASV x", 501);
    }),
    must("passive.port", "RFC 2577 §3", "A passive port is none of the well-known ones", |c| {
        assert!(c.login().passive(Way::Epsv).port() >= 1024);
    }),
    must("epsv.reply", "RFC 2428 §3", "EPSV tells a port as (|||port|)", |c| {
        c.login().passive(Way::Epsv);
    }),
    must("epsv.transfer", "RFC 2428 §3", "EPSV leads to a transfer", |c| {
        c.put("a", b"content");
        assert_eq!(c.login().fetch(Way::Epsv, "RETR a"), b"content");
    }),
    must("epsv.upload", "RFC 2428 §3", "EPSV leads to an upload", |c| {
        c.login().store(Way::Epsv, "STOR a", b"content");
        assert_eq!(c.content("a"), b"content");
    }),
    must("epsv.own-family", "RFC 2428 §3", "EPSV takes the number of the connection's family", |c| {
        let own = if c.is_ipv4() { "EPSV 1" } else { "EPSV 2" };
        c.login().ask(own, 229);
    }),
    should("epsv.other-family", "RFC 2428 §3", "EPSV refuses the other family by 522", |c| {
        let (other, own) = if c.is_ipv4() { ("EPSV 2", "(1") } else { ("EPSV 1", "2)") };
        let reply = c.login().ask_any(other, &[229, 522]);
        assert!(reply.code == 229 || reply.text().contains(own), "{}", reply.show());
    }),
    must("epsv.unknown-family", "RFC 2428 §3", "EPSV refuses a family that does not exist", |c| {
        c.login().ask_any("EPSV 7", &[501, 522]);
    }),
    should("epsv.unknown-family-522", "RFC 2428 §3", "The 522 tells which families there are", |c| {
        let reply = c.login().ask("EPSV 7", 522);
        assert!(reply.text().contains('('), "{}", reply.show());
    }),
    should("epsv.no-family", "RFC 2428 §3", "EPSV refuses what is no family", |c| {
        c.login().ask_any("EPSV x", &[501, 522, 504]);
    }),
    must("epsv.all", "RFC 2428 §4", "EPSV ALL is taken", |c| {
        c.login().ask("EPSV ALL", 200);
    }),
    must("epsv.all-then-epsv", "RFC 2428 §4", "After EPSV ALL, EPSV works", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.ask("EPSV ALL", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    must("epsv.all-then-pasv", "RFC 2428 §4", "After EPSV ALL, PASV is refused", |c| {
        after_all(c, &["PASV"]);
    }),
    must("epsv.all-then-active", "RFC 2428 §4", "After EPSV ALL, PORT and EPRT are refused", |c| {
        after_all(c, &["PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|51201|", "EPRT |2|::1|51201|"]);
    }),
    must("epsv.all-then-long", "RFC 2428 §4", "After EPSV ALL, LPSV and LPRT are refused", |c| {
        after_all(c, &["LPSV", "LPRT 4,4,127,0,0,1,2,200,1"]);
    }),
    must("epsv.all-lasts", "RFC 2428 §4", "EPSV ALL outlives transfers, failures and ABOR", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.ask("EPSV ALL", 200);
        wire.fetch(Way::Epsv, "RETR a");
        wire.refused("RETR missing", 550);
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask_any("PASV", &REFUSED);
    }),
    should("epsv.all-ends-with-rein", "RFC 959 §4.1.1", "REIN forgets EPSV ALL, too", |c| {
        c.needs_ipv4();
        let (user, pass) = (c.user(), c.pass());
        let mut wire = c.login();
        wire.ask("EPSV ALL", 200);
        optional(&mut wire, "REIN", 220);
        wire.ask(&user, 331);
        wire.ask(&pass, 230);
        wire.passive(Way::Pasv);
    }),
    may("lpsv.reply", "RFC 1639 §4", "LPSV tells an address of any family", |c| {
        let mut wire = c.login();
        optional(&mut wire, "LPSV", 228);
        wire.passive(Way::Lpsv);
    }),
    may("lpsv.transfer", "RFC 1639 §4", "LPSV leads to a transfer", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        optional(&mut wire, "LPSV", 228);
        assert_eq!(wire.fetch(Way::Lpsv, "RETR a"), b"content");
    }),
    must("passive.connect-first", "RFC 959 §3.2", "The client may connect before its command", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("NOOP", 200);
        wire.ask_any("RETR a", &[125, 150]);
        assert_eq!(to_the_end(opened.connection()), b"content");
        wire.expect_any(&[226, 250]);
    }),
    must("passive.connect-behind", "RFC 959 §3.2", "The client may connect behind its command", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        let address = wire.passive(Way::Epsv);
        wire.say("RETR a");
        let data = wire.data_to(address);
        wire.expect_any(&[125, 150]);
        assert_eq!(to_the_end(data), b"content");
        wire.expect_any(&[226, 250]);
    }),
    must("passive.replaced", "RFC 959 §3.2", "A second EPSV is the one that counts", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    should("passive.replaced-is-closed", "RFC 2577 §4", "A second EPSV closes the first one's port", |c| {
        let mut wire = c.login();
        let first = wire.passive(Way::Epsv);
        let second = wire.passive(Way::Epsv);
        eventually("the first port is closed", || first == second || TcpStream::connect(first).is_err());
    }),
    must("passive.one-transfer", "RFC 959 §3.3", "A passive port serves one transfer", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        let address = wire.passive(Way::Epsv);
        let data = wire.data_to(address);
        wire.ask_any("RETR a", &[125, 150]);
        to_the_end(data);
        wire.expect_any(&[226, 250]);
        eventually("the port is closed", || TcpStream::connect(address).is_err());
    }),
    should(
        "passive.survives-a-refusal",
        "RFC 959 §3.2",
        "A command refused before its 150 leaves the port as it is",
        |c| {
            c.put("a", b"content");
            let mut wire = c.login();
            let opened = wire.open(Way::Epsv);
            wire.ask_any("RETR missing", &[450, 550]);
            wire.ask_any("RETR a", &[125, 150]);
            assert_eq!(to_the_end(opened.connection()), b"content");
            wire.expect_any(&[226, 250]);
        },
    ),
    should("passive.strangers", "RFC 2577 §4", "Whoever connects from another address gets nothing", |c| {
        let mut wire = c.login();
        let loopback = wire.local().ip() == IpAddr::V4(Ipv4Addr::LOCALHOST);
        if !loopback {
            skip("needs a second address of our own");
        }
        c.put("a", b"secret");
        let address = wire.passive(Way::Epsv);
        let stranger = wire.data_between(Ipv4Addr::new(127, 0, 0, 2).into(), address);
        let data = wire.data_to(address);
        wire.ask_any("RETR a", &[125, 150]);
        assert_eq!(to_the_end(data), b"secret");
        wire.expect_any(&[226, 250]);
        assert_eq!(to_the_end(stranger), b"");
    }),
    must("passive.needed", "RFC 959 §5.4", "Without a data connection agreed on, an upload is refused", |c| {
        let mut wire = c.login();
        wire.ask_any("STOR a", &[425, 503, 426]);
        wire.ask("NOOP", 200);
    }),
    may("passive.listing-each-way", "RFC 1639 §4", "A listing comes by every passive way", |c| {
        c.put("a", b"");
        let mut wire = c.login();
        optional_any(&mut wire, "LPSV", &[228]);
        for way in [Way::Epsv, Way::Lpsv] {
            assert_eq!(wire.fetch(way, "NLST"), b"a\r\n", "{way:?}");
        }
    }),
];

/// What a server says to a way that EPSV ALL closed.
const REFUSED: [u16; 8] = [500, 501, 502, 503, 504, 522, 530, 550];

fn after_all(c: &mut Context<'_>, commands: &[&str]) {
    let mut wire = c.login();
    wire.ask("EPSV ALL", 200);
    for command in commands {
        wire.ask_any(command, &REFUSED);
    }
}

/// Everything until the end; a reset is an end too.
fn to_the_end(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}
