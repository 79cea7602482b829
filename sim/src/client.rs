//! Clients: programs that speak FTP over the simulated network.
//!
//! A client is an `async` function that is given an [`Ftp`]. It waits for the world only, so that it needs no runtime:
//! whenever something arrives for it, or a time comes that it waits for, it is polled.
//!
//! | file | what |
//! |---|---|
//! | `socket` | one connection, or a listener |
//! | `dialogue` | lines and replies |
//! | `transfer` | data connections |
//! | `files` | what is told to the oracle of files |

mod dialogue;
mod files;
mod socket;
mod transfer;

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

pub use self::dialogue::Reply;
pub use self::files::{Break, Changed, Got, Type, Upload};
pub(crate) use self::socket::Listener;
pub use self::socket::Socket;
pub use self::transfer::{Download, Plan};
use crate::oracle::Account;
use crate::oracle::replies::Dialogue;
use crate::time::{Actor, Moment};
use crate::world::Core;

/// Why a client cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gone {
    /// The connection cannot be made.
    Refused,
    /// The connection is broken.
    Reset,
    /// The server has closed it.
    Closed,
    /// Nothing came for too long.
    Impatient,
}

/// A client of the simulated server.
#[derive(Debug)]
pub struct Ftp {
    core: Rc<RefCell<Core>>,
    number: usize,
    server: SocketAddr,
    address: IpAddr,
    last_port: u16,
    control: Option<Socket>,
    /// Bytes of the control connection that make no whole line yet.
    heard: Vec<u8>,
    /// Bytes that make no whole Telnet command yet.
    raw: Vec<u8>,
    /// When the last of them arrived.
    arrived: Moment,
    /// What was said and heard there.
    dialogue: Dialogue,
    /// Who it is logged in as, for the oracle of files.
    account: Option<Account>,
    /// How many contents it has made without one.
    contents: u32,
    /// How long it waits for anything.
    patience: Duration,
    /// Whether data connections are private, and which TLS session they resume.
    tls: Option<u64>,
}

impl Ftp {
    pub(crate) fn new(core: &Rc<RefCell<Core>>, number: usize, server: SocketAddr) -> Self {
        let [.., b, c, d] = (number as u32 + 1).to_be_bytes();
        let address = Ipv4Addr::new(10, b, c, d).into();
        Self {
            core: Rc::clone(core),
            number,
            server,
            address,
            last_port: 1023,
            control: None,
            heard: Vec::new(),
            raw: Vec::new(),
            arrived: Moment::START,
            dialogue: Dialogue::new(address),
            account: None,
            contents: 0,
            patience: Duration::from_secs(3600),
            tls: None,
        }
    }

    /// Which client this is: counted from 0.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.core.borrow().scene.now
    }

    /// How long it waits for anything before it gives up: an hour, unless told otherwise.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// A number below `bound`, by the world's chance.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.core.borrow_mut().scene.chance.below(bound)
    }

    /// True in so many of a thousand cases.
    #[must_use]
    pub fn permille(&self, permille: u32) -> bool {
        self.core.borrow_mut().scene.chance.permille(permille)
    }

    /// Waits.
    pub async fn sleep(&self, time: Duration) {
        let until = self.now() + time;
        // Nothing else ends it.
        let _: Option<()> = self.wait(until, |_| None).await;
    }

    /// Says that something was promised and not kept: the run ends there.
    pub fn accuse(&self, what: impl Into<String>) {
        self.core.borrow_mut().violations.push(format!("client {}: {}", self.number, what.into()));
    }

    /// Whether nothing goes wrong in this world, ever: whatever fails is somebody's fault.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.core.borrow().scene.faults.is_calm()
    }

    /// Whether nothing goes wrong from here on.
    #[must_use]
    pub fn is_healed(&self) -> bool {
        self.core.borrow().scene.faults.is_healed()
    }

    /// How many bytes the network holds in one direction of a connection.
    #[must_use]
    pub fn window(&self) -> usize {
        self.core.borrow().scene.weather.window
    }

    /// One of these, by the world's chance.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        self.core.borrow_mut().scene.chance.pick(from)
    }

    fn actor(&self) -> Actor {
        Actor::Client(self.number)
    }

    fn next_address(&mut self) -> SocketAddr {
        self.last_port = self.last_port.checked_add(1).unwrap_or(1024);
        SocketAddr::new(self.address, self.last_port)
    }

    fn until(&self) -> Moment {
        self.now() + self.patience
    }

    async fn wait<T>(&self, until: Moment, look: impl FnMut(&mut Core) -> Option<T>) -> Option<T> {
        wait(&self.core, self.actor(), until, look).await
    }
}

/// Waits until `look` finds something, or `until` has come.
async fn wait<T>(
    core: &RefCell<Core>,
    who: Actor,
    until: Moment,
    mut look: impl FnMut(&mut Core) -> Option<T>,
) -> Option<T> {
    poll_fn(|_| {
        let mut core = core.borrow_mut();
        if let Some(found) = look(&mut core) {
            return Poll::Ready(Some(found));
        }
        if core.scene.now >= until {
            return Poll::Ready(None);
        }
        core.scene.wake(who, until);
        Poll::Pending
    })
    .await
}
