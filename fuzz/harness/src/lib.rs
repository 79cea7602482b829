//! What the fuzz targets do with their bytes.
//!
//! Each target is a function of bytes that panics where something is wrong. cargo-fuzz calls it from `fuzz_targets/`, on
//! nightly; `tests/replay.rs` calls the very same with every committed input, on stable.
//!
//! | file | what it holds against what |
//! |---|---|
//! | `line`, `command`, `reply`, `facts`, `address` | the wire formats, against small readers of their own |
//! | `coding`, `deflate` | the codecs, against decoders that see all at once |
//! | `session` | what goes around a session: books, a host, a reader of replies |
//! | `sim` | a world of sessions, clients and faults, as the bytes steer it |
//! | `split`, `control`, `events` | whole sessions |
//! | `trace` | sessions as text |

mod address;
mod coding;
mod command;
mod control;
mod deflate;
mod events;
mod facts;
mod line;
mod pieces;
mod reply;
mod session;
mod sim;
mod split;
mod trace;

pub use address::address;
pub use coding::coding;
pub use command::command;
pub use control::control;
pub use deflate::deflate;
pub use events::events;
pub use facts::facts;
pub use line::line;
pub use reply::reply;
pub use sim::sim;
pub use split::split;
pub use trace::trace;

/// A target: panics where what must hold does not.
pub type Target = fn(&[u8]);

/// Every target and its name, which is that of its file in `fuzz_targets` and of its directory in `corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", address),
    ("coding", coding),
    ("command", command),
    ("control", control),
    ("deflate", deflate),
    ("events", events),
    ("facts", facts),
    ("line", line),
    ("reply", reply),
    ("sim", sim),
    ("split", split),
    ("trace", trace),
];
