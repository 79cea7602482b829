//! The example that serves a tar archive: what is in it is listed, fetched and resumed, and a hostile one harms nobody.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::Offload;
use ftp_host::{Pooled, Storage, Users};
use ftp_proto::config::Config;
use ftp_proto::storage::{FileKind, Permissions, Wanted as Facts};
use ftp_proto::{Failure, VirtualPath};
use ftp_tests::{Adapter, Caps, Wanted, Way, Wire, pattern};
use tar::{Builder, EntryType, Header};

#[path = "../../adapter-tokio/examples/tar/tree.rs"]
mod tree;

use tree::TarTree;

/// An archive on its way.
struct Maker(Builder<File>);

impl Maker {
    fn new() -> Self {
        Self(Builder::new(tempfile::tempfile().unwrap()))
    }

    /// With the name as it is given, which the library would not write.
    fn entry(mut self, kind: EntryType, name: &[u8], link: &[u8], content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        header.set_mtime(1_720_000_000);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name.as_bytes(), b"", content)
    }

    fn link(self, kind: EntryType, name: &str, target: &str) -> Self {
        self.entry(kind, name.as_bytes(), target.as_bytes(), b"")
    }

    fn archive(self) -> File {
        let mut file = self.0.into_inner().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn tree(self) -> TarTree {
        TarTree::index(self.archive()).unwrap()
    }
}

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn names(tree: &TarTree, dir: &str) -> Vec<String> {
    let page = tree.open_dir(&path(dir), Facts::Everything).unwrap().read(1000).unwrap();
    assert!(page.last);
    page.entries.iter().map(|entry| entry.name.escape_ascii().to_string()).collect()
}

fn content(tree: &TarTree, name: &str) -> Result<String, Failure> {
    let file = tree.open_read(&path(name))?;
    Ok(String::from_utf8(file.read_at(0, 1000)?.to_vec()).unwrap())
}

#[test]
fn an_archive_is_listed_fetched_and_resumed() {
    let large = pattern(3_000_000);
    let maker = Maker::new().file("README", b"one\ntwo\n").file("deep/er/large", &large).file("empty", b"");
    let tree = maker.link(EntryType::Symlink, "latest", "deep/er/large").tree();
    let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::new(tree));
    let (host, caps) = (Arc::new(Pooled::new(Arc::new(users))), Caps { sessions: 10, per_address: 10 });
    let (config, notices) = (Config::default(), Default::default());
    let wanted =
        Wanted { host, config, offload: Offload::Kernel, caps, notices, watch: None, tls: None, recording: None };
    let mut server = Adapter::of_this_program().start(wanted).unwrap();

    let mut wire = Wire::greeted(server.address(ftp_tests::FAMILIES[0]));
    wire.log_in("anonymous", "me@example.org");
    wire.ask("TYPE I", 200);
    assert_eq!(wire.list("NLST"), ["README", "deep", "empty", "latest"]);
    let lines = wire.list("LIST");
    assert!(lines.iter().any(|line| line.starts_with("-rw-r-----") && line.ends_with(" README")), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("latest -> deep/er/large")), "{lines:?}");
    wire.ask("CWD deep/er", 250);
    assert!(wire.list("MLSD")[0].contains("size=3000000;"));
    assert_eq!(wire.ask("SIZE large", 213).text(), "3000000");
    assert_eq!(wire.ask("MDTM large", 213).text(), "20240703094640");
    assert!(wire.fetch(Way::Epsv, "RETR large") == large);
    assert!(wire.fetch(Way::Epsv, "RETR /latest") == large);
    wire.ask("REST 2999990", 350);
    assert_eq!(wire.fetch(Way::Epsv, "RETR large"), large[2_999_990..]);
    assert_eq!(wire.fetch(Way::Epsv, "RETR /empty"), b"");
    wire.ask("TYPE A", 200);
    assert_eq!(wire.fetch(Way::Epsv, "RETR /README"), b"one\r\ntwo\r\n");
    wire.refused("STOR new", 550);
    wire.ask("DELE large", 550);
    wire.ask("QUIT", 221);
    server.stop(Duration::ZERO).unwrap();
}

