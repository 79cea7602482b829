//! TLS of the client: one certificate that every server shows, and a store of tickets for each session.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, version};
use serde::{Deserialize, Serialize};

use crate::fault;

/// A connection under TLS.
pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Which version is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// TLS 1.2: a session may be resumed any number of times.
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3: this client uses each ticket once, so a session can be resumed as often as it was given tickets.
    #[serde(rename = "1.3")]
    V13,
}

/// The certificate that every server shows, in files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Both, one behind the other, PEM.
    pub both: PathBuf,
    /// What trusts it.
    roots: Arc<RootCertStore>,
}

impl Certificate {
    /// Makes one for `localhost` (ECDSA, P-256), in a directory.
    ///
    /// # Errors
    /// Where it cannot be made or written.
    pub fn make(directory: &Path) -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(io::Error::other)?;
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).map_err(io::Error::other)?;
        let [certificate, key, both] = ["cert.pem", "key.pem", "both.pem"].map(|name| directory.join(name));
        fs::write(&certificate, made.cert.pem())?;
        fs::write(&key, made.signing_key.serialize_pem())?;
        fs::write(&both, made.cert.pem() + &made.signing_key.serialize_pem())?;
        Ok(Self { certificate, key, both, roots: Arc::new(roots) })
    }

    /// Settings for clients.
    ///
    /// # Errors
    /// Where rustls has no such version.
    pub fn client(&self, version: Version) -> io::Result<Arc<ClientConfig>> {
        let versions: &[_] = match version {
            Version::V12 => &[&version::TLS12],
            Version::V13 => &[&version::TLS13],
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
        let builder = builder.map_err(io::Error::other)?;
        Ok(Arc::new(builder.with_root_certificates(Arc::clone(&self.roots)).with_no_client_auth()))
    }
}

/// The same settings with a store of tickets of its own.
pub(crate) fn of_a_session(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

/// Begins TLS as its client; gives back when the handshake is done.
pub(crate) fn begin(mut socket: TcpStream, config: &Arc<ClientConfig>) -> io::Result<Tls> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(|error| fault(format!("no TLS: {error}")))?;
    }
    Ok(StreamOwned::new(connection, socket))
}
