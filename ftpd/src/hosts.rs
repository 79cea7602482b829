//! Virtual hosts, as the configuration file has them: a table `[[host]]` for each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::configuration::Place;
use crate::fault::Fault;
use crate::settings::Tree;
use crate::values::{Anonymous, HostName, User};

/// A virtual host as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HostOptions {
    name: Spanned<HostName>,
    directory: PathBuf,
    #[serde(default)]
    user: Vec<User>,
    users_file: Option<PathBuf>,
    anonymous: Option<Anonymous>,
    greeting: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

/// A virtual host that makes sense.
#[derive(Debug)]
pub(crate) struct Host {
    /// What clients call it.
    pub(crate) name: HostName,
    /// What is served there, and to whom.
    pub(crate) tree: Tree,
    /// What its clients are greeted with; `None`: as those of the server.
    pub(crate) greeting: Option<String>,
    /// Its certificate's chain and key; `None`: those of the server.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    /// Where its name stands.
    pub(crate) place: Place,
}

/// Checks the hosts that stand in the file at `path`, whose paths are relative to `base`. `place` tells where an offset
/// of the file is.
pub(crate) fn check(
    written: Vec<HostOptions>,
    base: &Path,
    place: impl Fn(usize) -> Place,
) -> Result<Vec<Host>, Fault> {
    let mut names = BTreeSet::new();
    let mut hosts = Vec::new();
    for host in written {
        let place = place(host.name.span().start);
        let host = host.check(base, place)?;
        if !names.insert(host.name.clone()) {
            return Err(host.place.fault(format!("the host {} is given twice", host.name)));
        }
        hosts.push(host);
    }
    Ok(hosts)
}

impl HostOptions {
    fn check(self, base: &Path, place: Place) -> Result<Host, Fault> {
        let of_file = |path: PathBuf| base.join(path);
        let users_file = self.users_file.map(of_file);
        let tree = Tree::new(base.join(self.directory), self.user, users_file, self.anonymous, Anonymous::Ro);
        let tree = tree.map_err(|fault| place.fault(fault.to_string()))?;
        if tree.is_closed() {
            return Err(place.fault(Fault::NobodyMayEnter.to_string()));
        }
        let certificate = match (self.tls_cert.map(of_file), self.tls_key.map(of_file)) {
            (Some(chain), key) => Some((chain.clone(), key.unwrap_or(chain))),
            (None, Some(_)) => return Err(place.fault("tls-key is given without its tls-cert".into())),
            (None, None) => None,
        };
        Ok(Host { name: self.name.into_inner(), tree, greeting: self.greeting, certificate, place })
    }
}
