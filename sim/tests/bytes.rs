//! Worlds from bytes, as a fuzzer gives them: whatever they are, the run is short and all holds.

use ftp_sim::{Chance, Scenario, run_bytes};

fn holds(bytes: &[u8]) -> u64 {
    run_bytes(bytes).unwrap_or_else(|failure| panic!("{failure}")).steps
}

#[test]
fn of_no_bytes_comes_a_calm_world() {
    let report = run_bytes(b"").unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(report.strikes, []);
    assert_eq!(report.sessions, 1);
}

#[test]
fn any_bytes_make_a_world() {
    for byte in 0..=255 {
        holds(&[byte; 40]);
    }
    holds(&[0xFF; 4096]);
    holds(b"USER anna\r\nPASS secret\r\nRETR file\r\n");
}

#[test]
fn many_bytes_make_a_bounded_world() {
    let (mut strikes, mut most) = (0, 0);
    for number in 0..60 {
        let mut chance = Chance::from_seed(number, 0);
        let bytes: Vec<u8> = (0..chance.below(3000)).map(|_| chance.below(256) as u8).collect();
        let report = run_bytes(&bytes).unwrap_or_else(|failure| panic!("{failure}"));
        strikes += report.strikes.len();
        most = most.max(report.steps);
        assert!(report.steps < Scenario::from_bytes(&bytes).steps);
    }
    assert!(strikes > 100, "only {strikes} faults");
    println!("at most {most} steps");
}
