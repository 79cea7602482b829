//! The books of one session: what it has opened is used only while it is open, and closed exactly once.

use std::collections::{BTreeMap, BTreeSet};

use ftp_proto::action::{Action, DataAction, HostAction, StorageAction};
use ftp_proto::server::CloseReason;
use ftp_proto::{ActionId, Completion, Notice};

/// Something that is opened and closed: its letter and its number.
type Thing = String;

/// What was issued, what was answered, and what has ended.
#[derive(Debug, Default)]
pub(crate) struct Books {
    seen: BTreeSet<Thing>,
    open: BTreeSet<ActionId>,
    cancelled: BTreeSet<ActionId>,
    /// What there is once the action has succeeded.
    opening: BTreeMap<ActionId, Thing>,
    things: BTreeSet<Thing>,
    /// Which open action is on what.
    uses: BTreeMap<ActionId, Vec<Thing>>,
    /// Data connections on which nothing was moved yet.
    fresh: BTreeSet<Thing>,
    moving: bool,
    /// Whether what comes may have been queued before the last answer.
    pub(crate) was_queued: bool,
    pub(crate) ended: Option<CloseReason>,
    pub(crate) shut: bool,
}

impl Books {
    /// An action came.
    pub(crate) fn issue(&mut self, action: &Action) {
        assert!(!self.shut, "behind Shutdown: {action:?}");
        match action {
            Action::Write(bytes) => assert!(!bytes.is_empty(), "a Write of nothing"),
            Action::Secure { ticket, .. } => self.issued(ticket.id()),
            Action::Unsecure(ticket) => self.issued(ticket.id()),
            Action::Shutdown => {
                assert!(self.ended.is_some(), "Shutdown before the summary");
                self.shut = true;
            }
            Action::Data(action) => self.data(action),
            Action::Host(action) => self.host(action),
            Action::Notify(notice) => self.notice(notice),
            Action::Cancel(id) => {
                let is_open = self.open.contains(id);
                assert!(is_open || self.was_queued, "{id} is cancelled and not open");
                assert!(self.seen.contains(&id.to_string()), "{id} is cancelled and was never issued");
                assert!(!is_open || self.cancelled.insert(*id), "{id} is cancelled twice");
            }
        }
    }

    /// An action is about to be answered.
    pub(crate) fn settle(&mut self, completion: &Completion) {
        let id = completion.id();
        assert!(self.open.remove(&id), "{id} is answered and not open");
        self.uses.remove(&id);
        self.cancelled.remove(&id);
        let Some(thing) = self.opening.remove(&id) else { return };
        // A custom verb may open a file or not, which only its answer tells.
        let opens_none = completion.failure().is_some() || format!("{completion:?}").contains("Custom(Reply");
        if !opens_none {
            if thing.starts_with('d') {
                self.fresh.insert(thing.clone());
            }
            self.things.insert(thing);
        }
    }

