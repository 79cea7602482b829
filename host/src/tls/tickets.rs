//! Session tickets, of which a control connection only issues, and its data connections only take.

use std::sync::Arc;

use rustls::server::ProducesTickets;

/// For a control connection: it never resumes anything, so that each is authenticated for itself.
#[derive(Debug)]
pub(super) struct Issues(pub(super) Arc<dyn ProducesTickets>);

/// For a data connection: what it issued would not be read, and in an upload that makes the client's end of the
/// connection a reset (TLS 1.3); and a ticket from a full handshake would make a stranger's connection one of ours.
#[derive(Debug)]
pub(super) struct Takes(pub(super) Arc<dyn ProducesTickets>);

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
        self.0.lifetime()
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}
