//! Who is told of a connection, who takes it, and that nobody is once the door is closed.

use std::time::Duration;

use ftp_host::adapter::Caps;
use mio::{Events, Poll};

use super::*;
use crate::mailbox::Inbox;

const NAME: Token = Token(5);

struct Loop {
    poll: Poll,
    berth: Berth,
    inbox: Inbox,
}

impl Loop {
    fn new() -> Self {
        let poll = Poll::new().unwrap();
        let inbox = Inbox::new(poll.registry(), Token(0)).unwrap();
        let registry = Arc::new(poll.registry().try_clone().unwrap());
        Self { berth: Berth::new(inbox.mailbox(), registry), poll, inbox }
    }

    fn hears_of_somebody(&mut self, patience: Duration) -> bool {
        let mut events = Events::with_capacity(8);
        self.poll.poll(&mut events, Some(patience)).unwrap();
        events.iter().any(|event| event.token() == NAME)
    }
}

fn door(loops: &[Loop], listener: std::net::TcpListener) -> (Arc<Door>, Arc<Register<Mailbox>>) {
    listener.set_nonblocking(true).unwrap();
    let register = Arc::new(Register::new(Caps::default(), || {}));
    let berths = loops.iter().map(|one| one.berth.clone()).collect();
    let listener = TcpListener::from_std(listener);
    let door = Door::new(listener, Arc::clone(&register), berths, Arc::default(), Switch::Off);
    for one in loops {
        door.watch(&one.berth.registry, NAME, &one.berth).unwrap();
    }
    (door, register)
}

fn listen() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

const LONG: Duration = Duration::from_secs(10);

#[test]
fn who_hears_of_a_connection_keeps_it_until_another_has_clearly_less_to_do() {
    let mut loops = [Loop::new(), Loop::new()];
    let (listener, address) = listen();
    let (door, _register) = door(&loops, listener);
    let _first = std::net::TcpStream::connect(address).unwrap();
    assert!(loops[0].hears_of_somebody(LONG));
    let Caller::Guest(_, _load) = door.answer(&loops[0].berth) else { panic!("the guest is gone") };
    let _client = std::net::TcpStream::connect(address).unwrap();
    assert!(loops[0].hears_of_somebody(LONG));
    assert!(matches!(door.answer(&loops[0].berth), Caller::Passed));
    assert_eq!(loops[1].inbox.take().arrivals.len(), 1);
    assert!(matches!(door.answer(&loops[0].berth), Caller::Nobody));
}

#[test]
fn few_are_shared_out_evenly_and_many_nearly_so() {
    for (own, least, passed) in [(0, 0, false), (1, 0, true), (1, 1, false), (2, 1, true), (5, 4, false), (6, 4, true)]
    {
        assert_eq!(is_too_much(own, least), passed, "{own} {least}");
    }
}

#[test]
fn as_long_as_somebody_waits_it_is_told_again() {
    let mut loops = [Loop::new()];
    let (listener, address) = listen();
    let (door, _register) = door(&loops, listener);
    let _clients = [(); 2].map(|()| std::net::TcpStream::connect(address).unwrap());
    for _ in 0..2 {
        assert!(loops[0].hears_of_somebody(LONG) || !TELLS_AGAIN);
        assert!(matches!(door.answer(&loops[0].berth), Caller::Guest(..)));
    }
    assert!(!loops[0].hears_of_somebody(Duration::ZERO));
}

#[test]
fn nobody_hears_of_a_closed_door_though_the_program_keeps_the_socket() {
    let mut loops = [Loop::new(), Loop::new()];
    let (listener, address) = listen();
    let (door, _register) = door(&loops, listener.try_clone().unwrap());
    door.close().unwrap();
    let _client = std::net::TcpStream::connect(address).unwrap();
    for one in &mut loops {
        assert!(!one.hears_of_somebody(Duration::from_millis(20)));
        assert!(matches!(door.answer(&one.berth), Caller::Nobody));
        // A loop that had not heard of the closing yet.
        door.watch(&one.berth.registry, NAME, &one.berth).unwrap();
        assert!(!one.hears_of_somebody(Duration::ZERO));
    }
    drop(listener);
}

#[test]
fn where_there_is_a_shortage_it_is_not_looked_at_for_a_while() {
    let mut loops = [Loop::new()];
    let (listener, address) = listen();
    let (door, _register) = door(&loops, listener);
    let _client = std::net::TcpStream::connect(address).unwrap();
    let registry = Arc::clone(&loops[0].berth.registry);
    let mut porch = Porch::new(door);
    porch.shut(&registry);
    assert!(!loops[0].hears_of_somebody(Duration::from_millis(20)));
    let until = porch.deadline().unwrap();
    let berth = loops[0].berth.clone();
    porch.ring(until - Duration::from_nanos(1), &registry, NAME, &berth);
    assert!(porch.deadline().is_some());
    porch.ring(until, &registry, NAME, &berth);
    assert!(porch.deadline().is_none() && loops[0].hears_of_somebody(LONG));
}
