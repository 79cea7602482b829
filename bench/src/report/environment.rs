//! Where and how it was measured: without this a figure says nothing.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::client::tls::Version;
use crate::network::Network;
use crate::processors::Placement;
use crate::rows::bytes;
use crate::schedule::Plan;

/// The machine, the versions, and how it was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Operating system and its release.
    pub kernel: String,
    /// The processor's name.
    pub processor: String,
    /// How many processors the machine has.
    pub processors: usize,
    /// On which of them the client and the servers were kept.
    pub kept_on: Vec<usize>,
    /// Where client and server were in rows with one session.
    pub placement: Placement,
    /// Which network samples had.
    pub network: Network,
    /// Memory in bytes.
    pub memory: u64,
    /// What wanted to run when it ended: the load of one minute.
    pub load: String,
    /// Where the files were.
    pub files: String,
    /// Bytes of the large file.
    pub large: u64,
    /// How the server's processor time was counted.
    pub counted: String,
    /// The TLS of rows over TLS.
    pub tls: Version,
    /// How often each row was measured on each server.
    pub rounds: u32,
    /// Seconds of each sample, at least.
    pub seconds: f64,
    /// What the files were made of.
    pub seed: u64,
    /// The commit of our server.
    pub commit: String,
    /// The servers' versions.
    pub versions: BTreeMap<String, String>,
}

impl Environment {
    /// Looks at the machine.
    #[must_use]
    pub fn look(plan: &Plan, counted: String, network: Network, versions: BTreeMap<String, String>) -> Self {
        let uname = rustix::system::uname();
        let text = |words: &std::ffi::CStr| words.to_string_lossy().into_owned();
        Self {
            kernel: format!("{} {}", text(uname.sysname()), text(uname.release())),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| text(uname.machine())),
            processors: fs::read_to_string("/proc/cpuinfo")
                .map_or(1, |text| text.lines().filter(|line| line.starts_with("processor")).count().max(1)),
            kept_on: plan.processors.clone(),
            placement: plan.placement,
            network,
            memory: field("/proc/meminfo", "MemTotal")
                .and_then(|size| size.strip_suffix(" kB")?.parse::<u64>().ok())
                .unwrap_or(0)
                * 1024,
            load: load(),
            files: plan.parent.display().to_string(),
            large: plan.scale.sizes.large,
            counted,
            tls: plan.version,
            rounds: plan.rounds,
            seconds: plan.scale.duration.as_secs_f64(),
            seed: plan.seed,
            commit: commit().unwrap_or_else(|| "unknown".to_owned()),
            versions,
        }
    }

    /// Whether figures of this run can stand beside those of the other: it was run in the same way, of the same sources.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let load = String::new;
        Self { load: load(), ..self.clone() } == Self { load: load(), ..other.clone() }
    }

    fn kept_on(&self) -> String {
        let numbers: Vec<String> = self.kept_on.iter().map(usize::to_string).collect();
        format!("{} of them, for client and server together: {}", numbers.len(), numbers.join(", "))
    }

    /// The same as lines of a table: what, and what it is.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let version = match self.tls {
            Version::V12 => "1.2",
            Version::V13 => "1.3",
        };
        let mut lines = vec![
            ("kernel".to_owned(), self.kernel.clone()),
            ("processor".to_owned(), format!("{} × {}", self.processors, self.processor)),
            ("kept on".to_owned(), self.kept_on()),
            ("rows with one session".to_owned(), self.placement.words().to_owned()),
            ("network".to_owned(), self.network.words().to_owned()),
            ("memory".to_owned(), format!("{:.1} GiB", self.memory as f64 / f64::from(1 << 30))),
            ("load at the end".to_owned(), self.load.clone()),
            ("files".to_owned(), format!("in {}; the large one has {}", self.files, bytes(self.large))),
            ("processor time".to_owned(), self.counted.clone()),
            ("TLS".to_owned(), format!("{version}, a certificate with an ECDSA key (P-256)")),
            ("rounds".to_owned(), format!("{} of {} s or more; seed {}", self.rounds, self.seconds, self.seed)),
            ("commit".to_owned(), self.commit.clone()),
        ];
        lines.extend(self.versions.iter().map(|(name, version)| (name.clone(), version.clone())));
        lines
    }
}

/// What wanted to run in the last minute.
pub(crate) fn load() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("").to_owned()
}

/// The value of a line "name : value" in a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
}

/// The commit, with a sign where something is not committed.
fn commit() -> Option<String> {
    let said = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    (said.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
