//! Commands that someone on the way puts in front of TLS, in the hope that they are taken for those inside it.

use super::*;

/// None of them is done, or else it would be seen.
const MARKS: &str = "MKD injected\r\n";

#[track_caller]
fn expect_not_done(server: &Harness) {
    assert!(!server.root().join("injected").exists());
    expect_healthy(server);
}

/// One that may do it: only then would it be done.
fn login_in_the_clear(server: &Harness) -> TcpStream {
    let mut stream = dial(server.address());
    read_until(&mut stream, b"220 ");
    for (line, reply) in [("USER alice\r\n", b"331 "), ("PASS secret\r\n", b"230 ")] {
        stream.write_all(line.as_bytes()).unwrap();
        read_until(&mut stream, reply);
    }
    stream
}

#[test]
fn in_the_segment_of_the_auth() {
    let server = Setup::new().tls().start();
    for injected in [MARKS, "USER alice\r\nPASS secret\r\nMKD injected\r\n", "MKD inj", "\n", "AUTH TLS\r\n"] {
        let mut stream = login_in_the_clear(&server);
        stream.write_all(format!("AUTH TLS\r\n{injected}").as_bytes()).unwrap();
        let said = rest(&mut stream);
        assert!(said.starts_with(b"503 ") || said.starts_with(b"234 "), "{}", said.escape_ascii());
        assert!(!said.windows(5).any(|part| [b"\n257 ", b"\n331 "].contains(&part.try_into().unwrap())));
        server.wait_for_notice(ended_by(&[CloseReason::PlaintextBehindAuth]));
        expect_not_done(&server);
    }
}

#[test]
fn in_a_later_segment_before_the_handshake() {
    let server = Setup::new().tls().start();
    let tls = TlsClient::new();
    for hello in [Vec::new(), hello(&tls)] {
        let mut stream = login_in_the_clear(&server);
        stream.write_all(b"AUTH TLS\r\n").unwrap();
        read_until(&mut stream, b"234 ");
        stream.write_all(&[MARKS.as_bytes(), &hello].concat()).unwrap();
        expect_only_records(&mut stream);
        expect_not_done(&server);
    }
}

#[test]
fn in_the_middle_of_the_handshake() {
    let server = Setup::new().tls().start();
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version);
        // Between the two halves of the hello's record, behind it, and in the place of the client's last flight.
        let hello = hello(&tls);
        for at in [1, 3, 5, hello.len() / 2, hello.len()] {
            for mut stream in both_beginnings(&server) {
                stream.write_all(&hello[..at]).unwrap();
                stream.write_all(MARKS.as_bytes()).unwrap();
                let _ = stream.write_all(&hello[at..]);
                stream.shutdown(Shutdown::Write).unwrap();
                expect_only_records(&mut stream);
            }
        }
        for mut stream in both_beginnings(&server) {
            let mut client = tls.sessions().control();
            stream.write_all(&flush(&mut client)).unwrap();
            client.read_tls(&mut stream).unwrap();
            stream.write_all(MARKS.as_bytes()).unwrap();
            expect_only_records(&mut stream);
        }
        expect_not_done(&server);
    }
}

/// A client that does not wait for the 234 breaks a rule of its own (RFC 4217 §4.2): so would an attacker's hello.
#[test]
fn a_hello_that_comes_with_the_auth() {
    let server = Setup::new().tls().start();
    let mut stream = login_in_the_clear(&server);
    stream.write_all(&[b"AUTH TLS\r\n", &hello(&TlsClient::new())[..]].concat()).unwrap();
    let said = rest(&mut stream);
    assert!(!said.contains(&HANDSHAKE), "{}", said.escape_ascii());
    expect_not_done(&server);
}

/// A record of the attacker's own, in the clear, at every place of a secured session.
#[test]
fn in_the_middle_of_a_secured_session() {
    let server = Setup::new().tls().start();
    for security in every_security() {
        for kind in [ALERT, HANDSHAKE, APPLICATION_DATA] {
            let mut wire = server.login_over(&security);
            wire.stream().write_all(&record(kind, MARKS.as_bytes())).unwrap();
            assert!(wire.link_mut().drain().unwrap().0.is_empty());
        }
    }
    expect_not_done(&server);
}
