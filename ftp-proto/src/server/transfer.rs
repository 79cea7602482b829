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
//! | file | what it does |
//! |---|---|
//! | `begin` | the commands |
//! | `custom` | verbs of the embedding program, whose file is open already |
//! | `answers` | the file is open, the connection is there |
//! | `moving` | bytes |
//! | `ending` | complete or broken off, and the reply |
//!
//! Before the 150 a refusal leaves the data connection's setup usable. Behind it there is exactly one outcome, and the
//! final reply waits until the data connection is closed and the storage has committed.

mod answers;
mod begin;
mod custom;
mod ending;
mod moving;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::data::{DataSetup, Link, LinkTls, Waiting};
use super::flow::Flow;
use super::ledger::{Step, TransferStep};
use super::security::TlsFault;
use super::state::TransferState;
use super::{Session, Timer, Work};
use crate::action::{Action, DataAction, TlsRole};
use crate::coding::Representation;
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::id::DataId;
use crate::notice::{Notice, TransferKind, TransferOutcome};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::storage::{Replace, WriteMode};
use crate::time::Instant;
use crate::verb::Verb;

/// The running transfer.
#[derive(Debug)]
pub(super) struct Transfer {
    verb: Verb,
    /// The verb of the embedding program that it is part of.
    custom: Option<Box<str>>,
    path: VirtualPath,
    stage: Stage,
    /// Whether the 150 was said.
    announced: bool,
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
    /// The connection is there, and its TLS handshake runs.
    Securing,
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

impl Transfer {
    fn new(verb: Verb, path: VirtualPath, flow: Flow, now: Instant) -> Box<Self> {
        Box::new(Self {
            verb,
            custom: None,
            path,
            stage: Stage::Opening,
            announced: false,
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
        })
    }

    /// Whether the 150 was said.
    pub(super) const fn has_begun(&self) -> bool {
        self.announced
    }

    pub(super) const fn is_connecting(&self) -> bool {
        matches!(self.stage, Stage::Connecting)
    }

    /// How far it is, for those who watch.
    pub(super) const fn state(&self) -> TransferState {
        match (self.stage, self.stopped.is_some()) {
            (Stage::Opening, _) => TransferState::Opening,
            (Stage::Announced(_), _) => TransferState::Announced,
            (Stage::Connecting, _) => TransferState::Connecting,
            (Stage::Securing, _) => TransferState::Securing,
            (Stage::Moving, _) => TransferState::Moving,
            (Stage::Stopping, true) => TransferState::BreakingOff,
            (Stage::Closing, true) => TransferState::ClearingUp,
            (Stage::Stopping | Stage::Closing, false) if self.refused.is_some() => TransferState::Refusing,
            (Stage::Stopping | Stage::Closing, false) => TransferState::Ending,
        }
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
        let verb = self.custom.as_deref().unwrap_or(self.verb.name());
        let seconds = (now - self.began).as_secs();
        let bytes = self.moved.saturating_add(self.under_way);
        let rate = bytes / seconds.max(1);
        let expected = match &self.flow {
            Flow::Download(download) => download.expected(),
            Flow::Upload(_) | Flow::Listing(_) => None,
        };
        match expected {
            Some(expected) if expected > 0 => {
                let percent = bytes.min(expected).saturating_mul(100) / expected;
                alloc::format!(
                    "{verb} running: {bytes} of {expected} bytes ({percent} %) in {seconds} s, {rate} bytes/s"
                )
            }
            _ => alloc::format!("{verb} running: {bytes} bytes in {seconds} s, {rate} bytes/s"),
        }
    }
}

impl Session {
    /// Does everything that the running transfer can do now.
    pub(super) fn advance_transfer(&mut self) {
        while matches!(self.work, Work::Transfer(_)) {
            let Some(mut transfer) = self.take_transfer() else { return };
            let went_on = match transfer.stage {
                Stage::Opening => self.advance_opening(&mut transfer),
                Stage::Announced(mark) => self.advance_announced(&mut transfer, mark),
                Stage::Connecting | Stage::Securing => false,
                Stage::Moving => self.advance_moving(&mut transfer),
                Stage::Stopping => self.advance_stopping(&mut transfer),
                Stage::Closing if self.transfer_is_open() => false,
                Stage::Closing => return self.conclude(transfer),
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
        match self.data {
            // Its handshake failed while the file was opened.
            DataSetup::Refused(_) => return self.refuse(transfer, Failure::Tls),
            // Its listener did.
            DataSetup::None => return self.refuse(transfer, Failure::Reset),
            DataSetup::Listening(_) | DataSetup::Connected(_) | DataSetup::Active(_) => transfer.announced = true,
        }
        let reply = self.announcement(transfer);
        self.outbox.write(reply);
        match mem::replace(&mut self.data, DataSetup::None) {
            DataSetup::None | DataSetup::Refused(_) => self.stop(transfer, TransferOutcome::Reset),
            DataSetup::Active(address) => {
                transfer.stage = Stage::Announced(self.outbox.mark());
                // Kept until the 150 has left: only then is it dialled. A client that does not take it gets no longer
                // than one that does not connect.
                self.data = DataSetup::Active(address);
                self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
            }
            DataSetup::Connected(Link { data, tls: LinkTls::Securing, .. }) => {
                let step = Step::Transfer(TransferStep::Secure);
                self.ledger.hand_over(Step::SecureData(data), step);
                self.await_handshake(transfer, data);
            }
            DataSetup::Connected(link) => self.connected(transfer, link.data),
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
                None => match download.representation() {
                    Representation::Ascii => reply!("150 Opening ASCII mode data connection."),
                    Representation::Ebcdic => reply!("150 Opening EBCDIC mode data connection."),
                    Representation::Image => reply!("150 Opening BINARY mode data connection."),
                },
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
        let from = self.local;
        self.outbox.push(Action::Data(DataAction::Connect { ticket, data, from, to }));
        transfer.data = Some(data);
        transfer.stage = Stage::Connecting;
        self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
        false
    }

    /// The passive connection that the running transfer waits for has come.
    pub(super) fn transfer_connected(&mut self, data: DataId, role: TlsRole) {
        let Some(mut transfer) = self.take_transfer() else { return };
        self.linked(&mut transfer, data, role);
        self.work = Work::Transfer(transfer);
        self.advance_transfer();
    }

    /// The connection is there: bytes may flow, or TLS comes first.
    fn linked(&mut self, transfer: &mut Transfer, data: DataId, role: TlsRole) {
        if !self.is_private() {
            return self.connected(transfer, data);
        }
        self.secure_data(data, role, Step::Transfer(TransferStep::Secure));
        self.await_handshake(transfer, data);
    }

    fn await_handshake(&mut self, transfer: &mut Transfer, data: DataId) {
        transfer.data = Some(data);
        transfer.waiting = None;
        transfer.stage = Stage::Securing;
        self.timers.set(Timer::Data, self.now + self.config.timeouts.data);
    }

    /// The data connection took too long to come about.
    pub(super) fn connection_overdue(&mut self) {
        let securing = matches!(&self.work, Work::Transfer(transfer) if transfer.stage == Stage::Securing);
        self.stop_transfer(if securing { TlsFault::Failed.outcome() } else { TransferOutcome::TimedOut });
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
}
