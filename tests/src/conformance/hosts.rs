//! HOST, ACCT, LANG, CSID, AVBL, DSIZ, COMB, PRET and the SITE verbs that grew up around them.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::{TlsClient, Way};

pub(super) const CHECKS: &[Check] = &[
    must("host.unknown", "RFC 7151 §3.2", "A host that is not there is refused by 504", |c| {
        let mut wire = c.greeted();
        optional_any(&mut wire, "HOST no-such-host.invalid", &[504]);
        // Whoever asked may still log in.
        wire.ask(&c.user(), 331);
    }),
    must("host.no-name", "RFC 7151 §3.1", "HOST needs a name, and one that may be a name", |c| {
        c.needs_feature("HOST");
        let mut wire = c.greeted();
        for line in ["HOST", "HOST a b", "HOST -", "HOST [x]"] {
            wire.ask_any(line, &[500, 501, 504]);
        }
    }),
    must("host.behind-login", "RFC 7151 §3.2", "HOST behind the login is refused by 503", |c| {
        c.needs_feature("HOST");
        c.login().ask("HOST localhost", 503);
    }),
    must("host.behind-user", "RFC 7151 §3.2", "HOST behind USER is refused by 503", |c| {
        c.needs_feature("HOST");
        let mut wire = c.greeted();
        wire.ask(&c.user(), 331);
        wire.ask("HOST localhost", 503);
    }),
    should("host.again-behind-rein", "RFC 7151 §3.2.1", "Behind REIN, HOST may be said again", |c| {
        c.needs_feature("HOST");
        let mut wire = c.login();
        optional(&mut wire, "REIN", 220);
        wire.ask_any("HOST no-such-host.invalid", &[504]);
    }),
    should("host.other-than-sni", "RFC 7151 §3.2.2", "Inside TLS, another host than SNI's is refused", |c| {
        c.needs_feature("HOST");
        let mut wire = c.before_auth();
        wire.auth(&TlsClient::new().server_name("one.invalid"));
        wire.ask_any("HOST other.invalid", &[501, 503, 504, 534]);
        wire.ask_any("NOOP", &[200, 530]);
    }),
    must("acct.no-account", "RFC 959 §5.4", "ACCT needs an argument", |c| {
        c.login().ask_any("ACCT", &[500, 501, 502]);
    }),
    should("acct.behind-login", "RFC 959 §4.1.1", "ACCT where none is needed is answered and changes nothing", |c| {
        let mut wire = c.login();
        wire.ask_any("ACCT x", &[202, 230, 500, 502, 503, 530]);
        wire.ask("PWD", 257);
    }),
    must("acct.before-login", "RFC 959 §5.4", "ACCT alone lets nobody in", |c| {
        let mut wire = c.greeted();
        wire.ask_any("ACCT x", &[202, 332, 500, 502, 503, 530]);
        wire.ask_any("PWD", &[500, 503, 530]);
    }),
    may("lang.default", "RFC 2640 §4.1", "LANG alone goes back to the language of the beginning", |c| {
        optional(&mut c.login(), "LANG", 200);
    }),
    must("lang.listed", "RFC 2640 §4.1", "Each language that FEAT lists is taken, and one is marked", |c| {
        c.needs_feature("LANG");
        let mut wire = c.login();
        let line = wire.ask("FEAT", 211).body().into_iter().find(|line| line.starts_with("LANG ")).expect("a list");
        assert_eq!(line.matches('*').count(), 1, "{line}");
        for tag in line["LANG ".len()..].split(';').filter(|tag| !tag.is_empty()) {
            wire.ask(&format!("LANG {}", tag.trim_end_matches('*')), 200);
        }
    }),
    must("lang.unknown", "RFC 2640 §4.1", "A language that is not there is refused by 504", |c| {
        c.needs_feature("LANG");
        let mut wire = c.login();
        wire.ask("LANG tlh", 504);
        wire.ask("LANG !", 501);
    }),
    may("csid.name", "RFC 5797 §3", "CSID tells the server's name", |c| {
        let reply = optional(&mut c.login(), "CSID Name=kit; Version=1;", 200);
        assert!(reply.text().contains("Name="), "{}", reply.show());
    }),
    may("avbl.reply", "RFC 5797 §3", "AVBL tells how much room there is, in digits", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        for line in ["AVBL", "AVBL d"] {
            let text = optional_any(&mut wire, line, &[213]).text();
            assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        }
        wire.ask("AVBL missing", 550);
    }),
    may("dsiz.reply", "RFC 5797 §3", "DSIZ tells the size of all that is beneath a directory", |c| {
        c.make_dir("d");
        c.make_dir("d/e");
        c.put("d/one", &[0; 1000]);
        c.put("d/e/two", &[0; 234]);
        let mut wire = c.login();
        assert_eq!(optional(&mut wire, "DSIZ d", 213).text(), "1234");
        assert_eq!(wire.ask("DSIZ d/e", 213).text(), "234");
        wire.ask("DSIZ missing", 550);
    }),
    may("comb.joins", "RFC 5797 §3", "COMB joins parts to one file, in order", |c| {
        for (part, content) in [("p1", &b"one"[..]), ("p 2", b"two"), ("p3", b"three")] {
            c.put(part, content);
        }
        let mut wire = c.login();
        optional_any(&mut wire, "COMB all p1 \"p 2\" p3", &[200, 250]);
        assert_eq!(c.content("all"), b"onetwothree");
        wire.ask_any("COMB other missing", &[550]);
    }),
    may("pret.download", "RFC 959 §3.2", "PRET announces a transfer, which then goes as ever", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        optional(&mut wire, "PRET RETR a", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        wire.ask("PRET LIST", 200);
        wire.fetch(Way::Epsv, "LIST");
        wire.ask_any("PRET NOOP", &[501, 504]);
    }),
    may("site.utime-both-forms", "RFC 959 §4.1.3", "SITE UTIME sets a time, in both its forms", |c| {
        c.put("a", b"");
        let mut wire = c.login();
        optional(&mut wire, "SITE UTIME 20240102030405 a", 200);
        assert_eq!(wire.ask("MDTM a", 213).text(), "20240102030405");
        wire.ask("SITE UTIME a 20240102030406 20240102030407 20240102030408 UTC", 200);
        assert_eq!(wire.ask("MDTM a", 213).text(), "20240102030407");
    }),
    may("site.copy-in-two-steps", "RFC 959 §4.1.3", "SITE CPFR and CPTO copy a file", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        optional(&mut wire, "SITE CPFR a", 350);
        wire.ask("SITE CPTO b", 250);
        assert_eq!((c.content("a"), c.content("b")), (b"content".to_vec(), b"content".to_vec()));
        wire.ask("SITE CPTO c", 503);
        wire.ask("SITE CPFR missing", 550);
    }),
    may("site.directories", "RFC 959 §4.1.3", "SITE MKDIR and RMDIR take whole paths", |c| {
        let mut wire = c.login();
        optional_any(&mut wire, "SITE MKDIR x/y/z", &[200, 250, 257]);
        wire.store(Way::Epsv, "STOR x/y/z/a", b"content");
        wire.ask_any("SITE RMDIR x", &[200, 250]);
        wire.ask("CWD x", 550);
    }),
    may("site.symlink-leads", "RFC 959 §4.1.3", "SITE SYMLINK makes a link that leads to its file", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        optional_any(&mut wire, "SITE SYMLINK a link", &[200, 250]);
        assert_eq!(wire.fetch(Way::Epsv, "RETR link"), b"content");
    }),
    may("site.quota", "RFC 959 §4.1.3", "SITE QUOTA is answered", |c| {
        optional_any(&mut c.login(), "SITE QUOTA", &[200, 202, 211, 213]);
    }),
    should("site.who", "RFC 2577 §5", "SITE WHO is not for everyone, or is answered", |c| {
        let mut wire = c.login();
        wire.ask_any("SITE WHO", &[200, 211, 500, 501, 502, 504, 530, 550]);
        let mut nobody = c.greeted();
        nobody.ask_any("SITE WHO", &[500, 501, 502, 503, 530]);
    }),
    must("site.owner-of-nothing", "RFC 959 §5.4", "SITE CHOWN and CHGRP of what is not there are refused", |c| {
        let mut wire = c.login();
        for line in ["SITE CHOWN nobody missing", "SITE CHGRP nobody missing"] {
            wire.ask_any(line, &[500, 501, 502, 504, 530, 550, 553]);
        }
    }),
    must("features.are-there", "RFC 2389 §3.2", "Each verb that FEAT lists is known", |c| {
        let mut wire = c.login();
        for line in wire.ask_any("FEAT", &[211, 500, 502]).body() {
            let word = line.split(' ').next().unwrap_or_default().to_owned();
            if NO_VERBS.contains(&word.as_str()) {
                continue;
            }
            let reply = known(c, &word);
            assert!(![500, 502].contains(&reply), "{word}: {reply}");
        }
    }),
];

/// Lines of FEAT that are no verbs.
const NO_VERBS: [&str; 5] = ["UTF8", "TVFS", "MODE", "REST", "MLST"];

/// What a verb without an argument is answered, on a connection of its own: some of them change what the next would say.
#[track_caller]
fn known(c: &mut Context<'_>, verb: &str) -> u16 {
    let mut wire = c.login();
    wire.ask_any(verb, &(200..560).collect::<Vec<_>>()).code
}
