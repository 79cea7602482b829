//! The books of a run: which actions were asked for, submitted and answered, session by session.
//!
//! Written from both sides: as the [`Watch`] of the adapter they see what its engine asks for and is told, and as a
//! [`Host`](ftp_host::Host) between the adapter and the real one what reaches that and what it answers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ftp_host::Client;
use ftp_host::adapter::Watch;
use ftp_proto::action::{CloseHow, StorageAction};
use ftp_proto::server::CloseReason;
use ftp_proto::{Action, ActionId, DataAction, HostAction, Notice};

use super::embedding::{Asked, Veto, verbs};
use super::plan::Plan;
use crate::meddler::Operation;

/// The books.
#[derive(Debug, Default)]
pub(super) struct Books(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    plan: Plan,
    sessions: BTreeMap<SocketAddr, Page>,
    /// Of the real host: what it was given, and what it answered well.
    submitted: BTreeMap<Operation, u64>,
    succeeded: BTreeMap<Operation, u64>,
    violations: Vec<String>,
    turns: u64,
    /// How often the hook was asked that the plan is about.
    vetoes: u32,
    tally: Tally,
}

/// One session.
#[derive(Debug, Default)]
struct Page {
    /// What the engine asked for, of the host, the data plane or the control connection, and is still owed an answer for.
    asked: HashMap<ActionId, Stage>,
    seen: HashSet<ActionId>,
    /// What the host was given, and still owes.
    owed: HashMap<ActionId, Option<Operation>>,
    submitted: HashSet<ActionId>,
    turns: u32,
    /// Turns that began in the stage where it is to be cut.
    turns_in_stage: u32,
    submissions: u32,
    cut: bool,
    /// Whether the host's side is there.
    open: bool,
    ended: Option<CloseReason>,
}

/// What a session is in the middle of, as far as a cut is told apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The handshake of the control connection.
    Handshake,
    /// The end of TLS on the control connection.
    Unsecuring,
    /// The handshake of a data connection.
    DataHandshake,
    /// An orderly end of a data connection.
    DataEnd,
    /// Work of the host that may take long.
    Long,
    /// The commit of an upload.
    Commit,
    /// Anything else.
    Other,
}

impl Stage {
    /// What may be aimed at.
    pub(super) const AIMS: [Self; 6] =
        [Self::Handshake, Self::Unsecuring, Self::DataHandshake, Self::DataEnd, Self::Long, Self::Commit];

    fn of(action: &Action) -> Self {
        use StorageAction as S;
        match action {
            Action::Secure { .. } => Self::Handshake,
            Action::Unsecure(_) => Self::Unsecuring,
            Action::Data(DataAction::Secure { .. }) => Self::DataHandshake,
            Action::Data(DataAction::Close { how: CloseHow::Graceful, .. }) => Self::DataEnd,
            Action::Host(HostAction::Storage(action)) => match action {
                S::Hash { .. } | S::TreeSize { .. } | S::RemoveTree { .. } | S::Combine { .. } | S::Copy { .. } => {
                    Self::Long
                }
                S::Finish { .. } => Self::Commit,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    const fn cut(self) -> &'static str {
        match self {
            Self::Handshake => "session cut in its handshake",
            Self::Unsecuring => "session cut while TLS ends",
            Self::DataHandshake => "session cut in a data handshake",
            Self::DataEnd => "session cut while a data connection ends",
            Self::Long => "session cut in long work",
            Self::Commit => "session cut in a commit",
            Self::Other => "session cut",
        }
    }
}

/// What happened in many runs, by kind.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    /// One more.
    pub(super) fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

/// What to do with an action that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Run,
    Fail(ftp_proto::Failure),
    Panic,
}

impl Books {
    /// Begins a run.
    pub(super) fn open(&self, plan: Plan) {
        let mut pages = self.pages();
        let tally = std::mem::take(&mut pages.tally);
        *pages = Pages { plan, tally, ..Pages::default() };
    }

    /// Something that must not be.
    pub(super) fn blame(&self, what: String) {
        self.pages().violations.push(what);
    }

    /// Counts something.
    pub(super) fn count(&self, kind: &'static str) {
        self.pages().tally.count(kind);
    }

    /// Takes what was counted so far.
    pub(super) fn take_tally(&self) -> Tally {
        std::mem::take(&mut self.pages().tally)
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.pages().violations.clone()
    }

