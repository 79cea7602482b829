//! Which command may run now, and who runs it.

use super::inbox::{LineError, Parsed};
use super::{CloseReason, Session, Timer, Violation, Work};
use crate::command::{Command, CommandError, SiteCommand};
use crate::notice::{Notice, Refusal, TransferOutcome};
use crate::reply::{Reply, reply};
use crate::storage::Permissions;
use crate::verb::{Needs, Verb};

impl Session {
    /// Takes a line that was just framed: it waits its turn, but for what is seen while a transfer or long work
    /// runs.
    pub(super) fn incoming(&mut self, parsed: Parsed, bytes: usize) {
        let begun = match &self.work {
            Work::Transfer(transfer) => Some(transfer.has_begun()),
            Work::Long(long) => Some(long.is_known_to_run(self.now)),
            _ => None,
        };
        if let Some(begun) = begun {
            let at_once = begun && self.inbox.is_empty() && self.takes_replies();
            match parsed {
                Ok(Command::Bare(Verb::Abor)) if self.config.allows(Verb::Abor) => {
                    self.stop_transfer(TransferOutcome::Aborted);
                    self.abort_long();
                }
                Ok(Command::Bare(verb @ (Verb::Noop | Verb::Stat))) if at_once && self.config.allows(verb) => {
                    self.tally.commands += 1;
                    let reply = if verb == Verb::Noop { reply!("200 OK.") } else { self.status_reply() };
                    return self.outbox.write(reply);
                }
                _ => {}
            }
        }
        // Most commands come to an idle session and never wait.
        if self.inbox.is_empty() && self.can_run() {
            return self.run(parsed);
        }
        self.inbox.push(parsed, bytes);
    }

    /// Runs one command. Ends in [`finish`](Self::finish), or in work that will.
    pub(super) fn run(&mut self, parsed: Parsed) {
        self.tally.commands += 1;
        self.timers.stop(Timer::Idle);
        let verb = parsed.as_ref().ok().and_then(verb_of);
        if !verb.is_some_and(keeps_restart) {
            self.parameters.restart = 0;
        }
        let copies = matches!(parsed, Ok(Command::Site(SiteCommand::CopyTo(_))));
        self.parameters.ahead.begin(verb, copies);
        match parsed {
            Ok(command) => match self.gate(&command, verb) {
                Ok(()) => self.dispatch(command),
                Err(reply) => self.finish(reply),
            },
            Err(error) => self.run_error(error),
        }
        if verb.is_some_and(uses_restart) {
            self.parameters.restart = 0;
        }
    }

    /// Whether the command is on, the client logged in, and the account allowed.
    fn gate(&mut self, command: &Command, verb: Option<Verb>) -> Result<(), Reply> {
        let Some(verb) = verb else { return Ok(()) };
        if !self.config.allows(verb) {
            let by_algorithm = !self.config.hashes(verb) && !self.config.disabled.contains(verb);
            return Err(if by_algorithm {
                reply!("504 The algorithm is switched off.")
            } else {
                reply!("502 Command switched off.")
            });
        }
        let info = verb.info();
        let needs_login = match command {
            Command::Path(Verb::Stat, _) => true,
            Command::Site(SiteCommand::Other { name, .. }) => !self.is_open_to_all(name),
            _ => info.needs == Needs::Login,
        };
        let Some(account) = self.login.user() else {
            return if needs_login { Err(reply!("530 Please log in with USER and PASS.")) } else { Ok(()) };
        };
        if account.permissions.contains(permission_for(command, info.permission)) {
            return Ok(());
        }
        self.notify(Notice::Refused { what: Refusal::NotPermitted });
        Err(reply!("550 Permission denied."))
    }

    /// Whether this is a custom SITE verb that needs no login.
    fn is_open_to_all(&self, name: &str) -> bool {
        let mut custom = self.config.custom.iter().filter(|custom| !custom.needs_login);
        custom.any(|custom| custom.name.strip_prefix("SITE ") == Some(name))
    }

