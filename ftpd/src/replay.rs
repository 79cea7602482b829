//! `ftpd replay`: recorded sessions, run again by the engine as it is now, or printed as dialogues.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ftp_proto::trace::{self, Verdict};

use crate::console;
use crate::fault::Fault;

/// What is to be shown of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// What the engine does otherwise than it was recorded.
    Difference,
    /// What was said.
    Dialogue,
}

/// Goes through every file, and says how it went: 0 where all is well, 1 where something differs, 2 where a file is no
/// trace.
pub(crate) fn run(files: &[PathBuf], show: Show) -> ExitCode {
    let mut worst = 0;
    for path in files {
        let code = match one(path, show) {
            Ok(code) => code,
            Err(fault) => {
                console::complain(fault);
                2
            }
        };
        worst = worst.max(code);
    }
    ExitCode::from(worst)
}

fn one(path: &Path, show: Show) -> Result<u8, Fault> {
    let broken = |cause: &dyn Display| Fault::Trace { path: shown(path), cause: cause.to_string() };
    let text = read(path).map_err(|cause| broken(&cause))?;
    let trace = trace::parse(&text).map_err(|cause| broken(&cause))?;
    match show {
        Show::Dialogue => {
            console::say(trace.dialogue().trim_end());
            Ok(0)
        }
        Show::Difference => {
            let report = trace.replay();
            console::say(format_args!("{}: {report}", shown(path)));
            Ok(u8::from(matches!(report.verdict, Verdict::Differs(_))))
        }
    }
}

/// The name of a file, as a terminal may show it: traces come from elsewhere, and so may their names.
fn shown(path: &Path) -> String {
    let name = path.to_string_lossy();
    name.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// The text of a file, as long as one may be.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    if text.len() as u64 == LONGEST {
        return Err(io::Error::other("it is too long"));
    }
    Ok(text)
}

/// The longest trace that is taken, in bytes: 256 MiB. What is made of it may take many times as much memory.
const LONGEST: u64 = 256 << 20;