    /// How many turns were taken in this run.
    pub(super) fn turns(&self) -> u64 {
        self.pages().turns
    }

    /// A hook is asked: whether this is the time for what it is to do.
    pub(super) fn vetoes(&self, of: Asked) -> Option<Veto> {
        let mut pages = self.pages();
        let Pages { plan, vetoes, tally, .. } = &mut *pages;
        let (asked, at, veto) = plan.veto.filter(|(asked, ..)| *asked == of)?;
        *vetoes += 1;
        (*vetoes == at && asked == of).then(|| {
            tally.count(match veto {
                Veto::Refuse(_) => "hook: refused",
                Veto::Panic => "hook: panicked",
            });
            veto
        })
    }

    /// A session's host was opened, or is closed.
    pub(super) fn session(&self, peer: SocketAddr, open: bool) {
        let mut pages = self.pages();
        let page = pages.sessions.entry(peer).or_default();
        if page.open == open {
            pages.violations.push(format!("{peer}: the host's side was opened or closed twice"));
        } else {
            page.open = open;
        }
    }

    /// An action came to the host: what becomes of it.
    pub(super) fn submit(&self, peer: SocketAddr, action: &HostAction) -> Fate {
        let mut pages = self.pages();
        let Pages { plan, sessions, violations, tally, submitted, .. } = &mut *pages;
        let page = sessions.entry(peer).or_default();
        page.submissions += 1;
        let operation = operation(action);
        // A finish that fails has closed and discarded the upload: not for a host to answer unrun, but for the storage.
        let may_fail = action.id().is_some() && operation != Some(Operation::Finish);
        let fate = plan.fate(page.submissions, may_fail);
        if let Some(id) = action.id() {
            if !page.submitted.insert(id) {
                violations.push(format!("{peer}: action {id} was submitted twice"));
            }
            page.owed.insert(id, operation.filter(|_| fate == Fate::Run));
        }
        match fate {
            Fate::Run => operation.into_iter().for_each(|operation| *submitted.entry(operation).or_default() += 1),
            Fate::Fail(ftp_proto::Failure::Lost) => tally.count("host: action lost"),
            Fate::Fail(_) => tally.count("host: action failed"),
            Fate::Panic => tally.count("host: submit panicked"),
        }
        fate
    }

    /// The host answered.
    pub(super) fn answer(&self, peer: SocketAddr, id: ActionId, failed: bool) {
        let mut pages = self.pages();
        let Pages { sessions, violations, succeeded, .. } = &mut *pages;
        match sessions.entry(peer).or_default().owed.remove(&id) {
            None => violations.push(format!("{peer}: the host answered {id}, which it does not owe")),
            Some(Some(operation)) if !failed => *succeeded.entry(operation).or_default() += 1,
            Some(_) => {}
        }
    }

    /// What is still missing before the run is over.
    pub(super) fn unsettled(&self) -> Option<String> {
        let pages = self.pages();
        pages.sessions.iter().find_map(|(peer, page)| {
            let owed = page.owed.keys().next().map(|id| format!("{peer}: {id} was never answered"));
            owed.or_else(|| page.open.then(|| format!("{peer}: the host's side was never closed")))
        })
    }

