//! CWD, PWD, MKD, RMD, DELE, RNFR, RNTO, SIZE, MDTM, MFMT, MFCT, MFF, MLST: one file or directory at a time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Session;
use super::failures::refusal;
use super::question::{PendingChange, Question};
use crate::action::{HostAction, StorageAction, Times};
use crate::calendar::write_time_val;
use crate::coding::{Representation, Structure};
use crate::command::{FactsToSet, RawPath};
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::listing::{self, MlsxRole};
use crate::notice::Change;
use crate::outcome::{Prepared, Space};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply, with_quotes_doubled};
use crate::storage::{FileKind, Metadata, Permissions, Replace};
use crate::ticket::Answer;
use crate::time::UnixTime;
use crate::verb::Verb;

impl Session {
    fn ask_stat(&mut self, question: Question, path: VirtualPath) {
        self.ask(question, |ticket| HostAction::Storage(StorageAction::Stat { ticket, path }));
    }

    // Directories.

    /// CWD and CDUP: the directory must be there.
    pub(super) fn change_directory(&mut self, path: VirtualPath) {
        self.ask_stat(Question::ChangeDirectory(path.clone()), path);
    }

    pub(super) fn answer_change_directory(&mut self, path: VirtualPath, result: Result<Metadata, Failure>) {
        match result {
            Ok(metadata) if metadata.is_directory() => {
                let reply = Reply::line(250, &[b"Now in \"", &with_quotes_doubled(path.as_bytes()), b"\"."]);
                self.cwd = path;
                self.finish(reply);
            }
            Ok(_) => self.finish(reply!("550 Not a directory.")),
            Err(failure) => self.finish(refusal(failure, Verb::Cwd)),
        }
    }

    pub(super) fn run_pwd(&mut self) {
        let reply =
            Reply::line(257, &[b"\"", &with_quotes_doubled(self.cwd.as_bytes()), b"\" is the current directory."]);
        self.finish(reply);
    }

    pub(super) fn run_mkd(&mut self, path: VirtualPath) {
        let reply = Reply::line(257, &[b"\"", &with_quotes_doubled(path.as_bytes()), b"\" created."]);
        let change = PendingChange { verb: Verb::Mkd, change: Change::DirectoryMade, path: path.clone(), reply };
        let permissions = 0o777 & !self.parameters.umask;
        self.ask_change(change, |ticket| StorageAction::MakeDir { ticket, path, permissions });
    }

    pub(super) fn run_rmd(&mut self, path: VirtualPath) {
        if path.is_root() {
            return self.finish(reply!("550 The root stays."));
        }
        let reply = reply!("250 Directory removed.");
        let change = PendingChange { verb: Verb::Rmd, change: Change::DirectoryRemoved, path: path.clone(), reply };
        self.ask_change(change, |ticket| StorageAction::RemoveDir { ticket, path });
    }

    // Files.

    pub(super) fn run_dele(&mut self, path: VirtualPath) {
        let reply = reply!("250 File removed.");
        let change = PendingChange { verb: Verb::Dele, change: Change::Removed, path: path.clone(), reply };
        self.ask_change(change, |ticket| StorageAction::Remove { ticket, path });
    }

    pub(super) fn run_rnfr(&mut self, path: VirtualPath) {
        if path.is_root() {
            return self.finish(reply!("550 The root stays."));
        }
        self.ask_stat(Question::RenameFrom(path.clone()), path);
    }

    pub(super) fn answer_rename_from(&mut self, path: VirtualPath, result: Result<Metadata, Failure>) {
        match result {
            Ok(_) => {
                self.parameters.ahead.set_rename_from(path);
                self.finish(reply!("350 Ready for RNTO."));
            }
            Err(failure) => self.finish(refusal(failure, Verb::Rnfr)),
        }
    }

    pub(super) fn run_rnto(&mut self, to: VirtualPath) {
        let Some(from) = self.parameters.ahead.take_rename_from() else {
            return self.finish(reply!("503 Send RNFR first."));
        };
        if to.is_root() || (to != from && to.starts_with(&from)) {
            return self.finish(reply!("553 A directory cannot move into itself."));
        }
        let reply = reply!("250 Renamed.");
        let change = PendingChange { verb: Verb::Rnto, change: Change::Renamed(to.clone()), path: from.clone(), reply };
        let replace = self.may_replace();
        self.ask_change(change, |ticket| StorageAction::Rename { ticket, from, to, replace });
    }

