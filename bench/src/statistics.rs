//! Of several rounds: the one in the middle, and how far apart they are.

use serde::{Deserialize, Serialize};

use crate::rows::Sample;

/// What several rounds gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// In the middle; of an even number, between the two.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of these. `None`: there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let upper = values.get(values.len() / 2)?;
        let lower = values.get((values.len() - 1) / 2)?;
        Some(Self { median: f64::midpoint(*lower, *upper), min, max })
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, min: self.min * factor, max: self.max * factor }
    }
}

/// How many times as much `these` have as `those`, round by round: what a machine does to one round it does to both.
#[must_use]
pub fn ratio(these: &[Sample], those: &[Sample], of: impl Fn(&Sample) -> f64) -> Option<Spread> {
    let pairs = these.iter().filter_map(|this| Some((this, those.iter().find(|that| that.round == this.round)?)));
    Spread::of(pairs.map(|(this, that)| of(this) / of(that)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(round: u32, units: u64, cpu: f64) -> Sample {
        Sample { round, units, seconds: 2.0, cpu, ..Sample::default() }
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.5, min: 1.0, max: 4.0 });
        assert_eq!(Spread::of([7.0]), Some(Spread { median: 7.0, min: 7.0, max: 7.0 }));
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([f64::NAN, f64::INFINITY]), None);
        assert_eq!(spread.times(2.0).max, 8.0);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        // The machine is slow in round 1, for both: the ratio does not see it.
        let these = [sample(0, 200, 1.0), sample(1, 20, 1.0), sample(2, 200, 1.0)];
        let those = [sample(1, 10, 1.0), sample(0, 100, 1.0)];
        assert_eq!(ratio(&these, &those, Sample::rate), Some(Spread { median: 2.0, min: 2.0, max: 2.0 }));
        assert_eq!(ratio(&these, &[], Sample::rate), None);
    }

    #[test]
    fn a_server_that_used_nothing_has_no_ratio() {
        let these = [sample(0, 1, 0.5)];
        assert_eq!(ratio(&these, &[sample(0, 1, 0.0)], Sample::cost), None);
    }
}
