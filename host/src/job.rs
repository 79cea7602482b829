//! One action on its way to its one answer.
//!
//! The ticket stays outside of what may panic, and a job that is dropped unrun answers as it goes: so whatever happens,
//! the engine hears once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use ftp_proto::action::{Credentials, CustomCommand};
use ftp_proto::outcome::{CustomAnswer, Done, Opened};
use ftp_proto::storage::{Account, FinishHow};
use ftp_proto::{Failure, FileId, HostAction, Outcome, StorageAction, Ticket};

use crate::accounts::Login;
use crate::blocking::Services;
use crate::commands::CommandAnswer;
use crate::context::Context;
use crate::hooks::{Finished, vet};
use crate::host::ReplyTo;
use crate::pool::{Begins, Task};
use crate::storage::{Cancel, Storage, Upload};
use crate::table::{Leftovers, OpenDirectory, OpenFile, Table, Writing};

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

/// What an action works on, looked up when it is submitted: what comes later cannot change it.
#[derive(Default)]
struct Subject {
    storage: Option<Arc<dyn Storage>>,
    /// Who is logged in.
    name: Option<Arc<str>>,
    file: Option<OpenFile>,
    dir: Option<OpenDirectory>,
    login: u64,
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
            Self::Close(Leftovers { files, dirs }) => drop((files, dirs)),
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

impl Subject {
    fn of(action: &HostAction, table: &Table) -> Self {
        use StorageAction as S;
        let mut this = Self::default();
        if let HostAction::Authenticate { .. } = action {
            this.login = table.begin_login();
            return this;
        }
        let login = table.login();
        this.name = login.as_ref().map(|(name, _)| Arc::clone(name));
        match action {
            HostAction::Authenticate { .. }
            | HostAction::Custom { .. }
            | HostAction::SelectHost { .. }
            | HostAction::Who { .. } => {}
            HostAction::Storage(S::Read { file, .. } | S::Write { file, .. }) => this.file = table.file(*file),
            HostAction::Storage(S::Finish { file, .. } | S::CloseFile(file)) => this.file = table.take_file(*file),
            HostAction::Storage(S::ReadDir { dir, .. }) => this.dir = table.dir(*dir),
            HostAction::Storage(S::CloseDir(dir)) => this.dir = table.take_dir(*dir),
            HostAction::Storage(_) => this.storage = login.map(|(_, storage)| storage),
        }
        this
    }
}

impl Job {
    fn run(mut self) {
        let subject = std::mem::take(&mut self.subject);
        match self.action.take() {
            None => {}
            Some(HostAction::Authenticate { ticket, credentials }) => {
                self.answer(ticket, || self.authenticate(subject.login, &credentials));
            }
            Some(HostAction::Custom { ticket, file, command }) => {
                self.answer(ticket, || self.run_command(file, &command));
            }
            Some(HostAction::SelectHost { ticket, name }) => {
                self.answer(ticket, || self.services.accounts.select_host(&name));
            }
            Some(HostAction::Who { ticket }) => self.answer(ticket, || {
                let roster = self.services.roster.as_ref().ok_or(Failure::Unsupported)?;
                Ok(roster.lines())
            }),
            Some(HostAction::Storage(action)) => self.store(action, subject),
        }
    }

    /// Does the work and answers once, also where the work panics or was cancelled before it began. What the work
    /// owns is dropped before the answer leaves.
    fn answer<T: Outcome>(&self, ticket: Ticket<T>, work: impl FnOnce() -> Result<T, Failure>) {
        let guarded = || {
            self.cancel.check()?;
            work()
        };
        let result = catch_unwind(AssertUnwindSafe(guarded)).unwrap_or(Err(Failure::Lost));
        self.table.end(ticket.id());
        self.reply.send(ticket.settle(result));
    }

