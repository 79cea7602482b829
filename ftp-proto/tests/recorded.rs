//! Sessions of real clients, as `tests/clients/record` has recorded them on a real server: what they say, when their
//! bytes came and how they were cut, and what the engine made of it. It still makes the same of it.
//!
//! Where the engine is changed on purpose in what it says or asks for, they are recorded again. Those named
//! `transcript_*` are made of the transcripts: `FTP_RECORD=DIR cargo test -p ftp-proto --test clients`.

use std::fs;
use std::path::Path;

use ftp_proto::trace;

/// The recorded sessions, by name.
fn recorded() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let entries = fs::read_dir(directory).expect("the directory is there").map(|entry| entry.expect("an entry"));
    let text = |path: &Path| fs::read_to_string(path).expect("a text");
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), text(&entry.path()))).collect();
    files.sort();
    files
}

#[test]
fn what_real_clients_said_leads_to_the_same() {
    for (name, text) in recorded() {
        match trace::replay(&text) {
            Ok(report) if report.is_same() => {}
            Ok(report) => panic!("{name}: {report}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
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
