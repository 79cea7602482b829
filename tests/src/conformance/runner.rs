//! Runs checks against a server: one after the other, each in a directory of its own.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::context::{Context, Peer, Shared, Skip};
use super::report::{Finding, Report, Verdict};
use super::{Check, checks};
use crate::{Way, Wire};

/// Which checks are run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only those whose section begins like this, or whose name does; all, where there is none.
    pub only: Option<String>,
}

impl Selection {
    fn takes(&self, check: &Check) -> bool {
        self.only.as_deref().is_none_or(|only| {
            let rest = check.section.strip_prefix(only);
            // `§4.1.1` is not the beginning of `§4.1.10`.
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit())) || check.id.starts_with(only)
        })
    }
}

/// Runs the checks of `selection` against `peer`. What they leave there is removed at the end.
///
/// # Errors
/// When the server cannot be got into at all, or gives the kit no directory to work in.
pub fn run(peer: &Peer, selection: &Selection) -> io::Result<Report> {
    let shared = guarded(|| prepare(peer)).map_err(io::Error::other)?;
    let selected = checks().filter(|check| selection.takes(check));
    let findings = selected
        .enumerate()
        .map(|(number, check)| {
            let began = Instant::now();
            let verdict = judge(check, Context::new(&shared, number));
            Finding { check, verdict, took: began.elapsed() }
        })
        .collect();
    // A server that failed so badly that it cannot be tidied has failed its checks already.
    let left = guarded(|| sweep(&mut peer.enter(), shared.root.as_bytes())).err();
    Ok(Report { findings, left })
}

/// Makes the kit's directory and asks what there is.
fn prepare(peer: &Peer) -> Shared<'_> {
    let mut wire = peer.enter();
    let features = wire.ask_any("FEAT", &[211, 500, 502]).body();
    let start = wire.ask("PWD", 257).text();
    let start = start.split('"').nth(1).unwrap_or_default().trim_end_matches('/').to_owned();
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let root = format!("{start}/conformance-{moment:x}");
    wire.ask(&format!("MKD {root}"), 257);
    Shared { peer, features, root, large: Cell::new(false) }
}

fn judge(check: &Check, mut context: Context<'_>) -> Verdict {
    let run = || (check.run)(&mut context);
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(()) => Verdict::Passed,
        Err(payload) => match payload.downcast::<Skip>() {
            Ok(skip) => Verdict::Skipped(skip.0),
            Err(payload) => Verdict::Failed(message(&*payload)),
        },
    }
}

/// Runs a dialogue of the kit's own.
fn guarded<T>(dialogue: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(dialogue)).map_err(|payload| message(&*payload))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}

/// Removes a directory and all that is in it.
fn sweep(wire: &mut Wire, path: &[u8]) {
    ask(wire, b"CWD", path, &[250]);
    let names = wire.fetch(Way::Epsv, "NLST");
    for name in names.split(|byte| *byte == b'\n') {
        let name = name.strip_suffix(b"\r").unwrap_or(name);
        let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
        if matches!(name, b"" | b"." | b"..") {
            continue;
        }
        let inside = [path, b"/", name].concat();
        if ask(wire, b"DELE", &inside, &[250, 550, 553, 450]) != 250 {
            sweep(wire, &inside);
        }
    }
    wire.ask("CDUP", 250);
    ask(wire, b"RMD", path, &[250]);
}

/// A path's bytes go as they came.
fn ask(wire: &mut Wire, verb: &[u8], path: &[u8], codes: &[u16]) -> u16 {
    wire.send([verb, b" ", path, b"\r\n"].concat());
    wire.expect_any(codes).code
}
