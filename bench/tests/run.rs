//! A whole run against the ceilings, which are this program itself: processes, verification, files written, nothing left.

use std::fs;
use std::path::PathBuf;

use ftp_bench::client::tls::Version;
use ftp_bench::peers::{Peer, Programs};
use ftp_bench::processors::{Placement, allowed};
use ftp_bench::report::Report;
use ftp_bench::rows::{Scale, all};
use ftp_bench::schedule::Plan;

fn plan(parent: &tempfile::TempDir, peers: Vec<Peer>) -> Plan {
    let scale = Scale::TINY;
    let rows =
        all(&scale).into_iter().filter(|row| ["retr-4", "stor-4", "noop-1", "pipelined-64"].contains(&&*row.id()));
    let programs = Programs {
        ftpd: PathBuf::from("/nonexistent/ftpd"),
        peers: PathBuf::from("/nonexistent"),
        bench: env!("CARGO_BIN_EXE_ftp-bench").into(),
    };
    let rows = rows.collect();
    let parent = parent.path().to_owned();
    let processors = allowed().expect("the system tells it");
    let version = Version::V12;
    let placement = Placement::Together;
    Plan { rows, peers, rounds: 2, scale, version, parent, seed: 1, programs, processors, placement, earlier: None }
}

#[test]
fn ceilings_are_measured_in_turns_and_leave_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let report = plan(&parent, vec![Peer::Sendfile, Peer::Splice, Peer::Echo]).run(|_| (), |_| Ok(())).unwrap();
    let done: Vec<_> =
        report.rows.iter().map(|row| (row.id.as_str(), row.servers[0].peer, row.servers.len())).collect();
    let wanted = [
        ("retr-4", Peer::Sendfile, 1),
        ("stor-4", Peer::Splice, 1),
        ("noop-1", Peer::Echo, 1),
        ("pipelined-64", Peer::Echo, 1),
    ];
    assert_eq!(done, wanted);
    for server in report.rows.iter().flat_map(|row| &row.servers) {
        assert_eq!((&server.missing, server.samples.len()), (&None, 2), "{server:?}");
        assert!(server.samples.iter().all(|sample| sample.failures == 0 && sample.units > 0), "{server:?}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_is_not_there_is_left_out_with_the_reason() {
    let parent = tempfile::tempdir().unwrap();
    let report = plan(&parent, vec![Peer::Vsftpd, Peer::FtpdMio]).run(|_| (), |_| Ok(())).unwrap();
    let reasons: Vec<_> = report.rows[0].servers.iter().map(|server| server.missing.clone().unwrap()).collect();
    assert_eq!(reasons[0], "/nonexistent/root/usr/sbin/vsftpd is not there: run bench/peers");
    assert_eq!(reasons[1], "/nonexistent/ftpd is not there: run cargo build --release -p ftpd");
    let out = tempfile::tempdir().unwrap();
    report.write(out.path()).unwrap();
    assert_eq!(Report::read(&out.path().join("results.json")).unwrap(), report);
}

#[test]
fn a_run_that_was_broken_off_goes_on_where_it_was() {
    let parent = tempfile::tempdir().unwrap();
    let mut plan = plan(&parent, vec![Peer::Sendfile, Peer::Echo]);
    let mut kept = None;
    // It is broken off after the third row.
    let broken = plan.run(
        |_| (),
        |report| {
            kept = Some(report.clone());
            if report.rows.len() == 3 { Err(std::io::Error::other("broken off")) } else { Ok(()) }
        },
    );
    assert_eq!(broken.unwrap_err().to_string(), "broken off");
    let kept = kept.unwrap();
    plan.earlier = Some(kept.clone());
    let mut told = String::new();
    let report = plan.run(|line| told.push_str(line), |_| Ok(())).unwrap();
    assert_eq!((report.rows.len(), &report.rows[..3]), (4, &kept.rows[..]));
    assert!(told.contains("plan: 1 rows, 2 samples"), "{told}");
    plan.seed = 2;
    let refused = plan.run(|_| (), |_| Ok(())).unwrap_err().to_string();
    assert!(refused.contains("in another way"), "{refused}");
}
