//! Clients that mean harm, or that break: whatever they do, the server answers clearly, holds little, leaves nothing
//! open, and the file that was there before is unharmed.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_proto::notice::SessionSummary;
use ftp_proto::server::CloseReason;
use ftp_proto::{Failure, Notice};
use ftp_tests::{Files, Harness, Operation, Setup, Way, Wire, connect_from, eventually, pattern, reset};

const SHORT: Duration = Duration::from_millis(200);
const LARGE: usize = 32 << 20;

/// Both ways to move files, with the timers of a test that waits for them.
fn servers() -> impl Iterator<Item = Harness> {
    [Offload::Kernel, Offload::Buffered].into_iter().map(|offload| {
        let server = Setup::new()
            .offload(offload)
            .config(|config| {
                config.timeouts.data = SHORT;
                config.timeouts.stall = SHORT;
            })
            .start();
        fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
        server.put("old", b"the old one");
        server
    })
}

/// The server still serves, and nothing of the others is left.
#[track_caller]
fn expect_healthy(server: &Harness) {
    server.wait_until_deserted();
    assert_eq!(server.content("old").unwrap(), b"the old one");
    let mut wire = server.login();
    assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
    wire.ask("QUIT", 221);
    wire.expect_closed();
}

fn ended_by(reason: CloseReason) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Ended(SessionSummary { reason: why, .. }) if *why == reason)
}

/// Kilobytes of memory that this process has in use.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

// Lines and paths.

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

// Data connections.

#[test]
fn a_bounce_to_a_third_host_or_a_service() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in [
        "PORT 192,0,2,1,200,1",
        "PORT 127,0,0,1,0,22",
        "PORT 0,0,0,0,200,1",
        "PORT 255,255,255,255,200,1",
        "EPRT |1|192.0.2.1|51201|",
        "EPRT |1|127.0.0.1|22|",
        "EPRT |1|127.0.0.1|0|",
        "LPRT 4,4,192,0,2,1,2,200,1",
    ] {
        wire.ask_any(command, &[500, 501, 504]);
        wire.ask_any("LIST", &[425, 503]);
    }
    wire.ask("NOOP", 200);
}

#[test]
fn strangers_without_end_at_the_passive_port() {
    let server = Setup::new().config(|config| config.limits.strangers = 3).start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    let address = wire.passive(Way::Epsv);
    let stranger = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    for _ in 0..=3 {
        let mut turned_away = connect_from(stranger, address);
        assert_eq!(turned_away.read(&mut [0; 10]).unwrap_or(0), 0);
    }
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    wire.ask_any("RETR old", &[425, 503]);
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn a_client_that_never_connects() {
    for server in servers() {
        let mut wire = server.login();
        for command in ["RETR old", "STOR old", "LIST", "APPE old"] {
            wire.passive(Way::Epsv);
            wire.ask(command, 150);
            wire.expect(425);
        }
        // In active mode, from a port where nobody answers.
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = nobody.local_addr().unwrap().port();
        drop(nobody);
        wire.ask(&format!("EPRT |1|127.0.0.1|{port}|"), 200);
        wire.ask("STOR old", 150);
        wire.expect(425);
        drop(wire);
        expect_healthy(&server);
    }
}

#[test]
fn a_client_that_never_reads() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.expect(426);
        drop(opened);
        drop(wire);
        expect_healthy(&server);
    }
}

#[test]
fn a_client_that_never_closes() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        let mut data = opened.connection();
        data.write_all(b"half").unwrap();
        wire.expect(426);
        wire.ask("QUIT", 221);
        wire.expect_closed();
        // It keeps its side of both open; the server does not wait for that.
        server.wait_until_deserted();
        expect_healthy(&server);
        drop((wire, data));
    }
}

#[test]
fn a_client_that_says_nothing() {
    let server = Setup::new().config(|config| (config.timeouts.login, config.timeouts.idle) = (SHORT, SHORT)).start();
    let mut silent = server.wire();
    silent.expect(421);
    silent.expect_closed();
    let mut idle = server.login();
    idle.expect(421);
    idle.expect_closed();
    let mut slow = server.wire();
    // A byte now and then is no login.
    slow.send("US");
    slow.expect(421);
    slow.expect_closed();
}

// Floods.

