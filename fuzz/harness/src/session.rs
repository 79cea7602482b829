//! What goes around a session: books of what it asks for, a reader of what it says, a host that does as it is told.
//!
//! | file | what it is |
//! |---|---|
//! | `books` | every id, and what is open: used only while it is, closed once |
//! | `driver` | hands events in, checks what must hold at every moment, brings a session to its end |
//! | `host` | a small obedient host: any name is there, with a few exceptions |
//! | `wire` | replies, read as a client reads them |

mod books;
mod driver;
mod host;
mod wire;

pub(crate) use driver::{Driver, Manner, SEED, connected};
pub(crate) use host::Host;
pub(crate) use wire::Wire;

/// The addresses that every session here has.
pub(crate) const LOCAL: ([u8; 4], u16) = ([192, 0, 2, 1], 21);
pub(crate) const PEER: ([u8; 4], u16) = ([198, 51, 100, 9], 50_000);
