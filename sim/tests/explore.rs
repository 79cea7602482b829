//! Small worlds with each fault that they have room for, one at a time.
//!
//! With `SIM_PAIRS=1` the smallest is run with two faults at a time, too, which takes minutes in a debug build.

#![expect(clippy::print_stdout, reason = "how much was explored is to be seen")]

use std::time::Duration;

use ftp_sim::{Behaviour, Campaign, Explored, Scenario, Size, Tls, Way, explore, explore_pairs};

/// A client that does one thing, next to the server, which may be drained, killed or lose its power all the time.
fn small(behaviour: Behaviour) -> Scenario {
    let mut scenario = Scenario::plain(1, [(behaviour, 1)]);
    scenario.length = Duration::from_secs(24 * 3600);
    scenario.operator = Duration::from_millis(1);
    scenario.way = Way::Near;
    scenario.limits = Size::Small;
    scenario
}

fn holds(name: &str, scenario: &Scenario) {
    let explored = explore(scenario, Campaign::default()).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    judge(name, &explored);
}

fn judge(name: &str, explored: &Explored) {
    let tally = &explored.tally;
    println!("{name}: {} places, {} runs, {:.1} s", explored.sites, tally.runs, tally.took.as_secs_f64());
    if let Some(failure) = tally.failures.first() {
        panic!("{name}: {failure}");
    }
    assert!(tally.faults.len() > 10, "hardly anything went wrong: {:?}", tally.faults);
}

#[test]
fn an_upload() {
    holds("upload", &small(Behaviour::Upload));
}

#[test]
fn an_upload_by_offload() {
    let mut scenario = small(Behaviour::Upload);
    scenario.pipe = ftp_sim::Pipe::Offload;
    holds("upload by offload", &scenario);
}

#[test]
fn an_upload_through_tls() {
    let mut scenario = small(Behaviour::Upload);
    scenario.tls = Tls::Reuse;
    holds("upload through TLS", &scenario);
}

#[test]
fn a_download() {
    holds("download", &small(Behaviour::Download));
}

#[test]
fn a_rename_over_another_file() {
    holds("rename", &small(Behaviour::Rename));
}

#[test]
fn an_active_upload() {
    holds("active upload", &small(Behaviour::Active));
}

#[test]
fn a_listing() {
    holds("listing", &small(Behaviour::List));
}

#[test]
fn an_abort() {
    holds("abort", &small(Behaviour::Abort));
}

#[test]
fn two_faults_at_a_time() {
    if std::env::var_os("SIM_PAIRS").is_none() {
        println!("not run: SIM_PAIRS is not set");
        return;
    }
    let mut scenario = small(Behaviour::Rename);
    scenario.operator = Duration::from_secs(60);
    let explored = explore_pairs(&scenario, Campaign::default()).unwrap_or_else(|failure| panic!("{failure}"));
    judge("rename, two faults", &explored);
}
