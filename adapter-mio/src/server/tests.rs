//! The server's own life; what sessions say is the conformance suite's.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use ftp_host::{HostSession, ReplyTo};
use ftp_proto::{Completion, Failure, FileId, HostAction};

use super::*;

/// A host that does nothing, and panics at whoever tries to log in as `panic`.
#[derive(Debug)]
struct Nothing;

impl Host for Nothing {
    fn session(&self, _client: Client) -> Box<dyn HostSession> {
        Box::new(Self)
    }
}

impl HostSession for Nothing {
    fn submit(&mut self, action: HostAction, _: ReplyTo) -> Option<Completion> {
        if let HostAction::Authenticate { credentials, .. } = &action {
            assert_ne!(&*credentials.user, b"panic", "as it was asked to");
        }
        action.fail(Failure::Unsupported)
    }

    fn file(&self, _id: FileId) -> Option<Arc<std::fs::File>> {
        None
    }
}

fn builder() -> Builder {
    Server::builder(Arc::new(Nothing)).loops(1)
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves while `visit` runs, then shuts down and waits for the end.
fn while_serving(server: &Server, visit: impl FnOnce(SocketAddr)) {
    let (listener, address) = listen();
    thread::scope(|scope| {
        let serving = scope.spawn(|| server.serve(listener));
        visit(address);
        server.handle().shutdown(Duration::ZERO);
        serving.join().unwrap().unwrap();
    });
    assert_eq!(server.handle().sessions(), 0);
}

fn line(client: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        line.extend_from_slice(&byte);
    }
    String::from_utf8(line).unwrap()
}

#[test]
fn all_listeners_end_with_the_shutdown() {
    let server = builder().build();
    thread::scope(|scope| {
        let serving = [listen().0, listen().0].map(|listener| scope.spawn(|| server.serve(listener)));
        server.handle().shutdown(Duration::ZERO);
        for serving in serving {
            serving.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_listener_that_is_none_is_told() {
    let server = builder().build();
    let (broken, whole) = (listen().0, listen().0);
    thread::scope(|scope| {
        let other = scope.spawn(|| server.serve(whole));
        socket2::SockRef::from(&broken).shutdown(std::net::Shutdown::Both).unwrap();
        assert_eq!(server.serve(broken).unwrap_err().kind(), ErrorKind::InvalidInput);
        server.handle().shutdown(Duration::ZERO);
        other.join().unwrap().unwrap();
    });
}

#[test]
fn where_there_is_no_room_at_all_the_connection_is_dropped() {
    let mut builder = builder().max_sessions(0);
    builder.caps.outside = 0;
    while_serving(&builder.build(), |address| {
        let mut client = TcpStream::connect(address).unwrap();
        assert_eq!(client.read(&mut [0; 10]).unwrap(), 0);
    });
}

#[test]
fn a_panic_ends_only_the_session_that_it_happened_in() {
    while_serving(&builder().build(), |address| {
        let mut other = TcpStream::connect(address).unwrap();
        line(&mut other);
        let mut client = TcpStream::connect(address).unwrap();
        line(&mut client);
        client.write_all(b"USER panic\r\nPASS x\r\n").unwrap();
        let end = client.read_to_end(&mut Vec::new());
        assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
        other.write_all(b"NOOP\r\n").unwrap();
        assert!(!line(&mut other).is_empty(), "on the same loop");
    });
}

#[test]
fn a_session_that_never_pauses_keeps_no_other_waiting() {
    while_serving(&builder().build(), |address| {
        let mut busy = TcpStream::connect(address).unwrap();
        line(&mut busy);
        let mut replies = busy.try_clone().unwrap();
        let reader = thread::spawn(move || while replies.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {});
        let mut writer = busy.try_clone().unwrap();
        let flood = thread::spawn(move || while writer.write_all(&b"NOOP\r\n".repeat(1000)).is_ok() {});
        for _ in 0..10 {
            let mut other = TcpStream::connect(address).unwrap();
            line(&mut other);
            other.write_all(b"NOOP\r\n").unwrap();
            line(&mut other);
        }
        busy.shutdown(std::net::Shutdown::Both).unwrap();
        flood.join().unwrap();
        reader.join().unwrap();
    });
}

#[test]
fn connections_are_spread_over_the_loops() {
    let threads = Arc::new(std::sync::Mutex::new(std::collections::BTreeMap::new()));
    let seen = Arc::clone(&threads);
    let server = builder().loops(3).observer(move |session, _, _| {
        let thread = format!("{:?}", thread::current().id());
        seen.lock().unwrap().insert(session, thread);
    });
    while_serving(&server.build(), |address| {
        let mut clients: Vec<_> = (0..18).map(|_| TcpStream::connect(address).unwrap()).collect();
        for client in &mut clients {
            line(client);
        }
    });
    let threads = threads.lock().unwrap();
    let different: std::collections::BTreeSet<_> = threads.values().collect();
    assert_eq!((threads.len(), different.len()), (18, 3));
}

#[test]
fn every_observer_hears_also_behind_one_that_panics() {
    let (tell, heard) = std::sync::mpsc::channel();
    let observed = |name: &'static str| {
        let tell = tell.clone();
        move |_: SessionId, _: &Client, _: &Notice| {
            tell.send(name).unwrap();
            assert_ne!(name, "panics", "as it was asked to");
        }
    };
    let builder = builder().observer(observed("first")).observer(observed("panics")).observer(observed("last"));
    while_serving(&builder.build(), |address| {
        let mut client = TcpStream::connect(address).unwrap();
        line(&mut client);
        client.write_all(b"QUIT\r\n").unwrap();
        let _ = client.read_to_end(&mut Vec::new());
    });
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["first", "panics", "last"]);
}
