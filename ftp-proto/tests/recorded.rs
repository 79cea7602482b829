//! Sessions as they were recorded, replayed: the engine still does the same, to the byte.
//!
//! Each file of `recorded/` is a trace. Where the engine was meant to change, record it again, or change the line that
//! the failure shows. Those named `transcript_*` are made of the transcripts:
//! `FTP_RECORD=DIR cargo test -p ftp-proto --test clients`. The others are of real clients on a real server, recorded by
//! `tests/clients/record`: what they say, when their bytes came, and how they were cut.

use std::fs;
use std::path::Path;

use ftp_proto::trace;

#[test]
fn each_recorded_session_replays() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded"));
    let mut failures = Vec::new();
    let mut replayed = 0;
    for file in fs::read_dir(folder).expect("the recordings") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "trace") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        match trace::replay(&text) {
            Ok(report) if report.is_same() => replayed += 1,
            Ok(report) => failures.push(format!("{}: {report}", path.display())),
            Err(error) => failures.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(replayed > 0, "there is nothing in {}", folder.display());
}

/// The recorded sessions, by name.
fn recorded() -> Vec<(String, String)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded"));
    let entries = fs::read_dir(folder).expect("the recordings").map(|entry| entry.expect("a file"));
    let text = |path: &Path| fs::read_to_string(path).expect("a text");
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), text(&entry.path()))).collect()
}

#[test]
fn every_client_is_there_in_the_clear_and_some_under_tls() {
    let files = recorded();
    for client in ["busybox", "curl", "ftplib", "lftp", "ncftp", "rclone", "suppaftp", "tnftp", "wget"] {
        assert!(files.iter().any(|(name, _)| name.starts_with(client)), "{client}");
    }
    let secured = files.iter().filter(|(_, text)| text.contains("\n< Secure ")).count();
    assert!(secured >= 3, "{secured}");
}

#[test]
fn no_password_is_in_them() {
    for (name, text) in recorded() {
        assert!(!text.contains("secret"), "{name}");
    }
}