    fn dispatch(&mut self, command: Command) {
        match command {
            Command::Bare(verb) => self.run_bare(verb),
            Command::Path(verb, path) => self.run_path(verb, &path),
            Command::User(name) => self.run_user(name),
            Command::Pass(password) => self.run_pass(password),
            Command::Acct(account) => self.run_acct(account),
            Command::Port(_, address) => self.run_port(address),
            Command::PortFamily(_) => self.refuse_family(),
            Command::Epsv(argument) => self.run_epsv(argument),
            Command::Type(argument) => self.run_type(argument),
            Command::Stru(letter) => self.run_stru(letter),
            Command::Mode(letter) => self.run_mode(letter),
            Command::Allo(bytes) => self.run_allo(bytes),
            Command::Rest(offset) => self.run_rest(offset),
            Command::Mdtm { path, set } => self.run_mdtm(&path, set),
            Command::SetTime(verb, time, path) => self.run_set_time(verb, time, &path),
            Command::Mff(facts, path) => self.run_mff(facts, &path),
            Command::Security(command) => self.run_security(command),
            Command::Site(command) => self.run_site(command),
            Command::Help(topic) => self.run_help(&topic),
            Command::Opts(argument) => self.run_opts(argument),
            Command::Clnt(_) => self.finish(reply!("200 Noted.")),
            Command::Checksum { verb, of, or } => self.run_checksum(verb, of, or),
            Command::Paths(Verb::Mmd5, paths) => self.run_mmd5(paths),
            Command::Paths(_, paths) => self.run_comb(&paths),
            Command::Rang(first, last) => self.run_rang(first, last),
            Command::Lang(tag) => self.run_lang(&tag),
            Command::Csid(_) => self.run_csid(),
            Command::Pret(verb, argument) => self.run_pret(verb, argument),
            Command::Other { verb, argument } => self.run_custom(verb, argument),
        }
    }

    fn run_bare(&mut self, verb: Verb) {
        match verb {
            Verb::Quit => {
                self.finish(reply!("221 Goodbye."));
                self.close(CloseReason::Quit, None);
            }
            Verb::Rein => self.run_rein(),
            Verb::Cdup => self.change_directory(self.cwd.parent()),
            Verb::Pwd => self.run_pwd(),
            Verb::Pasv | Verb::Lpsv | Verb::Cpsv => self.run_passive(verb),
            Verb::Abor => self.run_abor(),
            Verb::Stou => self.run_stou(b""),
            Verb::List | Verb::Nlst | Verb::Mlsd => self.run_listing(verb, b""),
            Verb::Mlst => self.run_mlst(self.cwd.clone()),
            Verb::Syst => self.finish(reply!("215 UNIX Type: L8")),
            Verb::Stat => {
                let reply = self.status_reply();
                self.finish(reply);
            }
            Verb::Help => self.run_help(b""),
            Verb::Avbl => self.run_avbl(self.cwd.clone()),
            Verb::Dsiz => self.run_dsiz(self.cwd.clone()),
            Verb::Lang => self.finish(reply!("200 Replies are in English.")),
            Verb::Feat => self.run_feat(),
            Verb::Noop => self.finish(reply!("200 OK.")),
            Verb::Ccc => self.run_ccc(),
            Verb::Sscn => self.tell_sscn(),
            // The grammar gives every other verb an argument.
            _ => self.finish(reply!("501 Argument missing.")),
        }
    }

    fn run_path(&mut self, verb: Verb, argument: &[u8]) {
        match verb {
            Verb::List | Verb::Nlst | Verb::Mlsd => return self.run_listing(verb, argument),
            Verb::Stat => return self.run_status_of(argument),
            Verb::Stou => return self.run_stou(argument),
            Verb::Hash => return self.run_hash(argument),
            Verb::Smnt => return self.finish(reply!("202 Everything is mounted.")),
            _ => {}
        }
        let Some(path) = self.resolve_or_refuse(argument) else { return };
        match verb {
            Verb::Cwd => self.change_directory(path),
            Verb::Retr => self.run_retr(path),
            Verb::Stor => self.run_stor(path),
            Verb::Appe => self.run_appe(path),
            Verb::Mlst => self.run_mlst(path),
            Verb::Size => self.run_size(path),
            Verb::Rnfr => self.run_rnfr(path),
            Verb::Rnto => self.run_rnto(path),
            Verb::Dele => self.run_dele(path),
            Verb::Rmd => self.run_rmd(path),
            Verb::Mkd => self.run_mkd(path),
            Verb::Avbl => self.run_avbl(path),
            Verb::Dsiz => self.run_dsiz(path),
            _ => self.finish(reply!("501 This command takes no pathname.")),
        }
    }

    fn run_error(&mut self, error: LineError) {
        let error = match error {
            LineError::TooLong => {
                self.notify(Notice::Refused { what: Refusal::LineTooLong });
                return self.violated(Violation::LineTooLong);
            }
            LineError::Command(error) => error,
        };
        match error {
            CommandError::ForeignProtocol => {
                self.notify(Notice::Refused { what: Refusal::ForeignProtocol });
                self.finish(reply!("421 This is an FTP server, closing."));
                self.close(CloseReason::ForeignProtocol, None);
            }
            CommandError::NotACommand => self.violated(Violation::NotACommand),
            CommandError::ControlByte => self.finish(reply!("501 Control characters are not allowed.")),
            CommandError::BadArgument(verb)
            | CommandError::MissingArgument(verb)
            | CommandError::UnwantedArgument(verb)
            | CommandError::NotImplementedFor(verb)
                if !self.config.allows(verb) =>
            {
                self.finish(reply!("502 Command switched off."));
            }
            CommandError::NotImplementedFor(_) => self.finish(reply!("504 Not implemented for that parameter.")),
            CommandError::UnwantedArgument(verb) => {
                self.finish(Reply::line(501, &[verb.name().as_bytes(), b" takes no argument."]));
            }
            CommandError::BadArgument(verb) | CommandError::MissingArgument(verb) => {
                let (name, syntax) = (verb.name().as_bytes(), verb.info().syntax.as_bytes());
                self.finish(Reply::line(501, &[b"Syntax: ", name, b" ", syntax.trim_ascii_start()]));
            }
        }
    }

