//! One action on its way to its one answer, by way of the pool.
//!
//! A job that is dropped unrun answers as it goes: so whatever happens, the engine hears once.

use std::sync::Arc;

use ftp_proto::{Failure, HostAction, StorageAction};

use crate::blocking::Services;
use crate::errand::{Errand, Subject};
use crate::host::ReplyTo;
use crate::pool::{Begins, Task};
use crate::storage::Cancel;
use crate::table::{Leftovers, Table};

/// What a pool is given to do.
pub(crate) enum Work {
    Act(Job),
    Close(Leftovers),
}

/// An action, and what it works on as that was when it was submitted.
pub(crate) struct Job {
    /// Taken when it is run.
    action: Option<HostAction>,
    subject: Subject,
    cancel: Cancel,
    reply: ReplyTo,
    services: Arc<Services>,
    table: Arc<Table>,
}

impl Work {
    pub(crate) fn new(action: HostAction, reply: ReplyTo, services: &Arc<Services>, table: &Arc<Table>) -> Self {
        let subject = Subject::of(&action, table);
        let Some(id) = action.id() else {
            return Self::Close(Leftovers {
                files: subject.file.into_iter().collect(),
                dirs: subject.dir.into_iter().collect(),
            });
        };
        let (services, table) = (Arc::clone(services), Arc::clone(table));
        Self::Act(Job { action: Some(action), subject, cancel: table.begin(id), reply, services, table })
    }

    /// Ends it unrun.
    pub(crate) fn refuse(self, failure: Failure) {
        if let Self::Act(mut job) = self {
            job.give_up(failure);
        }
    }

    /// Whether this begins something new, which may be refused for lack of room.
    pub(crate) fn begins(&self) -> Begins {
        use StorageAction as S;
        match self {
            Self::Close(_) => Begins::Nothing,
            Self::Act(job) => match &job.action {
                Some(HostAction::Storage(S::Read { .. } | S::Write { .. } | S::Finish { .. } | S::ReadDir { .. })) => {
                    Begins::Nothing
                }
                _ => Begins::Something,
            },
        }
    }
}

impl Task for Work {
    fn run(self) {
        match self {
            Self::Act(job) => job.run(),
            Self::Close(leftovers) => drop(leftovers),
        }
    }

    fn is_long(&self) -> bool {
        use StorageAction as S;
        let Self::Act(Job { action: Some(HostAction::Storage(action)), cancel, .. }) = self else { return false };
        // One that was cancelled before it began is answered and that is all.
        if cancel.check().is_err() {
            return false;
        }
        matches!(
            action,
            S::Hash { .. } | S::TreeSize { .. } | S::RemoveTree { .. } | S::Combine { .. } | S::Copy { .. }
        )
    }
}

impl Job {
    fn run(mut self) {
        let Some(action) = self.action.take() else { return };
        let subject = std::mem::take(&mut self.subject);
        let errand = Errand { services: &self.services, table: &self.table, cancel: &self.cancel };
        if let Some(completion) = errand.run(action, subject) {
            self.table.end(completion.id());
            self.reply.send(completion);
        }
    }

    /// Answers it unrun.
    fn give_up(&mut self, failure: Failure) {
        let Some(action) = self.action.take() else { return };
        self.subject = Subject::default();
        if let Some(completion) = action.fail(failure) {
            self.table.end(completion.id());
            self.reply.send(completion);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.give_up(Failure::Lost);
    }
}
