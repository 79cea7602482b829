//! Making and ending sockets, and what their errors mean.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ftp_proto::Failure;
use ftp_proto::action::{CloseHow, Ports};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Listens on `local`'s address (its port is of no meaning) and one of `ports`.
///
/// # Errors
/// [`Failure::NoPort`], whatever went wrong.
pub(crate) fn listen(local: SocketAddr, ports: &Ports) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = match ports {
        Ports::Any => listen_on(local, 0).ok(),
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
    let socket = Socket::new(Domain::for_address(local), Type::STREAM, Some(Protocol::TCP))?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if port != 0 {
        // A port whose last connection is still in TIME_WAIT is free for us. Two that listen on one port stay
        // impossible: then `listen` fails, not `bind`.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Connects from `local`'s address (its port is of no meaning) to `peer`.
///
/// Cancel-safe: dropped half-way, nothing is left.
pub(crate) async fn connect(mut local: SocketAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    local.set_port(0);
    socket.bind(local)?;
    let stream = socket.connect(peer).await?;
    prepare(&stream)?;
    Ok(stream)
}

/// Sets up a new data connection.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)
}

/// Closes a data connection.
pub(crate) fn close(stream: &TcpStream, how: CloseHow) -> Result<(), Failure> {
    let socket = SockRef::from(stream);
    let result = match how {
        // What is queued is sent by the kernel after we are gone, behind it the FIN; unless input was left unread,
        // which turns the close into a reset.
        CloseHow::Graceful => socket.shutdown(std::net::Shutdown::Write).map(|()| discard_input(stream)),
        CloseHow::Abort => socket.set_linger(Some(Duration::ZERO)),
    };
    match result {
        Err(error) if how == CloseHow::Graceful => Err(failure(&error)),
        // Not even a reset can be sent: it is gone already.
        Ok(()) | Err(_) => Ok(()),
    }
}

fn discard_input(stream: &TcpStream) {
    let mut buffer = [0; 4096];
    for _ in 0..DISCARD_READS {
        if !matches!(stream.try_read(&mut buffer), Ok(1..)) {
            return;
        }
    }
}

/// An address as IPv4 if it is one, also where it came in on an IPv6 socket.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// What an error of a socket means.
pub(crate) fn failure(error: &io::Error) -> Failure {
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
pub(crate) fn file_failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::FileTooLarge => Failure::NoSpace,
        ErrorKind::QuotaExceeded => Failure::OverQuota,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::PermissionDenied,
        _ => Failure::Io,
    }
}

/// Connections that may wait to be accepted: strangers must not keep the rightful one out.
const BACKLOG: i32 = 16;
/// Input is dropped up to 4 KiB times this.
const DISCARD_READS: usize = 64;

#[cfg(test)]
mod tests;
