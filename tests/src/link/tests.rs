//! The client's TLS against rustls's own server.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::{Authority, Credential, Protection, Resume, Security, TlsClient, TlsVersion, Wire};

type Served = StreamOwned<ServerConnection, TcpStream>;

fn config(credential: &Credential) -> ServerConfig {
    let (chain, key) = credential.parts();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"ftp".to_vec()];
    config
}

/// Serves so many connections, one after the other.
fn serve<T: Send + 'static>(
    config: ServerConfig,
    count: usize,
    each: impl Fn(Served) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<Vec<T>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(config);
    let serving = thread::spawn(move || {
        let one = |_| {
            let (tcp, _) = listener.accept().unwrap();
            each(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), tcp))
        };
        (0..count).map(one).collect()
    });
    (address, serving)
}

fn link(address: SocketAddr) -> Link {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(crate::PATIENCE)).unwrap();
    tcp.into()
}

fn credential() -> Credential {
    Credential::self_signed(&["localhost"])
}

/// What the server has read, and whether `close_notify` came behind it.
fn upload(mut served: Served) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = served.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, end)
}

#[test]
fn ends_an_upload_in_three_ways() {
    let (address, serving) = serve(config(&credential()), 6, upload);
    for version in TlsVersion::ALL {
        let open = || {
            let mut link = link(address).secured(TlsClient::new().version(version).sessions().data());
            link.write_all(b"content").unwrap();
            link
        };
        open().finish().unwrap();
        let mut cut = open();
        cut.cut().unwrap();
        // Its own drop sends no close_notify behind the FIN: the socket is shut.
        drop(cut);
        let mut broken = open();
        broken.flush().unwrap();
        broken.reset();
    }
    let ends = serving.join().unwrap();
    for end in ends.chunks(3) {
        assert_eq!(end[0], (b"content".to_vec(), None));
        assert_eq!(end[1], (b"content".to_vec(), Some(ErrorKind::UnexpectedEof)));
        assert_eq!(end[2].1, Some(ErrorKind::ConnectionReset));
    }
}

#[test]
fn tells_how_a_download_ended() {
    let (address, serving) = serve(config(&credential()), 2, |mut served| {
        served.write_all(b"content").unwrap();
        let clean = served.conn.alpn_protocol().is_some();
        if clean {
            served.conn.send_close_notify();
        }
        served.flush().unwrap();
        served.sock.shutdown(Shutdown::Write).unwrap();
        let _ = served.sock.read(&mut [0; 4096]);
    });
    let tls = TlsClient::new();
    let mut clean = link(address).secured(tls.clone().alpn(&["ftp"]).sessions().data());
    assert_eq!(clean.drain().unwrap(), (b"content".to_vec(), Ending::Clean));
    drop(clean);
    let mut truncated = link(address).secured(tls.sessions().data());
    assert_eq!(truncated.drain().unwrap(), (b"content".to_vec(), Ending::Truncated));
    drop(truncated);
    serving.join().unwrap();
}

#[test]
fn resumes_where_it_is_to() {
    let mut server = config(&credential());
    server.send_tls13_tickets = 2;
    let (address, serving) = serve(server, 8, |mut served| {
        served.write_all(b"hello").unwrap();
        served.flush().unwrap();
        upload(served)
    });
    for (version, resume) in
        [(TlsVersion::V1_2, Resume::Control), (TlsVersion::V1_3, Resume::Control), (TlsVersion::V1_3, Resume::Never)]
    {
        let sessions = TlsClient::new().version(version).resume(resume).sessions();
        let count = if resume == Resume::Never { 2 } else { 3 };
        for at in 0..count {
            let tls = if at == 0 { sessions.control() } else { sessions.data() };
            let mut link = link(address).secured(tls);
            // The tickets come behind the handshake.
            link.read_exact(&mut [0; 5]).unwrap();
            let kind = link.tls().unwrap().handshake_kind().unwrap();
            let resumed = at > 0 && resume == Resume::Control;
            let expected = if resumed { HandshakeKind::Resumed } else { HandshakeKind::Full };
            assert_eq!(kind, expected, "{version:?} {resume:?} {at}");
        }
    }
    serving.join().unwrap();
}

#[test]
fn trusts_whom_it_is_told_to() {
    let (known, other) = (credential(), credential());
    let authority = Authority::new("test");
    let signed = authority.server(&["localhost"]);
    for (shown, tls, trusted) in [
        (&known, TlsClient::new(), true),
        (&known, TlsClient::new().only(&known), true),
        (&known, TlsClient::new().only(&other), false),
        (&known, TlsClient::new().authority(authority.certificate()), false),
        (&signed, TlsClient::new().authority(authority.certificate()), true),
        (&signed, TlsClient::new().authority(authority.certificate()).server_name("elsewhere.test"), false),
    ] {
        let (address, serving) = serve(config(shown), 1, |mut served| served.read(&mut [0]).is_ok());
        let mut link = link(address).secured(tls.sessions().control());
        assert_eq!(link.write_all(b"x").is_ok(), trusted);
        assert_eq!(link.write_all(b"x").is_ok(), trusted, "it says so again");
        drop(link);
        assert_eq!(serving.join().unwrap(), [trusted]);
    }
}

