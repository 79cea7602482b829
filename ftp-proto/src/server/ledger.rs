//! The ledger of open actions: issued = settled + open, at every moment.

use alloc::vec::Vec;

use super::Misuse;
use crate::failure::Failure;
use crate::id::{ActionId, DataId};
use crate::ticket::{Answer, Completion, Outcome, Ticket};
use crate::time::Instant;

/// What an open action is part of, so that its answer finds its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The one question that the running command waits for.
    Question,
    /// TLS on the control connection: beginning or ending.
    Layer,
    /// TLS on a data connection whose command has not come yet.
    SecureData(DataId),
    /// Waiting for a passive connection, which will have this name.
    Accept(DataId),
    /// Part of the running transfer.
    Transfer(TransferStep),
    /// Closing what nobody waits for any more.
    Stray,
}

/// The parts of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferStep {
    /// Finding out and opening what is to be moved.
    Open,
    Connect,
    /// TLS on its data connection.
    Secure,
    Read,
    Send,
    Receive,
    Write,
    /// `FileToData` or `DataToFile`.
    Offload,
    CloseData,
    Finish,
}

#[derive(Debug)]
struct Open {
    id: ActionId,
    step: Step,
    deadline: Option<Instant>,
    cancelled: bool,
}

/// Every open action, and the mint of ids.
#[derive(Debug)]
pub(crate) struct Ledger {
    open: Vec<Open>,
    last_id: u64,
    /// Tells this session's tickets from another's.
    tag: u32,
}

/// An action whose time is up.
pub(crate) enum Overdue {
    /// It is to be cancelled.
    Cancel(ActionId),
    /// It was, and has not answered since.
    Stuck,
}

impl Ledger {
    pub(crate) const fn new(tag: u32) -> Self {
        Self { open: Vec::new(), last_id: 0, tag }
    }

    /// What completions of this session carry.
    #[cfg(feature = "trace")]
    pub(crate) const fn tag(&self) -> u32 {
        self.tag
    }

    /// The next unused number, for an id of any kind.
    pub(crate) const fn mint(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(crate) fn issue<T: Outcome>(&mut self, step: Step, deadline: Option<Instant>) -> Ticket<T> {
        let id = ActionId(self.mint());
        self.open.push(Open { id, step, deadline, cancelled: false });
        Ticket::new(id, self.tag)
    }

    /// Whether the completion could be taken now.
    pub(crate) fn check(&self, completion: &Completion) -> Result<(), Misuse> {
        if completion.session != self.tag {
            return Err(Misuse::ForeignCompletion);
        }
        let open = self.open.iter().any(|open| open.id == completion.id);
        if open { Ok(()) } else { Err(Misuse::UnknownAction) }
    }

    /// Strikes the action off and says what it was part of; `None` when it is not open.
    pub(crate) fn settle(&mut self, completion: Completion) -> Option<(Step, Result<Answer, Failure>)> {
        let at = self.open.iter().position(|open| open.id == completion.id)?;
        let open = self.open.swap_remove(at);
        Some((open.step, completion.result))
    }

    /// Marks the actions that `which` picks as cancelled, to be answered until `deadline`, and gives those that were
    /// not marked before to `each`.
    pub(crate) fn cancel(&mut self, which: impl Fn(Step) -> bool, deadline: Instant, mut each: impl FnMut(ActionId)) {
        for open in self.open.iter_mut().filter(|open| which(open.step) && !open.cancelled) {
            open.cancelled = true;
            open.deadline = Some(deadline);
            each(open.id);
        }
    }

    /// The first action whose time is up; one that can still be cancelled gets until `grace`.
    pub(crate) fn overdue(&mut self, now: Instant, grace: Instant) -> Option<Overdue> {
        let open = self.open.iter_mut().find(|open| open.deadline.is_some_and(|at| at <= now))?;
        if open.cancelled {
            return Some(Overdue::Stuck);
        }
        open.cancelled = true;
        open.deadline = Some(grace);
        Some(Overdue::Cancel(open.id))
    }

    /// Makes the open action of `from` a part of `to`.
    pub(crate) fn hand_over(&mut self, from: Step, to: Step) {
        for open in self.open.iter_mut().filter(|open| open.step == from) {
            open.step = to;
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.open.iter().filter_map(|open| open.deadline).min()
    }

    pub(crate) fn step_of(&self, id: ActionId) -> Option<Step> {
        self.open.iter().find(|open| open.id == id).map(|open| open.step)
    }

    pub(crate) fn any(&self, which: impl Fn(Step) -> bool) -> bool {
        self.open.iter().any(|open| which(open.step))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Gives the memory of an empty ledger back.
    pub(crate) fn rest(&mut self) {
        if self.open.capacity() > 0 {
            self.open.shrink_to_fit();
        }
    }

    /// Writes every open action off: the host is stuck, and the session ends without its answers.
    pub(crate) fn write_off(&mut self) {
        self.open.clear();
    }
}
