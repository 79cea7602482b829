//! A small world with each fault that it has room for, one at a time.

use super::campaign::{Campaign, Tally};
use super::failure::Failure;
use super::once::once;
use super::scenario::Scenario;
use super::stage::Keep;
use crate::faults::Plan;

/// What exploring a world came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explored {
    /// The places where something could go wrong.
    pub sites: usize,
    /// The counts of all runs, each with one fault, or two.
    pub tally: Tally,
}

/// Runs `scenario` without faults, and then once for each fault at each place where one can strike.
///
/// # Errors
/// When it fails without any fault.
pub fn explore(scenario: &Scenario, campaign: Campaign) -> Result<Explored, Box<Failure>> {
    let calm = Scenario { plan: Plan::None, ..scenario.clone() };
    let choices = choices(&calm)?;
    let tally = campaign.run(each(&calm, &choices, 0));
    Ok(Explored { sites: choices.len(), tally })
}

/// The same with a second fault behind each first one. That takes the square of the time.
///
/// # Errors
/// As [`explore`].
pub fn explore_pairs(scenario: &Scenario, campaign: Campaign) -> Result<Explored, Box<Failure>> {
    let calm = Scenario { plan: Plan::None, ..scenario.clone() };
    let first = choices(&calm)?;
    let pairs = each(&calm, &first, 0).flat_map(|one| {
        let Plan::Picked(picks) = &one.plan else { return Vec::new() };
        let from = picks.keys().next_back().map_or(0, |last| last + 1);
        // One that fails with its first fault alone is run as it is.
        match choices(&one) {
            Ok(second) => each(&one, &second, from).collect(),
            Err(_) => vec![one],
        }
    });
    let tally = campaign.run(pairs);
    Ok(Explored { sites: first.len(), tally })
}

/// How many faults could strike at each site of it.
fn choices(scenario: &Scenario) -> Result<Vec<usize>, Box<Failure>> {
    let report = once(scenario, Keep::Choices);
    if report.violations.is_empty() { Ok(report.choices) } else { Err(Failure::of(scenario)) }
}

/// `scenario` with one fault more, at each site from `from` on.
fn each(scenario: &Scenario, choices: &[usize], from: u64) -> impl Iterator<Item = Scenario> + Send + use<> {
    let scenario = scenario.clone();
    let choices: Vec<(u64, usize)> = (0..).zip(choices.iter().copied()).collect();
    let places = choices.into_iter().filter(move |(site, _)| *site >= from);
    places.flat_map(|(site, count)| (0..count).map(move |choice| (site, choice))).map(move |(site, choice)| {
        let mut picks = match &scenario.plan {
            Plan::Picked(picks) => picks.clone(),
            _ => Default::default(),
        };
        picks.insert(site, choice);
        Scenario { plan: Plan::Picked(picks), ..scenario.clone() }
    })
}
