//! The layer against rustls's own client, over real sockets.

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ring::aead;
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls12Resumption, Tls13ClientSessionValue,
};
use rustls::{ClientConfig, ClientConnection, ConnectionTrafficSecrets, NamedGroup, SupportedProtocolVersion};
use rustls_pki_types::ServerName;
use socket2::SockRef;

use super::*;
use crate::tls::testing::{Authority, Ours, Secure, VERSIONS, finish, pair, rest, shake};
use crate::tls::{ClientCertificates, Tls, TlsSession, Version};

/// The outcome, where there is one.
fn now<T>(result: Result<T, Halt>) -> Option<Result<T, Failure>> {
    match result {
        Ok(outcome) => Some(Ok(outcome)),
        Err(Halt::Later) => None,
        Err(Halt::Failed(failure)) => Some(Err(failure)),
    }
}

fn session(tls: &Tls) -> TlsSession {
    TlsSession::new(tls, None).unwrap()
}

fn control(session: &TlsSession) -> Layer {
    Layer::server(session.control(), Vec::new())
}

fn data(session: &TlsSession) -> Layer {
    Layer::server(session.data(), Vec::new())
}

/// A client's handshake with `layer`, and then whatever it does: our end, what was agreed on, and the client.
fn meet<T: Send + 'static>(
    layer: &mut Layer,
    config: &Arc<ClientConfig>,
    name: &'static str,
    then: impl FnOnce(Secure) -> T + Send + 'static,
) -> (Ours, Result<Secured, Failure>, JoinHandle<Option<T>>) {
    let (ours, theirs) = pair();
    let config = Arc::clone(config);
    let client = thread::spawn(move || shake(&config, name, theirs).ok().map(then));
    let secured = finish(|| now(layer.handshake(&ours)));
    (ours, secured, client)
}

fn read_all(layer: &mut Layer, ours: &Ours) -> (Vec<u8>, Result<DataEnd, Failure>) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 10_000]);
    loop {
        match finish(|| now(layer.read(ours, &mut buffer))) {
            Ok(Taken::Bytes(count)) => bytes.extend_from_slice(&buffer[..count]),
            Ok(Taken::End(end)) => return (bytes, Ok(end)),
            Err(failure) => return (bytes, Err(failure)),
        }
    }
}

fn write_all(layer: &mut Layer, ours: &Ours, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = finish(|| now(layer.write(ours, bytes))).unwrap();
        bytes = &bytes[count..];
    }
    finish(|| now(layer.flush(ours))).unwrap();
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn leave(mut client: Secure) -> Secure {
    client.conn.send_close_notify();
    client.flush().unwrap();
    client
}

#[test]
fn both_versions_agree_and_carry_bytes_both_ways() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let mut config = authority.client(version);
        config.alpn_protocols = vec![b"ftp".to_vec()];
        let mut layer = control(&session);
        let bytes = pattern(1_000_000);
        let sent = bytes.clone();
        let (ours, secured, client) = meet(&mut layer, &Arc::new(config), "localhost", move |mut client| {
            client.write_all(&sent).unwrap();
            rest(&mut leave(client))
        });
        let secured = secured.unwrap();
        assert_eq!((secured.resumed, secured.sni.as_deref()), (false, Some("localhost")));
        assert_eq!((secured.alpn.as_deref(), secured.peer_certificate), (Some(&b"ftp"[..]), None));
        assert!(secured.parameters.is_some_and(|text| text.starts_with(&format!("{:?} ", version.version))));
        assert!(read_all(&mut layer, &ours) == (bytes.clone(), Ok(DataEnd::Clean)));
        write_all(&mut layer, &ours, &bytes);
        finish(|| now(layer.finish(&ours))).unwrap();
        assert!(client.join().unwrap() == Some((bytes, None)));
    }
}

/// A control connection's handshake: the client has its tickets then.
fn visit(session: &TlsSession, config: &Arc<ClientConfig>) {
    let mut layer = control(session);
    let (ours, secured, client) = meet(&mut layer, config, "localhost", |mut client| {
        let mut greeting = [0; 3];
        client.read_exact(&mut greeting).unwrap();
    });
    assert!(!secured.unwrap().resumed);
    write_all(&mut layer, &ours, b"220");
    client.join().unwrap().unwrap();
}

