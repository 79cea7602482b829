//! What is measured: each row is one kind of work, at one size.
//!
//! [`Work`] says what; [`measure`] does it to one server. Before a row counts, [`verify`] looks at the bytes, outside the
//! clock.

mod idle;
mod list;
mod measure;
mod table;
mod verify;

use serde::{Deserialize, Serialize};

pub use measure::{Bench, measure};
pub use table::{Scale, all};
pub use verify::verify;

use crate::peers::Peer;

/// The kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The large file, down, on so many streams.
    Retrieve(u64),
    /// The large file, up, on so many streams.
    Store(u64),
    /// Small files, down, on so many sessions.
    SmallRetrieve(u64),
    /// Small files, up, on so many sessions.
    SmallStore(u64),
    /// NOOP and its reply, on so many sessions.
    Noop(u64),
    /// So many NOOPs in one piece, on one session.
    Pipelined(u64),
    /// Connect, log in, QUIT, on so many sessions.
    Login(u64),
    /// So many sessions that do nothing.
    Idle(u64),
    /// LIST of so many entries.
    List(u64),
    /// MLSD of so many entries.
    Mlsd(u64),
    /// NOOP on all of so many sessions in turn.
    Among(u64),
    /// A file of so many bytes, which are holes, down.
    Sized(u64),
}

/// What work is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes, shown as gigabytes.
    Bytes,
    /// Files.
    Files,
    /// Replies.
    Replies,
    /// Logins.
    Logins,
    /// Sessions.
    Sessions,
    /// Entries of a directory.
    Entries,
}

impl Unit {
    /// How a rate is written, and by how much it is divided for that.
    #[must_use]
    pub fn rate(self) -> (&'static str, f64) {
        match self {
            Self::Bytes => ("GB/s", 1e9),
            Self::Files => ("files/s", 1.0),
            Self::Replies => ("replies/s", 1.0),
            Self::Logins => ("logins/s", 1.0),
            Self::Sessions => ("sessions/s", 1.0),
            Self::Entries => ("entries/s", 1.0),
        }
    }

    /// How the server's time for one is written, and by how much the seconds are multiplied for that.
    #[must_use]
    pub fn cost(self) -> (&'static str, f64) {
        match self {
            Self::Bytes => ("CPU s/GB", 1e9),
            Self::Files => ("CPU µs/file", 1e6),
            Self::Replies => ("CPU µs/reply", 1e6),
            Self::Logins => ("CPU µs/login", 1e6),
            Self::Sessions => ("CPU µs/session", 1e6),
            Self::Entries => ("CPU ns/entry", 1e9),
        }
    }
}

/// Whether it goes over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// In the clear.
    Clear,
    /// Over TLS, both connections.
    Tls,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What, and at which size.
    pub work: Work,
    /// Over what.
    pub channel: Channel,
}

impl Row {
    /// What `--only` knows it by, together with others that differ in size.
    #[must_use]
    pub fn family(&self) -> String {
        let name = match self.work {
            Work::Retrieve(_) => "retr",
            Work::Store(_) => "stor",
            Work::SmallRetrieve(_) => "small-retr",
            Work::SmallStore(_) => "small-stor",
            Work::Noop(_) => "noop",
            Work::Pipelined(_) => "pipelined",
            Work::Login(_) => "login",
            Work::Idle(_) => "idle",
            Work::List(_) => "list",
            Work::Mlsd(_) => "mlsd",
            Work::Among(_) => "size-sessions",
            Work::Sized(_) => "size-file",
        };
        match self.channel {
            Channel::Clear => name.to_owned(),
            Channel::Tls => format!("tls-{name}"),
        }
    }

