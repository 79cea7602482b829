//! Many sessions that do nothing, or little: what they cost.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::Sample;
use super::measure::{Bench, sample};
use crate::client::{Control, Login, drive};
use crate::crowd::{self, Tally};
use crate::fault;

/// Opens so many sessions, on a few threads, as fast as it goes; then does nothing, and looks.
pub(super) fn idle(bench: &Bench<'_>, login: &Login, count: u64) -> io::Result<Sample> {
    // One session before the others, so that what a server makes once is there.
    let first = Control::ready(login)?;
    let cpu = bench.group.settled()?;
    let memory = bench.group.memory()?;
    let begin = Instant::now();
    let sessions = open(login, count)?;
    let seconds = begin.elapsed().as_secs_f64();
    let after = bench.group.settled()?;
    let grown = bench.group.memory()?.saturating_sub(memory);
    let (watch, quiet) = (Instant::now(), bench.group.used()?);
    thread::sleep(bench.scale.watch);
    let busy = bench.group.used()?.saturating_sub(quiet).as_secs_f64() / watch.elapsed().as_secs_f64();
    // All of them are still there.
    let mut sessions = sessions;
    let replies = drive::noops(&mut sessions, drive::Until::Each(1))?;
    drop((first, sessions));
    if replies != count {
        return Err(fault(format!("{replies} of {count} sessions were still there")));
    }
    Ok(Sample {
        units: count,
        seconds,
        cpu: after.saturating_sub(cpu).as_secs_f64(),
        memory: Some(grown as f64 / count.max(1) as f64),
        idle: Some(busy),
        ..Sample::default()
    })
}

/// NOOP on all of so many sessions, whoever is answered next: whether one costs more where there are many.
pub(super) fn among(bench: &Bench<'_>, login: &Login, count: u64) -> io::Result<Sample> {
    let mut sessions = open(login, count)?;
    drive::noops(&mut sessions, drive::Until::Each(1))?;
    let mut all = [sessions];
    let duration = bench.scale.duration;
    let work = |sessions: &mut Vec<Control>, _| drive::noops(sessions, drive::after(duration));
    let tally: Tally = crowd::run(&mut all, Duration::ZERO, |moment| bench.used(moment), work)?;
    Ok(sample(tally))
}

/// So many sessions, logged in.
fn open(login: &Login, count: u64) -> io::Result<Vec<Control>> {
    let workers = WORKERS.min(count.max(1));
    let opened: Vec<io::Result<Vec<Control>>> = thread::scope(|scope| {
        let one = |worker: u64| {
            let share = (worker..count).step_by(usize::try_from(workers).unwrap_or(1));
            share.map(|_| Control::ready(login)).collect::<io::Result<Vec<_>>>()
        };
        let started: Vec<_> = (0..workers).map(|worker| scope.spawn(move || one(worker))).collect();
        started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(fault("a thread panicked")))).collect()
    });
    opened.into_iter().try_fold(Vec::new(), |mut all, share| {
        all.extend(share?);
        Ok(all)
    })
}

/// How many threads open sessions.
const WORKERS: u64 = 8;
