//! The conformance kit, run through every driver of the engine, in both address families.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ftp_tests::conformance::{Level, Peer, Selection, run};
use ftp_tests::{Adapter, FAMILIES, Security, Setup, TlsClient, TlsVersion};

/// What each driver may leave out, and why.
const LEFT_OUT: [(&str, &str); 0] = [];

#[test]
fn tokio() {
    in_process(Adapter::Tokio);
}

#[test]
fn mio() {
    in_process(Adapter::Mio);
}

#[test]
fn blocking() {
    let server = Blocking::start();
    for family in FAMILIES {
        passes(&Peer::new(server.address_of(family), "demo", "demo"));
    }
}

#[test]
fn tokio_over_explicit_tls() {
    over_tls(Adapter::Tokio, Security::Explicit);
}

#[test]
fn mio_over_explicit_tls() {
    over_tls(Adapter::Mio, Security::Explicit);
}

#[test]
fn tokio_over_implicit_tls() {
    over_tls(Adapter::Tokio, Security::Implicit);
}

#[test]
fn mio_over_implicit_tls() {
    over_tls(Adapter::Mio, Security::Implicit);
}

/// One version of TLS in each family.
#[track_caller]
fn over_tls(adapter: Adapter, how: fn(TlsClient) -> Security) {
    let server = Setup::new().adapter(adapter).tls().start();
    for (family, version) in FAMILIES.into_iter().zip(TlsVersion::ALL) {
        let security = how(TlsClient::new().version(version));
        let address = match security {
            Security::Implicit(_) => server.implicit_address_of(family),
            Security::Plain | Security::Explicit(_) => server.address_of(family),
        };
        passes(&Peer::new(address, "alice", "secret").over(security));
    }
}

#[track_caller]
fn in_process(adapter: Adapter) {
    let server = Setup::new().adapter(adapter).start();
    for family in FAMILIES {
        passes(&Peer::new(server.address_of(family), "alice", "secret"));
    }
}

/// All must and should checks pass, and of the others all but those that are named above.
#[track_caller]
fn passes(peer: &Peer) {
    let report = run(peer, &Selection::default()).expect("the kit gets in");
    let failed = |level| report.failures(level).map(|finding| finding.check.id).collect::<BTreeSet<_>>();
    assert!(failed(Level::Must).is_empty() && failed(Level::Should).is_empty(), "{report}");
    assert_eq!(failed(Level::May), LEFT_OUT.iter().map(|(id, _)| *id).collect(), "{report}");
    assert_eq!(report.left, None);
    // It takes a few seconds; the bound is for a machine that is busy with other tests. What waits for a timer is caught.
    let took: Duration = report.findings.iter().map(|finding| finding.took).sum();
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// The engine's example, as a program of its own.
struct Blocking {
    process: Child,
    addresses: Vec<SocketAddr>,
    _root: tempfile::TempDir,
}

impl Blocking {
    fn start() -> Self {
        let root = tempfile::tempdir().expect("a directory for the test");
        let mut process = Command::new(env!("CARGO_BIN_EXE_blocking"))
            .arg(root.path())
            .args(["127.0.0.1:0", "[::1]:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines().take(FAMILIES.len());
        let addresses = lines.map(|line| {
            let line = line.expect("the example says where it listens");
            line.strip_prefix("listening on ").and_then(|address| address.parse().ok()).expect("an address")
        });
        Self { addresses: addresses.collect(), process, _root: root }
    }

    fn address_of(&self, family: IpAddr) -> SocketAddr {
        *self.addresses.iter().find(|address| address.is_ipv4() == family.is_ipv4()).expect("one of each family")
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("the example ends");
    }
}
