//! Listings for people and for old clients: LIST, NLST, STAT of a path.

use std::io::Read;

use super::{Check, Context, may, must, should};
use crate::{Way, Wire};

pub(super) const CHECKS: &[Check] = &[
    must("list.directory", "RFC 959 §4.1.3", "LIST shows what is in a directory", |c| {
        assert_eq!(filled(c).list("LIST dir").iter().filter(|line| !is_total(line)).count(), 3);
    }),
    must("list.working-directory", "RFC 959 §4.1.3", "LIST without a path shows the working directory", |c| {
        let mut wire = filled(c);
        wire.ask("CWD dir", 250);
        assert!(wire.list("LIST").iter().any(|line| line.ends_with(" one.txt")));
    }),
    must("list.file", "RFC 959 §4.1.3", "LIST of a file shows the file", |c| {
        let lines = filled(c).list("LIST dir/one.txt");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].ends_with("one.txt"), "{lines:?}");
    }),
    must("list.empty", "RFC 959 §4.1.3", "LIST of an empty directory shows nothing and succeeds", |c| {
        let lines = filled(c).list("LIST empty");
        assert!(lines.iter().all(|line| is_total(line)), "{lines:?}");
    }),
    should("list.ls", "RFC 959 §4.1.3", "LIST looks as `ls -l` does, which is what clients read", |c| {
        let lines = filled(c).list("LIST dir");
        let line = lines.iter().find(|line| line.ends_with(" one.txt")).expect("a line for it");
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        assert_eq!(words.len(), 9, "{line}");
        assert!(words[0].len() == 10 && words[0].starts_with("-rw"), "{line}");
        assert_eq!(words[4], "1", "{line}");
    }),
    should("list.kinds", "RFC 959 §4.1.3", "LIST tells directories from files", |c| {
        let lines = filled(c).list("LIST dir");
        assert!(lines.iter().any(|line| line.starts_with('d') && line.ends_with(" deeper")), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with('-') && line.ends_with(" two.txt")), "{lines:?}");
    }),
    should(
        "list.fresh-date",
        "RFC 959 §4.1.3",
        "A fresh file shows the time of day, in English and with a colon",
        |c| {
            let lines = filled(c).list("LIST dir/one.txt");
            let words: Vec<&str> = lines[0].split_ascii_whitespace().collect();
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            assert!(months.contains(&words[5]), "{lines:?}");
            assert!(words[7].len() == 5 && words[7].as_bytes()[2] == b':', "{lines:?}");
        },
    ),
    should("list.blanks", "RFC 959 §4.1.3", "A name with blanks is listed as it is", |c| {
        let lines = filled(c).list("LIST");
        assert!(lines.iter().any(|line| line.ends_with(" sp ace.txt")), "{lines:?}");
    }),
    should("list.named-with-blanks", "RFC 959 §5.3", "LIST takes a name with blanks", |c| {
        assert_eq!(filled(c).list("LIST sp ace.txt").len(), 1);
    }),
    may("list.named-with-a-dash", "RFC 959 §5.3", "LIST takes a name that begins with a dash", |c| {
        assert_eq!(filled(c).list("LIST -dash.txt").len(), 1);
    }),
    should("list.options", "RFC 959 §4.1.3", "LIST -a, -l, -la: what clients send is no path", |c| {
        let mut wire = filled(c);
        for command in ["LIST -l", "LIST -a", "LIST -la", "LIST -al"] {
            let lines = wire.list(command);
            assert!(lines.iter().any(|line| line.ends_with(" dir")), "{command}: {lines:?}");
        }
    }),
    should("list.option-and-path", "RFC 959 §4.1.3", "LIST -la takes a path behind it", |c| {
        let lines = filled(c).list("LIST -la dir");
        assert!(lines.iter().any(|line| line.ends_with(" one.txt")), "{lines:?}");
    }),
    may("list.glob", "RFC 959 §4.1.3", "LIST takes a glob", |c| {
        assert_eq!(filled(c).list("LIST dir/*.txt").len(), 2);
    }),
    may("list.recursive", "RFC 959 §4.1.3", "LIST -R goes deeper", |c| {
        let lines = filled(c).list("LIST -R dir");
        assert!(lines.iter().any(|line| line.ends_with("three.txt")), "{lines:?}");
    }),
    may("list.by-size", "RFC 959 §4.1.3", "LIST -S sorts by size, -r the other way", |c| {
        let mut wire = filled(c);
        assert!(wire.list("LIST -S dir/*.txt")[0].ends_with("two.txt"));
        assert!(wire.list("LIST -Sr dir/*.txt")[0].ends_with("one.txt"));
    }),
    should("list.trailing-blank", "RFC 959 §5.3", "LIST with a blank behind it lists the working directory", |c| {
        let lines = filled(c).list("LIST ");
        assert!(lines.iter().any(|line| line.ends_with(" dir")), "{lines:?}");
    }),
    should("list.missing", "RFC 959 §5.4", "LIST of nothing is refused", |c| {
        let mut wire = filled(c);
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("LIST missing", &[450, 550]);
    }),
    must("list.no-data-connection", "RFC 959 §5.4", "LIST without a data connection agreed on is refused", |c| {
        c.login().ask_any("LIST", &[425, 503]);
    }),
    must("list.is-text", "RFC 1123 §4.1.2.7", "A listing's lines end in CRLF, in TYPE A and in TYPE I", |c| {
        let mut wire = filled(c);
        let image = wire.list("LIST dir");
        wire.ask("TYPE A", 200);
        assert_eq!(wire.list("LIST dir"), image);
    }),
    must("nlst.names", "RFC 1123 §4.1.2.7", "NLST sends names, one on each line", |c| {
        let mut wire = filled(c);
        wire.ask("CWD dir", 250);
        assert_eq!(sorted(wire.list("NLST")), ["deeper", "one.txt", "two.txt"]);
    }),
    must("nlst.fetchable", "RFC 1123 §4.1.2.7", "NLST's names of a directory's files can be fetched", |c| {
        let mut wire = filled(c);
        for name in wire.list("NLST dir").iter().filter(|name| name.ends_with(".txt")) {
            wire.fetch(Way::Epsv, &format!("RETR {name}"));
        }
    }),
    must("nlst.blanks", "RFC 1123 §4.1.2.7", "NLST sends a name with blanks as it is", |c| {
        assert!(filled(c).list("NLST").contains(&"sp ace.txt".to_owned()));
    }),
    must("nlst.empty", "RFC 1123 §4.1.2.7", "NLST of an empty directory sends nothing", |c| {
        let mut wire = filled(c);
        let opened = wire.open(Way::Epsv);
        if wire.ask_any("NLST empty", &[125, 150, 450, 550]).code < 200 {
            let mut names = Vec::new();
            opened.connection().read_to_end(&mut names).expect("an orderly end");
            assert_eq!(names, b"");
            wire.expect_any(&[226, 250]);
        }
    }),
    should("nlst.empty-succeeds", "RFC 959 §5.4", "NLST of an empty directory succeeds", |c| {
        assert!(filled(c).list("NLST empty").is_empty());
    }),
    should("nlst.no-dots", "RFC 1123 §4.1.2.7", "NLST sends no . and no ..", |c| {
        let names = filled(c).list("NLST");
        assert!(!names.iter().any(|name| name == "." || name == ".."), "{names:?}");
    }),
    may("nlst.glob", "RFC 959 §4.1.3", "NLST takes a glob, as mget sends it", |c| {
        assert_eq!(sorted(filled(c).list("NLST dir/*.txt")), ["dir/one.txt", "dir/two.txt"]);
    }),
    may("nlst.glob-without-a-match", "RFC 959 §4.1.3", "NLST of a glob without a match sends nothing", |c| {
        assert!(filled(c).list("NLST *.none").is_empty());
    }),
    may("nlst.file", "RFC 959 §4.1.3", "NLST of a file sends its name", |c| {
        assert_eq!(filled(c).list("NLST dir/one.txt"), ["dir/one.txt"]);
    }),
    should("nlst.missing", "RFC 959 §5.4", "NLST of nothing is refused", |c| {
        let mut wire = filled(c);
        let _opened = wire.open(Way::Epsv);
        wire.ask_any("NLST missing", &[450, 550]);
    }),
    should("nlst.utf8", "RFC 2640 §3.1", "NLST sends names as they were stored", |c| {
        c.put("Grüße-日本", b"");
        assert_eq!(c.login().list("NLST"), ["Grüße-日本"]);
    }),
    must("nlst.many", "RFC 959 §4.1.3", "A directory of some hundred entries is listed whole", |c| {
        let mut wire = c.login();
        let lines: Vec<String> = (0..300).map(|at| format!("d{at:03}")).collect();
        for batch in lines.chunks(20) {
            wire.send(batch.iter().map(|name| format!("MKD {name}\r\n")).collect::<String>());
            batch.iter().for_each(|_| drop(wire.expect(257)));
        }
        assert_eq!(sorted(wire.list("NLST")), lines);
    }),
    may("stat.path", "RFC 959 §4.1.3", "STAT of a directory lists it on the control connection", |c| {
        let reply = filled(c).ask_any("STAT dir", &[211, 212, 213]);
        assert!(reply.body().iter().any(|line| line.contains("one.txt")), "{}", reply.show());
    }),
    may("stat.file", "RFC 959 §4.1.3", "STAT of a file shows it", |c| {
        let reply = filled(c).ask_any("STAT dir/one.txt", &[211, 212, 213]);
        assert!(reply.body().iter().any(|line| line.contains("one.txt")), "{}", reply.show());
    }),
    should("stat.missing", "RFC 959 §5.4", "STAT of nothing is refused", |c| {
        filled(c).ask_any("STAT missing", &[450, 550, 502, 504]);
    }),
];

/// A session in a directory that holds a bit of everything.
fn filled(c: &mut Context<'_>) -> Wire {
    c.make_dir("dir");
    c.put("dir/one.txt", b"1");
    c.put("dir/two.txt", b"22");
    c.make_dir("dir/deeper");
    c.put("dir/deeper/three.txt", b"333");
    c.put("sp ace.txt", b"4444");
    c.put("-dash.txt", b"55555");
    c.make_dir("empty");
    c.login()
}

/// The first line of `ls -l`, which some servers send and all clients skip; and the two entries that are no entries.
fn is_total(line: &str) -> bool {
    line.starts_with("total ") || line.ends_with(" .") || line.ends_with(" ..")
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}
