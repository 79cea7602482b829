//! Facts for programs: SIZE, MDTM, MLST, MLSD, OPTS MLST, MFMT, MFCT, MFF.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::{Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    must("size.exact", "RFC 3659 §4.2", "SIZE tells how many bytes a RETR would send", |c| {
        c.needs_feature("SIZE");
        c.put("a", b"twelve bytes");
        assert_eq!(c.login().ask("SIZE a", 213).text(), "12");
    }),
    must("size.empty", "RFC 3659 §4.2", "SIZE of an empty file is 0", |c| {
        c.needs_feature("SIZE");
        c.put("a", b"");
        assert_eq!(c.login().ask("SIZE a", 213).text(), "0");
    }),
    must("size.missing", "RFC 3659 §4.2", "SIZE of nothing is 550", |c| {
        c.needs_feature("SIZE");
        c.login().ask("SIZE missing", 550);
    }),
    should("size.directory", "RFC 3659 §4.2", "SIZE of a directory is 550", |c| {
        c.needs_feature("SIZE");
        c.make_dir("d");
        c.login().ask("SIZE d", 550);
    }),
    should("size.no-argument", "RFC 3659 §4.2", "SIZE without a name is a bad argument", |c| {
        c.needs_feature("SIZE");
        c.login().ask_any("SIZE", &[500, 501]);
    }),
    must("size.ascii", "RFC 3659 §4.1", "In TYPE A, SIZE is what TYPE A would send, or it is refused", |c| {
        c.needs_feature("SIZE");
        c.put("a", b"one\ntwo\n");
        let mut wire = c.login();
        wire.ask("TYPE A", 200);
        let reply = wire.ask_any("SIZE a", &[213, 550, 504]);
        assert!(reply.code != 213 || reply.text() == "10", "{}", reply.show());
    }),
    must("mdtm.format", "RFC 3659 §3.1", "MDTM tells fourteen digits", |c| {
        c.needs_feature("MDTM");
        c.put("a", b"x");
        let text = c.login().ask("MDTM a", 213).text();
        assert!(is_time(&text), "{text}");
    }),
    must("mdtm.missing", "RFC 3659 §3.1", "MDTM of nothing is 550", |c| {
        c.needs_feature("MDTM");
        c.login().ask("MDTM missing", 550);
    }),
    must("mdtm.utc", "RFC 3659 §2.3", "MDTM tells UTC, the same as MLST", |c| {
        c.needs_feature("MDTM");
        c.needs_feature("MLST");
        c.put("a", b"x");
        let mut wire = c.login();
        let time = wire.ask("MDTM a", 213).text();
        let modify = fact(&facts(&mut wire, "MLST a"), "modify").expect("a fact modify");
        // Either may tell fractions of the second, or not.
        assert_eq!(modify[..14], time[..14]);
    }),
    may("mdtm.sets", "RFC 3659 §3.1", "MDTM with a time sets it, as old clients do", |c| {
        c.needs_feature("MDTM");
        c.put("a", b"x");
        let mut wire = c.login();
        optional_any(&mut wire, "MDTM 19990101000000 a", &[213, 253]);
        assert_eq!(wire.ask("MDTM a", 213).text(), "19990101000000");
    }),
    should("mfmt.sets", "draft-somers-ftp-mfxx §3", "MFMT sets the time and tells it", |c| {
        c.needs_feature("MFMT");
        c.put("a", b"x");
        let mut wire = c.login();
        let text = wire.ask("MFMT 20200229123456 a", 213).text();
        assert!(text.eq_ignore_ascii_case("Modify=20200229123456; a"), "{text}");
        assert_eq!(wire.ask("MDTM a", 213).text(), "20200229123456");
    }),
    should("mfmt.missing", "draft-somers-ftp-mfxx §3", "MFMT of nothing is 550", |c| {
        c.needs_feature("MFMT");
        c.login().ask("MFMT 20200229123456 missing", 550);
    }),
    should("mfmt.no-such-day", "draft-somers-ftp-mfxx §3", "MFMT refuses a day that does not exist", |c| {
        c.needs_feature("MFMT");
        c.put("a", b"x");
        let mut wire = c.login();
        for line in ["MFMT 20200230123456 a", "MFMT 2020022912345 a", "MFMT yesterday a", "MFMT 20200229123456"] {
            wire.ask_any(line, &[500, 501, 550]);
        }
    }),
    may("mfct.sets", "draft-somers-ftp-mfxx §4", "MFCT sets the time of creation, or says that there is none", |c| {
        c.needs_feature("MFCT");
        c.put("a", b"x");
        c.login().ask_any("MFCT 20200229123456 a", &[213, 504, 550]);
    }),
    may("mff.sets", "draft-somers-ftp-mfxx §5", "MFF sets facts", |c| {
        c.needs_feature("MFF");
        c.put("a", b"x");
        let mut wire = c.login();
        wire.ask("MFF Modify=20111111111111; a", 213);
        assert_eq!(wire.ask("MDTM a", 213).text(), "20111111111111");
    }),
    may("mff.mode", "draft-somers-ftp-mfxx §5", "MFF sets the permission bits where FEAT says so", |c| {
        c.needs_feature("MFF");
        c.put("a", b"x");
        let mut wire = c.login();
        optional_any(&mut wire, "MFF UNIX.mode=0640; a", &[213]);
        assert_eq!(fact(&facts(&mut wire, "MLST a"), "unix.mode").as_deref(), Some("0640"));
    }),
    may("mff.unknown-fact", "draft-somers-ftp-mfxx §5", "MFF refuses a fact that it cannot set", |c| {
        c.needs_feature("MFF");
        c.put("a", b"x");
        c.login().ask_any("MFF Nonsense=1; a", &[501, 504, 550]);
    }),
    must("mlst.file", "RFC 3659 §7.2", "MLST tells a file's facts on the control connection", |c| {
        let mut wire = one_file(c);
        let facts = facts(&mut wire, "MLST a");
        assert!(facts.ends_with('a'), "{facts}");
    }),
    must("mlst.leading-blank", "RFC 3659 §7.2", "The line of facts begins with one blank", |c| {
        let reply = one_file(c).ask("MLST a", 250);
        let line = &reply.lines[1];
        assert!(line.starts_with(b" ") && !line.starts_with(b"  "), "{}", reply.show());
    }),
    must("mlst.working-directory", "RFC 3659 §7.2", "MLST alone is about the working directory", |c| {
        let kind = fact(&facts(&mut one_file(c), "MLST"), "type");
        assert!(
            kind.as_deref().is_some_and(|kind| ["dir", "cdir"].contains(&kind.to_lowercase().as_str())),
            "{kind:?}"
        );
    }),
    must("mlst.missing", "RFC 3659 §7.2.1", "MLST of nothing is 550", |c| {
        one_file(c).ask("MLST missing", 550);
    }),
    must("mlst.type", "RFC 3659 §7.5.1", "The fact type tells files from directories", |c| {
        let mut wire = one_file(c);
        c.make_dir("d");
        for (command, kind) in [("MLST a", "file"), ("MLST d", "dir")] {
            assert_eq!(fact(&facts(&mut wire, command), "type").map(|it| it.to_lowercase()).as_deref(), Some(kind));
        }
    }),
    must("mlst.size", "RFC 3659 §7.5.7", "The fact size is in bytes", |c| {
        assert_eq!(fact(&facts(&mut one_file(c), "MLST a"), "size").as_deref(), Some("12"));
    }),
    must("mlst.modify", "RFC 3659 §7.5.3", "The fact modify is a time", |c| {
        let time = fact(&facts(&mut one_file(c), "MLST a"), "modify");
        assert!(time.as_deref().is_some_and(is_time), "{time:?}");
    }),
    should("mlst.perm", "RFC 3659 §7.5.5", "The fact perm holds letters that the RFC knows", |c| {
        let perm = fact(&facts(&mut one_file(c), "MLST a"), "perm").expect("a fact perm").to_lowercase();
        assert!(perm.contains('r') && perm.chars().all(|letter| "acdefmlprw".contains(letter)), "{perm}");
    }),
    should("mlst.unique", "RFC 3659 §7.5.2", "The fact unique tells two files apart, and finds one again", |c| {
        let mut wire = one_file(c);
        c.put("b", b"x");
        let unique = |wire: &mut Wire, command| fact(&facts(wire, command), "unique").expect("a fact unique");
        assert_eq!(unique(&mut wire, "MLST a"), unique(&mut wire, "MLST a"));
        assert_ne!(unique(&mut wire, "MLST a"), unique(&mut wire, "MLST b"));
    }),
    must("mlsd.directory", "RFC 3659 §7.2", "MLSD lists a directory", |c| {
        let lines = one_file(c).list("MLSD");
        assert!(lines.iter().any(|line| line.ends_with("; a")), "{lines:?}");
    }),
    must("mlsd.format", "RFC 3659 §7.2", "Each line is facts that end in a semicolon, one blank, a name", |c| {
        let mut wire = one_file(c);
        c.put("b c", b"");
        for line in wire.list("MLSD") {
            let (facts, name) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
            assert!(facts.split_terminator(';').all(|fact| fact.contains('=')), "{line:?}");
            assert!(facts.ends_with(';') && !name.is_empty() && !name.contains('/'), "{line:?}");
        }
    }),
    must("mlsd.blanks", "RFC 3659 §7.2", "A name with blanks stands there as it is", |c| {
        let mut wire = one_file(c);
        c.put(" b  c", b"");
        assert!(wire.list("MLSD").iter().any(|line| line.ends_with(";  b  c")));
    }),
    must("mlsd.path", "RFC 3659 §7.2", "MLSD takes a path, and its names are of that directory", |c| {
        let mut wire = one_file(c);
        c.make_dir("d");
        c.put("d/inside", b"");
        let lines = wire.list("MLSD d");
        assert!(lines.iter().any(|line| line.ends_with("; inside")), "{lines:?}");
    }),
    must("mlsd.file", "RFC 3659 §7.2.1", "MLSD of a file is 501", |c| {
        let mut wire = one_file(c);
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("MLSD a", &[501, 550]);
    }),
    must("mlsd.missing", "RFC 3659 §7.2.1", "MLSD of nothing is refused", |c| {
        let mut wire = one_file(c);
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("MLSD missing", &[550, 501, 450]);
    }),
    must("mlsd.empty", "RFC 3659 §7.2", "MLSD of an empty directory tells of nothing but directories", |c| {
        let mut wire = one_file(c);
        c.make_dir("d");
        let lines = wire.list("MLSD d");
        assert!(lines.iter().all(|line| line.to_lowercase().contains("dir;")), "{lines:?}");
    }),
    must("mlst.opts", "RFC 3659 §7.9", "OPTS MLST chooses the facts", |c| {
        let mut wire = one_file(c);
        wire.ask("OPTS MLST Type;SIZE;", 200);
        let line = facts(&mut wire, "MLST a").to_lowercase();
        assert!(line.starts_with("type=file;size=12; ") || line.starts_with("size=12;type=file; "), "{line}");
    }),
    must("mlst.opts-reply", "RFC 3659 §7.9", "OPTS MLST tells what was chosen: unknown facts are left out", |c| {
        let text = one_file(c).ask("OPTS MLST type;nonsense;", 200).text();
        assert!(text.eq_ignore_ascii_case("MLST OPTS type;"), "{text}");
    }),
    must("mlst.opts-none", "RFC 3659 §7.9", "OPTS MLST alone chooses no fact at all", |c| {
        let mut wire = one_file(c);
        wire.ask("OPTS MLST", 200);
        assert!(facts(&mut wire, "MLST a").starts_with(' '));
    }),
    must("mlst.feat", "RFC 3659 §7.8", "FEAT tells the facts, those in use with an asterisk", |c| {
        let mut wire = one_file(c);
        wire.ask("OPTS MLST type;size;", 200);
        let feat = wire.ask("FEAT", 211).body();
        let line =
            feat.iter().find(|line| line.to_uppercase().starts_with("MLST ")).expect("a line MLST").to_lowercase();
        assert!(line.contains("type*;") && line.contains("size*;") && line.matches('*').count() == 2, "{line}");
    }),
    must("mlsd.not-in-feat", "RFC 3659 §7.8", "FEAT tells MLST only: MLSD goes without saying", |c| {
        let feat = one_file(c).ask("FEAT", 211).body();
        assert!(!feat.iter().any(|line| line.to_uppercase().starts_with("MLSD")), "{feat:?}");
    }),
    should("tvfs.feat", "RFC 3659 §6", "FEAT tells TVFS where paths are made of slashes", |c| {
        assert!(c.has_feature("TVFS"));
        optional(&mut c.login(), "NOOP", 200);
    }),
];

/// A session in a directory with the file `a` of twelve bytes, where there is MLST.
fn one_file(c: &mut Context<'_>) -> Wire {
    c.needs_feature("MLST");
    c.put("a", b"twelve bytes");
    c.login()
}

/// The one line of facts, without the blank before it.
fn facts(wire: &mut Wire, command: &str) -> String {
    let reply = wire.ask(command, 250);
    let [line] = &reply.body()[..] else { panic!("not one line: {}", reply.show()) };
    line.clone()
}

fn fact(line: &str, name: &str) -> Option<String> {
    let (facts, _) = line.split_once("; ")?;
    let all = facts.split(';').filter_map(|fact| fact.split_once('='));
    all.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    whole.len() == 14 && whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit())
}
