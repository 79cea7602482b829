//! LIST, NLST, MLSD.

use crate::{servers, ways};
use ftp_tests::{Harness, Setup};

/// What the tests list.
fn fill(server: &Harness) {
    server.make_dir("dir");
    server.put("dir/one.txt", b"1");
    server.put("dir/two.txt", b"22");
    server.make_dir("dir/deeper");
    server.put("dir/deeper/three.txt", b"333");
    server.put("sp ace.txt", b"4444");
    server.put("-dash.txt", b"55555");
    server.make_dir("empty");
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[test]
fn list_looks_like_ls() {
    for server in servers() {
        fill(&server);
        let mut wire = server.login();
        let lines = wire.list("LIST dir");
        assert_eq!(lines.len(), 3, "{lines:?}");
        let one = lines.iter().find(|line| line.ends_with(" one.txt")).unwrap();
        let words: Vec<&str> = one.split_whitespace().collect();
        assert_eq!(words.len(), 9, "{one}");
        assert!(words[0].starts_with("-rw") && words[0].len() == 10, "{one}");
        assert_eq!(words[4], "1", "{one}");
        assert!(words[7].contains(':'), "a fresh file shows its time: {one}");
        assert!(lines.iter().any(|line| line.starts_with('d') && line.ends_with(" deeper")));
    }
}

#[test]
fn list_takes_options_names_and_globs() {
    for server in servers() {
        fill(&server);
        let mut wire = server.login();
        let count = |wire: &mut ftp_tests::Wire, command: &str| wire.list(command).len();
        assert_eq!(count(&mut wire, "LIST"), 4);
        for command in
            ["LIST -a dir", "LIST -al dir", "LIST -la dir", "LIST -l dir", "LIST dir/", "LIST /dir", "LIST -z dir"]
        {
            assert!((3..=5).contains(&count(&mut wire, command)), "{command}");
        }
        assert_eq!(count(&mut wire, "LIST dir/*.txt"), 2);
        assert_eq!(count(&mut wire, "LIST *.txt"), 2);
        assert_eq!(count(&mut wire, "LIST dir/t?o.txt"), 1);
        assert_eq!(count(&mut wire, "LIST dir/[ot]*.txt"), 2);
        assert_eq!(count(&mut wire, "LIST sp ace.txt"), 1);
        assert_eq!(count(&mut wire, "LIST -dash.txt"), 1);
        assert_eq!(count(&mut wire, "LIST dir/one.txt"), 1);
        assert_eq!(count(&mut wire, "LIST "), 4);
        assert_eq!(count(&mut wire, "LIST empty"), 0);
        let by_size = wire.list("LIST -S dir/*.txt");
        assert!(by_size[0].ends_with("two.txt"), "{by_size:?}");
        let reversed = wire.list("LIST -rS dir/*.txt");
        assert!(reversed[0].ends_with("one.txt"), "{reversed:?}");
        let all = wire.list("LIST -R dir");
        assert!(all.iter().any(|line| line.ends_with("three.txt")), "{all:?}");
        wire.refused("LIST missing", 550);
    }
}

#[test]
fn nlst_names_can_be_fetched() {
    for server in servers() {
        fill(&server);
        let mut wire = server.login();
        assert_eq!(sorted(wire.list("NLST dir")), ["dir/deeper", "dir/one.txt", "dir/two.txt"]);
        assert_eq!(sorted(wire.list("NLST")), ["-dash.txt", "dir", "empty", "sp ace.txt"]);
        assert_eq!(sorted(wire.list("NLST dir/*.txt")), ["dir/one.txt", "dir/two.txt"]);
        assert_eq!(wire.list("NLST dir/one.txt"), ["dir/one.txt"]);
        assert_eq!(wire.list("NLST /dir/one.txt"), ["/dir/one.txt"]);
        assert_eq!(wire.list("NLST *.none"), [""; 0]);
        for name in wire.list("NLST dir/*.txt") {
            wire.fetch(ftp_tests::Way::Epsv, &format!("RETR {name}"));
        }
        wire.refused("NLST missing", 550);
    }
}

#[test]
fn mlsd_tells_facts() {
    for server in servers() {
        fill(&server);
        let mut wire = server.login();
        let lines = wire.list("MLSD dir");
        let one = lines.iter().find(|line| line.ends_with("; one.txt")).unwrap();
        assert!(one.contains("type=file;") && one.contains("size=1;") && one.contains("modify="), "{one}");
        assert!(lines.iter().any(|line| line.contains("type=dir;") && line.ends_with("; deeper")), "{lines:?}");
        assert!(wire.list("MLSD").iter().any(|line| line.ends_with("; sp ace.txt")));
        wire.refused("MLSD dir/one.txt", 501);
        wire.refused("MLSD missing", 550);
    }
}

#[test]
fn listings_are_text_in_any_type() {
    let server = Setup::new().start();
    fill(&server);
    let mut wire = server.login();
    let image = wire.list("NLST dir");
    wire.ask("TYPE A", 200);
    assert_eq!(wire.list("NLST dir"), image);
}

#[test]
fn listings_come_by_every_way() {
    let server = Setup::new().start();
    fill(&server);
    for (family, way) in ways() {
        let mut wire = server.login_at(family);
        let names = String::from_utf8(wire.fetch(way, "NLST empty/..")).unwrap();
        assert_eq!(names.lines().count(), 4, "{names}");
    }
}

#[test]
fn a_large_directory_is_listed_whole() {
    for server in servers() {
        for at in 0..1_000 {
            server.put(&format!("file-{at:04}"), b"");
        }
        let mut wire = server.login();
        assert_eq!(wire.list("NLST").len(), 1_000);
        assert_eq!(wire.list("MLSD").iter().filter(|line| line.contains("type=file;")).count(), 1_000);
        assert_eq!(wire.list("LIST -t").len(), 1_000);
    }
}