    /// Checks what a settled run has to show. `runs` is how often each operation was begun.
    pub(super) fn balance(&self, runs: impl Fn(Operation) -> u64) {
        let mut pages = self.pages();
        let Pages { sessions, submitted, succeeded, violations, .. } = &mut *pages;
        for operation in Operation::ALL {
            let of = |counts: &BTreeMap<_, u64>| counts.get(&operation).copied().unwrap_or(0);
            let (least, runs, most) = (of(succeeded), runs(operation), of(submitted));
            if !(least..=most).contains(&runs) {
                violations
                    .push(format!("{operation:?} ran {runs} times, for {most} actions of which {least} succeeded"));
            }
        }
        for (peer, page) in sessions {
            match page.ended {
                Some(CloseReason::HostStuck) => violations.push(format!("{peer}: ended as HostStuck")),
                // An orderly end leaves nothing open.
                Some(reason) if !page.cut && !page.asked.is_empty() => {
                    violations.push(format!("{peer}: ended ({reason:?}) with {:?} open", page.asked));
                }
                _ => {}
            }
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Books {
    fn asked(&self, client: &Client, action: &Action) {
        let mut pages = self.pages();
        let Pages { sessions, violations, .. } = &mut *pages;
        let page = sessions.entry(client.peer).or_default();
        if let Action::Notify(notice) = action
            && let Notice::Ended(summary) = &**notice
            && page.ended.replace(summary.reason).is_some()
        {
            violations.push(format!("{}: ended twice", client.peer));
        }
        let id = match action {
            Action::Data(action) => action.id(),
            Action::Host(action) => action.id(),
            Action::Secure { ticket, .. } => Some(ticket.id()),
            Action::Unsecure(ticket) => Some(ticket.id()),
            Action::Write(_) | Action::Shutdown | Action::Notify(_) | Action::Cancel(_) => None,
        };
        if let Some(id) = id {
            page.asked.insert(id, Stage::of(action));
            if !page.seen.insert(id) {
                violations.push(format!("{}: action {id} was asked for twice", client.peer));
            }
        }
    }

    fn answered(&self, client: &Client, id: ActionId, _: bool) {
        let mut pages = self.pages();
        let page = pages.sessions.entry(client.peer).or_default();
        if page.asked.remove(&id).is_none() {
            pages.violations.push(format!("{}: {id} was answered, which was not open", client.peer));
        }
    }

    fn cuts(&self, client: &Client) -> bool {
        let mut pages = self.pages();
        let Pages { plan, sessions, tally, turns, .. } = &mut *pages;
        let page = sessions.entry(client.peer).or_default();
        *turns += 1;
        page.turns += 1;
        let stages = || page.asked.values().copied();
        page.turns_in_stage += u32::from(plan.cut_in.is_some_and(|(aim, _)| stages().any(|stage| stage == aim)));
        let is_due = plan.cut_at.is_some_and(|at| page.turns >= at)
            || plan.cut_in.is_some_and(|(_, at)| page.turns_in_stage >= at);
        if is_due && !page.cut {
            let stage = stages().find(|stage| *stage != Stage::Other).unwrap_or(Stage::Other);
            page.cut = true;
            tally.count(if page.ended.is_some() { "session cut while closing" } else { stage.cut() });
        }
        page.cut
    }
}

/// What an action comes down to at the storage; none where it does not come there, or comes there uncounted.
fn operation(action: &HostAction) -> Option<Operation> {
    use StorageAction as S;
    let action = match action {
        HostAction::Storage(action) => action,
        // The verbs of this harness open files of the same storage.
        HostAction::Custom { command, .. } => {
            return match &*command.verb {
                verbs::DOWNLOAD => Some(Operation::OpenRead),
                verbs::UPLOAD => Some(Operation::OpenWrite),
                _ => None,
            };
        }
        HostAction::Authenticate { .. } | HostAction::SelectHost { .. } | HostAction::Who { .. } => return None,
    };
    Some(match action {
        S::Stat { .. } => Operation::Stat,
        S::OpenDir { .. } => Operation::OpenDir,
        S::ReadDir { .. } => Operation::ReadDir,
        S::OpenRead { .. } => Operation::OpenRead,
        S::OpenWrite { .. } => Operation::OpenWrite,
        S::Read { .. } => Operation::Read,
        S::Write { .. } => Operation::Write,
        S::Finish { .. } => Operation::Finish,
        S::Remove { .. } => Operation::Remove,
        S::RemoveDir { .. } => Operation::RemoveDir,
        S::MakeDir { .. } => Operation::MakeDir,
        S::Rename { .. } => Operation::Rename,
        S::SetTimes { .. } => Operation::SetTimes,
        S::SetMode { .. } => Operation::SetMode,
        S::Symlink { .. } => Operation::Symlink,
        S::Copy { .. } => Operation::Copy,
        S::Space { .. } => Operation::Space,
        S::Quota { .. } => Operation::Quota,
        S::Hash { .. } => Operation::Hash,
        S::TreeSize { .. } => Operation::TreeSize,
        S::MakeDirs { .. } => Operation::MakeDirs,
        S::RemoveTree { .. } => Operation::RemoveTree,
        S::Combine { .. } => Operation::Combine,
        S::SetOwner { .. } => Operation::SetOwner,
        S::Prepare { .. } => Operation::Prepare,
        // Nothing is owed for these: what they close is counted as it is dropped.
        S::CloseDir(_) | S::CloseFile(_) => return None,
    })
}
