//! `ftpd`: the FTP server that people run.
//!
//! It reads what the operator wants, puts host and adapter together, and shows what happens. It knows no FTP:
//!
//! ```text
//! command line ─┐
//!               ├→ settings ─→ serve ─→ notices ─→ logging (lines)
//! TOML file ────┘                               └→ transfers (bars, on a terminal)
//! ```

mod accounts;
mod adapter;
mod announcement;
mod arguments;
mod configuration;
mod console;
mod fault;
mod hosts;
mod logging;
mod password;
mod replay;
mod secure;
mod serve;
mod settings;
mod transfers;
mod values;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use clap::Parser;
use fault::Fault;
use replay::Show;
use settings::Settings;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(fault) => {
            console::complain(&fault);
            fault.exit_code()
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Fault> {
    match arguments.task {
        Some(Task::HashPassword) => password::print_hash().map(|()| ExitCode::SUCCESS),
        Some(Task::Replay { dialogue, files }) => {
            let show = if dialogue { Show::Dialogue } else { Show::Difference };
            Ok(replay::run(&files, show))
        }
        None => serve::run(Settings::gather(arguments.options)?),
    }
}
