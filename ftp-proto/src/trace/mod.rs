//! Sessions as text: recorded, replayed against the engine, printed as a dialogue.
//!
//! A trace holds all that a session was told and all that it asked for, one line each; the engine is deterministic, so
//! that is all it takes to run the session again. Traces are made for people: to be read, to be compared by `diff`, to be
//! sent with a report of a bug, and to be kept as tests.
//!
//! ```
//! use std::sync::Arc;
//!
//! use ftp_proto::config::{Config, Switch};
//! use ftp_proto::event::{Admission, ControlEnd};
//! use ftp_proto::time::{Instant, UnixTime};
//! use ftp_proto::trace::{self, Payloads, Recorded, Recorder};
//! use ftp_proto::Event;
//!
//! let (local, peer) = ("192.0.2.1:21".parse().unwrap(), "198.51.100.7:50000".parse().unwrap());
//! let started = UnixTime::from_secs(1_720_000_000);
//! let mut session = Recorded::new(String::new(), Arc::new(Config::default()), [7; 32], started, Payloads::Hashed);
//! let events = [
//!     Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off },
//!     Event::Received(b"USER alice\r\nPASS secret\r\n"),
//!     Event::ControlEnded(ControlEnd::Reset),
//! ];
//! for event in events {
//!     for action in session.handle(Instant::START, event).unwrap() {
//!         drop(action); // A real driver runs it.
//!     }
//! }
//! let text = session.into_recorder().into_inner().unwrap();
//!
//! assert!(text.contains(r#"> 0.000000000 received b"USER alice\r\nPASS ***\r\n""#), "{text}");
//! assert!(text.contains(r#"< Write b"220 FTP server ready.\r\n""#));
//! assert!(trace::replay(&text).unwrap().is_same());
//! assert!(trace::dialogue(&text).unwrap().contains("C: USER alice"));
//!
//! let changed = text.replace("331 Password", "331 A password");
//! let report = trace::replay(&changed).unwrap();
//! assert!(report.to_string().contains("A password"));
//! ```
//!
//! # What is not in it
//!
//! | what | what stands there |
//! |---|---|
//! | the arguments of PASS, ACCT and ADAT, and of verbs given to [`Recorder::hiding`] | `***` |
//! | passwords and accounts in `Authenticate` | `***`; `-` where there is none |
//! | what files hold, unless [`Payloads::Whole`] is asked for | `#length:CRC-32` |
//!
//! Everything else is there: names, addresses, paths, listings, certificates. A CRC-32 tells whether two files are the
//! same; of a file of a few bytes it tells the content.
//!
//! # What a replay can tell
//!
//! The answers of host and adapter are in the trace, so a secret is not needed again. Payloads that were not recorded
//! are replaced by a filler of their length, and where the engine passes a filler on as it is, the payload it stands for
//! is compared. Where a payload goes through TYPE A or E, STRU R, or MODE B, C or Z, what comes out cannot be known:
//! differences in payloads are then passed over, and a difference in anything else ends the replay with
//! [`Verdict::Unknown`] instead of [`Verdict::Differs`]. Record [`Payloads::Whole`] where that matters.
//!
//! | file | what it does |
//! |---|---|
//! | `record`, `recorded` | the recorder, and a session that has one |
//! | `redact` | takes secrets out of what the client says |
//! | `event`, `action` | lines |
//! | `text` | what lines are made of |
//! | `parse` | lines to a [`Trace`] |
//! | `replay`, `report` | the comparison, and how it is told |
//! | `dialogue` | what people read |

mod action;
mod dialogue;
mod event;
mod parse;
mod record;
mod recorded;
mod redact;
mod replay;
mod report;
mod text;

pub use self::dialogue::dialogue;
pub use self::parse::{Trace, TraceError, parse};
pub use self::record::Recorder;
pub use self::recorded::{Recorded, RecordedActions};
pub use self::replay::replay;
pub use self::report::{Difference, Report, Verdict};

/// Whether what files hold is recorded. It passes through `Send`, `Receive`, `Read` and `Write`; listings do too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payloads {
    /// Length and CRC-32.
    #[default]
    Hashed,
    /// Every byte.
    Whole,
}

/// What stands in a trace in place of a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// `***`, however long it is. Where a client has so much waiting that `Limits::queued_bytes` is reached, that may
    /// be at another byte than when it was recorded, and a replay may differ.
    #[default]
    Hidden,
    /// An asterisk for each byte, which tells its length: a replay is exact whatever the limits are. For tests.
    Measured,
}

/// The version of the format that is written and read.
const VERSION: &str = "1";