    /// Whether renaming or copying may replace a file: the operator and the account must both allow it.
    pub(super) fn may_replace(&self) -> Replace {
        let overwrite = self.permissions().contains(Permissions::OVERWRITE);
        if overwrite && self.config.rename_replaces.is_on() { Replace::Allowed } else { Replace::Refused }
    }

    pub(super) fn permissions(&self) -> Permissions {
        self.login.user().map_or(Permissions::NONE, |account| account.permissions)
    }

    // Facts.

    pub(super) fn run_size(&mut self, path: VirtualPath) {
        let is_text = self.parameters.representation != Representation::Image;
        if is_text && !self.config.ascii_size.is_on() {
            return self.finish(reply!("550 SIZE is told in TYPE I only."));
        }
        if self.parameters.structure != Structure::File {
            return self.finish(reply!("550 SIZE is told in STRU F only."));
        }
        self.ask_stat(Question::Size, path);
    }

    pub(super) fn answer_size(&mut self, result: Result<Metadata, Failure>) {
        self.finish(match result {
            Ok(metadata) if metadata.kind == FileKind::File => {
                Reply::line(213, &[Decimal::new(metadata.size).as_bytes()])
            }
            Ok(_) => reply!("550 Not a regular file."),
            Err(failure) => refusal(failure, Verb::Size),
        });
    }

    /// AVBL: how much may be stored there.
    pub(super) fn run_avbl(&mut self, path: VirtualPath) {
        self.ask(Question::Available, |ticket| HostAction::Storage(StorageAction::Space { ticket, path }));
    }

    pub(super) fn answer_available(&mut self, result: Result<Space, Failure>) {
        self.finish(match result {
            Ok(space) => Reply::line(213, &[Decimal::new(space.available).as_bytes()]),
            Err(failure) => refusal(failure, Verb::Avbl),
        });
    }

    /// PRET: a transfer is coming, and the storage may have to choose who serves it. A listing needs no choice.
    pub(super) fn run_pret(&mut self, verb: Verb, argument: Option<RawPath>) {
        self.parameters.ahead.set_prepared(None);
        if !self.config.allows(verb) {
            return self.finish(reply!("504 That command is switched off."));
        }
        if matches!(verb, Verb::List | Verb::Nlst | Verb::Mlsd) {
            return self.finish(reply!("200 Ready."));
        }
        let path = match argument {
            None => self.cwd.clone(),
            Some(argument) => match self.resolve_or_refuse(&argument) {
                Some(path) => path,
                None => return,
            },
        };
        let upload = verb != Verb::Retr;
        self.ask(Question::Prepare, |ticket| HostAction::Storage(StorageAction::Prepare { ticket, path, upload }));
    }

    pub(super) fn answer_prepare(&mut self, result: Result<Prepared, Failure>) {
        match result {
            Ok(prepared) => {
                self.parameters.ahead.set_prepared(prepared.address);
                self.finish(reply!("200 Ready."));
            }
            Err(failure) => self.finish(refusal(failure, Verb::Pret)),
        }
    }

    pub(super) fn run_mdtm(&mut self, argument: &[u8], set: Option<(UnixTime, RawPath)>) {
        let Some(path) = self.resolve_or_refuse(argument) else { return };
        self.ask_stat(Question::Modified(set), path);
    }

    /// The file's time; or, when there is none of the whole name, the old form of MDTM that sets it.
    pub(super) fn answer_modified(&mut self, set: Option<(UnixTime, RawPath)>, result: Result<Metadata, Failure>) {
        match (result, set) {
            (Ok(metadata), _) => {
                let mut text = Vec::with_capacity(20);
                write_time_val(&mut text, metadata.modified);
                self.finish(Reply::line(213, &[&text]));
            }
            (Err(Failure::NotFound), Some((time, path)))
                if self.permissions().contains(Permissions::ATTRIBUTES) && self.config.allows(Verb::Mfmt) =>
            {
                self.run_set_time(Verb::Mfmt, time, &path);
            }
            (Err(failure), _) => self.finish(refusal(failure, Verb::Mdtm)),
        }
    }

