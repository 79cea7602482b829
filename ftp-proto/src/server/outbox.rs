//! What leaves the session: the queue of actions, and the replies' credits.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;

use crate::action::Action;
use crate::reply::{Encoded, Reply};

/// Queued actions. Replies that follow one another leave in one `Write`.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    actions: VecDeque<Action>,
    pending: Pending,
    written: u64,
    sent: u64,
    muted: bool,
}

/// Reply bytes that are not in an action yet.
#[derive(Debug, Default)]
enum Pending {
    #[default]
    Nothing,
    Fixed(&'static [u8]),
    Made(Vec<u8>),
}

impl Outbox {
    /// Queues `action` behind all that was queued and written before.
    pub(crate) fn push(&mut self, action: Action) {
        self.flush();
        self.actions.push_back(action);
    }

    /// Writes a reply.
    pub(crate) fn write(&mut self, reply: Reply) {
        match reply.into_encoded() {
            Encoded::Fixed(bytes) if matches!(self.pending, Pending::Nothing) && !self.muted => {
                self.written += bytes.len() as u64;
                self.pending = Pending::Fixed(bytes);
            }
            Encoded::Fixed(bytes) => self.write_bytes(bytes),
            Encoded::Made(bytes) => self.write_bytes(&bytes),
        }
    }

    /// Writes raw bytes to the control connection; nothing once it is muted.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        if self.muted {
            return;
        }
        self.written += bytes.len() as u64;
        match &mut self.pending {
            Pending::Made(buffer) => buffer.extend_from_slice(bytes),
            Pending::Nothing => self.pending = Pending::Made(bytes.to_vec()),
            Pending::Fixed(first) => self.pending = Pending::Made([first, bytes].concat()),
        }
    }

    /// Moves what was written into an action.
    pub(crate) fn flush(&mut self) {
        let bytes = match core::mem::take(&mut self.pending) {
            Pending::Nothing => return,
            Pending::Fixed(bytes) => Bytes::from_static(bytes),
            Pending::Made(bytes) => Bytes::from(bytes),
        };
        self.actions.push_back(Action::Write(bytes));
    }

    /// The control connection is gone: nothing more is written, nothing more is waited for.
    pub(crate) fn mute(&mut self) {
        self.muted = true;
        self.pending = Pending::Nothing;
        self.sent = self.written;
    }

    /// Whether `bytes` more could have been sent.
    pub(crate) const fn may_credit(&self, bytes: usize) -> bool {
        self.muted || bytes as u64 <= self.written - self.sent
    }

    pub(crate) const fn credit(&mut self, bytes: usize) {
        if !self.muted {
            self.sent += bytes as u64;
        }
    }

    /// Bytes written that have not left.
    pub(crate) const fn unsent(&self) -> u64 {
        self.written - self.sent
    }

    /// The place in the stream behind all that was written so far.
    pub(crate) const fn mark(&self) -> u64 {
        self.written
    }

    /// Whether everything up to `mark` has left.
    pub(crate) const fn has_left(&self, mark: u64) -> bool {
        self.sent >= mark
    }

    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    pub(crate) fn actions(&mut self) -> &mut VecDeque<Action> {
        &mut self.actions
    }
}
