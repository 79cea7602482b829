//! What a server says it can: FEAT, OPTS, CLNT, LANG, HOST.

use super::context::{optional, optional_any};
use super::{Check, may, must, should};

pub(super) const CHECKS: &[Check] = &[
    must("feat.reply", "RFC 2389 §3.2", "FEAT is answered 211", |c| {
        c.login().ask("FEAT", 211);
    }),
    must("feat.leading-blank", "RFC 2389 §3.2", "Each feature stands on a line of its own behind one blank", |c| {
        let reply = c.login().ask("FEAT", 211);
        for line in reply.lines.iter().skip(1).take(reply.lines.len().saturating_sub(2)) {
            assert!(line.starts_with(b" ") && line.get(1).is_some_and(|byte| *byte != b' '), "{}", reply.show());
        }
    }),
    should("feat.end", "RFC 2389 §3.2", "FEAT ends in `211 End`", |c| {
        assert!(c.login().ask("FEAT", 211).text().eq_ignore_ascii_case("end"));
    }),
    should("feat.same-again", "RFC 2389 §3.2", "FEAT says the same when it is asked again", |c| {
        let mut wire = c.login();
        assert_eq!(wire.ask("FEAT", 211), wire.ask("FEAT", 211));
    }),
    should("feat.argument", "RFC 2389 §3.2", "FEAT takes no argument", |c| {
        c.login().ask("FEAT x", 501);
    }),
    should("feat.utf8", "RFC 2640 §3.2", "FEAT tells UTF8", |c| {
        assert!(c.has_feature("UTF8"));
    }),
    must("feat.is-true", "RFC 2389 §3.2", "What FEAT tells is there", |c| {
        let mut wire = c.login();
        for (feature, command) in [
            ("EPSV", "EPSV"),
            ("SIZE", "SIZE missing"),
            ("MDTM", "MDTM missing"),
            ("MLST", "MLST"),
            ("MFMT", "MFMT 20200101000000 missing"),
            ("REST", "REST 0"),
            ("CLNT", "CLNT test"),
            ("UTF8", "OPTS UTF8 ON"),
        ] {
            if c.has_feature(feature) {
                wire.ask_any(command, &[200, 202, 211, 229, 250, 350, 550]);
            }
        }
    }),
    should("feat.no-secrets", "RFC 2389 §3.2", "What works and is an extension, FEAT tells", |c| {
        let mut wire = c.login();
        for (feature, command) in [("SIZE", "SIZE missing"), ("MDTM", "MDTM missing"), ("MLST", "MLST missing")] {
            assert!(c.has_feature(feature) || [500, 502].contains(&wire.ask_any(command, &[500, 502, 550]).code));
        }
    }),
    should("opts.there", "RFC 2389 §4", "Where there is FEAT there is OPTS", |c| {
        c.login().ask_any("OPTS NONSENSE", &[501, 451]);
    }),
    must("opts.utf8-on", "RFC 2640 §3.2", "OPTS UTF8 ON is taken where FEAT tells UTF8", |c| {
        c.needs_feature("UTF8");
        c.login().ask_any("OPTS UTF8 ON", &[200, 202]);
    }),
    may("opts.utf8-off", "RFC 2389 §4", "OPTS UTF8 OFF is taken or refused", |c| {
        c.needs_feature("UTF8");
        c.login().ask_any("OPTS UTF8 OFF", &[200, 501, 504, 451]);
    }),
    should("opts.no-argument", "RFC 2389 §4", "OPTS without a command is a bad argument", |c| {
        c.login().ask_any("OPTS", &[500, 501]);
    }),
    must("opts.any-case", "RFC 2389 §4", "OPTS' own argument may be in any case", |c| {
        c.needs_feature("UTF8");
        c.login().ask_any("opts utf8 on", &[200, 202]);
    }),
    may("clnt.reply", "RFC 5797 §3", "CLNT is thanked for", |c| {
        optional(&mut c.login(), "CLNT conformance", 200);
    }),
    may("csid.reply", "RFC 5797 §3", "CSID is known, or refused as unknown", |c| {
        c.login().ask_any("CSID Name=conformance; Version=1;", &[200, 211, 500, 501, 502]);
    }),
    may("lang.reply", "RFC 2640 §4.1", "LANG is known, or refused as not built", |c| {
        optional_any(&mut c.login(), "LANG", &[200]);
    }),
    may("host.after-login", "RFC 7151 §3.1", "HOST after the login is a bad sequence, or not built", |c| {
        optional_any(&mut c.login(), "HOST example.com", &[503]);
    }),
];
