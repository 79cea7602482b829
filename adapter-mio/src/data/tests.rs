//! TLS on a session's data connections, as actions.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use ftp_host::adapter::DataPlane as _;
use ftp_host::{HostSession, ReplyTo};
use ftp_proto::HostAction;
use ftp_proto::testing::{action_id, data_id, ticket};
use mio::{Events, Poll};
use socket2::SockRef;

use super::*;
use crate::secrets::{VERSIONS, drink, secrets, shake};

struct Nothing;

impl HostSession for Nothing {
    fn submit(&mut self, _: HostAction, _: ReplyTo) -> Option<Completion> {
        None
    }

    fn file(&self, _: FileId) -> Option<Arc<std::fs::File>> {
        None
    }
}

/// A data plane with one connection, and its other end.
struct Bench {
    poll: Poll,
    data: DataPlane,
    host: HostSide,
    visit: Visit,
}

impl Bench {
    fn new() -> (Self, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_recv_buffer_size(16 * 1024).unwrap();
        let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        SockRef::from(&ours).set_send_buffer_size(16 * 1024).unwrap();
        ours.set_nonblocking(true).unwrap();
        let local = ours.local_addr().unwrap();
        let (theirs, _) = listener.accept().unwrap();
        theirs.set_read_timeout(Some(PATIENCE)).unwrap();
        let poll = Poll::new().unwrap();
        let registry = Arc::new(poll.registry().try_clone().unwrap());
        let lanes = Lanes { control: Token(0), listeners: Token(1), connections: Token(2) };
        let mut data = DataPlane::new(local, Offload::default(), registry, lanes);
        let watched = Watched::new(&data.registry, lanes.connections, TcpStream::from_std(ours)).unwrap();
        data.links.push((data_id(1), Link::new(watched)));
        let host = HostSide::new(Box::new(Nothing));
        (Self { poll, data, host, visit: Visit::new() }, theirs)
    }

    fn run(&mut self, action: DataAction) {
        self.data.run(action, &self.host);
    }

    fn close(&mut self, number: u64, how: CloseHow) {
        self.run(DataAction::Close { ticket: ticket(number), data: data_id(1), how });
    }

    /// Steps until this action is answered: what failed, if that is what it says.
    fn answer(&mut self, number: u64) -> Option<Failure> {
        let mut events = Events::with_capacity(8);
        loop {
            for report in self.data.take_reports() {
                if let Report::Done(completion) = report {
                    assert_eq!(completion.id(), action_id(number));
                    return completion.failure();
                }
            }
            if !self.data.step(&mut self.visit) {
                self.poll.poll(&mut events, Some(PATIENCE)).unwrap();
                assert!(!events.is_empty(), "nothing more comes");
                events.iter().for_each(|event| self.data.note(event));
            }
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_connection_is_secured_used_and_closed() {
    for version in VERSIONS {
        let (mut bench, theirs) = Bench::new();
        let (layer, config) = secrets(version);
        let client = std::thread::spawn(move || drink(shake(config, theirs).unwrap()));
        bench.data.secure(ticket(1), data_id(1), layer);
        assert_eq!(bench.answer(1), None);
        let bytes = vec![b'x'; 1_000_000].into();
        bench.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
        assert_eq!(bench.answer(2), None);
        bench.close(3, CloseHow::Graceful);
        assert_eq!(bench.answer(3), None);
        assert!(bench.data.links.is_empty());
        assert_eq!(client.join().unwrap().len(), 1_000_000);
    }
}

#[test]
fn a_cancelled_handshake_leaves_a_connection_to_be_cut() {
    let (mut bench, mut theirs) = Bench::new();
    bench.data.secure(ticket(1), data_id(1), secrets(VERSIONS[1]).0);
    theirs.write_all(&[0x16, 3]).unwrap();
    bench.data.step(&mut bench.visit);
    assert!(bench.data.cancel(action_id(1)));
    assert_eq!(bench.answer(1), Some(Failure::Cancelled));
    bench.close(2, CloseHow::Abort);
    assert_eq!(bench.answer(2), None);
    assert_eq!(theirs.read(&mut [0; 10]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_close_that_waits_for_the_client_can_be_cancelled_and_is_no_end_then() {
    let (mut bench, theirs) = Bench::new();
    let (layer, config) = secrets(VERSIONS[1]);
    let client = std::thread::spawn(move || shake(config, theirs).unwrap());
    bench.data.secure(ticket(1), data_id(1), layer);
    assert_eq!(bench.answer(1), None);
    let mut client = client.join().unwrap();
    // Until there is no room: the cancelled rest is what the end has to wait for.
    let bytes = vec![b'x'; 10_000_000].into();
    bench.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
    while bench.data.step(&mut bench.visit) {}
    assert!(bench.data.cancel(action_id(2)));
    assert_eq!(bench.answer(2), Some(Failure::Cancelled));
    bench.close(3, CloseHow::Graceful);
    bench.data.step(&mut bench.visit);
    assert!(bench.data.cancel(action_id(3)), "it waits");
    assert_eq!(bench.answer(3), Some(Failure::Cancelled));
    assert!(bench.data.links.is_empty());
    assert!(client.read_to_end(&mut Vec::new()).is_err());
}
