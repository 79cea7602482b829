//! How many instructions a command takes: `cargo bench -p ftp-proto --bench instructions`, where valgrind is installed.
//!
//! Runs itself under callgrind, each work once a few and once many times; the difference is the work alone. Unlike a
//! time, the count hardly depends on the machine and on what else it does.

#![allow(clippy::print_stdout, reason = "it is what this is for")]

mod world;

use std::env;
use std::error::Error;
use std::process::Command;
use std::sync::Arc;

use self::world::World;

/// One piece of work in a session that is logged in.
type Work = fn(&mut World);

const WORKS: [(&str, Work); 4] = [
    ("NOOP", World::noop),
    ("64 NOOPs in one piece", |world| world.say(&b"NOOP\r\n".repeat(64), b"200 ")),
    ("PASV and RETR, all but the bytes", World::retrieve),
    ("USER and PASS", World::log_in),
];

const FEW: u64 = 100;
const MANY: u64 = 1_100;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, work, times] = arguments.as_slice()
        && let Some((_, work)) = WORKS.iter().find(|(name, _)| name == work)
    {
        let mut world = World::logged_in(&Arc::default());
        (0..times.parse::<u64>()?).for_each(|_| work(&mut world));
        return Ok(());
    }
    for (name, _) in WORKS {
        let each = (instructions(name, MANY)? - instructions(name, FEW)?) / (MANY - FEW);
        println!("{each:>8} {name}");
    }
    Ok(())
}

/// What the whole program takes to do `work` so often.
fn instructions(work: &str, times: u64) -> Result<u64, Box<dyn Error>> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe()?);
    let run = valgrind.arg(work).arg(times.to_string()).output().map_err(|error| format!("valgrind: {error}"))?;
    let report = String::from_utf8_lossy(&run.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or_else(|| format!("valgrind counted nothing:\n{report}").into())
}
