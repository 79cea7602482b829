//! What leaves the session: the queue of actions, and the replies' credits.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use bytes::Bytes;

use crate::action::Action;
use crate::reply::{Encoded, Reply};

/// The actions that a call of [`Session::handle`](super::Session::handle) asks for, in order.
///
/// Borrows the session, so the next event cannot be handled before this is dropped. An action that is not taken stays
/// queued and comes with the next call.
#[derive(Debug)]
#[must_use = "actions must be run"]
pub struct Actions<'a> {
    pub(super) outbox: &'a mut Outbox,
}

impl Iterator for Actions<'_> {
    type Item = Action;

    #[inline]
    fn next(&mut self) -> Option<Action> {
        // Asked once behind the last of them too: that is to cost nothing.
        if self.outbox.is_empty() { None } else { self.outbox.pop() }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.outbox.len(), Some(self.outbox.len()))
    }
}

impl ExactSizeIterator for Actions<'_> {}

/// How much room replies that leave together get at first, in bytes.
const JOINED: usize = 512;

/// Queued actions. Replies that follow one another leave in one `Write`.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    actions: VecDeque<Action>,
    /// Reply bytes that are not in an action yet.
    pending: Option<Encoded>,
    written: u64,
    sent: u64,
    muted: bool,
}

impl Outbox {
    /// Queues `action` behind all that was queued and written before.
    pub(crate) fn push(&mut self, action: Action) {
        if let Some(write) = self.take_pending() {
            self.actions.push_back(write);
        }
        self.actions.push_back(action);
    }

    /// Writes a reply.
    pub(crate) fn write(&mut self, reply: Reply) {
        self.append(reply.into_encoded());
    }

    /// Writes raw bytes to the control connection.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        self.append(Encoded::Made(bytes.to_vec()));
    }

    /// Writes; nothing once it is muted.
    fn append(&mut self, more: Encoded) {
        if self.muted {
            return;
        }
        let bytes = more.as_bytes();
        self.written += bytes.len() as u64;
        self.pending = Some(match self.pending.take() {
            None => more,
            Some(Encoded::Fixed(first)) => {
                // There will be more: a pipeline is answered in one piece.
                let mut buffer = Vec::with_capacity((first.len() + bytes.len()).max(JOINED));
                buffer.extend_from_slice(first);
                buffer.extend_from_slice(bytes);
                Encoded::Made(buffer)
            }
            Some(Encoded::Made(mut buffer)) => {
                buffer.extend_from_slice(bytes);
                Encoded::Made(buffer)
            }
        });
    }

    /// The next action. A reply with nothing behind it has never been in the queue.
    pub(crate) fn pop(&mut self) -> Option<Action> {
        self.actions.pop_front().or_else(|| self.take_pending())
    }

    fn take_pending(&mut self) -> Option<Action> {
        Some(Action::Write(match self.pending.take()? {
            Encoded::Fixed(bytes) => Bytes::from_static(bytes),
            Encoded::Made(bytes) => Bytes::from(bytes),
        }))
    }

    /// The control connection is gone: nothing more is written, nothing more is waited for.
    pub(crate) fn mute(&mut self) {
        self.muted = true;
        self.pending = None;
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

    /// How many actions are queued.
    pub(crate) fn len(&self) -> usize {
        self.actions.len() + usize::from(self.pending.is_some())
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.pending.is_none()
    }

    /// Gives the memory of an empty queue back.
    pub(crate) fn rest(&mut self) {
        if self.actions.capacity() > 0 {
            self.actions.shrink_to_fit();
        }
    }
}