#[test]
fn names_stay_in_the_archive() {
    let maker = Maker::new().file("/etc/passwd", b"absolute").file("./a//b/./c", b"normal");
    let maker = maker.file("../up", b"x").file("a/../../up", b"x").file("a/..", b"x").file("bad\nname", b"x");
    let tree = maker.file(".", b"not a directory").entry(EntryType::Directory, b"./", b"", b"").tree();
    assert_eq!(names(&tree, "/"), ["a", "etc"]);
    assert_eq!(content(&tree, "/etc/passwd").unwrap(), "absolute");
    assert_eq!(content(&tree, "/a/b/c").unwrap(), "normal");
    assert_eq!(names(&tree, "/a"), ["b"]);
    assert!(tree.stat(&path("/")).unwrap().is_directory());
}

#[test]
fn what_is_said_twice_counts_as_it_was_said_last() {
    let maker = Maker::new().file("a", b"old").file("a", b"new").file("b/c", b"x").file("b", b"no file any more");
    let tree = maker.file("d", b"file").file("d/e", b"beneath it").entry(EntryType::Directory, b"b", b"", b"").tree();
    assert_eq!(names(&tree, "/"), ["a", "b", "d"]);
    assert_eq!(content(&tree, "/a").unwrap(), "new");
    assert_eq!(names(&tree, "/b"), ["c"], "a directory keeps what is in it");
    assert_eq!(content(&tree, "/b"), Err(Failure::IsADirectory));
    assert_eq!(content(&tree, "/d/e").unwrap(), "beneath it");
    assert_eq!(tree.stat(&path("/b")).unwrap().mode, 0o640);
}

#[test]
fn links_lead_to_names_of_the_archive_or_nowhere() {
    let link = EntryType::Symlink;
    let maker = Maker::new().file("dir/f", b"here").link(link, "to-dir", "dir").link(link, "dir/up", "../dir/f");
    let maker = maker.link(link, "abs", "/dir/f").link(link, "out", "../../../etc/passwd").link(link, "loop", "loop");
    let maker = maker.link(link, "ping", "pong").link(link, "pong", "ping").link(EntryType::Link, "hard", "dir/f");
    let tree = maker.link(EntryType::Link, "no", "missing").link(EntryType::Link, "up", "../../etc/passwd").tree();
    for name in ["/to-dir/f", "/dir/up", "/to-dir/up", "/abs", "/hard"] {
        assert_eq!(content(&tree, name).unwrap(), "here", "{name}");
    }
    assert_eq!(names(&tree, "/to-dir"), ["f", "up"]);
    assert_eq!(content(&tree, "/out"), Err(Failure::NotFound));
    assert_eq!(tree.stat(&path("/out")).unwrap().kind, FileKind::Symlink);
    for endless in ["/loop", "/ping", "/loop/x"] {
        assert_eq!(content(&tree, endless), Err(Failure::PermissionDenied), "{endless}");
    }
    assert_eq!(names(&tree, "/"), ["abs", "dir", "hard", "loop", "out", "ping", "pong", "to-dir"]);
}

#[test]
fn devices_are_left_out_and_nothing_is_written() {
    let maker = Maker::new().entry(EntryType::Char, b"null", b"", b"").entry(EntryType::Fifo, b"pipe", b"", b"");
    let tree = maker.file("f", b"x").tree();
    assert_eq!(names(&tree, "/"), ["f"]);
    assert_eq!(tree.remove(&path("/f")), Err(Failure::Unsupported));
}

#[test]
fn a_name_may_be_as_deep_as_a_path() {
    let mut maker = Maker::new();
    let name = vec!["d"; 2000].join("/");
    let mut header = Header::new_gnu();
    header.set_size(1);
    maker.0.append_data(&mut header, &name, &b"x"[..]).unwrap();
    let long = "x".repeat(5000);
    maker.0.append_data(&mut header, &long, &b"x"[..]).unwrap();
    let tree = maker.tree();
    assert_eq!(content(&tree, &format!("/{name}")).unwrap(), "x");
    assert_eq!(names(&tree, "/"), ["d"]);
}

#[test]
fn a_broken_archive_is_refused() {
    let mut file = Maker::new().file("f", &[7; 2000]).archive();
    file.set_len(1024).unwrap();
    assert!(TarTree::index(file.try_clone().unwrap()).is_err(), "cut short");
    file.set_len(0).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.write_all(&[b'x'; 10_000]).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    assert!(TarTree::index(file).is_err(), "no archive at all");

    let shrinking = Maker::new().file("f", &[7; 2000]).archive();
    let tree = TarTree::index(shrinking.try_clone().unwrap()).unwrap();
    shrinking.set_len(1024).unwrap();
    assert_eq!(content(&tree, "/f"), Err(Failure::Io), "never a short file");
}
