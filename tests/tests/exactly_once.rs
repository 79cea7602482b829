//! Each action is answered once, also where the storage panics, hangs or fails, and where the server ends in the
//! middle: nothing stays open, and no file is half replaced.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_proto::Failure;
use ftp_tests::{Files, Harness, Meddler, Operation, Setup, Way, Wire, eventually, pattern};
use suppaftp::types::FileType;
use suppaftp::{FtpResult, FtpStream, Mode};

/// Every kind of server, and what stands between it and its files.
fn servers() -> impl Iterator<Item = (Harness, std::sync::Arc<Meddler>)> {
    let kinds =
        [(Offload::Kernel, Files::Disk), (Offload::Buffered, Files::Disk), (Offload::Kernel, Files::Memory(64 << 20))];
    kinds.into_iter().map(|(offload, files)| Setup::new().offload(offload).files(files).start_meddled())
}

#[track_caller]
fn expect_all_closed(meddler: &Meddler) {
    eventually("everything is closed", || meddler.ledger().open() == 0);
    assert_eq!(meddler.ledger().finished_twice(), 0);
}

/// A command, and the operation of the storage that it comes down to.
const COMMANDS: [(&str, Operation); 20] = [
    ("CWD dir", Operation::Stat),
    ("SIZE old", Operation::Stat),
    ("MDTM old", Operation::Stat),
    ("MLST old", Operation::Stat),
    ("RNFR old", Operation::Stat),
    ("STAT dir", Operation::OpenDir),
    ("DELE old", Operation::Remove),
    ("RMD dir", Operation::RemoveDir),
    ("MKD new", Operation::MakeDir),
    ("MFMT 20200101000000 old", Operation::SetTimes),
    ("SITE CHMOD 600 old", Operation::SetMode),
    ("SITE SYMLINK old link", Operation::Symlink),
    ("SITE COPY old new", Operation::Copy),
    ("SITE CHGRP users old", Operation::SetOwner),
    ("SITE MKDIR some/where", Operation::MakeDirs),
    ("SITE RMDIR dir", Operation::RemoveTree),
    ("COMB new old", Operation::Combine),
    ("HASH old", Operation::Hash),
    ("DSIZ dir", Operation::TreeSize),
    ("AVBL", Operation::Space),
];