    /// How large: streams, sessions, commands, entries or bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self.work {
            Work::Retrieve(size)
            | Work::Store(size)
            | Work::SmallRetrieve(size)
            | Work::SmallStore(size)
            | Work::Noop(size)
            | Work::Pipelined(size)
            | Work::Login(size)
            | Work::Idle(size)
            | Work::List(size)
            | Work::Mlsd(size)
            | Work::Among(size)
            | Work::Sized(size) => size,
        }
    }

    /// Its name, like no other's.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.family(), self.size())
    }

    /// What it is, in words.
    #[must_use]
    pub fn title(&self) -> String {
        let size = self.size();
        let streams = if size == 1 { "stream" } else { "streams" };
        let sessions = if size == 1 { "session" } else { "sessions" };
        let text = match self.work {
            Work::Retrieve(_) => format!("RETR of a large file, {size} {streams}"),
            Work::Store(_) => format!("STOR of a large file, {size} {streams}"),
            Work::SmallRetrieve(_) => format!("RETR of 1 KiB files, {size} {sessions}"),
            Work::SmallStore(_) => format!("STOR of 1 KiB files, {size} {sessions}"),
            Work::Noop(_) => format!("NOOP and its reply, {size} {sessions}"),
            Work::Pipelined(_) => format!("{size} NOOPs in one piece, 1 session"),
            Work::Login(_) => format!("connect, log in, QUIT, {size} {sessions}"),
            Work::Idle(_) => format!("{size} idle {sessions}"),
            Work::List(_) => format!("LIST of {size} entries"),
            Work::Mlsd(_) => format!("MLSD of {size} entries"),
            Work::Among(_) => format!("NOOP on each of {size} {sessions}"),
            Work::Sized(_) => format!("RETR of a file of {}", bytes(size)),
        };
        match self.channel {
            Channel::Clear => text,
            Channel::Tls => format!("TLS: {text}"),
        }
    }

    /// What it is counted in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self.work {
            Work::Retrieve(_) | Work::Store(_) => Unit::Bytes,
            Work::SmallRetrieve(_) | Work::SmallStore(_) | Work::Sized(_) => Unit::Files,
            Work::Noop(_) | Work::Pipelined(_) | Work::Among(_) => Unit::Replies,
            Work::Login(_) => Unit::Logins,
            Work::Idle(_) => Unit::Sessions,
            Work::List(_) | Work::Mlsd(_) => Unit::Entries,
        }
    }

    /// Whether that one can be asked for it at all; a ceiling knows one kind of work, and no TLS.
    #[must_use]
    pub fn is_for(&self, peer: Peer) -> bool {
        let is_clear = self.channel == Channel::Clear;
        match peer {
            Peer::Sendfile => is_clear && matches!(self.work, Work::Retrieve(_)),
            Peer::Splice => is_clear && matches!(self.work, Work::Store(_)),
            Peer::Echo => is_clear && matches!(self.work, Work::Noop(_) | Work::Pipelined(_)),
            _ => true,
        }
    }

    /// Whether one client thread does all of it, and waits for the server each time.
    #[must_use]
    pub fn is_on_one_thread(&self) -> bool {
        self.sessions() == 1 || matches!(self.work, Work::Among(_))
    }

    /// How many sessions it needs at a time.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        match self.work {
            Work::Pipelined(_) | Work::List(_) | Work::Mlsd(_) | Work::Sized(_) => 1,
            _ => self.size(),
        }
    }
}

/// What one server did in one round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which round, from 0.
    pub round: u32,
    /// Units that were done.
    pub units: u64,
    /// In how many seconds.
    pub seconds: f64,
    /// With how many seconds of the server's processor time.
    pub cpu: f64,
    /// Sessions that failed on the way.
    pub failures: u64,
    /// What the first of them was told.
    pub failure: Option<String>,
    /// The share of private data connections that resumed a session.
    pub resumed: Option<f64>,
    /// Bytes of memory (PSS) for each session, beyond what the server has without any.
    pub memory: Option<f64>,
    /// The share of one processor that the server used while nothing was asked of it.
    pub idle: Option<f64>,
}

impl Sample {
    /// Units in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.units as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }

    /// Seconds of the server's processor time for one unit.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.cpu / (self.units.max(1)) as f64
    }
}

/// Bytes as people write them.
#[must_use]
pub fn bytes(count: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let power = (0..4).rev().find(|power| count >> (10 * power) > 0 && count.is_multiple_of(1 << (10 * power)));
    let power = power.unwrap_or(0);
    format!("{} {}", count >> (10 * power), units.get(power).unwrap_or(&""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_without_a_fraction() {
        let all = [0, 1000, 1024, 1 << 20, 3 << 30, (1 << 20) + 1].map(bytes);
        assert_eq!(all, ["0 bytes", "1000 bytes", "1 KiB", "1 MiB", "3 GiB", "1048577 bytes"]);
    }
}
