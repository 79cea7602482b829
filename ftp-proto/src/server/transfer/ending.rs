//! The end of a transfer: broken off or complete, closed up, and its one outcome and one reply.

use alloc::boxed::Box;

use super::{Stage, Transfer};
use crate::action::{Action, CloseHow, DataAction, HostAction, StorageAction};
use crate::failure::Failure;
use crate::notice::{Notice, TransferKind, TransferOutcome, TransferSummary};
use crate::reply::Reply;
use crate::server::data::DataSetup;
use crate::server::failures::{broken_off, outcome_of, refusal};
use crate::server::flow::Flow;
use crate::server::ledger::{Step, TransferStep};
use crate::server::{Session, Timer, Work};
use crate::storage::FinishHow;

impl Session {
    pub(super) fn advance_stopping(&mut self, transfer: &mut Transfer) -> bool {
        if self.transfer_is_open() {
            return false;
        }
        self.close_up(transfer);
        true
    }

    /// Nothing moves any more: closes the connection, and ends the file in the way that fits.
    pub(super) fn close_up(&mut self, transfer: &mut Transfer) {
        transfer.stage = Stage::Closing;
        self.timers.stop(Timer::Data);
        if let Some(data) = transfer.data.take() {
            let how = if transfer.stopped.is_none() { CloseHow::Graceful } else { CloseHow::Abort };
            let ticket = self.issue(Step::Transfer(TransferStep::CloseData));
            self.outbox.push(Action::Data(DataAction::Close { ticket, data, how }));
        }
        match &mut transfer.flow {
            Flow::Listing(listing) => {
                let dir = listing.lister.take_dir();
                self.close_dir(dir);
            }
            Flow::Download(download) => {
                if let Some(file) = download.file.take() {
                    self.outbox.push(Action::Host(HostAction::Storage(StorageAction::CloseFile(file))));
                }
            }
            Flow::Upload(upload) => {
                if let Some(file) = upload.file.take() {
                    // Before there was a connection nothing has come, and an empty file must not take the place of
                    // the one that was there.
                    let how = if transfer.connected { self.finish_how(transfer.stopped) } else { FinishHow::Discard };
                    let ticket = self.issue_long(Step::Transfer(TransferStep::Finish));
                    self.outbox.push(Action::Host(HostAction::Storage(StorageAction::Finish { ticket, file, how })));
                }
            }
        }
    }

    fn finish_how(&self, stopped: Option<TransferOutcome>) -> FinishHow {
        match stopped {
            None => FinishHow::Commit,
            Some(
                TransferOutcome::Failed(_)
                | TransferOutcome::OverQuota
                | TransferOutcome::Vetoed
                | TransferOutcome::NotResumed
                | TransferOutcome::Malformed,
            ) => FinishHow::Discard,
            Some(_) if self.config.keep_partial.is_on() => FinishHow::Keep,
            Some(_) => FinishHow::Discard,
        }
    }

    /// Everything is closed: the one outcome, and the one reply.
    pub(super) fn conclude(&mut self, transfer: Box<Transfer>) {
        if let (Some(failure), None) = (transfer.refused, transfer.stopped) {
            let reply = match failure {
                Failure::Tls => self.refused_setup(),
                Failure::Reset => Some(broken_off(TransferOutcome::Reset, false)),
                _ => None,
            };
            return self.finish(reply.unwrap_or_else(|| refusal(failure, transfer.verb)));
        }
        let outcome = match (transfer.stopped, transfer.committed) {
            (Some(stopped), _) => stopped,
            (None, Err(failure)) => outcome_of(failure),
            (None, Ok(())) => TransferOutcome::Complete,
        };
        let reply = match (&transfer.unique, outcome) {
            (Some(_), TransferOutcome::Complete) => Reply::line(226, &[b"FILE: ", &self.relative_name(&transfer.path)]),
            _ => broken_off(outcome, transfer.connected),
        };
        self.ended(transfer, outcome);
        self.finish(reply);
    }

    /// The host is stuck: the running transfer ends without its answers.
    pub(in crate::server) fn write_off_transfer(&mut self) {
        let Some(transfer) = self.take_transfer() else { return };
        let outcome = transfer.stopped.unwrap_or(TransferOutcome::Failed(Failure::TimedOut));
        self.ended(transfer, outcome);
    }

    fn ended(&mut self, transfer: Box<Transfer>, outcome: TransferOutcome) {
        self.count(&transfer, outcome);
        self.notify(Notice::TransferEnded(TransferSummary {
            what: transfer.kind(),
            path: transfer.path,
            bytes: transfer.moved,
            duration: self.now - transfer.began,
            outcome,
        }));
    }

    fn count(&mut self, transfer: &Transfer, outcome: TransferOutcome) {
        let files = u32::from(outcome == TransferOutcome::Complete);
        match transfer.kind() {
            TransferKind::Download => self.tally.downloads += files,
            TransferKind::Upload => self.tally.uploads += files,
            TransferKind::Listing => {}
        }
        match transfer.kind() {
            TransferKind::Upload => self.tally.received = self.tally.received.saturating_add(transfer.moved),
            TransferKind::Download | TransferKind::Listing => {
                self.tally.sent = self.tally.sent.saturating_add(transfer.moved)
            }
        }
    }

    // Breaking off.

    /// Breaks the running transfer off, if it is not ending already.
    pub(in crate::server) fn stop_transfer(&mut self, why: TransferOutcome) {
        let Some(mut transfer) = self.take_transfer() else { return };
        self.stop(&mut transfer, why);
        self.work = Work::Transfer(transfer);
        self.advance_transfer();
    }

    pub(super) fn stop(&mut self, transfer: &mut Transfer, why: TransferOutcome) {
        if matches!(transfer.stage, Stage::Stopping | Stage::Closing) {
            return;
        }
        if let Stage::Announced(_) = transfer.stage {
            // It was never dialled, and this 150 has used it up.
            self.data = DataSetup::None;
        }
        transfer.stopped = Some(why);
        transfer.stage = Stage::Stopping;
        self.timers.stop(Timer::Data);
        if let Some(waiting) = transfer.waiting.take() {
            self.close_listener(&waiting);
        }
        if why == TransferOutcome::Aborted {
            self.close_data_setup();
        }
        self.cancel(|step| matches!(step, Step::Transfer(_)));
    }

    /// Refused before the 150: the data connection's setup stays for another try.
    pub(super) fn refuse(&mut self, transfer: &mut Transfer, failure: Failure) {
        transfer.refused = Some(failure);
        transfer.stage = Stage::Stopping;
    }
}
