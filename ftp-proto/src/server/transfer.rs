//! One transfer, from its command to its final reply (RFC 959 §5, RFC 1123 §4.1.2).
//!
//! ```text
//!  Opening ──► Announced ──► Connecting ──► Moving ──► Closing ──► the reply
//!     │ refused    │ active: until    │          │        ▲
//!     ▼            │ the 150 has left │          │        │ nothing open any more
//!  the reply       └──────────────────┴──────────┴──► Stopping
//!                    ABOR, a failure, a timer, the end of the session
//! ```
//!
//! Before the 150 a refusal leaves the data connection's setup usable. Behind it there is exactly one outcome, and the
//! final reply waits until the data connection is closed and the storage has committed.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use rand_chacha::rand_core::Rng;

use super::data::{DataSetup, Waiting};
use super::failures::{broken_off, outcome_of, path_error, refusal};
use super::flow::{Download, Flow, Listing, Pull, Push, Upload};
use super::ledger::{Step, TransferStep};
use super::lister::{Format, Lister};
use super::parameters::Representation;
use super::{Session, Timer, Work};
use crate::action::{Action, CloseHow, DataAction, HostAction, StorageAction};
use crate::ascii::{Decoder, Encoder};
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::id::{ActionId, DataId, FileId};
use crate::notice::{Notice, TransferKind, TransferOutcome, TransferSummary};
use crate::outcome::{Connected, Done, Moved, Opened, Received};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::storage::{FinishHow, Permissions, Replace, WriteMode};
use crate::ticket::{Answer, outcome};
use crate::time::{Duration, Instant};
use crate::verb::Verb;

/// The running transfer.
#[derive(Debug)]
pub(super) struct Transfer {
    verb: Verb,
    path: VirtualPath,
    stage: Stage,
    /// Why it is being broken off.
    stopped: Option<TransferOutcome>,
    /// Why it was refused before its 150.
    refused: Option<Failure>,
    flow: Flow,
    data: Option<DataId>,
    connected: bool,
    /// The listener, while the client has not connected yet.
    pub(super) waiting: Option<Waiting>,
    /// How the upload's file is opened, and what STOU has tried.
    write_mode: WriteMode,
    unique: Option<Unique>,
    committed: Result<(), Failure>,
    began: Instant,
    moved: u64,
    /// Bytes that actions still open have moved.
    under_way: u64,
    last_moved: Instant,
    last_notice: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Finding out and opening what is to be moved; nothing was said yet.
    Opening,
    /// Active mode: the 150 must leave first, up to this mark.
    Announced(u64),
    Connecting,
    Moving,
    Stopping,
    Closing,
}

/// STOU's name: where, and how often it was taken.
#[derive(Debug)]
struct Unique {
    base: Box<[u8]>,
    tries: u8,
}

/// How often STOU looks for a free name.
const UNIQUE_TRIES: u8 = 8;

impl Transfer {
    fn new(verb: Verb, path: VirtualPath, flow: Flow, now: Instant) -> Self {
        Self {
            verb,
            path,
            stage: Stage::Opening,
            stopped: None,
            refused: None,
            flow,
            data: None,
            connected: false,
            waiting: None,
            write_mode: WriteMode::Create(Replace::Refused),
            unique: None,
            committed: Ok(()),
            began: now,
            moved: 0,
            under_way: 0,
            last_moved: now,
            last_notice: now,
        }
    }

    /// Whether the 150 was said.
    pub(super) const fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Opening)
    }

    pub(super) const fn is_connecting(&self) -> bool {
        matches!(self.stage, Stage::Connecting)
    }

    const fn kind(&self) -> TransferKind {
        match self.flow {
            Flow::Download(_) => TransferKind::Download,
            Flow::Upload(_) => TransferKind::Upload,
            Flow::Listing(_) => TransferKind::Listing,
        }
    }

    /// For STAT.
    pub(super) fn describe(&self, now: Instant) -> String {
        let (verb, seconds) = (self.verb.name(), (now - self.began).as_secs());
        let bytes = self.moved + self.under_way;
        let expected = match &self.flow {
            Flow::Download(download) => download.expected(),
            Flow::Upload(_) | Flow::Listing(_) => None,
        };
        match expected {
            Some(expected) => alloc::format!("{verb} running: {bytes} of {expected} bytes in {seconds} s"),
            None => alloc::format!("{verb} running: {bytes} bytes in {seconds} s"),
        }
    }
}

