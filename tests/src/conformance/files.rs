//! Files as things that have names: DELE, RNFR, RNTO.

use super::{Check, may, must, should};

pub(super) const CHECKS: &[Check] = &[
    must("dele.gone", "RFC 959 §4.1.3", "DELE removes a file", |c| {
        c.put("a", b"x");
        c.login().ask("DELE a", 250);
        assert!(!c.has("a"));
    }),
    must("dele.missing", "RFC 959 §5.4", "DELE of nothing is 550", |c| {
        c.login().ask_any("DELE missing", &[450, 550]);
    }),
    must("dele.directory", "RFC 959 §4.1.3", "DELE removes no directory", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask_any("DELE d", &[450, 550]);
        wire.ask("CWD d", 250);
    }),
    must("dele.twice", "RFC 959 §5.4", "What is removed is not there for a second DELE", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        wire.ask("DELE a", 250);
        wire.ask_any("DELE a", &[450, 550]);
    }),
    must("dele.blanks", "RFC 959 §5.3", "DELE takes a name with blanks, whole", |c| {
        c.put("a", b"kept");
        c.put("a b", b"x");
        c.login().ask("DELE a b", 250);
        assert!(!c.has("a b"));
        assert_eq!(c.content("a"), b"kept");
    }),
    should("dele.globs-are-names", "RFC 959 §4.1.3", "DELE takes no glob", |c| {
        c.put("a", b"kept");
        c.login().ask_any("DELE *", &[550, 553, 450, 501]);
        assert_eq!(c.content("a"), b"kept");
    }),
    should("dele.no-argument", "RFC 959 §5.4", "DELE without a name is a bad argument", |c| {
        c.login().ask_any("DELE", &[500, 501]);
    }),
    must("rename.file", "RFC 959 §4.1.3", "RNFR and RNTO rename a file", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNTO b", 250);
        assert_eq!(c.content("b"), b"content");
        assert!(!c.has("a"));
    }),
    must("rename.move", "RFC 959 §4.1.3", "RNTO moves into another directory", |c| {
        c.put("a", b"content");
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNTO d/b", 250);
        assert_eq!(c.content("d/b"), b"content");
    }),
    must("rename.directory", "RFC 959 §4.1.3", "A directory is renamed with all that is in it", |c| {
        c.make_dir("d");
        c.put("d/a", b"content");
        let mut wire = c.login();
        wire.ask("RNFR d", 350);
        wire.ask("RNTO e", 250);
        assert_eq!(c.content("e/a"), b"content");
    }),
    must("rename.blanks", "RFC 959 §5.3", "Names with blanks are renamed", |c| {
        c.put("a b", b"content");
        let mut wire = c.login();
        wire.ask("RNFR a b", 350);
        wire.ask("RNTO c  d", 250);
        assert_eq!(c.content("c  d"), b"content");
    }),
    may("rename.replaces", "RFC 959 §4.1.3", "RNTO may replace a file", |c| {
        c.put("a", b"new");
        c.put("b", b"old");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNTO b", 250);
        assert_eq!(c.content("b"), b"new");
    }),
    must("rename.over-a-directory", "RFC 959 §5.4", "RNTO never replaces a directory", |c| {
        c.put("a", b"kept");
        c.make_dir("d");
        c.put("d/inside", b"kept");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask_any("RNTO d", &[550, 553]);
        assert_eq!(c.content("a"), b"kept");
        assert_eq!(c.content("d/inside"), b"kept");
    }),
    must("rename.into-itself", "RFC 959 §5.4", "A directory is not moved into itself", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("RNFR d", 350);
        wire.ask_any("RNTO d/inside", &[550, 553, 451]);
        wire.ask("CWD d", 250);
    }),
    must(
        "rename.into-nothing",
        "RFC 959 §5.4",
        "RNTO into a directory that is missing fails and loses nothing",
        |c| {
            c.put("a", b"kept");
            let mut wire = c.login();
            wire.ask("RNFR a", 350);
            wire.ask_any("RNTO missing/a", &[550, 553]);
            assert_eq!(c.content("a"), b"kept");
        },
    ),
    must("rename.missing", "RFC 959 §5.4", "RNFR of nothing is refused", |c| {
        c.login().ask_any("RNFR missing", &[450, 550]);
    }),
    must("rename.rnto-alone", "RFC 959 §5.4", "RNTO without RNFR is a bad sequence", |c| {
        c.login().ask("RNTO b", 503);
    }),
    must("rename.rnto-twice", "RFC 959 §5.4", "One RNFR is for one RNTO", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNTO b", 250);
        wire.ask("RNTO c", 503);
    }),
    must("rename.failed-rnfr", "RFC 959 §4.1.3", "A failed RNFR forgets the one before it", |c| {
        c.put("a", b"kept");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask_any("RNFR missing", &[450, 550]);
        wire.ask("RNTO b", 503);
        assert_eq!(c.content("a"), b"kept");
    }),
    must("rename.second-rnfr", "RFC 959 §4.1.3", "Of two RNFR the second counts", |c| {
        c.put("a", b"kept");
        c.put("b", b"moved");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNFR b", 350);
        wire.ask("RNTO c", 250);
        assert_eq!(c.content("c"), b"moved");
        assert_eq!(c.content("a"), b"kept");
    }),
    should("rename.immediately", "RFC 959 §4.1.3", "RNTO must follow RNFR immediately", |c| {
        c.put("a", b"kept");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask("NOOP", 200);
        wire.ask("RNTO b", 503);
        assert_eq!(c.content("a"), b"kept");
    }),
    should(
        "rename.directory-between",
        "RFC 959 §4.1.3",
        "A CWD between RNFR and RNTO moves nothing by mistake",
        |c| {
            c.put("a", b"kept");
            c.make_dir("d");
            let mut wire = c.login();
            wire.ask("RNFR a", 350);
            wire.ask("CWD d", 250);
            wire.ask("RNTO b", 503);
            assert_eq!(c.content("a"), b"kept");
        },
    ),
    should("rename.rnfr-no-argument", "RFC 959 §5.4", "RNFR without a name is a bad argument", |c| {
        c.login().ask_any("RNFR", &[500, 501]);
    }),
    should("rename.rnto-no-argument", "RFC 959 §5.4", "RNTO without a name is a bad argument", |c| {
        c.put("a", b"kept");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask_any("RNTO", &[500, 501]);
        assert_eq!(c.content("a"), b"kept");
    }),
    may("rename.itself", "RFC 959 §4.1.3", "A file renamed to its own name is what it was", |c| {
        c.put("a", b"kept");
        let mut wire = c.login();
        wire.ask("RNFR a", 350);
        wire.ask_any("RNTO a", &[250, 553]);
        assert_eq!(c.content("a"), b"kept");
    }),
];
