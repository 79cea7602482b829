//! The commands that begin a transfer: RETR, STOR, APPE, STOU, LIST, NLST, MLSD; and ABOR, which ends one.

use alloc::boxed::Box;
use core::mem;

use rand_chacha::rand_core::Rng;

use super::{Transfer, Unique};
use crate::action::{Action, HostAction, StorageAction};
use crate::coding::{Coding, Decoder, Encoder, Mode, Representation, Structure};
use crate::id::FileId;
use crate::notice::TransferOutcome;
use crate::path::{PathError, VirtualPath};
use crate::reply::reply;
use crate::server::data::DataSetup;
use crate::server::failures::path_error;
use crate::server::flow::{Download, Flow, Listing, Upload};
use crate::server::ledger::{Step, TransferStep};
use crate::server::lister::{Format, Lister};
use crate::server::{Session, Work};
use crate::storage::{Permissions, Replace, WriteMode};
use crate::verb::Verb;

impl Session {
    pub(in crate::server) fn run_retr(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        if self.has_no_setup() {
            return;
        }
        let coding = self.coding();
        if self.cannot_restart(&coding, restart) {
            return;
        }
        let file = FileId(self.ledger.mint());
        let flow = Flow::Download(self.download(file, restart));
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
        let path = match self.unique_path(&unique) {
            Ok(path) => path,
            Err(error) => return self.finish(path_error(error)),
        };
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
        let flow = Flow::Listing(Box::new(Listing::new(lister, self.listing_encoder(verb))));
        let transfer = Transfer::new(verb, path, flow, self.now);
        self.start(transfer);
    }

    /// What is to be done to a listing: its lines are text of the network as they are made. MLSD has TYPE L 8 and MODE S
    /// whatever was set (RFC 3659 §7.2); but clients that have set MODE Z expect it there too.
    fn listing_encoder(&self, verb: Verb) -> Option<Box<Encoder>> {
        let coding = self.coding();
        let representation = match coding.representation {
            Representation::Ebcdic if verb != Verb::Mlsd => Representation::Ebcdic,
            _ => Representation::Image,
        };
        let mode = if verb == Verb::Mlsd && coding.mode.has_markers() { Mode::Stream } else { coding.mode };
        let coding = Coding { representation, structure: Structure::File, mode, ..coding };
        (!coding.is_identity()).then(|| Box::new(Encoder::for_listing(&coding)))
    }

    /// ABOR: the transfer it means was stopped when it came in; here is its own reply.
    pub(in crate::server) fn run_abor(&mut self) {
        self.close_data_setup();
        self.finish(reply!("226 ABOR done."));
    }

    fn begin_upload(&mut self, verb: Verb, path: VirtualPath, mode: WriteMode, unique: Option<Unique>) {
        let announced = mem::take(&mut self.parameters.announced);
        let coding = self.coding();
        if let WriteMode::At(offset) = mode {
            if !self.permissions().contains(Permissions::OVERWRITE) {
                return self.finish(reply!("550 Permission denied."));
            }
            if self.cannot_restart(&coding, offset) {
                return;
            }
            if !coding.restarts_in_file() {
                return self.finish(reply!("554 An upload in TYPE A cannot restart, use TYPE I or MODE B."));
            }
        }
        if self.has_no_setup() {
            return;
        }
        let file = FileId(self.ledger.mint());
        let flow = Flow::Upload(self.upload(file));
        let mut transfer = Transfer::new(verb, path.clone(), flow, self.now);
        (transfer.write_mode, transfer.unique) = (mode, unique);
        let open = self.open_write(file, path, mode, announced);
        self.begin(transfer, open);
    }

    /// A download of `file`, in the coding that the client has set.
    pub(super) fn download(&self, file: FileId, restart: u64) -> Download {
        let coding = self.coding();
        let encoder = (!coding.is_identity()).then(|| Box::new(Encoder::new(&coding, restart)));
        Download::new(file, restart, coding.representation, encoder)
    }

    /// An upload to `file`, in the coding that the client has set.
    pub(super) fn upload(&self, file: FileId) -> Upload {
        let coding = self.coding();
        Upload::new(file, (!coding.is_identity()).then(|| Decoder::new(&coding)))
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

    fn begin(&mut self, transfer: Box<Transfer>, open: StorageAction) {
        self.outbox.push(Action::Host(HostAction::Storage(open)));
        self.start(transfer);
    }

    pub(super) fn start(&mut self, transfer: Box<Transfer>) {
        self.work = Work::Transfer(transfer);
        // An ABOR may have come in right behind the command; or the client has left.
        if self.is_to_be_aborted() {
            self.stop_transfer(TransferOutcome::Aborted);
        } else if self.is_abandoned() {
            self.stop_transfer(TransferOutcome::ControlLost);
        } else {
            self.advance_transfer();
        }
    }

    pub(super) fn has_no_setup(&mut self) -> bool {
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

    /// Answers a REST that the structure and the mode make nothing of.
    fn cannot_restart(&mut self, coding: &Coding, restart: u64) -> bool {
        let cannot = restart != 0 && !coding.may_restart();
        if cannot {
            self.finish(reply!("554 A restart in STRU R takes MODE B or C."));
        }
        cannot
    }

    /// A name for STOU: `base` and eight random letters and digits.
    pub(super) fn unique_path(&mut self, unique: &Unique) -> Result<VirtualPath, PathError> {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut random = self.random().next_u64();
        let mut name = unique.base.to_vec();
        name.push(b'.');
        for _ in 0..8 {
            name.push(LETTERS.get((random % 32) as usize).copied().unwrap_or(b'x'));
            random /= 32;
        }
        self.cwd.resolve(&name, self.config.limits.path)
    }
}
