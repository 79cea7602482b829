//! On which processors everything runs: a few of the machine's, client and servers together, so that runs on machines of
//! different sizes can be compared.
//!
//! Whoever is started later has the same processors, and sees no others.

use std::fs;
use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps this thread, and all that it starts from here on, on so many processors; gives their numbers. No two of them are
/// of one core as long as there are others.
///
/// # Errors
/// Those of the system, and where there are fewer.
pub fn keep_to(count: usize) -> io::Result<Vec<usize>> {
    let chosen = choose(&allowed()?, count, core_of);
    if chosen.len() < count {
        return Err(crate::fault(format!("{count} processors are asked for, and {} may be used", chosen.len())));
    }
    let mut set = CpuSet::new();
    chosen.iter().for_each(|processor| set.set(*processor));
    sched_setaffinity(None, &set)?;
    Ok(chosen)
}

/// Which may be used.
///
/// # Errors
/// Those of the system.
pub fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect())
}

/// The first of each core before the second of any.
fn choose(allowed: &[usize], count: usize, core_of: impl Fn(usize) -> String) -> Vec<usize> {
    let (mut cores, mut first, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for processor in allowed {
        let core = core_of(*processor);
        if cores.contains(&core) {
            others.push(*processor);
        } else {
            cores.push(core);
            first.push(*processor);
        }
    }
    let mut chosen: Vec<usize> = first.into_iter().chain(others).take(count).collect();
    chosen.sort_unstable();
    chosen
}

/// What a processor shares with others of its core; where that is not told, it is alone.
fn core_of(processor: usize) -> String {
    let path = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
    fs::read_to_string(path).unwrap_or_else(|_| processor.to_string())
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;

    use super::*;

    #[test]
    fn no_two_are_of_one_core_while_there_are_others() {
        let pairs = |processor: usize| (processor % 4).to_string();
        let all: Vec<usize> = (0..8).collect();
        assert_eq!(choose(&all, 2, pairs), [0, 1]);
        assert_eq!(choose(&[1, 5, 6], 2, pairs), [1, 6]);
        assert_eq!(choose(&[1, 5], 2, pairs), [1, 5]);
        assert_eq!(choose(&[3], 2, pairs), [3]);
    }

    #[test]
    fn whoever_is_started_has_the_same() {
        // In a thread of its own: other tests keep all of theirs.
        let seen = thread::spawn(|| {
            let kept = keep_to(1).unwrap();
            assert_eq!(allowed().unwrap(), kept);
            let inner = thread::spawn(|| allowed().unwrap()).join().unwrap();
            assert_eq!(inner, kept);
            let said = Command::new("sh").args(["-c", "grep Cpus_allowed_list /proc/self/status"]).output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            assert_eq!(said.split_whitespace().last().unwrap(), kept[0].to_string());
            assert_eq!(thread::available_parallelism().unwrap().get(), 1);
        });
        seen.join().unwrap();
        assert!(keep_to(CpuSet::MAX_CPU + 1).is_err());
    }
}
