//! Transfers of verbs that the embedding program answers: their file is open when they begin.
//!
//! From there on they are like RETR and STOR: 150, TYPE, ABOR, STAT, notices, the commit and the 226. Whatever keeps one
//! from beginning closes its file.

use super::Transfer;
use crate::action::{Action, HostAction, StorageAction};
use crate::failure::Failure;
use crate::id::FileId;
use crate::outcome::{CustomAnswer, Opened};
use crate::server::Session;
use crate::server::flow::Flow;
use crate::server::ledger::Step;
use crate::server::question::CustomCall;
use crate::storage::FinishHow;
use crate::verb::Verb;

impl Session {
    /// The content of the call's file goes to the client, from its beginning.
    pub(in crate::server) fn begin_custom_download(&mut self, call: CustomCall, opened: Opened) {
        if self.has_no_setup() {
            return self.close_read(call.file);
        }
        let mut download = self.download(call.file, 0);
        download.opened(opened);
        self.begin_custom(call, Flow::Download(download));
    }

    /// What the client sends goes to the call's file, from its beginning.
    pub(in crate::server) fn begin_custom_upload(&mut self, call: CustomCall, opened: Opened) {
        if self.has_no_setup() {
            return self.discard_write(call.file);
        }
        let mut upload = self.upload(call.file);
        upload.opened(opened, 0);
        self.begin_custom(call, Flow::Upload(upload));
    }

    /// Nobody waits for the transfer any more: closes what was opened for it.
    pub(in crate::server) fn close_custom(&mut self, file: FileId, answer: Result<CustomAnswer, Failure>) {
        match answer {
            Ok(CustomAnswer::Download(_)) => self.close_read(file),
            Ok(CustomAnswer::Upload(_)) => self.discard_write(file),
            Ok(CustomAnswer::Reply(_)) | Err(_) => {}
        }
    }

    fn begin_custom(&mut self, call: CustomCall, flow: Flow) {
        let mut transfer = Transfer::new(Verb::Site, call.path, flow, self.now);
        transfer.custom = Some(call.verb);
        self.start(transfer);
    }

    fn close_read(&mut self, file: FileId) {
        self.outbox.push(Action::Host(HostAction::Storage(StorageAction::CloseFile(file))));
    }

    fn discard_write(&mut self, file: FileId) {
        let ticket = self.issue(Step::Stray);
        let discard = StorageAction::Finish { ticket, file, how: FinishHow::Discard };
        self.outbox.push(Action::Host(HostAction::Storage(discard)));
    }
}
