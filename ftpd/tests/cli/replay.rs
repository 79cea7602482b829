//! `ftpd replay`: what it says of traces, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::support::{directory, ftpd, refusal};

/// The trace of a client that looks at a directory.
fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ftp-proto/tests/recorded/transcript_ftplib.trace")
}

/// Runs it, and gives how it ended and what it printed.
fn replay(arguments: &[&Path]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = ftpd().arg("replay").args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn traces_that_are_the_same_are_told() {
    let path = recording();
    let (code, said, complained) = replay(&[&path, &path]);
    assert_eq!((code, &*complained), (Some(0), ""), "{said}");
    assert_eq!(said.lines().filter(|line| line.contains(".trace: the same: ")).count(), 2, "{said}");
}

#[test]
fn the_first_difference_is_shown() {
    let directory = directory();
    let path = directory.path().join("changed.trace");
    let text = fs::read_to_string(recording()).unwrap();
    let line = text.lines().position(|line| line.contains("331 Password")).unwrap() + 1;
    fs::write(&path, text.replace("331 Password", "331 A password")).unwrap();
    let (code, said, complained) = replay(&[&path, &recording()]);
    assert_eq!((code, &*complained), (Some(1), ""));
    assert!(said.contains(&format!("changed.trace: the first difference is at line {line}:")), "{said}");
    assert!(said.contains(r#"recorded   < Write b"331 A password"#), "{said}");
    assert!(said.contains(r#"     now   < Write b"331 Password"#), "{said}");
    assert!(said.contains(": the same: "), "the other file is gone through all the same: {said}");
}

#[test]
fn a_file_that_is_no_trace_is_named() {
    let directory = directory();
    let path = directory.path().join("note");
    let missing = directory.path().join("missing");
    for (content, why) in [(&b"hello\n"[..], "line 1: this is not a trace"), (b"\xFF", "UTF-8")] {
        fs::write(&path, content).unwrap();
        let (code, said, complained) = replay(&[&path, &recording()]);
        assert_eq!(code, Some(2));
        assert!(complained.starts_with("ftpd: ") && complained.contains("note"), "{complained}");
        assert!(complained.contains(why), "{complained}");
        assert!(said.contains(": the same: "), "{said}");
    }
    let (code, _, complained) = replay(&[&missing]);
    assert!(code == Some(2) && complained.contains("missing"), "{complained}");
    assert!(refusal(ftpd().arg("replay")).contains("FILE"));
}

#[test]
fn a_dialogue_is_printed() {
    let path = recording();
    let (code, said, complained) = replay(&[Path::new("--dialogue"), &path]);
    assert_eq!((code, &*complained), (Some(0), ""));
    assert!(said.contains("S: 220 ") && said.contains("C: USER ") && said.contains("C: PASS ***"), "{said}");
    assert!(said.contains("the session ends: "), "{said}");
}

/// Traces come from elsewhere, and so may their names.
#[test]
fn the_name_of_a_file_commands_no_terminal() {
    let directory = directory();
    let hostile = directory.path().join("a\u{1b}[2Jb.trace");
    let (_, _, complained) = replay(&[&hostile]);
    assert!(complained.contains(r"a\u{1b}[2Jb.trace") && !complained.contains('\u{1b}'), "{complained:?}");
    fs::copy(recording(), &hostile).unwrap();
    let (code, said, _) = replay(&[&hostile]);
    assert_eq!(code, Some(0));
    assert!(said.contains(r"a\u{1b}[2Jb.trace: the same") && !said.contains('\u{1b}'), "{said:?}");
}
