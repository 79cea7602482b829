//! What is recorded of the world's sessions, and what must hold at their end: replayed, they are the same.
//!
//! Replaying each of them would take most of the tests' time: the first of a thread are recorded, which are all that
//! most tests have, and then one of some. `FTP_TAPES=all` records every one.

use std::cell::Cell;

use ftp_proto::config::Config;
use ftp_proto::server::Misuse;
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::trace::{self, Payloads, Recorder, Secrets, Verdict};
use ftp_proto::{Action, Event};

/// A session's two traces: with payloads and without. Checked when it is dropped, unless a test has failed already.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    recorders: Vec<Recorder<String>>,
}

/// How many sessions of a thread are recorded at first, and which share of the others.
const FIRST: usize = 4;
const SHARE: usize = 32;

impl Tape {
    /// A tape for some sessions, and none for the others.
    pub(crate) fn sampled(config: &Config, seed: [u8; 32], started: UnixTime) -> Self {
        thread_local!(static SESSIONS: Cell<usize> = const { Cell::new(0) });
        let before = SESSIONS.replace(SESSIONS.get() + 1);
        let chosen = before < FIRST || before.is_multiple_of(SHARE);
        if chosen || Self::of_all() { Self::new(config, seed, started) } else { Self::default() }
    }

    /// Whether every session is to be recorded.
    pub(crate) fn of_all() -> bool {
        std::env::var("FTP_TAPES").is_ok_and(|tapes| tapes == "all")
    }

    pub(crate) fn new(config: &Config, seed: [u8; 32], started: UnixTime) -> Self {
        // Where the queue is that short, how long a secret is may decide what fits.
        let short = config.limits.queued_bytes < 1000;
        let secrets = if short { Secrets::Measured } else { Secrets::Hidden };
        let recorder = |payloads| Recorder::new(String::new(), config, seed, started, payloads).showing(secrets);
        Self { recorders: vec![recorder(Payloads::Whole), recorder(Payloads::Hashed)] }
    }

    pub(crate) fn event(&mut self, now: Instant, event: &Event<'_>) {
        self.recorders.iter_mut().for_each(|recorder| recorder.event(now, event));
    }

    pub(crate) fn action(&mut self, action: &Action) {
        self.recorders.iter_mut().for_each(|recorder| recorder.action(action));
    }

    pub(crate) fn misuse(&mut self, misuse: &Misuse) {
        self.recorders.iter_mut().for_each(|recorder| recorder.misuse(misuse));
    }

    /// Nothing more is recorded, nor checked: the test drives the session itself.
    pub(crate) fn stop(&mut self) {
        self.recorders.clear();
    }

    /// The trace with payloads, so far.
    pub(crate) fn text(&mut self) -> String {
        self.recorders.first_mut().map(|recorder| recorder.get_mut().clone()).unwrap_or_default()
    }

    /// The trace without payloads, so far.
    pub(crate) fn short_text(&mut self) -> String {
        self.recorders.last_mut().map(|recorder| recorder.get_mut().clone()).unwrap_or_default()
    }

    /// What is wrong with the traces.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        if self.recorders.is_empty() {
            return Ok(());
        }
        let report = trace::replay(&self.text()).map_err(|error| format!("{error}\n{}", self.text()))?;
        if !report.is_same() || report.unknown_payloads > 0 {
            return Err(report.to_string());
        }
        let text = self.short_text();
        let report = trace::replay(&text).map_err(|error| format!("{error}\n{text}"))?;
        match report.verdict {
            Verdict::Same => Ok(()),
            // Payloads went through a coding.
            Verdict::Unknown(_) => Ok(()),
            _ => Err(format!("without payloads: {report}")),
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(why) = self.check()
        {
            panic!("a trace does not replay: {why}");
        }
    }
}
