//! Traces: whatever a file holds, reading, replaying and showing it never panics, and what is shown is the same both ways.
//!
//! Input: a trace's text.

use ftp_proto::trace::{dialogue, parse, replay};

/// The target `trace`.
pub fn trace(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let parsed = parse(&text);
    assert_eq!(parsed.is_ok(), dialogue(&text).is_ok());
    let replayed = replay(&text);
    assert_eq!(parsed.is_ok(), replayed.is_ok());
}
