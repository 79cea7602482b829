//! Directories: CWD, CDUP, PWD, MKD, RMD and their elder spellings.

use super::context::optional;
use super::{Check, may, must, should};
use crate::Reply;

pub(super) const CHECKS: &[Check] = &[
    must("pwd.reply", "RFC 959 §5.4", "PWD tells the directory in quotes", |c| {
        let mut wire = c.login();
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    should("pwd.xpwd", "RFC 1123 §4.1.3.1", "XPWD is PWD", |c| {
        let mut wire = c.login();
        assert_eq!(quoted(&wire.ask("XPWD", 257)), c.home());
    }),
    should("pwd.doubled-quotes", "RFC 959 §6", "A quote in a name is doubled in 257", |c| {
        c.make_dir("a\"b");
        let mut wire = c.login();
        wire.ask("CWD a\"b", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("a\"b"));
    }),
    must("cwd.relative", "RFC 959 §4.1.1", "CWD goes into a directory", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("d"));
    }),
    must("cwd.absolute", "RFC 959 §4.1.1", "CWD takes an absolute path", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD /", 250);
        wire.ask(&format!("CWD {}", c.path("d")), 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("d"));
    }),
    must("cwd.deep", "RFC 959 §4.1.1", "CWD takes several steps at once", |c| {
        c.make_dir("d");
        c.make_dir("d/e");
        let mut wire = c.login();
        wire.ask("CWD d/e", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("d/e"));
    }),
    must("cwd.missing", "RFC 959 §5.4", "CWD into nothing is 550, and one stays", |c| {
        let mut wire = c.login();
        wire.ask("CWD missing", 550);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    must("cwd.file", "RFC 959 §5.4", "CWD into a file is 550, and one stays", |c| {
        c.put("file", b"x");
        let mut wire = c.login();
        wire.ask("CWD file", 550);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    should("cwd.no-argument", "RFC 959 §5.4", "CWD without a path is a bad argument", |c| {
        c.login().ask_any("CWD", &[500, 501]);
    }),
    must("cwd.blanks", "RFC 959 §5.3", "A path may hold blanks", |c| {
        c.make_dir("a  b c");
        let mut wire = c.login();
        wire.ask("CWD a  b c", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("a  b c"));
    }),
    should("cwd.dot-dot", "RFC 959 §4.1.1", "CWD .. goes up", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d", 250);
        wire.ask("CWD ..", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    should("cwd.trailing-slash", "RFC 959 §4.1.1", "A slash behind a directory's name changes nothing", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d/", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("d"));
    }),
    should("cwd.xcwd", "RFC 1123 §4.1.3.1", "XCWD is CWD", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("XCWD d", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("d"));
    }),
    must("cwd.eight-bits", "RFC 2640 §3.1", "Names of eight bits come back as they went", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("MKD Grüße-日本", 257);
        wire.ask("CWD Grüße-日本", 250);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.path("Grüße-日本"));
    }),
    must("cdup.up", "RFC 959 §4.1.1", "CDUP goes up", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d", 250);
        wire.ask_any("CDUP", &[200, 250]);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    should("cdup.reply", "RFC 959 §4.1.1", "CDUP answers as CWD does", |c| {
        let mut wire = c.login();
        wire.ask("CDUP", 250);
    }),
    should("cdup.xcup", "RFC 1123 §4.1.3.1", "XCUP is CDUP", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("CWD d", 250);
        wire.ask_any("XCUP", &[200, 250]);
        assert_eq!(quoted(&wire.ask("PWD", 257)), c.home());
    }),
    must("cdup.at-the-root", "RFC 959 §4.1.1", "Above the root there is nothing", |c| {
        let mut wire = c.login();
        wire.ask("CWD /", 250);
        wire.ask_any("CDUP", &[200, 250, 550]);
        assert_eq!(quoted(&wire.ask("PWD", 257)), "/");
    }),
    may("cdup.argument", "RFC 959 §5.3", "CDUP takes no argument", |c| {
        c.login().ask("CDUP x", 501);
    }),
    must("mkd.reply", "RFC 959 §4.1.3", "MKD answers 257 with a path in quotes", |c| {
        let reply = c.login().ask("MKD new", 257);
        assert!(quoted(&reply).ends_with("new"), "{}", reply.show());
    }),
    should("mkd.absolute-reply", "RFC 959 §6", "MKD tells the absolute path", |c| {
        let reply = c.login().ask("MKD new", 257);
        assert_eq!(quoted(&reply), c.path("new"));
    }),
    should("mkd.doubled-quotes", "RFC 959 §6", "MKD doubles quotes in its 257", |c| {
        let reply = c.login().ask("MKD a\"b\"", 257);
        assert!(quoted(&reply).ends_with("a\"b\""), "{}", reply.show());
    }),
    must("mkd.there", "RFC 959 §4.1.3", "What MKD made can be entered at once", |c| {
        let mut wire = c.login();
        wire.ask("MKD new", 257);
        wire.ask("CWD new", 250);
    }),
    must("mkd.inside", "RFC 959 §4.1.3", "MKD takes a path", |c| {
        let mut wire = c.login();
        wire.ask("MKD new", 257);
        wire.ask("MKD new/inner", 257);
        wire.ask("CWD new/inner", 250);
    }),
    must("mkd.exists", "RFC 959 §5.4", "MKD of what is there is refused", |c| {
        c.make_dir("d");
        c.login().ask_any("MKD d", &[550, 521]);
    }),
    must("mkd.over-a-file", "RFC 959 §5.4", "MKD over a file is refused", |c| {
        c.put("a", b"kept");
        c.login().ask_any("MKD a", &[550, 521]);
        assert_eq!(c.content("a"), b"kept");
    }),
    must("mkd.parent-missing", "RFC 959 §5.4", "MKD in nothing is 550", |c| {
        c.login().ask("MKD missing/d", 550);
    }),
    should("mkd.no-argument", "RFC 959 §5.4", "MKD without a path is a bad argument", |c| {
        c.login().ask_any("MKD", &[500, 501]);
    }),
    should("mkd.xmkd", "RFC 1123 §4.1.3.1", "XMKD is MKD", |c| {
        let mut wire = c.login();
        wire.ask("XMKD d", 257);
        wire.ask("CWD d", 250);
    }),
    must("rmd.gone", "RFC 959 §4.1.3", "RMD removes an empty directory", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("RMD d", 250);
        wire.ask("CWD d", 550);
    }),
    must("rmd.missing", "RFC 959 §5.4", "RMD of nothing is 550", |c| {
        c.login().ask("RMD missing", 550);
    }),
    must("rmd.not-empty", "RFC 959 §4.1.3", "RMD leaves a directory that holds something", |c| {
        c.make_dir("d");
        c.put("d/a", b"kept");
        c.login().ask("RMD d", 550);
        assert_eq!(c.content("d/a"), b"kept");
    }),
    must("rmd.file", "RFC 959 §4.1.3", "RMD removes no file", |c| {
        c.put("a", b"kept");
        c.login().ask("RMD a", 550);
        assert_eq!(c.content("a"), b"kept");
    }),
    should("rmd.no-argument", "RFC 959 §5.4", "RMD without a path is a bad argument", |c| {
        c.login().ask_any("RMD", &[500, 501]);
    }),
    should("rmd.xrmd", "RFC 1123 §4.1.3.1", "XRMD is RMD", |c| {
        c.make_dir("d");
        let mut wire = c.login();
        wire.ask("XRMD d", 250);
        wire.ask("CWD d", 550);
    }),
    may("smnt.known", "RFC 959 §4.1.1", "SMNT is known, whether or not it does anything", |c| {
        c.login().ask_any("SMNT x", &[202, 250, 502, 550]);
    }),
    may("mkd.site", "RFC 959 §4.1.3", "A directory's name may begin with a dash", |c| {
        let mut wire = c.login();
        optional(&mut wire, "MKD -d", 257);
        wire.ask("CWD -d", 250);
        wire.ask("CDUP", 250);
        wire.ask("RMD -d", 250);
    }),
];

/// The path of a 257: between quotes, each quote in it doubled.
#[track_caller]
fn quoted(reply: &Reply) -> String {
    let text = reply.text();
    let inside = text.strip_prefix('"').unwrap_or_else(|| panic!("no quote at the start of {text:?}"));
    let mut path = String::new();
    let mut rest = inside.chars();
    while let Some(next) = rest.next() {
        match (next, rest.clone().next()) {
            ('"', Some('"')) => path.extend(rest.next()),
            ('"', None | Some(' ')) => return path,
            ('"', Some(_)) => panic!("a quote that is not doubled, in {text:?}"),
            _ => path.push(next),
        }
    }
    panic!("no quote at the end of {text:?}");
}
