//! What the operator is told at the start: what is served, to whom, where, and a line to try it with.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::adapter::BeginsWith;
use crate::console;
use crate::values::Access;

/// The announcement, while it is put together.
#[derive(Debug)]
pub(crate) struct Announcement {
    directory: PathBuf,
    users: Vec<(String, Access)>,
    users_file: Option<PathBuf>,
    anonymous: Option<Access>,
    listeners: Vec<(SocketAddr, BeginsWith)>,
    fingerprint: Option<(String, bool)>,
    /// Whether what crosses the network is secured in any case.
    secured: bool,
}

impl Announcement {
    /// Of a server of `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_path_buf());
        Self {
            directory,
            users: Vec::new(),
            users_file: None,
            anonymous: None,
            listeners: Vec::new(),
            fingerprint: None,
            secured: false,
        }
    }

    /// This user may log in.
    pub(crate) fn user(&mut self, name: &str, access: Access) {
        self.users.push((name.into(), access));
    }

    /// The users of this file may log in.
    pub(crate) fn users_of(&mut self, file: &Path) {
        self.users_file = Some(file.to_path_buf());
    }

    /// Anyone may log in.
    pub(crate) fn anonymous(&mut self, access: Access) {
        self.anonymous = Some(access);
    }

    /// This is listened on.
    pub(crate) fn listener(&mut self, address: SocketAddr, begins_with: BeginsWith) {
        self.listeners.push((address, begins_with));
    }

    /// TLS is on, with this certificate.
    pub(crate) fn certificate(&mut self, fingerprint: &str, is_self_signed: bool) {
        self.fingerprint = Some((fingerprint.into(), is_self_signed));
    }

    /// Nothing goes without TLS.
    pub(crate) fn all_secured(&mut self) {
        self.secured = true;
    }

    /// Prints it. Programs read the lines `listening on ADDRESS`, so those stay as they are.
    pub(crate) fn make(&self) {
        console::say(format_args!("serving {}", self.directory.display()));
        for (name, access) in &self.users {
            console::say(format_args!("  to {}: {access}", name.escape_debug()));
        }
        if let Some(file) = &self.users_file {
            console::say(format_args!("  to the users of {}", file.display()));
        }
        if let Some(access) = self.anonymous {
            console::say(format_args!("  to anyone: {access}"));
        }
        if let Some((fingerprint, is_self_signed)) = &self.fingerprint {
            let own = if *is_self_signed { "self-signed certificate" } else { "certificate" };
            console::say(format_args!("{own}: SHA-256 {fingerprint}"));
        }
        for (address, begins_with) in &self.listeners {
            let implicit = if *begins_with == BeginsWith::Tls { " (implicit TLS)" } else { "" };
            console::say(format_args!("listening on {address}{implicit}"));
        }
        if let Some(line) = self.try_it() {
            console::say(format_args!("try: {line}"));
        }
        if !self.secured && self.listeners.iter().any(|(address, _)| !address.ip().is_loopback()) {
            match self.fingerprint {
                None => warn!("passwords and files cross the network unencrypted"),
                Some(_) => warn!("clients that do not ask for TLS send passwords and files unencrypted"),
            }
        }
    }

    /// A command that shows something. Names are left to the shell as they are where they need no quotes.
    fn try_it(&self) -> Option<String> {
        let (address, begins_with) = *self.listeners.first()?;
        let scheme = if begins_with == BeginsWith::Tls { "ftps" } else { "ftp" };
        let url = format!("{scheme}://{}/", reachable(address));
        let tls = match (&self.fingerprint, begins_with) {
            (None, _) => "",
            (Some((_, true)), BeginsWith::Words) => "--ssl-reqd --insecure ",
            (Some((_, true)), BeginsWith::Tls) => "--insecure ",
            (Some((_, false)), BeginsWith::Words) => "--ssl-reqd ",
            (Some((_, false)), BeginsWith::Tls) => "",
        };
        let (login, access) = match (self.anonymous, self.users.first()) {
            (Some(access), _) => (String::new(), access),
            (None, Some((name, access))) => (format!("--user {} ", quoted(name)), *access),
            (None, None) => ("--user NAME ".into(), Access::ReadOnly),
        };
        let file = if access == Access::Drop { "--upload-file FILE " } else { "" };
        Some(format!("curl {tls}{login}{file}{url}"))
    }
}

/// The address by which a client on this machine reaches a listener: `0.0.0.0` and `::` are no addresses to call.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let address = match listener.ip() {
        IpAddr::V4(any) if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(any) if any.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(address, listener.port())
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte)) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(listener: &str) -> Announcement {
        let mut announcement = Announcement::new(Path::new("/"));
        announcement.listener(listener.parse().unwrap(), BeginsWith::Words);
        announcement
    }

    #[test]
    fn the_line_to_try_fits_who_may_enter() {
        let mut anyone = announcement("0.0.0.0:2121");
        anyone.anonymous(Access::ReadOnly);
        assert_eq!(anyone.try_it().unwrap(), "curl ftp://127.0.0.1:2121/");

        let mut known = announcement("[::]:21");
        known.user("o'neil", Access::ReadWrite);
        assert_eq!(known.try_it().unwrap(), r"curl --user 'o'\''neil' ftp://[::1]:21/");

        let mut bring = announcement("127.0.0.1:21");
        bring.anonymous(Access::Drop);
        assert_eq!(bring.try_it().unwrap(), "curl --upload-file FILE ftp://127.0.0.1:21/");
        bring.certificate("AB:CD", true);
        assert_eq!(bring.try_it().unwrap(), "curl --ssl-reqd --insecure --upload-file FILE ftp://127.0.0.1:21/");
    }
}
