//! libunftp with its storage for the local disk, one user, limits lifted, and no log: `libunftp-peer PORT DIR [CERT KEY]`.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use libunftp::ServerBuilder;
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

/// The one user, whose password stands in memory.
#[derive(Debug)]
struct One;

#[async_trait]
impl Authenticator for One {
    async fn authenticate(&self, name: &str, offered: &Credentials) -> Result<Principal, AuthenticationError> {
        match (name, offered.password.as_deref()) {
            ("bench", Some("bench")) => Ok(Principal { username: name.to_owned() }),
            _ => Err(AuthenticationError::BadPassword),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "usage: libunftp-peer PORT DIR [CERT KEY]";
    let port: u16 = words.next().ok_or(usage)?.parse()?;
    let directory = PathBuf::from(words.next().ok_or(usage)?);
    Filesystem::new(directory.clone())?;
    let storage = Box::new(move || Filesystem::new(directory.clone()).expect("it was there at the start"));
    let mut server = ServerBuilder::with_authenticator(storage, Arc::new(One))
        .passive_ports(1024..=65535)
        .idle_session_timeout(86_400);
    if let (Some(certificate), Some(key)) = (words.next(), words.next()) {
        server = server.ftps(certificate, key);
    }
    server.build()?.listen(format!("127.0.0.1:{port}")).await?;
    Ok(())
}
