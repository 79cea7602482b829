//! Threads that begin together: each has a session, and does the same again and again until the time is over.

use std::io;
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault;

/// What they did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// What was done, in the unit of the work.
    pub units: u64,
    /// From the beginning to the end of the last.
    pub seconds: f64,
    /// Work that failed: whoever fails has no session any more, and stops.
    pub failures: u64,
    /// What the first of these said.
    pub failure: Option<String>,
    /// What the server used meanwhile, in seconds.
    pub cpu: f64,
}

/// One of the crowd: its number, and whether it should go on.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which of the crowd, from 0.
    pub member: usize,
    /// Which time it is, from 0.
    pub time: u64,
}

/// Runs `work` in all `members` at once for `duration`: at least once each, and no work is cut short. `used` tells what
/// the server has used so far.
///
/// # Errors
/// Where all of it failed, and those of `used`.
pub fn run<M: Send>(
    members: &mut [M],
    duration: Duration,
    used: impl Fn(Moment) -> io::Result<Duration>,
    work: impl Fn(&mut M, Turn) -> io::Result<u64> + Sync,
) -> io::Result<Tally> {
    let together = Barrier::new(members.len() + 1);
    let sum = Mutex::new(Tally::default());
    let before = used(Moment::Before)?;
    let mut begin = Instant::now();
    thread::scope(|scope| {
        for (member, state) in members.iter_mut().enumerate() {
            let (together, sum, work) = (&together, &sum, &work);
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, move || {
                    together.wait();
                    let until = Instant::now() + duration;
                    let done = repeat(until, |time| work(state, Turn { member, time }));
                    add(&mut sum.lock().unwrap_or_else(PoisonError::into_inner), done);
                })
                .expect("a thread for each session can be had");
        }
        together.wait();
        begin = Instant::now();
    });
    let seconds = begin.elapsed().as_secs_f64();
    let after = used(Moment::After)?;
    let mut tally = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.seconds = seconds;
    tally.cpu = after.saturating_sub(before).as_secs_f64();
    match &tally.failure {
        Some(failure) if tally.units == 0 => Err(fault(failure.clone())),
        _ => Ok(tally),
    }
}

/// When it is asked what the server has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the work.
    Before,
    /// After it.
    After,
}

/// Does it until the time is over or it fails: the units, and the failure.
fn repeat(until: Instant, mut work: impl FnMut(u64) -> io::Result<u64>) -> (u64, Option<io::Error>) {
    let mut units = 0;
    for time in 0.. {
        match work(time) {
            Ok(done) => units += done,
            Err(error) => return (units, Some(error)),
        }
        if Instant::now() >= until {
            break;
        }
    }
    (units, None)
}

fn add(sum: &mut Tally, (units, failure): (u64, Option<io::Error>)) {
    sum.units += units;
    if let Some(failure) = failure {
        sum.failures += 1;
        sum.failure.get_or_insert(failure.to_string());
    }
}

/// Of a thread: little is on it, and there may be hundreds.
const STACK: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: Moment) -> io::Result<Duration> {
        Ok(Duration::ZERO)
    }

    #[test]
    fn everyone_works_at_least_once() {
        let mut members = [0_u64; 5];
        let work = |state: &mut u64, turn: Turn| {
            assert_eq!(*state, turn.time);
            *state += 1;
            Ok(turn.member as u64)
        };
        let tally = run(&mut members, Duration::ZERO, nothing, work).unwrap();
        assert_eq!((tally.units, tally.failures, members), (10, 0, [1; 5]));
    }

    #[test]
    fn one_that_fails_stops_and_is_counted() {
        let work = |_: &mut (), turn: Turn| if turn.member == 1 { Err(fault("away")) } else { Ok(1) };
        let tally = run(&mut [(); 3], Duration::ZERO, nothing, work).unwrap();
        assert_eq!((tally.units, tally.failures, tally.failure.as_deref()), (2, 1, Some("away")));
        let none = run(&mut [(); 2], Duration::ZERO, nothing, |(), _| Err(fault("away")));
        assert_eq!(none.unwrap_err().to_string(), "away");
    }
}
