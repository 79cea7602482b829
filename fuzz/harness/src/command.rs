//! Commands: what is parsed and printed is parsed to the same.
//!
//! Input: a line; and the same bytes as what a command is made from.

use arbitrary::Unstructured;
use ftp_proto::command::{Command, parse};

/// The target `command`.
pub fn command(data: &[u8]) {
    if let Ok(made) = Unstructured::new(data).arbitrary::<Command>() {
        round_trip(&made);
    }
    // The framer never lets an LF through.
    let line = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if let Ok(parsed) = parse(line) {
        round_trip(&parsed);
    }
}

fn round_trip(command: &Command) {
    let printed = print(command);
    assert!(!printed.contains(&b'\n'), "a line that is two: {}", printed.escape_ascii());
    let again = parse(&printed);
    assert_eq!(again.as_ref(), Ok(command), "printed as {}", printed.escape_ascii());
    assert_eq!(again.map(|again| print(&again)).as_ref(), Ok(&printed));
}

fn print(command: &Command) -> Vec<u8> {
    let mut line = Vec::new();
    command.write(&mut line);
    line
}
