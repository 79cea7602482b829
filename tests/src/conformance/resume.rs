//! Restarting transfers in stream mode: REST.

use super::{Check, Context, may, must, should};
use crate::{Way, pattern};

pub(super) const CHECKS: &[Check] = &[
    must("rest.reply", "RFC 3659 §5.1", "REST is answered 350", |c| {
        c.login().ask("REST 10", 350);
    }),
    must("rest.zero", "RFC 3659 §5.1", "REST 0 is taken: clients ask by it whether there is REST", |c| {
        c.login().ask("REST 0", 350);
    }),
    must("rest.large", "RFC 3659 §5.3", "REST takes offsets of more than 32 bits", |c| {
        c.login().ask("REST 99999999999", 350);
    }),
    must("rest.no-number", "RFC 3659 §5.3", "REST of no number is a bad argument", |c| {
        let mut wire = c.login();
        for line in ["REST x", "REST -1"] {
            wire.ask_any(line, &[500, 501]);
        }
    }),
    should("rest.no-argument", "RFC 3659 §5.3", "REST without a number is a bad argument", |c| {
        c.login().ask_any("REST", &[500, 501]);
    }),
    must("rest.download", "RFC 3659 §5.3", "RETR begins where REST says", |c| {
        let content = pattern(100_000);
        c.put("a", &content);
        let mut wire = c.login();
        wire.ask("REST 12345", 350);
        assert!(wire.fetch(Way::Epsv, "RETR a") == content[12_345..]);
    }),
    must("rest.directly-before", "RFC 3659 §5.3", "REST stands directly before RETR", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("REST 4", 350);
        wire.ask_any("RETR a", &[125, 150]);
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut opened.connection(), &mut content).expect("an orderly end");
        wire.expect_any(&[226, 250]);
        assert_eq!(content, b"456789");
    }),
    must("rest.once", "RFC 3659 §5.3", "REST is for one transfer", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 4", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"456789");
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"0123456789");
    }),
    must("rest.zero-clears", "RFC 3659 §5.3", "REST 0 takes an earlier REST back", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 4", 350);
        wire.ask("REST 0", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"0123456789");
    }),
    must("rest.last-one-counts", "RFC 3659 §5.3", "Of two REST the second counts", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 4", 350);
        wire.ask("REST 7", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"789");
    }),
    must("rest.at-the-end", "RFC 3659 §5.3", "REST at exactly the size sends nothing and succeeds", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 10", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"");
    }),
    should("rest.beyond-the-end", "RFC 3659 §5.3", "REST beyond the end is an error of the RETR", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 11", 350);
        let opened = wire.open(Way::Epsv);
        wire.ask_any("RETR a", &[501, 550, 551, 554]);
        drop(opened.connection());
        wire.ask("NOOP", 200);
    }),
    must("rest.kept-by-type", "RFC 3659 §5.3", "REST is kept while the transfer is set up: TYPE", |c| {
        kept_by(c, "TYPE I", &[200]);
    }),
    should("rest.kept-by-noop", "RFC 3659 §5.3", "REST is kept by NOOP", |c| kept_by(c, "NOOP", &[200])),
    may(
        "rest.forgotten",
        "RFC 3659 §5.3",
        "REST is forgotten by a command between that has nothing to do with it",
        |c| {
            c.put("a", b"0123456789");
            let mut wire = c.login();
            wire.ask("REST 4", 350);
            wire.ask("PWD", 257);
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"0123456789");
        },
    ),
    should("rest.failed-transfer", "RFC 3659 §5.3", "A transfer that is refused uses REST up", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 4", 350);
        wire.refused("RETR missing", 550);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"0123456789");
    }),
    must("rest.upload", "RFC 3659 §5.3", "STOR begins where REST says and keeps what is before", |c| {
        c.put("a", b"01234");
        let mut wire = c.login();
        wire.ask("REST 5", 350);
        wire.store(Way::Epsv, "STOR a", b"56789");
        assert_eq!(c.content("a"), b"0123456789");
    }),
    may("rest.upload-inside", "RFC 3659 §5.3", "STOR from inside a file keeps what is behind, too", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 3", 350);
        wire.store(Way::Epsv, "STOR a", b"xyz");
        assert_eq!(c.content("a"), b"012xyz6789");
    }),
    may("rest.upload-beyond", "RFC 3659 §5.3", "STOR from beyond the end leaves no hole", |c| {
        c.put("a", b"0123456789");
        let mut wire = c.login();
        wire.ask("REST 11", 350);
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[501, 550, 551, 553, 554]);
    }),
    must("rest.whole-again", "RFC 3659 §5.3", "A download in two parts is the whole file", |c| {
        let content = pattern(200_000);
        c.put("a", &content);
        let mut wire = c.login();
        let mut fetched = wire.fetch(Way::Epsv, "RETR a");
        fetched.truncate(77_777);
        wire.ask("REST 77777", 350);
        fetched.extend(wire.fetch(Way::Epsv, "RETR a"));
        assert!(fetched == content);
    }),
    may("rest.ascii", "RFC 3659 §5.3", "In TYPE A the offset counts what was sent, or REST is refused", |c| {
        c.put("a", b"one\ntwo\n");
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        if wire.ask_any("REST 5", &[350, 501, 504, 550, 551, 554]).code == 350 {
            let opened = wire.open(Way::Epsv);
            if wire.ask_any("RETR a", &[125, 150, 501, 504, 550, 551, 554]).code < 200 {
                let mut content = Vec::new();
                std::io::Read::read_to_end(&mut opened.connection(), &mut content).expect("an orderly end");
                wire.expect_any(&[226, 250]);
                assert_eq!(content, b"two\r\n");
            }
        }
    }),
    must("rest.feat", "RFC 3659 §5.1", "REST in stream mode is told as REST STREAM", |c| {
        let feat = c.greeted().ask("FEAT", 211).body();
        assert!(feat.iter().any(|line| line == "REST STREAM"), "{feat:?}");
    }),
    may("rest.listing", "RFC 3659 §5.3", "A listing has no offset", |c| {
        c.put("a", b"");
        let mut wire = c.login();
        wire.ask("REST 1", 350);
        assert_eq!(wire.list("NLST"), ["a"]);
    }),
];

fn kept_by(c: &mut Context<'_>, command: &str, codes: &[u16]) {
    c.put("a", b"0123456789");
    let mut wire = c.login();
    wire.ask("REST 4", 350);
    wire.ask_any(command, codes);
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"456789");
}
