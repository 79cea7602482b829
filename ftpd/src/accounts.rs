//! Who may do what: the directories are opened, and the accounts of the server and of its virtual hosts made.

use std::sync::Arc;

use ftp_host::{Accounts, LocalDisk, Password, ReadOnly, Storage, Users, VirtualHosts};

use crate::fault::Fault;
use crate::hosts::Host;
use crate::settings::{Settings, Tree};
use crate::values::Access;

/// Everyone's accounts.
pub(crate) fn open(settings: &Settings) -> Result<Arc<dyn Accounts>, Fault> {
    let by_certificate = settings.tls.as_ref().is_some_and(|source| source.clients.is_some());
    let everyone = |tree: &Tree| -> Result<Arc<dyn Accounts>, Fault> {
        let users = users_of(tree)?;
        Ok(Arc::new(if by_certificate { users.certificates() } else { users }))
    };
    let of_host = |host: &Host| match everyone(&host.tree) {
        Err(fault @ Fault::UserTwice { .. }) => Err(host.place.fault(fault.to_string())),
        other => other,
    };
    let server = everyone(&settings.tree)?;
    if settings.hosts.is_empty() {
        return Ok(server);
    }
    let mut all = VirtualHosts::new(server);
    for host in &settings.hosts {
        let greeting = host.greeting.as_deref().unwrap_or_default().lines();
        all = all.host(host.name.canonical(), of_host(host)?, greeting);
    }
    Ok(Arc::new(all))
}

fn users_of(tree: &Tree) -> Result<Users, Fault> {
    let mut users = Users::new();
    if tree.is_closed() {
        return Ok(users);
    }
    let path = &tree.directory;
    let open = || LocalDisk::open(path).map_err(|cause| Fault::Directory { path: path.clone(), cause });
    let disk: Arc<dyn Storage> = Arc::new(open()?);
    // The permissions already say no; that the storage does too makes one mistake not enough.
    let read_only: Arc<dyn Storage> = Arc::new(ReadOnly(open()?));
    let storage = |access| Arc::clone(if access == Access::ReadOnly { &read_only } else { &disk });

    if let Some(file) = &tree.users_file {
        users = users.file(file, &disk)?;
    }
    for user in &tree.users {
        if users.contains(&user.name) {
            return Err(Fault::UserTwice { name: user.name.clone() });
        }
        let password = Password::Plain(user.password.clone());
        users = users.user(&user.name, password, user.access.permissions(), storage(user.access));
    }
    if let Some(access) = tree.anonymous {
        users = users.anonymous(access.permissions(), storage(access));
    }
    Ok(users)
}
