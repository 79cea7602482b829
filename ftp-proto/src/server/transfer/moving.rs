//! Bytes on their way: which action is asked for next, and what its answer means.

use core::mem;

use super::{Stage, Transfer};
use crate::action::{Action, DataAction, HostAction, StorageAction};
use crate::coding::Fault;
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::id::{ActionId, DataId, FileId};
use crate::notice::{Notice, TransferOutcome};
use crate::outcome::{Done, Moved, Received};
use crate::reply::Reply;
use crate::server::flow::{Download, Flow, Pull, Push};
use crate::server::ledger::{Step, TransferStep};
use crate::server::{Session, Work};
use crate::ticket::{Answer, outcome};
use crate::time::{Duration, Instant};

impl Session {
    /// Asks for everything that may be asked for now.
    pub(super) fn advance_moving(&mut self, transfer: &mut Transfer) -> bool {
        let Some(data) = transfer.data else { return false };
        let chunk = self.config.limits.chunk;
        loop {
            let pull = match &mut transfer.flow {
                Flow::Upload(upload) => match upload.decode(chunk) {
                    // A client that does not read its replies gets no more of them.
                    Ok(()) if upload.has_marker() && !self.takes_replies() => return false,
                    Ok(()) => match upload.push() {
                        Push::Wait => return false,
                        Push::Complete => break,
                        push => {
                            let file = upload.file;
                            self.push_upload(file, data, push);
                            continue;
                        }
                    },
                    Err(fault) => {
                        self.stop(transfer, fault_outcome(fault));
                        return true;
                    }
                },
                Flow::Download(download) => download.pull(),
                Flow::Listing(listing) => listing.pull(chunk),
            };
            match pull {
                Pull::Wait => return false,
                Pull::Complete => break,
                Pull::BeyondEnd => {
                    self.stop(transfer, TransferOutcome::Failed(Failure::BadOffset));
                    return true;
                }
                Pull::Send(bytes) => {
                    let ticket = self.ledger.issue(Step::Transfer(TransferStep::Send), None);
                    self.outbox.push(Action::Data(DataAction::Send { ticket, data, bytes }));
                }
                Pull::Read { .. } | Pull::Offload { .. } => self.pull_file(transfer, data, &pull),
            }
        }
        self.close_up(transfer);
        true
    }

    fn pull_file(&mut self, transfer: &mut Transfer, data: DataId, pull: &Pull) {
        let step = Step::Transfer(TransferStep::Read);
        match (&mut transfer.flow, pull) {
            (Flow::Listing(listing), _) => {
                listing.asking = self.ask_lister(step, &mut listing.lister, &mut listing.opening);
            }
            (Flow::Download(Download { file: Some(file), .. }), Pull::Read { at }) => {
                let ticket = self.issue(step);
                let read = StorageAction::Read { ticket, file: *file, at: *at, max: self.config.limits.chunk };
                self.outbox.push(Action::Host(HostAction::Storage(read)));
            }
            (Flow::Download(Download { file: Some(file), .. }), Pull::Offload { at }) => {
                let ticket = self.ledger.issue(Step::Transfer(TransferStep::Offload), None);
                let (file, at, len) = (*file, *at, self.config.limits.range);
                self.outbox.push(Action::Data(DataAction::FileToData { ticket, file, data, at, len }));
            }
            _ => {}
        }
    }

    fn push_upload(&mut self, file: Option<FileId>, data: DataId, push: Push) {
        let Some(file) = file else { return };
        let limits = &self.config.limits;
        let (chunk, range) = (limits.chunk, limits.range);
        match push {
            Push::Write { at, bytes } => {
                let ticket = self.issue(Step::Transfer(TransferStep::Write));
                self.outbox.push(Action::Host(HostAction::Storage(StorageAction::Write { ticket, file, at, bytes })));
            }
            Push::Receive => {
                let ticket = self.ledger.issue(Step::Transfer(TransferStep::Receive), None);
                self.outbox.push(Action::Data(DataAction::Receive { ticket, data, max: chunk }));
            }
            Push::Offload { at } => {
                let ticket = self.ledger.issue(Step::Transfer(TransferStep::Offload), None);
                self.outbox.push(Action::Data(DataAction::DataToFile { ticket, data, file, at, max: range }));
            }
            Push::Marker { at, marker } => {
                let at = Decimal::new(at);
                self.outbox.write(Reply::line(110, &[b"MARK ", &marker, b" = ", at.as_bytes()]));
            }
            Push::Wait | Push::Complete => {}
        }
    }

