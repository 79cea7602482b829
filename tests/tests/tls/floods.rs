//! Too much of anything, before there is a session and inside it.

use super::*;

/// Kilobytes of memory that this process has in use.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn hundreds_of_handshakes_that_do_not_go_on() {
    const MANY: usize = 300;
    let server = Setup::new().tls().sessions(1000, MANY).start();
    server.put("a", b"content");
    let hello = hello(&TlsClient::new());
    let half_open: Vec<_> = (0..MANY)
        .map(|at| {
            // Each stands at another byte of its hello.
            let mut stream =
                if at % 2 == 0 { behind_auth(&server) } else { dial(server.implicit_address_of(FAMILIES[0])) };
            stream.write_all(&hello[..at % hello.len()]).unwrap();
            stream
        })
        .collect();
    ftp_tests::eventually("all of them are sessions", || server.sessions() == MANY);
    // The address has no more room; in the clear that is said, and where TLS comes first nothing can be.
    let mut one_more = Wire::connect(server.address());
    one_more.expect(421);
    one_more.expect_closed();
    assert_eq!(rest(&mut dial(server.implicit_address_of(FAMILIES[0]))), b"");
    // Another has.
    for security in every_security() {
        let mut other = server.wire_over(FAMILIES[1], &security);
        other.log_in("alice", "secret");
        other.ask("TYPE I", 200);
        assert_eq!(other.fetch(Way::Epsv, "RETR a"), b"content");
        other.ask("QUIT", 221);
        other.expect_closed();
    }
    drop(half_open);
    expect_healthy(&server);
}

#[test]
fn handshakes_that_come_and_go() {
    let server = Setup::new().tls().start();
    let hello = hello(&TlsClient::new());
    for at in 0..300 {
        let mut stream = if at % 2 == 0 { behind_auth(&server) } else { dial(server.implicit_address_of(FAMILIES[0])) };
        stream.write_all(&hello[..at * 7 % hello.len()]).unwrap();
        if at % 3 == 0 {
            ftp_tests::reset(stream);
        }
    }
    expect_healthy(&server);
}

#[test]
fn a_full_server() {
    let server = Setup::new().tls().sessions(2, 2).start();
    let held = [server.wire_over(FAMILIES[0], &any_version()), server.wire_over(FAMILIES[1], &any_version())];
    let mut explicit = Wire::connect(server.address());
    explicit.expect(421);
    explicit.expect_closed();
    let mut implicit = dial(server.implicit_address_of(FAMILIES[0]));
    let _ = implicit.write_all(&hello(&TlsClient::new()));
    assert_eq!(rest(&mut implicit), b"", "nothing can be said before the handshake");
    drop(held);
    expect_healthy(&server);
}

/// A hello of 16 MB, as its header says, in records as long as they may be.
#[test]
fn a_hello_that_never_ends() {
    let server = Setup::new().tls().start();
    server.put("a", b"content");
    let mut endless = record(HANDSHAKE, &[0; 0x4000]);
    endless[5..9].copy_from_slice(&[1, 0xFF, 0xFF, 0xFF]);
    // The same in records of a byte each.
    let crumbs: Vec<u8> =
        [1, 0xFF, 0xFF, 0xFF].into_iter().chain([0; 4000]).flat_map(|b| record(HANDSHAKE, &[b])).collect();
    let before = memory();
    let mut wire = server.login_over(&any_version());
    for flood in [endless, crumbs] {
        for mut stream in both_beginnings(&server) {
            let sent = (0..1000).take_while(|_| stream.write_all(&flood).is_ok()).count();
            assert!(sent < 1000, "all of it is taken");
            expect_only_records(&mut stream);
        }
        let mut stream = dial(wire.passive(Way::Epsv));
        wire.say("STOR a");
        let sent = (0..1000).take_while(|_| stream.write_all(&flood).is_ok()).count();
        assert!(sent < 1000, "all of it is taken");
        sessions::turned_down(&mut wire);
    }
    assert!(memory() < before + 64 * 1024, "{before} kB, then {} kB", memory());
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    drop(wire);
    expect_healthy(&server);
}

/// Warnings and notices before the handshake, without end.
#[test]
fn alerts_without_end_before_the_handshake() {
    let server = Setup::new().tls().start();
    // user_canceled and close_notify, as warnings; ChangeCipherSpec.
    for flood in [record(ALERT, &[1, 90]), record(ALERT, &[1, 0]), record(20, &[1])] {
        for mut stream in both_beginnings(&server) {
            let flood = flood.repeat(1000);
            let sent = (0..1000).take_while(|_| stream.write_all(&flood).is_ok()).count();
            assert!(sent < 1000, "all of it is taken");
            expect_only_records(&mut stream);
        }
    }
    expect_healthy(&server);
}