#[test]
fn ten_thousand_commands_in_one_go() {
    let server = Setup::new().start();
    let mut wire = server.login();
    let mut input = wire.stream().try_clone().unwrap();
    let writer = std::thread::spawn(move || input.write_all("HELP\r\n".repeat(10_000).as_bytes()).unwrap());
    for _ in 0..10_000 {
        wire.expect(214);
    }
    writer.join().unwrap();
    wire.ask("NOOP", 200);
}

#[test]
fn commands_without_end_and_no_reply_is_read() {
    let server = Setup::new()
        .config(|config| (config.timeouts.idle, config.timeouts.linger) = (Duration::from_millis(500), SHORT))
        .start();
    let wire = server.login();
    let before = memory();
    let mut input = wire.stream().try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        let lines = "HELP\r\n".repeat(1000);
        // Until the server has enough of it.
        while input.write_all(lines.as_bytes()).is_ok() {}
    });
    server.wait_for_notice(|notice| matches!(notice, Notice::Ended(_)));
    assert!(memory() < before + 16 * 1024, "{before} kB, then {} kB", memory());
    server.wait_until_deserted();
    drop(wire);
    writer.join().unwrap();
}

#[test]
fn logins_without_end() {
    let server = Setup::new().sessions(1000, 50).config(|config| config.limits.login_attempts = 3).start();
    server.put("old", b"the old one");
    let mut wires: Vec<_> = (0..50).map(|_| server.wire()).collect();
    for _ in 0..20 {
        let mut one_more = Wire::connect(server.address());
        one_more.expect(421);
        one_more.expect_closed();
    }
    // Another address has room.
    let mut other = Wire::greeted(server.address_of(ftp_tests::FAMILIES[1]));
    other.log_in("alice", "secret");
    for wire in &mut wires {
        for _ in 0..3 {
            wire.ask("USER alice", 331);
            wire.ask("PASS guess", 530);
        }
        wire.expect(421);
        wire.expect_closed();
    }
    drop((wires, other));
    expect_healthy(&server);
}

#[test]
fn connections_that_come_and_go() {
    let server = Setup::new().start();
    server.put("old", b"the old one");
    for at in 0..300 {
        let stream = TcpStream::connect(server.address()).unwrap();
        if at % 2 == 0 { reset(stream) } else { stream.shutdown(Shutdown::Write).unwrap() }
    }
    expect_healthy(&server);
}

// Commands out of their order.

#[test]
fn commands_out_of_sequence() {
    let server = Setup::new().start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    wire.ask("RNTO new", 503);
    wire.ask("REST 4", 350);
    wire.ask("RNTO new", 503);
    assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
    wire.ask("REST 4", 350);
    wire.refused("STOU", 554);
    wire.ask("EPSV ALL", 200);
    wire.ask("EPSV ALL", 200);
    wire.ask("PASV", 503);
    wire.ask("RNFR old", 350);
    wire.ask("USER alice", 331);
    wire.ask("RNTO new", 530);
    wire.ask("PASS secret", 230);
    wire.ask("RNTO new", 503);
    wire.ask("REIN", 220);
    wire.ask("QUIT", 221);
    wire.expect_closed();
    expect_healthy(&server);
}

#[test]
fn user_in_the_middle_of_a_transfer_waits() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.send("RETR old\r\nUSER bob\r\nPASS secret\r\nDELE old\r\n");
        wire.expect(150);
        let mut content = Vec::new();
        opened.connection().read_to_end(&mut content).unwrap();
        for code in [226, 331, 230, 550] {
            wire.expect(code);
        }
        assert_eq!(content, b"the old one");
        drop(wire);
        expect_healthy(&server);
    }
}

// Resets at every step.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Control,
    Data,
    Both,
}

/// Plays a transfer up to a step and breaks it there.
fn break_at(server: &Harness, way: Way, command: &str, step: usize, broken: Broken) {
    let mut wire = server.wire();
    let mut data = None;
    let mut opened = None;
    for at in 0..step {
        match at {
            0 => drop(wire.ask("USER alice", 331)),
            1 => drop(wire.ask("PASS secret", 230)),
            2 => drop(wire.ask("TYPE I", 200)),
            3 => opened = Some(wire.open(way)),
            4 => wire.say(command),
            5 => drop(wire.expect(150)),
            6 => data = opened.take().map(ftp_tests::Opened::connection),
            7 => match &mut data {
                Some(data) if command.starts_with("RETR") => data.read_exact(&mut [0; 1000]).unwrap(),
                Some(data) => data.write_all(b"half of it").unwrap(),
                None => {}
            },
            _ => {}
        }
    }
    if data.is_none()
        && let Some(ftp_tests::Opened::Connected(stream)) = opened.take()
    {
        data = Some(stream);
    }
    match broken {
        Broken::Control => {
            wire.reset();
            server.wait_until_deserted();
        }
        Broken::Data => {
            let was_open = data.is_some();
            data.into_iter().for_each(reset);
            drop(opened);
            if step >= 5 {
                // Whatever was said of the transfer, the session is in step.
                wire.say("NOOP");
                while wire.reply().code != 200 {}
                assert!(was_open || step < 7);
            }
        }
        Broken::Both => {
            data.into_iter().for_each(reset);
            wire.reset();
        }
    }
}

