//! Makes a failing scenario smaller while it still fails in the same way.

use std::collections::BTreeSet;
use std::time::Duration;

use super::failure::{Failure, kind};
use super::once::once;
use super::scenario::Scenario;
use super::stage::Keep;
use crate::faults::Plan;

/// A smaller scenario that fails as `failure` does: fewer clients, a shorter time, plainer options, fewer faults. It takes
/// at most so many `runs`.
#[must_use]
pub fn minimise(failure: &Failure, runs: u32) -> Box<Failure> {
    let mut search = Search { kind: failure.kind(), best: failure.scenario.clone(), left: runs, steps: u64::MAX };
    search.steps = failure.report.steps;
    // What is left out late may make room for more.
    for _ in 0..2 {
        let before = search.best.clone();
        search.clients();
        search.shorter();
        search.plainer();
        search.fewer_faults();
        if search.best == before {
            break;
        }
    }
    Failure::of(&search.best)
}

struct Search {
    kind: String,
    best: Scenario,
    left: u32,
    /// How many steps the best one takes.
    steps: u64,
}

impl Search {
    /// Takes it for the best if it still fails in the same way.
    fn attempt(&mut self, change: impl FnOnce(&mut Scenario)) -> bool {
        let mut other = self.best.clone();
        change(&mut other);
        if self.left == 0 || other == self.best {
            return false;
        }
        self.left -= 1;
        // A smaller one that takes far longer goes another way.
        let bounded = Scenario { steps: other.steps.min(self.steps.saturating_mul(4).max(10_000)), ..other.clone() };
        let report = once(&bounded, Keep::Nothing);
        let same = kind(&report).as_deref() == Some(&*self.kind);
        if same {
            self.best = other;
            self.steps = report.steps;
        }
        same
    }

    fn clients(&mut self) {
        for behaviour in self.best.clients.0.clone().into_keys() {
            if self.attempt(|it| it.clients.0.retain(|other, _| *other != behaviour)) {
                continue;
            }
            let count = |it: &Scenario| it.clients.0.get(&behaviour).copied().unwrap_or(0);
            while count(&self.best) > 1 {
                let fewer = count(&self.best) - 1;
                let half = fewer.div_ceil(2);
                let set = |count: u32| move |it: &mut Scenario| it.clients.0.extend([(behaviour, count)]);
                if !self.attempt(set(half)) && !self.attempt(set(fewer)) {
                    break;
                }
            }
        }
    }

    fn shorter(&mut self) {
        while self.best.length > Duration::from_secs(1) {
            let half = Duration::from_secs(self.best.length.as_secs() / 2);
            if !self.attempt(|it| it.length = half) {
                break;
            }
        }
    }

    fn plainer(&mut self) {
        let plain = Scenario::plain(0, []);
        self.attempt(|it| it.tls = plain.tls);
        self.attempt(|it| it.limits = plain.limits);
        self.attempt(|it| it.way = plain.way);
        self.attempt(|it| it.pipe = plain.pipe);
        self.attempt(|it| it.partial = plain.partial);
        self.attempt(|it| it.sync = plain.sync);
        self.attempt(|it| it.room = plain.room);
    }

    /// Leaves out faults: whole kinds first, then one place after the other by delta debugging.
    fn fewer_faults(&mut self) {
        if self.best.plan == Plan::None || self.attempt(without_faults) {
            return;
        }
        if self.best.plan == Plan::Chance {
            for fault in self.best.rates.0.clone().into_keys() {
                self.attempt(|it| it.rates.0.retain(|other, _| *other != fault));
            }
        }
        if matches!(self.best.plan, Plan::Chance | Plan::Only(_)) {
            let sites: Vec<u64> = once(&self.best, Keep::Nothing).strikes.iter().map(|strike| strike.site).collect();
            let only = |sites: &[u64]| {
                let sites: BTreeSet<u64> = sites.iter().copied().collect();
                move |it: &mut Scenario| it.plan = Plan::Only(sites)
            };
            if self.best.plan == Plan::Chance && !self.attempt(only(&sites)) {
                return;
            }
            delta_debug(sites, |sites| self.attempt(only(sites)));
        }
    }
}

fn without_faults(scenario: &mut Scenario) {
    scenario.plan = Plan::None;
    scenario.rates.0.clear();
}

/// The smallest part of `items` found that still `fails`, by Zeller's ddmin.
fn delta_debug<T: Clone>(mut items: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut parts = 2;
    while items.len() > 1 {
        let size = items.len().div_ceil(parts);
        let without = (0..items.len()).step_by(size).find_map(|from| {
            let kept = [&items[..from], &items[(from + size).min(items.len())..]].concat();
            fails(&kept).then_some(kept)
        });
        match without {
            Some(kept) => {
                items = kept;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(items.len()),
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::delta_debug;

    #[test]
    fn finds_the_few_that_matter() {
        for wanted in [vec![3], vec![0, 99], vec![17, 18, 64]] {
            let mut tries = 0;
            let found = delta_debug((0..100).collect(), |kept| {
                tries += 1;
                wanted.iter().all(|item| kept.contains(item))
            });
            assert_eq!(found, wanted);
            assert!(tries < 200, "{tries} tries");
        }
    }
}
