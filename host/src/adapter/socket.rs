//! Making and ending sockets, and what their errors mean.

mod ports;

use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use ftp_proto::Failure;
use ftp_proto::action::{CloseHow, Ports};
use rustix::net::SendFlags;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Listens for clients at `address`, with room for a rush of them to wait.
///
/// The standard library keeps room for 128. When more come at once, as after a restart, the kernel has each of the
/// others try again seconds later.
///
/// # Errors
/// When it cannot be listened on.
pub fn listen_for_clients(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // Once more for a socket that listens already only changes the room.
    SockRef::from(&listener).listen(CLIENTS_BACKLOG)?;
    Ok(listener)
}

/// Listens, without ever waiting, on `local`'s address (its port is of no meaning) and one of `ports`.
///
/// # Errors
/// [`Failure::NoPort`], whatever went wrong.
pub fn listen(local: SocketAddr, ports: &Ports) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = match ports {
        Ports::Any => ports::drawn().into_iter().find_map(|port| listen_on(local, port).ok()).or_else(|| {
            // All of them taken: the kernel knows which are not.
            listen_on(local, 0).ok()
        }),
        Ports::Range { range, first } => {
            let first = *first.clamp(range.start(), range.end());
            let around = (first..=*range.end()).chain(*range.start()..first);
            around.into_iter().find_map(|port| listen_on(local, port).ok())
        }
    };
    bound.ok_or(Failure::NoPort)
}

fn listen_on(mut local: SocketAddr, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    local.set_port(port);
    let socket = stream_socket(local)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if port != 0 {
        // A port whose last connection is still in TIME_WAIT is free for us. Two that listen on one port stay
        // impossible: then `listen` fails, not `bind`.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&local.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from(socket);
    let address = if port == 0 { listener.local_addr()? } else { local };
    Ok((listener, address))
}

/// A new socket of `address`'s family that never waits.
fn stream_socket(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    #[cfg(target_os = "linux")]
    return Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP));
    #[cfg(not(target_os = "linux"))]
    {
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Begins to connect from `local`'s address (its port is of no meaning) to `peer`, and does not wait for it: once the
/// socket is writable, its pending error tells.
///
/// # Errors
/// When that address is not ours, or `peer` is known not to be reachable.
pub fn dial(mut local: SocketAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = stream_socket(peer)?;
    local.set_port(0);
    socket.bind(&local.into())?;
    match socket.connect(&peer.into()) {
        Err(error) if error.raw_os_error() != Some(IN_PROGRESS) => Err(error),
        Ok(()) | Err(_) => Ok(socket.into()),
    }
}

/// Sets up a new data connection.
///
/// # Errors
/// When it is gone already.
pub fn prepare(stream: &impl AsFd) -> io::Result<()> {
    SockRef::from(stream).set_tcp_nodelay(true)
}

/// Sends what there is room for. More is to follow at once, if only the end of the stream: on Linux both leave in one
/// packet.
///
/// # Errors
/// Those of the socket.
pub(super) fn send_with_more(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    rustix::net::send(socket, bytes, MORE | SendFlags::NOSIGNAL).map_err(io::Error::from)
}

/// Closes a data connection, which does not wait; dropping it then is the end of it.
///
/// # Errors
/// When what was sent may be lost.
pub fn close(stream: &impl AsFd, how: CloseHow) -> Result<(), Failure> {
    let socket = SockRef::from(stream);
    let result = match how {
        // What is queued is sent by the kernel after we are gone, behind it the FIN; unless input was left unread,
        // which turns the close into a reset.
        CloseHow::Graceful => socket.shutdown(std::net::Shutdown::Write).map(|()| discard_input(&socket)),
        CloseHow::Abort => socket.set_linger(Some(Duration::ZERO)),
    };
    match result {
        Err(error) if how == CloseHow::Graceful => Err(failure(&error)),
        // Not even a reset can be sent: it is gone already.
        Ok(()) | Err(_) => Ok(()),
    }
}

fn discard_input(mut socket: &Socket) {
    let mut buffer = [0; 4096];
    for _ in 0..DISCARD_READS {
        if !matches!(socket.read(&mut buffer), Ok(1..)) {
            return;
        }
    }
}

/// An address as IPv4 if it is one, also where it came in on an IPv6 socket.
#[must_use]
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// `address` with the interface of the control connection that came in on `local`: a link-local IPv6 address means
/// nothing without one.
#[must_use]
pub fn scoped(mut address: SocketAddr, local: SocketAddr) -> SocketAddr {
    if let (SocketAddr::V6(address), SocketAddr::V6(local)) = (&mut address, local)
        && address.ip().is_unicast_link_local()
        && address.scope_id() == 0
    {
        address.set_scope_id(local.scope_id());
    }
    address
}

/// Why a connection could not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptFault {
    /// It broke while it waited; the next one may be whole.
    Peer,
    /// Too few descriptors or too little memory. Trying at once would fail at once: a session has to end first.
    Shortage,
    /// The socket is no listener.
    Listener,
}

impl AcceptFault {
    /// What `error` means.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => Self::Peer,
            ErrorKind::InvalidInput => Self::Listener,
            _ => Self::Shortage,
        }
    }
}

/// How long to wait after a [shortage](AcceptFault::Shortage): longer each time in a row.
#[derive(Clone, Copy, Debug)]
pub struct Pause(Duration);

impl Pause {
    /// A short one.
    pub const FIRST: Self = Self(Duration::from_millis(10));

    /// This one; the next is twice as long, up to a second.
    #[must_use]
    pub fn take(&mut self) -> Duration {
        let this = self.0;
        self.0 = (this * 2).min(Duration::from_secs(1));
        this
    }
}

/// What an error of a socket means.
#[must_use]
pub fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::NotConnected => {
            Failure::Reset
        }
        ErrorKind::ConnectionRefused => Failure::Refused,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::PermissionDenied => Failure::Unreachable,
        ErrorKind::TimedOut => Failure::TimedOut,
        _ => Failure::Io,
    }
}

/// What an error of a file means.
#[must_use]
pub fn file_failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::FileTooLarge => Failure::NoSpace,
        ErrorKind::QuotaExceeded => Failure::OverQuota,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::PermissionDenied,
        _ => Failure::Io,
    }
}

/// Not yet the end of what is to be sent.
#[cfg(target_os = "linux")]
const MORE: SendFlags = SendFlags::MORE;
#[cfg(not(target_os = "linux"))]
const MORE: SendFlags = SendFlags::empty();
/// A connect that goes on behind the call.
const IN_PROGRESS: i32 = rustix::io::Errno::INPROGRESS.raw_os_error();
/// Clients that may wait to be accepted; the kernel may allow fewer (`net.core.somaxconn`).
const CLIENTS_BACKLOG: i32 = 4096;
/// Data connections that may wait to be accepted: strangers must not keep the rightful one out.
const BACKLOG: i32 = 16;
/// Input is dropped up to 4 KiB times this.
const DISCARD_READS: usize = 64;

#[cfg(test)]
mod tests;
