//! Data connections that another makes: who has connected is known only by the session that is resumed (RFC 4217 §10.1).

use super::*;

/// A transfer that is refused for its data connection. A 150 may have come before.
#[track_caller]
pub(super) fn turned_down(wire: &mut Wire) {
    if wire.expect_any(&[&NOT_SECURED[..], &[150]].concat()).code == 150 {
        wire.expect_any(&NOT_SECURED);
    }
    wire.ask("NOOP", 200);
}

fn needs_reuse() -> Setup {
    Setup::new().tls().config(|config| (config.tls.data_reuse, config.keep_partial) = (Demand::Required, Switch::On))
}

/// Whoever comes to the victim's port with `sessions` gets no byte and leaves none.
#[track_caller]
fn expect_useless(server: &Harness, victim: &mut Wire, sessions: &ftp_tests::Sessions) {
    let own = victim.sessions().unwrap().clone();
    for command in ["RETR a", "STOR a", "APPE a", "LIST"] {
        victim.set_sessions(sessions.clone());
        let opened = victim.open(Way::Epsv);
        victim.say(command);
        let mut data = opened.connection();
        let _ = data.write_all(b"forged").and_then(|()| data.finish());
        assert_eq!(data.drain().unwrap().0, b"", "{command}");
        turned_down(victim);
        assert_eq!(server.content("a").unwrap(), b"content", "{command}");
    }
    victim.set_sessions(own);
    assert_eq!(victim.fetch(Way::Epsv, "RETR a"), b"content");
}

#[test]
fn a_valid_certificate_is_no_session() {
    let authority = Authority::new("everyone's");
    let shown = identity(&authority.server(&["localhost"]));
    let ca = authority.pem();
    for which in [ClientCertificates::Required, ClientCertificates::Optional] {
        let tls = Tls::builder(shown.clone()).client_certificates(which, ca.as_bytes()).build().unwrap();
        let server = needs_reuse().tls_with(tls).start();
        server.put("a", b"content");
        for version in TlsVersion::ALL {
            let client = |name: &str| TlsClient::new().version(version).identity(authority.client(name));
            let mut victim = server.login_over(&Security::Explicit(client("victim")));
            let other = server.login_over(&Security::Explicit(client("other")));
            expect_useless(&server, &mut victim, other.sessions().unwrap());
            // The victim's own certificate, as a thief of it would show it, but no session.
            expect_useless(&server, &mut victim, &client("victim").sessions());
        }
    }
}

#[test]
fn a_certificate_that_is_asked_for_is_needed_on_data_connections_too() {
    let authority = Authority::new("everyone's");
    let tls = Tls::builder(identity(&authority.server(&["localhost"])))
        .client_certificates(ClientCertificates::Required, authority.pem().as_bytes())
        .build()
        .unwrap();
    let server = Setup::new().tls_with(tls).start();
    server.put("a", b"content");
    for version in TlsVersion::ALL {
        let bare = TlsClient::new().version(version);
        let client = bare.clone().identity(authority.client("alice"));
        let mut wire = server.login_over(&Security::Explicit(client));
        let stranger = Authority::new("nobody's").client("alice");
        for thief in [bare.clone(), bare.identity(stranger)] {
            wire.set_sessions(thief.sessions());
            let opened = wire.open(Way::Epsv);
            wire.say("RETR a");
            assert_eq!(opened.connection().drain().unwrap().0, b"");
            turned_down(&mut wire);
        }
    }
}

