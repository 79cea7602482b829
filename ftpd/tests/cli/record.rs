//! `--record`: what is written, where, and who can read it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use ftp_proto::trace;
use rustix::process::Signal;

use crate::support::{Control, Running, directory, ftpd, sentence};

/// A session of alice's with a listing, on a server with these options; then the server ends. What was recorded.
fn record(options: &[&str], recorded: &Path) -> Vec<String> {
    let served = directory();
    fs::write(served.path().join("a file of hers"), "content").unwrap();
    let mut command = ftpd();
    command.arg(served.path()).args(["--listen", "127.0.0.1:0", "--user", "alice:open sesame"]).args(options);
    let server = Running::start(&mut command);
    assert!(server.said.iter().any(|line| line.starts_with("recording sessions ")), "{:?}", server.said);
    let (mut control, _) = Control::open(server.addresses[0]);
    control.log_in("alice", "open sesame");
    assert_eq!(control.names(server.addresses[0]), ["a file of hers"]);
    control.ask("QUIT", "221");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let files = fs::read_dir(recorded).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(path.extension().is_some_and(|extension| extension == "trace"), "{}", path.display());
            fs::read_to_string(path).unwrap()
        })
        .collect()
}

#[test]
fn a_session_is_a_file_that_replays_and_holds_no_password() {
    for runtime in ["tokio", "mio"] {
        for (payloads, is_whole) in
            [(None, false), (Some("--record-payloads"), true), (Some("--record-payloads=off"), false)]
        {
            let recorded = directory();
            let mut options = vec!["--runtime", runtime, "--record", recorded.path().to_str().unwrap()];
            options.extend(payloads);
            let files = record(&options, recorded.path());
            let [text] = &files[..] else { panic!("{} files", files.len()) };
            assert!(!text.contains("sesame"), "{text}");
            assert!(text.contains("PASS ***") && text.contains("USER alice"), "{text}");
            assert_eq!(text.contains(r#"b"a file of hers\r\n""#), is_whole, "{text}");
            assert!(trace::replay(text).unwrap().is_same());
        }
    }
}

#[test]
fn the_file_can_say_it_too() {
    let place = directory();
    let recorded = place.path().join("recorded");
    fs::create_dir(&recorded).unwrap();
    let config = place.path().join("ftpd.toml");
    fs::write(&config, "record = 'recorded'\nrecord-payloads = true\n").unwrap();
    let files = record(&["--config", config.to_str().unwrap()], &recorded);
    assert!(files[0].contains("\npayloads whole\n"), "{}", files[0]);
}

#[test]
fn sessions_that_the_signal_ends_are_whole_too() {
    let (served, recorded) = (directory(), directory());
    let mut command = ftpd();
    command.arg(served.path()).args(["--listen", "127.0.0.1:0", "--record"]).arg(recorded.path());
    let server = Running::start(&mut command);
    let (mut control, _) = Control::open(server.addresses[0]);
    control.log_in("anonymous", "x");
    server.signal(Signal::TERM);
    assert!(control.reply()[0].starts_with("421 "));
    drop(control);
    assert_eq!(server.wait().code(), Some(0));
    let path = fs::read_dir(recorded.path()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("Ended("), "{text}");
    assert!(trace::replay(&text).unwrap().is_same());
}

/// The limit on a file's size stands for a disk that is full: what fits of the last lines is written, and then no more.
#[test]
fn a_disk_that_is_full_leaves_whole_lines_and_the_session_goes_on() {
    let (served, recorded) = (directory(), directory());
    let mut command = Command::new("sh");
    // 8 KiB, in the blocks of POSIX. Whoever ignores SIGXFSZ is told by the write itself.
    command.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ftpd")]);
    command.arg(served.path()).args(["--listen", "127.0.0.1:0", "--record"]).arg(recorded.path());
    let server = Running::start(command.stdin(Stdio::null()));
    let (mut control, _) = Control::open(server.addresses[0]);
    control.log_in("anonymous", "x");
    for _ in 0..200 {
        control.ask("NOOP", "200");
    }
    control.ask("QUIT", "221");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    let path = fs::read_dir(recorded.path()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.len() > 6 * 1024 && text.contains("NOOP") && !text.contains("QUIT"), "{text}");
    assert!(trace::replay(&text).unwrap().is_same());
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = directory();
    let missing = directory.path().join("missing");
    let missing = missing.to_str().unwrap();
    let said = sentence(ftpd().arg(directory.path()).args(["--record", missing]));
    assert!(said.contains("cannot record sessions in") && said.contains(missing), "{said}");
    let said = sentence(ftpd().arg(directory.path()).arg("--record-payloads"));
    assert!(said.contains("--record DIR"), "{said}");
}
