//! Work of the host that may take long: digests, trees, copies. It runs beside the control connection.
//!
//! ```text
//! HASH, DSIZ, COMB, SITE COPY … ──► Work::Long ──► the answer, and the one reply
//!                                      │ ABOR, the client gone: Cancel
//!                                      └──► 451 (then ABOR's own 226)
//! ```
//!
//! While it runs, ABOR is heard past a full queue, and NOOP and STAT are answered at once. There is no 150 by which a
//! client could see that the command began, so those that come right behind it wait their turn: they were pipelined,
//! and their sender counts replies.

use alloc::boxed::Box;
use alloc::string::String;

use super::checksums::Digesting;
use super::failures::refusal;
use super::ledger::Step;
use super::question::PendingChange;
use super::{Session, Work};
use crate::action::{Action, HostAction, StorageAction};
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::notice::Change;
use crate::outcome::{Done, TreeSize};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::ticket::{Answer, Outcome, Ticket, outcome};
use crate::time::{Duration, Instant};
use crate::verb::Verb;

/// What runs.
#[derive(Debug)]
pub(super) struct Long {
    /// As STAT names it.
    name: &'static str,
    began: Instant,
    /// The client wants no more of it.
    aborted: bool,
    task: Task,
}

/// What it is for.
#[derive(Debug)]
pub(super) enum Task {
    Digest(Box<Digesting>),
    /// DSIZ.
    TreeSize,
    /// A change that is done when it is done.
    Change(PendingChange),
}

impl Long {
    /// Whether the client has had the time to see that no reply came at once.
    pub(super) fn is_known_to_run(&self, now: Instant) -> bool {
        now - self.began >= PIPELINED
    }

    /// For STAT.
    pub(super) fn describe(&self, now: Instant) -> String {
        alloc::format!("{} running for {} s", self.name, (now - self.began).as_secs())
    }
}

impl Session {
    /// Asks the storage for what may take long; the running command waits for the answer.
    pub(super) fn begin_long<T: Outcome>(
        &mut self,
        name: &'static str,
        task: Task,
        action: impl FnOnce(Ticket<T>) -> StorageAction,
    ) {
        self.go_on_long(Long { name, began: self.now, aborted: false, task }, action);
    }

    fn go_on_long<T: Outcome>(&mut self, long: Long, action: impl FnOnce(Ticket<T>) -> StorageAction) {
        let ticket = self.issue_long(Step::Question);
        self.outbox.push(Action::Host(HostAction::Storage(action(ticket))));
        self.work = Work::Long(Box::new(long));
        // An ABOR may have come in behind the command, while another ran; or the client has left.
        if self.is_to_be_aborted() || self.is_abandoned() {
            self.abort_long();
        }
    }

    /// A change of the storage that may take long.
    pub(super) fn change_long(
        &mut self,
        name: &'static str,
        change: PendingChange,
        action: impl FnOnce(Ticket<Done>) -> StorageAction,
    ) {
        self.begin_long(name, Task::Change(change), action);
    }

    /// Whether an ABOR waits behind the command that begins.
    pub(super) fn is_to_be_aborted(&self) -> bool {
        self.config.allows(Verb::Abor) && self.inbox.holds(Verb::Abor)
    }

    /// Nobody wants the result of the long work any more, if there is any.
    pub(super) fn abort_long(&mut self) {
        if let Work::Long(long) = &mut self.work {
            long.aborted = true;
            self.cancel(|step| step == Step::Question);
        }
    }

    pub(super) fn long_answer(&mut self, result: Result<Answer, Failure>) {
        let Work::Long(long) = core::mem::replace(&mut self.work, Work::Idle) else { return };
        if self.ending.is_some() {
            if let (Task::Change(change), Ok(_)) = (long.task, result) {
                self.changed(change.change, change.path);
            }
            return;
        }
        let Long { name, began, aborted, task } = *long;
        if aborted && result.as_ref().is_err_and(|failure| *failure == Failure::Cancelled) {
            return self.finish(reply!("451 Aborted."));
        }
        match task {
            Task::Change(change) => self.answer_change(change, result),
            Task::TreeSize => self.answer_tree_size(outcome(result)),
            Task::Digest(digesting) => {
                let Some((digesting, action)) = self.answer_digest(digesting, outcome(result)) else { return };
                // What came too late to be stopped is done; the rest is not begun.
                if aborted {
                    return self.finish(reply!("451 Aborted."));
                }
                self.go_on_long(Long { name, began, aborted, task: Task::Digest(digesting) }, action);
            }
        }
    }

    pub(super) fn run_dsiz(&mut self, path: VirtualPath) {
        self.begin_long("DSIZ", Task::TreeSize, |ticket| StorageAction::TreeSize { ticket, path });
    }

    fn answer_tree_size(&mut self, result: Result<TreeSize, Failure>) {
        self.finish(match result {
            Ok(size) => Reply::line(213, &[Decimal::new(size.bytes).as_bytes()]),
            Err(failure) => refusal(failure, Verb::Dsiz),
        });
    }

    /// COMB: the first is the target, and gets the content of the others.
    pub(super) fn run_comb(&mut self, paths: &[crate::command::RawPath]) {
        let Some(resolved) = self.resolve_all(paths) else { return };
        let Some((target, parts)) = resolved.split_first() else {
            return self.finish(reply!("501 Name a target and its parts."));
        };
        let twice = |(at, part): (usize, &VirtualPath)| part == target || parts.iter().skip(at + 1).any(|o| o == part);
        if parts.iter().enumerate().any(twice) {
            return self.finish(reply!("553 A file cannot be joined to itself."));
        }
        let (target, parts) = (target.clone(), parts.to_vec());
        let reply = reply!("250 Combined.");
        let change = PendingChange { verb: Verb::Comb, change: Change::Combined, path: target.clone(), reply };
        self.change_long("COMB", change, |ticket| StorageAction::Combine { ticket, target, parts });
    }
}

/// What comes within this time of the command is taken to have been sent with it.
const PIPELINED: Duration = Duration::from_secs(1);
