//! What `exactly_once` and `races` ask, under TLS: ends, faults and orders of things in the middle of handshakes and of
//! protected transfers; and many of them at once.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ftp_adapter_tokio::Offload;
use ftp_proto::Failure;
use ftp_proto::config::Demand;
use ftp_tests::{
    Ending, FAMILIES, Files, Harness, Link, Meddler, Operation, Security, Setup, TlsClient, TlsVersion, Way, Wire,
    eventually, pattern,
};

/// More than the sockets of a connection that is not read can hold.
const LARGE: usize = 32 << 20;

/// Every kind of server, for every way to begin TLS.
fn servers() -> impl Iterator<Item = (Harness, std::sync::Arc<Meddler>)> {
    let kinds =
        [(Offload::Kernel, Files::Disk), (Offload::Buffered, Files::Disk), (Offload::Kernel, Files::Memory(64 << 20))];
    kinds.into_iter().flat_map(|(offload, files)| {
        ways().map(move |security| {
            let (server, meddler) = Setup::new().offload(offload).files(files).tls().security(security).start_meddled();
            server.put("old", b"the old one");
            (server, meddler)
        })
    })
}

/// Explicit and implicit, TLS 1.2 and 1.3.
fn ways() -> impl Iterator<Item = Security> + Clone {
    TlsVersion::ALL.into_iter().flat_map(|version| {
        let tls = TlsClient::new().version(version);
        [Security::Explicit(tls.clone()), Security::Implicit(tls)]
    })
}

#[track_caller]
fn expect_all_closed(meddler: &Meddler) {
    eventually("everything is closed", || meddler.ledger().open() == 0);
    assert_eq!(meddler.ledger().finished_twice(), 0);
}

/// A transfer whose data connection is open, and its handshake made.
#[track_caller]
fn begun(wire: &mut Wire, command: &str) -> Link {
    let opened = wire.open(Way::Epsv);
    wire.ask(command, 150);
    opened.connection()
}

fn large_file(server: &Harness) {
    fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
}

// The end of the server.

#[test]
fn a_drain_does_not_wait_for_a_handshake_that_stalls() {
    for implicit in [false, true] {
        let (mut server, meddler) = Setup::new().tls().start_meddled();
        let mut wire = if implicit {
            Wire::connect(server.implicit_address_of(FAMILIES[0]))
        } else {
            let mut wire = server.wire();
            wire.ask("AUTH TLS", 234);
            wire
        };
        eventually("the session is there", || server.sessions() == 1);
        // The beginning of a record, which is never whole.
        wire.send(b"\x16\x03\x01\x02\x00\x01");
        let begun = Instant::now();
        server.stop(Duration::from_secs(10));
        assert!(begun.elapsed() < Duration::from_secs(5), "implicit: {implicit}, {:?}", begun.elapsed());
        wire.expect_closed();
        expect_all_closed(&meddler);
    }
}

#[test]
fn a_drain_lets_the_handshake_of_a_transfer_finish() {
    for (mut server, meddler) in servers() {
        let mut wire = server.login();
        let address = wire.passive(Way::Epsv);
        let mut data = wire.data_to(address);
        wire.ask("STOR new", 150);
        let client = thread::spawn(move || {
            // The server is told to end by now; the transfer was begun before.
            let mut idle = Vec::new();
            data.write_all(b"whole").unwrap();
            data.finish().unwrap();
            assert_eq!(data.read_to_end(&mut idle).unwrap_or(0), 0);
            wire.expect(226);
            wire.expect(421);
            wire.expect_closed();
        });
        server.stop(Duration::from_secs(10));
        client.join().unwrap();
        assert_eq!(server.content("new").unwrap(), b"whole");
        expect_all_closed(&meddler);
    }
}

