//! USER, PASS, ACCT, REIN: who is there (RFC 959 §4.1.1, RFC 2577 §5 and §7).
//!
//! ```text
//! Nobody ──USER──► Named ──PASS──► (Authenticate) ──ok────────────────────────────► LoggedIn
//!    ▲               │                  │ an account is asked for too                ▲  │
//!    │               │                  └───► NeedsAccount ──ACCT──► (Authenticate) ─┤  │
//!    │               └─ with a certificate: (Authenticate) ──ok──────────────────────┘  │
//!    └─────────────────────────── failed, after a delay; USER, REIN ────────────────────┘
//! ```
//!
//! Where the client has shown a certificate, USER asks whether that is enough (232, RFC 2228 §5.1); where it is not,
//! the password is asked for, and nothing counts as failed.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::question::Question;
use super::state::LoginState;
use super::{CloseReason, Session, Timer, Work};
use crate::action::{Credentials, HostAction};
use crate::failure::Failure;
use crate::notice::Notice;
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::secret::Secret;
use crate::storage::{Account, Permissions};
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
    /// Name and password are right; ACCT must follow.
    NeedsAccount(Box<Named>),
    LoggedIn(User),
    /// By the client's certificate alone.
    LoggedInByCertificate(User),
}

/// Who is logged in: what is still asked of the account.
#[derive(Debug)]
pub(super) struct User {
    pub(super) name: Arc<str>,
    pub(super) permissions: Permissions,
    idle_timeout: Option<Duration>,
}

/// What was given so far.
#[derive(Debug)]
struct Named {
    user: Box<[u8]>,
    password: Option<Secret>,
}

impl Login {
    /// Who is logged in.
    pub(super) const fn user(&self) -> Option<&User> {
        match &self.stage {
            Stage::LoggedIn(user) | Stage::LoggedInByCertificate(user) => Some(user),
            Stage::Nobody | Stage::Named(_) | Stage::NeedsAccount(_) => None,
        }
    }

    /// How far it is, for those who watch.
    pub(super) const fn state(&self) -> LoginState {
        match self.stage {
            Stage::Nobody => LoginState::Nobody,
            Stage::Named(_) => LoginState::Named,
            Stage::NeedsAccount(_) => LoginState::NeedsAccount,
            Stage::LoggedIn(_) => LoginState::LoggedIn,
            Stage::LoggedInByCertificate(_) => LoginState::Certified,
        }
    }

    /// Whether no USER is in force.
    pub(super) const fn is_nobody(&self) -> bool {
        matches!(self.stage, Stage::Nobody)
    }
}

impl Session {
    pub(super) fn greeting(&self) -> Reply {
        let Some((last, first)) = self.config.greeting.split_last() else {
            return reply!("220 FTP server ready.");
        };
        several(220, first.iter().map(|line| line.as_bytes()), last.as_bytes())
    }

    /// The greeting of a virtual host; the server's own where it has none.
    pub(super) fn greeting_of(&self, lines: &[Arc<str>]) -> Reply {
        let Some((last, first)) = lines.split_last() else { return self.greeting() };
        several(220, first.iter().map(|line| line.as_bytes()), last.as_bytes())
    }

    /// USER, at any time: forgets who was there. The answer is the same whether the name is known or not.
    pub(super) fn run_user(&mut self, name: Box<[u8]>) {
        if self.needs_tls_first() {
            return;
        }
        self.log_out();
        if self.certificate().is_some() {
            self.authenticate(&name, None, None);
        } else {
            self.finish(reply!("331 Password required."));
        }
        self.login.stage = Stage::Named(name);
    }

    pub(super) fn run_pass(&mut self, password: Secret) {
        if self.needs_tls_first() {
            return;
        }
        match &mut self.login.stage {
            Stage::Named(user) => {
                let user = user.clone();
                self.authenticate(&user, Some(password), None);
            }
            Stage::LoggedInByCertificate(_) => self.finish(reply!("202 No password is needed.")),
            Stage::NeedsAccount(_) => self.finish(reply!("503 Send ACCT now.")),
            Stage::Nobody | Stage::LoggedIn(_) => self.finish(reply!("503 Send USER first.")),
        }
    }

