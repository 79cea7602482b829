//! Puts host, adapter and signals together, and runs them to the end.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::{Recording, socket};
use ftp_host::{Accounts, Client, Pooled, Roster};
use ftp_proto::Notice;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::adapter::{BeginsWith, Listener, Server};
use crate::announcement::Announcement;
use crate::fault::Fault;
use crate::secure::Certificates;
use crate::settings::Settings;
use crate::transfers::Transfers;
use crate::values::{LogFormat, RuntimeName};
use crate::{accounts, console, logging};

/// Serves until a signal ends it.
pub(crate) fn run(settings: Settings) -> Result<ExitCode, Fault> {
    let bars = console::is_terminal() && settings.log_format == LogFormat::Text;
    let transfers = if bars { Transfers::shown() } else { Transfers::hidden() };
    logging::begin(settings.log, settings.log_format, &transfers);
    raise_file_limit();
    let accounts = accounts::open(&settings)?;
    let certificates = settings.tls.clone().map(Certificates::open).transpose()?;
    let recording = record(&settings)?;
    let runtime = begin(settings.runtime).map_err(Fault::Runtime)?;
    let code = runtime.block_on(serve(settings, accounts, certificates, recording.clone(), transfers));
    if recording.is_some_and(|recording| !recording.flush(LAST_LINES)) {
        warn!("not all that was recorded is written: the disk is too slow");
    }
    // What a stuck disk still holds must not keep the process.
    runtime.shutdown_background();
    code
}

/// Begins to record sessions, where that is asked for.
fn record(settings: &Settings) -> Result<Option<Recording>, Fault> {
    let Some((path, payloads)) = &settings.record else { return Ok(None) };
    let builder = Recording::builder(path).payloads(*payloads).on_fault(|fault| warn!("{fault}"));
    builder.start().map(Some).map_err(|cause| Fault::Record { path: path.clone(), cause })
}

/// Lets the process open as many files as it may without asking anyone: a session has one at least, and 1,024, which
/// many systems begin with, are fewer than the sessions that we let in.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        warn!("cannot raise the limit of open files: {error}");
    }
}

/// The runtime; beside mio's loops there is little for it to do.
fn begin(name: RuntimeName) -> std::io::Result<Runtime> {
    match name {
        RuntimeName::Tokio => Runtime::new(),
        RuntimeName::Mio => Builder::new_current_thread().enable_all().build(),
    }
}

/// Listens everywhere, tells so, and serves.
async fn serve(
    settings: Settings,
    accounts: Arc<dyn Accounts>,
    certificates: Option<Certificates>,
    recording: Option<Recording>,
    transfers: Transfers,
) -> Result<ExitCode, Fault> {
    // Before anything is announced: whoever reads the announcement may send a signal at once.
    let signals = Signals::new().map_err(Fault::Runtime)?;
    let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
    let in_words = settings.listen.iter().map(|address| (*address, BeginsWith::Words));
    for (address, tls) in in_words.chain(settings.implicit.iter().map(|address| (*address, BeginsWith::Tls))) {
        let fault = |cause| Fault::Listen { address, cause };
        let socket = socket::listen_for_clients(address).map_err(fault)?;
        addresses.push((socket.local_addr().map_err(fault)?, tls));
        listeners.push(Listener { socket, tls });
    }
    let roster = Arc::new(Roster::with_capacity(settings.max_sessions));
    let host = Arc::new(Pooled::new(accounts).roster(Arc::clone(&roster)));
    let observer = move |session, client: &Client, notice: &Notice| {
        roster.observe(session, client, notice);
        transfers.follow(session, notice);
        logging::record(session, client.peer, notice);
    };
    let tls = certificates.as_ref().map(Certificates::tls);
    let server = Server::new(&settings, host, tls, recording, Box::new(observer));
    let mut serving = JoinSet::new();
    for listener in listeners {
        server.serve(listener, &mut serving).map_err(Fault::Runtime)?;
    }
    Announcement { settings: &settings, certificates: certificates.as_ref(), listeners: &addresses }.make();
    supervise(server, serving, signals, certificates).await
}

/// Reads the certificates again at each SIGHUP. Waits for the first signal to end, then for the last session. A second
/// signal ends at once.
async fn supervise(
    server: Server,
    mut serving: JoinSet<std::io::Result<()>>,
    mut signals: Signals,
    mut certificates: Option<Certificates>,
) -> Result<ExitCode, Fault> {
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            wish = signals.next() => match (wish, &mut certificates) {
                (Wish::Reload, Some(certificates)) => certificates.reload(),
                (Wish::Reload, None) => info!("SIGHUP: there is nothing to read again"),
                (Wish::End(name), _) if draining => {
                    warn!("{name} again: ending now");
                    return Ok(ExitCode::FAILURE);
                }
                (Wish::End(name), _) => {
                    draining = true;
                    info!(sessions = server.sessions(), "{name}: finishing transfers, {} s at most", GRACE.as_secs());
                    server.shutdown(GRACE);
                }
            },
            ended = serving.join_next() => match ended {
                None if draining => return Ok(ExitCode::SUCCESS),
                Some(Ok(Ok(()))) if draining => {}
                None | Some(Ok(Ok(()))) => return Err(Fault::Stopped("nothing is listened on any more".into())),
                Some(Ok(Err(error))) => return Err(Fault::Stopped(error.to_string())),
                Some(Err(error)) => return Err(Fault::Stopped(error.to_string())),
            },
        }
    }
}

/// The signals that end a server, and the one that makes it read its files again.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// What the next one wants. Cancel-safe.
    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.interrupt.recv() => Wish::End("SIGINT"),
            _ = self.terminate.recv() => Wish::End("SIGTERM"),
            _ = self.hang_up.recv() => Wish::Reload,
        }
    }
}

/// What a signal wants.
enum Wish {
    /// The end; the signal's name.
    End(&'static str),
    /// The files to be read again.
    Reload,
}

/// How long the end waits for what was recorded last.
const LAST_LINES: Duration = Duration::from_secs(2);
/// How long running transfers have to finish.
const GRACE: Duration = Duration::from_secs(30);
