//! Who the server is: a certificate chain and its key.

use std::fmt::{self, Write};
use std::path::Path;
use std::sync::Arc;

use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;
use super::settings::provider;

/// A certificate, those between it and its authority, and its private key. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// From PEM: the certificate first, then those that it was signed with; and the key in PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    /// When one of them cannot be read, or they do not belong together.
    pub fn from_pem(cert_chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = certificates(cert_chain)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::BadKey)?;
        let certified = CertifiedKey::from_der(chain, key, provider()).map_err(TlsError::Mismatch)?;
        Ok(Self(Arc::new(certified)))
    }

    /// The same from two files, which may be one.
    ///
    /// # Errors
    /// When a file cannot be read, too.
    pub fn from_files(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| TlsError::Read { path: path.into(), error });
        Self::from_pem(&read(cert)?, &read(key)?)
    }

    /// The SHA-256 of the certificate, as clients show it: `AA:BB:…`, 32 bytes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // There is always one: a chain without any is refused.
        let leaf = self.0.cert.first().map(|certificate| &**certificate).unwrap_or_default();
        let digest = ring::digest::digest(&ring::digest::SHA256, leaf);
        let mut text = String::new();
        for byte in digest.as_ref() {
            let colon = if text.is_empty() { "" } else { ":" };
            // Writing to a string does not fail.
            let _ = write!(text, "{colon}{byte:02X}");
        }
        text
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.fingerprint()).finish()
    }
}

/// All certificates in `pem`, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(TlsError::BadCertificates)?;
    if all.is_empty() { Err(TlsError::NoCertificate) } else { Ok(all) }
}
