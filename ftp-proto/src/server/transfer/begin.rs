//! The commands that begin a transfer: RETR, STOR, APPE, STOU, LIST, NLST, MLSD; and ABOR, which ends one.

use alloc::boxed::Box;
use core::mem;

use rand_chacha::rand_core::Rng;

use super::{Transfer, Unique};
use crate::action::{Action, HostAction, StorageAction};
use crate::ascii::{Decoder, Encoder};
use crate::id::FileId;
use crate::notice::TransferOutcome;
use crate::path::VirtualPath;
use crate::reply::reply;
use crate::server::data::DataSetup;
use crate::server::failures::path_error;
use crate::server::flow::{Download, Flow, Listing, Upload};
use crate::server::ledger::{Step, TransferStep};
use crate::server::lister::{Format, Lister};
use crate::server::parameters::Representation;
use crate::server::{Session, Work};
use crate::storage::{Permissions, Replace, WriteMode};
use crate::verb::Verb;

impl Session {
    pub(in crate::server) fn run_retr(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        if self.has_no_setup() {
            return;
        }
        let file = FileId(self.ledger.mint());
        let encoder = self.is_ascii().then(Encoder::default);
        let flow = Flow::Download(Download::new(file, restart, encoder));
        let ticket = self.issue(Step::Transfer(TransferStep::Open));
        let open = StorageAction::OpenRead { ticket, file, path: path.clone() };
        self.begin(Transfer::new(Verb::Retr, path, flow, self.now), open);
    }

    pub(in crate::server) fn run_stor(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        let mode = match restart {
            0 if self.permissions().contains(Permissions::OVERWRITE) => WriteMode::Create(Replace::Allowed),
            0 => WriteMode::Create(Replace::Refused),
            _ => WriteMode::At(restart),
        };
        self.begin_upload(Verb::Stor, path, mode, None);
    }

    /// APPE; behind a REST it writes from that offset on, as STOR does.
    pub(in crate::server) fn run_appe(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        let mode = if restart == 0 { WriteMode::Append } else { WriteMode::At(restart) };
        self.begin_upload(Verb::Appe, path, mode, None);
    }

    /// STOU (RFC 1123 §4.1.2.9): a name that nobody has, made from `argument` where there is one.
    pub(in crate::server) fn run_stou(&mut self, argument: &[u8]) {
        if mem::take(&mut self.parameters.restart) != 0 {
            return self.finish(reply!("554 A new file has nothing to restart at."));
        }
        let unique = Unique { base: if argument.is_empty() { b"ftp" } else { argument }.into(), tries: 0 };
        let Some(path) = self.unique_path(&unique) else { return };
        self.begin_upload(Verb::Stou, path, WriteMode::Create(Replace::Refused), Some(unique));
    }

    pub(in crate::server) fn run_listing(&mut self, verb: Verb, argument: &[u8]) {
        if self.has_no_setup() {
            return;
        }
        let format = match verb {
            Verb::List => Format::List,
            Verb::Nlst => Format::Names,
            _ => Format::Machine,
        };
        let lister = match Lister::new(self.setting(format), argument) {
            Ok(lister) => lister,
            Err(error) => return self.finish(path_error(error)),
        };
        let path = lister.target().clone();
        let transfer = Transfer::new(verb, path, Flow::Listing(Box::new(Listing::new(lister))), self.now);
        self.start(transfer);
    }

    /// ABOR: the transfer it means was stopped when it came in; here is its own reply.
    pub(in crate::server) fn run_abor(&mut self) {
        self.close_data_setup();
        self.finish(reply!("226 ABOR done."));
    }

    fn begin_upload(&mut self, verb: Verb, path: VirtualPath, mode: WriteMode, unique: Option<Unique>) {
        let announced = mem::take(&mut self.parameters.announced);
        let ascii = self.is_ascii();
        if matches!(mode, WriteMode::At(_)) {
            if !self.permissions().contains(Permissions::OVERWRITE) {
                return self.finish(reply!("550 Permission denied."));
            }
            if ascii {
                return self.finish(reply!("554 An upload in TYPE A cannot restart, use TYPE I."));
            }
        }
        if self.has_no_setup() {
            return;
        }
        let file = FileId(self.ledger.mint());
        let flow = Flow::Upload(Upload::new(file, ascii.then(Decoder::default)));
        let mut transfer = Transfer::new(verb, path.clone(), flow, self.now);
        (transfer.write_mode, transfer.unique) = (mode, unique);
        let open = self.open_write(file, path, mode, announced);
        self.begin(transfer, open);
    }

    pub(super) fn open_write(
        &mut self,
        file: FileId,
        path: VirtualPath,
        mode: WriteMode,
        expected: u64,
    ) -> StorageAction {
        let ticket = self.issue(Step::Transfer(TransferStep::Open));
        let permissions = 0o666 & !self.parameters.umask;
        StorageAction::OpenWrite { ticket, file, path, mode, permissions, expected }
    }

    fn begin(&mut self, transfer: Transfer, open: StorageAction) {
        self.outbox.push(Action::Host(HostAction::Storage(open)));
        self.start(transfer);
    }

    fn start(&mut self, transfer: Transfer) {
        self.work = Work::Transfer(Box::new(transfer));
        // An ABOR may have come in right behind the command; or the client has left.
        if self.inbox.holds(Verb::Abor) {
            self.stop_transfer(TransferOutcome::Aborted);
        } else if self.is_abandoned() {
            self.stop_transfer(TransferOutcome::ControlLost);
        } else {
            self.advance_transfer();
        }
    }

    fn has_no_setup(&mut self) -> bool {
        if let Some(reply) = self.protection_refusal() {
            self.finish(reply);
            return true;
        }
        let none = matches!(self.data, DataSetup::None);
        if none {
            self.finish(reply!("425 Send PASV, EPSV, PORT or EPRT first."));
        }
        none
    }

    fn is_ascii(&self) -> bool {
        self.parameters.representation == Representation::Ascii
    }

    /// A name for STOU: `base` and eight random letters and digits.
    pub(super) fn unique_path(&mut self, unique: &Unique) -> Option<VirtualPath> {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut random = self.random().next_u64();
        let mut name = unique.base.to_vec();
        name.push(b'.');
        for _ in 0..8 {
            name.push(LETTERS.get((random % 32) as usize).copied().unwrap_or(b'x'));
            random /= 32;
        }
        self.resolve_or_refuse(&name)
    }
}
