//! A server's TLS: made once, certificates replaced while it runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ResolvesServerCert, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::identity::{Identity, certificates};
use super::{TlsError, peer};

/// What a server's TLS is run with. Cheap to clone; the clones are one.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Arc<Current>>>);

/// Makes a [`Tls`]; see [`Tls::builder`].
#[derive(Debug)]
pub struct TlsBuilder {
    identity: Identity,
    hosts: Vec<(String, Identity)>,
    clients: Option<(ClientCertificates, Vec<u8>)>,
    minimum: Version,
}

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Those who have one do; one that is not trusted fails the handshake.
    Optional,
    /// A client without one fails the handshake.
    Required,
}

/// A version of TLS. Older ones are broken (RFC 8996), and there is no way to have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2 (RFC 5246).
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl Tls {
    /// Begins to make the TLS of a server that shows `identity`, unless the client asks for another host.
    #[must_use]
    pub fn builder(identity: Identity) -> TlsBuilder {
        TlsBuilder { identity, hosts: Vec::new(), clients: None, minimum: Version::default() }
    }

    /// Runs every handshake from here on with what `with` says. What is secured already goes on as it is, and data
    /// connections still resume the session of their control connection.
    ///
    /// # Errors
    /// When it cannot be used; then everything stays as it was.
    pub fn replace(&self, with: TlsBuilder) -> Result<(), TlsError> {
        let current = Arc::new(with.current()?);
        // Nothing panics while it is locked, so a poisoned lock is whole.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.current().identity).finish()
    }
}

impl TlsBuilder {
    /// Shows `identity` to clients that ask for the host `name`, by SNI or else by HOST. Case and a last dot do not
    /// matter.
    #[must_use]
    pub fn host(mut self, name: &str, identity: Identity) -> Self {
        self.hosts.push((canonical(name), identity));
        self
    }

    /// Asks clients for a certificate that one of the authorities in `ca_pem` has signed. Without it, nobody is asked.
    #[must_use]
    pub fn client_certificates(mut self, which: ClientCertificates, ca_pem: &[u8]) -> Self {
        self.clients = Some((which, ca_pem.into()));
        self
    }

    /// Refuses versions before this one. Without it, TLS 1.2 will do.
    #[must_use]
    pub fn minimum(mut self, version: Version) -> Self {
        self.minimum = version;
        self
    }

    /// The settings.
    ///
    /// # Errors
    /// When the authorities for clients cannot be used.
    pub fn build(self) -> Result<Tls, TlsError> {
        Ok(Tls(Arc::new(RwLock::new(Arc::new(self.current()?)))))
    }

    fn current(self) -> Result<Current, TlsError> {
        let versions: &[_] = match self.minimum {
            Version::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
            Version::Tls13 => &[&rustls::version::TLS13],
        };
        let verifier = match &self.clients {
            Some((which, authorities)) => verifier(*which, authorities)?,
            None => Arc::new(NoClientAuth),
        };
        let server = server(versions, verifier, self.identity.resolver())?;
        let mut control = server.clone();
        control.send_tls13_tickets = TICKETS;
        control.max_tls13_tickets = TICKETS;
        control.alpn_protocols = CONTROL_ALPN.map(Vec::from).into();
        let mut data = server;
        data.send_tls13_tickets = 0;
        data.max_tls13_tickets = 0;
        data.alpn_protocols = DATA_ALPN.map(Vec::from).into();
        let peer = Arc::new(peer::config(versions)?);
        let hosts = self.hosts.into_iter().map(|(name, identity)| (name, identity.resolver())).collect();
        Ok(Current { identity: self.identity, hosts, control, data, peer })
    }
}

/// The settings of one time.
pub(super) struct Current {
    identity: Identity,
    hosts: HashMap<String, Arc<dyn ResolvesServerCert>>,
    pub(super) control: ServerConfig,
    pub(super) data: ServerConfig,
    pub(super) peer: Arc<ClientConfig>,
}

impl Current {
    /// What the host `name` shows, if it is one.
    pub(super) fn host(&self, name: &str) -> Option<&Arc<dyn ResolvesServerCert>> {
        if self.hosts.is_empty() { None } else { self.hosts.get(&canonical(name)) }
    }
}

/// A name as all its spellings are kept.
fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn server(
    versions: &[&'static SupportedProtocolVersion],
    verifier: Arc<dyn ClientCertVerifier>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider()));
    let builder = builder.with_protocol_versions(versions).map_err(TlsError::Setup)?;
    Ok(builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver))
}

fn verifier(which: ClientCertificates, authorities: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(TlsError::BadAuthority)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider()));
    let builder = match which {
        ClientCertificates::Optional => builder.allow_unauthenticated(),
        ClientCertificates::Required => builder,
    };
    Ok(builder.build()?)
}

/// The cryptography: ring's.
pub(super) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider()))
}

/// Session tickets that a control connection issues (TLS 1.3). Some clients use each for one data connection only, and
/// the library can issue none later.
const TICKETS: usize = 8;
/// What may be spoken on a control connection (ALPN): a client that wants to speak only something else is being misled,
/// and is refused (ALPACA). FileZilla has a name of its own, besides the registered one.
const CONTROL_ALPN: [&[u8]; 2] = [b"ftp", b"x-filezilla-ftp"];
/// And on a data connection.
const DATA_ALPN: [&[u8]; 3] = [b"ftp-data", b"ftp", b"x-filezilla-ftp"];
