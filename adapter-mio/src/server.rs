//! The server's public face: built, served, and ended by a handle.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ftp_host::adapter::{Caps, Offload, Register, SessionId, Settings};
use ftp_host::tls::Tls;
use ftp_host::{Client, Host};
use ftp_proto::Notice;
use ftp_proto::config::{Config, Switch};

use crate::crew::Crew;
use crate::gate::{Bell, Gate};
use crate::mailbox::Mailbox;

/// An FTP server on mio. Cheap to clone; the clones are one server.
#[derive(Clone, Debug)]
pub struct Server {
    settings: Arc<Settings>,
    register: Arc<Register<Mailbox>>,
    bell: Arc<Bell>,
    crew: Arc<Crew>,
    loops: usize,
}

/// Makes a [`Server`]; see [`Server::builder`].
#[derive(Debug)]
pub struct Builder {
    settings: Settings,
    caps: Caps,
    loops: usize,
}

/// A hand on a running [`Server`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Register<Mailbox>>);

impl Server {
    /// Begins to make a server that serves `host`: `Server::builder(Arc::new(host))`.
    #[must_use]
    pub fn builder(host: Arc<dyn Host>) -> Builder {
        let loops = thread::available_parallelism().map_or(1, usize::from);
        Builder { settings: Settings::new(host), caps: Caps::default(), loops }
    }

    /// A hand on the server, to end it and to ask how it is.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.register))
    }

    /// Serves the connections that come in on `listener`, until [`Handle::shutdown`] was called and the last session
    /// has ended. Blocks until then. May be called for several listeners, each on a thread of its own; all of them
    /// return then.
    ///
    /// The event loops are threads that the first call starts and the last one ends. Too few file descriptors or too
    /// little memory for another connection is waited out.
    ///
    /// # Errors
    /// If the listener itself cannot be used, or a loop cannot be started. When no other call is under way, sessions
    /// that are still there are cut.
    pub fn serve(&self, listener: TcpListener) -> io::Result<()> {
        self.serve_with(listener, Switch::Off)
    }

    /// The same for a listener whose clients begin with TLS before the first word (implicit TLS, usually at port 990).
    /// Without [`Builder::tls`] nobody gets in.
    ///
    /// # Errors
    /// As [`serve`](Self::serve).
    pub fn serve_implicit(&self, listener: TcpListener) -> io::Result<()> {
        self.serve_with(listener, Switch::On)
    }

    fn serve_with(&self, listener: TcpListener, implicit_tls: Switch) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let muster = self.crew.muster(self.loops, &self.settings)?;
        let listener = mio::net::TcpListener::from_std(listener);
        Gate::new(&self.register, muster, &self.bell, (listener, implicit_tls)).keep()
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

    /// What is called with every notice of every session, on the session's loop: it must not block. May be called several
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

    /// How many event loops share the sessions, at least one. Without it, one for each core.
    #[must_use]
    pub fn loops(mut self, count: usize) -> Self {
        self.loops = count.max(1);
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
        let Self { settings, caps, loops } = self;
        let bell = Arc::new(Bell::default());
        let rung = Arc::clone(&bell);
        let register = Arc::new(Register::new(caps, move || rung.ring()));
        Server { settings: Arc::new(settings), register, bell, crew: Arc::default(), loops }
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