fn resumes(session: &TlsSession, config: &Arc<ClientConfig>) -> bool {
    let mut layer = data(session);
    let (ours, secured, client) = meet(&mut layer, config, "localhost", |client| drop(leave(client)));
    assert_eq!(read_all(&mut layer, &ours), (Vec::new(), Ok(DataEnd::Clean)));
    client.join().unwrap().unwrap();
    secured.unwrap().resumed
}

#[test]
fn data_connections_resume_their_own_control_connection_and_no_other() {
    let authority = Authority::new();
    let tls = authority.tls();
    for version in VERSIONS {
        let (mine, other) = (session(&tls), session(&tls));
        let config = Arc::new(authority.client(version));
        visit(&mine, &config);
        assert!(resumes(&mine, &config), "{version:?}");
        assert!(!resumes(&other, &config), "{version:?}");
        // Many, one after another: none of them issues a ticket.
        let config = Arc::new(authority.client(version));
        visit(&mine, &config);
        let resumed = (0..TICKETS_OWED).filter(|_| resumes(&mine, &config)).count();
        assert_eq!(resumed, TICKETS_OWED, "{version:?}");
        // A new certificate leaves the tickets as good as they were.
        let config = Arc::new(authority.client(version));
        visit(&mine, &config);
        tls.replace(Tls::builder(authority.identity("localhost"))).unwrap();
        assert!(resumes(&mine, &config), "{version:?}");
    }
}

#[test]
fn a_data_connection_gives_no_ticket_and_a_control_connection_takes_none() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let config = Arc::new(authority.client(version));
        assert!(!resumes(&session, &config));
        assert!(!resumes(&session, &config), "{version:?}");
        visit(&session, &config);
        visit(&session, &config);
    }
}

#[test]
fn a_client_that_takes_no_tickets_resumes_by_its_session_id() {
    let authority = Authority::new();
    let tls = authority.tls();
    let (mine, other) = (session(&tls), session(&tls));
    let ids_only = || {
        let mut config = authority.client(&rustls::version::TLS12);
        config.resumption = Resumption::in_memory_sessions(8).tls12_resumption(Tls12Resumption::SessionIdOnly);
        Arc::new(config)
    };
    let config = ids_only();
    visit(&mine, &config);
    // Many times, and it is given no other meanwhile.
    assert!((0..3).all(|_| resumes(&mine, &config)));
    assert!(!resumes(&other, &config));
    // Only a control connection gives ids, and takes none.
    let config = ids_only();
    assert!(!resumes(&mine, &config) && !resumes(&mine, &config));
    visit(&mine, &config);
    visit(&mine, &config);
    assert!(resumes(&mine, &config));
}

/// A client's memory with one session of TLS 1.2 in it, which it shows whatever host it is with.
#[derive(Debug, Default)]
struct OneSession(Mutex<Option<Tls12ClientSessionValue>>);

impl ClientSessionStore for OneSession {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        *self.0.lock().unwrap() = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.lock().unwrap().clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// Tickets of TLS 1.2 cross the network in the clear. Someone shows one of another's where it cannot be resumed (under
/// another host's name), so that the handshake is a full one, and hopes for a ticket that stands for the new secret.
#[test]
fn anothers_ticket_in_a_full_handshake_gains_nothing() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost", &["localhost", "other.test"]);
    let tls = Tls::builder(crate::tls::Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap());
    let session = session(&tls.build().unwrap());
    let memory = Arc::new(OneSession::default());
    let mut config = authority.client(&rustls::version::TLS12);
    config.resumption = Resumption::store(Arc::<OneSession>::clone(&memory));
    let config = Arc::new(config);
    visit(&session, &config);
    let owners = memory.0.lock().unwrap().clone();
    let mut layer = data(&session);
    let (_ours, secured, client) = meet(&mut layer, &config, "other.test", |_| ());
    assert!(!secured.unwrap().resumed);
    client.join().unwrap().unwrap();
    // What it got is the ticket that it had shown, with a secret that is not that ticket's.
    let (_ours, secured, client) = meet(&mut data(&session), &config, "localhost", |_| ());
    assert_eq!(secured, Err(Failure::Tls));
    assert!(client.join().unwrap().is_none());
    // And the one whose it is still has it.
    *memory.0.lock().unwrap() = owners;
    assert!(resumes(&session, &config));
}

