//! Reads /proc: what a process has used of the processors and of memory, and whose child it is.

use std::collections::BTreeSet;
use std::time::Duration;
use std::{fs, io};

/// What `/proc/PID/stat` says that is of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The process that started it, or that took it over.
    pub parent: u32,
    /// What it used, with its children that ended and were waited for; in ticks of the clock.
    pub ticks: u64,
}

/// Reads a line of `/proc/PID/stat`. `None`: it is none.
///
/// The name of the program stands in parentheses, and may hold blanks and parentheses itself: what follows the last
/// one counts.
#[must_use]
pub fn parse_stat(line: &str) -> Option<Stat> {
    let (_, behind) = line.rsplit_once(')')?;
    let words: Vec<&str> = behind.split_ascii_whitespace().collect();
    let number = |index: usize| words.get(index)?.parse::<u64>().ok();
    // state, ppid, …: field 3 of proc(5) is word 0. Fields 14 to 17: utime, stime, cutime, cstime.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, ticks })
}

/// The proportional set size in bytes, from the text of `/proc/PID/smaps_rollup`. `None`: it is not told.
#[must_use]
pub fn parse_pss(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What the process has used, its ended children included; nothing where it is gone.
#[must_use]
pub fn stat(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The memory of the process in bytes, where what it shares is divided by those who share it.
///
/// # Errors
/// Those of reading. A process that is gone has none, and is no error.
pub fn pss(process: u32) -> io::Result<u64> {
    match fs::read_to_string(format!("/proc/{process}/smaps_rollup")) {
        Ok(text) => Ok(parse_pss(&text).unwrap_or(0)),
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH) => Ok(0),
        Err(error) => Err(error),
    }
}

/// The process and all that stem from it and are alive.
///
/// # Errors
/// Those of reading `/proc`.
pub fn descendants(root: u32) -> io::Result<BTreeSet<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if let Some(stat) = stat(process) {
            parents.push((process, stat.parent));
        }
    }
    let mut family = BTreeSet::from([root]);
    // Numbers wrap round, so a child's may be below its parent's: until nobody is added.
    loop {
        let known = family.len();
        let children = parents.iter().filter(|(_, parent)| family.contains(parent)).map(|(process, _)| *process);
        let children: Vec<u32> = children.collect();
        family.extend(children);
        if family.len() == known {
            return Ok(family);
        }
    }
}

/// So many ticks of the clock as a time.
#[must_use]
pub fn time_of(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_micros(ticks.saturating_mul(1_000_000) / per_second)
}

/// No such process: it ended while it was read.
const ESRCH: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_named_like_a_field() {
        let line = "71 (a) S 9 (b)) R 42 71 71 0 -1 4194304 1 2 3 4 100 20 3 1 20 0 1 0 5 6 7";
        assert_eq!(parse_stat(line), Some(Stat { parent: 42, ticks: 124 }));
        assert_eq!(parse_stat("71 (cut short) R 42 71"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn pss_is_that_of_its_own_line() {
        let text = "00400000-7fff [rollup]\nRss:    99 kB\nPss:                1234 kB\nPss_Dirty:   7 kB\n";
        assert_eq!(parse_pss(text), Some(1234 * 1024));
        assert_eq!(parse_pss("Pss_Dirty: 7 kB\n"), None);
    }

    #[test]
    fn this_process_is_read() {
        let own = std::process::id();
        assert!(stat(own).is_some());
        assert!(pss(own).unwrap() > 0);
        let child = std::process::Command::new("sleep").arg("60").spawn();
        let mut child = child.unwrap();
        assert!(descendants(own).unwrap().contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(stat(0).is_none());
    }
}
