//! How many seeds it takes until something is seen to be wrong: what `sim/planted/run` asks of a tree with a bug in it.
//!
//! `planted MOST START...` goes from each start through the seeds behind it, each start on its own thread, and prints how
//! many it took and what was seen; or that nothing was seen in the first MOST.
#![expect(clippy::print_stdout, reason = "it is a program for the terminal")]

use std::process::ExitCode;
use std::thread;

use ftp_sim::{Scenario, run};

fn main() -> ExitCode {
    let numbers: Result<Vec<u64>, _> = std::env::args().skip(1).map(|word| word.parse()).collect();
    let Ok([most, starts @ ..]) = numbers.as_deref() else {
        eprintln!("planted MOST START...");
        return ExitCode::from(2);
    };
    thread::scope(|scope| {
        for start in starts {
            scope.spawn(move || println!("{start}\t{}", search(*start, *most)));
        }
    });
    ExitCode::SUCCESS
}

/// The number of seeds and the first violation, with a tab between them.
fn search(start: u64, most: u64) -> String {
    for count in 1..=most {
        if let Err(failure) = run(&Scenario::from_seed(start + count - 1)) {
            let what = failure.report.violations.first().map(String::as_str).unwrap_or_default();
            return format!("{count}\t{}", what.replace(['\n', '\t'], " "));
        }
    }
    "missed\t".into()
}
