//! A fixed share of what `cargo sim --seeds` runs: the same seeds each time.

use std::time::Duration;

use ftp_sim::{Behaviour, Campaign, Fault, Scenario, run};

#[test]
fn many_worlds_hold() {
    let tally = Campaign::default().run((0..SEEDS).map(Scenario::from_seed));
    println!("seeds 0 to {SEEDS}\n{tally}");
    if let Some(failure) = tally.failures.first() {
        panic!("{failure}");
    }
    assert_eq!(tally.runs, SEEDS);
    // It is no use where nothing goes wrong.
    let missed: Vec<_> = Fault::ALL.iter().filter(|fault| !tally.faults.contains_key(fault)).collect();
    assert!(missed.is_empty(), "these never struck: {missed:?}");
    let ended = |how: &str| tally.endings.get(how).copied().unwrap_or(0);
    for ending in ["Quit", "Drained", "Killed", "PeerReset", "PeerClosed", "LoginTimeout"] {
        assert!(ended(ending) > 0, "nobody was {ending}: {:?}", tally.endings);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let report = |seed| run(&Scenario::from_seed(seed)).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(report(7), report(7));
    assert_ne!(report(7).digest, report(8).digest);
}

#[test]
fn an_hour_of_twenty_sessions_is_over_soon() {
    let mut scenario = Scenario::hour(1);
    scenario.clients = [(Behaviour::Monitor, 20)].into();
    let report = run(&scenario).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(report.sessions >= 20, "{report:?}");
    assert!(report.lasted > Duration::from_secs(60));
}

const SEEDS: u64 = 80;
