//! Counting in and out.

use std::time::Duration;

use super::*;
use crate::mailbox::Inbox;

fn register(sessions: usize, per_address: usize, outside: usize) -> Arc<Register> {
    Arc::new(Register::new(Caps { sessions, per_address, outside }))
}

fn from(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 4000)
}

fn admit(register: &Arc<Register>, address: &str) -> Option<(Permit, Admission)> {
    register.admit(from(address), Inbox::new().mailbox())
}

#[test]
fn an_address_has_its_share_however_it_is_written() {
    let register = register(10, 1, 10);
    let (first, admission) = admit(&register, "192.0.2.1").unwrap();
    assert_eq!(admission, Admission::Welcome);
    let (_second, admission) = admit(&register, "::ffff:192.0.2.1").unwrap();
    assert_eq!(admission, Admission::AddressFull);
    let (_other, admission) = admit(&register, "192.0.2.2").unwrap();
    assert_eq!(admission, Admission::Welcome);
    drop(first);
    let (_third, admission) = admit(&register, "192.0.2.1").unwrap();
    assert_eq!(admission, Admission::Welcome);
    assert_eq!(register.sessions(), 2);
}

#[test]
fn a_full_server_turns_away_only_so_many_politely() {
    let register = register(1, 1, 1);
    let (_inside, _) = admit(&register, "192.0.2.1").unwrap();
    let (turned_away, admission) = admit(&register, "192.0.2.2").unwrap();
    assert_eq!(admission, Admission::ServerFull);
    assert!(admit(&register, "192.0.2.3").is_none());
    drop(turned_away);
    assert!(admit(&register, "192.0.2.3").is_some());
    assert_eq!(register.sessions(), 1);
}

#[test]
fn a_closing_session_makes_room_before_it_is_gone() {
    let register = register(1, 1, 1);
    let (mut leaving, _) = admit(&register, "192.0.2.1").unwrap();
    assert!(leaving.step_outside());
    let (mut next, admission) = admit(&register, "192.0.2.1").unwrap();
    assert_eq!(admission, Admission::Welcome);
    assert!(!next.step_outside(), "no room to linger");
    drop(next);
    drop(leaving);
    let state = register.state.borrow();
    assert_eq!((state.outside, state.sessions.len(), state.per_address.len()), (0, 0, 0));
}

#[tokio::test]
async fn a_drain_reaches_every_session_and_ends_with_the_last() {
    let register = register(10, 10, 10);
    let inbox = Inbox::new();
    let (mut permit, _) = register.admit(from("192.0.2.1"), inbox.mailbox()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    register.drain(deadline);
    inbox.arrival().await;
    assert!(matches!(inbox.take().as_slice(), [Report::Drain(at)] if *at == deadline));
    let (late, admission) = admit(&register, "192.0.2.2").unwrap();
    assert_eq!(admission, Admission::Draining);

    let ended = tokio::spawn({
        let register = Arc::clone(&register);
        async move {
            register.drained().await;
            register.deserted().await;
        }
    });
    assert!(permit.step_outside());
    register.drained().await;
    assert!(!ended.is_finished());
    drop(permit);
    drop(late);
    ended.await.unwrap();
}
