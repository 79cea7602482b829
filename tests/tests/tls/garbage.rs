//! What is no TLS at all, where TLS is due, and records that no one may send.

use super::*;

/// Bytes that no ClientHello begins with, or that only look like one.
fn garbage() -> Vec<Vec<u8>> {
    let oversized = |kind: u8| [&[kind, 3, 3, 0xFF, 0xFF][..], &[0; 0xFFFF]].concat();
    vec![
        b"USER alice\r\nPASS secret\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        b"AUTH TLS\r\n".to_vec(),
        vec![0; 1000],
        vec![0xFF; 1000],
        // The bytes are the same each time.
        pattern(1000).into_iter().map(|byte| byte | 0x80).collect(),
        oversized(HANDSHAKE),
        oversized(APPLICATION_DATA),
        oversized(ALERT),
        oversized(20),
        // Application data before there are keys; a Finished; a hello of nothing; one whose inner lengths lie.
        record(APPLICATION_DATA, b"NOOP\r\n"),
        record(HANDSHAKE, &[20, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        record(HANDSHAKE, &[1, 0, 0, 0]),
        record(HANDSHAKE, &[[1, 0, 0, 43, 3, 3].as_slice(), &[7; 32], &[0xFF, 0, 2, 0, 0, 1, 0, 0, 0]].concat()),
        // SSLv2's hello, as the oldest clients began.
        [&[0x80, 46, 1, 3, 1, 0, 21, 0, 0, 0, 16][..], &[7; 40]].concat(),
        // A fatal alert.
        record(ALERT, &[2, 40]),
    ]
}

#[test]
fn on_the_control_connection() {
    let server = Setup::new().tls().start();
    for bytes in garbage() {
        for mut stream in both_beginnings(&server) {
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            expect_only_records(&mut stream);
        }
    }
    server.wait_for_notice(ended_by(&[CloseReason::TlsFailed]));
    expect_healthy(&server);
}

#[test]
fn on_a_data_connection() {
    let server = Setup::new().tls().start();
    server.put("a", b"before");
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for bytes in garbage() {
            for (command, early) in [("STOR a", true), ("RETR a", true), ("STOR a", false), ("LIST", false)] {
                let address = wire.passive(Way::Epsv);
                if !early {
                    wire.ask(command, 150);
                }
                let mut stream = dial(address);
                let _ = stream.write_all(&bytes);
                let _ = stream.shutdown(Shutdown::Write);
                if early {
                    wire.say(command);
                    sessions::turned_down(&mut wire);
                } else {
                    wire.expect_any(&NOT_SECURED);
                }
                expect_only_records(&mut stream);
                assert_eq!(server.content("a").unwrap(), b"before");
            }
        }
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"before");
    }
}

/// In a session, where the server has keys: oversized, forged, out of place.
#[test]
fn inside_a_session() {
    let server = Setup::new().tls().start();
    server.put("a", b"before");
    let bad = [
        [&[APPLICATION_DATA, 3, 3, 0xFF, 0xFF][..], &[0; 0xFFFF]].concat(),
        record(APPLICATION_DATA, &[0; 100]),
        record(APPLICATION_DATA, b""),
        record(HANDSHAKE, &[1; 100]),
        record(99, &[1; 100]),
        vec![0; 100],
    ];
    for security in every_security() {
        for bytes in &bad {
            let mut wire = server.login_over(&security);
            let opened = wire.open(Way::Epsv);
            wire.ask("STOR a", 150);
            let mut data = opened.connection();
            data.write_all(b"half").and_then(|()| data.flush()).unwrap();
            let _ = data.tcp().write_all(bytes);
            let _ = data.tcp().shutdown(Shutdown::Write);
            wire.expect_any(&BROKEN);
            assert_eq!(server.content("a").unwrap(), b"before", "{security:?}");
            wire.ask("NOOP", 200);
            let _ = wire.stream().write_all(bytes);
            let _ = wire.stream().shutdown(Shutdown::Write);
            assert!(wire.link_mut().drain().unwrap().0.is_empty());
        }
    }
    expect_healthy(&server);
}

/// On the listener for clients in the clear, a ClientHello is another protocol.
#[test]
fn a_hello_where_none_is_due() {
    let server = Setup::new().tls().start();
    let mut stream = dial(server.address());
    read_until(&mut stream, b"220 ");
    // The engine takes a line: a hello may hold none.
    stream.write_all(&[&hello(&TlsClient::new())[..], b"\r\n"].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let said = rest(&mut stream);
    assert!(said.is_empty() || said.starts_with(b"421 ") || said.starts_with(b"50"), "{}", said.escape_ascii());
    expect_healthy(&server);
}
