//! SITE: what servers add, as far as clients count on it.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::{Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    may("site.help", "RFC 959 §4.1.3", "SITE HELP tells what there is", |c| {
        optional_any(&mut c.login(), "SITE HELP", &[200, 211, 214]);
    }),
    must("site.unknown", "RFC 959 §5.4", "A SITE command that does not exist is refused", |c| {
        let mut wire = c.login();
        wire.ask_any("SITE NONSENSE", &[500, 501, 502, 504]);
        wire.ask("NOOP", 200);
    }),
    should("site.no-argument", "RFC 959 §5.4", "SITE alone is a bad argument", |c| {
        c.login().ask_any("SITE", &[500, 501, 502]);
    }),
    may("site.chmod", "RFC 959 §4.1.3", "SITE CHMOD sets permission bits", |c| {
        c.needs_feature("MLST");
        let mut wire = one_file(c);
        optional(&mut wire, "SITE CHMOD 640 a", 200);
        assert_eq!(mode(&mut wire, "a"), "0640");
    }),
    may("site.chmod-listed", "RFC 959 §4.1.3", "What SITE CHMOD sets, LIST shows", |c| {
        let mut wire = one_file(c);
        optional(&mut wire, "SITE CHMOD 604 a", 200);
        let lines = wire.list("LIST a");
        assert!(lines[0].starts_with("-rw----r--"), "{lines:?}");
    }),
    may("site.chmod-bad", "RFC 959 §5.4", "SITE CHMOD refuses what is no mode", |c| {
        let mut wire = one_file(c);
        optional(&mut wire, "SITE CHMOD 640 a", 200);
        wire.ask_any("SITE CHMOD 999 a", &[500, 501, 504, 550]);
        wire.ask_any("SITE CHMOD", &[500, 501, 502, 504]);
    }),
    may("site.chmod-missing", "RFC 959 §5.4", "SITE CHMOD of nothing is 550", |c| {
        let mut wire = one_file(c);
        optional(&mut wire, "SITE CHMOD 640 a", 200);
        wire.ask("SITE CHMOD 640 missing", 550);
    }),
    may("site.umask", "RFC 959 §4.1.3", "SITE UMASK is for the files that come", |c| {
        c.needs_feature("MLST");
        let mut wire = c.login();
        optional(&mut wire, "SITE UMASK 077", 200);
        wire.store(Way::Epsv, "STOR private", b"x");
        assert_eq!(mode(&mut wire, "private"), "0600");
    }),
    may("site.idle", "RFC 959 §4.1.3", "SITE IDLE tells and sets how long one may be idle", |c| {
        let mut wire = c.login();
        optional_any(&mut wire, "SITE IDLE", &[200, 211]);
        wire.ask("SITE IDLE 600", 200);
    }),
    may("site.utime", "RFC 959 §4.1.3", "SITE UTIME sets the time", |c| {
        c.needs_feature("MDTM");
        let mut wire = one_file(c);
        optional_any(&mut wire, "SITE UTIME 20010203040506 a", &[200, 213]);
        assert_eq!(wire.ask("MDTM a", 213).text(), "20010203040506");
    }),
    may("site.copy", "RFC 959 §4.1.3", "SITE COPY copies on the server", |c| {
        let mut wire = one_file(c);
        optional_any(&mut wire, "SITE COPY a b", &[200, 250]);
        assert_eq!(c.content("b"), b"content");
        assert_eq!(c.content("a"), b"content");
    }),
    may("site.copy-missing", "RFC 959 §5.4", "SITE COPY of nothing is 550", |c| {
        let mut wire = one_file(c);
        optional_any(&mut wire, "SITE COPY a b", &[200, 250]);
        wire.ask("SITE COPY missing b", 550);
        assert_eq!(c.content("b"), b"content");
    }),
    may("site.symlink", "RFC 959 §4.1.3", "SITE SYMLINK makes a link that can be fetched", |c| {
        let mut wire = linked(c);
        assert_eq!(wire.fetch(Way::Epsv, "RETR link"), b"content");
    }),
    may("site.symlink-listed", "RFC 959 §4.1.3", "LIST shows where a link points", |c| {
        let lines = linked(c).list("LIST");
        assert!(lines.iter().any(|line| line.starts_with('l') && line.contains(" link -> ")), "{lines:?}");
    }),
    may("site.symlink-removed", "RFC 959 §4.1.3", "DELE of a link leaves what it points to", |c| {
        linked(c).ask("DELE link", 250);
        assert_eq!(c.content("a"), b"content");
    }),
];

fn one_file(c: &mut Context<'_>) -> Wire {
    c.put("a", b"content");
    c.login()
}

fn linked(c: &mut Context<'_>) -> Wire {
    let mut wire = one_file(c);
    optional_any(&mut wire, "SITE SYMLINK a link", &[200, 250]);
    wire
}

/// The permission bits, as MLST tells them.
fn mode(wire: &mut Wire, name: &str) -> String {
    let line = wire.ask(&format!("MLST {name}"), 250).body().concat().to_lowercase();
    let (_, rest) = line.split_once("unix.mode=").unwrap_or_else(|| panic!("no mode in {line}"));
    rest[..4].to_owned()
}
