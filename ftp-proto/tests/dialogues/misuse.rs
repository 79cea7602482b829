//! An adapter's mistakes: told, and without effect.

use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::server::Misuse;
use ftp_proto::time::Instant;
use ftp_proto::{Action, Event};

use crate::world::{LOCAL, PEER, World, address};

impl World {
    /// The event is a misuse of this kind, and changes nothing.
    #[track_caller]
    fn misuse(&mut self, event: Event<'_>, misuse: Misuse) {
        let before = format!("{:?}", self.session);
        assert_eq!(self.step(event), Err(misuse));
        assert_eq!(format!("{:?}", self.session), before);
    }
}

fn connected() -> Event<'static> {
    Event::Connected {
        local: address(LOCAL),
        peer: address(PEER),
        admission: Admission::Welcome,
        implicit_tls: Switch::Off,
    }
}

#[test]
fn nothing_comes_before_connected() {
    let mut world = World::before_connection(|_| {});
    world.misuse(Event::Received(b"NOOP\r\n"), Misuse::NotConnected);
    world.misuse(Event::Timeout, Misuse::NotConnected);
    world.misuse(Event::Sent(0), Misuse::NotConnected);
    world.misuse(Event::Drain { deadline: Instant::START }, Misuse::NotConnected);
    world.connect_from(LOCAL, PEER);
    world.expect("220");
}

#[test]
fn connected_comes_once() {
    let mut world = World::new();
    world.misuse(connected(), Misuse::AlreadyConnected);
    world.ask("NOOP", "200");
}

#[test]
fn no_more_is_credited_than_was_written() {
    let mut world = World::new();
    world.misuse(Event::Sent(1), Misuse::CreditTooLarge);
    world.misuse(Event::Sent(usize::MAX), Misuse::CreditTooLarge);
    world.credits = false;
    world.ask("NOOP", "200");
    let written = world.wire.uncredited();
    world.misuse(Event::Sent(written + 1), Misuse::CreditTooLarge);
    world.credit(written);
}

#[test]
fn a_completion_of_another_session_is_refused() {
    let mut world = World::logged_in();
    let mut other = ftp_proto::server::Session::new(Default::default(), [9; 32], Default::default());
    other.handle(Instant::START, connected()).unwrap().count();
    let asked: Vec<_> = other.handle(Instant::START, Event::Received(b"USER alice\r\nPASS x\r\n")).unwrap().collect();
    let ticketed = asked.into_iter().find_map(|action| match action {
        Action::Host(action) => action.fail(ftp_proto::Failure::LoginIncorrect),
        _ => None,
    });
    world.misuse(Event::Done(ticketed.expect("Authenticate was asked")), Misuse::ForeignCompletion);
    world.ask("NOOP", "200");
}

#[test]
fn an_answer_that_nobody_waits_for_is_refused() {
    // Two sessions with one seed have the same tag: the ledger still knows what is open.
    let mut one = World::logged_in();
    let mut two = World::logged_in();
    one.flows = false;
    one.send("SIZE a.txt");
    let completion = one.ready.remove(0);
    two.misuse(Event::Done(completion), Misuse::UnknownAction);
    two.ask("SIZE a.txt", "213");
}

#[test]
fn actions_not_taken_come_with_the_next_call() {
    let mut session = ftp_proto::server::Session::new(Default::default(), [1; 32], Default::default());
    drop(session.handle(Instant::START, connected()).unwrap());
    assert_eq!(session.next_deadline().unwrap().at, Instant::START);
    let actions: Vec<_> = session.handle(Instant::START, Event::Timeout).unwrap().collect();
    assert!(matches!(&actions[..], [Action::Write(bytes)] if bytes.starts_with(b"220")));
}

#[test]
fn an_action_shows_no_password() {
    let mut world = World::new();
    world.logs = true;
    world.hold("Authenticate");
    world.ask("USER alice", "331");
    world.event(Event::Received(b"PASS hunter2\r\n"));
    let actions = world.log.iter().filter(|line| line.starts_with('<')).cloned().collect::<Vec<_>>().join("\n");
    assert!(actions.contains("Authenticate") && !actions.contains("hunter2"), "{actions}");
    assert!(!format!("{:?}", world.session).contains("hunter2"));
}
