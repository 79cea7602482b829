//! Paths, listings and the texts of replies.

use super::*;

#[test]
fn a_path_cut_at_nul_or_split_at_lf() {
    let server = Setup::new().start();
    server.put("a.php", b"x");
    let mut wire = server.login();
    for line in [&b"STOR a.php\0.txt\r\n"[..], b"MKD a\0b\r\n", b"DELE a.php\0\r\n", b"MKD a\rb\r\n"] {
        wire.send(line);
        wire.expect_any(&[501, 553]);
    }
    // A bare LF ends a line: what follows it is a command of its own.
    wire.send("NOOP\nNOOP\r\n");
    wire.expect(200);
    wire.expect(200);
    assert_eq!(server.content("a.php").unwrap(), b"x");
    assert_eq!(fs::read_dir(server.root()).unwrap().count(), 1);
}

#[test]
fn names_of_eight_bits_come_back_as_they_went() {
    use std::os::unix::ffi::OsStrExt;
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.send(b"MKD caf\xE9\r\n");
    let made = wire.expect(257);
    assert!(made.lines[0].starts_with(b"\"/caf\xE9\""));
    wire.ask("MKD größe", 257);
    assert!(server.root().join(std::ffi::OsStr::from_bytes(b"caf\xE9")).is_dir());
    let names = wire.fetch(Way::Epsv, "NLST");
    assert!(names.windows(4).any(|window| window == b"caf\xE9"));
    // 0xFF is doubled on its way (RFC 854).
    wire.send(b"MKD y\xFF\xFFy\r\n");
    assert!(wire.expect(257).lines[0].starts_with(b"\"/y\xFF\xFFy\""));
    assert!(server.root().join(std::ffi::OsStr::from_bytes(b"y\xFFy")).is_dir());
}

#[test]
fn real_paths_in_error_texts() {
    let server = Setup::new().start();
    server.put("file", b"x");
    let root = server.root().to_str().unwrap().to_owned();
    let mut wire = server.login();
    for command in [
        "CWD missing",
        "RMD missing",
        "DELE missing",
        "MKD file/x",
        "SIZE missing",
        "MDTM missing",
        "RNFR missing",
        "CWD file",
    ] {
        let reply = wire.ask(command, 550).show();
        assert!(!reply.contains(&root) && !reply.contains("os error"), "{reply}");
    }
}

#[test]
fn quotes_in_257_that_are_not_doubled() {
    let server = Setup::new().start();
    let mut wire = server.login();
    assert!(wire.ask("MKD a\"b", 257).text().starts_with("\"/a\"\"b\""));
    wire.ask("CWD a\"b", 250);
    assert!(wire.ask("PWD", 257).text().starts_with("\"/a\"\"b\" "));
}

#[test]
fn list_arguments_that_break_servers() {
    let server = Setup::new().start();
    server.make_dir("dir");
    server.put("dir/in.txt", b"1");
    server.put("-dash.txt", b"2");
    server.put("sp ace.txt", b"3");
    let mut wire = server.login();
    for (command, names) in [
        ("LIST -la dir", &["in.txt"][..]),
        ("LIST -dash.txt", &["-dash.txt"]),
        ("LIST sp ace.txt", &["sp ace.txt"]),
        ("LIST *.txt", &["-dash.txt", "sp ace.txt"]),
        ("LIST ", &["-dash.txt", "dir", "sp ace.txt"]),
        ("LIST -a -l dir", &["in.txt"]),
        ("LIST -l", &["-dash.txt", "dir", "sp ace.txt"]),
    ] {
        let lines = wire.list(command);
        for name in names {
            assert!(lines.iter().any(|line| line.ends_with(name)), "{command}: {lines:?}");
        }
        let shown = lines.iter().filter(|line| !line.ends_with(" .") && !line.ends_with(" ..")).count();
        assert_eq!(shown, names.len(), "{command}: {lines:?}");
    }
}

#[test]
fn a_listing_of_what_is_not_there() {
    let server = Setup::new().start();
    server.put("file", b"x");
    let mut wire = server.login();
    for command in ["LIST missing", "NLST missing", "MLSD missing"] {
        let _opened = wire.open(Way::Epsv);
        wire.ask_any(command, &[450, 550]);
    }
    wire.ask_any("STAT missing", &[450, 550]);
    wire.refused("MLSD file", 501);
}

#[test]
fn nlst_names_that_retr_does_not_know() {
    let server = Setup::new().start();
    server.make_dir("dir");
    server.put("dir/a", b"content");
    let mut wire = server.login();
    assert_eq!(wire.list("NLST dir"), ["dir/a"]);
    assert_eq!(wire.fetch(Way::Epsv, "RETR dir/a"), b"content");
}

#[test]
fn the_date_of_a_file_from_the_future() {
    let server = Setup::new().start();
    server.put("a", b"x");
    let mut wire = server.login();
    wire.ask("MFMT 20990101000000 a", 213);
    let lines = wire.list("LIST a");
    assert!(lines[0].contains(" Jan  1  2099 "), "{lines:?}");
}

#[test]
fn size_in_type_a() {
    let server = Setup::new().start();
    server.put("a", b"one\ntwo\n");
    let mut wire = server.login();
    wire.ask("TYPE A", 200);
    wire.ask("SIZE a", 550);
}

#[test]
fn a_name_with_a_line_feed_breaks_the_listing() {
    let server = Setup::new().start();
    fs::write(server.root().join("a\r\n226 forged"), b"x").unwrap();
    fs::write(server.root().join("b"), b"x").unwrap();
    let mut wire = server.login();
    assert_eq!(wire.list("LIST").len(), 2);
    assert!(wire.list("NLST").len() <= 2);
    assert!(wire.list("MLSD").len() <= 2);
    assert_eq!(wire.ask("STAT /", 213).body().len(), 2);
    wire.ask("NOOP", 200);
}
