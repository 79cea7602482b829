//! SITE and its sub-commands.

use super::Session;
use super::failures::refusal;
use super::question::{PendingChange, Question};
use crate::action::{HostAction, StorageAction, Times};
use crate::command::SiteCommand;
use crate::digits::Decimal;
use crate::failure::Failure;
use crate::notice::Change;
use crate::outcome::{Quota, Roster};
use crate::path::VirtualPath;
use crate::reply::{Reply, reply, with_quotes_doubled};
use crate::storage::Metadata;
use crate::time::Duration;
use crate::verb::Verb;

/// What SITE HELP tells.
const HELP: [&str; 15] = [
    "CHGRP <sp> group <sp> pathname",
    "CHMOD <sp> mode <sp> pathname",
    "CHOWN <sp> owner[:group] <sp> pathname",
    "COPY <sp> from <sp> to",
    "CPFR <sp> pathname",
    "CPTO <sp> pathname",
    "HELP",
    "IDLE [<sp> seconds]",
    "MKDIR <sp> pathname",
    "QUOTA",
    "RMDIR <sp> pathname",
    "SYMLINK <sp> target <sp> link",
    "UMASK [<sp> mask]",
    "UTIME <sp> YYYYMMDDhhmm[ss] <sp> pathname",
    "WHO",
];

impl Session {
    pub(super) fn run_site(&mut self, command: SiteCommand) {
        match command {
            SiteCommand::Help => self.run_site_help(),
            SiteCommand::Umask(mask) => self.run_umask(mask),
            SiteCommand::Idle(seconds) => self.run_idle(seconds),
            SiteCommand::Chmod(mode, path) => self.run_chmod(mode, &path),
            SiteCommand::Utime { modified, path } => {
                let Some(path) = self.resolve_or_refuse(&path) else { return };
                let times = Times { modified: Some(modified), created: None };
                let change = attributes(path.clone(), reply!("200 Time set."));
                self.ask_change(change, |ticket| StorageAction::SetTimes { ticket, path, times });
            }
            SiteCommand::Symlink(target, link) => self.run_symlink(&target, &link),
            SiteCommand::Copy(from, to) => self.run_copy(&from, &to),
            SiteCommand::Chown { owner, group, path } => {
                let Some(path) = self.resolve_or_refuse(&path) else { return };
                let reply = reply!("200 Owner set.");
                let change = PendingChange { verb: Verb::Site, change: Change::Owner, path: path.clone(), reply };
                self.ask_change(change, |ticket| StorageAction::SetOwner { ticket, path, owner, group });
            }
            SiteCommand::MakeDirs(path) => self.run_make_dirs(&path),
            SiteCommand::RemoveTree(path) => self.run_remove_tree(&path),
            SiteCommand::CopyFrom(path) => self.run_copy_from(&path),
            SiteCommand::CopyTo(path) => self.run_copy_to(&path),
            SiteCommand::Quota => {
                self.ask(Question::Quota, |ticket| HostAction::Storage(StorageAction::Quota { ticket }));
            }
            SiteCommand::Who => self.ask(Question::Who, |ticket| HostAction::Who { ticket }),
            SiteCommand::Other { name, argument } => {
                let verb = alloc::format!("SITE {name}").into_boxed_str();
                self.run_custom(verb, argument);
            }
        }
    }

    fn run_site_help(&mut self) {
        let mut reply = Reply::begin(214, b"SITE commands:");
        HELP.iter().for_each(|line| {
            reply.line(line.as_bytes());
        });
        let config = self.config.clone();
        let custom = config.custom.iter().filter_map(|verb| Some((verb.name.strip_prefix("SITE ")?, verb)));
        custom.for_each(|(name, verb)| {
            reply.line(alloc::format!("{name} {}", verb.syntax).trim_end().as_bytes());
        });
        self.finish(reply.end(b"End"));
    }

    fn run_umask(&mut self, mask: Option<u32>) {
        if let Some(mask) = mask {
            self.parameters.umask = mask & 0o777;
        }
        let umask = alloc::format!("UMASK is {:03o}.", self.parameters.umask);
        self.finish(Reply::line(200, &[umask.as_bytes()]));
    }

    fn run_idle(&mut self, seconds: Option<u64>) {
        if let Some(seconds) = seconds {
            let wanted = Duration::from_secs(seconds);
            if seconds == 0 || wanted > self.config.timeouts.idle_max {
                return self.finish(reply!("501 That idle time is not allowed."));
            }
            self.login.idle = Some(wanted);
        }
        let now = Decimal::new(self.idle_timeout().as_secs());
        self.finish(Reply::line(200, &[b"Idle time is ", now.as_bytes(), b" seconds."]));
    }

    fn run_chmod(&mut self, mode: u32, path: &[u8]) {
        let Some(path) = self.resolve_or_refuse(path) else { return };
        let change = attributes(path.clone(), reply!("200 Mode set."));
        self.ask_change(change, |ticket| StorageAction::SetMode { ticket, path, mode });
    }

