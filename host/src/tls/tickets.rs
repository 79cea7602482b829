//! What a session's data connections resume: tickets and, for clients that take none (curl's OpenSSL in TLS 1.2),
//! session ids. A control connection only gives them, its data connections only take them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::server::{ProducesTickets, StoresServerSessions};

/// For a control connection: it never resumes anything, so that each is authenticated for itself.
#[derive(Debug)]
pub(super) struct Issues(pub(super) Arc<dyn ProducesTickets>);

/// For one data connection: what it issued in TLS 1.3 would not be read, and in an upload that makes the client's end of
/// the connection a reset; and a ticket from a full handshake would make a stranger's connection one of ours.
///
/// A resumption of TLS 1.2 ends with a ticket all the same, which takes the place of the one that the client has (Go
/// keeps even an empty one): it is given back its own. Never a new one: whether the handshake goes on as a resumption is
/// not known here, and tickets of TLS 1.2 cross the network in the clear.
#[derive(Debug)]
pub(super) struct Takes {
    pub(super) issuer: Arc<dyn ProducesTickets>,
    shown: Mutex<Option<Vec<u8>>>,
}

/// The session id that a control connection of TLS 1.2 gave last, and what it stands for.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Option<(Vec<u8>, Vec<u8>)>>);

/// The same, for the control connection.
#[derive(Debug)]
pub(super) struct Remembers(pub(super) Arc<Remembered>);

/// The same, for a data connection.
#[derive(Debug)]
pub(super) struct Recalls(pub(super) Arc<Remembered>);

impl Takes {
    pub(super) fn new(issuer: Arc<dyn ProducesTickets>) -> Self {
        Self { issuer, shown: Mutex::default() }
    }
}

impl ProducesTickets for Issues {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

impl ProducesTickets for Takes {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.issuer.lifetime()
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        lock(&self.shown).clone()
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let plain = self.issuer.decrypt(cipher)?;
        *lock(&self.shown) = Some(cipher.to_vec());
        Some(plain)
    }
}

impl StoresServerSessions for Remembers {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        *lock(&self.0.0) = Some((key, value));
        true
    }

    fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl StoresServerSessions for Recalls {
    fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
        false
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        lock(&self.0.0).as_ref().filter(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    /// Data connections follow one another: a session is resumed many times.
    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.get(key)
    }

    fn can_cache(&self) -> bool {
        false
    }
}

/// Nothing panics while these are locked, so a poisoned lock is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring::Ticketer;

    use super::*;

    #[test]
    fn a_data_connection_gives_back_the_ticket_that_it_was_shown_and_never_another() {
        let issuer = Ticketer::new().unwrap();
        let ticket = issuer.encrypt(b"a session").unwrap();
        let takes = Takes::new(Arc::clone(&issuer));
        // In a full handshake there is nothing to give back.
        assert_eq!(takes.encrypt(b"another session"), None);
        assert_eq!(takes.decrypt(b"no ticket"), None);
        assert_eq!(takes.encrypt(b"another session"), None);
        assert_eq!(takes.decrypt(&ticket), Some(b"a session".to_vec()));
        assert_eq!(takes.encrypt(b"another session"), Some(ticket));
    }
}
