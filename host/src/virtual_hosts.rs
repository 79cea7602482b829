//! Several servers behind one address: accounts and greeting by the name that the client asked for (HOST, RFC 7151).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ftp_proto::Failure;
use ftp_proto::action::Credentials;
use ftp_proto::outcome::VirtualHost;

use crate::accounts::{Accounts, Login};
use crate::context::Context;
use crate::pace::Pace;

/// Accounts for each virtual host, and those for clients that name none. Since an account comes with its storage, each
/// host has a tree of its own.
///
/// Names are compared as DNS does: without regard to case, or to a last dot.
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_host::{Accounts, MemoryDisk, Users, VirtualHosts};
/// use ftp_proto::Failure;
/// use ftp_proto::storage::Permissions;
///
/// let anyone = |disk| Arc::new(Users::new().anonymous(Permissions::READ_ONLY, Arc::new(disk)));
/// let hosts = VirtualHosts::new(anyone(MemoryDisk::new()))
///     .host("mirror.example", anyone(MemoryDisk::new().with_dir("/debian")), ["Mirrors. Be kind."]);
///
/// assert_eq!(&*hosts.select_host("Mirror.Example")?.greeting[0], "Mirrors. Be kind.");
/// assert_eq!(hosts.select_host("other.example"), Err(Failure::NotFound));
/// # Ok::<(), Failure>(())
/// ```
pub struct VirtualHosts {
    default: Arc<dyn Accounts>,
    hosts: BTreeMap<Box<str>, Named>,
}

struct Named {
    accounts: Arc<dyn Accounts>,
    greeting: Vec<Arc<str>>,
}

impl VirtualHosts {
    /// Only these accounts, for clients that name no host.
    #[must_use]
    pub fn new(default: Arc<dyn Accounts>) -> Self {
        Self { default, hosts: BTreeMap::new() }
    }

    /// Adds the host `name`, or replaces it. `greeting` is what its 220 says; empty, that of the server.
    #[must_use]
    pub fn host(
        mut self,
        name: &str,
        accounts: Arc<dyn Accounts>,
        greeting: impl IntoIterator<Item = impl Into<Arc<str>>>,
    ) -> Self {
        let greeting = greeting.into_iter().map(Into::into).collect();
        self.hosts.insert(canonical(name), Named { accounts, greeting });
        self
    }

    /// Whose accounts these credentials are for.
    fn accounts(&self, credentials: &Credentials) -> Result<&dyn Accounts, Failure> {
        match &credentials.host {
            None => Ok(&*self.default),
            // A name that nobody has never gets the default's accounts: it was refused when it was selected.
            Some(name) => {
                let named = self.hosts.get(&canonical(name)).ok_or(Failure::LoginIncorrect)?;
                Ok(&*named.accounts)
            }
        }
    }
}

impl Accounts for VirtualHosts {
    fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure> {
        self.accounts(credentials)?.authenticate(credentials)
    }

    fn authenticate_in(&self, credentials: &Credentials, context: &Context<'_>) -> Result<Login, Failure> {
        self.accounts(credentials)?.authenticate_in(credentials, context)
    }

    fn pace(&self, credentials: &Credentials) -> Pace {
        self.accounts(credentials).map_or(Pace::MayWait, |accounts| accounts.pace(credentials))
    }

    fn select_host(&self, name: &str) -> Result<VirtualHost, Failure> {
        let named = self.hosts.get(&canonical(name)).ok_or(Failure::NotFound)?;
        Ok(VirtualHost { greeting: named.greeting.clone() })
    }
}

impl fmt::Debug for VirtualHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualHosts").field("hosts", &self.hosts.keys()).finish_non_exhaustive()
    }
}

/// A name as all its spellings are kept.
fn canonical(name: &str) -> Box<str> {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use ftp_proto::storage::Permissions;

    use super::*;
    use crate::{MemoryDisk, Password, Users};

    fn accounts(name: &str) -> Arc<dyn Accounts> {
        let disk = Arc::new(MemoryDisk::new());
        Arc::new(Users::new().user(name, Password::plain("secret"), Permissions::READ_ONLY, disk))
    }

    fn hosts() -> VirtualHosts {
        let greeting = ["Hello.", "This is A."];
        let hosts = VirtualHosts::new(accounts("anyone")).host("A.example", accounts("alice"), greeting);
        hosts.host("b.example.", accounts("bob"), [""; 0])
    }

    fn log_in(user: &str, host: Option<&str>) -> Option<Failure> {
        let mut credentials = Credentials::new(user.as_bytes(), b"secret", ([192, 0, 2, 1], 40_000).into());
        credentials.host = host.map(Into::into);
        hosts().authenticate(&credentials).err()
    }

    #[test]
    fn each_host_has_its_own_accounts() {
        for host in ["a.example", "A.EXAMPLE", "a.example."] {
            assert_eq!(log_in("alice", Some(host)), None, "{host}");
            assert_eq!(log_in("bob", Some(host)), Some(Failure::LoginIncorrect));
            assert_eq!(log_in("anyone", Some(host)), Some(Failure::LoginIncorrect));
        }
        assert_eq!(log_in("bob", Some("B.example")), None);
        assert_eq!(log_in("anyone", None), None);
        assert_eq!(log_in("alice", None), Some(Failure::LoginIncorrect));
        assert_eq!(log_in("anyone", Some("c.example")), Some(Failure::LoginIncorrect));
    }

    #[test]
    fn a_host_is_selected_by_its_name_alone() {
        let hosts = hosts();
        let greeting = hosts.select_host("a.EXAMPLE").unwrap().greeting;
        assert_eq!(greeting.iter().map(|line| &**line).collect::<Vec<_>>(), ["Hello.", "This is A."]);
        assert!(hosts.select_host("b.example").unwrap().greeting.is_empty());
        for unknown in ["", ".", "c.example", "a.example.org", "192.0.2.1"] {
            assert_eq!(hosts.select_host(unknown), Err(Failure::NotFound), "{unknown}");
        }
    }
}
