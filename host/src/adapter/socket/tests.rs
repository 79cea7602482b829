//! Ports, refusals and ends, on the loopback.

use std::io::Write;

use super::*;

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Ports in a row of which the kernel says that they are free, held until they are dropped.
fn ports_in_a_row(count: u16) -> Vec<(TcpListener, u16)> {
    loop {
        let (first, address) = listen(loopback(), &Ports::Any).unwrap();
        let mut row = vec![(first, address.port())];
        for offset in 1..count {
            let Some(port) = address.port().checked_add(offset) else { break };
            let Ok((next, _)) = listen_on(loopback(), port) else { break };
            row.push((next, port));
        }
        if row.len() == usize::from(count) {
            return row;
        }
    }
}

/// Waits for the connection, as a runtime would.
fn connect(local: SocketAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    let stream = dial(local, peer)?;
    stream.set_nonblocking(false)?;
    // On the loopback it is decided by the time that the call returns.
    stream.take_error()?.map_or(Ok(()), Err)?;
    prepare(&stream)?;
    Ok(stream)
}

/// Waits for the next connection.
fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    listener.set_nonblocking(false).unwrap();
    listener.accept().unwrap()
}

fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listen(loopback(), &Ports::Any).unwrap();
    let ours = connect(loopback(), address).unwrap();
    let (theirs, _) = accept(&listener);
    (ours, theirs)
}

#[test]
fn a_range_is_tried_from_its_first_port_around_its_end() {
    let mut row = ports_in_a_row(3);
    let ports: Vec<u16> = row.iter().map(|(_, port)| *port).collect();
    let range = Ports::Range { range: ports[0]..=ports[2], first: ports[1] };
    assert_eq!(listen(loopback(), &range).map(|_| ()), Err(Failure::NoPort));
    row.remove(0);
    let (_first, address) = listen(loopback(), &range).unwrap();
    assert_eq!(address.port(), ports[0], "around the end");
    row.clear();
    let (_second, address) = listen(loopback(), &range).unwrap();
    assert_eq!(address.port(), ports[1], "the first one first");
}

#[test]
fn a_closed_listener_leaves_its_port_free_at_once() {
    let (probe, address) = listen(loopback(), &Ports::Any).unwrap();
    let port = address.port();
    drop(probe);
    let only = Ports::Range { range: port..=port, first: port };
    let (listener, address) = listen(loopback(), &only).unwrap();
    let _client = connect(loopback(), address).unwrap();
    let (_server, _) = accept(&listener);
    drop(listener);
    assert!(listen(loopback(), &only).is_ok(), "although a connection through it is still open");
}

#[test]
fn any_port_is_another_each_time_and_the_one_that_is_told() {
    let several: Vec<_> = (0..32).map(|_| listen(loopback(), &Ports::Any).unwrap()).collect();
    let mut ports: Vec<u16> = several.iter().map(|(_, told)| told.port()).collect();
    assert!(several.iter().all(|(listener, told)| listener.local_addr().unwrap() == *told));
    assert!(!ports.is_sorted(), "{ports:?}");
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 32);
}

#[test]
fn a_port_that_someone_listens_on_is_not_taken_over() {
    let (held, address) = listen(loopback(), &Ports::Any).unwrap();
    assert!(listen_on(loopback(), address.port()).is_err());
    drop(held);
    assert!(listen_on(loopback(), address.port()).is_ok());
}

#[test]
fn nobody_there_is_a_refusal() {
    let (listener, address) = listen(loopback(), &Ports::Any).unwrap();
    drop(listener);
    let error = connect(loopback(), address).unwrap_err();
    assert_eq!(failure(&error), Failure::Refused);
}

#[test]
fn a_connection_comes_from_the_address_it_was_told() {
    let (listener, address) = listen(loopback(), &Ports::Any).unwrap();
    let _client = connect(SocketAddr::from(([127, 0, 0, 2], 0)), address).unwrap();
    let (_, peer) = accept(&listener);
    assert_eq!(peer.ip().to_string(), "127.0.0.2");
}

#[test]
fn an_abort_is_seen_as_a_reset() {
    let (ours, mut theirs) = pair();
    assert_eq!(close(&ours, CloseHow::Abort), Ok(()));
    drop(ours);
    let error = theirs.read(&mut [0; 10]).unwrap_err();
    assert_eq!(failure(&error), Failure::Reset);
}

#[test]
fn a_graceful_close_delivers_everything_although_the_peer_talks() {
    let (mut ours, mut theirs) = pair();
    theirs.write_all(b"what nobody asked for").unwrap();
    ours.peek(&mut [0]).unwrap();
    let sent = vec![7; 50_000];
    ours.write_all(&sent).unwrap();
    ours.set_nonblocking(true).unwrap();
    assert_eq!(close(&ours, CloseHow::Graceful), Ok(()));
    drop(ours);
    let mut received = Vec::new();
    theirs.read_to_end(&mut received).unwrap();
    assert_eq!(received, sent);
}

#[test]
fn a_graceful_close_of_a_connection_that_was_reset_says_so() {
    let (ours, theirs) = pair();
    assert_eq!(close(&theirs, CloseHow::Abort), Ok(()));
    drop(theirs);
    assert!(ours.peek(&mut [0]).is_err());
    assert_eq!(close(&ours, CloseHow::Graceful), Err(Failure::Reset));
}

#[test]
fn mapped_addresses_are_told_as_what_they_are() {
    let mapped: SocketAddr = "[::ffff:192.0.2.1]:2121".parse().unwrap();
    assert_eq!(canonical(mapped), "192.0.2.1:2121".parse().unwrap());
    let plain: SocketAddr = "[2001:db8::1]:2121".parse().unwrap();
    assert_eq!(canonical(plain), plain);
}

#[cfg(target_os = "linux")]
#[test]
fn a_rush_of_clients_does_not_wait_for_the_server_to_accept() {
    let most: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let listener = listen_for_clients(loopback()).unwrap();
    let address = listener.local_addr().unwrap();
    // The kernel repeats a request that found no room after a second, as long as the queue is full: here for ever.
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    let clients: Vec<TcpStream> = (0..most.min(500)).map(connect).collect();
    drop((clients, listener));
}
