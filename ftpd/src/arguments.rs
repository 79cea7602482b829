//! What can be said on the command line, and, under the same names, in the configuration file.
//!
//! [`Options`] is read by clap and by serde alike, so the two cannot drift apart. Nothing is decided here: what was
//! left out stays `None`, and [`Settings`](crate::settings::Settings) gives it its default.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Deserialize;

use crate::hosts::HostOptions;
use crate::values::{
    Anonymous, ClientCertificate, FxpNetwork, LogFormat, LogLevel, PortRange, RuntimeName, TlsMode, TlsVersion, Toggle,
    User, socket_address,
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
    /// Run recorded sessions again, and show where the engine does otherwise than it did.
    ///
    /// Ends with 0 when all are the same, with 1 when one differs, and with 2 when a file is no trace.
    Replay {
        /// Print what was said instead.
        #[arg(long)]
        dialogue: bool,
        /// The traces.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// The options, and the file where more of them stand.
#[derive(Debug, Args)]
pub(crate) struct CommandLine {
    /// Read options from this TOML file; those of the command line win.
    ///
    /// Its keys are the names of these options (`passive-ports = "50000-50100"`) and `directory`. Paths in it are
    /// relative to the file. Virtual hosts stand only there, each as a table `[[host]]` with `name`, `directory`, and if
    /// wanted `user`, `users-file`, `anonymous`, `greeting`, `tls-cert` and `tls-key`.
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
    /// What clients are greeted with; several lines are allowed.
    #[arg(long, value_name = "TEXT")]
    pub(crate) greeting: Option<String>,
    /// What the server runs on [default: mio].
    ///
    /// mio needs less processor time and memory; tokio keeps a disk that is slow to write from holding up other sessions.
    #[arg(long, value_name = "tokio|mio", hide_possible_values = true)]
    pub(crate) runtime: Option<RuntimeName>,

    /// A user; may be repeated. What it may do is `ro`, `rw`, `drop` (bring only) or `admin` [default: rw].
    ///
    /// `admin` may do what `rw` may, and see who is on (SITE WHO). Other users of this machine can see a command line: a
    /// users file is the safer place. The last field counts as what the user may do only when it is one of the four
    /// words, so a password may hold colons.
    #[arg(long, value_name = "NAME:PASSWORD[:ro|rw|drop|admin]", help_heading = USERS)]
    pub(crate) user: Vec<User>,
    /// Users, one a line: `name:hash:ro|rw|drop|admin[:home]`, the hash made by `ftpd hash-password`.
    #[arg(long, value_name = "FILE", help_heading = USERS)]
    pub(crate) users_file: Option<PathBuf>,
    /// What may be done without a password [default: ro when there are no users and no virtual hosts, else off].
    #[arg(long, value_name = "ro|rw|drop|off", hide_possible_values = true, help_heading = USERS)]
    pub(crate) anonymous: Option<Anonymous>,

    /// TLS by AUTH TLS: off, offered, or required for logins and files alike [default: off].
    ///
    /// Without a certificate of yours, one is made and kept; its fingerprint is printed.
    #[arg(long, value_name = "off|optional|required", hide_possible_values = true, help_heading = TLS)]
    pub(crate) tls: Option<TlsMode>,
    /// Listen here for clients that begin with TLS (ftps://); may be repeated. Turns TLS on.
    #[arg(long, value_name = "ADDR", value_parser = socket_address, help_heading = TLS)]
    pub(crate) implicit_tls: Vec<SocketAddr>,
    /// The certificate in PEM, with those that lead to its authority behind it.
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key in PEM [default: it stands in the certificate's file].
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tls_key: Option<PathBuf>,
    /// The oldest version of TLS to speak [default: 1.2].
    #[arg(long, value_name = "1.2|1.3", hide_possible_values = true, help_heading = TLS)]
    pub(crate) tls_min: Option<TlsVersion>,
    /// Ask clients for certificates that an authority in this PEM file signed. A client whose certificate names a user
    /// needs no password to log in as that user.
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a client must have such a certificate [default: optional].
    #[arg(long, value_name = "optional|required", hide_possible_values = true, help_heading = TLS)]
    pub(crate) tls_client_cert: Option<ClientCertificate>,
    /// Whether a data connection must resume the TLS session of its control connection [default: off].
    ///
    /// It keeps others from taking a client's place on the data port; some clients cannot do it (Python's ftplib).
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = TLS)]
    pub(crate) tls_data_reuse: Option<Toggle>,
    /// Whether an upload is refused whose TLS ends without close_notify [default: on].
    ///
    /// Anyone on the way can cut such an upload short, and it would look whole.
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = TLS)]
    pub(crate) tls_require_close_notify: Option<Toggle>,
    /// Whether the control connection may go back to the clear (CCC), for NAT that reads along [default: off].
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = TLS)]
    pub(crate) ccc: Option<Toggle>,

    /// The ports for passive data connections [default: the kernel chooses].
    #[arg(long, value_name = "A-B", help_heading = DATA)]
    pub(crate) passive_ports: Option<PortRange>,
    /// The address to tell clients for passive data connections, where this machine stands behind NAT.
    #[arg(long, value_name = "IP", help_heading = DATA)]
    pub(crate) public_address: Option<IpAddr>,
    /// Whether clients may ask to be connected to (PORT, EPRT) [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = DATA)]
    pub(crate) active: Option<Toggle>,
    /// Let clients transfer between us and other servers in this network (FXP); may be repeated [default: none].
    ///
    /// A network is written 192.0.2.0/24, 2001:db8::/32, or as one address. Data connections may then go to and come from
    /// any of its addresses, whatever client asks for it.
    #[arg(long, value_name = "NETWORK", help_heading = DATA)]
    pub(crate) fxp: Vec<FxpNetwork>,
    /// Whether clients may have data compressed (MODE Z) [default: on].
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = DATA)]
    pub(crate) mode_z: Option<Toggle>,
    /// Whether what arrived of a broken upload is kept, to be resumed later [default: off].
    #[arg(long, value_name = "on|off", hide_possible_values = true, help_heading = DATA)]
    pub(crate) keep_partial: Option<Toggle>,

    /// Sessions at a time [default: 1000].
    #[arg(long, value_name = "N", help_heading = LIMITS)]
    pub(crate) max_sessions: Option<NonZeroU32>,
    /// Sessions at a time from one address [default: 100].
    #[arg(long, value_name = "N", help_heading = LIMITS)]
    pub(crate) max_per_address: Option<NonZeroU32>,
    /// Seconds without a command before a session ends [default: 300].
    #[arg(long, value_name = "SECS", help_heading = LIMITS)]
    pub(crate) idle_timeout: Option<NonZeroU32>,

    /// How much to log: off, error, warn, info, debug or trace [default: info].
    #[arg(long, value_name = "LEVEL", hide_possible_values = true, help_heading = LOGGING)]
    pub(crate) log: Option<LogLevel>,
    /// How log lines look [default: text].
    #[arg(long, value_name = "text|json", hide_possible_values = true, help_heading = LOGGING)]
    pub(crate) log_format: Option<LogFormat>,
    /// Write every session into a file of its own in this directory, which must be there. Such a file shows all that was
    /// said, but for passwords, and can be run again; see the documentation of traces.
    #[arg(long, value_name = "DIR", help_heading = LOGGING)]
    pub(crate) record: Option<PathBuf>,
    /// Write down what files and listings hold, too, where it passes through the protocol's engine [default: off].
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on",
        hide_possible_values = true, help_heading = LOGGING)]
    pub(crate) record_payloads: Option<Toggle>,

    /// Virtual hosts: in the file only.
    #[arg(skip)]
    pub(crate) host: Vec<HostOptions>,
}

