//! The two adapters behind one face.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::Observer;
use ftp_host::{Client, Host};
use ftp_proto::Notice;
use tokio::task::JoinSet;

use crate::settings::Settings;
use crate::values::RuntimeName;

/// A server on either runtime.
pub(crate) enum Server {
    Tokio(ftp_adapter_tokio::Server),
    Mio(ftp_adapter_mio::Server),
}

impl Server {
    /// The server that `settings` ask for.
    pub(crate) fn new(settings: &Settings, host: Arc<dyn Host>, observer: Box<Observer>) -> Self {
        let (sessions, per_address) = (settings.max_sessions, settings.max_per_address);
        let config = settings.engine.clone();
        let observer = move |session, client: &Client, notice: &Notice| observer(session, client, notice);
        match settings.runtime {
            RuntimeName::Tokio => {
                let builder = ftp_adapter_tokio::Server::builder(host).config(config).observer(observer);
                Self::Tokio(builder.max_sessions(sessions).max_per_address(per_address).build())
            }
            RuntimeName::Mio => {
                let builder = ftp_adapter_mio::Server::builder(host).config(config).observer(observer);
                Self::Mio(builder.max_sessions(sessions).max_per_address(per_address).build())
            }
        }
    }

    /// Begins to serve `listener`, as a task of `serving`.
    pub(crate) fn serve(&self, listener: TcpListener, serving: &mut JoinSet<io::Result<()>>) -> io::Result<()> {
        match self {
            Self::Tokio(server) => {
                let server = server.clone();
                listener.set_nonblocking(true)?;
                let listener = tokio::net::TcpListener::from_std(listener)?;
                serving.spawn(async move { server.serve(listener).await });
            }
            Self::Mio(server) => {
                let server = server.clone();
                serving.spawn_blocking(move || server.serve(listener));
            }
        }
        Ok(())
    }

    /// Ends it: running transfers may finish within `grace`.
    pub(crate) fn shutdown(&self, grace: Duration) {
        match self {
            Self::Tokio(server) => server.handle().shutdown(grace),
            Self::Mio(server) => server.handle().shutdown(grace),
        }
    }

    /// How many sessions there are now.
    pub(crate) fn sessions(&self) -> usize {
        match self {
            Self::Tokio(server) => server.handle().sessions(),
            Self::Mio(server) => server.handle().sessions(),
        }
    }
}
