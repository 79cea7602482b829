//! ABOR, at each step of a transfer (RFC 959 §4.1.3).

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{Check, Context, must, should};
use crate::{Link, Opened, Way, Wire, eventually};

pub(super) const CHECKS: &[Check] = &[
    must("abor.idle", "RFC 959 §4.1.3", "ABOR of nothing succeeds", |c| {
        let mut wire = c.login();
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask("NOOP", 200);
    }),
    must("abor.listening", "RFC 959 §4.1.3", "ABOR takes an EPSV back", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask("NOOP", 200);
    }),
    should("abor.closes-the-port", "RFC 959 §4.1.3", "ABOR closes a passive port", |c| {
        let mut wire = c.login();
        let address = wire.passive(Way::Epsv);
        wire.ask_any("ABOR", &[225, 226]);
        eventually("the port is closed", || TcpStream::connect(address).is_err());
    }),
    should("abor.connected", "RFC 959 §4.1.3", "ABOR closes a data connection that waits for its command", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask_any("RETR a", &[425, 503]);
        ended(opened.connection());
    }),
    should("abor.address-told", "RFC 959 §4.1.3", "ABOR forgets an address", |c| {
        c.needs_active();
        c.put("a", b"x");
        let mut wire = c.login();
        let _opened = wire.open(Way::Eprt);
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask_any("RETR a", &[425, 503]);
    }),
    should("abor.waiting", "RFC 959 §4.1.3", "ABOR ends a transfer whose client has not connected", |c| {
        let command = format!("RETR {}", c.large());
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        wire.say(&command);
        wire.say("ABOR");
        waited_in_vain(&mut wire);
    }),
    should("abor.download", "RFC 959 §4.1.3", "ABOR ends a download that is not read: 426, then 226", |c| {
        let (mut wire, _opened) = downloading(c, Way::Epsv);
        wire.say("ABOR");
        two_replies(&mut wire, &[426]);
    }),
    must("abor.download-read", "RFC 959 §4.1.3", "ABOR ends a download that is being read, and its connection", |c| {
        let (mut wire, opened) = downloading(c, Way::Epsv);
        let mut data = opened.connection();
        data.read_exact(&mut [0; 10_000]).expect("some of it");
        interrupt(&mut wire);
        let short = ended(data);
        let first = wire.expect_any(&[226, 250, 426]).code;
        wire.expect_any(&[225, 226]);
        assert!(first != 426 || short < LARGE, "all of it came");
    }),
    must("abor.download-active", "RFC 959 §4.1.3", "ABOR ends a download in active mode", |c| {
        c.needs_active();
        let (mut wire, opened) = downloading(c, Way::Eprt);
        let data = opened.connection();
        interrupt(&mut wire);
        ended(data);
        over(&mut wire);
    }),
    must("abor.upload", "RFC 959 §4.1.3", "ABOR ends an upload: 426, then 226", |c| {
        let (mut wire, data) = uploading(c);
        interrupt(&mut wire);
        two_replies(&mut wire, &[426, 451]);
        drop(data);
    }),
    should(
        "abor.upload-keeps-the-old",
        "RFC 959 §4.1.3",
        "An upload that is aborted leaves the file that was there",
        |c| {
            c.put("a", b"the old one");
            let (mut wire, data) = uploading(c);
            interrupt(&mut wire);
            two_replies(&mut wire, &[426, 451]);
            drop(data);
            assert_eq!(c.content("a"), b"the old one");
        },
    ),
    should("abor.upload-waiting", "RFC 959 §4.1.3", "ABOR ends an upload whose client has not connected", |c| {
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        wire.say("STOR a");
        interrupt(&mut wire);
        waited_in_vain(&mut wire);
    }),
    should("abor.listing-waiting", "RFC 959 §4.1.3", "ABOR ends a listing whose client has not connected", |c| {
        let mut wire = c.login();
        wire.passive(Way::Epsv);
        wire.say("LIST");
        wire.say("ABOR");
        waited_in_vain(&mut wire);
    }),
    must("abor.after-the-end", "RFC 959 §4.1.3", "ABOR behind a 226 has one reply", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.fetch(Way::Epsv, "RETR a");
        wire.ask_any("ABOR", &[225, 226]);
        wire.expect_silence(A_MOMENT);
    }),
    must("abor.in-one-segment", "RFC 959 §4.1.3", "RETR and ABOR in one segment: whatever won, one reply each", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        let _opened = wire.open(Way::Epsv);
        wire.send("RETR a\r\nABOR\r\n");
        if wire.expect_any(&[125, 150, 226, 425, 426]).code < 200 {
            wire.expect_any(&[226, 250, 425, 426]);
        }
        wire.expect_any(&[225, 226]);
        wire.ask("NOOP", 200);
    }),
    must("abor.next-transfer", "RFC 959 §4.1.3", "After ABOR the next transfer is whole", |c| {
        c.put("a", b"content");
        let (mut wire, opened) = downloading(c, Way::Epsv);
        interrupt(&mut wire);
        ended(opened.connection());
        over(&mut wire);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        assert_eq!(wire.fetch(Way::Epsv, "NLST a"), b"a\r\n");
    }),
    must("abor.twice", "RFC 959 §4.1.3", "A second ABOR finds nothing left to do", |c| {
        let (mut wire, opened) = downloading(c, Way::Epsv);
        interrupt(&mut wire);
        ended(opened.connection());
        over(&mut wire);
        wire.ask_any("ABOR", &[225, 226]);
    }),
    should("abor.lower-case", "RFC 959 §5.3", "ABOR is heard in any case", |c| {
        let (mut wire, _opened) = downloading(c, Way::Epsv);
        wire.say("abor");
        two_replies(&mut wire, &[426]);
    }),
    should("abor.byte-by-byte", "RFC 1123 §4.1.2.10", "ABOR may come byte by byte", |c| {
        let (mut wire, _opened) = downloading(c, Way::Epsv);
        b"ABOR\r\n".iter().for_each(|byte| wire.send([*byte]));
        two_replies(&mut wire, &[426]);
    }),
    should("abor.telnet", "RFC 959 §4.1.3", "ABOR is heard behind IAC IP IAC DM, inline", |c| {
        let (mut wire, _opened) = downloading(c, Way::Epsv);
        wire.send(b"\xFF\xF4\xFF\xF2ABOR\r\n");
        two_replies(&mut wire, &[426]);
    }),
    should("abor.telnet-urgent", "RFC 959 §4.1.3", "ABOR is heard behind IAC IP and an urgent Synch", |c| {
        let (mut wire, _opened) = downloading(c, Way::Epsv);
        wire.send(b"\xFF\xF4\xFF");
        wire.send_urgent(0xF2);
        wire.send("ABOR\r\n");
        two_replies(&mut wire, &[426]);
    }),
    should(
        "abor.behind-others",
        "RFC 959 §4.1.3",
        "ABOR is heard past commands that wait, which are answered too",
        |c| {
            let (mut wire, _opened) = downloading(c, Way::Epsv);
            wire.send("PWD\r\nSYST\r\nABOR\r\n");
            let mut codes: Vec<u16> = (0..4).map(|_| wire.reply().code).collect();
            assert_eq!(codes[0], 426, "{codes:?}");
            codes.sort_unstable();
            assert_eq!(codes, [215, 226, 257, 426]);
        },
    ),
    must("abor.keeps-the-session", "RFC 959 §4.1.3", "ABOR leaves the directory and the type", |c| {
        c.put("a", b"one\n");
        let (mut wire, opened) = downloading(c, Way::Epsv);
        interrupt(&mut wire);
        ended(opened.connection());
        over(&mut wire);
        let home = c.path("");
        assert!(wire.ask("PWD", 257).text().contains(home.trim_end_matches('/')));
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\n");
    }),
];

