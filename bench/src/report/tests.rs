//! What a reader sees, of figures that were made up.

use std::collections::BTreeMap;

use super::*;
use crate::client::tls::Version;
use crate::network::Network;
use crate::processors::Placement;
use crate::rows::{Channel, Work};

fn sample(round: u32, units: u64, cpu: f64) -> Sample {
    Sample { round, units, seconds: 1.0, cpu, ..Sample::default() }
}

fn report() -> Report {
    let environment = Environment {
        kernel: "Linux 6.0".into(),
        processor: "a | processor".into(),
        processors: 4,
        kept_on: vec![0, 2],
        placement: Placement::Together,
        network: Network::Own,
        memory: 1 << 30,
        load: "0.1".into(),
        files: "/dev/shm".into(),
        large: 1 << 20,
        counted: "cgroup".into(),
        tls: Version::V12,
        rounds: 2,
        seconds: 1.0,
        seed: 7,
        commit: "abc".into(),
        versions: BTreeMap::from([("vsftpd".to_owned(), "3.0.3".to_owned())]),
    };
    let row = |size: u64| {
        let servers = vec![
            ServerResult {
                peer: Peer::FtpdMio,
                samples: vec![sample(0, 3_000 * size, 0.5), sample(1, 1_000 * size, 0.5)],
                missing: None,
            },
            ServerResult {
                peer: Peer::Vsftpd,
                samples: vec![sample(0, 1_500 * size, 1.0), sample(1, 500 * size, 1.0)],
                missing: None,
            },
            ServerResult { peer: Peer::Libunftp, samples: vec![], missing: Some("NOOP: <500 |no>\r\n".into()) },
        ];
        RowResult::new(&Row { work: Work::Among(size), channel: Channel::Clear }, servers)
    };
    Report { environment, rows: vec![row(1), row(10), row(100)] }
}

#[test]
fn the_table_tells_medians_spreads_ratios_and_reasons() {
    let page = markdown::page(&report());
    assert!(page.contains("| processor | 4 × a \\| processor |"), "{page}");
    let mut lines = page.lines().skip_while(|line| !line.starts_with("### "));
    let ours = lines.find(|line| line.starts_with("| ftpd-mio ")).unwrap();
    assert_eq!(ours, "| ftpd-mio | 2,000 (1,000–3,000) | 333 (167–500) |  |  |");
    let theirs = page.lines().find(|line| line.starts_with("| vsftpd | 1,000")).unwrap();
    assert_eq!(theirs, "| vsftpd | 1,000 (500–1,500) | 1,333 (667–2,000) | 2.00 | 0.250 |");
    assert!(page.contains("| libunftp | n/a | n/a | n/a | n/a |"), "{page}");
    assert!(page.contains("n/a: libunftp: NOOP: <500 \\|no>"), "{page}");
    // Every line of a table has as many columns as its heading.
    let mut columns = 0;
    for line in page.lines() {
        let count = line.replace("\\|", "").matches('|').count();
        assert!(count == 0 || columns == 0 || count == columns, "{line}");
        columns = count;
    }
}

#[test]
fn pictures_are_whole_and_readable_on_both_grounds() {
    let pictures = report().pictures();
    let names: Vec<&str> = pictures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["size-sessions.svg", "size-sessions-by-size.svg"]);
    for (name, picture) in &pictures {
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{name}");
        assert!(picture.contains("prefers-color-scheme: dark"), "{name}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{name}: {picture}");
        let opened = picture.matches("<text").count();
        assert_eq!(opened, picture.matches("</text>").count(), "{name}");
        assert!(picture.contains(">vsftpd<"), "{name}");
    }
}

#[test]
fn what_is_kept_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    report().write(directory.path()).unwrap();
    assert_eq!(Report::read(&directory.path().join("results.json")).unwrap(), report());
    assert!(directory.path().join("README.md").exists() && directory.path().join("size-sessions.svg").exists());
}

#[test]
fn figures_have_digits_that_mean_something() {
    let all = [0.0, 0.00123, 0.1234, 1.2345, 12.345, 123.45, 1_234_567.0, -1234.0].map(figure);
    assert_eq!(all, ["0", "0.00123", "0.123", "1.23", "12.3", "123", "1,234,567", "-1,234"]);
}