    pub(crate) fn is_open(&self, id: ActionId) -> bool {
        self.open.contains(&id)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// Open actions that the engine still wants the answer of.
    pub(crate) fn wanted(&self) -> usize {
        self.open.len() - self.cancelled.len()
    }

    /// The session has ended in order: nothing is left over.
    pub(crate) fn close(&self) {
        assert!(self.open.is_empty(), "closed, and open are {:?}", self.open);
        assert!(self.things.is_empty(), "closed, and open are {:?}", self.things);
    }

    fn issued(&mut self, id: ActionId) {
        self.mint(id.to_string());
        self.open.insert(id);
    }

    fn mint(&mut self, thing: Thing) {
        assert!(self.seen.insert(thing.clone()), "{thing} comes twice");
    }

    fn opens(&mut self, id: ActionId, thing: impl ToString) {
        self.issued(id);
        self.mint(thing.to_string());
        self.opening.insert(id, thing.to_string());
    }

    fn uses(&mut self, id: ActionId, things: &[&dyn ToString]) {
        self.issued(id);
        let things: Vec<Thing> = things.iter().map(|thing| thing.to_string()).collect();
        for thing in &things {
            assert!(self.things.contains(thing), "{thing} is used and not open");
            self.fresh.remove(thing);
        }
        self.uses.insert(id, things);
    }

    /// What is closed is not in use, but for the accepting that was cancelled.
    fn closes(&mut self, thing: impl ToString) {
        let thing = thing.to_string();
        assert!(self.things.remove(&thing), "{thing} is closed and not open");
        self.fresh.remove(&thing);
        let user = self.uses.iter().find(|(id, things)| things.contains(&thing) && !self.cancelled.contains(id));
        assert!(user.is_none(), "{thing} is closed under {user:?}");
    }

    fn data(&mut self, action: &DataAction) {
        match action {
            DataAction::Listen { ticket, listener, .. } => self.opens(ticket.id(), listener),
            DataAction::Accept { ticket, listener, data } => {
                self.opens(ticket.id(), data);
                let listener = listener.to_string();
                assert!(self.things.contains(&listener), "{listener} accepts and is not open");
                self.uses.insert(ticket.id(), vec![listener]);
            }
            DataAction::CloseListener(listener) => self.closes(listener),
            DataAction::Connect { ticket, data, .. } => self.opens(ticket.id(), data),
            DataAction::Secure { ticket, data, .. } => {
                assert!(self.fresh.contains(&data.to_string()), "TLS on {data}, on which something was moved");
                self.uses(ticket.id(), &[data]);
            }
            DataAction::Send { ticket, data, bytes } => {
                assert!(!bytes.is_empty(), "a Send of nothing");
                self.uses(ticket.id(), &[data]);
            }
            DataAction::Receive { ticket, data, max } => {
                assert!(*max > 0, "a Receive of nothing");
                self.uses(ticket.id(), &[data]);
            }
            DataAction::FileToData { ticket, file, data, len, .. } => {
                assert!(*len > 0, "an offload of nothing");
                self.uses(ticket.id(), &[file, data]);
            }
            DataAction::DataToFile { ticket, data, file, max, .. } => {
                assert!(*max > 0, "an offload of nothing");
                self.uses(ticket.id(), &[file, data]);
            }
            DataAction::Close { ticket, data, .. } => {
                let thing = data.to_string();
                let user = self.uses.iter().find(|(_, things)| things.contains(&thing));
                assert!(user.is_none(), "{thing} is closed under {user:?}");
                self.closes(data);
                self.issued(ticket.id());
            }
        }
    }

    fn host(&mut self, action: &HostAction) {
        match action {
            HostAction::Storage(action) => self.storage(action),
            HostAction::Custom { ticket, file, .. } => self.opens(ticket.id(), file),
            other => self.issued(other.id().expect("a ticket")),
        }
    }

    fn storage(&mut self, action: &StorageAction) {
        match action {
            StorageAction::OpenDir { ticket, dir, .. } => self.opens(ticket.id(), dir),
            StorageAction::ReadDir { ticket, dir, max } => {
                assert!(*max > 0, "a page of nothing");
                self.uses(ticket.id(), &[dir]);
            }
            StorageAction::CloseDir(dir) => self.closes(dir),
            StorageAction::OpenRead { ticket, file, .. } | StorageAction::OpenWrite { ticket, file, .. } => {
                self.opens(ticket.id(), file);
            }
            StorageAction::Read { ticket, file, max, .. } => {
                assert!(*max > 0, "a Read of nothing");
                self.uses(ticket.id(), &[file]);
            }
            StorageAction::Write { ticket, file, bytes, .. } => {
                assert!(!bytes.is_empty(), "a Write of nothing");
                self.uses(ticket.id(), &[file]);
            }
            StorageAction::Finish { ticket, file, .. } => {
                self.closes(file);
                self.issued(ticket.id());
            }
            StorageAction::CloseFile(file) => self.closes(file),
            other => self.issued(other.id().expect("a ticket")),
        }
    }

    fn notice(&mut self, notice: &Notice) {
        assert!(self.ended.is_none(), "behind the summary: {notice:?}");
        match notice {
            Notice::TransferStarted { .. } => {
                assert!(!self.moving, "a transfer began while another ran");
                self.moving = true;
            }
            Notice::TransferEnded(_) => self.moving = false,
            Notice::Ended(summary) => {
                assert!(!self.moving, "the session ended before its transfer");
                self.ended = Some(summary.reason);
            }
            _ => {}
        }
    }
}