#[test]
fn resets_at_every_step() {
    for server in servers() {
        for way in [Way::Epsv, Way::Eprt] {
            for command in ["RETR large", "STOR old", "APPE other", "LIST"] {
                for step in 0..=8 {
                    if command == "LIST" && step == 8 {
                        continue;
                    }
                    for broken in [Broken::Control, Broken::Data, Broken::Both] {
                        // An upload whose end is orderly is whole: only resets are tried here.
                        break_at(&server, way, command, step, broken);
                    }
                }
                expect_healthy(&server);
            }
        }
    }
}

#[test]
fn a_half_closed_control_connection() {
    for server in servers() {
        let mut wire = server.login();
        wire.send("PWD\r\nNOOP\r\n");
        wire.finish_speaking();
        wire.expect(257);
        wire.expect(200);
        wire.expect_closed();
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        wire.finish_speaking();
        wire.expect(426);
        wire.expect_closed();
        drop(opened);
        expect_healthy(&server);
    }
}

// The storage fails.

#[test]
fn the_disk_is_full_in_the_middle_of_an_upload() {
    for (failure, code) in
        [(Failure::NoSpace, 552), (Failure::OverQuota, 552), (Failure::PermissionDenied, 451), (Failure::Io, 451)]
    {
        let (server, meddler) = Setup::new().start_meddled();
        server.put("old", b"the old one");
        meddler.room(300_000, failure);
        let mut wire = server.login();
        for command in ["STOR old", "STOR new"] {
            let opened = wire.open(Way::Epsv);
            wire.ask(command, 150);
            // The server may have hung up before all is sent.
            let _ = opened.connection().write_all(&pattern(2_000_000));
            wire.expect(code);
            meddler.room(300_000, failure);
        }
        wire.ask("NOOP", 200);
        meddler.behave();
        drop(wire);
        assert_eq!(server.content("new"), None);
        expect_healthy(&server);
        eventually("everything is closed", || meddler.ledger().open() == 0);
    }
}

#[test]
fn the_memory_is_full() {
    let server = Setup::new().files(Files::Memory(1 << 20)).start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    for _ in 0..3 {
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        let _ = opened.connection().write_all(&pattern(3 << 20));
        wire.expect(552);
    }
    wire.ask("ALLO 2000000", 452);
    // What was given back can be used.
    wire.store(Way::Epsv, "STOR fits", &pattern(900_000));
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn the_disk_fails_in_the_middle_of_a_download() {
    let (server, meddler) = Setup::new().start_meddled();
    server.put("f", &pattern(2_000_000));
    server.put("old", b"the old one");
    meddler.fail(Operation::Read, Failure::Io);
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR f", 150);
    let mut data = opened.connection();
    let ended = data.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    assert!(matches!(ended, Ok(0) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
    wire.expect(451);
    meddler.behave();
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn the_disk_fails_under_the_hands_of_the_kernel() {
    for offload in [Offload::Kernel, Offload::Buffered] {
        let (server, meddler) = Setup::new().offload(offload).start_meddled();
        server.put("old", b"the old one");
        meddler.break_offloads();
        let mut wire = server.login();
        for (command, code) in [("STOR old", 552), ("STOR new", 552), ("APPE new", 552), ("RETR old", 451)] {
            let opened = wire.open(Way::Epsv);
            wire.ask(command, 150);
            let mut data = opened.connection();
            if command == "RETR old" {
                let _ = data.read_to_end(&mut Vec::new());
            } else {
                let _ = data.write_all(&pattern(2_000_000));
            }
            wire.expect(code);
        }
        wire.ask("NOOP", 200);
        meddler.behave();
        drop(wire);
        assert_eq!(server.content("new"), None);
        expect_healthy(&server);
    }
}
