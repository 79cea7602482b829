//! Counting in and out.

use super::*;

/// Remembers when it was told to end.
type Told = Arc<Mutex<Option<Instant>>>;

impl Resident for Told {
    fn drain(&self, deadline: Instant) {
        *self.lock().unwrap() = Some(deadline);
    }
}

fn register(sessions: usize, per_address: usize, outside: usize) -> Arc<Register<Told>> {
    Arc::new(Register::new(Caps { sessions, per_address, outside }, || {}))
}

fn from(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), 4000)
}

fn admit(register: &Arc<Register<Told>>, address: &str) -> Option<(Permit<Told>, Admission)> {
    register.admit(from(address), Told::default())
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
    let state = register.lock();
    assert_eq!((state.outside, state.sessions.len(), state.per_address.len()), (0, 0, 0));
}

#[test]
fn a_drain_reaches_every_session_and_ends_with_the_last() {
    let changes = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&changes);
    let caps = Caps { sessions: 10, per_address: 10, outside: 10 };
    let register = Arc::new(Register::new(caps, move || *counted.lock().unwrap() += 1));
    let told = Told::default();
    let (mut permit, _) = register.admit(from("192.0.2.1"), Arc::clone(&told)).unwrap();
    assert_eq!(*changes.lock().unwrap(), 0, "nobody waits yet");
    let deadline = Instant::now() + Duration::from_secs(5);
    register.drain(deadline);
    assert_eq!(*told.lock().unwrap(), Some(deadline));
    assert!(!register.is_drained());
    let (late, admission) = admit(&register, "192.0.2.2").unwrap();
    assert_eq!(admission, Admission::Draining);

    assert!(permit.step_outside());
    assert!(register.is_drained() && !register.is_deserted());
    drop(permit);
    assert!(!register.is_deserted());
    drop(late);
    assert!(register.is_deserted());
    assert_eq!(*changes.lock().unwrap(), 5);
}
