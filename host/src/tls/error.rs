//! What can be wrong with certificates and keys.

use std::io;
use std::path::PathBuf;

/// Why TLS cannot be run with what was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The certificates are not PEM.
    #[error("the certificates cannot be read: {0}")]
    BadCertificates(rustls_pki_types::pem::Error),
    /// There is no certificate in what was given as such.
    #[error("there is no certificate (a PEM section that begins with -----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// The key is not PEM, or there is none.
    #[error("the private key cannot be read: {0}")]
    BadKey(rustls_pki_types::pem::Error),
    /// The key is of an unknown kind, or is not that of the certificate.
    #[error("certificate and private key cannot be used together: {0}")]
    Mismatch(rustls::Error),
    /// A certificate of an authority, to judge clients by, cannot be used.
    #[error("a certificate of an authority for clients cannot be used: {0}")]
    BadAuthority(rustls::Error),
    /// Clients cannot be judged by these authorities.
    #[error("the certificates of the authorities for clients cannot be used: {0}")]
    BadAuthorities(#[from] rustls::server::VerifierBuilderError),
    /// The TLS library refuses.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}
