use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use ftp_proto::config::{Config, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::storage::Permissions;
use ftp_proto::{Event, trace};
use tempfile::TempDir;

use super::*;
use crate::adapter::{Engine, SessionId, Settings};
use crate::{Client, Inline, MemoryDisk, Users};

const PATIENCE: Duration = Duration::from_secs(10);

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn settings(recording: &Recording) -> Settings {
    let users = Users::new().anonymous(Permissions::NONE, Arc::new(MemoryDisk::new()));
    let mut settings = Settings::new(Arc::new(Inline::new(Arc::new(users))));
    settings.config = Arc::new(Config::default());
    settings.recording = Some(recording.clone());
    settings
}

/// A session whose client comes from this port.
fn session(recording: &Recording, port: u16) -> Engine {
    let (local, peer) = (SocketAddr::from(([192, 0, 2, 1], 21)), SocketAddr::from(([192, 0, 2, 7], port)));
    let mut engine = Engine::new(&settings(recording), Client { peer, local }, SessionId::testing()).unwrap();
    engine.feed(Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off }, drop);
    engine
}

fn say(engine: &mut Engine, line: &str) {
    engine.feed(Event::Received(format!("{line}\r\n").as_bytes()), drop);
}

/// The files, by name, once all is written.
fn files(recording: &Recording, directory: &TempDir) -> Vec<(String, String)> {
    assert!(recording.flush(PATIENCE));
    let mut files: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[track_caller]
fn assert_replays(text: &str) {
    let report = trace::replay(text).unwrap();
    assert!(report.is_same(), "{report}\n{text}");
}

#[test]
fn each_session_becomes_a_file_that_replays() {
    let directory = directory();
    let recording = Recording::builder(directory.path()).start().unwrap();
    for port in [5001, 5002] {
        let mut engine = session(&recording, port);
        say(&mut engine, "USER anonymous");
        say(&mut engine, "PASS secret");
        say(&mut engine, "NOOP");
        engine.feed(Event::ControlEnded(ControlEnd::Reset), drop);
    }
    let files = files(&recording, &directory);
    assert_eq!(files.len(), 2);
    for ((name, text), port) in files.iter().zip([5001, 5002]) {
        assert!(name.ends_with(&format!("Z-192.0.2.7-{port}-s1.trace")), "{name}");
        assert!(text.contains("PASS ***") && !text.contains("secret"), "{text}");
        assert_replays(text);
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_panic_in_an_action_leaves_a_file_that_replays() {
    let directory = directory();
    let recording = Recording::builder(directory.path()).start().unwrap();
    let mut engine = session(&recording, 5001);
    let fed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.feed(Event::Received(b"NOOP\r\nNOOP\r\n"), |_| std::panic::resume_unwind(Box::new("planned")));
    }));
    fed.unwrap_err();
    drop(engine);
    let files = files(&recording, &directory);
    assert!(files[0].1.contains("200 "), "{}", files[0].1);
    assert_replays(&files[0].1);
}

#[test]
fn an_event_that_was_never_handled_to_its_end_is_there() {
    let directory = directory();
    let recording = Recording::builder(directory.path()).start().unwrap();
    let nobody = SocketAddr::from(([192, 0, 2, 1], 21));
    let made_of = (&Config::default(), [7; 32], ftp_proto::time::UnixTime::from_secs(0));
    let client = Client { peer: nobody, local: nobody };
    let mut pen = Pen::new(Some(&recording), (client, SessionId::testing()), made_of);
    pen.event(ftp_proto::time::Instant::START, &Event::Received(b"NOOP\r\n"));
    drop(pen);
    assert!(files(&recording, &directory)[0].1.ends_with("received b\"NOOP\\r\\n\"\n"));
}

#[test]
fn a_file_that_becomes_too_large_ends_behind_a_whole_event() {
    let directory = directory();
    let (told, faults) = channel();
    let recording = Recording::builder(directory.path()).largest(20_000).on_fault(move |fault| {
        told.send(fault.to_string()).unwrap();
    });
    let recording = recording.start().unwrap();
    let mut engine = session(&recording, 5001);
    for _ in 0..500 {
        say(&mut engine, "NOOP");
        engine.feed(Event::Sent(1), drop);
    }
    assert!(engine.is_open(), "the session goes on");
    let files = files(&recording, &directory);
    let text = &files[0].1;
    assert!(text.ends_with("\n# cut here: the file is as large as it may become\n"), "{text}");
    assert!((10_000..20_100).contains(&text.len()), "{}", text.len());
    assert_replays(text);
    drop((engine, recording));
    let faults: Vec<_> = faults.iter().collect();
    assert!(matches!(&faults[..], [only] if only.contains("is cut")), "{faults:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_once_and_the_session_goes_on() {
    let directory = directory();
    let (told, faults) = channel();
    let recording = Recording::builder(directory.path()).on_fault(move |fault| told.send(fault.to_string()).unwrap());
    let recording = recording.start().unwrap();
    fs::remove_dir(directory.path()).unwrap();
    let mut engine = session(&recording, 5001);
    say(&mut engine, "NOOP");
    assert!(recording.flush(PATIENCE));
    let mut heard = Vec::new();
    engine.feed(Event::Received(b"NOOP\r\n"), |action| heard.push(action));
    assert!(!heard.is_empty());
    drop((engine, recording));
    let faults: Vec<_> = faults.iter().collect();
    assert!(matches!(&faults[..], [only] if only.starts_with("cannot record to ")), "{faults:?}");
}

#[test]
fn a_disk_that_is_stuck_holds_up_no_session() {
    let (stuck, other) = (directory(), directory());
    let path = stuck.path().join("inner");
    fs::create_dir(&path).unwrap();
    let (hold, held) = channel();
    let (release, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    // The thread that writes is held where it tells of the first file, which cannot be made.
    let recording = Recording::builder(&path).on_fault(move |fault| {
        if matches!(fault, Fault::Disk { .. }) {
            hold.send(()).unwrap();
            let _ = gate.lock().unwrap().recv();
        }
    });
    let recording = recording.start().unwrap();
    fs::remove_dir(&path).unwrap();
    let first = session(&recording, 5001);
    // From here on the directory is there again; the first file stays given up.
    held.recv().unwrap();
    std::os::unix::fs::symlink(other.path(), &path).unwrap();
    let mut engine = session(&recording, 5002);
    for _ in 0..200_000 {
        engine.feed(Event::Sent(0), drop);
        say(&mut engine, "NOOP");
    }
    assert!(engine.is_open());
    assert!(!recording.flush(Duration::ZERO));
    release.send(()).unwrap();
    drop(release);
    let files = files(&recording, &other);
    assert_eq!(files.len(), 1);
    assert!(files[0].1.ends_with("\n# cut here: the disk was too slow\n"));
    assert_replays(&files[0].1);
    drop(first);
}

#[test]
fn a_directory_has_to_be_there() {
    let directory = directory();
    let missing = Recording::builder(directory.path().join("missing")).start().unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    fs::write(directory.path().join("file"), "").unwrap();
    let file = Recording::builder(directory.path().join("file")).start().unwrap_err();
    assert_eq!(file.kind(), io::ErrorKind::NotADirectory);
}
