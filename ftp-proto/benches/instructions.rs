//! What the engine's hot paths cost in instructions and in allocations: these hardly depend on the machine, and on what
//! else it does not at all. Takes valgrind.
//!
//! | command | what it does |
//! |---|---|
//! | `cargo bench -p ftp-proto --bench instructions` | shows the counts beside those of `benches/baseline.txt` |
//! | `cargo bench -p ftp-proto --bench instructions -- --check` | the same, and fails where one is over its bound |
//! | `cargo bench -p ftp-proto --bench instructions -- --write` | writes a new `benches/baseline.txt` |
//!
//! Runs itself once under callgrind, which dumps a count behind each piece of work. Allocations and memory are counted
//! without it.

#![allow(clippy::print_stdout, reason = "it is what this is for")]

mod baseline;
mod counting;
mod works;
mod world;

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use self::baseline::{Baseline, Cost, MEMORY};
use self::counting::{allocations, held};
use self::works::{Amount, WORKS};
use self::world::World;

/// Makes glibc copy in the one way that every x86-64 processor can, so that all count the same.
const ONE_COPY: &str = "glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-ERMS";

/// How the program calls itself under callgrind.
const COUNTED: &str = "--counted";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|it| it == COUNTED) {
        for work in WORKS {
            measured(&mut *warm(work.prepare), times(work.amount));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let now = Baseline { compiler: compiler()?, library: library(), costs: costs()? };
    if arguments.iter().any(|it| it == "--write") {
        fs::write(Baseline::PATH, now.to_string())?;
        println!("written: {}", Baseline::PATH);
        return Ok(ExitCode::SUCCESS);
    }
    let good = now.compare(&Baseline::read()?);
    let failed = !good && arguments.iter().any(|it| it == "--check");
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The work, done often enough for every buffer to have its size.
fn warm(prepare: fn() -> Box<dyn FnMut()>) -> Box<dyn FnMut()> {
    let mut work = prepare();
    (0..3).for_each(|_| work());
    work
}

/// How often it is done to be counted: what differs from call to call is to even out.
const fn times(amount: Amount) -> u64 {
    match amount {
        Amount::One => 500,
        Amount::Items(0..100) => 50,
        Amount::Items(_) | Amount::Bytes(_) => 1,
    }
}

/// What callgrind counts: it begins to where this is called, and dumps the count where it is left.
#[inline(never)]
fn measured(work: &mut dyn FnMut(), times: u64) {
    (0..times).for_each(|_| work());
    black_box(times);
}

fn costs() -> Result<Vec<Cost>, Box<dyn Error>> {
    let counts = instructions()?;
    let mut costs = Vec::new();
    for (work, count) in WORKS.iter().zip(counts) {
        let (mut once, times) = (warm(work.prepare), times(work.amount));
        let taken = allocations(|| (0..times).for_each(|_| once()));
        let each = taken.div_ceil(times);
        costs.push(Cost { name: work.name.into(), instructions: count / times, allocations: each });
    }
    costs.push(Cost { name: MEMORY.into(), instructions: 0, allocations: session_memory() });
    costs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(costs)
}

/// What the measured part of each work takes, in the order of `WORKS`, for as many times as it was done.
fn instructions() -> Result<Vec<u64>, Box<dyn Error>> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    let out = directory.join("counts");
    let mut valgrind = Command::new("valgrind");
    valgrind.env("GLIBC_TUNABLES", ONE_COPY);
    valgrind.args(["--tool=callgrind", "--toggle-collect=*::measured", "--dump-after=*::measured"]);
    valgrind.arg(format!("--callgrind-out-file={}", out.display())).arg(env::current_exe()?).arg(COUNTED);
    let run = valgrind.output().map_err(|error| format!("valgrind (apt-get install valgrind): {error}"))?;
    if !run.status.success() {
        return Err(format!("valgrind: {}", String::from_utf8_lossy(&run.stderr)).into());
    }
    let count = |at: usize| {
        let dump = fs::read_to_string(out.with_extension((at + 1).to_string())).map_err(|error| error.to_string())?;
        let total = dump.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<u64>().ok());
        total.filter(|total| *total > 0).ok_or_else(|| format!("no count of {}", WORKS[at].name))
    };
    let counts = (0..WORKS.len()).map(count).collect::<Result<_, _>>()?;
    fs::remove_dir_all(&directory)?;
    Ok(counts)
}

/// The bytes that a session holds which is logged in and does nothing: its own, and those on the heap.
fn session_memory() -> u64 {
    let (config, mut session) = (Arc::default(), None);
    let heap = held(|| session = Some(World::logged_in(&config).into_session()));
    let own = session.as_ref().map_or(0, size_of_val);
    own as u64 + u64::try_from(heap).unwrap_or(0)
}

/// Whose code is counted.
fn compiler() -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8(version.stdout)?.trim().into())
}

/// Whose allocator and whose `memcpy` is counted with it.
fn library() -> String {
    let version = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let version = version.ok().and_then(|version| String::from_utf8(version.stdout).ok());
    version.map_or_else(|| "unknown".into(), |version| version.trim().into())
}
