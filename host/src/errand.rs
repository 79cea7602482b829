//! What each action comes to: done by whoever has the time, answered once.
//!
//! The ticket stays outside of what may panic, so whatever happens, there is an answer to give.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use ftp_proto::action::{Credentials, CustomCommand};
use ftp_proto::outcome::{CustomAnswer, Done, Opened};
use ftp_proto::storage::{Account, FinishHow};
use ftp_proto::{Completion, Failure, FileId, HostAction, Outcome, StorageAction, Ticket};

use crate::accounts::Login;
use crate::blocking::Services;
use crate::commands::CommandAnswer;
use crate::context::Context;
use crate::hooks::{Finished, vet};
use crate::storage::{Cancel, Storage, Upload};
use crate::table::{OpenDirectory, OpenFile, Table, Writing};

/// All that an action is run with.
pub(crate) struct Errand<'a> {
    pub(crate) services: &'a Services,
    pub(crate) table: &'a Table,
    pub(crate) cancel: &'a Cancel,
}

/// What an action works on, looked up when it is submitted: what comes later cannot change it.
#[derive(Default)]
pub(crate) struct Subject {
    storage: Option<Arc<dyn Storage>>,
    /// Who is logged in.
    name: Option<Arc<str>>,
    pub(crate) file: Option<OpenFile>,
    pub(crate) dir: Option<OpenDirectory>,
    login: u64,
}

impl Subject {
    pub(crate) fn of(action: &HostAction, table: &Table) -> Self {
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

/// Does `work`; a panic in it is [`Failure::Lost`].
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Failure::Lost))
}

impl Errand<'_> {
    /// Runs `action`; `None` for those that need no answer.
    pub(crate) fn run(&self, action: HostAction, subject: Subject) -> Option<Completion> {
        Some(match action {
            HostAction::Authenticate { ticket, credentials } => {
                self.answer(ticket, || self.authenticate(subject.login, &credentials))
            }
            HostAction::Custom { ticket, file, command } => self.answer(ticket, || self.run_command(file, &command)),
            HostAction::SelectHost { ticket, name } => {
                self.answer(ticket, || self.services.accounts.select_host(&name))
            }
            HostAction::Who { ticket } => self.answer(ticket, || {
                let roster = self.services.roster.as_ref().ok_or(Failure::Unsupported)?;
                Ok(roster.lines())
            }),
            HostAction::Storage(action) => return self.store(action, subject),
        })
    }

    /// Does the work and answers once, also where the work panics or was cancelled before it began. What the work
    /// owns is dropped before the answer is there.
    fn answer<T: Outcome>(&self, ticket: Ticket<T>, work: impl FnOnce() -> Result<T, Failure>) -> Completion {
        ticket.settle(guarded(|| {
            self.cancel.check()?;
            work()
        }))
    }

    /// Lets someone in, if the accounts and the hooks do; `attempt` is the number of this login.
    pub(crate) fn authenticate(&self, attempt: u64, credentials: &Credentials) -> Result<Account, Failure> {
        let Services { accounts, hooks, .. } = self.services;
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

    fn context<'b>(&'b self, login: Option<&'b str>) -> Context<'b> {
        let scope = &self.table.scope;
        let mut context = Context::new(scope.client, &self.services.extensions, &scope.extensions, self.cancel);
        (context.id, context.login) = (scope.id.get().copied(), login);
        context
    }

    /// Asks the hooks. A panic in one is a refusal.
    fn vet(&self, action: &StorageAction, subject: &Subject) -> Result<(), Failure> {
        if self.services.hooks.is_empty() || subject.storage.is_none() {
            return Ok(());
        }
        guarded(|| {
            self.cancel.check()?;
            vet(&self.services.hooks, &self.context(subject.name.as_deref()), action)
        })
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

    fn store(&self, action: StorageAction, subject: Subject) -> Option<Completion> {
        use StorageAction as S;
        if let Err(failure) = self.vet(&action, &subject) {
            drop(subject);
            return action.fail(failure);
        }
        let Subject { storage, name, file, dir, .. } = subject;
        // Nobody is logged in, or the login changed: there is no storage to speak of.
        let storage = storage.ok_or(Failure::PermissionDenied);
        Some(match action {
            S::Stat { ticket, path } => self.answer(ticket, || storage?.stat(&path)),
            S::OpenDir { ticket, dir, path, wanted } => self.answer(ticket, || {
                self.table.add_dir(dir, storage?.open_dir(&path, wanted)?)?;
                Ok(Done)
            }),
            S::ReadDir { ticket, max, .. } => self.answer(ticket, || {
                dir.ok_or(Failure::NotFound)?.lock().unwrap_or_else(PoisonError::into_inner).read(max)
            }),
            S::OpenRead { ticket, file, path } => {
                self.answer(ticket, || self.opened(file, OpenFile::Read(storage?.open_read(&path)?.into())))
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
                self.answer(ticket, || storage?.make_dir(&path, permissions).map(|()| Done))
            }
            S::Rename { ticket, from, to, replace } => {
                self.answer(ticket, || storage?.rename(&from, &to, replace).map(|()| Done))
            }
            S::SetTimes { ticket, path, times } => {
                self.answer(ticket, || storage?.set_times(&path, times).map(|()| Done))
            }
            S::SetMode { ticket, path, mode } => self.answer(ticket, || storage?.set_mode(&path, mode).map(|()| Done)),
            S::Symlink { ticket, target, link } => {
                self.answer(ticket, || storage?.symlink(&target, &link).map(|()| Done))
            }
            S::Copy { ticket, from, to, replace } => {
                self.answer(ticket, || storage?.copy(&from, &to, replace, self.cancel).map(|()| Done))
            }
            S::Space { ticket, path } => self.answer(ticket, || storage?.space(&path)),
            S::Quota { ticket } => self.answer(ticket, || storage?.quota()),
            S::Hash { ticket, path, algorithm, from, to } => {
                self.answer(ticket, || storage?.hash(&path, algorithm, (from, to), self.cancel))
            }
            S::TreeSize { ticket, path } => self.answer(ticket, || storage?.tree_size(&path, self.cancel)),
            S::MakeDirs { ticket, path, permissions } => {
                self.answer(ticket, || storage?.make_dirs(&path, permissions).map(|()| Done))
            }
            S::RemoveTree { ticket, path } => {
                self.answer(ticket, || storage?.remove_tree(&path, self.cancel).map(|()| Done))
            }
            S::Combine { ticket, target, parts } => {
                self.answer(ticket, || storage?.combine(&target, &parts, self.cancel).map(|()| Done))
            }
            S::SetOwner { ticket, path, owner, group } => {
                self.answer(ticket, || storage?.set_owner(&path, owner.as_deref(), group.as_deref()).map(|()| Done))
            }
            S::Prepare { ticket, path, upload } => self.answer(ticket, || storage?.prepare(&path, upload)),
            S::CloseDir(_) | S::CloseFile(_) => {
                // What was taken out of the table closes. There is nobody to tell of a panic in that.
                let _ = guarded(|| {
                    drop((file, dir));
                    Ok(())
                });
                return None;
            }
        })
    }

    /// In the table before the answer leaves: the next action may name it at once.
    pub(crate) fn opened(&self, id: FileId, file: OpenFile) -> Result<Opened, Failure> {
        let opened = file.opened();
        self.table.add_file(id, file)?;
        Ok(opened)
    }
}
