//! USER, PASS, ACCT, REIN: who is there (RFC 959 §4.1.1, RFC 2577 §5 and §7).
//!
//! ```text
//! Nobody ──USER──► Named ──PASS──► (Authenticate) ──ok──► LoggedIn
//!    ▲               ▲                  │ failed, after a delay     │
//!    └───────────────│──────────────────┘◄──────────USER, REIN──────┘
//! ```

use alloc::boxed::Box;

use super::question::Question;
use super::{CloseReason, Session, Timer, Work};
use crate::action::{Credentials, HostAction};
use crate::failure::Failure;
use crate::notice::Notice;
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::secret::Secret;
use crate::storage::Account;
use crate::time::Duration;

/// How far the login is.
#[derive(Debug, Default)]
pub(super) struct Login {
    stage: Stage,
    failures: u32,
    /// SITE IDLE's wish.
    pub(super) idle: Option<Duration>,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Nobody,
    Named(Box<[u8]>),
    LoggedIn(Box<Account>),
}

impl Login {
    /// Who is logged in.
    pub(super) fn account(&self) -> Option<&Account> {
        match &self.stage {
            Stage::LoggedIn(account) => Some(account),
            Stage::Nobody | Stage::Named(_) => None,
        }
    }
}

impl Session {
    pub(super) fn greeting(&self) -> Reply {
        let Some((last, first)) = self.config.greeting.split_last() else {
            return reply!("220 FTP server ready.");
        };
        several(220, first.iter().map(|line| line.as_bytes()), last.as_bytes())
    }

    /// USER, at any time: forgets who was there. The answer is the same whether the name is known or not.
    pub(super) fn run_user(&mut self, name: Box<[u8]>) {
        self.log_out();
        self.login.stage = Stage::Named(name);
        self.finish(reply!("331 Password required."));
    }

    pub(super) fn run_pass(&mut self, password: Secret) {
        let Stage::Named(user) = &self.login.stage else {
            return self.finish(reply!("503 Send USER first."));
        };
        let mut credentials = Credentials::new(user, b"", self.peer);
        credentials.password = Some(password);
        self.ask(Question::Login, |ticket| HostAction::Authenticate { ticket, credentials: Box::new(credentials) });
    }

    pub(super) fn answer_login(&mut self, result: Result<Account, Failure>) {
        let Stage::Named(user) = core::mem::take(&mut self.login.stage) else {
            return self.finish(reply!("530 Login incorrect."));
        };
        match result {
            Ok(account) => self.logged_in(account),
            Err(_) => {
                self.notify(Notice::LoginFailed { user });
                self.work = Work::LoginDelay;
                self.timers.set(Timer::LoginDelay, self.now + self.config.timeouts.login_delay);
            }
        }
    }

    fn logged_in(&mut self, account: Account) {
        self.notify(Notice::LoggedIn { user: account.name.clone() });
        self.cwd = account.home.clone();
        self.timers.stop(Timer::Login);
        let welcome = several(230, account.welcome.iter().map(|line| line.as_bytes()), b"Logged in.");
        self.login.failures = 0;
        self.login.stage = Stage::LoggedIn(Box::new(account));
        self.finish(welcome);
    }

    /// The delay is over: says no, in one text for every reason.
    pub(super) fn refuse_login(&mut self) {
        self.login.failures += 1;
        if self.login.failures >= self.config.limits.login_attempts {
            self.finish(reply!("530 Login incorrect."));
            return self.close(CloseReason::TooManyLogins, Some(reply!("421 Too many failed logins, closing.")));
        }
        self.finish(reply!("530 Login incorrect."));
    }

    /// ACCT: no account here asks for one.
    pub(super) fn run_acct(&mut self) {
        self.finish(match self.login.account() {
            Some(_) => reply!("202 No account is needed."),
            None => reply!("503 Send USER first."),
        });
    }

    /// REIN: everything as it was when the connection began (RFC 959 §4.1.1).
    pub(super) fn run_rein(&mut self) {
        self.log_out();
        self.parameters = super::Parameters::default();
        let greeting = self.greeting();
        self.finish(greeting);
    }

    fn log_out(&mut self) {
        if self.login.account().is_some() {
            self.timers.stop(Timer::Idle);
            self.timers.set(Timer::Login, self.now + self.config.timeouts.login);
        }
        self.login.stage = Stage::Nobody;
        self.login.idle = None;
        self.cwd = VirtualPath::root();
        self.parameters.forget_file();
        self.close_data_setup();
    }

    /// How long this session may idle.
    pub(super) fn idle_timeout(&self) -> Duration {
        let account = self.login.account().and_then(|account| account.idle_timeout);
        self.login.idle.or(account).unwrap_or(self.config.timeouts.idle)
    }
}

/// A reply of as many lines as there are.
fn several<'a>(code: u16, before: impl Iterator<Item = &'a [u8]>, last: &[u8]) -> Reply {
    let mut before = before;
    let Some(first) = before.next() else { return Reply::line(code, &[last]) };
    let mut reply = Reply::begin(code, first);
    before.for_each(|line| {
        reply.line(line);
    });
    reply.end(last)
}
