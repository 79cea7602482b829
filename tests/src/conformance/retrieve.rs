//! Downloads: RETR.

use std::io::Read;

use super::{Check, Context, may, must, should};
use crate::{Way, pattern};

pub(super) const CHECKS: &[Check] = &[
    must("retr.file", "RFC 959 §4.1.3", "RETR sends a file", |c| back_and_forth(c, b"twelve bytes")),
    must("retr.empty", "RFC 959 §4.1.3", "RETR of an empty file sends nothing and succeeds", |c| {
        back_and_forth(c, b"");
    }),
    must("retr.one-byte", "RFC 959 §4.1.3", "RETR of one byte", |c| back_and_forth(c, b"\n")),
    must("retr.64k", "RFC 959 §4.1.3", "RETR of a file as large as a buffer", |c| {
        back_and_forth(c, &pattern(65_536));
    }),
    must("retr.64k-and-one", "RFC 959 §4.1.3", "RETR of a file one byte larger than a buffer", |c| {
        back_and_forth(c, &pattern(65_537));
    }),
    must("retr.megabytes", "RFC 959 §4.1.3", "RETR of a file of some megabytes", |c| {
        back_and_forth(c, &pattern(3_000_001));
    }),
    must("retr.several", "RFC 959 §3.3", "Files one after the other on one session", |c| {
        let mut wire = c.login();
        for size in 0..8 {
            wire.store(Way::Epsv, &format!("STOR {size}"), &pattern(size * 1_000));
        }
        for size in 0..8 {
            assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {size}")), pattern(size * 1_000));
        }
    }),
    must("retr.absolute", "RFC 959 §4.1.3", "RETR takes an absolute path", |c| {
        c.put("a", b"content");
        let command = format!("RETR {}", c.path("a"));
        assert_eq!(c.login().fetch(Way::Epsv, &command), b"content");
    }),
    must("retr.deep", "RFC 959 §4.1.3", "RETR takes a path into a directory", |c| {
        c.make_dir("d");
        c.put("d/a", b"content");
        assert_eq!(c.login().fetch(Way::Epsv, "RETR d/a"), b"content");
    }),
    must("retr.blanks", "RFC 959 §5.3", "A name may hold blanks", |c| named(c, "a b  c")),
    should("retr.leading-blank", "RFC 3659 §2.2", "A name may begin with a blank", |c| named(c, " a")),
    should("retr.trailing-blank", "RFC 3659 §2.2", "A name may end in a blank", |c| named(c, "a ")),
    should("retr.dash", "RFC 959 §5.3", "A name may begin with a dash", |c| named(c, "-la")),
    should("retr.quote", "RFC 959 §5.3", "A name may hold quotes and backslashes", |c| named(c, "a\"b\\c'd")),
    should("retr.glob", "RFC 959 §5.3", "A name may look like a glob", |c| named(c, "[a]{b}~")),
    should("retr.percent", "RFC 959 §5.3", "A name may hold a percent sign", |c| named(c, "100%s%n")),
    must("retr.utf8", "RFC 2640 §3.1", "A name may be in UTF-8", |c| named(c, "Grüße-日本.txt")),
    must("retr.missing", "RFC 959 §5.4", "RETR of nothing is refused before the 150", |c| {
        c.login().refused("RETR missing", 550);
    }),
    must("retr.directory", "RFC 959 §5.4", "RETR of a directory is refused before the 150", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("RETR d", &[550, 450, 553]);
    }),
    should("retr.no-argument", "RFC 959 §5.4", "RETR without a name is a bad argument", |c| {
        c.login().ask_any("RETR", &[500, 501]);
    }),
    must("retr.no-data-connection", "RFC 959 §5.4", "RETR without a data connection agreed on is refused", |c| {
        c.put("a", b"x");
        c.login().ask_any("RETR a", &[425, 503]);
    }),
    must("retr.once-per-setup", "RFC 1123 §4.1.2.6", "A second RETR needs a second EPSV", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        wire.fetch(Way::Epsv, "RETR a");
        wire.ask_any("RETR a", &[425, 503]);
    }),
    should("retr.150", "RFC 959 §5.4", "A data connection that is still to be opened is announced by 150", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR a", 150);
        drop(opened.connection());
        wire.expect_any(&[226, 426]);
    }),
    should("retr.226", "RFC 959 §5.4", "A stream that ends with its connection ends in 226", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("RETR a", &[125, 150]);
        drop(opened.connection().read_to_end(&mut Vec::new()));
        wire.expect(226);
    }),
    may("retr.150-tells-the-size", "RFC 959 §5.4", "The 150 tells the size, as curl reads it", |c| {
        c.put("a", b"twelve bytes");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        let reply = wire.ask_any("RETR a", &[125, 150]);
        assert!(reply.text().contains("(12 bytes)"), "{}", reply.show());
        drop(opened.connection());
        wire.expect_any(&[226, 426]);
    }),
    may("retr.226-behind-the-data", "RFC 959 §5.2", "With the 226 all of the data and its end are out", |c| {
        c.put("a", &pattern(10_000));
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any("RETR a", &[125, 150]);
        let mut data = opened.connection();
        wire.expect_any(&[226, 250]);
        let mut content = Vec::new();
        data.read_to_end(&mut content).expect("an orderly end");
        assert_eq!(content, pattern(10_000));
    }),
    must(
        "retr.client-hangs-up",
        "RFC 959 §5.4",
        "A client that hangs up half-way is told so, and stays logged in",
        |c| {
            let command = format!("RETR {}", c.large());
            let mut wire = c.login();
            let opened = wire.open(Way::Epsv);
            wire.ask_any(&command, &[125, 150]);
            let mut data = opened.connection();
            data.read_exact(&mut [0; 1000]).expect("some of it");
            crate::reset(data);
            wire.expect_any(&[425, 426, 451]);
            wire.ask("NOOP", 200);
        },
    ),
    must("retr.after-a-break", "RFC 959 §5.4", "After a download that broke, the next one is whole", |c| {
        c.put("a", b"content");
        let command = format!("RETR {}", c.large());
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask_any(&command, &[125, 150]);
        crate::reset(opened.connection());
        wire.expect_any(&[425, 426, 451]);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }),
    must("retr.two-sessions", "RFC 959 §2.3", "Two sessions fetch the same file at once", |c| {
        c.put("a", &pattern(100_000));
        let [mut first, mut second] = [c.login(), c.login()];
        let [one, two] = [&mut first, &mut second].map(|wire| {
            let opened = wire.open(Way::Epsv);
            wire.ask_any("RETR a", &[125, 150]);
            opened.connection()
        });
        for (mut data, wire) in [(two, &mut second), (one, &mut first)] {
            let mut content = Vec::new();
            data.read_to_end(&mut content).expect("an orderly end");
            assert_eq!(content, pattern(100_000));
            wire.expect_any(&[226, 250]);
        }
    }),
];

fn back_and_forth(c: &mut Context<'_>, content: &[u8]) {
    c.put("a", content);
    let fetched = c.login().fetch(Way::Epsv, "RETR a");
    assert!(fetched == content, "{} bytes of {} came, or others", fetched.len(), content.len());
}

fn named(c: &mut Context<'_>, name: &str) {
    let mut wire = c.login();
    wire.store(Way::Epsv, &format!("STOR {name}"), b"content");
    assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {name}")), b"content");
    // Trimmed names are other names.
    wire.ask(&format!("DELE {name}"), 250);
}
