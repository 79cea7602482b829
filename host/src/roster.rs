//! Who is on: kept from notices, told to whoever may ask (SITE WHO).

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ftp_proto::notice::TransferKind;
use ftp_proto::outcome;
use ftp_proto::{Notice, VirtualPath};

use crate::adapter::SessionId;
use crate::host::Client;

/// The sessions that are logged in, with what each is transferring: an observer, and the answer to who is on.
///
/// A line for each, sorted by name: `alice 192.0.2.1 12 s downloads /pub/file`. One roster may serve several servers.
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_host::{MemoryDisk, Pooled, Roster, Users};
/// use ftp_proto::storage::Permissions;
///
/// let roster = Arc::new(Roster::new());
/// let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::new(MemoryDisk::new()));
/// let host = Pooled::new(Arc::new(users)).roster(Arc::clone(&roster));
///
/// // What an adapter's builder takes as an observer.
/// let seen = Arc::clone(&roster);
/// let observer = move |session, client: &_, notice: &_| seen.observe(session, client, notice);
/// # let _: &dyn Fn(ftp_host::adapter::SessionId, &ftp_host::Client, &ftp_proto::Notice) = &observer;
/// # drop(host);
/// assert!(roster.lines().lines.is_empty());
/// ```
pub struct Roster {
    capacity: usize,
    present: Mutex<Present>,
}

type Present = BTreeMap<Key, Entry>;

/// Unique also among several servers, whose numbers may be the same.
type Key = (SessionId, SocketAddr, SocketAddr);

struct Entry {
    user: Arc<str>,
    since: Instant,
    transfer: Option<(TransferKind, VirtualPath)>,
}

impl Roster {
    /// An empty one, with room for 4,096 sessions: what an adapter lets in by default.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(4096)
    }

    /// An empty one that keeps at most so many sessions; those that log in beyond that are not told of.
    #[must_use]
    pub fn with_capacity(sessions: usize) -> Self {
        Self { capacity: sessions, present: Mutex::default() }
    }

    /// Takes a notice in. Never waits for more than another such call.
    pub fn observe(&self, session: SessionId, client: &Client, notice: &Notice) {
        let key = key(session, client);
        match notice {
            Notice::LoggedIn { user } => {
                let entry = Entry { user: Arc::clone(user), since: Instant::now(), transfer: None };
                let mut present = self.present();
                if present.len() < self.capacity || present.contains_key(&key) {
                    present.insert(key, entry);
                }
            }
            Notice::LoggedOut { .. } | Notice::Ended(_) => {
                self.present().remove(&key);
            }
            Notice::TransferStarted { what, path, .. } => self.set_transfer(&key, Some((*what, path.clone()))),
            Notice::TransferEnded(_) => self.set_transfer(&key, None),
            _ => {}
        }
    }

    /// The session is gone, whether or not a notice said so.
    pub(crate) fn left(&self, session: SessionId, client: &Client) {
        self.present().remove(&key(session, client));
    }

    /// One line for each session, sorted by name, then by who came first.
    #[must_use]
    pub fn lines(&self) -> outcome::Roster {
        self.lines_at(Instant::now())
    }

    fn lines_at(&self, now: Instant) -> outcome::Roster {
        let present = self.present();
        let mut sorted: Vec<_> = present.iter().collect();
        sorted.sort_by(|(one, a), (other, b)| (&a.user, a.since, one).cmp(&(&b.user, b.since, other)));
        outcome::Roster { lines: sorted.into_iter().map(|((_, peer, _), entry)| entry.line(*peer, now)).collect() }
    }

    fn set_transfer(&self, key: &Key, transfer: Option<(TransferKind, VirtualPath)>) {
        if let Some(entry) = self.present().get_mut(key) {
            entry.transfer = transfer;
        }
    }

    /// Nothing that could panic runs while this is held, so it is whole whatever happened.
    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn line(&self, peer: SocketAddr, now: Instant) -> Arc<str> {
        let (user, address) = (&self.user, peer.ip().to_canonical());
        let seconds = now.saturating_duration_since(self.since).as_secs();
        match &self.transfer {
            None => format!("{user} {address} {seconds} s"),
            Some((what, path)) => {
                let does = match what {
                    TransferKind::Download => "downloads",
                    TransferKind::Upload => "uploads",
                    TransferKind::Listing => "lists",
                    _ => "transfers",
                };
                format!("{user} {address} {seconds} s {does} {path}")
            }
        }
        .into()
    }
}

const fn key(session: SessionId, client: &Client) -> Key {
    (session, client.peer, client.local)
}

impl Default for Roster {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").field("sessions", &self.present().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ftp_proto::notice::{SessionSummary, TransferOutcome, TransferSummary};
    use ftp_proto::server::CloseReason;