#[test]
fn a_drain_that_is_over_cuts_a_handshake_and_a_protected_transfer() {
    for (mut server, meddler) in servers() {
        let (mut first, mut second) = (server.login(), server.login());
        let address = first.passive(Way::Epsv);
        let silent = first.data_to(address);
        first.ask("STOR old", 150);
        let mut data = begun(&mut second, "STOR old");
        data.write_all(b"half").unwrap();
        server.stop(Duration::from_millis(100));
        for wire in [&mut first, &mut second] {
            wire.expect_any(&[425, 426, 522]);
            wire.expect(421);
            wire.expect_closed();
        }
        assert_eq!(server.content("old").unwrap(), b"the old one");
        expect_all_closed(&meddler);
        drop((silent, data));
    }
}

// The storage.

#[test]
fn a_host_that_panics_or_fails_in_a_protected_transfer_costs_one_reply() {
    for (server, meddler) in servers() {
        let mut wire = server.login();
        for operation in [Operation::OpenWrite, Operation::Write, Operation::Finish, Operation::Read] {
            for panics in [true, false] {
                if panics {
                    meddler.panic(operation);
                } else {
                    meddler.fail(operation, Failure::Io);
                }
                let mut opened = wire.open(Way::Epsv);
                wire.say(if operation == Operation::Read { "RETR old" } else { "STOR old" });
                if operation != Operation::OpenWrite {
                    wire.expect(150);
                    let mut data = opened.connection();
                    if operation == Operation::Read {
                        assert_ne!(data.drain().unwrap(), (b"".to_vec(), Ending::Clean), "as if it were empty");
                    } else {
                        // The server may have hung up.
                        let _ = data.write_all(b"something new");
                        let _ = data.finish();
                    }
                    opened = ftp_tests::Opened::Connected(data);
                }
                wire.expect(451);
                meddler.behave();
                drop(opened);
                wire.ask("NOOP", 200);
                assert_eq!(server.content("old").unwrap(), b"the old one", "{operation:?}, panics: {panics}");
            }
        }
        assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
        drop(wire);
        expect_all_closed(&meddler);
    }
}

// QUIT and ABOR.

#[test]
fn quit_in_a_protected_transfer_waits_for_it() {
    let content = pattern(3_000_000);
    for (server, meddler) in servers() {
        server.put("f", &content);
        let mut wire = server.login();
        let mut data = begun(&mut wire, "RETR f");
        let mut got = vec![0; 1000];
        data.read_exact(&mut got).unwrap();
        wire.say("QUIT");
        let (rest, ending) = data.drain().unwrap();
        got.extend(rest);
        assert!(got == content && ending == Ending::Clean, "{} bytes, {ending:?}", got.len());
        for code in [226, 221] {
            wire.expect(code);
        }
        assert_eq!(wire.link_mut().drain().unwrap(), (Vec::new(), Ending::Clean));

        let mut wire = server.login();
        let mut data = begun(&mut wire, "STOR new");
        data.write_all(&content[..1000]).unwrap();
        wire.say("QUIT");
        data.write_all(&content[1000..]).unwrap();
        drop(data);
        for code in [226, 221] {
            wire.expect(code);
        }
        wire.expect_closed();
        assert!(server.content("new").unwrap() == content);
        expect_all_closed(&meddler);
    }
}

#[test]
fn abor_in_all_its_situations() {
    for (server, meddler) in servers() {
        let mut wire = server.login();
        // Nothing is set up.
        wire.ask("ABOR", 226);
        // A listener waits.
        let address = wire.passive(Way::Epsv);
        wire.ask("ABOR", 226);
        wire.ask("LIST", 425);
        assert!(std::net::TcpStream::connect(address).is_err(), "the listener is closed");
        // A connection waits for its command: before its handshake, in it, and behind it.
        for stage in 0..3 {
            let address = wire.passive(Way::Epsv);
            let mut data = wire.data_to(address);
            match stage {
                0 => {}
                1 => data.tcp().write_all(b"\x16\x03\x01\x02\x00\x01").unwrap(),
                _ => data.handshake().unwrap(),
            }
            wire.ask("ABOR", 226);
            wire.ask("LIST", 425);
            assert_ne!(data.drain().unwrap().1, Ending::Clean, "{stage}: nothing has ended in order");
        }
        // A transfer runs: in its handshake, and behind it.
        for command in ["RETR old", "STOR old"] {
            let address = wire.passive(Way::Epsv);
            let data = wire.data_to(address);
            wire.ask(command, 150);
            wire.ask("ABOR", 426);
            wire.expect(226);
            drop(data);
        }
        let mut data = begun(&mut wire, "STOR old");
        data.write_all(&pattern(300_000)).unwrap();
        wire.ask("ABOR", 426);
        wire.expect(226);
        drop(data);
        assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
        drop(wire);
        expect_all_closed(&meddler);
    }
}

