//! The command line: `run` measures, `report` draws again, and `ceiling` is what `run` starts for itself.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use ftp_bench::ceiling::{self, Ceiling};
use ftp_bench::client::tls::Version;
use ftp_bench::fault;
use ftp_bench::group;
use ftp_bench::peers::{Peer, Programs};
use ftp_bench::processors::{self, Placement};
use ftp_bench::report::{RESULTS, Report};
use ftp_bench::rows::{self, Row, Scale};
use ftp_bench::schedule::Plan;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Measures FTP servers against each other, and against what the kernel allows.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure, and write JSON, a table and pictures.
    Run(Run),
    /// Write the table and the pictures again, of what was measured.
    Report {
        /// What `run` wrote.
        json: PathBuf,
        /// Where to.
        #[arg(long, default_value = "docs/benchmarks")]
        out: PathBuf,
    },
    /// Serve without FTP: `run` starts this.
    #[command(hide = true)]
    Ceiling { what: Ceiling, port: u16, tree: PathBuf },
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Only these rows, by their names ("retr-4") or families ("retr"); separated by commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only these servers; separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = peer)]
    servers: Vec<Peer>,
    /// How often each row is measured on each server [default: 5; with --quick: 1].
    #[arg(long)]
    rounds: Option<u32>,
    /// On how many processors the client and the servers are kept, together.
    #[arg(long, default_value_t = 2)]
    cpus: usize,
    /// Where client and server are in rows with one session.
    #[arg(long, value_enum, default_value = "together")]
    placement: Placement,
    /// Go on where a run that was broken off has stopped: keep the rows that stand in `--out`, if they were measured in the
    /// same way.
    #[arg(long)]
    resume: bool,
    /// Seconds that each sample lasts at least [default: 1; with --quick: 0.04].
    #[arg(long, value_name = "SECS")]
    seconds: Option<f64>,
    /// Little of everything, to see that all of it works: the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// The TLS of rows over TLS. This client uses a ticket of TLS 1.3 once, so there not all is resumed.
    #[arg(long, value_enum, default_value = "1.2")]
    tls: Tls,
    /// Where to write.
    #[arg(long, default_value = "docs/benchmarks")]
    out: PathBuf,
    /// Where the served files are made: in memory.
    #[arg(long, default_value = "/dev/shm")]
    files: PathBuf,
    /// What the files are made of.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Our server [default: target/release/ftpd, built first when this runs by cargo].
    #[arg(long)]
    ftpd: Option<PathBuf>,
    /// Where bench/peers put the others.
    #[arg(long, default_value = "target/peers")]
    peers: PathBuf,
    /// Print the names of the rows and servers, and do nothing.
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tls {
    #[value(name = "1.2")]
    V12,
    #[value(name = "1.3")]
    V13,
}

fn peer(name: &str) -> Result<Peer, String> {
    let all = Peer::ALL.map(Peer::name).join(", ");
    Peer::named(name).ok_or_else(|| format!("one of {all}"))
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Run(run) => measure(&run),
        Task::Report { json, out } => Report::read(&json).and_then(|report| report.write(&out)),
        Task::Ceiling { what, port, tree } => ceiling::serve(what, port, &tree),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "ftp-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(run: &Run) -> io::Result<()> {
    let mut scale = if run.quick { Scale::QUICK } else { Scale::FULL };
    if let Some(seconds) = run.seconds {
        scale.duration = Duration::try_from_secs_f64(seconds).map_err(io::Error::other)?;
    }
    let rows = chosen(run, &scale)?;
    let peers = if run.servers.is_empty() { Peer::ALL.to_vec() } else { run.servers.clone() };
    if run.list {
        return list(&rows, &peers);
    }
    let ftpd = if let Some(path) = &run.ftpd { path.clone() } else { ours()? };
    let programs = Programs { ftpd, peers: absolute(&run.peers)?, bench: std::env::current_exe()? };
    lift_limits();
    group::adopt()?;
    let processors = processors::keep_to(run.cpus)?;
    let version = match run.tls {
        Tls::V12 => Version::V12,
        Tls::V13 => Version::V13,
    };
    let rounds = run.rounds.unwrap_or(if run.quick { 1 } else { 5 });
    let parent = run.files.clone();
    let results = run.out.join(RESULTS);
    let earlier = (run.resume && results.exists()).then(|| Report::read(&results)).transpose()?;
    let plan = Plan {
        rows,
        peers,
        rounds,
        scale,
        version,
        parent,
        seed: run.seed,
        programs,
        processors,
        placement: run.placement,
        earlier,
    };
    let report = plan.run(say, |report| report.write(&run.out))?;
    report.write(&run.out)
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The rows that were asked for: all of them, where none was named.
fn chosen(run: &Run, scale: &Scale) -> io::Result<Vec<Row>> {
    let all = rows::all(scale);
    let is_meant = |row: &Row, name: &String| row.id() == *name || row.family() == *name;
    // One that is there in a full run only is known, though it is not in a quick one.
    let known = rows::all(&Scale::FULL);
    if let Some(name) = run.only.iter().find(|name| !known.iter().any(|row| is_meant(row, name))) {
        return Err(fault(format!("no row is named {name}: see --list")));
    }
    let is_chosen = |row: &Row| run.only.is_empty() || run.only.iter().any(|name| is_meant(row, name));
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn list(rows: &[Row], peers: &[Peer]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for row in rows {
        writeln!(out, "{:24} {}", row.id(), row.title())?;
    }
    writeln!(out, "\nservers: {}", peers.iter().map(|peer| peer.name()).collect::<Vec<_>>().join(", "))
}

/// Our server in the release profile. By cargo it is built first, so that no old one is measured.
fn ours() -> io::Result<PathBuf> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let built = Command::new(cargo).args(["build", "--release", "--locked", "--package", "ftpd"]).status()?;
        if !built.success() {
            return Err(fault("ftpd was not built"));
        }
    }
    absolute(Path::new("target/release/ftpd"))
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// As many open files as may be, for us and for the servers that we start.
fn lift_limits() {
    let now = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: Some(FILES), maximum: Some(FILES.max(now.maximum.unwrap_or(FILES))) };
    if setrlimit(Resource::Nofile, wanted).is_err() {
        // Only root may have more than the maximum.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: now.maximum, ..now });
    }
}

/// More than ten thousand sessions and their data connections need.
const FILES: u64 = 65_536;