#[test]
fn the_host_that_the_client_names_shows_its_certificate() {
    let authority = Authority::new();
    let identities = ["default.test", "a.test", "b.test"].map(|name| authority.identity(name));
    let [default, a, b] = identities.clone();
    let tls = Tls::builder(default).host("A.test", a).host("b.test", b).build().unwrap();
    let shown = |session: &TlsSession, name: &'static str| {
        let mut layer = control(session);
        let config = Arc::new(authority.client(&rustls::version::TLS13));
        let (_ours, _, client) = meet(&mut layer, &config, name, |_| ());
        client.join().unwrap().is_some()
    };
    // The client checks the name in the certificate.
    let plain = session(&tls);
    assert!(shown(&plain, "a.test") && shown(&plain, "b.test") && shown(&plain, "default.test"));
    assert!(!shown(&plain, "c.test"));
    // HOST, where the client's name is of none.
    let mut config = authority.client(&rustls::version::TLS13);
    config.enable_sni = false;
    let hosted = TlsSession::new(&tls, Some("a.test.".into())).unwrap();
    let (_ours, secured, client) = meet(&mut control(&hosted), &Arc::new(config), "a.test", |_| ());
    assert_eq!(secured.unwrap().sni, None);
    assert!(client.join().unwrap().is_some());
    // Certificates are replaced under a session.
    tls.replace(Tls::builder(authority.identity("c.test"))).unwrap();
    assert!(shown(&plain, "c.test") && !shown(&plain, "a.test"));
}

#[test]
fn clients_certificates_are_asked_for_as_configured() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let tls = |which| {
        let builder = Tls::builder(authority.identity("localhost"));
        builder.client_certificates(which, authority.pem.as_bytes()).build().unwrap()
    };
    let secured = |which, config: ClientConfig| {
        let mut layer = control(&session(&tls(which)));
        meet(&mut layer, &Arc::new(config), "localhost", |_| ()).1
    };
    for version in VERSIONS {
        let named = || authority.client_named(version, "alice");
        let forged = || {
            let mut config = authority.client(version);
            config.client_auth_cert_resolver = stranger.client_named(version, "alice").client_auth_cert_resolver;
            config
        };
        for which in [ClientCertificates::Optional, ClientCertificates::Required] {
            assert!(secured(which, named()).unwrap().peer_certificate.is_some());
            assert_eq!(secured(which, forged()), Err(Failure::Tls));
        }
        assert_eq!(secured(ClientCertificates::Optional, authority.client(version)).unwrap().peer_certificate, None);
        assert_eq!(secured(ClientCertificates::Required, authority.client(version)), Err(Failure::Tls));
    }
}

#[test]
fn a_stream_that_was_cut_is_told_from_one_that_ended() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let config = Arc::new(authority.client(version));
        let mut layer = data(&session);
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
            client.write_all(b"half of it").unwrap();
            client.sock.shutdown(Shutdown::Write).unwrap();
        });
        assert_eq!(read_all(&mut layer, &ours), (b"half of it".to_vec(), Ok(DataEnd::Truncated)));
        client.join().unwrap().unwrap();
        // In the middle of a record.
        let mut layer = data(&session);
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
            client.write_all(b"all of it").unwrap();
            client.sock.write_all(&[0x17, 3, 3, 0, 100, 1, 2, 3]).unwrap();
            client.sock.shutdown(Shutdown::Write).unwrap();
        });
        assert_eq!(read_all(&mut layer, &ours), (b"all of it".to_vec(), Err(Failure::Reset)));
        client.join().unwrap().unwrap();
    }
}

