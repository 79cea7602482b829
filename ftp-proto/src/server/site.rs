//! SITE and its sub-commands.

use super::Session;
use super::question::{PendingChange, Question};
use crate::action::{HostAction, StorageAction, Times};
use crate::command::SiteCommand;
use crate::digits::Decimal;
use crate::notice::Change;
use crate::reply::{Reply, reply};
use crate::time::Duration;
use crate::verb::Verb;

/// What SITE HELP tells.
const HELP: [&str; 7] = [
    "CHMOD <sp> mode <sp> pathname",
    "COPY <sp> from <sp> to",
    "HELP",
    "IDLE [<sp> seconds]",
    "SYMLINK <sp> target <sp> link",
    "UMASK [<sp> mask]",
    "UTIME <sp> YYYYMMDDhhmm[ss] <sp> pathname",
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
        if from == to {
            return self.finish(reply!("553 A file cannot be copied onto itself."));
        }
        let reply = reply!("200 Copied.");
        let change = PendingChange { verb: Verb::Site, change: Change::Copied(to.clone()), path: from.clone(), reply };
        let replace = self.may_replace();
        let ticket = self.issue_long(super::ledger::Step::Question);
        let copy = StorageAction::Copy { ticket, from, to, replace };
        self.outbox.push(crate::Action::Host(HostAction::Storage(copy)));
        self.work = super::Work::Question(Question::Change(alloc::boxed::Box::new(change)));
    }
}

fn attributes(path: crate::path::VirtualPath, reply: Reply) -> PendingChange {
    PendingChange { verb: Verb::Site, change: Change::Attributes, path, reply }
}
