//! Where all choices come from: a seed, or bytes that somebody else steers.
//!
//! Nothing in the world is decided but here, so that the same source gives the same world, to the byte.

use std::ops::Range;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of choices.
#[derive(Debug)]
pub struct Chance(Source);

#[derive(Debug)]
enum Source {
    Seed(Box<ChaCha8Rng>),
    /// Used up, they say 0 for ever: the calm choice everywhere.
    Bytes(std::vec::IntoIter<u8>),
}

impl Chance {
    /// Choices from a seed. Each `purpose` gets a stream of its own, so that one can change without the others.
    #[must_use]
    pub fn from_seed(seed: u64, purpose: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(purpose);
        Self(Source::Seed(Box::new(random)))
    }

    /// Choices from bytes, as a fuzzer gives them.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Source::Bytes(bytes.into_iter()))
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound <= 1 {
            return 0;
        }
        match &mut self.0 {
            Source::Seed(random) => random.next_u64() % bound,
            Source::Bytes(bytes) => {
                let width = (64 - (bound - 1).leading_zeros()).div_ceil(8);
                (0..width).fold(0, |number, _| number << 8 | u64::from(bytes.next().unwrap_or(0))) % bound
            }
        }
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, permille: u32) -> bool {
        // The calm choice is the one that 0 makes.
        permille > 0 && self.below(1000) >= u64::from(1000_u32.saturating_sub(permille))
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len() as u64);
        &from[usize::try_from(at).expect("it is below a length")]
    }

    /// A time in `range`; its start where it is empty.
    pub fn time(&mut self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start);
        range.start + Duration::from_nanos(self.below(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// So many bytes, at least 1 and at most `most`: how much of what was asked for is done at once.
    pub fn part(&mut self, most: usize) -> usize {
        most - usize::try_from(self.below(most as u64)).expect("it is below a length")
    }

    /// Thirty-two bytes, for a session's seed.
    pub fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        seed.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
        seed
    }
}