    /// ACCT, where a login asked for it.
    pub(super) fn run_acct(&mut self, account: Secret) {
        if self.needs_tls_first() {
            return;
        }
        match &mut self.login.stage {
            Stage::NeedsAccount(named) => {
                let (user, password) = (named.user.clone(), named.password.take());
                self.authenticate(&user, password, Some(account));
            }
            Stage::LoggedIn(_) | Stage::LoggedInByCertificate(_) => self.finish(reply!("202 No account is needed.")),
            Stage::Nobody | Stage::Named(_) => self.finish(reply!("503 Send USER first.")),
        }
    }

    /// Asks who this is, with all that was given.
    fn authenticate(&mut self, user: &[u8], password: Option<Secret>, account: Option<Secret>) {
        let credentials = Box::new(Credentials {
            user: user.into(),
            password: password.clone(),
            account,
            certificate: self.certificate(),
            host: self.host(),
            secured: self.is_secured(),
            peer: self.peer,
        });
        self.ask(Question::Login(password), |ticket| HostAction::Authenticate { ticket, credentials });
    }

    pub(super) fn answer_login(&mut self, password: Option<Secret>, result: Result<Account, Failure>) {
        let by_certificate = password.is_none();
        match (core::mem::take(&mut self.login.stage), result) {
            (Stage::Named(_), Ok(account)) if by_certificate => self.logged_in_by_certificate(account),
            (Stage::Named(user), Err(Failure::AccountRequired)) => {
                self.login.stage = Stage::NeedsAccount(Box::new(Named { user, password }));
                self.finish(reply!("332 Account required."));
            }
            (Stage::Named(user), Err(_)) if by_certificate => {
                self.login.stage = Stage::Named(user);
                self.finish(reply!("331 Password required."));
            }
            (Stage::Named(_) | Stage::NeedsAccount(_), Ok(account)) => self.logged_in(account),
            (Stage::Named(user), Err(_)) => self.login_failed(user),
            (Stage::NeedsAccount(named), Err(_)) => self.login_failed(named.user),
            _ => self.finish(reply!("530 Login incorrect.")),
        }
    }

    fn login_failed(&mut self, user: Box<[u8]>) {
        self.notify(Notice::LoginFailed { user });
        self.work = Work::LoginDelay;
        self.timers.set(Timer::LoginDelay, self.now + self.config.timeouts.login_delay);
    }

    fn logged_in(&mut self, account: Account) {
        let (user, welcome) = self.welcome(230, account, b"Logged in.");
        self.login.stage = Stage::LoggedIn(user);
        self.finish(welcome);
    }

    fn logged_in_by_certificate(&mut self, account: Account) {
        let (user, welcome) = self.welcome(232, account, b"Logged in by certificate.");
        self.login.stage = Stage::LoggedInByCertificate(user);
        self.finish(welcome);
    }

    fn welcome(&mut self, code: u16, account: Account, last: &[u8]) -> (User, Reply) {
        let Account { name, home, permissions, welcome, idle_timeout } = account;
        self.notify(Notice::LoggedIn { user: name.clone() });
        self.cwd = home;
        self.timers.stop(Timer::Login);
        self.login.failures = 0;
        let reply = several(code, welcome.iter().map(|line| line.as_bytes()), last);
        (User { name, permissions, idle_timeout }, reply)
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

    /// REIN: everything as it was when the connection began (RFC 959 §4.1.1).
    pub(super) fn run_rein(&mut self) {
        self.log_out();
        self.parameters = super::Parameters::default();
        let greeting = self.greeting();
        self.reset_security(greeting);
    }

    pub(super) fn log_out(&mut self) {
        if let Some(user) = self.login.user().map(|user| user.name.clone()) {
            self.notify(Notice::LoggedOut { user });
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
        let account = self.login.user().and_then(|user| user.idle_timeout);
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