// The commands.
impl Session {
    pub(super) fn run_retr(&mut self, path: VirtualPath) {
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

    pub(super) fn run_stor(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        let mode = match restart {
            0 if self.permissions().contains(Permissions::OVERWRITE) => WriteMode::Create(Replace::Allowed),
            0 => WriteMode::Create(Replace::Refused),
            _ => WriteMode::At(restart),
        };
        self.begin_upload(Verb::Stor, path, mode, None);
    }

    /// APPE; behind a REST it writes from that offset on, as STOR does.
    pub(super) fn run_appe(&mut self, path: VirtualPath) {
        let restart = mem::take(&mut self.parameters.restart);
        let mode = if restart == 0 { WriteMode::Append } else { WriteMode::At(restart) };
        self.begin_upload(Verb::Appe, path, mode, None);
    }

    /// STOU (RFC 1123 §4.1.2.9): a name that nobody has, made from `argument` where there is one.
    pub(super) fn run_stou(&mut self, argument: &[u8]) {
        if mem::take(&mut self.parameters.restart) != 0 {
            return self.finish(reply!("554 A new file has nothing to restart at."));
        }
        let unique = Unique { base: if argument.is_empty() { b"ftp" } else { argument }.into(), tries: 0 };
        let Some(path) = self.unique_path(&unique) else { return };
        self.begin_upload(Verb::Stou, path, WriteMode::Create(Replace::Refused), Some(unique));
    }

    pub(super) fn run_listing(&mut self, verb: Verb, argument: &[u8]) {
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
    pub(super) fn run_abor(&mut self) {
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

    fn open_write(&mut self, file: FileId, path: VirtualPath, mode: WriteMode, expected: u64) -> StorageAction {
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
    fn unique_path(&mut self, unique: &Unique) -> Option<VirtualPath> {
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

// The machine.
impl Session {
    /// Does everything that the running transfer can do now.
    pub(super) fn advance_transfer(&mut self) {
        loop {
            let Some(mut transfer) = self.take_transfer() else { return };
            let went_on = match transfer.stage {
                Stage::Opening => self.advance_opening(&mut transfer),
                Stage::Announced(mark) => self.advance_announced(&mut transfer, mark),
                Stage::Connecting => false,
                Stage::Moving => self.advance_moving(&mut transfer),
                Stage::Stopping => self.advance_stopping(&mut transfer),
                Stage::Closing if self.transfer_is_open() => false,
                Stage::Closing => return self.conclude(*transfer),
            };
            self.work = Work::Transfer(transfer);
            if !went_on {
                return;
            }
        }
    }

    /// Takes the running transfer out, to be put back; other work is left where it is.
    fn take_transfer(&mut self) -> Option<Box<Transfer>> {
        match mem::replace(&mut self.work, Work::Idle) {
            Work::Transfer(transfer) => Some(transfer),
            other => {
                self.work = other;
                None
            }
        }
    }

    /// Whether any action of the transfer is open.
    fn transfer_is_open(&self) -> bool {
        self.ledger.any(|step| matches!(step, Step::Transfer(_)))
    }

    /// Opens what is to be moved; says 150 once that is done.
    fn advance_opening(&mut self, transfer: &mut Transfer) -> bool {
        if let Flow::Listing(listing) = &mut transfer.flow {
            if listing.asking {
                return false;
            }
            if !listing.lister.has_begun() {
                let step = Step::Transfer(TransferStep::Open);
                listing.asking = self.ask_lister(step, &mut listing.lister, &mut listing.opening);
                return false;
            }
        } else if self.transfer_is_open() {
            return false;
        }
        self.announce(transfer);
        true
    }

    fn announce(&mut self, transfer: &mut Transfer) {
        let reply = self.announcement(transfer);
        self.outbox.write(reply);
        match mem::replace(&mut self.data, DataSetup::None) {
            DataSetup::None => self.stop(transfer, TransferOutcome::Reset),
            DataSetup::Active(address) => {
                transfer.stage = Stage::Announced(self.outbox.mark());
                // Kept until the 150 has left: only then is it dialled. A client that does not take it gets no longer
                // than one that does not connect.
                self.data = DataSetup::Active(address);
                self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
            }
            DataSetup::Connected(data) => self.connected(transfer, data),
            DataSetup::Listening(waiting) => {
                transfer.waiting = Some(waiting);
                transfer.stage = Stage::Connecting;
                self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
            }
        }
    }

    fn announcement(&self, transfer: &Transfer) -> Reply {
        match (&transfer.flow, &transfer.unique) {
            (_, Some(_)) => Reply::line(150, &[b"FILE: ", &self.relative_name(&transfer.path)]),
            (Flow::Listing(_), _) => reply!("150 Here comes the listing."),
            (Flow::Upload(_), _) => reply!("150 Ready for the data."),
            (Flow::Download(download), _) => match download.expected() {
                // curl and others take the size from here.
                Some(size) => Reply::line(
                    150,
                    &[b"Opening BINARY mode data connection (", Decimal::new(size).as_bytes(), b" bytes)."],
                ),
                None => reply!("150 Opening ASCII mode data connection."),
            },
        }
    }

    /// A path as the client may use it in its working directory.
    fn relative_name(&self, path: &VirtualPath) -> Vec<u8> {
        let whole = path.as_bytes();
        if !path.starts_with(&self.cwd) || *path == self.cwd {
            return whole.to_vec();
        }
        let skip = if self.cwd.is_root() { 1 } else { self.cwd.as_bytes().len() + 1 };
        whole.get(skip..).unwrap_or(whole).to_vec()
    }

    /// Active mode: dials once the 150 has left.
    fn advance_announced(&mut self, transfer: &mut Transfer, mark: u64) -> bool {
        if !self.outbox.has_left(mark) {
            return false;
        }
        let DataSetup::Active(to) = mem::replace(&mut self.data, DataSetup::None) else { return false };
        let data = DataId(self.ledger.mint());
        let ticket = self.ledger.issue(Step::Transfer(TransferStep::Connect), None);
        let from = self.local.ip();
        self.outbox.push(Action::Data(DataAction::Connect { ticket, data, from, to }));
        transfer.data = Some(data);
        transfer.stage = Stage::Connecting;
        self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
        false
    }

    /// The passive connection that the running transfer waits for has come.
    pub(super) fn transfer_connected(&mut self, data: DataId) {
        let Some(mut transfer) = self.take_transfer() else { return };
        self.connected(&mut transfer, data);
        self.work = Work::Transfer(transfer);
        self.advance_transfer();
    }

    fn connected(&mut self, transfer: &mut Transfer, data: DataId) {
        self.timers.stop(Timer::Data);
        transfer.data = Some(data);
        transfer.connected = true;
        transfer.waiting = None;
        transfer.last_moved = self.now;
        transfer.stage = Stage::Moving;
        let expected = match &transfer.flow {
            Flow::Download(download) => download.expected(),
            Flow::Upload(_) | Flow::Listing(_) => None,
        };
        self.notify(Notice::TransferStarted { what: transfer.kind(), path: transfer.path.clone(), expected });
    }

    /// Asks for everything that may be asked for now.
    fn advance_moving(&mut self, transfer: &mut Transfer) -> bool {
        let Some(data) = transfer.data else { return false };
        let chunk = self.config.limits.chunk;
        loop {
            let pull = match &mut transfer.flow {
                Flow::Upload(upload) => match upload.push() {
                    Push::Wait => return false,
                    Push::Complete => break,
                    push => {
                        let file = upload.file;
                        self.push_upload(file, data, push);
                        continue;
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
            Push::Wait | Push::Complete => {}
        }
    }

    fn advance_stopping(&mut self, transfer: &mut Transfer) -> bool {
        if self.transfer_is_open() {
            return false;
        }
        self.close_up(transfer);
        true
    }

    /// Nothing moves any more: closes the connection, and ends the file in the way that fits.
    fn close_up(&mut self, transfer: &mut Transfer) {
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
                    let how = self.finish_how(transfer.stopped);
                    let ticket = self.issue_long(Step::Transfer(TransferStep::Finish));
                    self.outbox.push(Action::Host(HostAction::Storage(StorageAction::Finish { ticket, file, how })));
                }
            }
        }
    }

    fn finish_how(&self, stopped: Option<TransferOutcome>) -> FinishHow {
        match stopped {
            None => FinishHow::Commit,
            Some(TransferOutcome::Failed(_) | TransferOutcome::OverQuota | TransferOutcome::Vetoed) => {
                FinishHow::Discard
            }
            Some(_) if self.config.keep_partial.is_on() => FinishHow::Keep,
            Some(_) => FinishHow::Discard,
        }
    }

    /// Everything is closed: the one outcome, and the one reply.
    fn conclude(&mut self, transfer: Transfer) {
        if let (Some(failure), None) = (transfer.refused, transfer.stopped) {
            return self.finish(refusal(failure, transfer.verb));
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
    pub(super) fn write_off_transfer(&mut self) {
        let Some(transfer) = self.take_transfer() else { return };
        let outcome = transfer.stopped.unwrap_or(TransferOutcome::Failed(Failure::TimedOut));
        self.ended(*transfer, outcome);
    }

    fn ended(&mut self, transfer: Transfer, outcome: TransferOutcome) {
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
            TransferKind::Upload => self.tally.received += transfer.moved,
            TransferKind::Download | TransferKind::Listing => self.tally.sent += transfer.moved,
        }
    }

    // Breaking off.

    /// Breaks the running transfer off, if it is not ending already.
    pub(super) fn stop_transfer(&mut self, why: TransferOutcome) {
        let Some(mut transfer) = self.take_transfer() else { return };
        self.stop(&mut transfer, why);
        self.work = Work::Transfer(transfer);
        self.advance_transfer();
    }

    fn stop(&mut self, transfer: &mut Transfer, why: TransferOutcome) {
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
    fn refuse(&mut self, transfer: &mut Transfer, failure: Failure) {
        transfer.refused = Some(failure);
        transfer.stage = Stage::Stopping;
    }
}

// Answers.
impl Session {
    pub(super) fn transfer_answer(&mut self, step: TransferStep, result: Result<Answer, Failure>) {
        let Some(mut transfer) = self.take_transfer() else { return };
        let under_way = mem::take(&mut transfer.under_way);
        match step {
            TransferStep::Open => self.answer_open(&mut transfer, result),
            TransferStep::Connect => self.answer_connect(&mut transfer, result),
            TransferStep::CloseData => {}
            TransferStep::Finish => transfer.committed = outcome::<Done>(result).map(|Done| ()),
            _ => {
                if let Err(failure) = self.answer_moving(&mut transfer, step, result) {
                    // What it moved before it failed has moved all the same.
                    transfer.moved += under_way;
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
            && let Some(path) = self.unique_path(&unique)
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
            (Ok(_), Some(data)) if transfer.stage == Stage::Connecting => self.connected(transfer, data),
            // Late: the transfer was broken off meanwhile, and closes the connection.
            (Ok(_), _) => transfer.connected = true,
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

    fn answer_moving(
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
                transfer.moved += mem::take(&mut listing.sending) as u64;
            }
            (Flow::Download(download), TransferStep::Read) => download.read(outcome(result)?, chunk),
            (Flow::Download(download), TransferStep::Send) => {
                outcome::<Done>(result)?;
                transfer.moved += download.sent();
            }
            (Flow::Download(download), _) => {
                let moved = outcome::<Moved>(result)?;
                transfer.moved += moved.bytes;
                download.moved(moved);
            }
            (Flow::Upload(upload), TransferStep::Write) => {
                outcome::<Done>(result)?;
                upload.written();
            }
            (Flow::Upload(upload), TransferStep::Receive) => {
                let received = outcome::<Received>(result)?;
                transfer.moved += received.bytes.len() as u64;
                if !upload.received(&received) {
                    self.stop(transfer, TransferOutcome::Truncated);
                }
            }
            (Flow::Upload(upload), _) => {
                let moved = outcome::<Moved>(result)?;
                transfer.moved += moved.bytes;
                if !upload.moved(moved) {
                    self.stop(transfer, TransferOutcome::Truncated);
                }
            }
        }
        if transfer.moved != before {
            self.moved_on(transfer);
        }
        Ok(())
    }

    pub(super) fn transfer_progress(&mut self, id: ActionId, bytes: u64) {
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
            self.notify(Notice::TransferProgress { bytes: transfer.moved + transfer.under_way });
        }
    }

    /// When the running transfer counts as stalled.
    pub(super) fn stall_deadline(&self) -> Option<Instant> {
        match &self.work {
            Work::Transfer(transfer) if transfer.stage == Stage::Moving => {
                Some(transfer.last_moved + self.config.timeouts.stall)
            }
            _ => None,
        }
    }
}
