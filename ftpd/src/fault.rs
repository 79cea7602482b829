//! What can stop the server, each as one sentence that says what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use ftp_host::UsersFileError;

/// Why the server did not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {cause}", path.display())]
    ConfigUnreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The configuration file is not what it should be.
    #[error("{} line {line}: {message}", path.display())]
    ConfigBroken {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Two users have one name.
    #[error("the user {name:?} is given twice")]
    UserTwice {
        /// The name.
        name: String,
    },
    /// Nobody could log in.
    #[error("nobody could log in: there are no users, and anonymous is off")]
    NobodyMayEnter,
    /// The users file cannot be used.
    #[error(transparent)]
    Users(#[from] UsersFileError),
    /// Options about TLS, and no TLS.
    #[error("options about TLS are given, but TLS is off: say --tls optional or --tls required")]
    TlsIsOff,
    /// A key, and no certificate.
    #[error("a key is given without its certificate: say --tls-cert FILE")]
    KeyWithoutCertificate,
    /// Certificates are demanded of clients, and nobody could sign one.
    #[error("clients must have certificates, but nobody is known who signs them: say --tls-client-ca FILE")]
    NoClientAuthority,
    /// A certificate or key cannot be used.
    #[error("cannot use the certificate in {}: {cause}", path.display())]
    Certificate {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The directory cannot be served.
    #[error("cannot serve {}: {cause}", path.display())]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Payloads of nothing.
    #[error("payloads are to be recorded, but sessions are not: say --record DIR")]
    NothingIsRecorded,
    /// Sessions cannot be recorded there.
    #[error("cannot record sessions in {}: {cause}", path.display())]
    Record {
        /// Which directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// The kernel refused what the server needs to begin.
    #[error("cannot begin: {0}")]
    Runtime(io::Error),
    /// There is no password to hash.
    #[error("no hash was made: {0}")]
    Password(String),
    /// A file is no trace, or cannot be read.
    #[error("cannot replay {path}: {cause}")]
    Trace {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
    /// The server stopped while it should have run.
    #[error("the server stopped: {0}")]
    Stopped(String),
}

impl Fault {
    /// 2 when the server did not start, as for a wrong command line; 1 when it stopped by itself.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Stopped(_)) { 1 } else { 2 })
    }
}