    use super::*;
    use crate::adapter::{Caps, Permit, Register, Resident};
    use crate::{Host, HostSession, MemoryDisk, Pooled, Users};

    struct Nobody;

    impl Resident for Nobody {
        fn drain(&self, _: Instant) {}
    }

    /// A server's sessions, each from an address of its own.
    fn sessions<const COUNT: usize>() -> [(Permit<Nobody>, Client); COUNT] {
        let register = Arc::new(Register::new(Caps::default(), || {}));
        std::array::from_fn(|at| {
            let client = Client { peer: ([192, 0, 2, at as u8], 40_000).into(), local: ([192, 0, 2, 99], 21).into() };
            (register.admit(client.peer, Nobody).unwrap().0, client)
        })
    }

    fn text(roster: &Roster, after: Duration) -> Vec<String> {
        roster.lines_at(Instant::now() + after).lines.iter().map(|line| line.to_string()).collect()
    }

    fn logged_in(name: &str) -> Notice {
        Notice::LoggedIn { user: name.into() }
    }

    #[test]
    fn those_who_are_on_are_told_with_what_they_transfer() {
        let [(a, client_a), (b, client_b)] = sessions();
        let roster = Roster::new();
        roster.observe(a.id(), &client_a, &logged_in("bob"));
        roster.observe(b.id(), &client_b, &logged_in("alice"));
        let (minute, path) = (Duration::from_secs(60), VirtualPath::parse(b"/file").unwrap());
        let started = Notice::TransferStarted { what: TransferKind::Download, path: path.clone(), expected: None };
        roster.observe(b.id(), &client_b, &started);
        assert_eq!(text(&roster, minute), ["alice 192.0.2.1 60 s downloads /file", "bob 192.0.2.0 60 s"]);
        let duration = Duration::from_secs(1);
        let (what, bytes, outcome) = (TransferKind::Download, 1, TransferOutcome::Complete);
        roster.observe(
            b.id(),
            &client_b,
            &Notice::TransferEnded(TransferSummary { what, path, bytes, duration, outcome }),
        );
        assert_eq!(text(&roster, minute)[0], "alice 192.0.2.1 60 s");
        // One that becomes someone else, or nobody, and one that leaves.
        roster.observe(b.id(), &client_b, &Notice::LoggedOut { user: "alice".into() });
        assert_eq!(text(&roster, minute), ["bob 192.0.2.0 60 s"]);
        roster.observe(b.id(), &client_b, &logged_in("carol"));
        assert_eq!(text(&roster, minute), ["bob 192.0.2.0 60 s", "carol 192.0.2.1 60 s"]);
        roster.observe(b.id(), &client_b, &Notice::LoggedOut { user: "carol".into() });
        let reason = CloseReason::Quit;
        let (user, commands, downloads, uploads, sent, received) = (None, 0, 0, 0, 0, 0);
        let ended = SessionSummary { user, reason, duration, commands, downloads, uploads, sent, received };
        roster.observe(a.id(), &client_a, &Notice::Ended(ended));
        assert!(text(&roster, minute).is_empty());
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let [(a, client_a), (b, client_b)] = sessions();
        let roster = Roster::with_capacity(1);
        roster.observe(a.id(), &client_a, &logged_in("alice"));
        roster.observe(b.id(), &client_b, &logged_in("bob"));
        roster.observe(a.id(), &client_a, &logged_in("carol"));
        assert_eq!(text(&roster, Duration::ZERO), ["carol 192.0.2.0 0 s"]);
    }

    #[test]
    fn two_servers_may_number_their_sessions_alike() {
        let ([(a, client_a)], [_, (b, client_b)]) = (sessions(), sessions());
        let [(c, _)] = sessions();
        assert_eq!(a.id(), c.id());
        let roster = Roster::new();
        roster.observe(a.id(), &client_a, &logged_in("alice"));
        roster.observe(c.id(), &client_b, &logged_in("bob"));
        roster.left(c.id(), &client_b);
        roster.left(b.id(), &client_b);
        assert_eq!(text(&roster, Duration::ZERO), ["alice 192.0.2.0 0 s"]);
    }

    #[test]
    fn a_session_that_is_dropped_without_a_word_is_not_on_any_more() {
        let [(a, client)] = sessions();
        let roster = Arc::new(Roster::new());
        let users = Users::new().anonymous(ftp_proto::storage::Permissions::READ_ONLY, Arc::new(MemoryDisk::new()));
        let host = Pooled::new(Arc::new(users)).roster(Arc::clone(&roster));
        let mut session: Box<dyn HostSession> = host.session(client);
        session.identify(a.id());
        roster.observe(a.id(), &client, &logged_in("alice"));
        drop(session);
        assert!(text(&roster, Duration::ZERO).is_empty());
    }
}
