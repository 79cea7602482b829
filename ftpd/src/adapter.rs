//! The two adapters behind one face.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::{Observer, Recording};
use ftp_host::tls::Tls;
use ftp_host::{Client, Host};
use ftp_proto::Notice;
use tokio::task::JoinSet;

use crate::settings::Settings;
use crate::values::RuntimeName;

/// A socket that is listened on.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: BeginsWith,
}

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BeginsWith {
    /// The server's greeting.
    Words,
    /// TLS (implicit).
    Tls,
}

/// A server on either runtime.
pub(crate) enum Server {
    Tokio(ftp_adapter_tokio::Server),
    Mio(ftp_adapter_mio::Server),
}

impl Server {
    /// The server that `settings` ask for.
    pub(crate) fn new(
        settings: &Settings,
        host: Arc<dyn Host>,
        tls: Option<Tls>,
        recording: Option<Recording>,
        observer: Box<Observer>,
    ) -> Self {
        let (sessions, per_address) = (settings.max_sessions, settings.max_per_address);
        let config = settings.engine.clone();
        let observer = move |session, client: &Client, notice: &Notice| observer(session, client, notice);
        match settings.runtime {
            RuntimeName::Tokio => {
                let builder = ftp_adapter_tokio::Server::builder(host).config(config).observer(observer);
                let builder = builder.max_sessions(sessions).max_per_address(per_address);
                let builder = tls.into_iter().fold(builder, |builder, tls| builder.tls(tls));
                Self::Tokio(recording.into_iter().fold(builder, |builder, to| builder.record(to)).build())
            }
            RuntimeName::Mio => {
                let builder = ftp_adapter_mio::Server::builder(host).config(config).observer(observer);
                let builder = builder.max_sessions(sessions).max_per_address(per_address);
                let builder = tls.into_iter().fold(builder, |builder, tls| builder.tls(tls));
                Self::Mio(recording.into_iter().fold(builder, |builder, to| builder.record(to)).build())
            }
        }
    }

    /// Begins to serve `listener`, as a task of `serving`.
    pub(crate) fn serve(&self, listener: Listener, serving: &mut JoinSet<io::Result<()>>) -> io::Result<()> {
        let Listener { socket, tls } = listener;
        match self {
            Self::Tokio(server) => {
                let server = server.clone();
                socket.set_nonblocking(true)?;
                let socket = tokio::net::TcpListener::from_std(socket)?;
                serving.spawn(async move {
                    match tls {
                        BeginsWith::Words => server.serve(socket).await,
                        BeginsWith::Tls => server.serve_implicit(socket).await,
                    }
                });
            }
            Self::Mio(server) => {
                let server = server.clone();
                serving.spawn_blocking(move || match tls {
                    BeginsWith::Words => server.serve(socket),
                    BeginsWith::Tls => server.serve_implicit(socket),
                });
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