    fn authenticate(&self, attempt: u64, credentials: &Credentials) -> Result<Account, Failure> {
        let Services { accounts, hooks, .. } = &*self.services;
        let context = self.context(None);
        hooks.iter().try_for_each(|hook| hook.before_login(&context, credentials))?;
        let Login { account, storage } = accounts.authenticate_in(credentials, &context)?;
        hooks.iter().try_for_each(|hook| hook.after_login(&context, credentials, &account))?;
        self.table.logged_in(attempt, Arc::clone(&account.name), storage)?;
        Ok(account)
    }

    fn run_command(&self, id: FileId, command: &CustomCommand) -> Result<CustomAnswer, Failure> {
        // Not whom the table knows: that one may have left, or try to become someone else.
        let context = self.context(command.login.as_deref());
        match self.services.commands.run(&context, command)? {
            CommandAnswer::Reply(reply) => Ok(CustomAnswer::Reply(reply)),
            CommandAnswer::Download(file) => self.opened(id, OpenFile::Read(file.into())).map(CustomAnswer::Download),
            CommandAnswer::Upload(file) => {
                let writing = Arc::new(Writing::new(file, None));
                self.opened(id, OpenFile::Write(writing)).map(CustomAnswer::Upload)
            }
        }
    }

    fn context<'a>(&'a self, login: Option<&'a str>) -> Context<'a> {
        let scope = &self.table.scope;
        let mut context = Context::new(scope.client, &self.services.extensions, &scope.extensions, &self.cancel);
        (context.id, context.login) = (scope.id.get().copied(), login);
        context
    }

    /// Asks the hooks. A panic in one is a refusal.
    fn vet(&self, action: &StorageAction, subject: &Subject) -> Result<(), Failure> {
        if self.services.hooks.is_empty() || subject.storage.is_none() {
            return Ok(());
        }
        let asked = || {
            self.cancel.check()?;
            vet(&self.services.hooks, &self.context(subject.name.as_deref()), action)
        };
        catch_unwind(AssertUnwindSafe(asked)).unwrap_or(Err(Failure::Lost))
    }

    /// Ends an upload, unless a hook has something against it.
    fn finish(&self, upload: &Writing, how: FinishHow, name: Option<&str>) -> Result<Done, Failure> {
        if let (Some(path), FinishHow::Commit | FinishHow::Keep) = (&upload.path, how)
            && !self.services.hooks.is_empty()
        {
            let finished = Finished { path, size: upload.size(), how, file: &*upload.file };
            let context = self.context(name);
            if let Err(failure) =
                self.services.hooks.iter().try_for_each(|hook| hook.before_commit(&context, &finished))
            {
                // What the discard says is of no matter: the client hears why there was no commit.
                let _ = upload.finish(FinishHow::Discard);
                return Err(failure);
            }
        }
        upload.finish(how).map(|()| Done)
    }

