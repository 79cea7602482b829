//! Who may log in.

use std::collections::BTreeMap;

use ftp_proto::action::Credentials;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::{Failure, VirtualPath};

/// Names with passwords, and what they may do.
#[derive(Clone, Debug, Default)]
pub struct Accounts(BTreeMap<Vec<u8>, (Vec<u8>, Account)>);

impl Accounts {
    /// Adds one that begins in `home`.
    ///
    /// # Panics
    /// When `home` is no absolute path.
    pub fn add(&mut self, name: &str, password: &str, home: &str, permissions: Permissions) {
        let mut account = Account::new(name, permissions);
        account.home = VirtualPath::parse(home.as_bytes()).expect("an absolute path");
        self.0.insert(name.into(), (password.into(), account));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(Vec::as_slice)
    }

    pub(crate) fn judge(&self, credentials: &Credentials) -> Result<Account, Failure> {
        let (password, account) = self.0.get(&*credentials.user).ok_or(Failure::LoginIncorrect)?;
        let right = credentials.password.as_ref().is_some_and(|given| given.expose() == password);
        if right { Ok(account.clone()) } else { Err(Failure::LoginIncorrect) }
    }
}