/// The same with a data connection; what is moved up, and whether a 150 comes first.
const TRANSFERS: [(&str, Operation, Begun); 9] = [
    ("RETR old", Operation::OpenRead, Begun::No),
    ("RETR old", Operation::Read, Begun::Yes),
    ("STOR old", Operation::OpenWrite, Begun::No),
    ("STOR old", Operation::Write, Begun::Yes),
    ("STOR old", Operation::Finish, Begun::Yes),
    ("APPE new", Operation::Finish, Begun::Yes),
    ("LIST dir", Operation::OpenDir, Begun::No),
    ("NLST dir", Operation::ReadDir, Begun::Yes),
    ("MLSD dir", Operation::ReadDir, Begun::Yes),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begun {
    Yes,
    No,
}

fn fill(server: &Harness) {
    server.put("old", b"the old one");
    server.make_dir("dir");
    server.put("dir/a", b"x");
}

/// Plays a transfer that is to fail: its final reply's code.
#[track_caller]
fn failing(wire: &mut Wire, command: &str, begun: Begun) -> u16 {
    let opened = wire.open(Way::Epsv);
    wire.say(command);
    if begun == Begun::No {
        // Refused, the connection stays for another try.
        return wire.reply().code;
    }
    wire.expect(150);
    let mut data = opened.connection();
    if command.starts_with("STOR") || command.starts_with("APPE") {
        let _ = data.write_all(b"something new");
    } else {
        let _ = data.read_to_end(&mut Vec::new());
    }
    drop(data);
    wire.reply().code
}

#[test]
fn a_storage_that_panics_costs_one_reply() {
    for (server, meddler) in servers() {
        fill(&server);
        let mut wire = server.login();
        for (command, operation) in COMMANDS {
            meddler.panic(operation);
            wire.ask(command, 451);
            meddler.behave();
            wire.ask("NOOP", 200);
        }
        for (command, operation, begun) in TRANSFERS {
            meddler.panic(operation);
            assert_eq!(failing(&mut wire, command, begun), 451, "{command} {operation:?}");
            meddler.behave();
            wire.ask("NOOP", 200);
            assert_eq!(server.content("old").unwrap(), b"the old one", "{command} {operation:?}");
        }
        assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
        drop(wire);
        expect_all_closed(&meddler);
    }
}

#[test]
fn a_storage_that_fails_costs_one_reply() {
    for (server, meddler) in servers() {
        fill(&server);
        let mut wire = server.login();
        for (command, operation) in COMMANDS {
            meddler.fail(operation, Failure::Io);
            wire.ask(command, 451);
            meddler.behave();
        }
        for (command, operation, begun) in TRANSFERS {
            meddler.fail(operation, Failure::Io);
            assert_eq!(failing(&mut wire, command, begun), 451, "{command} {operation:?}");
            meddler.behave();
            assert_eq!(server.content("old").unwrap(), b"the old one", "{command} {operation:?}");
        }
        drop(wire);
        expect_all_closed(&meddler);
    }
}

#[test]
fn a_storage_that_hangs_is_given_up_in_time() {
    let hasty = |config: &mut ftp_proto::config::Config| {
        config.timeouts.host = Duration::from_millis(100);
        config.timeouts.host_long = Duration::from_millis(100);
        config.timeouts.cancel = Duration::from_millis(100);
    };
    let (server, meddler) = Setup::new().config(hasty).start_meddled();
    fill(&server);
    for operation in [Operation::Stat, Operation::OpenRead, Operation::Finish] {
        meddler.hold(operation);
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        match operation {
            Operation::Stat => wire.say("SIZE old"),
            Operation::OpenRead => wire.say("RETR old"),
            _ => {
                wire.ask("STOR old", 150);
                opened.connection().write_all(b"something new").unwrap();
            }
        }
        wire.expect(421);
        wire.expect_closed();
        server.wait_until_deserted();
        meddler.behave();
        eventually("the storage is back", || meddler.held() == 0);
    }
    expect_all_closed(&meddler);
    // The commit was under way and may end either way, but not in between.
    let old = server.content("old").unwrap();
    assert!(old == b"the old one" || old == b"something new", "{}", old.escape_ascii());
}

#[test]
fn abor_is_heard_while_the_storage_hangs() {
    let (server, meddler) = Setup::new().start_meddled();
    fill(&server);
    let mut wire = server.login();
    // Too large to be sent whole before the ABOR comes.
    fs::File::create(server.root().join("large")).unwrap().set_len(64 << 20).unwrap();
    meddler.hold(Operation::OpenRead);
    let _opened = wire.open(Way::Epsv);
    wire.say("RETR large");
    eventually("the file is being opened", || meddler.held() == 1);
    wire.say("ABOR");
    meddler.behave();
    // Whether the storage or the ABOR is first is nobody's to say, but it is broken off in either case.
    if wire.expect_any(&[150, 425, 426]).code == 150 {
        wire.expect(426);
    }
    wire.expect(226);
    wire.ask("NOOP", 200);
    drop(wire);
    expect_all_closed(&meddler);
}

/// Each client's file, and the name that it has between two renames.
const NAMES: [[&str; 2]; 3] = [["a", "a.moved"], ["b", "b.moved"], ["c", "c.moved"]];

/// Replaces, fetches and lists until the server is gone.
fn keep_busy(server: SocketAddr, name: &str, other: &str, contents: [Vec<u8>; 2]) -> FtpResult<()> {
    let mut client = FtpStream::connect(server)?;
    client.set_mode(Mode::ExtendedPassive);
    client.login("alice", "secret")?;
    client.transfer_type(FileType::Binary)?;
    for content in contents.iter().cycle() {
        client.put_file(name, &mut Cursor::new(content))?;
        client.retr_as_buffer(name)?;
        client.mlsd(None)?;
        client.rename(name, other)?;
        client.rename(other, name)?;
    }
    Ok(())
}

#[test]
fn a_server_cut_off_at_any_moment_leaves_whole_files() {
    for moment in 0..100 {
        let offload = if moment % 2 == 0 { Offload::Kernel } else { Offload::Buffered };
        let (mut server, meddler) = Setup::new().offload(offload).start_meddled();
        let contents = [pattern(300_000), pattern(700_001)];
        let clients: Vec<_> = NAMES
            .iter()
            .map(|[name, other]| {
                server.put(name, &contents[0]);
                let (address, contents) = (server.address(), contents.clone());
                thread::spawn(move || keep_busy(address, name, other, contents))
            })
            .collect();
        // Different moments of the work, and of the turns in it.
        eventually("some work was done", || meddler.ledger().opened() >= moment / 2);
        (0..moment * 1_000).for_each(|_| std::hint::spin_loop());
        server.stop(Duration::ZERO);
        expect_all_closed(&meddler);
        for [name, other] in NAMES {
            let left = server.content(name).or_else(|| server.content(other)).unwrap();
            assert!(contents.contains(&left), "a file of {} bytes was left", left.len());
        }
        // Each was cut off somewhere.
        clients.into_iter().for_each(|client| drop(client.join().unwrap().unwrap_err()));
    }
}

#[test]
fn a_drain_lets_the_transfer_finish() {
    let (mut server, meddler) = Setup::new().start_meddled();
    fill(&server);
    let content = pattern(4 << 20);
    server.put("f", &content);
    let mut idle = server.login();
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR f", 150);
    let mut data = opened.connection();
    data.read_exact(&mut [0; 1000]).unwrap();
    let client = thread::spawn(move || {
        idle.expect(421);
        idle.expect_closed();
        let mut rest = Vec::new();
        data.read_to_end(&mut rest).unwrap();
        wire.expect(226);
        wire.expect(421);
        wire.expect_closed();
        rest
    });
    server.stop(Duration::from_secs(10));
    assert!(client.join().unwrap() == content[1000..]);
    expect_all_closed(&meddler);
}

#[test]
fn a_drain_that_is_over_cuts_the_transfer() {
    let (mut server, meddler) = Setup::new().start_meddled();
    fill(&server);
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.ask("STOR old", 150);
    let mut data = opened.connection();
    data.write_all(b"half").unwrap();
    server.stop(Duration::from_millis(100));
    wire.expect(426);
    wire.expect(421);
    wire.expect_closed();
    assert_eq!(server.content("old").unwrap(), b"the old one");
    expect_all_closed(&meddler);
}
