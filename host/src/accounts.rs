//! Who may log in, and what they then see.

mod certificate;

use std::collections::BTreeMap;
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use ftp_proto::action::Credentials;
use ftp_proto::outcome::VirtualHost;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::{Failure, Secret, VirtualPath};

use crate::context::Context;
use crate::pace::Pace;
use crate::storage::Storage;

/// Decides who may log in. May block; may be called from several threads at once.
pub trait Accounts: Send + Sync {
    /// Who this is, and the storage they get.
    ///
    /// # Errors
    /// [`Failure::LoginIncorrect`] whatever was wrong, and in the same time, so that names cannot be found out;
    /// another failure when nobody can be told apart now.
    fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure>;

    /// The same, for accounts that want to know which session asks, or keep something for it. What a host calls.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), which it is without more ado.
    fn authenticate_in(&self, credentials: &Credentials, context: &Context<'_>) -> Result<Login, Failure> {
        let _ = context;
        self.authenticate(credentials)
    }

    /// Whether [`authenticate_in`](Self::authenticate_in) may wait for these credentials, as where a password is hashed. To
    /// say so must not wait, and must not depend on whether there is a user of that name: how long an answer takes would
    /// tell.
    fn pace(&self, credentials: &Credentials) -> Pace {
        let _ = credentials;
        Pace::MayWait
    }

    /// The virtual host `name`. Those who log in from here on bring that name along in their credentials.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none of that name.
    fn select_host(&self, name: &str) -> Result<VirtualHost, Failure> {
        let _ = name;
        Err(Failure::NotFound)
    }
}

/// A login that succeeded.
#[derive(Clone)]
pub struct Login {
    /// What the engine learns.
    pub account: Account,
    /// What every later action of the session is run on.
    pub storage: Arc<dyn Storage>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("account", &self.account).finish_non_exhaustive()
    }
}

/// How a user's password is known.
#[derive(Clone)]
pub enum Password {
    /// As it is: for tests, and for passwords made up when the program starts.
    Plain(Secret),
    /// By its hash: see [`hash_password`].
    Hashed(Box<PasswordHash>),
}

impl Password {
    /// The password itself.
    #[must_use]
    pub fn plain(password: impl AsRef<[u8]>) -> Self {
        Self::Plain(Secret::new(password.as_ref()))
    }

    /// A hash that [`hash_password`] made, in the PHC format: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    ///
    /// # Errors
    /// When it is not an argon2id hash with its salt.
    pub fn hashed(phc: &str) -> Result<Self, BadHash> {
        let hash = PasswordHash::new(phc).map_err(|_| BadHash)?;
        let whole = hash.algorithm.as_str() == "argon2id" && hash.salt.is_some() && hash.hash.is_some();
        let known = argon2::Params::try_from(&hash).is_ok();
        if whole && known { Ok(Self::Hashed(Box::new(hash))) } else { Err(BadHash) }
    }

