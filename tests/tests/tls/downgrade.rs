//! Clients and people on the way that would have TLS given up where it is asked for.

use super::*;

fn strict() -> Harness {
    let demand = |config: &mut ftp_proto::config::Config| {
        (config.tls.login, config.tls.data) = (Demand::Required, Demand::Required);
    };
    let server = Setup::new().tls().config(demand).start();
    server.put("a", b"content");
    server
}

#[test]
fn nobody_logs_in_in_the_clear_whatever_was_before() {
    let server = strict();
    let mut wire = server.wire();
    wire.ask("USER alice", 534);
    wire.ask_any("PASS secret", &[503, 534]);
    wire.ask_any("PWD", &[530]);
    wire.auth(&TlsClient::new());
    wire.log_in("alice", "secret");
    // REIN takes TLS off again.
    wire.send("REIN\r\n");
    wire.expect(220);
    wire.clear();
    wire.ask("USER alice", 534);
    wire.ask_any("PASS secret", &[503, 534]);
    wire.ask("RETR a", 530);
    wire.ask("PBSZ 0", 503);
    wire.ask("PROT P", 503);
    wire.auth(&TlsClient::new());
    wire.log_in("alice", "secret");
}

#[test]
fn rein_behind_ccc_is_in_the_clear_too() {
    let server = Setup::new()
        .tls()
        .config(|config| (config.tls.login, config.tls.clear_control) = (Demand::Required, Switch::On))
        .start();
    let mut wire = server.login_over(&any_version());
    wire.ask("CCC", 200);
    wire.clear();
    // Who is logged in stays so; nobody else comes in.
    wire.ask("PWD", 257);
    wire.ask("USER bob", 534);
    wire.ask_any("PASS secret", &[503, 534]);
    wire.send("REIN\r\n");
    wire.expect(220);
    wire.ask("USER alice", 534);
    wire.ask("AUTH TLS", 234);
    wire.start_tls(&TlsClient::new());
    wire.log_in("alice", "secret");
}

#[test]
fn prot_c_is_refused_where_data_must_be_private() {
    let server = strict();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        wire.ask("PROT C", 534);
        // It was not half taken: what comes now is still private.
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        wire.set_protection(Protection::Clear);
        let opened = wire.open(Way::Epsv);
        wire.ask_any("LIST", &[150, 522]);
        let mut data = opened.connection();
        let _ = data.write_all(b"\r\n");
        let (said, _) = data.drain().unwrap();
        assert!(!said.windows(1).any(|part| part == b"a") || said.starts_with(&[ALERT]), "{}", said.escape_ascii());
    }
    // The server's other listeners, other users: the policy is for all.
    let mut anonymous = server.wire_over(FAMILIES[0], &any_version());
    anonymous.log_in("anonymous", "guest@");
    anonymous.ask("PROT C", 534);
}

#[test]
fn ccc_is_refused_where_it_is_off_and_tls_goes_on() {
    let server = Setup::new().tls().start();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        wire.ask_any("CCC", &[502, 534]);
        wire.ask("PWD", 257);
        assert!(!wire.ask("FEAT", 211).body().contains(&"CCC".to_owned()));
        wire.ask_any("HELP CCC", &[502]);
    }
}

#[test]
fn auth_inside_tls_changes_nothing() {
    let server = strict();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for line in ["AUTH TLS", "AUTH SSL", "AUTH TLS-C", "AUTH TLS-P"] {
            wire.ask(line, 503);
        }
        wire.ask("PWD", 257);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content", "still private");
    }
}

/// ADAT and what wraps commands belong to mechanisms that there are not: nothing in them is a command.
#[test]
fn commands_in_the_wrappings_of_other_mechanisms() {
    let server = strict();
    for mut wire in [server.wire(), server.login_over(&any_version())] {
        // "USER alice" in Base64.
        for verb in ["ADAT", "MIC", "CONF", "ENC"] {
            wire.ask_any(&format!("{verb} VVNFUiBhbGljZQ0K"), &[502, 503, 504, 533, 537]);
        }
        wire.ask("NOOP", 200);
    }
}

/// Nothing said in the clear counts behind AUTH.
#[test]
fn what_was_agreed_in_the_clear_is_forgotten() {
    let server = Setup::new().tls().start();
    server.put("a", b"content");
    let mut wire = server.login();
    for line in ["MODE B", "STRU R", "REST 3"] {
        wire.ask_any(line, &[200, 350]);
    }
    let address = wire.passive(Way::Epsv);
    let early = wire.data_to(address);
    wire.auth(&TlsClient::new());
    wire.ask("RETR a", 530);
    wire.ask("PBSZ 0", 200);
    wire.ask("PROT P", 200);
    wire.set_protection(Protection::Private);
    wire.log_in("alice", "secret");
    wire.ask("RETR a", 425);
    drop(early);
    wire.ask("TYPE I", 200);
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
}

/// By hand, since no library says it any more: a hello of `version`, with what a server needs to answer it.
fn old_hello(version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    // Each suite that TLS 1.2 and its elders have in common with us, whatever the key of the certificate.
    body.extend([0, 12, 0xC0, 0x2B, 0xC0, 0x2C, 0xC0, 0x2F, 0xC0, 0x30, 0xC0, 0x09, 0xC0, 0x13]);
    body.extend([1, 0]);
    // Groups: x25519, secp256r1. Points: uncompressed. Signatures: ECDSA and RSA with SHA-256. Extended master secret.
    let extensions = [
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 8, 4],
        &[0, 23, 0, 0],
    ]
    .concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    record(HANDSHAKE, &[&[1, length[1], length[2], length[3]], &body[..]].concat())
}

#[test]
fn versions_that_are_broken_are_refused() {
    let server = Setup::new().tls().start();
    for mut stream in both_beginnings(&server) {
        // The same hello, but for its version, is taken.
        stream.write_all(&old_hello([3, 3])).unwrap();
        let mut header = [0; 6];
        stream.read_exact(&mut header).unwrap();
        assert_eq!((header[0], header[5]), (HANDSHAKE, 2), "{header:?}");
    }
    for version in [[3, 2], [3, 1], [3, 0], [2, 0]] {
        for mut stream in both_beginnings(&server) {
            stream.write_all(&old_hello(version)).unwrap();
            let said = rest(&mut stream);
            assert!(said.is_empty() || said[0] == ALERT, "{version:?}: {}", said.escape_ascii());
        }
    }
    expect_healthy(&server);
}

#[test]
fn another_protocol_than_ftp_is_refused() {
    let server = strict();
    for version in TlsVersion::ALL {
        let other = TlsClient::new().version(version).alpn(&["http/1.1", "h2", "smtp"]);
        for stream in both_beginnings(&server) {
            expect_no_protocol(Link::from(stream).secured(other.sessions().control()));
        }
        // On a data connection, too.
        let mut wire = server.login_over(&Security::Explicit(TlsClient::new().version(version)));
        let stream = dial(wire.passive(Way::Epsv));
        wire.say("RETR a");
        expect_no_protocol(Link::from(stream).secured(other.sessions().data()));
        sessions::turned_down(&mut wire);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    }
}

/// The client is told why (RFC 7301 §3.2).
#[track_caller]
fn expect_no_protocol(mut link: Link) {
    let mut said = Vec::new();
    // In TLS 1.3 a client may be done with its handshake before the server has said no.
    let told = link.handshake().and_then(|()| link.read_to_end(&mut said)).unwrap_err();
    assert!(told.to_string().contains("NoApplicationProtocol"), "{told}");
    assert_eq!(said, b"");
}
