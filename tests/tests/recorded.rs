//! Sessions over real sockets, written down: each file replays without a difference, and holds no password.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{Read, Write};
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_host::adapter::Recording;
use ftp_proto::trace::{self, Payloads};
use ftp_tests::{Files, Harness, PATIENCE, Security, Setup, TlsClient, TlsVersion, Way, Wire, pattern};
use tempfile::TempDir;

/// A server that is recorded, and where.
struct Recorded {
    server: Harness,
    recording: Recording,
    directory: TempDir,
}

impl Recorded {
    fn start(setup: Setup, payloads: Payloads) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let recording = Recording::builder(directory.path()).payloads(payloads);
        let recording = recording.on_fault(|fault| panic!("{fault}")).start().unwrap();
        let server = setup.record(recording.clone()).start();
        Self { server, recording, directory }
    }

    /// The files, once the server has ended: so many, and each replays.
    fn finish(mut self, sessions: usize) -> Vec<String> {
        self.server.stop(Duration::ZERO);
        assert!(self.recording.flush(PATIENCE));
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let files: Vec<_> = entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        assert_eq!(files.len(), sessions);
        for text in &files {
            let report = trace::replay(text).unwrap();
            assert!(report.is_same(), "{report}\n{text}");
            assert!(text.contains("PASS ***") && !text.contains("secret"), "{text}");
        }
        files
    }
}

/// A bit of everything. What TYPE A makes of a payload that was not recorded cannot be known, so it is tried with those
/// that were.
fn play(server: &Harness, payloads: Payloads) -> Wire {
    server.put("large", &pattern(4 << 20));
    server.put("old", b"what was there before\r\n");
    let mut wire = server.login();
    wire.ask("TYPE I", 200);
    assert!(wire.list("MLSD").iter().any(|line| line.ends_with(" old")));
    assert!(wire.list("LIST").iter().any(|line| line.ends_with(" large")));
    wire.store(Way::Epsv, "STOR new", b"what is new\n");
    assert_eq!(wire.fetch(Way::Pasv, "RETR old"), b"what was there before\r\n");
    if payloads == Payloads::Whole {
        wire.ask("TYPE A", 200);
        wire.store(Way::Port, "APPE new", b"and a line\r\n");
        assert_eq!(wire.fetch(Way::Epsv, "RETR new"), b"what is new\r\nand a line\r\n");
        wire.ask("TYPE I", 200);
    } else {
        wire.store(Way::Port, "APPE new", b"and a line\n");
    }
    wire.ask("REST 5", 350);
    assert_eq!(wire.fetch(Way::Epsv, "RETR new"), b"is new\nand a line\n");

    // Not read, so that it is under way when it is aborted.
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR large", 150);
    let mut data = opened.connection();
    data.read_exact(&mut [0; 1000]).unwrap();
    wire.say("ABOR");
    wire.expect_any(&[426, 226]);
    drop(data);
    let reply = wire.reply();
    assert_eq!(reply.code, 226);

    let opened = wire.open(Way::Epsv);
    wire.ask("STOR half", 150);
    let mut data = opened.connection();
    data.write_all(b"half of it").unwrap();
    drop(data);
    wire.expect_any(&[226, 426, 451]);
    wire.ask("DELE nothing", 550);
    wire.ask("RNFR new", 350);
    wire.ask("RNTO newer", 250);
    wire
}

fn kinds() -> [Setup; 3] {
    [
        Setup::new().offload(Offload::Kernel),
        Setup::new().offload(Offload::Buffered),
        Setup::new().files(Files::Memory(64 << 20)),
    ]
}

#[test]
fn a_session_in_the_clear_replays() {
    for payloads in [Payloads::Hashed, Payloads::Whole] {
        for setup in kinds() {
            let recorded = Recorded::start(setup, payloads);
            play(&recorded.server, payloads).ask("QUIT", 221);
            recorded.server.wait_until_deserted();
            let files = recorded.finish(1);
            let is_whole = files[0].contains("and a line");
            assert_eq!(is_whole, payloads == Payloads::Whole, "{}", files[0]);
        }
    }
}

#[test]
fn a_session_under_tls_replays() {
    for version in TlsVersion::ALL {
        let tls = TlsClient::new().version(version);
        for security in [Security::Explicit(tls.clone()), Security::Implicit(tls.clone())] {
            for setup in kinds() {
                let recorded = Recorded::start(setup.tls().security(security.clone()), Payloads::Whole);
                play(&recorded.server, Payloads::Whole).ask("QUIT", 221);
                recorded.server.wait_until_deserted();
                recorded.finish(1);
            }
        }
    }
}

#[test]
fn sessions_that_end_badly_replay() {
    let recorded = Recorded::start(Setup::new(), Payloads::Hashed);
    // Reset, in a download; and cut by the server.
    let mut wire = play(&recorded.server, Payloads::Hashed);
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR large", 150);
    let data = opened.connection();
    wire.reset();
    drop(data);
    recorded.server.wait_until_deserted();
    let mut stays = recorded.server.login();
    let mut opened = stays.open(Way::Epsv).connection();
    stays.ask("RETR large", 150);
    opened.read_exact(&mut [0; 10]).unwrap();
    recorded.finish(2);
}
