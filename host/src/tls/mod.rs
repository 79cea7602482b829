//! What TLS is run with: certificates, whom to trust, and which versions. Running it is the adapters' part.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use ftp_host::tls::{Identity, Tls, Version};
//!
//! let identity = Identity::from_files(Path::new("ftp.pem"), Path::new("ftp.key"))?;
//! println!("{}", identity.fingerprint());
//! let tls = Tls::builder(identity).minimum(Version::Tls13).build()?;
//! // Later, with a new certificate: sessions go on, and what is secured from here on shows that one.
//! tls.replace(Tls::builder(Identity::from_files(Path::new("ftp.pem"), Path::new("ftp.key"))?))?;
//! # Ok::<(), ftp_host::tls::TlsError>(())
//! ```
//!
//! Which data connection belongs to which control connection is known by the keys of the tickets (RFC 8446 §4.6.1, RFC
//! 5077): every session has its own, its control connection only issues tickets, and its data connections only take
//! them. So a ticket of another session, or of another server, is worth nothing here, and the connection that offers it
//! makes a full handshake.

mod error;
mod identity;
mod peer;
mod session;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
mod tickets;

pub use error::TlsError;
pub use identity::Identity;
pub use settings::{ClientCertificates, Tls, TlsBuilder, Version};

pub(crate) use session::{Choice, Offer, TlsSession};

#[cfg(test)]
mod tests;
