//! What the operator is told at the start: what is served, to whom, where, and a line to try it with.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ftp_proto::trace::Payloads;
use tracing::warn;

use crate::adapter::BeginsWith;
use crate::console;
use crate::secure::Certificates;
use crate::settings::{Settings, Tree};
use crate::values::{Access, HostName};

/// What there is to announce.
pub(crate) struct Announcement<'a> {
    /// What the operator decided.
    pub(crate) settings: &'a Settings,
    /// What TLS shows, if there is TLS.
    pub(crate) certificates: Option<&'a Certificates>,
    /// What is listened on.
    pub(crate) listeners: &'a [(SocketAddr, BeginsWith)],
}

impl Announcement<'_> {
    /// Prints it. Programs read the lines `listening on ADDRESS`, so those stay as they are.
    pub(crate) fn make(&self) {
        for line in self.lines() {
            console::say(line);
        }
        if let Some(line) = self.try_it() {
            console::say(format_args!("try: {line}"));
        }
        let tls = &self.settings.engine.tls;
        let secured = tls.login.is_required() && tls.data.is_required();
        if !secured && self.listeners.iter().any(|(address, _)| !address.ip().is_loopback()) {
            match self.certificates {
                None => warn!("passwords and files cross the network unencrypted"),
                Some(_) => warn!("clients that do not ask for TLS send passwords and files unencrypted"),
            }
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.settings.tree.is_closed() {
            lines.push(format!("serving {}", served(&self.settings.tree)));
            tell_who(&self.settings.tree, &mut lines);
        }
        for host in &self.settings.hosts {
            lines.push(format!("serving {} as the host {}", served(&host.tree), host.name));
            tell_who(&host.tree, &mut lines);
            if let Some(fingerprint) = self.of_host(&host.name) {
                lines.push(format!("  certificate: SHA-256 {fingerprint}"));
            }
        }
        if let Some(certificates) = self.certificates {
            let own = if certificates.is_self_signed() { "self-signed certificate" } else { "certificate" };
            lines.push(format!("{own}: SHA-256 {}", certificates.fingerprint()));
        }
        if let Some((directory, payloads)) = &self.settings.record {
            let what = if *payloads == Payloads::Whole { " and what they transfer" } else { "" };
            lines.push(format!("recording sessions{what} in {}", directory.display()));
        }
        for (address, begins_with) in self.listeners {
            let implicit = if *begins_with == BeginsWith::Tls { " (implicit TLS)" } else { "" };
            lines.push(format!("listening on {address}{implicit}"));
        }
        lines
    }

    /// The fingerprint of the certificate that this host has for itself.
    fn of_host(&self, name: &HostName) -> Option<&str> {
        self.certificates?.fingerprint_of(name)
    }

    /// A command that shows something. Where only virtual hosts can be entered, TLS has to name one: curl knows no HOST.
    fn try_it(&self) -> Option<String> {
        let (address, begins_with) = *self.listeners.first()?;
        let address = reachable(address);
        let tree = &self.settings.tree;
        if !tree.is_closed() {
            let is_known = self.certificates.is_some_and(|certificates| !certificates.is_self_signed());
            return Some(curl(self.options_of_tls(begins_with, is_known), tree, begins_with, &address.to_string()));
        }
        let host = self.settings.hosts.first().filter(|_| self.certificates.is_some())?;
        let is_known = self.of_host(&host.name).is_some();
        let name = format!("{}:{}", host.name, address.port());
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let options = format!("{}--resolve {name}:{ip} ", self.options_of_tls(begins_with, is_known));
        Some(curl(options, &host.tree, begins_with, &name))
    }

    /// What curl is to be told of TLS. A certificate that we made is one that it does not know.
    fn options_of_tls(&self, begins_with: BeginsWith, is_known: bool) -> String {
        if self.certificates.is_none() {
            return String::new();
        }
        let demand = if begins_with == BeginsWith::Words { "--ssl-reqd " } else { "" };
        let insecure = if is_known { "" } else { "--insecure " };
        format!("{demand}{insecure}")
    }
}

/// The path of what is served.
fn served(tree: &Tree) -> String {
    fs::canonicalize(&tree.directory).unwrap_or_else(|_| tree.directory.clone()).display().to_string()
}

/// Who may do what there.
fn tell_who(tree: &Tree, lines: &mut Vec<String>) {
    lines.extend(tree.users.iter().map(|user| format!("  to {}: {}", user.name.escape_debug(), user.access)));
    if let Some(file) = &tree.users_file {
        lines.push(format!("  to the users of {}", file.display()));
    }
    if let Some(access) = tree.anonymous {
        lines.push(format!("  to anyone: {access}"));
    }
}

/// The command. Names are left to the shell as they are where they need no quotes.
fn curl(options: String, tree: &Tree, begins_with: BeginsWith, authority: &str) -> String {
    let scheme = if begins_with == BeginsWith::Tls { "ftps" } else { "ftp" };
    let (login, access) = match (tree.anonymous, tree.users.first()) {
        (Some(access), _) => (String::new(), access),
        (None, Some(user)) => (format!("--user {} ", quoted(&user.name)), user.access),
        (None, None) => ("--user NAME ".into(), Access::ReadOnly),
    };
    let file = if access == Access::Drop { "--upload-file FILE " } else { "" };
    format!("curl {options}{login}{file}{scheme}://{authority}/")
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

    fn try_it(options: &str, listener: &str) -> String {
        let settings = Settings::from_toml(options).unwrap();
        let listeners = [(listener.parse().unwrap(), BeginsWith::Words)];
        Announcement { settings: &settings, certificates: None, listeners: &listeners }.try_it().unwrap()
    }

    #[test]
    fn the_line_to_try_fits_who_may_enter() {
        assert_eq!(try_it("", "0.0.0.0:2121"), "curl ftp://127.0.0.1:2121/");
        assert_eq!(try_it("user = [\"o'neil:x\"]", "[::]:21"), r"curl --user 'o'\''neil' ftp://[::1]:21/");
        assert_eq!(try_it("anonymous = 'drop'", "127.0.0.1:21"), "curl --upload-file FILE ftp://127.0.0.1:21/");
    }
}
