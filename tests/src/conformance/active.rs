//! Data connections that the server makes: PORT, EPRT, LPRT.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use super::context::{optional_any, skip};
use super::{Check, Context, may, must, should};
use crate::{Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    must("port.download", "RFC 1123 §4.1.2.13", "PORT leads to a download", |c| {
        c.needs_ipv4();
        download(c, Way::Port);
    }),
    must("port.upload", "RFC 1123 §4.1.2.13", "PORT leads to an upload", |c| {
        c.needs_ipv4();
        upload(c, Way::Port);
    }),
    must("port.listing", "RFC 1123 §4.1.2.13", "PORT leads to a listing", |c| {
        c.needs_ipv4();
        listing(c, Way::Port);
    }),
    must("eprt.download", "RFC 2428 §2", "EPRT leads to a download", |c| download(c, Way::Eprt)),
    must("eprt.upload", "RFC 2428 §2", "EPRT leads to an upload", |c| upload(c, Way::Eprt)),
    must("eprt.listing", "RFC 2428 §2", "EPRT leads to a listing", |c| listing(c, Way::Eprt)),
    may("lprt.download", "RFC 1639 §3", "LPRT leads to a download", |c| {
        offered(c, Way::Lprt);
        download(c, Way::Lprt);
    }),
    may("lprt.upload", "RFC 1639 §3", "LPRT leads to an upload", |c| {
        offered(c, Way::Lprt);
        upload(c, Way::Lprt);
    }),
    must("active.one-transfer", "RFC 959 §3.2", "An address that was told serves one transfer", |c| {
        c.needs_active();
        c.put("a", b"content");
        let mut wire = c.login();
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"content");
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"content");
    }),
    must("active.last-one-counts", "RFC 959 §4.1.2", "Of two addresses the second counts", |c| {
        c.needs_active();
        c.put("a", b"content");
        let mut wire = c.login();
        let first = listener(&wire);
        tell(&mut wire, first.local_addr().expect("an open socket"));
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"content");
        undisturbed(&first);
    }),
    must("active.passive-counts", "RFC 959 §4.1.2", "EPSV takes the place of an EPRT before it", |c| {
        c.needs_active();
        c.put("a", b"content");
        let mut wire = c.login();
        let first = listener(&wire);
        tell(&mut wire, first.local_addr().expect("an open socket"));
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        undisturbed(&first);
    }),
    must("active.after-passive", "RFC 959 §4.1.2", "EPRT takes the place of an EPSV before it", |c| {
        c.needs_active();
        c.put("a", b"content");
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"content");
    }),
    must("active.no-dial-without-150", "RFC 959 §3.2", "A transfer that is refused dials nobody", |c| {
        c.needs_active();
        let mut wire = c.login();
        let waiting = listener(&wire);
        tell(&mut wire, waiting.local_addr().expect("an open socket"));
        wire.ask_any("RETR missing", &[450, 550]);
        wire.ask("NOOP", 200);
        undisturbed(&waiting);
    }),
    must("active.refused", "RFC 959 §5.4", "Where nobody answers, the transfer ends in 425", |c| {
        c.needs_active();
        c.put("a", b"content");
        let mut wire = c.login();
        let nobody = listener(&wire).local_addr().expect("an open socket");
        tell(&mut wire, nobody);
        if wire.ask_any("RETR a", &[125, 150, 425]).code < 200 {
            wire.expect_any(&[425, 426]);
        }
        wire.ask("NOOP", 200);
    }),
    should(
        "active.survives-a-refusal",
        "RFC 959 §3.2",
        "A command refused before its 150 leaves the address as it is",
        |c| {
            c.needs_active();
            c.put("a", b"content");
            let mut wire = c.login();
            let opened = wire.open(Way::Eprt);
            wire.ask_any("RETR missing", &[450, 550]);
            wire.ask_any("RETR a", &[125, 150]);
            drop(opened.connection());
            wire.expect_any(&[226, 250, 426]);
        },
    ),
    must("port.bad-arguments", "RFC 959 §5.4", "What is no address is refused", |c| {
        c.needs_active();
        let mut wire = c.login();
        for line in ["PORT", "PORT 1,2,3", "PORT a,b,c,d,e,f", "PORT 127,0,0,1,256,1", "PORT 127,0,0,1,200,1,1"] {
            wire.ask_any(line, &BAD);
        }
        wire.ask("NOOP", 200);
    }),
    must("eprt.bad-arguments", "RFC 2428 §2", "What is no address is refused", |c| {
        c.needs_active();
        let mut wire = c.login();
        for line in ["EPRT", "EPRT |1|127.0.0.1|", "EPRT |1|nowhere|5000|", "EPRT |2|::1|", "EPRT |1|127.0.0.1|99999|"]
        {
            wire.ask_any(line, &BAD);
        }
        wire.ask("NOOP", 200);
    }),
    must("eprt.unknown-family", "RFC 2428 §2", "A family that does not exist is refused", |c| {
        c.needs_active();
        c.login().ask_any("EPRT |7|127.0.0.1|51201|", &BAD);
    }),
    should("eprt.unknown-family-522", "RFC 2428 §2", "The 522 tells which families there are, in parentheses", |c| {
        c.needs_active();
        let reply = c.login().ask("EPRT |7|127.0.0.1|51201|", 522);
        assert!(reply.text().contains('('), "{}", reply.show());
    }),
    should("eprt.any-delimiter", "RFC 2428 §2", "The delimiter may be any other character", |c| {
        c.needs_active();
        let mut wire = c.login();
        let address = listener(&wire).local_addr().expect("an open socket");
        wire.ask(&eprt(address).replace('|', "!"), 200);
    }),
    should("bounce.other-host", "RFC 2577 §3", "An address that is not the client's is refused", |c| {
        c.needs_active();
        let mut wire = c.login();
        wire.ask_any("EPRT |1|192.0.2.1|51201|", &BAD);
        wire.ask_any("EPRT |2|2001:db8::1|51201|", &BAD);
    }),
    must("bounce.never-dialled", "RFC 2577 §3", "An address that is not the client's is never dialled", |c| {
        let mut wire = c.login();
        if !c.is_ipv4() || !wire.local().ip().is_loopback() {
            skip("needs a second address of our own");
        }
        c.put("a", b"content");
        let bystander = TcpListener::bind("127.0.0.2:0").expect("a second address");
        wire.ask_any(&eprt(bystander.local_addr().expect("an open socket")), &BAD);
        wire.ask_any("RETR a", &[425, 503, 426]);
        undisturbed(&bystander);
    }),
    should("bounce.well-known-port", "RFC 2577 §3", "A port below 1024 is refused", |c| {
        c.needs_active();
        let mut wire = c.login();
        let own = SocketAddr::new(wire.local().ip(), 22);
        wire.ask_any(&eprt(own), &BAD);
    }),
    should(
        "active.from-where-it-listens",
        "RFC 959 §3.2",
        "The server connects from the address it is known by",
        |c| {
            c.needs_active();
            c.put("a", b"content");
            let mut wire = c.login();
            let opened = wire.open(Way::Eprt);
            wire.ask_any("RETR a", &[125, 150]);
            let data = opened.connection();
            assert_eq!(data.peer_addr().expect("an open socket").ip(), wire.peer().ip());
            drop(data);
            wire.expect_any(&[226, 250, 426]);
        },
    ),
];

