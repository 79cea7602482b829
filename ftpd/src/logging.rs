//! Log lines: where they go, how they look, and what each notice of a session says in them.

use std::io;
use std::net::SocketAddr;

use ftp_host::adapter::SessionId;
use ftp_proto::Notice;
use ftp_proto::notice::{Change, TransferKind, TransferOutcome, TransferSummary};
use tracing::{debug, info, warn};
use tracing_subscriber::filter::LevelFilter;

use crate::transfers::Transfers;
use crate::values::{LogFormat, LogLevel};

/// Sends log lines to standard error, past the bars that may stand there.
pub(crate) fn begin(level: LogLevel, format: LogFormat, transfers: &Transfers) {
    let screen = transfers.clone();
    let lines = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(level))
        .with_target(false)
        .with_ansi(transfers.are_shown())
        .with_writer(move || Line { screen: screen.clone() });
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}

/// One log line on its way to standard error: it comes in one piece.
struct Line {
    screen: Transfers,
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.screen.set_aside(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Logs what happened in a session. Progress is for screens, not for logs.
pub(crate) fn record(session: SessionId, peer: SocketAddr, notice: &Notice) {
    match notice {
        Notice::Secured { parameters, sni, .. } => {
            debug!(%session, %peer, parameters = parameters.as_deref(), sni = sni.as_deref(), "TLS is on");
        }
        Notice::LoggedIn { user } => info!(%session, %peer, ?user, "logged in"),
        Notice::LoggedOut { user } => info!(%session, %peer, ?user, "logged out"),
        Notice::LoginFailed { user } => warn!(%session, %peer, user = ?String::from_utf8_lossy(user), "login failed"),
        Notice::TransferStarted { what, path, expected } => {
            debug!(%session, %path, expected, "{} started", name(*what));
        }
        Notice::TransferEnded(summary) => record_transfer(session, summary),
        Notice::Changed { change, path } => match change {
            Change::Renamed(to) => info!(%session, %path, %to, "renamed"),
            Change::Copied(to) => info!(%session, %path, %to, "copied"),
            other => info!(%session, %path, "{}", change_name(other)),
        },
        Notice::Refused { what } => warn!(%session, %peer, ?what, "refused"),
        Notice::Ended(summary) => info!(
            %session,
            %peer,
            user = summary.user.as_deref(),
            reason = ?summary.reason,
            seconds = summary.duration.as_secs(),
            commands = summary.commands,
            downloads = summary.downloads,
            uploads = summary.uploads,
            sent = summary.sent,
            received = summary.received,
            "session ended"
        ),
        _ => {}
    }
}

/// One line for each file; listings only for who looks closer, unless they fail.
fn record_transfer(session: SessionId, summary: &TransferSummary) {
    let TransferSummary { what, path, bytes, duration, outcome } = summary;
    let (what, milliseconds) = (name(*what), u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    match (summary.what, outcome) {
        (TransferKind::Listing, TransferOutcome::Complete) => {
            debug!(%session, %path, bytes, milliseconds, "{what} complete");
        }
        (_, TransferOutcome::Complete) => info!(%session, %path, bytes, milliseconds, "{what} complete"),
        (_, outcome) => warn!(%session, %path, bytes, milliseconds, ?outcome, "{what} failed"),
    }
}

/// What a transfer is called.
pub(crate) fn name(what: TransferKind) -> &'static str {
    match what {
        TransferKind::Download => "download",
        TransferKind::Upload => "upload",
        TransferKind::Listing => "listing",
        _ => "transfer",
    }
}

fn change_name(change: &Change) -> &'static str {
    match change {
        Change::Removed => "removed",
        Change::DirectoryRemoved => "directory removed",
        Change::DirectoryMade => "directory made",
        Change::Attributes => "times or mode set",
        Change::Linked => "symbolic link made",
        Change::Combined => "combined",
        Change::TreeRemoved => "directory and its content removed",
        Change::Owner => "owner or group set",
        _ => "changed",
    }
}
