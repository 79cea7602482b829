//! On which processors everything runs: a few of the machine's, client and servers together, so that runs on machines of
//! different sizes can be compared.
//!
//! Whoever is started later has the same processors, and sees no others. In rows where one client thread waits for one
//! server, it is [`Placement`] that says which of them each has.

use std::fs;
use std::io;

use clap::ValueEnum;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};

/// Where client and server are while one waits for the other.
///
/// On two processors it is chance whether the scheduler keeps them together or apart, and differs from run to run: a
/// reply costs 5 µs on one processor, and 45 µs where a sleeping one has to be woken for it. So it is not left to chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// On one processor: what each of them does is counted, and no waiting.
    Together,
    /// On one processor each.
    Apart,
    /// Where the scheduler puts them.
    Free,
}

impl Placement {
    /// Puts this thread, with all that it starts from here on, and those processes where they belong.
    ///
    /// # Errors
    /// Those of the system.
    pub fn put(self, processors: &[usize], server: &[u32]) -> io::Result<()> {
        let (Some(first), Some(last)) = (processors.first(), processors.last()) else { return Ok(()) };
        let (client, other) = match self {
            Self::Together => (first, first),
            Self::Apart => (first, last),
            Self::Free => return Ok(()),
        };
        keep(server, &[*other])?;
        stay(&[*client])
    }

    /// The same in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Together => "client and server on the same processor",
            Self::Apart => "client and server on a processor each",
            Self::Free => "client and server where the scheduler puts them",
        }
    }
}

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
    stay(&chosen)?;
    Ok(chosen)
}

/// Keeps all threads of those processes on these processors, and so whatever they start from here on. They have counted the
/// processors already, and have as many threads as they find right.
///
/// # Errors
/// Those of the system. A thread that ends meanwhile is none.
fn keep(processes: &[u32], on: &[usize]) -> io::Result<()> {
    let set = set_of(on);
    for process in processes {
        for task in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
            let number = task.file_name().to_str().and_then(|task| Pid::from_raw(task.parse().ok()?));
            let Some(task) = number else { continue };
            match sched_setaffinity(Some(task), &set) {
                Err(error) if error != Errno::SRCH => return Err(error.into()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Keeps this thread, and all that it starts from here on, on these processors.
///
/// # Errors
/// Those of the system.
fn stay(on: &[usize]) -> io::Result<()> {
    Ok(sched_setaffinity(None, &set_of(on))?)
}

fn set_of(processors: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    processors.iter().for_each(|processor| set.set(*processor));
    set
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
    fn a_server_that_runs_is_put_where_it_belongs() {
        let mut server = Command::new("sleep").arg("600").spawn().unwrap();
        let all = allowed().unwrap();
        let placed = thread::scope(|scope| {
            let placed = scope.spawn(|| {
                Placement::Apart.put(&all, &[server.id()]).unwrap();
                allowed().unwrap()
            });
            placed.join().unwrap()
        });
        let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        assert_eq!((placed, list.trim()), (vec![all[0]], all.last().unwrap().to_string().as_str()));
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