    /// MFMT and MFCT (draft-somers-ftp-mfxx §3 and §4).
    pub(super) fn run_set_time(&mut self, verb: Verb, time: UnixTime, argument: &[u8]) {
        let Some(path) = self.resolve_or_refuse(argument) else { return };
        let (fact, times) = match verb {
            Verb::Mfct => (&b"Create="[..], Times { created: Some(time), modified: None }),
            _ => (&b"Modify="[..], Times { modified: Some(time), created: None }),
        };
        let mut text = Vec::with_capacity(20);
        write_time_val(&mut text, time);
        let reply = Reply::line(213, &[fact, &text, b"; ", argument]);
        let change = PendingChange { verb, change: Change::Attributes, path: path.clone(), reply };
        self.ask_change(change, |ticket| StorageAction::SetTimes { ticket, path, times });
    }

    /// MFF (draft-somers-ftp-mfxx §5): the times first, then the mode.
    pub(super) fn run_mff(&mut self, facts: FactsToSet, argument: &[u8]) {
        let Some(path) = self.resolve_or_refuse(argument) else { return };
        if facts.create.is_some() && !self.config.allows(Verb::Mfct) {
            return self.finish(reply!("504 The time of creation cannot be set here."));
        }
        let reply = Reply::line(213, &[&facts_text(&facts), b" ", argument]);
        let change = PendingChange { verb: Verb::Mff, change: Change::Attributes, path: path.clone(), reply };
        let times = Times { modified: facts.modify, created: facts.create };
        match facts.mode {
            None => self.ask_change(change, |ticket| StorageAction::SetTimes { ticket, path, times }),
            Some(mode) if times == Times::default() => {
                self.ask_change(change, |ticket| StorageAction::SetMode { ticket, path, mode });
            }
            Some(mode) => self.ask(Question::Mode(Box::new(change), mode), |ticket| {
                HostAction::Storage(StorageAction::SetTimes { ticket, path, times })
            }),
        }
    }

    pub(super) fn answer_times_before_mode(
        &mut self,
        change: PendingChange,
        mode: u32,
        result: Result<Answer, Failure>,
    ) {
        if let Err(failure) = result {
            return self.finish(refusal(failure, Verb::Mff));
        }
        let path = change.path.clone();
        self.ask_change(change, |ticket| StorageAction::SetMode { ticket, path, mode });
    }

    pub(super) fn run_mlst(&mut self, path: VirtualPath) {
        self.ask_stat(Question::Facts(path.clone()), path);
    }

    /// The facts of one file, on the control connection, under its full name (RFC 3659 §7.2).
    pub(super) fn answer_facts(&mut self, path: &VirtualPath, result: Result<Metadata, Failure>) {
        let metadata = match result {
            Ok(metadata) => metadata,
            Err(failure) => return self.finish(refusal(failure, Verb::Mlst)),
        };
        let role = if *path == self.cwd && metadata.is_directory() { MlsxRole::Current } else { MlsxRole::Entry };
        let mut line = Vec::with_capacity(160);
        listing::write_mlsx(&mut line, path.as_bytes(), &metadata, self.parameters.facts, role, self.permissions());
        let mut reply = Reply::begin(250, b"Facts:");
        reply.line(&line);
        self.finish(reply.end(b"End"));
    }
}

/// `Modify=...;Create=...;UNIX.mode=...;` for the facts that were set.
fn facts_text(facts: &FactsToSet) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, time) in [(&b"Modify="[..], facts.modify), (b"Create=", facts.create)] {
        if let Some(time) = time {
            text.extend_from_slice(name);
            write_time_val(&mut text, time);
            text.push(b';');
        }
    }
    if let Some(mode) = facts.mode {
        text.extend_from_slice(alloc::format!("UNIX.mode={mode:04o};").as_bytes());
    }
    text
}
