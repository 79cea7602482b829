//! The server: takes connections in and gives each a session.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::socket::{AcceptFault, Pause};
use ftp_host::adapter::{Caps, Offload, Register, SessionId, Settings};
use ftp_host::tls::Tls;
use ftp_host::{Client, Host};
use ftp_proto::Notice;
use ftp_proto::config::{Config, Switch};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::driver::Driver;
use crate::mailbox::{Inbox, Mailbox};

/// An FTP server on tokio. Cheap to clone; the clones are one server.
#[derive(Clone, Debug)]
pub struct Server {
    settings: Arc<Settings>,
    register: Arc<Register<Mailbox>>,
    /// Notified whenever a connection left while the server is to end.
    left: Arc<Notify>,
}

/// Makes a [`Server`]; see [`Server::builder`].
#[derive(Debug)]
pub struct Builder {
    settings: Settings,
    caps: Caps,
}

/// A hand on a running [`Server`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Register<Mailbox>>);

impl Server {
    /// Begins to make a server that serves `host`: `Server::builder(Arc::new(host))`.
    #[must_use]
    pub fn builder(host: Arc<dyn Host>) -> Builder {
        Builder { settings: Settings::new(host), caps: Caps::default() }
    }

    /// A hand on the server, to end it and to ask how it is.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.register))
    }

    /// Serves the connections that come in on `listener`, until [`Handle::shutdown`] was called and the last session
    /// has ended. May be called for several listeners; all of them return then.
    ///
    /// Too few file descriptors or too little memory for another connection is waited out. Must be called within a
    /// runtime with its I/O and time enabled; sessions run as tasks of it.
    ///
    /// Cancel-safe: dropped, the listener is closed; the sessions go on and end with the next shutdown.
    ///
    /// # Errors
    /// If the listener itself cannot be used.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        self.serve_with(listener, Switch::Off).await
    }

    /// The same for a listener whose clients begin with TLS before the first word (implicit TLS, usually at port 990).
    /// Without [`Builder::tls`] nobody gets in.
    ///
    /// Cancel-safe as [`serve`](Self::serve) is.
    ///
    /// # Errors
    /// If the listener itself cannot be used.
    pub async fn serve_implicit(&self, listener: TcpListener) -> io::Result<()> {
        self.serve_with(listener, Switch::On).await
    }

    async fn serve_with(&self, listener: TcpListener, implicit_tls: Switch) -> io::Result<()> {
        let mut pause = Pause::FIRST;
        let mut drained = pin!(self.until(Register::is_drained));
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut drained => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause = Pause::FIRST;
                    self.welcome(stream, peer, implicit_tls);
                }
                Err(error) => match AcceptFault::of(&error) {
                    AcceptFault::Peer => {}
                    AcceptFault::Shortage => sleep(pause.take()).await,
                    AcceptFault::Listener => return Err(error),
                },
            }
        }
        drop(listener);
        self.until(Register::is_deserted).await;
        Ok(())
    }

    /// Waits until `condition` holds, which only the leaving of a connection can bring about.
    ///
    /// Cancel-safe.
    async fn until(&self, condition: impl Fn(&Register<Mailbox>) -> bool) {
        let mut left = pin!(self.left.notified());
        loop {
            // From here on no leaving is missed.
            left.as_mut().enable();
            if condition(&self.register) {
                return;
            }
            left.as_mut().await;
            left.set(self.left.notified());
        }
    }

    /// Begins a session, or drops the connection where there is no room even to say so.
    fn welcome(&self, stream: TcpStream, peer: SocketAddr, implicit_tls: Switch) {
        let inbox = Inbox::new();
        let Some((permit, admission)) = self.register.admit(peer, inbox.mailbox()) else { return };
        // It fails where the client is gone already, or the system gives no random numbers: no session then.
        if let Ok(driver) = Driver::new(&self.settings, stream, peer, inbox, permit) {
            #[cfg(not(feature = "testing"))]
            tokio::spawn(driver.run(admission, implicit_tls));
            #[cfg(feature = "testing")]
            tokio::spawn(driver.run_watched(admission, implicit_tls));
        }
    }
}

impl Builder {
    /// The configuration of the sessions. Without it, the default one.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.settings.config = Arc::new(config);
        self
    }

    /// How many sessions there may be at once; one more is told so and closed. Without it, 4096.
    #[must_use]
    pub fn max_sessions(mut self, count: usize) -> Self {
        self.caps.sessions = count;
        self
    }

    /// How many sessions one address may have at once; one more is told so and closed. Without it, 256.
    #[must_use]
    pub fn max_per_address(mut self, count: usize) -> Self {
        self.caps.per_address = count;
        self
    }

    /// What is called with every notice of every session, on the session's task: it must not block. May be called several
    /// times: all of them are told, in order. One that panics ends the session, when the others have heard.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(SessionId, &Client, &Notice) + Send + Sync + 'static) -> Self {
        self.settings.observers.push(Box::new(observer));
        self
    }

    /// How files are moved to data connections. Without it, by the kernel where it can.
    #[must_use]
    pub fn offload(mut self, offload: Offload) -> Self {
        self.settings.offload = offload;
        self
    }

    /// What TLS is run with. Without it there is none, and the configuration must not offer it.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// Writes every session down, as `recording` says: each becomes a file that
    /// [`replay`](ftp_proto::trace::replay) runs again. Without it, nothing is written.
    ///
    /// `Recording::builder(directory).payloads(Payloads::Whole).start()` makes one; see
    /// [`Recording`](ftp_host::adapter::Recording) for what is in the files, and what is not.
    #[cfg(feature = "record")]
    #[must_use]
    pub fn record(mut self, recording: ftp_host::adapter::Recording) -> Self {
        self.settings.recording = Some(recording);
        self
    }

    /// What sees every action and answer of every session, and may cut a session at any of its turns.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn watch(mut self, watch: Arc<dyn ftp_host::adapter::Watch>) -> Self {
        self.settings.watch = Some(watch);
        self
    }

    /// The server.
    #[must_use]
    pub fn build(self) -> Server {
        let left = Arc::new(Notify::new());
        let notify = Arc::clone(&left);
        let register = Arc::new(Register::new(self.caps, move || notify.notify_waiters()));
        Server { settings: Arc::new(self.settings), register, left }
    }
}

impl Handle {
    /// Ends the server: no session begins any more, running transfers may finish within `grace`, then everything is
    /// cut. Returns at once; [`Server::serve`] returns when it is done. May be called again to change the grace.
    pub fn shutdown(&self, grace: Duration) {
        self.0.shut_down(grace);
    }

    /// How many sessions there are now, without those that are being turned away.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.0.sessions()
    }
}

#[cfg(test)]
mod tests;