    /// Answers a violation; the one over the limit closes the session.
    pub(super) fn violated(&mut self, violation: Violation) {
        self.tally.violations += 1;
        if self.tally.violations > self.config.limits.violations {
            self.finish(reply!("421 Too many bad commands, closing."));
            return self.close(CloseReason::TooManyViolations, None);
        }
        self.finish(match violation {
            Violation::NotACommand => reply!("500 Command not understood."),
            Violation::LineTooLong => reply!("500 Command line too long."),
        });
    }

    /// The path that `argument` names; or answers why it is none.
    pub(super) fn resolve_or_refuse(&mut self, argument: &[u8]) -> Option<crate::path::VirtualPath> {
        match self.cwd.resolve(argument, self.config.limits.path) {
            Ok(path) => Some(path),
            Err(error) => {
                // A failed RNTO has used its RNFR up.
                self.parameters.ahead.take_rename_from();
                self.finish(super::failures::path_error(error));
                None
            }
        }
    }
}

/// What the account must be allowed for this very command.
fn permission_for(command: &Command, usual: Permissions) -> Permissions {
    match command {
        Command::Site(SiteCommand::Chmod(..) | SiteCommand::Utime { .. }) => Permissions::ATTRIBUTES,
        Command::Site(SiteCommand::Symlink(..)) => Permissions::SYMLINK,
        Command::Site(SiteCommand::Copy(..) | SiteCommand::CopyTo(_)) => Permissions::READ | Permissions::CREATE,
        Command::Site(SiteCommand::CopyFrom(_)) => Permissions::READ,
        Command::Site(SiteCommand::Chown { .. }) => Permissions::OWNER,
        Command::Site(SiteCommand::MakeDirs(_)) => Permissions::MAKE_DIR,
        Command::Site(SiteCommand::RemoveTree(_)) => Permissions::REMOVE_DIR | Permissions::DELETE,
        Command::Site(SiteCommand::Who) => Permissions::ADMIN,
        Command::Pret(verb, _) => verb.info().permission,
        Command::Path(Verb::Stat, _) => Permissions::LIST,
        _ => usual,
    }
}

/// The table's verb for a command; `None` for one that is not in the table.
fn verb_of(command: &Command) -> Option<Verb> {
    Some(match command {
        Command::Bare(verb)
        | Command::Path(verb, _)
        | Command::Port(verb, _)
        | Command::PortFamily(verb)
        | Command::SetTime(verb, ..) => *verb,
        Command::User(_) => Verb::User,
        Command::Pass(_) => Verb::Pass,
        Command::Acct(_) => Verb::Acct,
        Command::Epsv(_) => Verb::Epsv,
        Command::Type(_) => Verb::Type,
        Command::Stru(_) => Verb::Stru,
        Command::Mode(_) => Verb::Mode,
        Command::Allo(_) => Verb::Allo,
        Command::Rest(_) => Verb::Rest,
        Command::Mdtm { .. } => Verb::Mdtm,
        Command::Mff(..) => Verb::Mff,
        Command::Security(command) => command.verb(),
        Command::Site(_) => Verb::Site,
        Command::Help(_) => Verb::Help,
        Command::Opts(_) => Verb::Opts,
        Command::Clnt(_) => Verb::Clnt,
        Command::Checksum { verb, .. } | Command::Paths(verb, _) => *verb,
        Command::Rang(..) => Verb::Rang,
        Command::Lang(_) => Verb::Lang,
        Command::Csid(_) => Verb::Csid,
        Command::Pret(..) => Verb::Pret,
        Command::Other { .. } => return None,
    })
}

/// Whether a REST stays in force behind this command. Clients set up the data connection and the type before or after
/// it (curl, ftplib and FileZilla each in their own order); anything else clears it (RFC 3659 §5.3).
const fn keeps_restart(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Pasv
            | Verb::Epsv
            | Verb::Lpsv
            | Verb::Cpsv
            | Verb::Port
            | Verb::Eprt
            | Verb::Lprt
            | Verb::Type
            | Verb::Pret
            | Verb::Noop
            | Verb::Allo
            | Verb::Rest
    ) || uses_restart(verb)
}

/// Whether a REST is for this command, and used up by it, also where it is refused.
const fn uses_restart(verb: Verb) -> bool {
    matches!(verb, Verb::Retr | Verb::Stor | Verb::Appe | Verb::Stou)
}
