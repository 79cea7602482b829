//! Attacks around TLS: by someone on the way, by another client, and by a client that means harm to the server itself.
//! Whatever they do, nothing of another's comes out, nothing half is taken for whole, and nothing is left open.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

mod data;
mod downgrade;
mod floods;
mod garbage;
mod injection;
mod records;
mod sessions;
mod stalls;
mod truncation;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ftp_host::tls::{ClientCertificates, Tls};
use ftp_proto::Notice;
use ftp_proto::config::{Demand, Switch};
use ftp_proto::notice::SessionSummary;
use ftp_proto::server::CloseReason;
use ftp_tests::{
    Authority, Ending, FAMILIES, Harness, Link, Protection, Resume, Security, Setup, TlsClient, TlsVersion, Way, Wire,
    connect_from, identity, pattern,
};
use rustls::{ClientConnection, HandshakeKind};

const SHORT: Duration = Duration::from_millis(300);

/// What may be said to a data connection that did not come to be what PROT asked for, before its 150 or behind it.
const NOT_SECURED: [u16; 3] = [425, 522, 535];
/// And to one that broke under way.
const BROKEN: [u16; 2] = [426, 451];

fn any_version() -> Security {
    Security::Explicit(TlsClient::new())
}

/// The same client with each version, on both kinds of listener.
fn every_security() -> impl Iterator<Item = Security> {
    TlsVersion::ALL.into_iter().flat_map(|version| {
        let tls = TlsClient::new().version(version);
        [Security::Explicit(tls.clone()), Security::Implicit(tls)]
    })
}

/// The server still serves, and nothing of the others is left.
#[track_caller]
fn expect_healthy(server: &Harness) {
    server.wait_until_deserted();
    server.put("healthy", b"yes");
    let mut wire = server.login_over(&any_version());
    assert_eq!(wire.fetch(Way::Epsv, "RETR healthy"), b"yes");
    wire.ask("QUIT", 221);
    wire.expect_closed();
}

fn ended_by(reasons: &[CloseReason]) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Ended(SessionSummary { reason, .. }) if reasons.contains(reason))
}

/// A connection whose reads and writes give up after a while.
fn dial(to: SocketAddr) -> TcpStream {
    let stream = connect_from(FAMILIES[0], to);
    stream.set_nodelay(true).unwrap();
    stream
}

/// A connection on which AUTH TLS was said, and nothing since.
fn behind_auth(server: &Harness) -> TcpStream {
    let mut stream = dial(server.address());
    read_until(&mut stream, b"220 ");
    stream.write_all(b"AUTH TLS\r\n").unwrap();
    read_until(&mut stream, b"234 ");
    stream
}

/// A connection on which the server waits for a ClientHello: behind AUTH, and on the implicit listener.
fn both_beginnings(server: &Harness) -> [TcpStream; 2] {
    [behind_auth(server), dial(server.implicit_address_of(FAMILIES[0]))]
}

/// Reads a line that begins like this, and no byte more.
#[track_caller]
fn read_until(stream: &mut TcpStream, beginning: &[u8]) {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    assert!(line.starts_with(beginning), "{}", line.escape_ascii());
}

/// Everything that still comes. The server ends the connection, in whichever way.
#[track_caller]
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            panic!("the server holds the connection: {}", bytes.escape_ascii());
        }
        _ => bytes,
    }
}

/// The same with nothing in it but records of TLS: no reply, no byte of a file.
#[track_caller]
fn expect_only_records(stream: &mut TcpStream) {
    let bytes = rest(stream);
    let mut left = &bytes[..];
    while let Some((header, behind)) = left.split_at_checked(5) {
        assert!((20..=23).contains(&header[0]) && header[1] == 3, "{}", bytes.escape_ascii());
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        left = behind.get(length..).unwrap_or_default();
    }
    assert!(left.is_empty(), "{}", bytes.escape_ascii());
}

/// What `tls` has to send.
fn flush(tls: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// A ClientHello, in its record.
fn hello(tls: &TlsClient) -> Vec<u8> {
    flush(&mut tls.sessions().control())
}

/// A record of this type around `body`.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3, length[0], length[1]], body].concat()
}

/// A handshake by hand: the connection under it stays ours.
fn secure(mut tls: ClientConnection, stream: &mut TcpStream) -> ClientConnection {
    while tls.is_handshaking() {
        tls.complete_io(stream).unwrap();
    }
    stream.write_all(&flush(&mut tls)).unwrap();
    tls
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
