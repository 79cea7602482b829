//! Lines without end and paths that lead elsewhere.

use super::*;

#[test]
fn lines_without_end() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for _ in 0..5 {
        wire.send([&vec![b'A'; 1 << 20][..], b"\r\n"].concat());
        wire.expect(500);
    }
    wire.ask("NOOP", 200);
}

#[test]
fn nothing_but_nonsense() {
    let server = Setup::new().config(|config| config.limits.violations = 5).start();
    let mut wire = server.wire();
    for _ in 0..5 {
        wire.ask("NONSENSE", 500);
    }
    wire.ask("NONSENSE", 421);
    wire.expect_closed();
    server.wait_for_notice(ended_by(CloseReason::TooManyViolations));
}

#[test]
fn every_byte_in_a_path() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for byte in (0..=255).filter(|byte| !b"\n\r/\xFF".contains(byte)) {
        wire.send([b"MKD x", &[byte][..], b"x\r\n"].concat());
        // Strict by itself: no control byte comes back.
        let reply = wire.expect_any(&[257, 501, 553]);
        assert_eq!(reply.code != 257, byte == 0, "{byte}");
    }
    wire.list("LIST");
    wire.list("NLST");
    wire.list("MLSD");
    wire.ask("STAT /", 213);
}

#[test]
fn paths_that_climb() {
    let server = Setup::new().start();
    server.put("passwd", b"ours");
    server.make_dir("a");
    let mut wire = server.login();
    wire.ask("CWD a", 250);
    for path in
        ["/passwd", "../../../../passwd", "/../passwd", "/a/../../passwd", "//passwd", "/./passwd", "../a/../passwd"]
    {
        assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {path}")), b"ours", "{path}");
    }
    for path in ["/etc/passwd", "../../../../../../../../etc/passwd", "/../../../etc/passwd"] {
        wire.refused(&format!("RETR {path}"), 550);
    }
    wire.ask(&format!("CWD {}", "../".repeat(1000)), 250);
    assert!(wire.ask("PWD", 257).text().starts_with("\"/\""));
    let deep = format!("MKD {}", "a/".repeat(1900));
    wire.ask_any(&deep, &[550, 553]);
    wire.ask_any(&format!("MKD {}", "a".repeat(300)), &[550, 553]);
}

#[test]
fn a_link_out_of_the_root() {
    for server in servers() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), b"secret").unwrap();
        symlink(outside.path(), server.root().join("out")).unwrap();
        symlink(outside.path().join("secret"), server.root().join("file")).unwrap();
        symlink("/etc", server.root().join("etc")).unwrap();
        symlink("../../../../../../etc/passwd", server.root().join("up")).unwrap();
        let mut wire = server.login();
        for path in ["out/secret", "file", "etc/passwd", "up"] {
            for verb in ["RETR", "STOR", "APPE"] {
                wire.open(Way::Epsv);
                wire.ask_any(&format!("{verb} {path}"), &[550, 553]);
            }
        }
        for command in
            ["CWD out", "MKD out/d", "DELE out/secret", "RMD out", "SITE CHMOD 777 file", "MFMT 20000101000000 file"]
        {
            wire.ask_any(command, &[550, 553]);
        }
        wire.ask("RNFR old", 350);
        wire.ask_any("RNTO out/old", &[550, 553]);
        wire.open(Way::Epsv);
        wire.ask_any("LIST out/", &[150, 450, 550]);
        assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        drop(wire);
        expect_healthy(&server);
    }
}

#[test]
fn a_link_swapped_in_during_an_upload() {
    let (server, meddler) = Setup::new().start_meddled();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("victim"), b"unharmed").unwrap();
    server.make_dir("dir");
    server.put("old", b"the old one");
    let mut wire = server.login();
    for name in ["dir/victim", "name"] {
        meddler.hold(Operation::Finish);
        let opened = wire.open(Way::Epsv);
        wire.ask(&format!("STOR {name}"), 150);
        opened.connection().write_all(b"from the client").unwrap();
        eventually("the commit has begun", || meddler.held() == 1);
        if name == "name" {
            symlink(outside.path().join("victim"), server.root().join("name")).unwrap();
        } else {
            fs::rename(server.root().join("dir"), server.root().join("moved")).unwrap();
            symlink(outside.path(), server.root().join("dir")).unwrap();
        }
        meddler.behave();
        wire.expect_any(&[226, 451, 550, 551, 553]);
        assert_eq!(fs::read(outside.path().join("victim")).unwrap(), b"unharmed");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn a_link_swapped_in_during_a_download() {
    let server = Setup::new().start();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("f"), vec![b'!'; LARGE]).unwrap();
    server.make_dir("dir");
    fs::File::create(server.root().join("dir/f")).unwrap().set_len(LARGE as u64).unwrap();
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR dir/f", 150);
    let mut data = opened.connection();
    data.read_exact(&mut [0; 1000]).unwrap();
    fs::rename(server.root().join("dir"), server.root().join("moved")).unwrap();
    symlink(outside.path(), server.root().join("dir")).unwrap();
    let mut rest = Vec::new();
    data.read_to_end(&mut rest).unwrap();
    wire.expect(226);
    assert_eq!(rest.len(), LARGE - 1000);
    assert!(!rest.contains(&b'!'));
}
