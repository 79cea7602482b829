//! What may be said while a transfer runs, and in which order things are said about it.

use std::io::{Read, Write};

use super::{Check, Context, must, should};
use crate::{Opened, Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    must("order.150-then-226", "RFC 959 §5.4", "A transfer has one preliminary reply and one final one", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.fetch(Way::Epsv, "RETR a");
        wire.expect_silence(A_MOMENT);
    }),
    must("order.226-is-not-early", "RFC 959 §5.4", "An upload is not done before its data has ended", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        let mut data = opened.connection();
        data.write_all(b"content").expect("the server takes it");
        wire.expect_silence(A_MOMENT);
        drop(data);
        wire.expect_any(&[226, 250]);
    }),
    must("order.refusal-is-final", "RFC 959 §5.4", "A transfer that is refused has one reply", |c| {
        let mut wire = c.login();
        wire.refused("RETR missing", 550);
        wire.expect_silence(A_MOMENT);
        wire.ask("NOOP", 200);
    }),
    should("during.noop", "RFC 959 §5.4", "NOOP is answered while a download stalls", |c| {
        let (mut wire, stalled) = stalled(c);
        wire.ask("NOOP", 200);
        hang_up(&mut wire, stalled);
    }),
    should("during.stat", "RFC 1123 §4.1.3.3", "STAT is answered while a download stalls", |c| {
        let (mut wire, stalled) = stalled(c);
        wire.ask_any("STAT", &[211, 212, 213]);
        hang_up(&mut wire, stalled);
    }),
    should("during.stat-upload", "RFC 1123 §4.1.3.3", "STAT is answered while an upload waits", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        let data = opened.connection();
        wire.ask_any("STAT", &[211, 212, 213]);
        drop(data);
        wire.expect_any(&[226, 250]);
    }),
    must(
        "during.commands-wait",
        "RFC 959 §5.4",
        "Another command waits for the transfer, and is answered behind it",
        |c| {
            let mut wire = c.login();
            let opened = wire.open(Way::Epsv);
            wire.ask_any("STOR a", &[125, 150]);
            let mut data = opened.connection();
            wire.say("PWD");
            data.write_all(b"content").expect("the server takes it");
            drop(data);
            // A server may also answer at once; never is either lost.
            let mut codes = [wire.reply().code, wire.reply().code];
            codes.sort_unstable();
            assert!(codes == [226, 257] || codes == [250, 257], "{codes:?}");
            assert_eq!(c.content("a"), b"content");
        },
    ),
    must("during.quit", "RFC 959 §4.1.1", "QUIT waits for the transfer: its reply comes first, then 221", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        let mut data = opened.connection();
        wire.say("QUIT");
        data.write_all(b"content").expect("the server takes it");
        drop(data);
        wire.expect_any(&[226, 250]);
        wire.expect(221);
        wire.expect_closed();
        assert_eq!(c.content("a"), b"content");
    }),
    should("during.cwd", "RFC 959 §5.4", "A CWD during an upload does not move the file", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        wire.say("CWD d");
        drop(opened.connection());
        let mut codes = [wire.reply().code, wire.reply().code];
        codes.sort_unstable();
        assert!(codes == [226, 250] || codes == [250, 250], "{codes:?}");
        assert!(c.has("a"));
    }),
    must("during.other-sessions", "RFC 959 §2.3", "A download that stalls keeps no other session waiting", |c| {
        let (mut wire, stalled) = stalled(c);
        c.put("a", b"content");
        assert_eq!(c.login().fetch(Way::Epsv, "RETR a"), b"content");
        hang_up(&mut wire, stalled);
    }),
    must("mistakes.leave-the-session", "RFC 959 §5.4", "Mistakes leave the session as it was", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d", 250);
        for line in ["CWD", "TYPE", "PORT x", "RETR", "SITE", "MKD", "RNFR", "STRU", "MODE"] {
            wire.ask_any(line, &[500, 501, 502, 504, 530]);
        }
        let home = c.path("d");
        assert!(wire.ask("PWD", 257).text().contains(&home));
    }),
    must("session.independent", "RFC 959 §2.3", "Sessions have directories and types of their own", |c| {
        c.make_dir("d");
        c.put("a", b"one\n");
        let [mut first, mut second] = [c.login(), c.login()];
        first.ask("CWD d", 250);
        first.ask("TYPE A", 200);
        assert_eq!(second.fetch(Way::Epsv, "RETR a"), b"one\n");
    }),
    must("session.many", "RFC 959 §2.3", "Ten sessions of one client work side by side", |c| {
        c.put("a", b"content");
        let mut wires: Vec<Wire> = (0..10).map(|_| c.login()).collect();
        for wire in &mut wires {
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        }
    }),
    must("session.gone", "RFC 959 §5.4", "A client that vanishes during an upload harms nobody", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        crate::reset(opened.connection());
        wire.reset();
        c.login().store(Way::Epsv, "STOR a", b"content");
        assert_eq!(c.content("a"), b"content");
    }),
];

/// How long "nothing" is looked at.
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(60);

/// A download that nobody reads, larger than all buffers on the way.
fn stalled(c: &mut Context<'_>) -> (Wire, Opened) {
    let command = format!("RETR {}", c.large());
    let mut wire = c.login();
    let opened = wire.open(Way::Epsv);
    wire.ask_any(&command, &[125, 150]);
    (wire, opened)
}

/// Reads some of it, so that it certainly runs, and breaks it off.
fn hang_up(wire: &mut Wire, opened: Opened) {
    let mut data = opened.connection();
    data.read_exact(&mut [0; 1000]).expect("some of it");
    crate::reset(data);
    wire.expect_any(&[425, 426, 451]);
    wire.ask("NOOP", 200);
}
