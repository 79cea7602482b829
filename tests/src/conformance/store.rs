//! Uploads: STOR, APPE, STOU.

use std::io::Write;

use super::context::optional_any;
use super::{Check, Context, may, must, should};
use crate::{Way, Wire, pattern, reset};

pub(super) const CHECKS: &[Check] = &[
    must("stor.new", "RFC 959 §4.1.3", "STOR makes a file", |c| arrives(c, b"content")),
    must("stor.empty", "RFC 959 §4.1.3", "STOR of nothing makes an empty file", |c| arrives(c, b"")),
    must("stor.megabytes", "RFC 959 §4.1.3", "STOR of some megabytes", |c| arrives(c, &pattern(3_000_001))),
    must("stor.replaces", "RFC 959 §4.1.3", "STOR replaces what was there, all of it", |c| {
        c.put("a", b"something longer than what follows");
        c.login().store(Way::Epsv, "STOR a", b"short");
        assert_eq!(c.content("a"), b"short");
    }),
    must("stor.absolute", "RFC 959 §4.1.3", "STOR takes an absolute path", |c| {
        let command = format!("STOR {}", c.path("a"));
        c.login().store(Way::Epsv, &command, b"content");
        assert_eq!(c.content("a"), b"content");
    }),
    must("stor.deep", "RFC 959 §4.1.3", "STOR takes a path into a directory", |c| {
        c.make_dir("d");
        c.login().store(Way::Epsv, "STOR d/a", b"content");
        assert_eq!(c.content("d/a"), b"content");
    }),
    must("stor.over-a-directory", "RFC 959 §5.4", "STOR over a directory is refused", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("STOR d", &[550, 553]);
        wire.ask("CWD d", 250);
    }),
    must("stor.into-nothing", "RFC 959 §5.4", "STOR into a directory that is missing is refused", |c| {
        let mut wire = c.login();
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("STOR missing/a", &[550, 553]);
    }),
    should("stor.no-argument", "RFC 959 §5.4", "STOR without a name is a bad argument", |c| {
        c.login().ask_any("STOR", &[500, 501]);
    }),
    must("stor.refused-leaves-nothing", "RFC 959 §5.4", "STOR without a data connection makes no file", |c| {
        c.login().ask_any("STOR a", &[425, 503]);
        assert!(!c.has("a"));
    }),
    must("stor.there-with-the-226", "RFC 959 §5.2", "With the 226 others see the file", |c| {
        let mut other = c.login();
        c.login().store(Way::Epsv, "STOR a", b"content");
        assert_eq!(other.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    must("stor.slowly", "RFC 959 §3.3", "An upload may come in small pieces", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        let mut data = opened.connection();
        data.tcp().set_nodelay(true).expect("an open socket");
        b"content".chunks(1).for_each(|byte| data.write_all(byte).expect("the server takes it"));
        drop(data);
        wire.expect_any(&[226, 250]);
        assert_eq!(c.content("a"), b"content");
    }),
    should("stor.150-and-226", "RFC 959 §5.4", "An upload is announced by 150 and ends in 226", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR a", 150);
        drop(opened.connection());
        wire.expect(226);
    }),
    must("stor.broken-is-no-success", "RFC 959 §5.4", "An upload that is reset is not answered by success", |c| {
        let mut wire = c.login();
        broken(&mut wire, "STOR a");
        wire.ask("NOOP", 200);
    }),
    should(
        "stor.broken-keeps-the-old",
        "RFC 959 §4.1.3",
        "An upload that is reset leaves the file that was there",
        |c| {
            c.put("a", b"the old one");
            broken(&mut c.login(), "STOR a");
            assert_eq!(c.content("a"), b"the old one");
        },
    ),
    must("stor.after-a-break", "RFC 959 §5.4", "After an upload that broke, the next one is whole", |c| {
        let mut wire = c.login();
        broken(&mut wire, "STOR a");
        wire.store(Way::Epsv, "STOR a", b"content");
        assert_eq!(c.content("a"), b"content");
    }),
    must("appe.appends", "RFC 959 §4.1.3", "APPE appends", |c| {
        c.put("a", b"one ");
        c.login().store(Way::Epsv, "APPE a", b"two");
        assert_eq!(c.content("a"), b"one two");
    }),
    must("appe.new", "RFC 959 §4.1.3", "APPE to nothing makes a file", |c| {
        c.login().store(Way::Epsv, "APPE a", b"one");
        assert_eq!(c.content("a"), b"one");
    }),
    must("appe.nothing", "RFC 959 §4.1.3", "APPE of nothing changes nothing", |c| {
        c.put("a", b"kept");
        c.login().store(Way::Epsv, "APPE a", b"");
        assert_eq!(c.content("a"), b"kept");
    }),
    must("appe.twice", "RFC 959 §4.1.3", "APPE appends each time", |c| {
        let mut wire = c.login();
        wire.store(Way::Epsv, "APPE a", b"one ");
        wire.store(Way::Epsv, "APPE a", b"two ");
        wire.store(Way::Epsv, "APPE a", b"three");
        assert_eq!(c.content("a"), b"one two three");
    }),
    must("appe.directory", "RFC 959 §5.4", "APPE to a directory is refused", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("APPE d", &[550, 553]);
    }),
    should("appe.no-argument", "RFC 959 §5.4", "APPE without a name is a bad argument", |c| {
        c.login().ask_any("APPE", &[500, 501]);
    }),
    should("stou.names-the-file", "RFC 1123 §4.1.2.9", "STOU tells the name it gave: 150 FILE: name", |c| {
        let name = unique(&mut c.login(), "STOU", b"content");
        assert_eq!(c.content(&name), b"content");
    }),
    should("stou.unique", "RFC 959 §4.1.3", "Two STOU make two files", |c| {
        let mut wire = c.login();
        let [first, second] = [b"one", b"two"].map(|content| unique(&mut wire, "STOU", content));
        assert_ne!(first, second);
        assert_eq!(c.content(&first), b"one");
        assert_eq!(c.content(&second), b"two");
    }),
    may(
        "stou.suggestion",
        "RFC 959 §4.1.3",
        "STOU takes a name to begin with, and spares the file that has it",
        |c| {
            c.put("a", b"kept");
            let name = unique(&mut c.login(), "STOU a", b"content");
            assert_eq!(c.content("a"), b"kept");
            assert_eq!(c.content(&name), b"content");
        },
    ),
    may("stou.final-reply", "RFC 1123 §4.1.2.9", "The final reply of STOU tells the name too", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        let name = announced(&mut wire, "STOU");
        drop(opened.connection());
        let reply = wire.expect_any(&[226, 250]);
        assert!(reply.text().contains(&name), "{}", reply.show());
    }),
    must("stor.two-sessions", "RFC 959 §2.3", "Two sessions store two files at once", |c| {
        let [mut first, mut second] = [c.login(), c.login()];
        let [one, two] = [(&mut first, "STOR a"), (&mut second, "STOR b")].map(|(wire, command)| {
            let opened = wire.open(Way::Epsv);
            wire.ask_any(command, &[125, 150]);
            opened.connection()
        });
        for (mut data, wire) in [(two, &mut second), (one, &mut first)] {
            data.write_all(b"content").expect("the server takes it");
            drop(data);
            wire.expect_any(&[226, 250]);
        }
        assert_eq!([c.content("a"), c.content("b")], [b"content", b"content"]);
    }),
];

fn arrives(c: &mut Context<'_>, content: &[u8]) {
    c.login().store(Way::Epsv, "STOR a", content);
    let stored = c.content("a");
    assert!(stored == content, "{} bytes of {} are there, or others", stored.len(), content.len());
}

/// An upload that is reset half-way.
fn broken(wire: &mut Wire, command: &str) {
    let opened = wire.open(Way::Epsv);
    wire.ask_any(command, &[125, 150]);
    let mut data = opened.connection();
    data.write_all(b"half of the ne").expect("the server takes it");
    reset(data);
    wire.expect_any(&[425, 426, 451, 551]);
}

/// STOU: the name it was given.
fn unique(wire: &mut Wire, command: &str, content: &[u8]) -> String {
    let opened = wire.open(Way::Epsv);
    let name = announced(wire, command);
    opened.connection().write_all(content).expect("the server takes it");
    wire.expect_any(&[226, 250]);
    name
}

fn announced(wire: &mut Wire, command: &str) -> String {
    let text = optional_any(wire, command, &[125, 150]).text();
    let name = text.strip_prefix("FILE: ").unwrap_or_else(|| panic!("no FILE: in {text:?}"));
    name.to_owned()
}
