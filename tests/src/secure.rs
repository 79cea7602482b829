//! The client's side of TLS: which versions, whom it trusts, who it says it is, which sessions it resumes.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::authority::Credential;

/// How a control connection is protected, and the data connections with it.
#[derive(Clone, Debug, Default)]
pub enum Security {
    /// Not at all.
    #[default]
    Plain,
    /// AUTH TLS behind the greeting (RFC 4217).
    Explicit(TlsClient),
    /// TLS from the first byte.
    Implicit(TlsClient),
}

impl Security {
    /// The TLS of it.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsClient> {
        match self {
            Self::Plain => None,
            Self::Explicit(tls) | Self::Implicit(tls) => Some(tls),
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.2 (RFC 5246).
    V1_2,
    /// 1.3 (RFC 8446).
    V1_3,
}

impl TlsVersion {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::V1_2, Self::V1_3];
}

/// Which session a data connection resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// That of its control connection. Tickets of TLS 1.3 are used once each.
    Control,
    /// None: each handshake is a full one.
    Never,
}

/// What a client brings to its handshakes.
#[derive(Clone, Debug)]
pub struct TlsClient {
    versions: Vec<TlsVersion>,
    name: ServerName<'static>,
    trust: Trust,
    credential: Option<Credential>,
    resume: Resume,
    alpn: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Trust {
    Anyone,
    Only(CertificateDer<'static>),
    Authority(CertificateDer<'static>),
}

impl Default for TlsClient {
    fn default() -> Self {
        Self::new()
    }
}

impl TlsClient {
    /// Both versions, any certificate, the name `localhost`, nobody in particular, resumption as in [`Resume::Control`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            versions: TlsVersion::ALL.to_vec(),
            name: ServerName::try_from("localhost").expect("a name"),
            trust: Trust::Anyone,
            credential: None,
            resume: Resume::Control,
            alpn: Vec::new(),
        }
    }

    /// Only this version.
    #[must_use]
    pub fn version(mut self, version: TlsVersion) -> Self {
        self.versions = vec![version];
        self
    }

    /// The name that is asked for (SNI). An IP address is none: it is not sent.
    ///
    /// # Panics
    /// When it is no name.
    #[must_use]
    pub fn server_name(mut self, name: &str) -> Self {
        self.name = ServerName::try_from(name.to_owned()).expect("a name");
        self
    }

    /// Trusts this certificate and no other.
    #[must_use]
    pub fn only(mut self, certificate: &Credential) -> Self {
        self.trust = Trust::Only(certificate.certificate().clone());
        self
    }

    /// Trusts what this authority has signed, for the name that was asked for.
    #[must_use]
    pub fn authority(mut self, certificate: CertificateDer<'static>) -> Self {
        self.trust = Trust::Authority(certificate);
        self
    }

    /// Shows this certificate when it is asked for one.
    #[must_use]
    pub fn identity(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Which session data connections resume.
    #[must_use]
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = resume;
        self
    }

    /// The protocols that are offered (ALPN).
    #[must_use]
    pub fn alpn(mut self, protocols: &[&str]) -> Self {
        self.alpn = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// A store of sessions of its own: for one control connection and its data connections.
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        let control = Arc::new(self.config());
        let data = match self.resume {
            Resume::Control => Arc::clone(&control),
            Resume::Never => {
                let mut config = (*control).clone();
                config.resumption = Resumption::disabled();
                Arc::new(config)
            }
        };
        Sessions { control, data, name: self.name.clone() }
    }

    fn config(&self) -> ClientConfig {
        let provider = Arc::new(ring::default_provider());
        let versions: Vec<_> = self.versions.iter().map(|version| supported(*version)).collect();
        let verifier: Arc<dyn ServerCertVerifier> = match &self.trust {
            Trust::Anyone => Arc::new(Pinned { only: None, provider: Arc::clone(&provider) }),
            Trust::Only(only) => Arc::new(Pinned { only: Some(only.clone()), provider: Arc::clone(&provider) }),
            Trust::Authority(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.clone()).expect("a certificate of an authority");
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .expect("an authority")
            }
        };
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&versions);
        let builder = builder.expect("known versions").dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match &self.credential {
            Some(credential) => {
                let (chain, key): (_, PrivateKeyDer<'static>) = credential.parts();
                builder.with_client_auth_cert(chain, key).expect("a key that fits")
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&self.alpn);
        // The same bound as a browser's: enough for tickets that are used once.
        config.resumption = Resumption::in_memory_sessions(64);
        // For tests that seal records of their own.
        config.enable_secret_extraction = true;
        config
    }
}

/// What one control connection shares with its data connections.
#[derive(Clone, Debug)]
pub struct Sessions {
    control: Arc<ClientConfig>,
    data: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Sessions {
    /// For a client that makes its connections itself, all of them with the same settings.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.control)
    }

    /// For the control connection.
    ///
    /// # Panics
    /// When the settings cannot be used.
    #[must_use]
    pub fn control(&self) -> ClientConnection {
        ClientConnection::new(Arc::clone(&self.control), self.name.clone()).expect("settings that can be used")
    }

    /// For a data connection.
    ///
    /// # Panics
    /// When the settings cannot be used.
    #[must_use]
    pub fn data(&self) -> ClientConnection {
        ClientConnection::new(Arc::clone(&self.data), self.name.clone()).expect("settings that can be used")
    }
}

const fn supported(version: TlsVersion) -> &'static SupportedProtocolVersion {
    match version {
        TlsVersion::V1_2 => &TLS12,
        TlsVersion::V1_3 => &TLS13,
    }
}

/// Takes one certificate, or any; whoever shows it must have its key.
#[derive(Debug)]
struct Pinned {
    only: Option<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.only {
            Some(only) if only != end_entity => Err(Error::General("another certificate than the one expected".into())),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
