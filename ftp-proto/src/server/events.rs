//! What each event means: who is told of it, and what it may not be.

use core::net::SocketAddr;

use super::ledger::{Overdue, Step};
use super::{CloseReason, Misuse, Phase, Session, Timer, Work};
use crate::action::Action;
use crate::config::Switch;
use crate::event::{Admission, ControlEnd, Event};
use crate::failure::Failure;
use crate::notice::TransferOutcome;
use crate::reply::reply;
use crate::ticket::Answer;
use crate::time::Instant;

impl Session {
    pub(super) fn check(&self, event: &Event<'_>) -> Result<(), Misuse> {
        if matches!(self.phase, Phase::Closed(_)) {
            return Err(Misuse::Closed);
        }
        match event {
            Event::Connected { .. } if self.connected => Err(Misuse::AlreadyConnected),
            Event::Connected { .. } => Ok(()),
            _ if !self.connected => Err(Misuse::NotConnected),
            Event::Sent(bytes) if !self.outbox.may_credit(*bytes) => Err(Misuse::CreditTooLarge),
            Event::Done(completion) => self.ledger.check(completion),
            Event::Received(_)
            | Event::Sent(_)
            | Event::ControlEnded(_)
            | Event::Progress { .. }
            | Event::Timeout
            | Event::Drain { .. } => Ok(()),
        }
    }

    pub(super) fn handle_connected(
        &mut self,
        local: SocketAddr,
        peer: SocketAddr,
        admission: Admission,
        implicit: Switch,
    ) {
        self.connected = true;
        (self.local, self.peer) = (local.ip(), peer);
        let refusal = match admission {
            Admission::Welcome => {
                self.timers.set(Timer::Login, self.now + self.config.timeouts.login);
                if implicit.is_on() {
                    return self.secure_at_once();
                }
                let greeting = self.greeting();
                return self.outbox.write(greeting);
            }
            Admission::ServerFull => reply!("421 Too many clients, try again later."),
            Admission::AddressFull => reply!("421 Too many connections from your address."),
            Admission::Draining => reply!("421 The server is closing."),
        };
        // Whoever expects TLS could not read a word of it.
        self.close(CloseReason::NotAdmitted, Some(refusal).filter(|_| !implicit.is_on()));
    }

    pub(super) fn handle_received(&mut self, bytes: &[u8]) {
        if self.ending.is_some() || self.half_closed || bytes.is_empty() {
            return;
        }
        if matches!(self.work, Work::Securing(_)) {
            return self.plaintext_behind_auth();
        }
        if self.inbox.has_tail() {
            return self.inbox.keep(bytes);
        }
        self.feed(bytes);
    }

    pub(super) fn handle_control_ended(&mut self, end: ControlEnd) {
        match end {
            // Told twice, it is no news: what was decided then stands.
            ControlEnd::Eof if self.half_closed => {}
            ControlEnd::Eof => {
                self.half_closed = true;
                if self.is_abandoned() {
                    self.stop_transfer(TransferOutcome::ControlLost);
                    self.abort_long();
                }
            }
            ControlEnd::Reset => {
                self.outbox.mute();
                self.close(CloseReason::PeerReset, None);
            }
        }
    }

    pub(super) fn handle_answer(&mut self, step: Step, result: Result<Answer, Failure>) {
        match step {
            Step::Question => self.answer_question(result),
            Step::Layer => self.layer_changed(result),
            Step::Accept(data) => self.accepted(data, result),
            Step::SecureData(data) => self.setup_secured(data, result),
            Step::Transfer(step) => self.transfer_answer(step, result),
            Step::Stray => {}
        }
    }

    pub(super) fn handle_timeout(&mut self) {
        let grace = self.now + self.config.timeouts.cancel;
        while let Some(overdue) = self.ledger.overdue(self.now, grace) {
            match overdue {
                Overdue::Cancel(id) => self.outbox.push(Action::Cancel(id)),
                Overdue::Stuck => return self.close_stuck(),
            }
        }
        if self.stall_deadline().is_some_and(|at| at <= self.now) {
            self.stop_transfer(TransferOutcome::TimedOut);
        }
        while let Some(timer) = self.timers.fire(self.now) {
            self.fired(timer);
        }
    }

    fn fired(&mut self, timer: Timer) {
        let limits = &self.config.limits;
        match timer {
            Timer::Idle if self.outbox.unsent() >= limits.unsent_replies as u64 => {
                self.close(CloseReason::RepliesUnread, None);
            }
            Timer::Idle => {
                self.close(CloseReason::IdleTimeout, Some(reply!("421 Idle for too long, closing.")));
            }
            Timer::Login => {
                self.close(CloseReason::LoginTimeout, Some(reply!("421 No login in time, closing.")));
            }
            Timer::LoginDelay => self.refuse_login(),
            Timer::Data => self.connection_overdue(),
            Timer::Drain => self.close(CloseReason::Drained, Some(reply!("421 The server is closing."))),
            // The client had its time to take the last replies.
            Timer::Linger => self.outbox.mute(),
            Timer::Queued | Timer::Stall | Timer::Host => {}
        }
    }

    pub(super) fn handle_drain(&mut self, deadline: Instant) {
        self.draining = true;
        if self.is_idle() {
            self.close(CloseReason::Drained, Some(reply!("421 The server is closing.")));
        } else if self.ending.is_none() {
            // A handshake may end, so that the client can be told; nobody's work is lost where it does not.
            let patience = self.now + self.config.timeouts.linger;
            let deadline = if self.is_between_layers() { deadline.min(patience) } else { deadline };
            self.timers.set(Timer::Drain, deadline.max(self.now));
        }
    }
}
