//! From bytes to commands: framing as far as there is room, and running what can run.

use super::inbox::Incoming;
use super::{CloseReason, Session, Work};
use crate::verb::Verb;

/// What the session wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Whether to read the control connection now. A broken connection may be reported at any time. While TLS begins
    /// or ends this is off: what comes in then is for the TLS layer, which reads it by itself.
    pub control: bool,
}

impl Session {
    /// Frames `input` as far as there is room, running each command that can run.
    pub(super) fn feed(&mut self, mut input: &[u8]) {
        while self.ending.is_none() {
            if matches!(self.work, Work::Securing(_)) {
                if !input.is_empty() {
                    self.plaintext_behind_auth();
                }
                return;
            }
            if !self.has_room() {
                return self.inbox.keep(input);
            }
            match self.inbox.frame(&mut input, &self.config) {
                None => return,
                Some(Incoming::Line(parsed, bytes)) => self.incoming(parsed, bytes),
                Some(Incoming::Refuse(bytes)) => {
                    // A flood of options from a client that reads nothing is left unanswered.
                    if self.takes_replies() {
                        self.outbox.write_bytes(&bytes);
                    }
                }
            }
            if !self.inbox.is_empty() {
                self.run_waiting();
            }
        }
    }

    /// Runs all that can run now.
    pub(super) fn pump(&mut self) {
        // Most of the time nothing waits.
        if !self.inbox.is_empty() {
            self.run_waiting();
        }
        while self.inbox.has_tail() && self.has_room() && self.ending.is_none() {
            let tail = self.inbox.take_tail();
            self.feed(&tail);
        }
        if self.half_closed && self.is_idle() && self.inbox.is_empty() {
            self.close(CloseReason::PeerClosed, None);
        }
    }

    fn run_waiting(&mut self) {
        while self.can_run()
            && let Some(parsed) = self.inbox.pop()
        {
            self.run(parsed);
        }
    }

    /// Whether a command may begin now.
    pub(super) fn can_run(&self) -> bool {
        self.is_idle() && self.ending.is_none() && self.takes_replies()
    }

    /// Gives back what only a session at work needs: most sessions are idle most of the time.
    pub(super) fn rest(&mut self) {
        if self.is_idle() && self.outbox.unsent() == 0 && self.ledger.is_empty() {
            self.ledger.rest();
            self.outbox.rest();
        }
    }

    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.work, Work::Idle)
    }

    /// Whether the client has taken enough of its replies to get another.
    pub(super) fn takes_replies(&self) -> bool {
        self.outbox.unsent() < self.config.limits.unsent_replies as u64
    }

    pub(super) fn has_room(&self) -> bool {
        let limits = &self.config.limits;
        self.inbox
            .past(limits.queued_commands, limits.queued_bytes)
            .is_none_or(|past| matches!(self.work, Work::Transfer(_) | Work::Long(_)) && past < limits.look_ahead)
    }

    /// Whether the client left without saying goodbye: its transfer is then nobody's. What is not framed yet may hold
    /// the goodbye.
    pub(super) fn is_abandoned(&self) -> bool {
        self.half_closed && !self.inbox.holds(Verb::Quit) && !self.inbox.has_tail()
    }
}
