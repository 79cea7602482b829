//! Commands that ask the host one thing and reply: the question, and where its answer goes.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::ledger::Step;
use super::security::Selecting;
use super::{Session, Work};
use crate::action::{CustomCommand, DataAction, HostAction, StorageAction};
use crate::command::RawPath;
use crate::failure::Failure;
use crate::id::{FileId, ListenerId};
use crate::notice::{Change, Notice};
use crate::outcome::{CustomAnswer, CustomReply};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::secret::Secret;
use crate::ticket::{Answer, Outcome, Ticket, outcome};
use crate::time::UnixTime;
use crate::verb::Verb;

/// What the running command asked, with all it needs to reply.
#[derive(Debug)]
pub(super) enum Question {
    /// With the password, for the case that an account is asked for as well.
    Login(Option<Secret>),
    Host(Selecting),
    ChangeDirectory(VirtualPath),
    Listen(Verb, ListenerId),
    Room(u64),
    Size,
    Modified(Option<(UnixTime, RawPath)>),
    Facts(VirtualPath),
    RenameFrom(VirtualPath),
    /// A change that is done when it is done.
    Change(Box<PendingChange>),
    /// MFF's times are set, or there were none; the mode comes next.
    Mode(Box<PendingChange>, u32),
    Custom(Box<CustomCall>),
    /// AVBL.
    Available,
    CopyFrom(VirtualPath),
    Quota,
    Who,
    Prepare,
}

/// A verb of the embedding program that was called.
#[derive(Debug)]
pub(super) struct CustomCall {
    /// As STAT shows it.
    pub(super) verb: Box<str>,
    /// Its argument as a path, where it is one; else the working directory. What notices of its transfer tell.
    pub(super) path: VirtualPath,
    /// The name of the file that it may open.
    pub(super) file: FileId,
}

/// A change under way, and what to say once it is done.
#[derive(Debug)]
pub(super) struct PendingChange {
    pub(super) verb: Verb,
    pub(super) change: Change,
    pub(super) path: VirtualPath,
    pub(super) reply: Reply,
}

impl Session {
    /// Asks the host; the running command waits for the answer.
    pub(super) fn ask<T: Outcome>(&mut self, question: Question, action: impl FnOnce(Ticket<T>) -> HostAction) {
        let ticket = self.issue(Step::Question);
        self.outbox.push(crate::Action::Host(action(ticket)));
        self.work = Work::Question(question);
    }

    /// Asks for a change of the storage that ends in `change.reply`.
    pub(super) fn ask_change<T: Outcome>(
        &mut self,
        change: PendingChange,
        action: impl FnOnce(Ticket<T>) -> StorageAction,
    ) {
        self.ask(Question::Change(Box::new(change)), |ticket| HostAction::Storage(action(ticket)));
    }

    pub(super) fn answer_question(&mut self, result: Result<Answer, Failure>) {
        if matches!(self.work, Work::Status(_)) {
            return self.status_answer(result);
        }
        if matches!(self.work, Work::Long(_)) {
            return self.long_answer(result);
        }
        let Work::Question(question) = core::mem::replace(&mut self.work, Work::Idle) else { return };
        if self.ending.is_some() {
            // Nobody waits for the answer any more; only what it opened must be closed.
            match (question, result) {
                (Question::Listen(_, listener), Ok(_)) => {
                    self.outbox.push(crate::Action::Data(DataAction::CloseListener(listener)));
                }
                (Question::Custom(call), result @ Ok(_)) => self.close_custom(call.file, outcome(result)),
                // It came too late to be stopped: whoever watches is told all the same.
                (Question::Change(change), Ok(_)) => self.changed(change.change, change.path),
                _ => {}
            }
            return;
        }
        match question {
            Question::Login(password) => self.answer_login(password, outcome(result)),
            Question::Host(selecting) => self.answer_host(selecting, outcome(result)),
            Question::ChangeDirectory(path) => self.answer_change_directory(path, outcome(result)),
            Question::Listen(verb, listener) => self.answer_listen(verb, listener, outcome(result)),
            Question::Room(wanted) => self.answer_room(wanted, outcome(result)),
            Question::Size => self.answer_size(outcome(result)),
            Question::Modified(set) => self.answer_modified(set, outcome(result)),
            Question::Facts(path) => self.answer_facts(&path, outcome(result)),
            Question::RenameFrom(path) => self.answer_rename_from(path, outcome(result)),
            Question::Change(change) => self.answer_change(*change, result),
            Question::Mode(change, mode) => self.answer_times_before_mode(*change, mode, result),
            Question::Custom(call) => self.answer_custom(*call, outcome(result)),
            Question::Available => self.answer_available(outcome(result)),
            Question::CopyFrom(path) => self.answer_copy_from(path, outcome(result)),
            Question::Quota => self.answer_quota(outcome(result)),
            Question::Who => self.answer_who(outcome(result)),
            Question::Prepare => self.answer_prepare(outcome(result)),
        }
    }

    pub(super) fn answer_change(&mut self, change: PendingChange, result: Result<Answer, Failure>) {
        match result {
            Ok(_) => {
                self.changed(change.change, change.path);
                self.finish(change.reply);
            }
            Err(failure) => self.finish(super::failures::refusal(failure, change.verb)),
        }
    }

    pub(super) fn changed(&mut self, change: Change, path: VirtualPath) {
        self.notify(Notice::Changed { change, path });
    }

    /// A verb of the embedding program, or one that nobody knows.
    pub(super) fn run_custom(&mut self, verb: Box<str>, argument: Box<[u8]>) {
        let known = self.config.custom.iter().find(|custom| *custom.name == *verb);
        let Some(custom) = known else { return self.violated(super::Violation::NotACommand) };
        if custom.needs_login && self.login.user().is_none() {
            return self.finish(reply!("530 Please log in with USER and PASS."));
        }
        let path = self.cwd.resolve(&argument, self.config.limits.path).unwrap_or_else(|_| self.cwd.clone());
        let file = FileId(self.ledger.mint());
        let login = self.login.user().map(|account| Arc::clone(&account.name));
        let call = Box::new(CustomCall { verb: verb.clone(), path, file });
        let command = Box::new(CustomCommand { verb, argument, cwd: self.cwd.clone(), login });
        self.ask(Question::Custom(call), |ticket| HostAction::Custom { ticket, file, command });
    }

    fn answer_custom(&mut self, call: CustomCall, result: Result<CustomAnswer, Failure>) {
        match result {
            Ok(CustomAnswer::Reply(reply)) => self.answer_custom_reply(&reply),
            Ok(CustomAnswer::Download(opened)) => self.begin_custom_download(call, opened),
            Ok(CustomAnswer::Upload(opened)) => self.begin_custom_upload(call, opened),
            Err(failure) => self.finish(super::failures::refusal(failure, Verb::Site)),
        }
    }

    fn answer_custom_reply(&mut self, custom: &CustomReply) {
        // A preliminary or intermediate code would leave the command without its final reply.
        let code = if (200..600).contains(&custom.code) && custom.code / 100 != 3 { custom.code } else { 451 };
        let shown = custom.lines.len().min(self.config.limits.reply_lines);
        let lines = custom.lines.get(..shown).unwrap_or_default();
        self.finish(match lines {
            [] => Reply::line(code, &[b"Done."]),
            [only] => Reply::line(code, &[only.as_bytes()]),
            [first, between @ .., last] => {
                let mut reply = Reply::begin(code, first.as_bytes());
                between.iter().for_each(|line| {
                    reply.line(line.as_bytes());
                });
                reply.end(last.as_bytes())
            }
        });
    }
}