    pub(super) fn answer_moving(
        &mut self,
        transfer: &mut Transfer,
        step: TransferStep,
        result: Result<Answer, Failure>,
    ) -> Result<(), Failure> {
        let chunk = self.config.limits.chunk;
        let before = transfer.moved;
        match (&mut transfer.flow, step) {
            (Flow::Listing(listing), TransferStep::Read) => {
                listing.asking = false;
                let opened = listing.opening.take().filter(|_| result.is_ok());
                if transfer.stopped.is_some() {
                    self.close_dir(opened);
                    return Ok(());
                }
                let read = listing.lister.answer(opened, result)?;
                self.close_dir(read);
            }
            (Flow::Listing(listing), _) => {
                outcome::<Done>(result)?;
                transfer.moved = transfer.moved.saturating_add(mem::take(&mut listing.sending) as u64);
            }
            (Flow::Download(download), TransferStep::Read) => {
                download.read(outcome(result)?, chunk);
            }
            (Flow::Download(download), TransferStep::Send) => {
                outcome::<Done>(result)?;
                transfer.moved = transfer.moved.saturating_add(download.sent());
            }
            (Flow::Download(download), _) => {
                let moved = outcome::<Moved>(result)?;
                transfer.moved = transfer.moved.saturating_add(moved.bytes);
                download.moved(moved);
            }
            (Flow::Upload(upload), TransferStep::Write) => {
                outcome::<Done>(result)?;
                upload.written();
            }
            (Flow::Upload(upload), TransferStep::Receive) => {
                let received = outcome::<Received>(result)?;
                transfer.moved = transfer.moved.saturating_add(received.bytes.len() as u64);
                if !upload.received(received) {
                    self.stop(transfer, TransferOutcome::Truncated);
                }
            }
            (Flow::Upload(upload), _) => {
                let moved = outcome::<Moved>(result)?;
                transfer.moved = transfer.moved.saturating_add(moved.bytes);
                if !upload.moved(moved) {
                    self.stop(transfer, TransferOutcome::Truncated);
                }
            }
        }
        if matches!(step, TransferStep::Read | TransferStep::Write) {
            // The client's time begins once the storage has done its part.
            transfer.last_moved = self.now;
        }
        if transfer.moved != before {
            self.moved_on(transfer);
        }
        Ok(())
    }

    pub(in crate::server) fn transfer_progress(&mut self, id: ActionId, bytes: u64) {
        let moves = matches!(
            self.ledger.step_of(id),
            Some(Step::Transfer(TransferStep::Send | TransferStep::Receive | TransferStep::Offload))
        );
        let Some(mut transfer) = self.take_transfer() else { return };
        if moves && bytes > transfer.under_way {
            transfer.under_way = bytes;
            self.moved_on(&mut transfer);
        }
        self.work = Work::Transfer(transfer);
    }

    /// Bytes moved: the stall timer begins again, and whoever watches is told now and then.
    fn moved_on(&mut self, transfer: &mut Transfer) {
        const BETWEEN_NOTICES: Duration = Duration::from_millis(100);
        transfer.last_moved = self.now;
        if self.now - transfer.last_notice >= BETWEEN_NOTICES {
            transfer.last_notice = self.now;
            self.notify(Notice::TransferProgress { bytes: transfer.moved.saturating_add(transfer.under_way) });
        }
    }

    /// When the running transfer counts as stalled: by the client, not while only the storage has something to do.
    pub(in crate::server) fn stall_deadline(&self) -> Option<Instant> {
        let of_storage = |step| matches!(step, Step::Transfer(TransferStep::Read | TransferStep::Write));
        let of_client = |step| matches!(step, Step::Transfer(_)) && !of_storage(step);
        match &self.work {
            Work::Transfer(transfer)
                if transfer.stage == Stage::Moving && (self.ledger.any(of_client) || !self.ledger.any(of_storage)) =>
            {
                Some(transfer.last_moved + self.config.timeouts.stall)
            }
            _ => None,
        }
    }
}

/// What broken data makes of its transfer.
const fn fault_outcome(fault: Fault) -> TransferOutcome {
    match fault {
        Fault::Malformed => TransferOutcome::Malformed,
        Fault::Truncated => TransferOutcome::Truncated,
    }
}
