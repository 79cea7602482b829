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
//! | [`plane`] | listeners and data connections, and what moves on them |
//! | [`Range`], [`Offload`] | moving a file's bytes |
//! | `record` | sessions written down, with the feature `record` |
//! | [`socket`] | listening, closing, and what errors mean |

mod admission;
mod clock;
mod control;
mod driver;
mod engine;
mod host_side;
mod layer;
mod offload;
pub mod plane;
#[cfg(feature = "record")]
pub mod record;
pub mod socket;
#[cfg(feature = "testing")]
mod watch;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use ftp_proto::Notice;
use ftp_proto::config::Config;

use crate::host::{Client, Host};
use crate::tls::Tls;

pub use admission::{Caps, Permit, Register, Resident, SessionId};
pub use clock::Clock;
pub(crate) use clock::unix_time;
pub use control::{Control, Stream};
pub use driver::{DataPlane, Driver};
pub use engine::Engine;
pub use host_side::HostSide;
pub use layer::{Halt, Layer, Taken};
pub(crate) use offload::PROGRESS_EVERY;
pub use offload::{Offload, Range};
#[cfg(feature = "record")]
pub use record::Recording;
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
    /// Called with every notice, in this order; must not block.
    pub observers: Vec<Box<Observer>>,
    /// How files are moved to data connections.
    pub offload: Offload,
    /// What TLS is run with. Without it there is none.
    pub tls: Option<Tls>,
    /// Where sessions are recorded, if they are.
    #[cfg(feature = "record")]
    pub recording: Option<Recording>,
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
            observers: Vec::new(),
            offload: Offload::default(),
            tls: None,
            #[cfg(feature = "record")]
            recording: None,
            #[cfg(feature = "testing")]
            watch: None,
        }
    }

    /// Tells every observer. One that panics keeps nobody else from hearing; then the panic goes on, and ends the session
    /// that it happened in: a fault of the program is not hidden.
    pub(crate) fn observe(&self, id: SessionId, client: &Client, notice: &Notice) {
        let tell = |observer: &Observer| catch_unwind(AssertUnwindSafe(|| observer(id, client, notice))).err();
        let panics = self.observers.iter().map(|observer| tell(observer));
        // All of them are told before the first panic is looked at.
        if let Some(panic) = panics.fold(None, |first, panic| first.or(panic)) {
            resume_unwind(panic);
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;
    use crate::{Inline, MemoryDisk, Users};

    struct Nobody;

    impl Resident for Nobody {
        fn drain(&self, _: Instant) {}
    }

    #[test]
    fn every_observer_hears_and_then_a_panic_goes_on() {
        let users = Users::new().anonymous(ftp_proto::storage::Permissions::NONE, Arc::new(MemoryDisk::new()));
        let mut settings = Settings::new(Arc::new(Inline::new(Arc::new(users))));
        let heard = Arc::new(Mutex::new(Vec::new()));
        for name in ["first", "panics", "third", "panics too", "fifth"] {
            let heard = Arc::clone(&heard);
            settings.observers.push(Box::new(move |_, _, _| {
                heard.lock().unwrap().push(name);
                if name.starts_with("panics") {
                    resume_unwind(Box::new(name));
                }
            }));
        }
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let register = Arc::new(Register::new(Caps::default(), || {}));
        let (permit, _) = register.admit(nowhere, Nobody).unwrap();
        let notice = Notice::TransferProgress { bytes: 1 };
        let client = Client { peer: nowhere, local: nowhere };
        let panic = catch_unwind(AssertUnwindSafe(|| settings.observe(permit.id(), &client, &notice))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"panics"), "the first of them");
        assert_eq!(*heard.lock().unwrap(), ["first", "panics", "third", "panics too", "fifth"]);
    }
}
