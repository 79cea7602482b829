//! The processes of one server, together: what they use, and the end of them all.
//!
//! A cgroup of version 2 counts to the microsecond, and keeps what children used that nobody waited for. Where none can
//! be made, `/proc` is read: in ticks of 10 ms, and without children that init took over.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, wait};

use crate::procfs;

/// The processes of one server.
#[derive(Debug)]
pub enum Group {
    /// Those in a cgroup.
    Cgroup(PathBuf),
    /// A process and its descendants. Of none, until it is started.
    Descendants(Option<u32>),
}

impl Group {
    /// A new one, with nobody in it.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let made = mounted().map(|root| root.join(format!("{PREFIX}{}-{count}", std::process::id())));
        match made.filter(|path| fs::create_dir(path).is_ok()) {
            Some(path) if usage(&path).is_ok() => Self::Cgroup(path),
            _ => Self::Descendants(None),
        }
    }

    /// How it counts, in words.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::Cgroup(_) => "cgroup v2 (cpu.stat)",
            Self::Descendants(_) => "/proc/PID/stat of the process and its descendants",
        }
    }

    /// The same command, started inside, with so many open files at the most: it enters before it becomes the server, so
    /// that nothing is missed.
    #[must_use]
    pub fn enclose(&self, command: &Command, files: u64) -> Command {
        let mut inside = Command::new("sh");
        inside.arg("-c").arg("echo $$ >\"$0\" && ulimit -n \"$1\" && shift && exec \"$@\"");
        inside.arg(match self {
            Self::Cgroup(path) => path.join("cgroup.procs"),
            Self::Descendants(_) => PathBuf::from("/dev/null"),
        });
        inside.arg(files.to_string()).arg(command.get_program()).args(command.get_args());
        inside
    }

    /// That process was started.
    pub fn started(&mut self, process: u32) {
        if let Self::Descendants(root) = self {
            *root = Some(process);
        }
    }

    /// Who is in it.
    ///
    /// # Errors
    /// Those of reading.
    pub fn processes(&self) -> io::Result<Vec<u32>> {
        match self {
            Self::Cgroup(path) => {
                let text = fs::read_to_string(path.join("cgroup.procs"))?;
                Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
            }
            Self::Descendants(None) => Ok(Vec::new()),
            Self::Descendants(Some(root)) => Ok(procfs::descendants(*root)?.into_iter().collect()),
        }
    }

    /// What all of them have used of the processors, ended ones included.
    ///
    /// # Errors
    /// Those of reading.
    pub fn used(&self) -> io::Result<Duration> {
        match self {
            Self::Cgroup(path) => usage(path),
            Self::Descendants(_) => {
                let ticks = self.processes()?.into_iter().filter_map(procfs::stat).map(|stat| stat.ticks).sum();
                Ok(procfs::time_of(ticks))
            }
        }
    }

    /// The same, once nothing is being used any more: ends of sessions that go on behind the last reply are in it.
    ///
    /// # Errors
    /// Those of reading.
    pub fn settled(&self) -> io::Result<Duration> {
        let until = Instant::now() + Duration::from_secs(1);
        let mut last = self.used()?;
        loop {
            thread::sleep(Duration::from_millis(10));
            let now = self.used()?;
            if now.saturating_sub(last) < Duration::from_micros(50) || Instant::now() > until {
                return Ok(now);
            }
            last = now;
        }
    }

    /// The memory of all of them in bytes (PSS).
    ///
    /// # Errors
    /// Those of reading.
    pub fn memory(&self) -> io::Result<u64> {
        self.processes()?.into_iter().map(procfs::pss).sum()
    }

    /// Ends all of them, at once, and waits until nobody is left.
    ///
    /// # Errors
    /// Those of the system; and where somebody is still there after ten seconds.
    pub fn end(&self) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(10);
        // Those who are found now may have children before they hear of it: so again, until nobody is found.
        loop {
            let left = match self {
                Self::Cgroup(path) => end_cgroup(path, || self.processes())?,
                Self::Descendants(_) => self.processes()?.into_iter().filter(|process| is_alive(*process)).collect(),
            };
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(io::Error::other(format!("processes {left:?} do not end")));
            }
            for process in left {
                let process = i32::try_from(process).ok().and_then(Pid::from_raw);
                process.map(|process| kill_process(process, Signal::KILL));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::new()
    }
}

/// From here on this process takes over children whose parents ended, and [`reap`] does away with them: not every init
/// does.
///
/// # Errors
/// Those of the system.
pub fn adopt() -> io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    ADOPTS.store(true, Ordering::Relaxed);
    Ok(())
}

/// Does away with children that have ended, where they were adopted. Whoever is waited for by others must have been
/// waited for before.
pub fn reap() {
    if ADOPTS.load(Ordering::Relaxed) {
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }
}

/// Whether [`adopt`] was called.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Ends what earlier runs left that were killed themselves.
pub fn sweep() {
    let Some(entries) = mounted().and_then(|root| fs::read_dir(root).ok()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let owner = rest.split('-').next().and_then(|owner| owner.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            let _ = Group::Cgroup(entry.path()).end();
        }
    }
}

/// Where cgroups of version 2 are.
fn mounted() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
    line.split(' ').nth(1).map(PathBuf::from)
}

/// What a cgroup has used.
fn usage(path: &Path) -> io::Result<Duration> {
    let text = fs::read_to_string(path.join("cpu.stat"))?;
    let used = text.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok());
    used.map(Duration::from_micros).ok_or_else(|| io::Error::other("cpu.stat says nothing of usage_usec"))
}

/// Ends those in a cgroup, and takes it away when nobody is left.
fn end_cgroup(path: &Path, processes: impl Fn() -> io::Result<Vec<u32>>) -> io::Result<Vec<u32>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let _ = fs::write(path.join("cgroup.kill"), "1");
    let left = processes()?;
    if left.is_empty() && fs::remove_dir(path).is_err() {
        // Those that are ending are not listed any more, and still in it.
        return Ok(vec![0]);
    }
    Ok(left)
}

/// Whether it runs: one that ended and was not waited for does not.
fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, behind)| !behind.trim_start().starts_with('Z'))
}

/// How the cgroups are named: with the number of the process that made them behind it.
const PREFIX: &str = "ftp-bench-";

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell that leaves a child behind which does not end by itself, and which works first.
    fn family(group: &mut Group) -> std::process::Child {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 600 & sleep 600"]);
        let child = group.enclose(&command, 256).spawn().unwrap();
        group.started(child.id());
        child
    }

    fn is_ended_whole(mut group: Group) {
        let mut child = family(&mut group);
        let until = Instant::now() + Duration::from_secs(30);
        while group.processes().unwrap().len() < 3 {
            assert!(Instant::now() < until, "the children never came");
            thread::yield_now();
        }
        assert!(group.used().unwrap() > Duration::ZERO);
        assert!(group.memory().unwrap() > 0);
        let members = group.processes().unwrap();
        group.end().unwrap();
        child.wait().unwrap();
        assert!(members.into_iter().all(|process| !is_alive(process)));
    }

    #[test]
    fn a_server_with_its_children_is_counted_and_ended() {
        is_ended_whole(Group::new());
    }

    #[test]
    fn so_it_is_without_cgroups() {
        is_ended_whole(Group::Descendants(None));
    }
}