#[test]
fn a_ticket_of_a_session_that_is_over() {
    let server = needs_reuse().start();
    server.put("a", b"content");
    for version in TlsVersion::ALL {
        let security = Security::Explicit(TlsClient::new().version(version));
        let mut old = server.login_over(&security);
        assert_eq!(old.fetch(Way::Epsv, "RETR a"), b"content");
        let sessions = old.sessions().unwrap().clone();
        old.ask("QUIT", 221);
        old.expect_closed();
        let mut victim = server.login_over(&security);
        expect_useless(&server, &mut victim, &sessions);
        // Nor does it spare a control connection its handshake.
        let mut again = Link::from(dial(server.implicit_address_of(FAMILIES[0]))).secured(sessions.control());
        again.handshake().unwrap();
        assert_eq!(again.tls().unwrap().handshake_kind(), Some(HandshakeKind::Full), "{version:?}");
    }
}

/// The session that was before REIN, or before the second AUTH, is another's.
#[test]
fn a_ticket_of_the_same_connection_before_rein() {
    let server = needs_reuse().start();
    server.put("a", b"content");
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version);
        let mut wire = server.login_over(&Security::Explicit(tls.clone()));
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
        let before = wire.sessions().unwrap().clone();
        wire.send("REIN\r\n");
        wire.expect(220);
        wire.clear();
        wire.auth(&tls);
        wire.log_in("alice", "secret");
        wire.ask("TYPE I", 200);
        expect_useless(&server, &mut wire, &before);
    }
}

/// In TLS 1.2 a ticket goes over the network in the clear: who has seen it can show it, but not more.
#[test]
fn a_ticket_that_was_sniffed() {
    let server = needs_reuse().start();
    server.put("a", b"content");
    let mut wire = server.login_over(&Security::Explicit(TlsClient::new().version(TlsVersion::V1_2)));
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    for command in ["RETR a", "STOR a", "LIST"] {
        for forged in [
            // Nothing more; a Finished made up, behind ChangeCipherSpec; commands and content in the clear.
            Vec::new(),
            [record(20, &[1]), record(HANDSHAKE, &[9; 40])].concat(),
            [record(20, &[1]), record(APPLICATION_DATA, b"forged")].concat(),
            b"forged".to_vec(),
        ] {
            let mut sniffed = wire.sessions().unwrap().data();
            let hello = flush(&mut sniffed);
            let mut stream = dial(wire.passive(Way::Epsv));
            wire.say(command);
            stream.write_all(&[&hello[..], &forged].concat()).unwrap();
            // The ticket is good: the server ends its own part of the handshake at once.
            let mut first = [0; 6];
            stream.read_exact(&mut first).unwrap();
            assert_eq!((first[0], first[5]), (HANDSHAKE, 2));
            // The server may be gone by now.
            let _ = stream.shutdown(Shutdown::Write);
            let said = rest(&mut stream);
            assert!(!said.windows(7).any(|part| part == b"content"));
            turned_down(&mut wire);
            assert_eq!(server.content("a").unwrap(), b"content");
        }
    }
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content", "the ticket still is the client's");
}

/// In TLS 1.3 each hello proves that its sender knows the session's secret, and none may be sent twice to any use.
#[test]
fn a_hello_that_was_sniffed() {
    let server = needs_reuse().start();
    server.put("a", b"content");
    let mut wire = server.login_over(&Security::Explicit(TlsClient::new().version(TlsVersion::V1_3)));
    let mut honest = wire.sessions().unwrap().data();
    let hello = flush(&mut honest);
    for _ in 0..2 {
        let mut stream = dial(wire.passive(Way::Epsv));
        wire.say("RETR a");
        stream.write_all(&hello).unwrap();
        stream.write_all(&record(APPLICATION_DATA, &[1; 60])).unwrap();
        expect_only_records(&mut stream);
        turned_down(&mut wire);
    }
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
}

#[test]
fn a_client_that_resumes_nothing_is_told_why() {
    let server = needs_reuse().start();
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version).resume(Resume::Never);
        let mut wire = server.login_over(&Security::Implicit(tls));
        for way in [Way::Epsv, Way::Eprt] {
            let opened = wire.open(way);
            wire.say("LIST");
            drop(opened.connection());
            turned_down(&mut wire);
        }
    }
}