#[test]
fn what_arrived_before_a_reset_is_read_before_it_is_told() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let mut layer = data(&session);
        let config = Arc::new(authority.client(version));
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
            client.write_all(&pattern(20_000)).unwrap();
            SockRef::from(&client.sock).set_linger(Some(Duration::ZERO)).unwrap();
        });
        client.join().unwrap().unwrap();
        assert!(read_all(&mut layer, &ours) == (pattern(20_000), Err(Failure::Reset)), "{version:?}");
    }
}

#[test]
fn a_peer_that_has_said_all_may_be_gone() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let mut layer = data(&session);
        let config = Arc::new(authority.client(version));
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
            client.write_all(b"all of it").unwrap();
            let client = leave(client);
            SockRef::from(&client.sock).set_linger(Some(Duration::ZERO)).unwrap();
        });
        client.join().unwrap().unwrap();
        assert_eq!(read_all(&mut layer, &ours), (b"all of it".to_vec(), Ok(DataEnd::Clean)));
        assert_eq!(finish(|| now(layer.finish(&ours))), Ok(()));
    }
}

#[test]
fn a_handshake_may_come_byte_by_byte() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let (ours, theirs) = pair();
        *ours.sip.borrow_mut() = 1;
        let mut layer = data(&session);
        let config = Arc::new(authority.client(version));
        let client = thread::spawn(move || {
            let mut client = shake(&config, "localhost", theirs).unwrap();
            client.write_all(b"slow").unwrap();
            drop(leave(client));
        });
        assert!(finish(|| now(layer.handshake(&ours))).is_ok());
        assert_eq!(read_all(&mut layer, &ours), (b"slow".to_vec(), Ok(DataEnd::Clean)));
        client.join().unwrap();
    }
}

/// What comes of a handshake with someone who sends `bytes`, and what they get.
fn begin_with(bytes: &[u8]) -> (Failure, Vec<u8>) {
    let authority = Authority::new();
    let (ours, mut theirs) = pair();
    theirs.write_all(bytes).unwrap();
    let mut layer = control(&session(&authority.tls()));
    let failure = finish(|| now(layer.handshake(&ours))).unwrap_err();
    assert_eq!(now(layer.handshake(&ours)), Some(Err(failure)));
    assert!(layer.seal(b"secret").is_err());
    drop(ours);
    (failure, rest(&mut theirs).0)
}

#[test]
fn whatever_is_no_handshake_fails_it() {
    assert_eq!(begin_with(b"USER anonymous\r\n"), (Failure::Tls, Vec::new()));
    assert_eq!(begin_with(b"\0"), (Failure::Tls, Vec::new()));
    // A record of application data, an oversized one, a hello of nonsense, SSLv2's hello.
    for bytes in [
        &[0x17, 3, 3, 0, 1, 0][..],
        &[0x16, 3, 1, 0xff, 0xff, 1, 2, 3],
        &[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0xff],
        &[0x80, 46, 1, 0, 2, 0, 21],
    ] {
        assert_eq!(begin_with(bytes).0, Failure::Tls, "{bytes:?}");
    }
}

#[test]
fn a_hello_that_never_ends_is_not_kept() {
    let authority = Authority::new();
    let (ours, mut theirs) = pair();
    let mut layer = control(&session(&authority.tls()));
    let client = thread::spawn(move || {
        // A message of 16 MB, as its header says, in full records.
        let mut record = vec![0x16, 3, 1, 0x40, 0];
        record.resize(5 + 0x4000, 0);
        record[5..9].copy_from_slice(&[1, 0xff, 0xff, 0xff]);
        (0..1000).take_while(|_| theirs.write_all(&record).is_ok()).count()
    });
    assert_eq!(finish(|| now(layer.handshake(&ours))), Err(Failure::Tls));
    drop(ours);
    assert!(client.join().unwrap() < 1000);
}