#[test]
fn shows_a_certificate_and_a_name() {
    let authority = Authority::new("test");
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let (chain, key) = authority.server(&["ftp.test"]).parts();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let server = builder.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    let (address, serving) = serve(server, 2, |mut served| {
        let came = served.read(&mut [0]).is_ok();
        let shown = served.conn.peer_certificates().is_some();
        (came, shown, served.conn.server_name().map(str::to_owned))
    });
    let tls = TlsClient::new().server_name("ftp.test");
    let named = tls.clone().identity(authority.client("alice"));
    link(address).secured(named.sessions().control()).write_all(b"x").unwrap();
    let mut nobody = link(address).secured(tls.sessions().control());
    let _ = nobody.write_all(b"x");
    assert!(nobody.read(&mut [0]).is_err());
    drop(nobody);
    let seen = serving.join().unwrap();
    assert_eq!(seen[0], (true, true, Some("ftp.test".to_owned())));
    assert!(!seen[1].0);
}

/// A server of few words: each line that comes, and what is said to it.
fn dialogue(stream: &mut (impl Read + Write), lines: &[(&str, &str)]) {
    for (expected, reply) in lines {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") && !expected.is_empty() {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            line.push(byte[0]);
        }
        assert_eq!(String::from_utf8_lossy(&line).trim_end(), *expected);
        stream.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
        stream.flush().unwrap();
    }
}

const PROTECT: [(&str, &str); 2] = [("PBSZ 0", "200 ok"), ("PROT P", "200 ok")];

#[test]
fn a_wire_is_explicit_or_implicit_and_goes_back_to_the_clear() {
    for implicit in [false, true] {
        let (address, serving) = serve(config(&credential()), 1, move |mut served| {
            if implicit {
                dialogue(&mut served, &[("", "220 hello")]);
            } else {
                dialogue(&mut served.sock, &[("", "220 hello"), ("AUTH TLS", "234 go on")]);
            }
            dialogue(&mut served, &PROTECT);
            dialogue(&mut served, &[("NOOP", "200 ok"), ("CCC", "200 clear")]);
            let mut rest = Vec::new();
            served.read_to_end(&mut rest).unwrap();
            served.conn.send_close_notify();
            served.flush().unwrap();
            dialogue(&mut served.sock, &[("NOOP", "200 in the clear")]);
        });
        let tls = TlsClient::new();
        let security = if implicit { Security::Implicit(tls) } else { Security::Explicit(tls) };
        let mut wire = Wire::connect_with(address, &security);
        assert_eq!(wire.expect(220).text(), "hello");
        assert!(wire.link().tls().is_some());
        wire.ask("NOOP", 200);
        wire.ask("CCC", 200);
        wire.clear();
        assert_eq!(wire.ask("NOOP", 200).text(), "in the clear");
        wire.expect_closed();
        serving.join().unwrap();
    }
}

#[test]
fn a_wire_begins_tls_anew_behind_rein() {
    let server = Arc::new(config(&credential()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        dialogue(&mut tcp, &[("", "220 hello")]);
        for last in ["REIN", "QUIT"] {
            dialogue(&mut tcp, &[("AUTH TLS", "234 go on")]);
            let mut served = StreamOwned::new(ServerConnection::new(Arc::clone(&server)).unwrap(), tcp);
            dialogue(&mut served, &PROTECT);
            dialogue(&mut served, &[(last, if last == "REIN" { "220 anew" } else { "221 bye" })]);
            served.conn.send_close_notify();
            served.flush().unwrap();
            tcp = served.sock;
            if last == "REIN" {
                // The client's close_notify comes in turn: one record, and what is behind it is in the clear.
                let mut header = [0; 5];
                tcp.read_exact(&mut header).unwrap();
                let length = u16::from_be_bytes([header[3], header[4]]);
                tcp.read_exact(&mut vec![0; length.into()]).unwrap();
            }
        }
    });
    let mut wire = Wire::connect_with(address, &Security::Explicit(TlsClient::new()));
    wire.expect(220);
    wire.ask("REIN", 220);
    assert!(wire.link().tls().is_some());
    wire.set_protection(Protection::Clear);
    wire.ask("QUIT", 221);
    wire.expect_closed();
    serving.join().unwrap();
}