/// What a server says to an address that it does not take.
const BAD: [u16; 7] = [500, 501, 502, 504, 521, 522, 530];

fn download(c: &mut Context<'_>, way: Way) {
    c.needs_active();
    c.put("a", b"content");
    assert_eq!(c.login().fetch(way, "RETR a"), b"content");
}

fn upload(c: &mut Context<'_>, way: Way) {
    c.needs_active();
    c.login().store(way, "STOR a", b"content");
    assert_eq!(c.content("a"), b"content");
}

fn listing(c: &mut Context<'_>, way: Way) {
    c.needs_active();
    c.put("a", b"");
    assert_eq!(c.login().fetch(way, "NLST"), b"a\r\n");
}

/// Leaves the check out where this way is not offered.
fn offered(c: &mut Context<'_>, way: Way) {
    c.needs_active();
    let mut wire = c.login();
    let line = if way == Way::Lprt && c.is_ipv4() {
        "LPRT 4,4,127,0,0,1,2,200,1"
    } else {
        "LPRT 6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,200,1"
    };
    optional_any(&mut wire, line, &[200, 501, 521, 522]);
}

fn listener(wire: &Wire) -> TcpListener {
    TcpListener::bind((wire.local().ip(), 0)).expect("a port to listen on")
}

fn tell(wire: &mut Wire, address: SocketAddr) {
    wire.ask(&eprt(address), 200);
}

fn eprt(address: SocketAddr) -> String {
    let family = match address.ip() {
        IpAddr::V4(_) => 1,
        IpAddr::V6(_) => 2,
    };
    format!("EPRT |{family}|{}|{}|", address.ip(), address.port())
}

/// Nobody has connected there.
fn undisturbed(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("an open socket");
    assert_eq!(listener.accept().expect_err("nobody connects").kind(), ErrorKind::WouldBlock);
}