#[test]
fn a_hello_in_the_smallest_records_is_not_kept_for_ever() {
    let authority = Authority::new();
    let (ours, mut theirs) = pair();
    let mut layer = control(&session(&authority.tls()));
    // 32 KiB, as its header says: fewer than a message may have, but for the headers of the records.
    let message = [&[1, 0, 0x80, 0][..], &[0; 0x8000]].concat();
    let records: Vec<_> = message.iter().flat_map(|byte| [0x16, 3, 1, 0, 1, *byte]).collect();
    let client = thread::spawn(move || theirs.write_all(&records));
    assert_eq!(finish(|| now(layer.handshake(&ours))), Err(Failure::Tls));
    assert!(layer.held() < 256 * 1024);
    drop(ours);
    let _ = client.join().unwrap();
}

#[test]
fn a_hello_may_come_in_small_records() {
    let authority = Authority::new();
    for version in VERSIONS {
        let mut config = authority.client(version);
        config.max_fragment_size = Some(32);
        let mut layer = control(&session(&authority.tls()));
        let (_ours, secured, client) = meet(&mut layer, &Arc::new(config), "localhost", |_| ());
        assert_eq!(secured.unwrap().sni.as_deref(), Some("localhost"));
        client.join().unwrap().unwrap();
    }
}

#[test]
fn an_oversized_or_forged_record_ends_it_behind_what_was_right() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        for bad in [&[0x17, 3, 3, 0xff, 0xff, 0][..], &[0x17, 3, 3, 0, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0], b"QUIT\r\n"] {
            let mut layer = control(&session);
            let config = Arc::new(authority.client(version));
            let (ours, _, client) = meet(&mut layer, &config, "localhost", move |mut client| {
                client.write_all(b"right").unwrap();
                client.sock.write_all(bad).unwrap();
                client.sock.write_all(&[0; 40]).unwrap();
                client
            });
            let client = client.join().unwrap();
            assert_eq!(read_all(&mut layer, &ours), (b"right".to_vec(), Err(Failure::Tls)));
            drop(client);
        }
    }
}

#[test]
fn a_flood_of_new_keys_ends_it() {
    let authority = Authority::new();
    let mut layer = control(&session(&authority.tls()));
    let config = Arc::new(authority.client(&rustls::version::TLS13));
    let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
        for _ in 0..1000 {
            client.conn.refresh_traffic_keys().unwrap();
            while client.conn.wants_write() {
                client.conn.write_tls(&mut client.sock).unwrap();
            }
        }
        client
    });
    assert_eq!(read_all(&mut layer, &ours), (Vec::new(), Err(Failure::Tls)));
    drop(client.join().unwrap());
}

#[test]
fn a_client_that_wants_another_protocol_or_an_old_version_is_refused() {
    let authority = Authority::new();
    let mut config = authority.client(&rustls::version::TLS13);
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let config = Arc::new(config);
    let plain = session(&authority.tls());
    for mut layer in [control(&plain), data(&plain)] {
        let (ours, theirs) = pair();
        let config = Arc::clone(&config);
        let client = thread::spawn(move || shake(&config, "localhost", theirs).err().map(|error| error.to_string()));
        assert_eq!(finish(|| now(layer.handshake(&ours))), Err(Failure::Tls));
        // It is told why.
        assert_eq!(client.join().unwrap().as_deref(), Some("received fatal alert: NoApplicationProtocol"));
    }
    let strict = Tls::builder(authority.identity("localhost")).minimum(Version::Tls13).build().unwrap();
    let old = Arc::new(authority.client(&rustls::version::TLS12));
    assert_eq!(meet(&mut control(&session(&strict)), &old, "localhost", |_| ()).1, Err(Failure::Tls));
}

/// Records of TLS 1.3 with these contents, as whoever has the keys can make them: rustls's client never does.
fn forge(client: ClientConnection, kind: u8, contents: &[&[u8]]) -> Vec<u8> {
    let secrets = client.dangerous_extract_secrets().unwrap();
    let (begun, ConnectionTrafficSecrets::Aes256Gcm { key, iv }) = secrets.tx else { panic!("another cipher") };
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key.as_ref()).unwrap());
    let mut records = Vec::new();
    for (number, content) in (begun..).zip(contents) {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(iv.as_ref());
        nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
        let mut sealed = content.to_vec();
        sealed.push(kind);
        let header = [0x17, 3, 3, 0, u8::try_from(sealed.len() + 16).unwrap()];
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, aead::Aad::from(header), &mut sealed).unwrap();
        records.extend_from_slice(&header);
        records.extend(sealed);
    }
    records
}

