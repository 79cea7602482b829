//! Exactly once, whatever is cut off where: thousands of short runs through each adapter, and two planted faults that
//! the harness has to find.
//!
//! `FTP_KILL_RUNS` and `FTP_KILL_SEED` set how many runs and from which seed on, `FTP_KILL_ADAPTER` through which one. Descriptors of the process are
//! counted, so this is one test in a program of its own.

use std::time::Duration;

use ftp_tests::Adapter;
use ftp_tests::kill::{Campaign, Planted};

const ADAPTERS: [Adapter; 2] = [Adapter::Tokio, Adapter::Mio];

#[test]
fn exactly_once_and_everything_closed() {
    let only = std::env::var("FTP_KILL_ADAPTER").unwrap_or_default().to_lowercase();
    for adapter in ADAPTERS {
        if !format!("{adapter:?}").to_lowercase().starts_with(&only) {
            continue;
        }
        match Campaign::of_environment(adapter, 1, 1000).run() {
            Ok(report) => eprintln!("{report}"),
            Err(violation) => panic!("{adapter:?}: {violation}"),
        }
    }
    for adapter in ADAPTERS {
        expect_found(adapter, Planted::RunsTwice, "ran");
        expect_found(adapter, Planted::DropsAnswer, "never answered");
    }
}

/// The harness finds what is wrong on purpose.
fn expect_found(adapter: Adapter, planted: Planted, sign: &str) {
    let campaign =
        Campaign { planted: Some(planted), patience: Duration::from_secs(2), ..Campaign::new(adapter, 1, 200) };
    let violation = campaign.run().expect_err("a planted fault is found");
    assert!(violation.what.iter().any(|what| what.contains(sign)), "{adapter:?} {planted:?}: {violation}");
}