    fn store(&self, action: StorageAction, subject: Subject) {
        use StorageAction as S;
        if let Err(failure) = self.vet(&action, &subject) {
            drop(subject);
            return self.refuse(HostAction::Storage(action), failure);
        }
        let Subject { storage, name, file, dir, .. } = subject;
        // Nobody is logged in, or the login changed: there is no storage to speak of.
        let storage = storage.ok_or(Failure::PermissionDenied);
        match action {
            S::Stat { ticket, path } => self.answer(ticket, || storage?.stat(&path)),
            S::OpenDir { ticket, dir, path, wanted } => self.answer(ticket, || {
                self.table.add_dir(dir, storage?.open_dir(&path, wanted)?)?;
                Ok(Done)
            }),
            S::ReadDir { ticket, max, .. } => self.answer(ticket, || {
                dir.ok_or(Failure::NotFound)?.lock().unwrap_or_else(PoisonError::into_inner).read(max)
            }),
            S::OpenRead { ticket, file, path } => {
                self.answer(ticket, || self.opened(file, OpenFile::Read(storage?.open_read(&path)?.into())));
            }
            S::OpenWrite { ticket, file, path, mode, permissions, expected } => self.answer(ticket, || {
                let upload = Upload { mode, permissions, expected };
                let writing = Writing::new(storage?.open_write(&path, upload)?, Some(path));
                self.opened(file, OpenFile::Write(Arc::new(writing)))
            }),
            S::Read { ticket, at, max, .. } => self.answer(ticket, || match file {
                Some(OpenFile::Read(file)) => file.read_at(at, max),
                Some(OpenFile::Write(_)) => Err(Failure::Unsupported),
                None => Err(Failure::NotFound),
            }),
            S::Write { ticket, at, bytes, .. } => self.answer(ticket, || match file {
                Some(OpenFile::Write(file)) => file.write_at(at, &bytes).map(|()| Done),
                Some(OpenFile::Read(_)) => Err(Failure::Unsupported),
                None => Err(Failure::NotFound),
            }),
            S::Finish { ticket, how, .. } => self.answer(ticket, || match file {
                Some(OpenFile::Write(upload)) => self.finish(&upload, how, name.as_deref()),
                Some(OpenFile::Read(_)) => Err(Failure::Unsupported),
                None => Err(Failure::NotFound),
            }),
            S::Remove { ticket, path } => self.answer(ticket, || storage?.remove(&path).map(|()| Done)),
            S::RemoveDir { ticket, path } => self.answer(ticket, || storage?.remove_dir(&path).map(|()| Done)),
            S::MakeDir { ticket, path, permissions } => {
                self.answer(ticket, || storage?.make_dir(&path, permissions).map(|()| Done));
            }
            S::Rename { ticket, from, to, replace } => {
                self.answer(ticket, || storage?.rename(&from, &to, replace).map(|()| Done));
            }
            S::SetTimes { ticket, path, times } => {
                self.answer(ticket, || storage?.set_times(&path, times).map(|()| Done));
            }
            S::SetMode { ticket, path, mode } => self.answer(ticket, || storage?.set_mode(&path, mode).map(|()| Done)),
            S::Symlink { ticket, target, link } => {
                self.answer(ticket, || storage?.symlink(&target, &link).map(|()| Done));
            }
            S::Copy { ticket, from, to, replace } => {
                self.answer(ticket, || storage?.copy(&from, &to, replace, &self.cancel).map(|()| Done));
            }
            S::Space { ticket, path } => self.answer(ticket, || storage?.space(&path)),
            S::Quota { ticket } => self.answer(ticket, || storage?.quota()),
            S::Hash { ticket, path, algorithm, from, to } => {
                self.answer(ticket, || storage?.hash(&path, algorithm, (from, to), &self.cancel));
            }
            S::TreeSize { ticket, path } => self.answer(ticket, || storage?.tree_size(&path, &self.cancel)),
            S::MakeDirs { ticket, path, permissions } => {
                self.answer(ticket, || storage?.make_dirs(&path, permissions).map(|()| Done));
            }
            S::RemoveTree { ticket, path } => {
                self.answer(ticket, || storage?.remove_tree(&path, &self.cancel).map(|()| Done));
            }
            S::Combine { ticket, target, parts } => {
                self.answer(ticket, || storage?.combine(&target, &parts, &self.cancel).map(|()| Done));
            }
            S::SetOwner { ticket, path, owner, group } => {
                self.answer(ticket, || storage?.set_owner(&path, owner.as_deref(), group.as_deref()).map(|()| Done));
            }
            S::Prepare { ticket, path, upload } => self.answer(ticket, || storage?.prepare(&path, upload)),
            // Without an answer: these became leftovers when they were submitted.
            S::CloseDir(_) | S::CloseFile(_) => {}
        }
    }

    /// In the table before the answer leaves: the next action may name it at once.
    fn opened(&self, id: FileId, file: OpenFile) -> Result<Opened, Failure> {
        let opened = file.opened();
        self.table.add_file(id, file)?;
        Ok(opened)
    }

    fn give_up(&mut self, failure: Failure) {
        let Some(action) = self.action.take() else { return };
        self.subject = Subject::default();
        self.refuse(action, failure);
    }

    /// Answers an action that is not run.
    fn refuse(&self, action: HostAction, failure: Failure) {
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