/// A client whose keys can be had.
fn open_client(authority: &Authority) -> Arc<ClientConfig> {
    let mut config = authority.client(&rustls::version::TLS13);
    config.enable_secret_extraction = true;
    Arc::new(config)
}

#[test]
fn a_flood_of_empty_records_ends_it_and_a_few_mean_nothing() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    let config = open_client(&authority);
    for (count, expected) in [(30, Ok(DataEnd::Truncated)), (10_000, Err(Failure::Tls))] {
        let mut layer = data(&session);
        let (ours, _, client) = meet(&mut layer, &config, "localhost", move |mut client| {
            client.write_all(b"all of it").unwrap();
            client.sock.write_all(&forge(client.conn, 0x17, &vec![&[][..]; count])).unwrap();
        });
        assert_eq!(read_all(&mut layer, &ours), (b"all of it".to_vec(), expected));
        client.join().unwrap();
    }
}

/// Half a message of the handshake waits for its other half, and nothing else waits for it.
#[test]
fn half_a_message_keeps_nothing_from_being_said() {
    let authority = Authority::new();
    let config = open_client(&authority);
    let mut layer = data(&session(&authority.tls()));
    let (ours, _, client) = meet(&mut layer, &config, "localhost", |client| {
        let mut sock = client.sock;
        // New keys, and none are asked for: KeyUpdate (RFC 8446 §4.6.3) in two records.
        let records = forge(client.conn, 0x16, &[&[24, 0, 0], &[1, 0]]);
        let (first, second) = records.split_at(5 + 3 + 17);
        sock.write_all(first).unwrap();
        let mut said = [0; 31];
        sock.read_exact(&mut said).unwrap();
        sock.write_all(second).unwrap();
    });
    let mut buffer = [0; 10];
    while layer.input.seen().is_empty() {
        assert_eq!(layer.read(&ours, &mut buffer), Err(Halt::Later));
    }
    write_all(&mut layer, &ours, b"meanwhile");
    client.join().unwrap().unwrap();
    assert_eq!(read_all(&mut layer, &ours), (Vec::new(), Ok(DataEnd::Truncated)));
}

#[test]
fn new_keys_are_taken_and_given_back() {
    let authority = Authority::new();
    let mut layer = data(&session(&authority.tls()));
    let config = Arc::new(authority.client(&rustls::version::TLS13));
    let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
        for _ in 0..3 {
            client.conn.refresh_traffic_keys().unwrap();
            client.write_all(b"there").unwrap();
            let mut back = [0; 4];
            client.read_exact(&mut back).unwrap();
            assert_eq!(&back, b"back");
        }
    });
    let mut buffer = [0; 10];
    for _ in 0..3 {
        assert_eq!(finish(|| now(layer.read(&ours, &mut buffer))), Ok(Taken::Bytes(5)));
        write_all(&mut layer, &ours, b"back");
    }
    client.join().unwrap().unwrap();
}

#[test]
fn what_is_said_at_once_leaves_at_once_and_is_bounded() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let mut layer = control(&session);
        let config = Arc::new(authority.client(version));
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| rest(&mut client));
        ours.calls.set(0);
        assert_eq!((layer.seal(b"one "), layer.seal(b"two ")), (Ok(4), Ok(4)));
        // There is no room for that much behind them.
        assert_eq!(layer.seal(&[0; Layer::CHUNK]), Ok(0));
        assert_eq!(layer.seal(b"three"), Ok(5));
        layer.say_goodbye();
        assert_eq!(layer.seal(b"four"), Err(Failure::Tls));
        finish(|| now(layer.finish(&ours))).unwrap();
        assert_eq!(client.join().unwrap(), Some((b"one two three".to_vec(), None)));
        assert_eq!(ours.calls.get(), 0, "all of it left with the end");
    }
}

