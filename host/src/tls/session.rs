//! One session's TLS: the keys of its tickets, and what its handshakes are made with.

use std::fmt;
use std::sync::Arc;

use ftp_proto::Failure;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ProducesTickets};
use rustls::{ClientConfig, ServerConfig};

use super::Tls;
use super::settings::Current;
use super::tickets::{Issues, Takes};

/// What the connections of one session share.
#[derive(Debug)]
pub(crate) struct TlsSession {
    tls: Tls,
    ticketer: Arc<dyn ProducesTickets>,
    host: Option<Arc<str>>,
}

/// A handshake to be made as the server, with what is chosen once the client has said hello.
pub(crate) struct Offer {
    current: Arc<Current>,
    ticketer: Arc<dyn ProducesTickets>,
    host: Option<Arc<str>>,
    side: Side,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Control,
    Data,
}

impl TlsSession {
    /// For a control connection that is to be secured; `host` is the one that HOST named.
    pub(crate) fn new(tls: &Tls, host: Option<Arc<str>>) -> Result<Self, Failure> {
        // It fails where the system gives no random numbers.
        let ticketer = Ticketer::new().map_err(|_| Failure::Tls)?;
        Ok(Self { tls: tls.clone(), ticketer, host })
    }

    /// The control connection's handshake.
    pub(crate) fn control(&self) -> Offer {
        let ticketer = Arc::new(Issues(Arc::clone(&self.ticketer)));
        Offer { current: self.tls.current(), ticketer, host: self.host.clone(), side: Side::Control }
    }

    /// The handshake of one of its data connections.
    pub(crate) fn data(&self) -> Offer {
        let ticketer = Arc::new(Takes(Arc::clone(&self.ticketer)));
        Offer { current: self.tls.current(), ticketer, host: self.host.clone(), side: Side::Data }
    }

    /// The client named a host on the control connection: data connections without a name mean it too.
    pub(crate) fn named(&mut self, host: &str) {
        if self.tls.current().host(host).is_some() {
            self.host = Some(host.into());
        }
    }

    /// What to be a client with, towards another server.
    pub(crate) fn peer(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls.current().peer)
    }
}

impl Offer {
    /// What to answer `hello` with.
    pub(crate) fn choose(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let template = match self.side {
            Side::Control => &self.current.control,
            Side::Data => &self.current.data,
        };
        let mut config = template.clone();
        config.ticketer = Arc::clone(&self.ticketer);
        let named = [hello.server_name(), self.host.as_deref()].into_iter().flatten();
        if let Some(resolver) = named.into_iter().find_map(|name| self.current.host(name)) {
            config.cert_resolver = Arc::clone(resolver);
        }
        Arc::new(config)
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("side", &self.side).field("host", &self.host).finish_non_exhaustive()
    }
}