    fn run_symlink(&mut self, target: &[u8], link: &[u8]) {
        let Some(link) = self.resolve_or_refuse(link) else { return };
        // A relative target is relative to the link, as everywhere.
        let target = match link.parent().resolve(target, self.config.limits.path) {
            Ok(target) => target,
            Err(error) => return self.finish(super::failures::path_error(error)),
        };
        let reply = reply!("200 Link made.");
        let change = PendingChange { verb: Verb::Site, change: Change::Linked, path: link.clone(), reply };
        self.ask_change(change, |ticket| StorageAction::Symlink { ticket, target, link });
    }

    fn run_copy(&mut self, from: &[u8], to: &[u8]) {
        let Some(from) = self.resolve_or_refuse(from) else { return };
        let Some(to) = self.resolve_or_refuse(to) else { return };
        self.copy(from, to, reply!("200 Copied."));
    }

    /// CPFR: the file must be there.
    fn run_copy_from(&mut self, path: &[u8]) {
        let Some(path) = self.resolve_or_refuse(path) else { return };
        let question = Question::CopyFrom(path.clone());
        self.ask(question, |ticket| HostAction::Storage(StorageAction::Stat { ticket, path }));
    }

    pub(super) fn answer_copy_from(&mut self, path: VirtualPath, result: Result<Metadata, Failure>) {
        match result {
            Ok(metadata) if metadata.is_directory() => self.finish(reply!("550 It is a directory.")),
            Ok(_) => {
                self.parameters.ahead.set_copy_from(path);
                self.finish(reply!("350 Ready for CPTO."));
            }
            Err(failure) => self.finish(refusal(failure, Verb::Site)),
        }
    }

    fn run_copy_to(&mut self, path: &[u8]) {
        let Some(from) = self.parameters.ahead.take_copy_from() else {
            return self.finish(reply!("503 Send SITE CPFR first."));
        };
        let Some(to) = self.resolve_or_refuse(path) else { return };
        self.copy(from, to, reply!("250 Copied."));
    }

    fn copy(&mut self, from: VirtualPath, to: VirtualPath, reply: Reply) {
        if from == to {
            return self.finish(reply!("553 A file cannot be copied onto itself."));
        }
        let change = PendingChange { verb: Verb::Site, change: Change::Copied(to.clone()), path: from.clone(), reply };
        let replace = self.may_replace();
        self.change_long("SITE COPY", change, |ticket| StorageAction::Copy { ticket, from, to, replace });
    }

    /// MKDIR: with all that is missing above it.
    fn run_make_dirs(&mut self, path: &[u8]) {
        let Some(path) = self.resolve_or_refuse(path) else { return };
        let reply = Reply::line(200, &[b"\"", &with_quotes_doubled(path.as_bytes()), b"\" is there."]);
        let change = PendingChange { verb: Verb::Mkd, change: Change::DirectoryMade, path: path.clone(), reply };
        let permissions = 0o777 & !self.parameters.umask;
        self.ask_change(change, |ticket| StorageAction::MakeDirs { ticket, path, permissions });
    }

    /// RMDIR: with all that is in it.
    fn run_remove_tree(&mut self, path: &[u8]) {
        let Some(path) = self.resolve_or_refuse(path) else { return };
        if path.is_root() {
            return self.finish(reply!("550 The root stays."));
        }
        let reply = reply!("200 Directory removed.");
        let change = PendingChange { verb: Verb::Rmd, change: Change::TreeRemoved, path: path.clone(), reply };
        self.change_long("SITE RMDIR", change, |ticket| StorageAction::RemoveTree { ticket, path });
    }

    pub(super) fn answer_quota(&mut self, result: Result<Quota, Failure>) {
        let quota = match result {
            Ok(quota) => quota,
            Err(Failure::Unsupported) => return self.finish(reply!("202 There is no quota.")),
            Err(failure) => return self.finish(refusal(failure, Verb::Site)),
        };
        let mut reply = Reply::begin(200, b"Quota:");
        for (what, used, most) in [("Bytes", quota.used_bytes, quota.bytes), ("Files", quota.used_files, quota.files)] {
            let text = match most {
                Some(most) => alloc::format!("{what}: {used} of {most}"),
                None => alloc::format!("{what}: {used}, no limit"),
            };
            reply.line(text.as_bytes());
        }
        self.finish(reply.end(b"End"));
    }

    /// WHO: a line for each session, as many as a reply may have.
    pub(super) fn answer_who(&mut self, result: Result<Roster, Failure>) {
        let roster = match result {
            Ok(roster) => roster,
            Err(Failure::Unsupported) => return self.finish(reply!("504 Nobody keeps a list here.")),
            Err(failure) => return self.finish(refusal(failure, Verb::Site)),
        };
        let shown = self.config.limits.reply_lines;
        let mut reply = Reply::begin(200, b"Who is on:");
        for line in roster.lines.iter().take(shown) {
            reply.line(line.as_bytes());
        }
        let last: &[u8] = if roster.lines.len() > shown { b"And more." } else { b"End" };
        self.finish(reply.end(last));
    }
}

fn attributes(path: VirtualPath, reply: Reply) -> PendingChange {
    PendingChange { verb: Verb::Site, change: Change::Attributes, path, reply }
}
