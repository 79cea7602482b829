//! What an adapter needs besides its loop and its sockets: pieces that any runtime's adapter would write alike.
//!
//! Nothing in here waits. Sockets come in as whatever the runtime calls them and are only borrowed for a system call.
//!
//! | piece | what it is |
//! |---|---|
//! | [`Register`], [`Permit`] | who is let in, who is still there, and when all have left |
//! | [`Driver`] | one session: engine, control connection, host, and an adapter's [`DataPlane`] |
//! | [`Engine`], [`Clock`] | the engine with its time and its seed |
//! | [`Control`] | the control connection: bytes in order, an end that loses no reply |
//! | [`Layer`] | TLS on a connection, control or data |
//! | [`Range`], [`Offload`], [`PROGRESS_EVERY`] | moving a file's bytes, and telling of it |
//! | [`socket`] | listening, closing, and what errors mean |

mod admission;
mod clock;
mod control;
mod driver;
mod engine;
mod host_side;
mod layer;
mod offload;
pub mod socket;
#[cfg(feature = "testing")]
mod watch;

use std::fmt;
use std::sync::Arc;

use ftp_proto::Notice;
use ftp_proto::config::Config;

use crate::host::{Client, Host};
use crate::tls::Tls;

pub use admission::{Caps, Permit, Register, Resident, SessionId};
pub use clock::Clock;
pub use control::{Control, Stream};
pub use driver::{DataPlane, Driver};
pub use engine::Engine;
pub use host_side::HostSide;
pub use layer::{Halt, Layer, Taken};
pub use offload::{Offload, PROGRESS_EVERY, Range};
#[cfg(feature = "testing")]
pub use watch::{Watch, Watcher};

/// What watches the notices.
pub type Observer = dyn Fn(SessionId, &Client, &Notice) + Send + Sync;

/// What all sessions of a server share.
pub struct Settings {
    /// The engine's part.
    pub config: Arc<Config>,
    /// Where files and accounts are.
    pub host: Arc<dyn Host>,
    /// Called with every notice; must not block.
    pub observer: Box<Observer>,
    /// How files are moved to data connections.
    pub offload: Offload,
    /// What TLS is run with. Without it there is none.
    pub tls: Option<Tls>,
    /// What tests watch every session with.
    #[cfg(feature = "testing")]
    pub watch: Option<Arc<dyn Watch>>,
}

impl Settings {
    /// For `host`, with nothing else decided.
    #[must_use]
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self {
            config: Arc::default(),
            host,
            observer: Box::new(|_, _, _| {}),
            offload: Offload::default(),
            tls: None,
            #[cfg(feature = "testing")]
            watch: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, offload, tls, .. } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("config", config).field("offload", offload).field("tls", tls).finish_non_exhaustive()
    }
}
