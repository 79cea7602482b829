//! Many scenarios on many threads, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::once::run;
use super::scenario::Scenario;
use crate::faults::Fault;
use crate::world::Report;

/// How many scenarios are run, and what is told of them meanwhile.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Campaign {
    /// How many threads run them.
    pub threads: usize,
    /// It ends early at so many failures.
    pub failures: usize,
    /// It begins no further scenario after this time.
    pub at_most: Option<Duration>,
    /// How often `tell` is called.
    pub tells: Duration,
    /// Is told how things are, now and then.
    pub tell: fn(&Tally),
}

impl Default for Campaign {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { threads, failures: 1, at_most: None, tells: Duration::from_secs(10), tell: |_| {} }
    }
}

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tally {
    /// Scenarios that were run: each twice.
    pub runs: u64,
    /// Sessions in them: each run twice, counted once.
    pub sessions: u64,
    /// How often somebody acted.
    pub steps: u64,
    /// Virtual time.
    pub lasted: Duration,
    /// Real time.
    pub took: Duration,
    /// How often each fault struck.
    pub faults: BTreeMap<Fault, u64>,
    /// How sessions ended.
    pub endings: BTreeMap<String, u64>,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

impl Tally {
    /// Sessions in a second of real time.
    #[must_use]
    pub fn sessions_per_second(&self) -> f64 {
        self.sessions as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn count(&mut self, report: &Report) {
        self.runs += 1;
        self.sessions += report.sessions as u64;
        self.steps += report.steps;
        self.lasted += report.lasted;
        for strike in &report.strikes {
            *self.faults.entry(strike.fault).or_default() += 1;
        }
        for (ending, count) in &report.endings {
            *self.endings.entry(ending.clone()).or_default() += count;
        }
    }

    /// One line of it.
    #[must_use]
    pub fn brief(&self) -> String {
        let faults: u64 = self.faults.values().sum();
        format!(
            "{} runs, {} sessions ({:.0} a second), {} faults, {} failures, {:.0} s",
            self.runs,
            self.sessions,
            self.sessions_per_second(),
            faults,
            self.failures.len(),
            self.took.as_secs_f64()
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.brief())?;
        writeln!(f, "{} steps, {:.0} hours of virtual time", self.steps, self.lasted.as_secs_f64() / 3600.0)?;
        writeln!(f, "faults:")?;
        self.faults.iter().try_for_each(|(fault, count)| writeln!(f, "  {count:>10} {fault:?}"))?;
        writeln!(f, "endings:")?;
        self.endings.iter().try_for_each(|(ending, count)| writeln!(f, "  {count:>10} {ending}"))?;
        Ok(())
    }
}

/// What the threads share.
struct Shared<I> {
    scenarios: I,
    tally: Tally,
    told: Duration,
}

impl Campaign {
    /// Runs all `scenarios`, or until there are failures enough.
    pub fn run(self, scenarios: impl Iterator<Item = Scenario> + Send) -> Tally {
        let began = Instant::now();
        let shared = Mutex::new(Shared { scenarios, tally: Tally::default(), told: Duration::ZERO });
        // A thread that panics leaves nothing half done.
        let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let next = || {
            let mut shared = lock();
            let enough = shared.tally.failures.len() >= self.failures.max(1);
            let late = self.at_most.is_some_and(|most| began.elapsed() >= most);
            if enough || late { None } else { shared.scenarios.next() }
        };
        let work = || {
            while let Some(scenario) = next() {
                let outcome = run(&scenario);
                let mut shared = lock();
                let shared = &mut *shared;
                shared.tally.took = began.elapsed();
                match outcome {
                    Ok(report) => shared.tally.count(&report),
                    Err(failure) => {
                        shared.tally.count(&failure.report);
                        if shared.tally.failures.len() < self.failures.max(1) {
                            shared.tally.failures.push(*failure);
                        }
                    }
                }
                if shared.tally.took >= shared.told + self.tells {
                    shared.told = shared.tally.took;
                    (self.tell)(&shared.tally);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(work);
            }
        });
        let mut tally = shared.into_inner().unwrap_or_else(PoisonError::into_inner).tally;
        tally.took = began.elapsed();
        tally
    }
}