#[test]
fn an_idle_connection_holds_no_buffer() {
    let authority = Authority::new();
    let session = session(&authority.tls());
    for version in VERSIONS {
        let mut layer = control(&session);
        let config = Arc::new(authority.client(version));
        let (ours, _, client) = meet(&mut layer, &config, "localhost", |mut client| {
            client.write_all(b"NOOP\r\n").unwrap();
            let mut reply = [0; 8];
            client.read_exact(&mut reply).unwrap();
            client
        });
        // More than one read takes.
        let mut buffer = [0; 4];
        assert_eq!(finish(|| now(layer.read(&ours, &mut buffer))), Ok(Taken::Bytes(4)));
        assert_eq!(layer.read(&ours, &mut buffer), Ok(Taken::Bytes(2)));
        write_all(&mut layer, &ours, b"200 OK\r\n");
        let client = client.join().unwrap();
        assert_eq!(layer.read(&ours, &mut buffer), Err(Halt::Later));
        assert_eq!(layer.held(), 0);
        drop(client);
    }
}

/// Takes TLS off, with a client that does `then`: what came in plain.
fn take_off(
    version: &'static SupportedProtocolVersion,
    then: impl FnOnce(Secure) -> TcpStream + Send + 'static,
) -> Vec<u8> {
    let authority = Authority::new();
    let mut layer = control(&session(&authority.tls()));
    let config = Arc::new(authority.client(version));
    let (ours, _, client) = meet(&mut layer, &config, "localhost", then);
    let mut unread = Vec::new();
    finish(|| now(layer.take_off(&ours, &mut unread))).unwrap();
    drop(client.join().unwrap());
    unread
}

#[test]
fn what_stands_behind_the_end_of_tls_is_plain_and_not_lost() {
    for version in VERSIONS {
        let unread = take_off(version, |mut client| {
            // One segment: a secured command, the end of TLS, a plain command.
            client.conn.writer().write_all(b"NOOP\r\n").unwrap();
            client.conn.send_close_notify();
            let mut segment = Vec::new();
            while client.conn.wants_write() {
                client.conn.write_tls(&mut segment).unwrap();
            }
            segment.extend_from_slice(b"PWD\r\n");
            client.sock.write_all(&segment).unwrap();
            // Our close_notify comes too.
            assert_eq!(rest(&mut client.conn.reader()), (Vec::new(), Some(ErrorKind::WouldBlock)));
            client.sock
        });
        assert_eq!(unread, b"NOOP\r\nPWD\r\n");
        // Without a word.
        assert_eq!(
            take_off(version, |mut client| {
                client.sock.write_all(b"PWD\r\n").unwrap();
                client.sock
            }),
            b"PWD\r\n"
        );
    }
}

#[test]
fn a_client_of_ours_takes_any_certificate() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (ours, theirs) = pair();
    theirs.set_nonblocking(true).unwrap();
    let theirs = Ours { stream: theirs, sip: usize::MAX.into(), calls: Cell::default() };
    let mut server = data(&session(&authority.tls()));
    let mut client = Layer::client(session(&other.tls()).peer()).unwrap();
    let (mut one, mut two) = (None, None);
    finish(|| {
        one = one.take().or_else(|| now(server.handshake(&ours)));
        two = two.take().or_else(|| now(client.handshake(&theirs)));
        (one.is_some() && two.is_some()).then_some(())
    });
    assert!(one.unwrap().is_ok());
    let secured = two.unwrap().unwrap();
    assert_eq!((secured.resumed, secured.peer_certificate, secured.sni), (false, None, None));
    write_all(&mut client, &theirs, b"between servers");
    finish(|| now(client.finish(&theirs))).unwrap();
    assert_eq!(read_all(&mut server, &ours), (b"between servers".to_vec(), Ok(DataEnd::Clean)));
}

/// Data connections that a client must be able to resume for when it uses each ticket once.
const TICKETS_OWED: usize = 8;
