//! What the engine promises, checked as it comes (the contract in the crate page of `ftp-proto`). Knows nothing of what the
//! engine thinks.

use std::collections::BTreeSet;

use ftp_proto::action::{DataAction, HostAction};
use ftp_proto::config::Config;
use ftp_proto::server::{CloseReason, Phase};
use ftp_proto::{Action, ActionId, Notice};

use super::paths::{is_normal, of};

/// The books of one session.
#[derive(Debug)]
pub(super) struct Books {
    open: BTreeSet<ActionId>,
    /// Ids rise, so that none is used twice.
    last: u64,
    /// The bytes written, and those that have left.
    written: u64,
    sent: u64,
    /// The line that is being written; only its beginning counts.
    line: Vec<u8>,
    /// How many bytes of a Telnet command were written.
    telnet: u8,
    /// Where each 150 or 125 ends that no data connection was dialled for yet.
    announced: Option<u64>,
    shut: bool,
    ended: Option<CloseReason>,
    /// So much may wait before the next reply is written.
    unsent_replies: usize,
    reply: Reply,
}

/// The reply that is being written.
#[derive(Debug, Default)]
struct Reply {
    /// The code of one that has several lines.
    code: Option<[u8; 3]>,
    len: usize,
    /// The longest that there was.
    longest: usize,
}

impl Books {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            open: BTreeSet::new(),
            last: 0,
            written: 0,
            sent: 0,
            line: Vec::new(),
            telnet: 0,
            announced: None,
            shut: false,
            ended: None,
            unsent_replies: config.limits.unsent_replies,
            reply: Reply::default(),
        }
    }

    pub(super) fn issued(&mut self, action: &Action, violations: &mut Vec<String>) {
        if self.shut {
            violations.push(format!("behind Shutdown comes {action:?}"));
        }
        let id = match action {
            Action::Data(action) => action.id(),
            Action::Host(action) => action.id(),
            Action::Secure { ticket, .. } => Some(ticket.id()),
            Action::Unsecure(ticket) => Some(ticket.id()),
            Action::Write(_) | Action::Shutdown | Action::Notify(_) | Action::Cancel(_) => None,
        };
        if let Some(id) = id {
            if id.number() <= self.last {
                violations.push(format!("{id} was used before"));
            }
            self.last = self.last.max(id.number());
            self.open.insert(id);
        }
        match action {
            Action::Write(bytes) => self.write(bytes),
            Action::Shutdown => self.shut = true,
            Action::Host(HostAction::Storage(action)) => {
                let outside = of(action).into_iter().filter(|path| !is_normal(path));
                violations.extend(outside.map(|path| format!("{path:?} may leave the root")));
            }
            Action::Data(DataAction::Connect { .. }) => match self.announced.take() {
                Some(end) if end <= self.sent => {}
                Some(_) => violations.push("it dialled before the 150 had left".into()),
                None => violations.push("it dialled without a 150".into()),
            },
            Action::Notify(notice) => {
                if self.ended.is_some() {
                    violations.push(format!("behind the summary comes {notice:?}"));
                }
                if let Notice::Ended(summary) = &**notice {
                    self.ended = Some(summary.reason);
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.written += 1;
            self.reply.len += 1;
            if self.telnet > 0 || *byte == IAC {
                // A refusal of a Telnet option is three bytes, an IAC that is meant two; none of them begins a reply.
                self.telnet = match (self.telnet, *byte) {
                    (0, _) => 1,
                    (1, WILL..=DONT) => 2,
                    _ => 0,
                };
                continue;
            }
            if *byte == b'\n' {
                if self.line.starts_with(b"150 ") || self.line.starts_with(b"125 ") {
                    self.announced = Some(self.written);
                }
                self.reply.end_line(&self.line);
                self.line.clear();
            } else if self.line.len() < 4 {
                self.line.push(*byte);
            }
        }
    }

    pub(super) fn sent(&mut self, count: usize) {
        self.sent += count as u64;
    }

    pub(super) fn answered(&mut self, id: ActionId, violations: &mut Vec<String>) {
        if !self.open.remove(&id) {
            violations.push(format!("{id} was answered twice"));
        }
    }

    /// Issued = settled + open, on both sides; and everything is bounded.
    pub(super) fn check(&self, open: usize, phase: Phase, unsent: usize, violations: &mut Vec<String>) {
        if matches!(phase, Phase::Closed(_)) {
            return;
        }
        if open != self.open.len() {
            violations.push(format!("the engine counts {open} open actions, here are {:?}", self.open));
        }
        if open > MOST_OPEN {
            violations.push(format!("{open} actions are open"));
        }
        // One reply may go past the bound, and behind it what ends a transfer and the session.
        if unsent > self.unsent_replies.saturating_add(2 * self.reply.longest + LAST_WORDS) {
            violations.push(format!("{unsent} bytes of replies wait"));
        }
    }

    /// The session says that it is closed.
    pub(super) fn closed(&self, phase: Phase, open: usize, violations: &mut Vec<String>) {
        let Phase::Closed(reason) = phase else { return };
        if !self.shut || self.ended != Some(reason) {
            violations.push(format!("closed by {reason:?}, but the summary said {:?}", self.ended));
        }
        if open > 0 || !self.open.is_empty() {
            self.left_open(phase, &format!("{:?}", self.open), violations);
        }
    }

    /// Something is open that nobody will close.
    pub(super) fn left_open(&self, phase: Phase, what: &str, violations: &mut Vec<String>) {
        if phase != Phase::Closed(CloseReason::HostStuck) {
            violations.push(format!("open at the end: {what}"));
        }
    }
}

const WILL: u8 = 251;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// More than this no session needs at a time.
const MOST_OPEN: usize = 16;

/// A reply to a transfer and the last one of a session are not longer together.
const LAST_WORDS: usize = 1024;

impl Reply {
    /// A line has ended that begins with these bytes (RFC 959 §4.2).
    fn end_line(&mut self, line: &[u8]) {
        let code = line.first_chunk::<3>().filter(|code| code.iter().all(u8::is_ascii_digit)).copied();
        match (self.code, code, line.get(3)) {
            (None, Some(code), Some(b'-')) => self.code = Some(code),
            (None, ..) => self.end(),
            (Some(begun), Some(code), Some(b' ')) if begun == code => self.end(),
            (Some(_), ..) => {}
        }
    }

    fn end(&mut self) {
        self.longest = self.longest.max(std::mem::take(&mut self.len));
        self.code = None;
    }
}