/// Inside a session, with its keys.
#[derive(Clone, Copy, Debug)]
enum Flood {
    /// Records with nothing in them.
    Empty,
    /// Warnings.
    Warnings,
    /// A ClientHello: renegotiation (RFC 5246 §7.4.1).
    Hellos,
}

/// So many records go in one write, and so many writes are tried: more than all sockets on the way can hold.
const AT_ONCE: usize = 500;
const WRITES: usize = 10_000;

fn flood(flood: Flood, version: TlsVersion, sealer: &mut records::Sealer) -> Vec<u8> {
    (0..AT_ONCE).flat_map(|_| one_of(flood, version, sealer)).collect()
}

fn one_of(flood: Flood, version: TlsVersion, sealer: &mut records::Sealer) -> Vec<u8> {
    match flood {
        Flood::Empty => sealer.seal(APPLICATION_DATA, b""),
        Flood::Warnings => sealer.seal(ALERT, &[1, 90]),
        Flood::Hellos => sealer.seal(HANDSHAKE, &hello(&TlsClient::new().version(version))[5..]),
    }
}

#[test]
fn records_that_say_nothing_without_end() {
    let server = Setup::new().tls().start();
    server.put("a", b"before");
    let before = memory();
    for (kind, version) in [
        (Flood::Empty, TlsVersion::V1_2),
        (Flood::Empty, TlsVersion::V1_3),
        (Flood::Warnings, TlsVersion::V1_2),
        (Flood::Warnings, TlsVersion::V1_3),
        (Flood::Hellos, TlsVersion::V1_2),
        (Flood::Hellos, TlsVersion::V1_3),
    ] {
        let tls = TlsClient::new().version(version);
        let mut stream = dial(server.implicit_address_of(FAMILIES[0]));
        let mut sealer = records::Sealer::over(tls.sessions().control(), &mut stream);
        // It is the session's own keys: a command is done.
        stream.write_all(&sealer.seal(APPLICATION_DATA, b"NOOP\r\n")).unwrap();
        let mut reader = stream.try_clone().unwrap();
        let gone = std::thread::spawn(move || rest(&mut reader));
        let sent = (0..WRITES).take_while(|_| stream.write_all(&flood(kind, version, &mut sealer)).is_ok()).count();
        assert!(sent < WRITES, "{kind:?} {version:?}: all of it is taken");
        gone.join().unwrap();
        server.wait_for_notice(|notice| matches!(notice, Notice::Ended(_)));

        // On a data connection the transfer ends, the session does not.
        let mut wire = server.login_over(&Security::Explicit(tls));
        let mut stream = dial(wire.passive(Way::Epsv));
        wire.ask("STOR a", 150);
        let mut sealer = records::Sealer::over(wire.sessions().unwrap().data(), &mut stream);
        stream.write_all(&sealer.seal(APPLICATION_DATA, b"half")).unwrap();
        let sent = (0..WRITES).take_while(|_| stream.write_all(&flood(kind, version, &mut sealer)).is_ok()).count();
        assert!(sent < WRITES, "{kind:?} {version:?}: all of it is taken");
        wire.expect_any(&BROKEN);
        assert_eq!(server.content("a").unwrap(), b"before");
        wire.ask("NOOP", 200);
    }
    assert!(memory() < before + 64 * 1024, "{before} kB, then {} kB", memory());
    expect_healthy(&server);
}

/// KeyUpdate (RFC 8446 §4.6.3), each with a request for one of ours.
#[test]
fn new_keys_without_end() {
    let server = Setup::new().tls().start();
    server.put("a", b"before");
    let flood = |tls: ClientConnection, mut stream: TcpStream| {
        let mut tls = secure(tls, &mut stream);
        tls.writer().write_all(b"NOOP\r\n").unwrap();
        let mut reader = stream.try_clone().unwrap();
        let gone = std::thread::spawn(move || rest(&mut reader));
        let sent = (0..WRITES).take_while(|_| {
            (0..AT_ONCE).for_each(|_| tls.refresh_traffic_keys().unwrap());
            stream.write_all(&flush(&mut tls)).is_ok()
        });
        assert!(sent.count() < WRITES, "all of it is taken");
        gone.join().unwrap();
    };
    let tls = TlsClient::new().version(TlsVersion::V1_3);
    flood(tls.sessions().control(), dial(server.implicit_address_of(FAMILIES[0])));
    let mut wire = server.login_over(&Security::Explicit(tls));
    let stream = dial(wire.passive(Way::Epsv));
    wire.ask("STOR a", 150);
    flood(wire.sessions().unwrap().data(), stream);
    wire.expect_any(&BROKEN);
    assert_eq!(server.content("a").unwrap(), b"before");
    drop(wire);
    expect_healthy(&server);
}
