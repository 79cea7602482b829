//! The conformance kit, pointed at any FTP server: prints a table by RFC section.

use std::io::Write;
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::{io, panic};

use clap::{Parser, ValueEnum};
use ftp_tests::conformance::{Peer, Selection, run};
use ftp_tests::{Security, TlsClient};

/// Checks an FTP server against the RFCs. Ends in 1 when something that must be so is not, and in 2 when it cannot get in.
///
/// It works in a directory of its own, beneath the one that the login starts in, and removes it again.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The server's name or address.
    host: String,
    /// Its control port.
    port: u16,
    /// Who may read and write there.
    user: String,
    /// With which password.
    password: String,
    /// Whether the server can connect to us.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    active: Switch,
    /// Runs every check over TLS; no certificate is checked.
    #[arg(long, value_enum, value_name = "HOW")]
    tls: Option<Tls>,
    /// Only the checks of this section ("RFC 959 §4.1.1", "RFC 3659") or whose name begins so ("retrieve").
    #[arg(long, value_name = "SECTION")]
    only: Option<String>,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tls {
    /// AUTH TLS behind the greeting.
    Explicit,
    /// From the first byte.
    Implicit,
}

fn main() -> ExitCode {
    match check(Arguments::parse()) {
        Ok(Outcome::Conformant) => ExitCode::SUCCESS,
        Ok(Outcome::Failing) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing was found out: that is no verdict.
            let _ = writeln!(io::stderr(), "conformance: {error}");
            ExitCode::from(2)
        }
    }
}

enum Outcome {
    Conformant,
    Failing,
}

fn check(arguments: Arguments) -> io::Result<Outcome> {
    let Arguments { host, port, user, password, active, tls, only, json } = arguments;
    let address = (host.as_str(), port).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| io::Error::other("the server has no address"))?;
    let security = match tls {
        None => Security::Plain,
        Some(Tls::Explicit) => Security::Explicit(TlsClient::new()),
        Some(Tls::Implicit) => Security::Implicit(TlsClient::new()),
    };
    let peer = Peer { address, user, password, active: active == Switch::On, security };
    // A check that fails panics; the table says so.
    panic::set_hook(Box::new(|_| {}));
    let report = run(&peer, &Selection { only })?;
    let text = if json { report.to_json()? } else { report.to_string() };
    writeln!(io::stdout(), "{text}")?;
    Ok(if report.is_conformant() { Outcome::Conformant } else { Outcome::Failing })
}
