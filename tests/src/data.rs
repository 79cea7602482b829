//! Data connections: how they come about, and the client's side of them.

use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustls::ClientConnection;
use socket2::{Domain, SockRef, Socket, Type};

use crate::PATIENCE;
use crate::link::Link;

/// How a data connection comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// PASV (IPv4 only).
    Pasv,
    /// EPSV.
    Epsv,
    /// LPSV.
    Lpsv,
    /// PORT (IPv4 only).
    Port,
    /// EPRT.
    Eprt,
    /// LPRT.
    Lprt,
}

impl Way {
    /// All there are for an address of this family.
    #[must_use]
    pub fn all(address: IpAddr) -> &'static [Self] {
        const V4: &[Way] = &[Way::Pasv, Way::Port, Way::Epsv, Way::Lpsv, Way::Eprt, Way::Lprt];
        const V6: &[Way] = &[Way::Epsv, Way::Lpsv, Way::Eprt, Way::Lprt];
        if address.is_ipv4() { V4 } else { V6 }
    }
}

/// The client's side of a data connection that was agreed on.
#[derive(Debug)]
pub enum Opened {
    /// Passive: connected already; the handshake is still to be made, where one is due.
    Connected(Link),
    /// Active: the server is to connect, and to be met by this side of TLS.
    Listening(TcpListener, Option<Box<ClientConnection>>),
}

impl Opened {
    /// The connection; waits for the server to make it, where that is its part, and for the handshake, where one is
    /// due. One that fails is told by the first read or write.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn connection(self) -> Link {
        let mut link = match self {
            Self::Connected(link) => link,
            Self::Listening(listener, tls) => {
                let (stream, _) = listener.accept().expect("the server connects to us");
                patient(&stream, PATIENCE);
                match tls {
                    Some(tls) => Link::from(stream).secured(*tls),
                    None => stream.into(),
                }
            }
        };
        // Its failure is kept.
        let _ = link.handshake();
        link
    }
}

/// A connection to `to` from the address `from`.
///
/// # Panics
/// When there is none.
#[track_caller]
pub fn connect_from(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of our own");
    socket.connect(&to.into()).expect("a connection to the server");
    let stream = TcpStream::from(socket);
    patient(&stream, PATIENCE);
    stream
}

/// Breaks a connection off with a reset.
pub fn reset(stream: impl Into<Link>) {
    stream.into().reset();
}

/// Everything that comes until the end.
#[track_caller]
pub(crate) fn read_all(link: &mut Link) -> Vec<u8> {
    let mut bytes = Vec::new();
    link.read_to_end(&mut bytes).expect("an orderly end of the data");
    bytes
}

/// A listener whose `accept` gives up after a while.
pub(crate) fn listen_on(address: IpAddr) -> TcpListener {
    let listener = TcpListener::bind((address, 0)).expect("a port to listen on");
    // On Linux the time to receive is also the time to accept.
    SockRef::from(&listener).set_read_timeout(Some(PATIENCE)).expect("an open socket");
    listener
}

pub(crate) fn patient(stream: &TcpStream, patience: Duration) {
    stream.set_read_timeout(Some(patience)).expect("an open socket");
    stream.set_write_timeout(Some(patience)).expect("an open socket");
}

/// PORT, EPRT or LPRT with `address`.
pub(crate) fn active_command(way: Way, address: SocketAddr) -> String {
    let port = address.port().to_be_bytes();
    let octets = match address.ip() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let list = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    match way {
        Way::Eprt => {
            let family = if address.is_ipv4() { 1 } else { 2 };
            format!("EPRT |{family}|{}|{}|", address.ip(), address.port())
        }
        Way::Lprt => {
            let family = if address.is_ipv4() { 4 } else { 6 };
            format!("LPRT {family},{},{},2,{}", octets.len(), list(&octets), list(&port))
        }
        _ => format!("PORT {},{}", list(&octets), list(&port)),
    }
}

pub(crate) fn passive_address(way: Way, text: &str, server: IpAddr) -> Option<SocketAddr> {
    let inside = text.split_once('(')?.1.split_once(')')?.0;
    if way == Way::Epsv {
        let port = inside.strip_prefix("|||")?.strip_suffix('|')?;
        return Some(SocketAddr::new(server, port.parse().ok()?));
    }
    let numbers: Vec<u8> = inside.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let (address, port): (IpAddr, [u8; 2]) = match &numbers[..] {
        [a, b, c, d, port @ ..] if way == Way::Pasv => ([*a, *b, *c, *d].into(), port.try_into().ok()?),
        [4, 4, a, b, c, d, 2, port @ ..] => ([*a, *b, *c, *d].into(), port.try_into().ok()?),
        [6, 16, rest @ ..] => {
            let (address, port) = rest.split_first_chunk::<16>()?;
            ((*address).into(), port.strip_prefix(&[2])?.try_into().ok()?)
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_be_bytes(port)))
}
