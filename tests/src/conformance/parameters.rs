//! Transfer parameters: TYPE, STRU, MODE, ALLO, and what TYPE A does to text.

use std::io::Write;

use super::context::optional;
use super::{Check, Context, may, must, should};
use crate::Way;

pub(super) const CHECKS: &[Check] = &[
    must("type.ascii", "RFC 1123 §4.1.2.13", "TYPE A", |c| says(c, "TYPE A", &[200])),
    must("type.ascii-non-print", "RFC 1123 §4.1.2.13", "TYPE A N, the full spelling of the default", |c| {
        says(c, "TYPE A N", &[200]);
    }),
    must("type.image", "RFC 1123 §4.1.2.13", "TYPE I", |c| says(c, "TYPE I", &[200])),
    should("type.local-eight", "RFC 1123 §4.1.2.1", "TYPE L 8 is another word for TYPE I", |c| {
        says(c, "TYPE L 8", &[200]);
    }),
    must("type.lower-case", "RFC 959 §5.3", "TYPE's argument may be in lower case", |c| says(c, "TYPE i", &[200])),
    must("type.local-36", "RFC 959 §5.4", "TYPE L 36 is refused where bytes have eight bits", |c| {
        says(c, "TYPE L 36", &[504, 501]);
    }),
    must("type.unknown", "RFC 959 §5.4", "A type that does not exist is refused", |c| says(c, "TYPE X", &[501, 504])),
    must("type.no-argument", "RFC 959 §5.4", "TYPE without a type is refused", |c| says(c, "TYPE", &[500, 501, 504])),
    must("type.whole-words", "RFC 959 §5.3", "A type that only begins like one is refused", |c| {
        says(c, "TYPE II", &[501, 504]);
    }),
    may("type.ebcdic", "RFC 959 §3.1.1.2", "TYPE E is taken or refused, not misunderstood", |c| {
        says(c, "TYPE E", &[200, 501, 504]);
    }),
    must("stru.file", "RFC 1123 §4.1.2.13", "STRU F", |c| says(c, "STRU F", &[200])),
    must("stru.record", "RFC 1123 §4.1.2.4", "STRU R is taken or refused by 504", |c| says(c, "STRU R", &[200, 504])),
    must("stru.page", "RFC 1123 §4.1.2.3", "STRU P is refused", |c| says(c, "STRU P", &[504, 501])),
    must("stru.unknown", "RFC 959 §5.4", "A structure that does not exist is refused", |c| {
        says(c, "STRU X", &[501, 504]);
    }),
    must("stru.no-argument", "RFC 959 §5.4", "STRU without a structure is refused", |c| {
        says(c, "STRU", &[500, 501, 504]);
    }),
    must("mode.stream", "RFC 1123 §4.1.2.13", "MODE S", |c| says(c, "MODE S", &[200])),
    must("mode.block", "RFC 959 §5.4", "MODE B is taken or refused by 504", |c| says(c, "MODE B", &[200, 504])),
    must("mode.compressed", "RFC 959 §5.4", "MODE C is taken or refused by 504", |c| says(c, "MODE C", &[200, 504])),
    must("mode.unknown", "RFC 959 §5.4", "A mode that does not exist is refused", |c| says(c, "MODE X", &[501, 504])),
    must("mode.no-argument", "RFC 959 §5.4", "MODE without a mode is refused", |c| {
        says(c, "MODE", &[500, 501, 504]);
    }),
    must("allo.taken", "RFC 959 §4.1.3", "ALLO is taken, whether or not it does anything", |c| {
        says(c, "ALLO 100", &[200, 202]);
    }),
    should("allo.records", "RFC 959 §4.1.3", "ALLO takes a size of records", |c| {
        says(c, "ALLO 100 R 10", &[200, 202])
    }),
    may("allo.too-much", "RFC 959 §4.1.3", "ALLO of more than there can be is refused, or means nothing", |c| {
        says(c, "ALLO 18446744073709551615", &[202, 452, 552, 501, 504]);
    }),
    may("allo.no-number", "RFC 959 §5.4", "ALLO of no number is refused", |c| says(c, "ALLO many", &[501])),
    must("ascii.download", "RFC 959 §3.1.1.1", "In TYPE A lines end in CRLF on the way", |c| {
        c.put("a", b"one\ntwo\n");
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\r\ntwo\r\n");
    }),
    must(
        "ascii.upload",
        "RFC 959 §3.1.1.1",
        "A text that comes in TYPE A is the same when it leaves in TYPE A",
        |c| {
            let mut wire = c.login();
            wire.ask("TYPE A", 200);
            wire.store(Way::Epsv, "STOR a", b"one\r\ntwo\r\n");
            assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\r\ntwo\r\n");
        },
    ),
    should("ascii.stored-as-local-text", "RFC 959 §3.1.1.1", "On Unix, a text is stored with LF", |c| {
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        wire.store(Way::Epsv, "STOR a", b"one\r\ntwo\r\n");
        assert_eq!(c.content("a"), b"one\ntwo\n");
    }),
    should("ascii.split-line-end", "RFC 959 §3.1.1.1", "CR and LF in two segments are one line end", |c| {
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        let opened = wire.open(Way::Epsv);
        wire.ask_any("STOR a", &[125, 150]);
        let mut data = opened.connection();
        data.tcp().set_nodelay(true).expect("an open socket");
        for piece in [&b"one\r"[..], b"\ntwo\r", b"\n"] {
            data.write_all(piece).expect("the server takes it");
        }
        drop(data);
        wire.expect_any(&[226, 250]);
        assert_eq!(c.content("a"), b"one\ntwo\n");
    }),
    may("ascii.lone-cr", "RFC 959 §3.1.1.1", "A CR that ends no line is kept", |c| {
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        wire.store(Way::Epsv, "STOR a", b"one\rtwo\r\n");
        assert_eq!(c.content("a"), b"one\rtwo\n");
    }),
    must("ascii.is-the-default", "RFC 959 §5.1", "A session begins in TYPE A", |c| {
        c.put("a", b"one\ntwo\n");
        let mut wire = c.greeted();
        wire.ask(&c.user(), 331);
        wire.ask(&c.pass(), 230);
        assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {}", c.path("a"))), b"one\r\ntwo\r\n");
    }),
    must("image.untouched", "RFC 959 §3.1.1.3", "In TYPE I bytes stay what they are", |c| {
        let all: Vec<u8> = (0..=255).chain(*b"\r\n\n\r\0").collect();
        c.put("a", &all);
        assert_eq!(c.content("a"), all);
    }),
    must("type.lasts", "RFC 959 §4.1.2", "A type lasts until the next TYPE", |c| {
        c.put("a", b"one\n");
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\r\n");
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\r\n");
        wire.ask("TYPE I", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\n");
    }),
    should("type.refused-changes-nothing", "RFC 959 §4.1.2", "A refused TYPE leaves the one before it", |c| {
        c.put("a", b"one\n");
        let mut wire = c.login();
        wire.ask_any("TYPE X", &[501, 504]);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"one\n");
    }),
    may("mode.zlib", "RFC 959 §5.4", "MODE Z, where it is offered, is told in FEAT", |c| {
        let mut wire = c.login();
        optional(&mut wire, "MODE Z", 200);
        c.needs_feature("MODE");
    }),
];

fn says(c: &mut Context<'_>, command: &str, codes: &[u16]) {
    let mut wire = c.login();
    wire.ask_any(command, codes);
    wire.ask("NOOP", 200);
}
