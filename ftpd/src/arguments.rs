//! What can be said on the command line, and, under the same names, in the configuration file.
//!
//! [`Options`] is read by clap and by serde alike, so the two cannot drift apart. Nothing is decided here: what was
//! left out stays `None`, and [`Settings`](crate::settings::Settings) gives it its default.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

use crate::values::{
    Anonymous, ClientCertificate, LogFormat, LogLevel, PortRange, RuntimeName, TlsMode, Toggle, User, socket_address,
};

/// Serves a directory over FTP.
///
/// Without users, anyone may look and fetch: `ftpd DIR`, then `curl ftp://127.0.0.1:2121/`.
#[derive(Debug, Parser)]
#[command(name = "ftpd", version, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Something else than serving.
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
    /// How to serve.
    #[command(flatten)]
    pub(crate) options: CommandLine,
}

/// Something else than serving. A directory of the same name is served as `./hash-password`.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Make a hash of a password, for a users file.
    ///
    /// Asks twice on a terminal; else reads one line from standard input.
    HashPassword,
}

/// The options, and the file where more of them stand.
#[derive(Debug, Args)]
pub(crate) struct CommandLine {
    /// Read options from this TOML file; those of the command line win.
    ///
    /// Its keys are the names of these options (`passive-ports = "50000-50100"`) and `directory`. Paths in it are
    /// relative to the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Everything that may also stand in that file.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What can be said in both places.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    /// The directory to serve [default: the working directory].
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Listen here; may be repeated. Port 0 lets the kernel choose [default: 127.0.0.1:2121].
    #[arg(long, value_name = "ADDR", value_parser = socket_address)]
    pub(crate) listen: Vec<SocketAddr>,
    /// A user; may be repeated. What it may do is `ro`, `rw` or `drop` (bring only) [default: rw].
    ///
    /// Other users of this machine can see a command line: a users file is the safer place. The last field counts as
    /// what the user may do only when it is one of the three words, so a password may hold colons.
    #[arg(long, value_name = "NAME:PASSWORD[:ro|rw|drop]")]
    pub(crate) user: Vec<User>,
    /// Users, one a line: `name:hash:ro|rw|drop[:home]`, the hash made by `ftpd hash-password`.
    #[arg(long, value_name = "FILE")]
    pub(crate) users_file: Option<PathBuf>,
    /// What may be done without a password [default: ro when there are no users, else off].
    #[arg(long, value_name = "ro|rw|drop|off", hide_possible_values = true)]
    pub(crate) anonymous: Option<Anonymous>,
    /// The ports for passive data connections [default: the kernel chooses].
    #[arg(long, value_name = "A-B")]
    pub(crate) passive_ports: Option<PortRange>,
    /// The address to tell clients for passive data connections, where this machine stands behind NAT.
    #[arg(long, value_name = "IP")]
    pub(crate) public_address: Option<IpAddr>,
    /// Sessions at a time [default: 1000].
    #[arg(long, value_name = "N")]
    pub(crate) max_sessions: Option<NonZeroU32>,
    /// Sessions at a time from one address [default: 100].
    #[arg(long, value_name = "N")]
    pub(crate) max_per_address: Option<NonZeroU32>,
    /// Seconds without a command before a session ends [default: 300].
    #[arg(long, value_name = "SECS")]
    pub(crate) idle_timeout: Option<NonZeroU32>,
    /// Whether clients may ask to be connected to (PORT, EPRT) [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub(crate) active: Option<Toggle>,
    /// Whether what arrived of a broken upload is kept, to be resumed later [default: off].
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub(crate) keep_partial: Option<Toggle>,
    /// TLS by AUTH TLS: off, offered, or required for logins and files alike [default: off].
    ///
    /// Without a certificate of yours, one is made and kept; its fingerprint is printed.
    #[arg(long, value_name = "off|optional|required", hide_possible_values = true)]
    pub(crate) tls: Option<TlsMode>,
    /// The certificate in PEM, with those that lead to its authority behind it.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key in PEM [default: it stands in the certificate's file].
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Listen here for clients that begin with TLS (ftps://); may be repeated. Turns TLS on.
    #[arg(long, value_name = "ADDR", value_parser = socket_address)]
    pub(crate) implicit_tls: Vec<SocketAddr>,
    /// Ask clients for certificates that an authority in this PEM file signed. A client whose certificate names a user
    /// needs no password to log in as that user.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a client must have such a certificate [default: optional].
    #[arg(long, value_name = "optional|required", hide_possible_values = true)]
    pub(crate) tls_client_cert: Option<ClientCertificate>,
    /// Whether a data connection must resume the TLS session of its control connection [default: off].
    ///
    /// It keeps others from taking a client's place on the data port; some clients cannot do it (Python's ftplib).
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub(crate) tls_data_reuse: Option<Toggle>,
    /// What the server runs on [default: mio].
    ///
    /// mio needs less processor time and memory; tokio keeps a disk that is slow to write from holding up other sessions.
    #[arg(long, value_name = "tokio|mio", hide_possible_values = true)]
    pub(crate) runtime: Option<RuntimeName>,
    /// How much to log: off, error, warn, info, debug or trace [default: info].
    #[arg(long, value_name = "LEVEL", hide_possible_values = true)]
    pub(crate) log: Option<LogLevel>,
    /// How log lines look [default: text].
    #[arg(long, value_name = "text|json", hide_possible_values = true)]
    pub(crate) log_format: Option<LogFormat>,
}

impl Options {
    /// What is said here, and what `fallback` says where nothing is said here. A list is taken whole from one place.
    pub(crate) fn or(self, fallback: Self) -> Self {
        Self {
            directory: self.directory.or(fallback.directory),
            listen: if self.listen.is_empty() { fallback.listen } else { self.listen },
            user: if self.user.is_empty() { fallback.user } else { self.user },
            users_file: self.users_file.or(fallback.users_file),
            anonymous: self.anonymous.or(fallback.anonymous),
            passive_ports: self.passive_ports.or(fallback.passive_ports),
            public_address: self.public_address.or(fallback.public_address),
            max_sessions: self.max_sessions.or(fallback.max_sessions),
            max_per_address: self.max_per_address.or(fallback.max_per_address),
            idle_timeout: self.idle_timeout.or(fallback.idle_timeout),
            active: self.active.or(fallback.active),
            keep_partial: self.keep_partial.or(fallback.keep_partial),
            tls: self.tls.or(fallback.tls),
            tls_cert: self.tls_cert.or(fallback.tls_cert),
            tls_key: self.tls_key.or(fallback.tls_key),
            implicit_tls: if self.implicit_tls.is_empty() { fallback.implicit_tls } else { self.implicit_tls },
            tls_client_ca: self.tls_client_ca.or(fallback.tls_client_ca),
            tls_client_cert: self.tls_client_cert.or(fallback.tls_client_cert),
            tls_data_reuse: self.tls_data_reuse.or(fallback.tls_data_reuse),
            runtime: self.runtime.or(fallback.runtime),
            log: self.log.or(fallback.log),
            log_format: self.log_format.or(fallback.log_format),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_directory_named_like_the_task_is_served_when_it_is_a_path() {
        let task = Arguments::try_parse_from(["ftpd", "hash-password"]).unwrap();
        assert!(matches!(task.task, Some(Task::HashPassword)));
        let directory = Arguments::try_parse_from(["ftpd", "./hash-password"]).unwrap();
        assert!(directory.task.is_none());
        assert_eq!(directory.options.options.directory, Some("./hash-password".into()));
    }

    #[test]
    fn every_option_of_the_command_line_is_a_key_of_the_file() {
        for argument in Arguments::command().get_arguments() {
            let name = argument.get_long().unwrap_or("directory");
            if matches!(name, "config" | "help" | "version") {
                continue;
            }
            let error = toml::from_str::<Options>(&format!("{name} = {{}}")).unwrap_err();
            assert!(!error.message().contains("unknown field"), "{name}: {error}");
        }
    }
}
