//! TLS: AUTH, PBSZ, PROT, CCC, and what is protected then. These checks begin in the clear and say AUTH by themselves,
//! however the kit's other connections are protected.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use super::context::{optional_any, skip};
use super::{Check, Context, may, must, should};
use crate::{Ending, Link, Protection, TlsClient, TlsVersion, Way, Wire, pattern};

pub(super) const CHECKS: &[Check] = &[
    must("auth.tls", "RFC 4217 §4", "AUTH TLS is answered 234, and TLS begins behind it", |c| {
        secured(c).ask("NOOP", 200);
    }),
    must("auth.tls-1.2", "RFC 4217 §4", "TLS 1.2 will do", |c| {
        let mut wire = c.before_auth();
        wire.auth(&TlsClient::new().version(TlsVersion::V1_2));
        wire.ask("NOOP", 200);
    }),
    should("auth.tls-1.3", "RFC 8446 §4.1", "TLS 1.3 is spoken", |c| {
        let mut wire = c.before_auth();
        wire.auth(&TlsClient::new().version(TlsVersion::V1_3));
        wire.ask("NOOP", 200);
    }),
    must("auth.lower-case", "RFC 2228 §3", "The mechanism's name may be in any case", |c| {
        let mut wire = c.before_auth();
        wire.ask("auth tls", 234);
        wire.start_tls(&TlsClient::new());
        wire.ask("NOOP", 200);
    }),
    must("auth.unknown", "RFC 2228 §3", "A mechanism that does not exist is refused, and the session goes on", |c| {
        let mut wire = c.before_auth();
        for line in ["AUTH FOO", "AUTH TLSX", "AUTH T"] {
            wire.ask_any(line, &[504, 534]);
        }
        wire.ask_any("NOOP", &[200, 530]);
    }),
    must("auth.no-mechanism", "RFC 2228 §3", "AUTH needs a mechanism", |c| {
        c.before_auth().ask_any("AUTH", &[501, 504]);
    }),
    must("auth.twice", "RFC 2228 §3", "AUTH inside TLS is refused, and the session goes on", |c| {
        let mut wire = secured(c);
        wire.ask_any("AUTH TLS", &[503, 534]);
        wire.ask("NOOP", 200);
    }),
    must("auth.logs-out", "RFC 2228 §3", "Whoever was logged in before AUTH has to log in again", |c| {
        let (user, pass) = (c.user(), c.pass());
        let mut wire = c.before_auth();
        if wire.ask_any(&user, &[331, 530, 534, 550]).code != 331 {
            skip("nobody logs in in the clear");
        }
        wire.ask(&pass, 230);
        wire.auth(&TlsClient::new());
        wire.ask_any("PWD", &[530, 503]);
        wire.ask(&user, 331);
        wire.ask(&pass, 230);
        wire.ask("PWD", 257);
    }),
    must("auth.forgets-the-user", "RFC 2228 §3", "A USER before AUTH is none behind it", |c| {
        let (user, pass) = (c.user(), c.pass());
        let mut wire = c.before_auth();
        wire.ask_any(&user, &[331, 530, 534, 550]);
        wire.auth(&TlsClient::new());
        wire.ask_any(&pass, &[503, 530]);
    }),
    must("auth.injected-with", "RFC 4217 §15", "What comes with AUTH in one segment is not done inside TLS", |c| {
        let mut wire = c.before_auth();
        wire.send(b"AUTH TLS\r\nNOOP\r\n");
        if wire.expect_any(&[234, 421, 500, 501, 503]).code != 234 || wire.is_closing() {
            assert!(wire.rest().iter().all(|reply| reply.code != 200));
            return;
        }
        wire.expect_silence(Duration::from_millis(50));
        if wire.try_tls(&TlsClient::new()).is_ok() {
            wire.ask("SYST", 215);
        }
    }),
    must("auth.injected-behind", "RFC 4217 §15", "What comes in the clear behind the 234 is not done", |c| {
        let mut wire = c.before_auth();
        wire.ask("AUTH TLS", 234);
        wire.say("NOOP");
        let (said, _) = wire.link_mut().drain().expect("the server ends it");
        assert!(!said.starts_with(b"200"), "{}", said.escape_ascii());
    }),
    should("auth.features", "RFC 4217 §6", "FEAT lists AUTH TLS, PBSZ and PROT", |c| {
        let body = secured(c).ask("FEAT", 211).body();
        for wanted in ["AUTH TLS", "PBSZ", "PROT"] {
            assert!(body.iter().any(|line| line.to_ascii_uppercase().starts_with(wanted)), "{wanted} in {body:?}");
        }
    }),
    may("auth.ssl", "RFC 4217 §17", "AUTH SSL, as old clients say it, is taken too", |c| {
        let mut wire = c.before_auth();
        optional_any(&mut wire, "AUTH SSL", &[234]);
        wire.start_tls(&TlsClient::new());
        wire.ask("NOOP", 200);
    }),
    must("pbsz.before-auth", "RFC 2228 §3", "PBSZ before AUTH is refused", |c| {
        c.before_auth().ask_any("PBSZ 0", &[503, 530]);
    }),
    must("prot.before-auth", "RFC 2228 §3", "PROT before AUTH is refused", |c| {
        c.before_auth().ask_any("PROT P", &[503, 530]);
    }),
    must("prot.before-pbsz", "RFC 2228 §3", "PROT before PBSZ is refused", |c| {
        let mut wire = entered(c);
        wire.ask("PROT P", 503);
        wire.ask("PBSZ 0", 200);
        wire.ask("PROT P", 200);
    }),
    must("pbsz.zero", "RFC 4217 §8", "PBSZ 0 is taken", |c| {
        entered(c).ask("PBSZ 0", 200);
    }),
    should("pbsz.other", "RFC 4217 §8", "Another size is answered by the one there is: PBSZ=0", |c| {
        let reply = entered(c).ask("PBSZ 4096", 200);
        assert!(reply.text().contains("PBSZ=0"), "{}", reply.show());
    }),
    should("pbsz.no-number", "RFC 2228 §3", "What is no size is refused", |c| {
        let mut wire = entered(c);
        for line in ["PBSZ", "PBSZ x", "PBSZ -1", "PBSZ 99999999999"] {
            wire.ask(line, 501);
        }
    }),
    must("prot.p", "RFC 4217 §9", "PROT P is taken", |c| {
        let mut wire = entered(c);
        wire.ask("PBSZ 0", 200);
        wire.ask("PROT P", 200);
    }),
    must("prot.s-and-e", "RFC 4217 §9", "PROT S and E are refused: TLS has no such levels", |c| {
        let mut wire = entered(c);
        wire.ask("PBSZ 0", 200);
        for line in ["PROT S", "PROT E"] {
            wire.ask_any(line, &[536, 504]);
        }
    }),
    must("prot.unknown", "RFC 2228 §3", "A level that does not exist is refused", |c| {
        let mut wire = entered(c);
        wire.ask("PBSZ 0", 200);
        for line in ["PROT X", "PROT PP", "PROT"] {
            wire.ask_any(line, &[501, 504, 536]);
        }
        wire.ask("PROT P", 200);
    }),
    must("prot.download", "RFC 4217 §9", "Under PROT P a download is protected", |c| {
        c.put("a", &pattern(100_000));
        for version in TlsVersion::ALL {
            let mut wire = private(c, &TlsClient::new().version(version));
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), pattern(100_000), "{version:?}");
        }
    }),
    must("prot.upload", "RFC 4217 §9", "Under PROT P an upload is protected", |c| {
        for version in TlsVersion::ALL {
            private(c, &TlsClient::new().version(version)).store(Way::Epsv, "STOR a", &pattern(100_000));
            assert_eq!(c.content("a"), pattern(100_000), "{version:?}");
        }
    }),
    must("prot.listing", "RFC 4217 §9", "Under PROT P a listing is protected", |c| {
        c.put("a", b"");
        assert_eq!(private(c, &TlsClient::new()).fetch(Way::Epsv, "NLST"), b"a\r\n");
    }),
    must("prot.empty", "RFC 4217 §9", "Empty files come and go under PROT P", |c| {
        let mut wire = private(c, &TlsClient::new());
        wire.store(Way::Epsv, "STOR a", b"");
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"");
    }),
    must("prot.active", "RFC 4217 §7", "In active mode, too, it is the client that begins the handshake", |c| {
        c.needs_active();
        let mut wire = private(c, &TlsClient::new());
        wire.store(Way::Eprt, "STOR a", b"content");
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"content");
    }),
    must("prot.lasts", "RFC 2228 §3", "PROT lasts until it is changed", |c| {
        let mut wire = private(c, &TlsClient::new());
        wire.store(Way::Epsv, "STOR a", b"content");
        wire.refused("RETR missing", 550);
        for _ in 0..3 {
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        }
    }),
    must("prot.clear-at-first", "RFC 2228 §3", "Behind AUTH, data is in the clear until PROT says otherwise", |c| {
        c.put("a", b"content");
        let mut wire = entered_home(c);
        let opened = wire.open(Way::Epsv);
        if wire.ask_any("RETR a", &[125, 150, 521, 522, 534]).code >= 200 {
            skip("data is only moved under PROT P");
        }
        let mut content = Vec::new();
        opened.connection().read_to_end(&mut content).expect("an orderly end");
        assert_eq!(content, b"content");
        wire.expect_any(&[226, 250]);
    }),
    must("prot.back-to-clear", "RFC 2228 §3", "PROT C takes the protection off again, or is refused", |c| {
        c.put("a", b"content");
        let mut wire = private(c, &TlsClient::new());
        if wire.ask_any("PROT C", &[200, 534]).code == 200 {
            wire.set_protection(Protection::Clear);
        }
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    should("prot.behind-the-setup", "RFC 4217 §10", "What PROT says when the transfer begins is what counts", |c| {
        c.put("a", b"content");
        let mut wire = private(c, &TlsClient::new());
        let address = wire.passive(Way::Epsv);
        if wire.ask_any("PROT C", &[200, 534]).code != 200 {
            skip("data is only moved under PROT P");
        }
        wire.set_protection(Protection::Clear);
        let mut data = wire.data_to(address);
        wire.ask_any("RETR a", &[125, 150]);
        assert_eq!(whole(&mut data), b"content");
        wire.expect_any(&[226, 250]);
    }),
    must("prot.plain-data", "RFC 4217 §9", "A client that does not begin TLS under PROT P gets nothing", |c| {
        c.put("a", b"content");
        let mut wire = private(c, &TlsClient::new());
        wire.set_protection(Protection::Clear);
        let opened = wire.open(Way::Epsv);
        wire.ask_any("RETR a", &[125, 150]);
        let mut data = opened.connection();
        let _ = data.write_all(b"GET / HTTP/1.0\r\n\r\n");
        let (got, _) = data.drain().expect("an end");
        assert!(!got.windows(7).any(|part| part == b"content"));
        wire.expect_any(&[425, 426, 451, 522, 535]);
        wire.ask("NOOP", 200);
    }),
    should(
        "tls.download-ends",
        "RFC 8446 §6.1",
        "close_notify comes behind each download, and FIN behind that",
        |c| {
            c.put("a", &pattern(10_000));
            for version in TlsVersion::ALL {
                let mut wire = private(c, &TlsClient::new().version(version));
                for command in ["RETR a", "LIST", "NLST"] {
                    let opened = wire.open(Way::Epsv);
                    wire.ask_any(command, &[125, 150]);
                    let (_, ending) = opened.connection().drain().expect("an end");
                    assert_eq!(ending, Ending::Clean, "{version:?} {command}");
                    wire.expect_any(&[226, 250]);
                }
            }
        },
    ),
    should(
        "tls.226-behind-the-end",
        "RFC 959 §5.2",
        "With the 226 all of the data and its close_notify are out",
        |c| {
            c.put("a", &pattern(10_000));
            let mut wire = private(c, &TlsClient::new());
            let opened = wire.open(Way::Epsv);
            wire.ask_any("RETR a", &[125, 150]);
            let mut data = opened.connection();
            wire.expect_any(&[226, 250]);
            data.set_nonblocking(true).expect("an open socket");
            let mut content = Vec::new();
            data.read_to_end(&mut content).expect("all of it is there");
            assert_eq!(content, pattern(10_000));
        },
    ),
    should("tls.truncated-upload", "RFC 8446 §6.1", "An upload that ends without close_notify is not taken", |c| {
        for version in TlsVersion::ALL {
            c.put("a", b"before");
            let mut wire = private(c, &TlsClient::new().version(version));
            let mut data = begun(&mut wire, "STOR a");
            data.write_all(b"half of the ne").expect("the server takes it");
            data.cut().expect("the server takes the end");
            wire.expect_any(&[425, 426, 451, 522]);
            assert_eq!(c.content("a"), b"before", "{version:?}");
            wire.ask("NOOP", 200);
        }
    }),
    must("tls.broken-upload", "RFC 959 §5.4", "An upload that ends in a reset is told so", |c| {
        let mut wire = private(c, &TlsClient::new());
        let mut data = begun(&mut wire, "STOR a");
        data.write_all(b"half of the ne").and_then(|()| data.flush()).expect("the server takes it");
        data.reset();
        wire.expect_any(&[425, 426, 451, 522]);
        wire.ask("NOOP", 200);
    }),
    should(
        "tls.upload-left-unread",
        "RFC 8446 §6.1",
        "A client that closes at once behind its upload loses nothing",
        |c| {
            for version in TlsVersion::ALL {
                let mut wire = private(c, &TlsClient::new().version(version));
                for length in [1, 1000, 100_000] {
                    let mut data = begun(&mut wire, "STOR a");
                    data.write_all(&pattern(length)).expect("the server takes it");
                    // close_notify, and the socket with whatever came on it.
                    drop(data);
                    wire.expect_any(&[226, 250]);
                    assert_eq!(c.content("a"), pattern(length), "{version:?}");
                }
            }
        },
    ),
    may(
        "tls.no-tickets-for-data",
        "RFC 8446 §4.6.1",
        "No tickets come on data connections, where nobody reads them",
        |c| {
            c.put("a", b"content");
            let mut wire = private(c, &TlsClient::new().version(TlsVersion::V1_3));
            let opened = wire.open(Way::Epsv);
            wire.ask_any("RETR a", &[125, 150]);
            let mut data = opened.connection();
            assert_eq!(whole(&mut data), b"content");
            assert_eq!(data.tls().map(|tls| tls.tls13_tickets_received()), Some(0));
            wire.expect_any(&[226, 250]);
        },
    ),
    should("tls.data-resumes", "RFC 4217 §10", "Data connections can resume the control connection's session", |c| {
        c.put("a", b"content");
        for version in TlsVersion::ALL {
            let mut wire = private(c, &TlsClient::new().version(version));
            for _ in 0..2 {
                let opened = wire.open(Way::Epsv);
                wire.ask_any("RETR a", &[125, 150]);
                let mut data = opened.connection();
                let resumed = data.tls().and_then(|tls| tls.handshake_kind());
                assert_eq!(resumed, Some(rustls::HandshakeKind::Resumed), "{version:?}");
                assert_eq!(whole(&mut data), b"content");
                wire.expect_any(&[226, 250]);
            }
        }
    }),
    should("tls.handshake-first", "RFC 4217 §10", "A client may make the data handshake before its command", |c| {
        c.put("a", b"content");
        let mut wire = private(c, &TlsClient::new());
        let mut data = wire.open(Way::Epsv).connection();
        let ready = data.handshake();
        assert!(ready.is_ok(), "{ready:?}");
        wire.ask_any("RETR a", &[125, 150]);
        assert_eq!(whole(&mut data), b"content");
        wire.expect_any(&[226, 250]);
    }),
    must("tls.abor", "RFC 959 §4.1.3", "ABOR is heard while a protected download stalls", |c| {
        let command = format!("RETR {}", c.large());
        let mut wire = private(c, &TlsClient::new());
        let data = begun(&mut wire, &command);
        wire.ask("ABOR", 426);
        wire.expect_any(&[225, 226]);
        drop(data);
        wire.ask("NOOP", 200);
    }),
    must("tls.pipelined", "RFC 1123 §4.1.2.10", "Commands that come in one record are done in order", |c| {
        let mut wire = entered(c);
        wire.send(b"TYPE I\r\nPWD\r\nSYST\r\nNOOP\r\n");
        for code in [200, 257, 215, 200] {
            wire.expect(code);
        }
    }),
    must("tls.commands-in-pieces", "RFC 1123 §4.1.2.10", "A command may come in several records", |c| {
        let mut wire = entered(c);
        for piece in ["NO", "O", "P\r", "\n"] {
            wire.send(piece);
        }
        wire.expect(200);
    }),
    should("tls.quit", "RFC 8446 §6.1", "close_notify comes behind the 221", |c| {
        let mut wire = secured(c);
        wire.ask("QUIT", 221);
        let (rest, ending) = wire.link_mut().drain().expect("an end");
        assert_eq!((rest, ending), (Vec::new(), Ending::Clean));
    }),
    must("tls.rein", "RFC 4217 §13", "REIN is answered under TLS, and ends it", |c| {
        let mut wire = secured(c);
        wire.send("REIN\r\n");
        if wire.expect_any(&[120, 220, 500, 502]).code >= 500 {
            skip("no REIN");
        }
        wire.clear();
        wire.ask_any("PBSZ 0", &[503, 530]);
        wire.auth(&TlsClient::new());
        wire.ask("NOOP", 200);
    }),
    may("tls.alpn", "RFC 7301 §3.2", "ftp is what is spoken, and whoever asks for it hears so", |c| {
        let mut wire = c.before_auth();
        wire.auth(&TlsClient::new().alpn(&["ftp"]));
        assert_eq!(wire.link().tls().and_then(|tls| tls.alpn_protocol()), Some(&b"ftp"[..]));
        wire.ask("NOOP", 200);
    }),
    should("tls.alpn-other", "RFC 7301 §3.2", "Whoever wants to speak only something else is refused", |c| {
        let mut wire = c.before_auth();
        wire.ask("AUTH TLS", 234);
        let begun = wire.try_tls(&TlsClient::new().alpn(&["http/1.1"]));
        // TLS 1.3 lets the client end its handshake before the server has said no.
        assert!(begun.is_err() || wire.is_closing(), "another protocol is taken for FTP");
    }),
    may("ccc.reply", "RFC 4217 §12", "CCC takes TLS off the control connection, and leaves PROT as it was", |c| {
        c.needs_feature("CCC");
        c.put("a", b"content");
        let mut wire = private(c, &TlsClient::new());
        wire.ask("CCC", 200);
        wire.clear();
        wire.ask("NOOP", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    should("ccc.off", "RFC 4217 §12", "CCC where it is off is refused, and TLS goes on", |c| {
        let mut wire = entered(c);
        if c.has_feature("CCC") {
            skip("CCC is on");
        }
        wire.ask_any("CCC", &[500, 502, 534]);
        wire.ask("NOOP", 200);
    }),
    should("ccc.in-the-clear", "RFC 2228 §3", "CCC in the clear is refused", |c| {
        c.before_auth().ask_any("CCC", &[500, 502, 503, 530, 533, 534]);
    }),
    must("tls.plaintext-inside", "RFC 8446 §5.1", "A line in the clear inside TLS is not done", |c| {
        let mut wire = secured(c);
        wire.stream().write_all(b"NOOP\r\n").expect("the server takes it");
        let mut said = Vec::new();
        match Read::read_to_end(wire.link_mut(), &mut said) {
            Ok(_) => {}
            Err(error) => assert!(!matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
        }
        assert_eq!(said, b"", "{}", said.escape_ascii());
    }),
];

/// Behind AUTH TLS.
#[track_caller]
fn secured(c: &Context<'_>) -> Wire {
    let mut wire = c.before_auth();
    wire.auth(&TlsClient::new());
    wire
}

/// The same, logged in, TYPE I; PBSZ and PROT are still to be said.
#[track_caller]
fn entered(c: &Context<'_>) -> Wire {
    entered_with(c, &TlsClient::new())
}

#[track_caller]
fn entered_with(c: &Context<'_>, tls: &TlsClient) -> Wire {
    let mut wire = c.before_auth();
    wire.auth(tls);
    wire.ask(&c.user(), 331);
    wire.ask(&c.pass(), 230);
    wire.ask("TYPE I", 200);
    wire
}

/// The same in the check's directory.
#[track_caller]
fn entered_home(c: &mut Context<'_>) -> Wire {
    let home = format!("CWD {}", c.home());
    let mut wire = entered(c);
    wire.ask(&home, 250);
    wire
}

/// In the check's directory, under PROT P.
#[track_caller]
fn private(c: &mut Context<'_>, tls: &TlsClient) -> Wire {
    let home = format!("CWD {}", c.home());
    let mut wire = entered_with(c, tls);
    wire.ask("PBSZ 0", 200);
    wire.ask("PROT P", 200);
    wire.set_protection(Protection::Private);
    wire.ask(&home, 250);
    wire
}

/// A transfer whose data connection is open.
#[track_caller]
fn begun(wire: &mut Wire, command: &str) -> Link {
    let opened = wire.open(Way::Epsv);
    wire.ask_any(command, &[125, 150]);
    opened.connection()
}

/// All that comes, to an orderly end.
#[track_caller]
fn whole(data: &mut Link) -> Vec<u8> {
    let mut content = Vec::new();
    data.read_to_end(&mut content).expect("an orderly end");
    content
}
