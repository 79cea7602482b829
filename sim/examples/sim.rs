//! `cargo sim`: runs simulated worlds, one with its log or many with counts.
#![expect(clippy::print_stdout, reason = "it is a program for the terminal")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ftp_sim::{Campaign, Scenario, Tally, explore, explore_pairs, minimise, replay, run};

fn command() -> Command {
    let number = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_parser(value_parser!(u64)).help(help).help_heading("What is run")
    };
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help).help_heading("What is run")
    };
    let options = Scenario::OPTIONS
        .iter()
        .map(|(name, help)| Arg::new(*name).long(*name).value_name("VALUE").help(*help).help_heading("A scenario"));
    Command::new("sim")
        .about("Runs simulated worlds. One scenario is shown with its log; of many, counts are told.")
        .args(options)
        .arg(
            Arg::new("seeds")
                .long("seeds")
                .value_name("FROM..TO")
                .value_parser(range)
                .help("All seeds of this range, TO not among them")
                .help_heading("What is run"),
        )
        .arg(number("fresh", "So many seeds from the system's randomness"))
        .arg(switch("hour", "One virtual hour of 1,000 sessions"))
        .arg(switch("explore", "The scenario with each fault that it has room for, one at a time"))
        .arg(switch("pairs", "With --explore: with two faults at a time"))
        .arg(number("threads", "How many threads; as many as there are processors, unless told"))
        .arg(number("failures", "It stops at so many failures [default: 1]"))
        .arg(number("within", "It begins no further run after so many seconds"))
        .arg(number("minimise", "How many runs it may take to make a failing one smaller; 0 for none [default: 500]"))
        .arg(
            Arg::new("traces")
                .long("traces")
                .value_name("DIR")
                .help("Writes the traces of one scenario's sessions to this directory")
                .help_heading("What is run"),
        )
        .arg(switch("quiet", "Shows no log"))
}

fn range(text: &str) -> Result<std::ops::Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("a range is FROM..TO")?;
    let number = |text: &str| text.parse().map_err(|error| format!("\"{text}\": {error}"));
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    let matches = command().get_matches();
    match begin(&matches) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sim: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all was well.
fn begin(matches: &ArgMatches) -> Result<bool, Box<dyn std::error::Error>> {
    let number = |name: &str| matches.get_one::<u64>(name).copied();
    let mut campaign = Campaign::default();
    campaign.threads = number("threads").map_or(campaign.threads, |threads| threads as usize);
    campaign.failures = number("failures").map_or(campaign.failures, |failures| failures as usize);
    campaign.at_most = number("within").map(Duration::from_secs);
    campaign.tell = |tally| println!("{}", tally.brief());
    // A value that is none is told before anything runs.
    scenario(matches, Scenario::from_seed(0))?;
    let drawn = |seed: u64| scenario(matches, Scenario::from_seed(seed)).unwrap_or_else(|_| Scenario::from_seed(seed));
    let tally = if let Some(seeds) = matches.get_one::<std::ops::Range<u64>>("seeds") {
        println!("seeds {} to {}", seeds.start, seeds.end);
        campaign.run(seeds.clone().map(drawn))
    } else if let Some(count) = number("fresh") {
        // Small, so that they can be read out, and one after the other, so that one number tells them all.
        let first = u64::from(getrandom::u32()?) << 16;
        println!("fresh seeds {first} to {}", first + count);
        campaign.run((first..first + count).map(drawn))
    } else if matches.get_flag("explore") {
        let scenario = drawn(0);
        let explored =
            if matches.get_flag("pairs") { explore_pairs(&scenario, campaign) } else { explore(&scenario, campaign) };
        match explored {
            Ok(explored) => {
                println!("{} places where something can go wrong", explored.sites);
                explored.tally
            }
            Err(failure) => {
                println!("without any fault:\n{failure}");
                return Ok(false);
            }
        }
    } else if matches.get_flag("hour") {
        return Ok(hour(number("seed").unwrap_or(1)));
    } else {
        let scenario = drawn(0);
        if let Some(directory) = matches.get_one::<String>("traces") {
            write_traces(&scenario, Path::new(directory))?;
        }
        return Ok(one(&scenario, matches.get_flag("quiet"), number("minimise").unwrap_or(0)));
    };
    println!("{tally}");
    Ok(told(&tally, number("minimise").unwrap_or(500)))
}

/// What the command line says, on top of what was drawn.
fn scenario(matches: &ArgMatches, mut scenario: Scenario) -> Result<Scenario, ftp_sim::BadOption> {
    for (name, _) in Scenario::OPTIONS {
        if matches.value_source(name) == Some(ValueSource::CommandLine)
            && let Some(value) = matches.get_one::<String>(name)
        {
            scenario.set(name, value)?;
        }
    }
    Ok(scenario)
}

/// Whether nothing failed; tells of what did.
fn told(tally: &Tally, runs: u64) -> bool {
    for failure in &tally.failures {
        println!("FAILED {}: cargo sim {}", failure.kind(), failure.scenario);
        if runs > 0 {
            println!("made smaller:\n{}\n", minimise(failure, runs.try_into().unwrap_or(u32::MAX)));
        } else {
            println!("{failure}\n");
        }
    }
    tally.failures.is_empty()
}

/// Writes the traces of a scenario's sessions.
fn write_traces(scenario: &Scenario, directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    for (number, trace) in replay(scenario).traces.iter().enumerate() {
        std::fs::write(directory.join(format!("session-{}.trace", number + 1)), trace)?;
    }
    Ok(())
}

/// One scenario, with its log.
fn one(scenario: &Scenario, quiet: bool, runs: u64) -> bool {
    println!("options: {}", scenario.all_options());
    if !quiet {
        replay(scenario).log.iter().for_each(|line| println!("{line}"));
    }
    match run(scenario) {
        Ok(report) => {
            println!(
                "all is well: {} sessions, {} steps, {} faults, {:.0} s of virtual time, endings {:?}, digest {:016x}",
                report.sessions,
                report.steps,
                report.strikes.len(),
                report.lasted.as_secs_f64(),
                report.endings,
                report.digest
            );
            true
        }
        Err(failure) => {
            let smaller = if runs > 0 { minimise(&failure, runs.try_into().unwrap_or(u32::MAX)) } else { failure };
            println!("FAILED {}\n{smaller}", smaller.kind());
            false
        }
    }
}

/// A thousand clients for an hour, with the faults that are usual.
fn hour(seed: u64) -> bool {
    let began = Instant::now();
    let scenario = Scenario::hour(seed);
    println!("{} clients, each for an hour of virtual time: cargo sim {scenario}", scenario.clients.len());
    let report = replay(&scenario);
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} sessions in {:.0} s of virtual time took {took:.1} s: {} steps, {} faults, endings {:?}",
        report.sessions,
        report.lasted.as_secs_f64(),
        report.steps,
        report.strikes.len(),
        report.endings
    );
    report.violations.iter().for_each(|violation| println!("{violation}"));
    report.violations.is_empty()
}
