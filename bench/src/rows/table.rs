//! The rows of a run.

use std::time::Duration;

use super::{Channel, Row, Work};
use crate::fixture::Sizes;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How long each sample lasts at least.
    pub duration: Duration,
    /// How long servers are watched doing nothing.
    pub watch: Duration,
    /// The files.
    pub sizes: Sizes,
    /// The most sessions, entries and bytes of a row.
    pub most: (u64, u64, u64),
}

impl Scale {
    /// Of a run whose figures count.
    pub const FULL: Self = Self {
        duration: Duration::from_secs(1),
        watch: Duration::from_secs(2),
        sizes: Sizes { large: 128 << 20, verify: (8 << 20) + 17, small: 1000 },
        most: (10_000, 100_000, 4 << 30),
    };
    /// Of a run that shows that all of it works.
    pub const QUICK: Self = Self {
        duration: Duration::from_millis(40),
        watch: Duration::from_millis(100),
        sizes: Sizes { large: 8 << 20, verify: (1 << 20) + 17, small: 64 },
        most: (100, 1000, 16 << 20),
    };
    /// Of a test.
    pub const TINY: Self = Self {
        duration: Duration::ZERO,
        watch: Duration::ZERO,
        sizes: Sizes { large: 300_001, verify: 70_001, small: 4 },
        most: (10, 100, 64 << 10),
    };
}

/// All rows, in the order of tables.
#[must_use]
pub fn all(scale: &Scale) -> Vec<Row> {
    let (sessions, entries, bytes) = scale.most;
    let clear = |work: fn(u64) -> Work, sizes: &[u64], most: u64| rows(Channel::Clear, work, sizes, most);
    let tls = |work: fn(u64) -> Work, sizes: &[u64], most: u64| rows(Channel::Tls, work, sizes, most);
    // The largest of those that fit, and at least one.
    let directories = [10, 100, 1000, 10_000, 100_000];
    [
        clear(Work::Retrieve, &[1, 4, 16], sessions),
        clear(Work::Store, &[1, 4, 16], sessions),
        clear(Work::SmallRetrieve, &[1, 8, 32], sessions),
        clear(Work::SmallStore, &[1, 8, 32], sessions),
        clear(Work::Noop, &[1, 32], sessions),
        clear(Work::Pipelined, &[64], u64::MAX),
        clear(Work::Login, &[1, 8], sessions),
        clear(Work::Idle, &[100, 1000, 10_000], sessions),
        clear(Work::List, &directories, entries),
        clear(Work::Mlsd, &directories, entries),
        clear(Work::Among, &[1, 10, 100, 1000, 10_000], sessions),
        clear(Work::Sized, &[1 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20, 4 << 30], bytes),
        tls(Work::Retrieve, &[1, 4, 16], sessions),
        tls(Work::Store, &[1, 4, 16], sessions),
        tls(Work::SmallRetrieve, &[1, 8, 32], sessions),
        tls(Work::SmallStore, &[1, 8, 32], sessions),
        tls(Work::Noop, &[1, 32], sessions),
        tls(Work::Pipelined, &[64], u64::MAX),
        tls(Work::Login, &[1, 8], sessions),
        tls(Work::Idle, &[100, 1000, 10_000], sessions),
        tls(Work::List, &[10_000, 100_000], entries),
        tls(Work::Mlsd, &[10_000, 100_000], entries),
    ]
    .concat()
}

fn rows(channel: Channel, work: fn(u64) -> Work, sizes: &[u64], most: u64) -> Vec<Row> {
    let fit = sizes.iter().filter(|size| **size <= most);
    fit.map(|size| Row { work: work(*size), channel }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_rows_have_one_name() {
        let rows = all(&Scale::FULL);
        let names: BTreeSet<String> = rows.iter().map(Row::id).collect();
        assert_eq!(names.len(), rows.len());
        assert!(
            names.contains("tls-retr-4") && names.contains("mlsd-100000") && names.contains("size-file-4294967296")
        );
    }
}
