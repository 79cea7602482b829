//! Small talk: SYST, STAT, HELP, NOOP, and words that are no commands.

use super::{Check, may, must, should};
use crate::Way;

pub(super) const CHECKS: &[Check] = &[
    must("syst.reply", "RFC 1123 §4.1.2.13", "SYST tells the kind of system", |c| {
        c.login().ask("SYST", 215);
    }),
    should("syst.name", "RFC 959 §5.4", "SYST's first word is a name that clients know", |c| {
        let text = c.login().ask("SYST", 215).text();
        assert!(text.starts_with("UNIX") || text.starts_with("Windows_NT") || text.starts_with("MACOS"), "{text}");
    }),
    must("noop.reply", "RFC 959 §4.1.3", "NOOP is answered 200", |c| {
        c.login().ask("NOOP", 200);
    }),
    must("noop.changes-nothing", "RFC 959 §4.1.3", "NOOP changes nothing", |c| {
        c.put("a", b"one\n");
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("NOOP", 200);
        wire.ask_any("RETR a", &[125, 150]);
        drop(opened.connection());
        wire.expect_any(&[226, 250, 426]);
    }),
    must("help.reply", "RFC 1123 §4.1.2.13", "HELP helps", |c| {
        c.login().ask_any("HELP", &[211, 214]);
    }),
    should("help.names-verbs", "RFC 959 §4.1.3", "HELP names the verbs there are", |c| {
        let reply = c.login().ask_any("HELP", &[211, 214]);
        assert!(reply.body().join(" ").contains("RETR"), "{}", reply.show());
    }),
    may("help.verb", "RFC 959 §4.1.3", "HELP takes a verb", |c| {
        let reply = c.login().ask_any("HELP RETR", &[211, 214]);
        assert!(reply.show().contains("RETR"), "{}", reply.show());
    }),
    may("help.verb-in-any-case", "RFC 959 §5.3", "HELP takes a verb in any case", |c| {
        c.login().ask_any("HELP retr", &[211, 214]);
    }),
    may("help.unknown", "RFC 959 §5.4", "HELP for a word that is no verb is refused", |c| {
        c.login().ask_any("HELP NONSENSE", &[500, 501, 502, 504]);
    }),
    must("stat.session", "RFC 1123 §4.1.2.13", "STAT tells how the session is", |c| {
        c.login().ask_any("STAT", &[211, 212]);
    }),
    should("stat.tells-the-user", "RFC 959 §4.1.3", "STAT tells who is logged in and the type", |c| {
        let reply = c.login().ask_any("STAT", &[211, 212]);
        let (user, shown) = (c.user()[5..].to_owned(), reply.show());
        assert!(shown.contains(&user) && shown.to_uppercase().contains("TYPE"), "{shown}");
    }),
    must("unknown.verb", "RFC 959 §5.4", "A word that is no verb is 500 or 502", |c| {
        c.login().ask_any("NONSENSE", &[500, 502]);
    }),
    should("unknown.verb-500", "RFC 959 §4.2.2", "A word that is no verb is 500: not understood", |c| {
        c.login().ask("NONSENSE", 500);
    }),
    must("unknown.goes-on", "RFC 959 §5.4", "After a word that is no verb the session goes on", |c| {
        let mut wire = c.login();
        wire.ask_any("NONSENSE with arguments", &[500, 502]);
        wire.ask("NOOP", 200);
    }),
    must("unknown.prefix", "RFC 959 §5.3", "A verb that only begins like one is none", |c| {
        let mut wire = c.login();
        wire.ask_any("NOO", &[500, 502]);
        wire.ask_any("NOOPS", &[500, 502]);
    }),
    must("unknown.suffix", "RFC 959 §5.3", "A verb that only ends like one is none", |c| {
        let mut wire = c.login();
        wire.ask_any("XQUIT", &[500, 502]);
        wire.ask("NOOP", 200);
    }),
    should("unknown.empty-line", "RFC 959 §5.3", "An empty line is no command, and does no harm", |c| {
        let mut wire = c.login();
        wire.send("\r\nPWD\r\n");
        if wire.expect_any(&[257, 500, 501, 502]).code != 257 {
            wire.expect(257);
        }
    }),
    may("unknown.security", "RFC 2228 §3", "Verbs of security that are off are known or refused", |c| {
        let mut wire = c.login();
        for line in ["ADAT x", "MIC x", "CONF x", "ENC x"] {
            wire.ask_any(line, &[500, 501, 502, 503, 504, 533, 534, 535, 537]);
        }
    }),
    may("unknown.mechanism", "RFC 2228 §3", "AUTH with a mechanism that does not exist is refused", |c| {
        c.clear().ask_any("AUTH NONSENSE", &[500, 502, 504, 534]);
    }),
    may("unknown.prot-first", "RFC 4217 §9", "PROT before AUTH is refused", |c| {
        let mut wire = c.clear();
        wire.ask_any("PBSZ 0", &[500, 502, 503, 530]);
        wire.ask_any("PROT P", &[500, 502, 503, 530]);
    }),
];
