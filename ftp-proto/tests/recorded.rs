//! Sessions as they were recorded, replayed: the engine still does the same, to the byte.
//!
//! Each file of `recorded/` is a trace. Where the engine was meant to change, record it again, or change the line that
//! the failure shows. Those named `transcript_*` are made of the transcripts:
//! `FTP_RECORD=DIR cargo test -p ftp-proto --test clients`.

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
