//! STAT of a path: a listing on the control connection, in a reply of many lines (RFC 959 §4.1.3).

use super::failures::{path_error, refusal};
use super::ledger::Step;
use super::lister::{Ask, Format, Lister, Setting};
use super::{Session, Work};
use crate::action::{Action, HostAction, StorageAction};
use crate::failure::Failure;
use crate::id::DirId;
use crate::reply::{MultiLine, Reply};
use crate::ticket::Answer;
use crate::verb::Verb;

/// A listing on its way into a reply.
#[derive(Debug)]
pub(super) struct Status {
    lister: Lister,
    /// The directory that is being opened.
    opening: Option<DirId>,
    reply: Option<MultiLine>,
    lines: usize,
}

impl Session {
    /// What a listing must know of this session.
    pub(super) fn setting(&self, format: Format) -> Setting {
        Setting {
            format,
            cwd: self.cwd.clone(),
            now: self.wall_clock(),
            facts: self.parameters.facts,
            permissions: self.permissions(),
            limits: self.config.limits.clone(),
        }
    }

    pub(super) fn run_status_of(&mut self, argument: &[u8]) {
        match Lister::new(self.setting(Format::List), argument) {
            Ok(lister) => {
                let mut status = Status { lister, opening: None, reply: None, lines: 0 };
                self.ask_lister(Step::Question, &mut status.lister, &mut status.opening);
                self.work = Work::Status(alloc::boxed::Box::new(status));
            }
            Err(error) => self.finish(path_error(error)),
        }
    }

    /// Puts the listing's next question to the storage. `false` when it has none.
    pub(super) fn ask_lister(&mut self, step: Step, lister: &mut Lister, opening: &mut Option<DirId>) -> bool {
        let Some(ask) = lister.ask() else { return false };
        let action = match ask {
            Ask::Stat(path) => StorageAction::Stat { ticket: self.issue(step), path },
            Ask::OpenDir(path, wanted) => {
                let dir = DirId(self.ledger.mint());
                *opening = Some(dir);
                StorageAction::OpenDir { ticket: self.issue(step), dir, path, wanted }
            }
            Ask::ReadDir(dir, max) => StorageAction::ReadDir { ticket: self.issue(step), dir, max },
        };
        self.outbox.push(Action::Host(HostAction::Storage(action)));
        true
    }

    pub(super) fn close_dir(&mut self, dir: Option<DirId>) {
        if let Some(dir) = dir {
            self.outbox.push(Action::Host(HostAction::Storage(StorageAction::CloseDir(dir))));
        }
    }

    pub(super) fn status_answer(&mut self, result: Result<Answer, Failure>) {
        let Work::Status(mut status) = core::mem::replace(&mut self.work, Work::Idle) else { return };
        let opened = status.opening.take().filter(|_| result.is_ok());
        if self.ending.is_some() {
            self.close_dir(opened);
            self.close_dir(status.lister.take_dir());
            return;
        }
        match status.lister.answer(opened, result) {
            Ok(read) => self.close_dir(read),
            Err(failure) if status.reply.is_none() => return self.finish(refusal(failure, Verb::Stat)),
            Err(_) => return self.end_status(*status, b"Broken off by a local error."),
        }
        self.show(&mut status);
        if status.lines >= self.config.limits.reply_lines {
            return self.end_status(*status, b"Too many to show, use LIST.");
        }
        if !self.ask_lister(Step::Question, &mut status.lister, &mut status.opening) {
            return self.end_status(*status, b"End");
        }
        self.work = Work::Status(status);
    }

    /// Moves the lines made so far into the reply.
    fn show(&mut self, status: &mut Status) {
        if !status.lister.has_begun() {
            return;
        }
        let reply = status.reply.get_or_insert_with(|| Reply::begin(213, b"Status:"));
        let bytes = status.lister.take_bytes();
        let room = self.config.limits.reply_lines.saturating_sub(status.lines);
        for line in bytes.split_inclusive(|b| *b == b'\n').take(room) {
            reply.line(line.trim_ascii_end());
            status.lines += 1;
        }
    }

    fn end_status(&mut self, mut status: Status, last: &[u8]) {
        self.close_dir(status.lister.take_dir());
        let reply = status.reply.take().unwrap_or_else(|| Reply::begin(213, b"Status:"));
        self.finish(reply.end(last));
    }
}
