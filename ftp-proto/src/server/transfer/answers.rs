//! Answers to what a transfer asked for while it was opened and connected.

use core::mem;

use super::{Stage, Transfer};
use crate::action::{Action, HostAction};
use crate::failure::Failure;
use crate::id::FileId;
use crate::notice::TransferOutcome;
use crate::outcome::{Connected, DataEnd, Done, Moved, Opened, Received};
use crate::server::failures::outcome_of;
use crate::server::flow::Flow;
use crate::server::ledger::TransferStep;
use crate::server::security::TlsFault;
use crate::server::{Session, Work};
use crate::storage::WriteMode;
use crate::ticket::{Answer, outcome};

impl Session {
    pub(in crate::server) fn transfer_answer(&mut self, step: TransferStep, result: Result<Answer, Failure>) {
        let Some(mut transfer) = self.take_transfer() else { return };
        let moves = matches!(step, TransferStep::Send | TransferStep::Receive | TransferStep::Offload);
        let under_way = if moves { mem::take(&mut transfer.under_way) } else { 0 };
        match step {
            TransferStep::Open => self.answer_open(&mut transfer, result),
            TransferStep::Connect => self.answer_connect(&mut transfer, result),
            TransferStep::Secure => self.answer_handshake(&mut transfer, result),
            TransferStep::CloseData => {}
            TransferStep::Finish => transfer.committed = outcome::<Done>(result).map(|Done| ()),
            _ => {
                let result = self.forgive_end(result);
                if let Err(failure) = self.answer_moving(&mut transfer, step, result) {
                    // What it moved before it failed has moved all the same.
                    transfer.moved = transfer.moved.saturating_add(under_way);
                    self.stop(&mut transfer, outcome_of(failure));
                }
            }
        }
        self.work = Work::Transfer(transfer);
        self.advance_transfer();
    }

    fn answer_open(&mut self, transfer: &mut Transfer, result: Result<Answer, Failure>) {
        if let Flow::Listing(listing) = &mut transfer.flow {
            listing.asking = false;
            let opened = listing.opening.take().filter(|_| result.is_ok());
            if transfer.stopped.is_some() {
                return self.close_dir(opened);
            }
            match listing.lister.answer(opened, result) {
                Ok(read) => self.close_dir(read),
                Err(failure) => self.refuse(transfer, failure),
            }
            return;
        }
        match outcome::<Opened>(result) {
            Ok(opened) => self.opened(transfer, opened),
            Err(failure) => self.open_failed(transfer, failure),
        }
    }

    fn opened(&mut self, transfer: &mut Transfer, opened: Opened) {
        match &mut transfer.flow {
            Flow::Download(download) => {
                if !download.opened(opened) && transfer.stopped.is_none() {
                    self.refuse(transfer, Failure::BadOffset);
                }
            }
            Flow::Upload(upload) => upload.opened(
                opened,
                match transfer.write_mode {
                    WriteMode::Create(_) => 0,
                    WriteMode::At(offset) => offset,
                    WriteMode::Append => opened.size,
                },
            ),
            Flow::Listing(_) => {}
        }
    }

    fn open_failed(&mut self, transfer: &mut Transfer, failure: Failure) {
        match &mut transfer.flow {
            Flow::Download(download) => download.file = None,
            Flow::Upload(upload) => upload.file = None,
            Flow::Listing(_) => {}
        }
        if transfer.stopped.is_some() {
            return;
        }
        if failure == Failure::Exists && self.try_another_name(transfer) {
            return;
        }
        self.refuse(transfer, failure);
    }

    /// STOU: the name was taken; tries the next one.
    fn try_another_name(&mut self, transfer: &mut Transfer) -> bool {
        let Some(mut unique) = transfer.unique.take() else { return false };
        unique.tries += 1;
        if unique.tries < UNIQUE_TRIES
            && let Ok(path) = self.unique_path(&unique)
            && let Flow::Upload(upload) = &mut transfer.flow
        {
            let file = FileId(self.ledger.mint());
            upload.file = Some(file);
            transfer.path = path.clone();
            transfer.unique = Some(unique);
            let open = self.open_write(file, path, transfer.write_mode, 0);
            self.outbox.push(Action::Host(HostAction::Storage(open)));
            return true;
        }
        false
    }

    fn answer_connect(&mut self, transfer: &mut Transfer, result: Result<Answer, Failure>) {
        match (outcome::<Connected>(result), transfer.data) {
            (Ok(_), Some(data)) if transfer.stage == Stage::Connecting => {
                self.linked(transfer, data, self.data_role());
            }
            // Late: the transfer was broken off meanwhile, and closes the connection.
            (Ok(_), _) => {}
            (Err(failure), _) => {
                transfer.data = None;
                self.stop(
                    transfer,
                    match failure {
                        Failure::TimedOut => TransferOutcome::TimedOut,
                        _ => TransferOutcome::Reset,
                    },
                );
            }
        }
    }

    /// The data connection is secured, or could not be. Broken off meanwhile, it is closed either way.
    fn answer_handshake(&mut self, transfer: &mut Transfer, result: Result<Answer, Failure>) {
        if transfer.stopped.is_some() {
            return;
        }
        match (self.tls_fault(result), transfer.data) {
            (None, Some(data)) => self.connected(transfer, data),
            (fault, _) => self.stop(transfer, fault.unwrap_or(TlsFault::Failed).outcome()),
        }
    }

    /// A stream without `close_notify` is whole where the operator says so.
    fn forgive_end(&self, mut result: Result<Answer, Failure>) -> Result<Answer, Failure> {
        if self.config.tls.strict_end.is_on() {
            return result;
        }
        if let Ok(
            Answer::Received(Received { end: end @ Some(DataEnd::Truncated), .. })
            | Answer::Moved(Moved { end: end @ Some(DataEnd::Truncated), .. }),
        ) = &mut result
        {
            *end = Some(DataEnd::Clean);
        }
        result
    }
}

/// How often STOU looks for a free name.
const UNIQUE_TRIES: u8 = 8;
