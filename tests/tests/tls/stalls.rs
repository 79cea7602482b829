//! Handshakes that begin and do not go on.

use super::*;

fn impatient() -> Setup {
    Setup::new().tls().config(|config| {
        (config.timeouts.login, config.timeouts.data, config.timeouts.stall) = (SHORT, SHORT, SHORT);
    })
}

// Nobody logs in at these servers: on a busy machine there may be too little time.

/// How far a client goes: nothing, a byte, a record's header, half a hello, all of it.
fn beginnings(tls: &TlsClient) -> Vec<Vec<u8>> {
    let hello = hello(tls);
    [0, 1, 5, hello.len() / 2, hello.len()].map(|length| hello[..length].to_vec()).into()
}

/// At most this much later than it is due.
#[track_caller]
fn expect_prompt(since: Instant) {
    assert!(since.elapsed() < SHORT * 10, "{:?}", since.elapsed());
}

#[test]
fn on_the_control_connection() {
    let server = impatient().start();
    for version in TlsVersion::ALL {
        for beginning in beginnings(&TlsClient::new().version(version)) {
            for mut stream in both_beginnings(&server) {
                let since = Instant::now();
                stream.write_all(&beginning).unwrap();
                expect_only_records(&mut stream);
                expect_prompt(since);
            }
        }
    }
    server.wait_for_notice(ended_by(&[CloseReason::TlsFailed, CloseReason::LoginTimeout]));
    server.wait_until_deserted();
}

/// A byte now and then is no handshake: the time is for all of it.
#[test]
fn byte_by_byte() {
    let server = impatient().start();
    let hello = hello(&TlsClient::new());
    for mut stream in both_beginnings(&server) {
        let since = Instant::now();
        // The pace, not a wait for anything: the hello would take several times as long as there is.
        stream.set_read_timeout(Some(SHORT / 20)).unwrap();
        let ended = hello.iter().any(|byte| {
            stream.write_all(&[*byte]).is_err()
                || !matches!(stream.read(&mut [0; 100]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        });
        assert!(ended, "the server waits for all of it");
        expect_prompt(since);
    }
    server.wait_until_deserted();
}

/// The time for the login goes on behind the handshake.
#[test]
fn behind_the_handshake() {
    // Long enough for handshakes on a machine that has much to do.
    let server = Setup::new().tls().config(|config| config.timeouts.login = SHORT * 7).start();
    let wires: Vec<_> = every_security().map(|security| server.wire_over(FAMILIES[0], &security)).collect();
    for mut wire in wires {
        wire.expect(421);
        wire.expect_closed();
    }
    server.wait_for_notice(ended_by(&[CloseReason::LoginTimeout]));
}

#[test]
fn on_a_data_connection() {
    let server = Setup::new().tls().config(|config| config.timeouts.data = SHORT).start();
    server.put("a", b"before");
    let mut commands = [("STOR a", "RETR a"), ("RETR a", "LIST"), ("LIST", "STOR a")].into_iter().cycle();
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version);
        let mut wire = server.login_over(&Security::Explicit(tls.clone()));
        for beginning in beginnings(&tls) {
            let (early, late) = commands.next().unwrap();
            // Stalled before the command.
            let mut stream = dial(wire.passive(Way::Epsv));
            stream.write_all(&beginning).unwrap();
            wire.ask("NOOP", 200);
            let since = Instant::now();
            wire.say(early);
            sessions::turned_down(&mut wire);
            expect_prompt(since);
            expect_only_records(&mut stream);
            // And behind the 150.
            let address = wire.passive(Way::Epsv);
            wire.ask(late, 150);
            let mut stream = dial(address);
            stream.write_all(&beginning).unwrap();
            let since = Instant::now();
            wire.expect_any(&NOT_SECURED);
            expect_prompt(since);
            expect_only_records(&mut stream);
            assert_eq!(server.content("a").unwrap(), b"before");
        }
        wire.ask("NOOP", 200);
    }
}

/// ABOR, another port, and QUIT are heard while a data handshake stalls.
#[test]
fn a_stalled_data_handshake_holds_nothing_up() {
    let server = Setup::new().tls().start();
    server.put("a", b"content");
    for security in every_security() {
        let mut wire = server.login_over(&security);
        let mut stalled = dial(wire.passive(Way::Epsv));
        wire.ask("RETR a", 150);
        wire.ask("ABOR", 426);
        wire.expect(226);
        expect_only_records(&mut stalled);
        let mut stalled = dial(wire.passive(Way::Epsv));
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        expect_only_records(&mut stalled);
        let mut stalled = dial(wire.passive(Way::Epsv));
        wire.ask("QUIT", 221);
        wire.expect_closed();
        expect_only_records(&mut stalled);
    }
    expect_healthy(&server);
}