/// The headings of `--help`, in their order.
const USERS: &str = "Users";
const TLS: &str = "TLS";
const DATA: &str = "Data connections and transfers";
const LIMITS: &str = "Limits";
const LOGGING: &str = "Logging";

impl Options {
    /// What is said here, and what `fallback` says where nothing is said here. A list is taken whole from one place.
    pub(crate) fn or(self, fallback: Self) -> Self {
        Self {
            directory: self.directory.or(fallback.directory),
            listen: if self.listen.is_empty() { fallback.listen } else { self.listen },
            user: if self.user.is_empty() { fallback.user } else { self.user },
            greeting: self.greeting.or(fallback.greeting),
            users_file: self.users_file.or(fallback.users_file),
            anonymous: self.anonymous.or(fallback.anonymous),
            passive_ports: self.passive_ports.or(fallback.passive_ports),
            public_address: self.public_address.or(fallback.public_address),
            max_sessions: self.max_sessions.or(fallback.max_sessions),
            max_per_address: self.max_per_address.or(fallback.max_per_address),
            idle_timeout: self.idle_timeout.or(fallback.idle_timeout),
            active: self.active.or(fallback.active),
            fxp: if self.fxp.is_empty() { fallback.fxp } else { self.fxp },
            mode_z: self.mode_z.or(fallback.mode_z),
            keep_partial: self.keep_partial.or(fallback.keep_partial),
            tls: self.tls.or(fallback.tls),
            tls_cert: self.tls_cert.or(fallback.tls_cert),
            tls_key: self.tls_key.or(fallback.tls_key),
            implicit_tls: if self.implicit_tls.is_empty() { fallback.implicit_tls } else { self.implicit_tls },
            tls_client_ca: self.tls_client_ca.or(fallback.tls_client_ca),
            tls_client_cert: self.tls_client_cert.or(fallback.tls_client_cert),
            tls_data_reuse: self.tls_data_reuse.or(fallback.tls_data_reuse),
            tls_min: self.tls_min.or(fallback.tls_min),
            tls_require_close_notify: self.tls_require_close_notify.or(fallback.tls_require_close_notify),
            ccc: self.ccc.or(fallback.ccc),
            runtime: self.runtime.or(fallback.runtime),
            log: self.log.or(fallback.log),
            log_format: self.log_format.or(fallback.log_format),
            record: self.record.or(fallback.record),
            record_payloads: self.record_payloads.or(fallback.record_payloads),
            host: if self.host.is_empty() { fallback.host } else { self.host },
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
