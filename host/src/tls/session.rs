//! One session's TLS: the keys of its tickets, and what its handshakes are made with.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ftp_proto::Failure;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ServerConfig};

use super::Tls;
use super::settings::Current;
use super::tickets::{Issues, Recalls, Remembered, Remembers, Takes};

/// What the connections of one session share.
#[derive(Debug)]
pub(crate) struct TlsSession {
    tls: Tls,
    ticketer: Arc<dyn ProducesTickets>,
    remembered: Arc<Remembered>,
    host: Option<Arc<str>>,
}

/// A handshake to be made as the server, with what is chosen once the client has said hello.
pub(crate) struct Offer {
    current: Arc<Current>,
    ticketer: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
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
        Ok(Self { tls: tls.clone(), ticketer, remembered: Arc::default(), host })
    }

    /// The control connection's handshake.
    pub(crate) fn control(&self) -> Offer {
        let ticketer = Arc::new(Issues(Arc::clone(&self.ticketer)));
        self.offer(ticketer, Arc::new(Remembers(Arc::clone(&self.remembered))), Side::Control)
    }

    /// The handshake of one of its data connections.
    pub(crate) fn data(&self) -> Offer {
        let ticketer = Arc::new(Takes::new(Arc::clone(&self.ticketer)));
        self.offer(ticketer, Arc::new(Recalls(Arc::clone(&self.remembered))), Side::Data)
    }

    fn offer(&self, ticketer: Arc<dyn ProducesTickets>, sessions: Arc<dyn StoresServerSessions>, side: Side) -> Offer {
        Offer { current: self.tls.current(), ticketer, sessions, host: self.host.clone(), side }
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
    /// What to make the handshake with, and the choice of the certificate in it.
    pub(crate) fn config(self) -> (Arc<ServerConfig>, Arc<Choice>) {
        let template = match self.side {
            Side::Control => &self.current.control,
            Side::Data => &self.current.data,
        };
        let mut config = template.clone();
        let choice = Choice {
            standard: Arc::clone(&config.cert_resolver),
            current: self.current,
            host: self.host,
            sni: OnceLock::new(),
        };
        let choice = Arc::new(choice);
        config.ticketer = self.ticketer;
        config.session_storage = self.sessions;
        config.cert_resolver = Arc::<Choice>::clone(&choice);
        (Arc::new(config), choice)
    }
}

/// Which certificate is shown: it is chosen once the client has said hello.
pub(crate) struct Choice {
    standard: Arc<dyn ResolvesServerCert>,
    current: Arc<Current>,
    host: Option<Arc<str>>,
    sni: OnceLock<Box<str>>,
}

impl Choice {
    /// The host that the client named.
    pub(crate) fn sni(&self) -> Option<&str> {
        self.sni.get().map(|name| &**name)
    }
}

impl ResolvesServerCert for Choice {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(name) = hello.server_name() {
            // A second hello of the same handshake names the same.
            self.sni.get_or_init(|| name.into());
        }
        let named = [hello.server_name(), self.host.as_deref()].into_iter().flatten();
        let resolver = named.into_iter().find_map(|name| self.current.host(name)).unwrap_or(&self.standard);
        resolver.resolve(hello)
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice").field("host", &self.host).field("sni", &self.sni).finish_non_exhaustive()
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer").field("side", &self.side).field("host", &self.host).finish_non_exhaustive()
    }
}