    fn matches(&self, given: &Secret) -> bool {
        match self {
            Self::Plain(known) => same_bytes(known.expose(), given.expose()),
            Self::Hashed(hash) => Argon2::default().verify_password(given.expose(), &**hash).is_ok(),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// The text is not an argon2id hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an argon2id hash in the PHC format ($argon2id$v=19$m=...,t=...,p=...$salt$hash)")]
pub struct BadHash;

/// A fresh salted argon2id hash of `password`, in the PHC format.
///
/// Takes some tens of milliseconds and 19 MiB of memory: that is its point.
///
/// # Panics
/// When the operating system has no randomness to give.
#[must_use]
pub fn hash_password(password: &[u8]) -> String {
    let hash = Argon2::default().hash_password(password).expect("randomness, and a password shorter than 4 GiB");
    hash.to_string()
}

/// A list of users held in memory. Built in the style of `Users::new().anonymous(…).user(…)`.
#[derive(Debug, Default)]
pub struct Users {
    users: BTreeMap<Box<[u8]>, User>,
    anonymous: Option<Login>,
    /// Whether a certificate does instead of a password.
    certificates: Certificates,
    /// What the password of an unknown name is compared with, to no avail.
    decoy: Option<Password>,
}

#[derive(Debug, Default)]
enum Certificates {
    #[default]
    Ignored,
    Accepted,
}

#[derive(Debug)]
struct User {
    password: Password,
    login: Login,
}

impl Users {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user, or replaces the one of that name, who begins at `/`.
    #[must_use]
    pub fn user(self, name: &str, password: Password, permissions: Permissions, storage: Arc<dyn Storage>) -> Self {
        self.user_at(name, password, permissions, storage, VirtualPath::root())
    }

    /// The same for one who begins at `home`.
    #[must_use]
    pub fn user_at(
        mut self,
        name: &str,
        password: Password,
        permissions: Permissions,
        storage: Arc<dyn Storage>,
        home: VirtualPath,
    ) -> Self {
        if self.decoy.is_none() || matches!(self.decoy, Some(Password::Plain(_))) {
            self.decoy = Some(password.clone());
        }
        let mut account = Account::new(name, permissions);
        account.home = home;
        self.users.insert(name.as_bytes().into(), User { password, login: Login { account, storage } });
        self
    }

    /// Lets `anonymous` and `ftp` in, in any case and with any password (RFC 1635).
    #[must_use]
    pub fn anonymous(mut self, permissions: Permissions, storage: Arc<dyn Storage>) -> Self {
        self.anonymous = Some(Login { account: Account::new("anonymous", permissions), storage });
        self
    }

    /// Lets users in without a password by their client's certificate: one that names them, as its subject's common
    /// name or as an e-mail address or DNS name of its alternative names, letter by letter. Nobody is anonymous by one.
    ///
    /// Whoever can have such a certificate signed by one of the authorities that the TLS settings trust
    /// ([`TlsBuilder::client_certificates`](crate::tls::TlsBuilder::client_certificates)) is let in by it.
    #[must_use]
    pub fn certificates(mut self) -> Self {
        self.certificates = Certificates::Accepted;
        self
    }

    /// Whether there is a user of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.users.contains_key(name.as_bytes())
    }
}

impl Accounts for Users {
    fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure> {
        let Some(password) = &credentials.password else { return self.by_certificate(credentials) };
        if let Some(user) = self.users.get(&credentials.user) {
            let matches = user.password.matches(password);
            return if matches { Ok(user.login.clone()) } else { Err(Failure::LoginIncorrect) };
        }
        if let Some(login) = &self.anonymous
            && is_anonymous(&credentials.user)
        {
            return Ok(login.clone());
        }
        // An unknown name takes as long as a wrong password.
        if let Some(decoy) = &self.decoy {
            black_box(decoy.matches(password));
        }
        Err(Failure::LoginIncorrect)
    }

    /// One for the whole list, whoever is named: where any password is hashed, everyone goes the way of those that are.
    fn pace(&self, credentials: &Credentials) -> Pace {
        match (&credentials.password, &self.decoy) {
            // The decoy is a hashed one as soon as there is any.
            (Some(_), None | Some(Password::Plain(_))) => Pace::Prompt,
            // Certificates are parsed, which takes longer than a look at a password.
            (Some(_), Some(Password::Hashed(_))) | (None, _) => Pace::MayWait,
        }
    }
}

impl Users {
    fn by_certificate(&self, credentials: &Credentials) -> Result<Login, Failure> {
        let (Certificates::Accepted, Some(certificate)) = (&self.certificates, &credentials.certificate) else {
            return Err(Failure::LoginIncorrect);
        };
        if is_anonymous(&credentials.user) {
            return Err(Failure::LoginIncorrect);
        }
        match self.users.get(&credentials.user) {
            Some(user) if certificate::names(certificate, &credentials.user) => Ok(user.login.clone()),
            _ => Err(Failure::LoginIncorrect),
        }
    }
}

fn is_anonymous(user: &[u8]) -> bool {
    ANONYMOUS.iter().any(|name| user.eq_ignore_ascii_case(name))
}

/// Compares without stopping at the first difference. How long the longer one is may show.
fn same_bytes(known: &[u8], given: &[u8]) -> bool {
    let mut difference = u8::from(known.len() != given.len());
    for (at, byte) in given.iter().enumerate() {
        difference |= byte ^ known.get(at).copied().unwrap_or(!byte);
        // Lest the compiler see that the rest does not matter.
        difference = black_box(difference);
    }
    difference == 0
}

const ANONYMOUS: [&[u8]; 2] = [b"anonymous", b"ftp"];

#[cfg(test)]
mod tests;
