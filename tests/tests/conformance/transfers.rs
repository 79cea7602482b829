//! RETR, STOR, APPE, STOU, ABOR, and what stands around them.

use std::io::{Read, Write};

use crate::{servers, ways};
use ftp_tests::{Setup, Way, pattern};

#[test]
fn files_of_every_size_come_and_go_whole() {
    for server in servers() {
        let mut wire = server.login();
        for size in [0, 1, 65_535, 65_536, 65_537, 3_000_000] {
            let content = pattern(size);
            wire.store(Way::Epsv, "STOR f", &content);
            assert!(server.content("f").unwrap() == content, "{size}");
            assert!(wire.fetch(Way::Port, "RETR f") == content, "{size}");
            assert_eq!(wire.ask("SIZE f", 213).text(), size.to_string());
        }
    }
}

#[test]
fn a_file_that_is_larger_than_one_range() {
    let server = Setup::new().config(|config| config.limits.range = 100_000).start();
    let content = pattern(1_000_000);
    let mut wire = server.login();
    wire.store(Way::Epsv, "STOR f", &content);
    assert!(wire.fetch(Way::Epsv, "RETR f") == content);
    wire.ask("REST 250000", 350);
    assert!(wire.fetch(Way::Epsv, "RETR f") == content[250_000..]);
}

#[test]
fn the_150_tells_the_size() {
    let server = Setup::new().start();
    server.put("a", b"twelve bytes");
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    assert!(wire.ask("RETR a", 150).text().contains("(12 bytes)"));
    drop(opened);
    wire.expect_any(&[226, 426]);
}

#[test]
fn appending() {
    for server in servers() {
        let mut wire = server.login();
        wire.store(Way::Epsv, "APPE f", b"one ");
        wire.store(Way::Epsv, "APPE f", b"two ");
        wire.store(Way::Epsv, "APPE f", b"");
        assert_eq!(server.content("f").unwrap(), b"one two ");
    }
}

#[test]
fn overwriting_from_an_offset_keeps_the_rest() {
    for server in servers() {
        server.put("f", b"0123456789");
        let mut wire = server.login();
        wire.ask("REST 3", 350);
        wire.store(Way::Epsv, "STOR f", b"xyz");
        assert_eq!(server.content("f").unwrap(), b"012xyz6789");
        wire.ask("REST 11", 350);
        wire.refused("STOR f", 554);
        wire.ask("REST 1", 350);
        wire.refused("STOR missing", 550);
    }
}

#[test]
fn store_unique_names_the_file() {
    for server in servers() {
        server.make_dir("d");
        let mut wire = server.login();
        wire.ask("CWD d", 250);
        for command in ["STOU", "STOU name"] {
            let opened = wire.open(Way::Epsv);
            let announced = wire.ask(command, 150).text();
            let name = announced.strip_prefix("FILE: ").unwrap().to_owned();
            opened.connection().write_all(b"unique").unwrap();
            assert!(wire.expect(226).text().contains(&name));
            assert_eq!(server.content(&format!("d/{name}")).unwrap(), b"unique");
            assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {name}")), b"unique");
        }
    }
}

#[test]
fn refused_before_the_150() {
    for server in servers() {
        server.make_dir("d");
        server.put("file", b"x");
        let mut wire = server.login();
        for command in ["RETR missing", "RETR d", "STOR d", "STOR missing/a", "APPE d", "RETR file/under"] {
            wire.open(Way::Epsv);
            wire.ask_any(command, &[550, 553]);
        }
        wire.ask("RETR", 501);
        wire.ask("STOR ", 501);
        drop(wire);
        let mut wire = server.login();
        for command in ["RETR file", "STOR new", "LIST", "NLST", "MLSD", "APPE new", "STOU"] {
            wire.ask_any(command, &[425, 503]);
        }
        assert_eq!(server.content("new"), None);
    }
}

#[test]
fn a_setup_serves_one_transfer() {
    for server in servers() {
        server.put("a", b"x");
        let mut wire = server.login();
        assert_eq!(wire.fetch(Way::Pasv, "RETR a"), b"x");
        wire.ask_any("RETR a", &[425, 503]);
    }
}

#[test]
fn the_client_may_connect_before_or_behind_its_command() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let mut wire = server.login();
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    let address = wire.passive(Way::Epsv);
    wire.ask("RETR a", 150);
    let mut data = std::net::TcpStream::connect(address).unwrap();
    let mut content = String::new();
    data.read_to_string(&mut content).unwrap();
    wire.expect(226);
    assert_eq!(content, "content");
}

#[test]
fn abor_in_all_four_situations() {
    for server in servers() {
        server.put("large", &pattern(8 << 20));
        let mut wire = server.login();
        // Idle.
        wire.ask_any("ABOR", &[225, 226]);
        // Listening.
        let address = wire.passive(Way::Epsv);
        wire.ask_any("ABOR", &[225, 226]);
        assert!(std::net::TcpStream::connect(address).is_err(), "the listener is closed");
        // Connected.
        let opened = wire.open(Way::Epsv);
        wire.ask_any("ABOR", &[225, 226]);
        wire.ask_any("RETR large", &[425, 503]);
        drop(opened);
        // Waiting behind the 150.
        wire.passive(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.say("ABOR");
        wire.expect_any(&[425, 426]);
        wire.expect(226);
        // Transferring.
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.say("ABOR");
        wire.expect(426);
        wire.expect(226);
        drop(opened);
        wire.ask("NOOP", 200);
    }
}

#[test]
fn an_aborted_upload_leaves_what_was_there() {
    for server in servers() {
        server.put("f", b"the old one");
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR f", 150);
        let mut data = opened.connection();
        data.write_all(b"half of the ne").unwrap();
        wire.say("ABOR");
        wire.expect(426);
        wire.expect(226);
        assert_eq!(server.content("f").unwrap(), b"the old one");
    }
}

#[test]
fn aborts_with_every_way_to_a_connection() {
    let server = Setup::new().start();
    server.put("large", &pattern(8 << 20));
    for (family, way) in ways() {
        let mut wire = server.login_at(family);
        let opened = wire.open(way);
        wire.ask("RETR large", 150);
        let data = opened.connection();
        wire.say("ABOR");
        wire.expect(426);
        wire.expect(226);
        drop(data);
        assert_eq!(wire.fetch(way, "RETR large").len(), 8 << 20);
    }
}

#[test]
fn a_resumed_download_and_a_resumed_upload_make_whole_files() {
    for server in servers() {
        let content = pattern(500_000);
        server.put("f", &content);
        let mut wire = server.login();
        wire.ask("REST 123456", 350);
        assert!(wire.fetch(Way::Epsv, "RETR f") == content[123_456..]);
        wire.store(Way::Epsv, "STOR g", &content[..200_000]);
        wire.ask("REST 200000", 350);
        wire.store(Way::Epsv, "STOR g", &content[200_000..]);
        assert!(server.content("g").unwrap() == content);
    }
}
