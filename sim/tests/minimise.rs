//! A failing world is made small: by an engine that does one thing wrong, seen through a wall of faults.

use ftp_sim::{Behaviour, Scenario, minimise, run};

/// A world that ends after so few steps fails for a reason that has nothing to do with what is in it.
#[test]
fn leaves_out_what_does_not_matter() {
    let mut scenario = Scenario::from_seed(3);
    scenario.clients = [(Behaviour::Monitor, 3), (Behaviour::Mirror, 3), (Behaviour::Chaos, 2)].into();
    scenario.steps = 60;
    let failure = run(&scenario).expect_err("it cannot end so soon");
    let smaller = minimise(&failure, 300);
    assert_eq!(smaller.kind(), failure.kind());
    assert_eq!(smaller.scenario.clients.len(), 1, "{}", smaller.scenario);
    assert_eq!(smaller.report.strikes.len(), 0, "{smaller}");
    // What it prints is the whole of it.
    let told = smaller.to_string();
    let command = told.lines().last().and_then(|line| line.strip_prefix("again with: cargo sim ")).expect("a command");
    let again: Scenario = command.parse().expect("its own words");
    assert_eq!(again, smaller.scenario);
    assert_eq!(run(&again).expect_err("it fails").kind(), failure.kind());
}