#[test]
fn abor_of_a_protected_download_that_nobody_reads() {
    for security in ways() {
        for offload in [Offload::Kernel, Offload::Buffered] {
            let server = Setup::new().offload(offload).tls().security(security.clone()).start();
            large_file(&server);
            let mut wire = server.login();
            let mut data = begun(&mut wire, "RETR large");
            data.read_exact(&mut [0; 1000]).unwrap();
            wire.ask("ABOR", 426);
            wire.expect(226);
            let (rest, ending) = data.drain().unwrap();
            assert!(rest.len() < LARGE - 1000 && ending != Ending::Clean, "{} bytes, {ending:?}", rest.len());
            wire.ask("NOOP", 200);
        }
    }
}

#[test]
fn abor_behind_a_full_queue_under_tls() {
    for security in ways() {
        let server = Setup::new().tls().security(security).start();
        large_file(&server);
        let mut wire = server.login();
        let data = begun(&mut wire, "RETR large");
        wire.send("PWD\r\n".repeat(70));
        wire.say("ABOR");
        wire.expect(426);
        for _ in 0..70 {
            wire.expect(257);
        }
        wire.expect(226);
        drop(data);
    }
}

// Many.

#[test]
fn two_hundred_sessions_transfer_at_once() {
    let setup = Setup::new().tls().config(|config| config.tls.data_reuse = Demand::Required);
    let (server, meddler) = setup.start_meddled();
    let together = Barrier::new(THREADS);
    let addresses = (server.address(), server.implicit_address_of(FAMILIES[0]));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let together = &together;
            scope.spawn(move || {
                let mut ways = ways().cycle();
                let numbers = (0..SESSIONS / THREADS).map(|number| thread * SESSIONS / THREADS + number);
                let mut wires: Vec<_> =
                    numbers.map(|number| (number, login(addresses, &ways.next().unwrap()))).collect();
                together.wait();
                // Each of them has begun before the first goes on.
                let uploads: Vec<_> =
                    wires.iter_mut().map(|(number, wire)| begun(wire, &format!("STOR f{number}"))).collect();
                together.wait();
                for ((number, wire), mut data) in wires.iter_mut().zip(uploads) {
                    data.write_all(&own_content(*number)).unwrap();
                    drop(data);
                    wire.expect(226);
                }
                let downloads: Vec<_> =
                    wires.iter_mut().map(|(number, wire)| begun(wire, &format!("RETR f{number}"))).collect();
                together.wait();
                for ((number, wire), mut data) in wires.iter_mut().zip(downloads) {
                    let (got, ending) = data.drain().unwrap();
                    assert!(got == own_content(*number) && ending == Ending::Clean, "{number}: {ending:?}");
                    wire.expect(226);
                    wire.ask("QUIT", 221);
                }
            });
        }
    });
    server.wait_until_deserted();
    expect_all_closed(&meddler);
    assert!((0..SESSIONS).all(|number| server.content(&format!("f{number}")).unwrap() == own_content(number)));
}

fn login((plain, implicit): (SocketAddr, SocketAddr), security: &Security) -> Wire {
    let address = if matches!(security, Security::Implicit(_)) { implicit } else { plain };
    let mut wire = Wire::connect_with(address, security);
    wire.expect(220);
    wire.log_in("alice", "secret");
    wire.ask("TYPE I", 200);
    wire
}

fn own_content(number: usize) -> Vec<u8> {
    let mut content = number.to_string().into_bytes();
    content.extend(pattern(20_000 + 100 * number));
    content
}

const SESSIONS: usize = 200;
/// The clients' threads.
const THREADS: usize = 8;
