//! Every bound of a session, in one place.

use core::time::Duration;

/// How much of anything one session may hold. Each is a hard bound. Where nothing could be done with 0, that is 1:
/// `queued_commands`, `queued_bytes`, `unsent_replies`, `chunk`, `range` and `directory_page`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Limits {
    /// The longest command line in bytes, without its end; a longer one is answered 500 once and dropped whole.
    pub line: usize,
    /// The longest path in bytes, after it was resolved.
    pub path: usize,
    /// Commands that may wait while one runs; at that many the control connection is no longer read.
    pub queued_commands: usize,
    /// Bytes that those commands may hold in all.
    pub queued_bytes: usize,
    /// Commands past `queued_commands` or `queued_bytes` that are still taken in while a transfer or long work runs, so that
    /// an ABOR is heard.
    pub look_ahead: usize,
    /// Bytes of replies that the client has not taken; at that many no further command runs.
    pub unsent_replies: usize,
    /// Lines of one reply (STAT of a directory, HELP, a custom verb).
    pub reply_lines: usize,
    /// Files that one MMD5 or COMB may name.
    pub files_named: usize,
    /// Commands that were no commands at all (500); one more closes the session.
    pub violations: u32,
    /// Failed logins; the last of so many closes the session (RFC 2577 §5).
    pub login_attempts: u32,
    /// Bytes of one `Read`, `Receive` or `Write`; with so many a listing's buffer is sent, which may hold the lines of one
    /// `directory_page` more. A `Send` holds what TYPE, STRU and MODE make of one: at most about three times as much.
    /// However far an upload swells, a `Write` holds no more.
    pub chunk: usize,
    /// Bytes of one `FileToData` or `DataToFile`.
    pub range: u64,
    /// Bytes of a file between two of the restart markers that MODE B and MODE C send with it; 0 sends none.
    pub marker_interval: u64,
    /// Entries of one `ReadDir`. ABOR is heard behind each; a host whose disk is slow may give fewer.
    pub directory_page: usize,
    /// Entries that LIST sorts for -t, -S and -r; a larger directory is sent in the storage's order.
    pub sorted_entries: usize,
    /// Directories that LIST -R may have ahead of it, and how deep it goes.
    pub recursion: usize,
    /// Strangers turned away on one passive listener; one more closes the listener.
    pub strangers: u32,
}

impl Limits {
    /// Whether every bound leaves room for something to be done.
    pub(crate) fn are_sound(&self) -> bool {
        let counts = [self.queued_commands, self.queued_bytes, self.unsent_replies, self.chunk, self.directory_page];
        self.range > 0 && counts.iter().all(|count| *count > 0)
    }

    /// The same, with room for one of everything.
    pub(crate) fn made_sound(mut self) -> Self {
        let counts = [
            &mut self.queued_commands,
            &mut self.queued_bytes,
            &mut self.unsent_replies,
            &mut self.chunk,
            &mut self.directory_page,
        ];
        counts.into_iter().for_each(|count| *count = (*count).max(1));
        self.range = self.range.max(1);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 4096,
            path: 4096,
            queued_commands: 64,
            queued_bytes: 16 * 1024,
            look_ahead: 16,
            unsent_replies: 64 * 1024,
            reply_lines: 10_000,
            files_named: 100,
            violations: 20,
            login_attempts: 4,
            chunk: 64 * 1024,
            range: 16 * 1024 * 1024,
            marker_interval: 1024 * 1024,
            directory_page: 512,
            sorted_entries: 50_000,
            recursion: 1_000,
            strangers: 100,
        }
    }
}

/// How long anything may take. Every one of them ends in a reply, a closed session or both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Timeouts {
    /// Without a command, once logged in and no transfer running (RFC 1123 §4.1.3.2 asks for at least 5 minutes).
    pub idle: Duration,
    /// The longest that SITE IDLE may ask for.
    pub idle_max: Duration,
    /// From the connection to the login.
    pub login: Duration,
    /// From the 150 to the data connection.
    pub data: Duration,
    /// Without a byte on the data connection.
    pub stall: Duration,
    /// Before a failed login is answered (RFC 2577 §5).
    pub login_delay: Duration,
    /// For one operation of the host.
    pub host: Duration,
    /// For what may have to move or read whole files: a commit, a copy, a digest, a tree.
    pub host_long: Duration,
    /// For the answer to `Cancel`.
    pub cancel: Duration,
    /// For the client to take its last reply; at a drain also for its handshake, behind which it can be told.
    pub linger: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(300),
            idle_max: Duration::from_secs(7200),
            login: Duration::from_secs(60),
            data: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            login_delay: Duration::from_secs(1),
            host: Duration::from_secs(60),
            host_long: Duration::from_secs(900),
            cancel: Duration::from_secs(30),
            linger: Duration::from_secs(5),
        }
    }
}