/// How long "nothing" is looked at.
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(60);
const LARGE: usize = super::context::LARGE;

/// A download that is larger than all buffers on the way, just begun.
fn downloading(c: &mut Context<'_>, way: Way) -> (Wire, Opened) {
    let command = format!("RETR {}", c.large());
    let mut wire = c.login();
    let opened = wire.open(way);
    wire.ask_any(&command, &[125, 150]);
    (wire, opened)
}

/// An upload of which some has come.
fn uploading(c: &mut Context<'_>) -> (Wire, Link) {
    let mut wire = c.login();
    let opened = wire.open(Way::Epsv);
    wire.ask_any("STOR a", &[125, 150]);
    let mut data = opened.connection();
    data.write_all(b"half of the ne").expect("the server takes it");
    (wire, data)
}

/// ABOR as a client is to say it: behind Telnet's IP and Synch, so that a server that is busy with the data hears it.
fn interrupt(wire: &mut Wire) {
    wire.send(b"\xFF\xF4\xFF");
    wire.send_urgent(0xF2);
    wire.send("ABOR\r\n");
}

/// The end of a transfer whose data is read meanwhile: it may have been faster than ABOR.
#[track_caller]
fn over(wire: &mut Wire) {
    wire.expect_any(&[226, 250, 426, 451]);
    wire.expect_any(&[225, 226]);
}

/// The end of a transfer that nobody connected for; some servers hold the 150 back until somebody does.
#[track_caller]
fn waited_in_vain(wire: &mut Wire) {
    if wire.expect_any(&[125, 150, 425, 426]).code < 200 {
        wire.expect_any(&[425, 426]);
    }
    wire.expect_any(&[225, 226]);
    wire.ask("NOOP", 200);
}

/// The transfer's own end, and then ABOR's reply.
#[track_caller]
fn two_replies(wire: &mut Wire, transfer: &[u16]) {
    wire.expect_any(transfer);
    wire.expect(226);
    wire.ask("NOOP", 200);
}

/// Reads to the end, orderly or not: how much still came.
fn ended(mut data: Link) -> usize {
    let mut rest = Vec::new();
    let _ = data.read_to_end(&mut rest);
    rest.len()
}
