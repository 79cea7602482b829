//! The kill harness: sessions are cut, starved, broken and shut down at random points of random dialogues, and
//! afterwards everything must have been done at most once, answered once, and closed.
//!
//! ```text
//! client (seeded) ── sockets ──► adapter ── CountingHost ── host ── Meddler ── disk
//!                                   └─ Watch ─► Books ◄──────┘         └─► Ledger
//! ```
//!
//! A run is one seed: what goes wrong (`plan`), what the clients say and how they break off. After it: no action was
//! asked for, submitted or run twice; each was answered once; the host's side of each session was closed, with every
//! file and directory; the process has as many descriptors as before; each file is one that the client's own view
//! allows; no unfinished upload is left. A seed fixes the choices, not the scheduling: a failure may need its seed
//! repeated a few times.

mod books;
mod client;
mod embedding;
mod ground;
mod host;
mod plan;
mod random;
mod tree;
mod worlds;

use std::time::{Duration, Instant};

pub use books::Tally;
use ground::Ground;

use crate::target::Adapter;

/// A fault planted in the harness's own host, which it has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// What an action does is done twice.
    RunsTwice,
    /// An action's answer never comes.
    DropsAnswer,
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Through which adapter.
    pub adapter: Adapter,
    /// The first run's seed; each run's is one more.
    pub seed: u64,
    /// How many runs.
    pub runs: u64,
    /// How long anything may take.
    pub patience: Duration,
    /// What is wrong on purpose.
    pub planted: Option<Planted>,
}

/// A run that showed something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its seed.
    pub seed: u64,
    /// What it showed.
    pub what: Vec<String>,
}

impl Campaign {
    /// `runs` runs from `seed` on.
    #[must_use]
    pub fn new(adapter: Adapter, seed: u64, runs: u64) -> Self {
        Self { adapter, seed, runs, patience: Duration::from_secs(10), planted: None }
    }

    /// The same by the environment, where it says so: `FTP_KILL_SEED` and `FTP_KILL_RUNS`.
    #[must_use]
    pub fn of_environment(adapter: Adapter, seed: u64, runs: u64) -> Self {
        let number = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
        Self::new(adapter, number("FTP_KILL_SEED").unwrap_or(seed), number("FTP_KILL_RUNS").unwrap_or(runs))
    }

    /// Runs them one after another, in servers that serve many runs: what happened, by kind.
    ///
    /// # Errors
    /// The first run that shows what must not be.
    ///
    /// # Panics
    /// When a server cannot be started.
    pub fn run(self) -> Result<Report, Violation> {
        // The first runtime opens tokio's way to signals, where that feature is on; it is the process's for good.
        drop(tokio::runtime::Builder::new_current_thread().enable_all().build());
        let begun = Instant::now();
        ground::expect_planned_panics();
        let mut tally = Tally::default();
        let mut ground: Option<Ground> = None;
        for seed in self.seed..self.seed + self.runs {
            let current = match ground.take() {
                Some(current) if seed % RUNS_OF_A_SERVER != 0 => current,
                _ => Ground::start(self, seed),
            };
            ground = current.run(seed, &mut tally).map_err(|what| Violation { seed, what })?;
        }
        drop(ground);
        Ok(Report { campaign: self, took: begun.elapsed(), tally })
    }
}

/// What a campaign saw.
#[derive(Clone, Debug)]
pub struct Report {
    campaign: Campaign,
    took: Duration,
    /// By kind.
    pub tally: Tally,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Campaign { adapter, seed, runs, .. } = self.campaign;
        let took = self.took.as_secs_f64();
        writeln!(f, "{adapter:?}: {runs} runs, seeds {seed}..{}, in {took:.1} s", seed + runs)?;
        self.tally.0.iter().try_for_each(|(kind, count)| writeln!(f, "{count:>9}  {kind}"))
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.what.join("; "))?;
        write!(f, "to repeat it: FTP_KILL_SEED={} FTP_KILL_RUNS=1 cargo test -p ftp-tests --test kill", self.seed)
    }
}

/// How panics begin that the harness wants.
const PLANNED: &str = "planned";
/// Runs before a server is replaced by one of another kind.
const RUNS_OF_A_SERVER: u64 = 200;
