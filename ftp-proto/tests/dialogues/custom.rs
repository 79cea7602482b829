//! Transfers of verbs that the embedding program answers: like RETR and STOR once they begin, and nothing is left open
//! where they do not.

use ftp_proto::config::{Config, CustomVerb};
use ftp_proto::notice::{TransferKind, TransferOutcome};
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::{CloseReason, Phase};
use ftp_proto::storage::FinishHow;
use ftp_proto::{Event, Failure, Notice};

use crate::world::{Dice, World};

fn verbs(config: &mut Config) {
    let verb = |name: &str| CustomVerb {
        name: name.into(),
        syntax: "<sp> pathname".into(),
        needs_login: true,
        in_feat: false,
    };
    config.custom = vec![verb("SITE FETCH"), verb("SITE PUT")];
}

fn world() -> World {
    World::logged_in_with(verbs)
}

#[test]
fn a_custom_download_is_like_retr() {
    for offloads in [false, true] {
        let mut world = World::logged_in_with(|config| {
            verbs(config);
            (config.limits.chunk, config.limits.range) = (7, 7);
        });
        world.offloads = offloads;
        let link = world.passive();
        assert!(world.ask("SITE FETCH dir/b.bin", "150").text().contains("(256 bytes)"));
        world.expect("226");
        assert_eq!(world.link(link).received, (0..=255).collect::<Vec<u8>>());
        assert!(!world.has_open_files());
        let Some(Notice::TransferEnded(summary)) = world.notices.last() else { panic!("{:?}", world.notices) };
        assert_eq!((summary.what, summary.bytes), (TransferKind::Download, 256));
        assert_eq!((summary.outcome, summary.path.as_bytes()), (TransferOutcome::Complete, &b"/dir/b.bin"[..]));
    }
}

#[test]
fn a_custom_upload_is_like_stor() {
    for offloads in [false, true] {
        let mut world = world();
        world.offloads = offloads;
        let link = world.passive();
        world.ask("SITE PUT new", "150");
        world.give(link, b"new content");
        assert!(!world.tree.has("/new"), "not before the end");
        world.hold("Finish");
        world.end(link, DataEnd::Clean);
        world.silent();
        world.release();
        world.expect("226");
        assert_eq!(world.tree.file("/new"), Some(&b"new content"[..]));
        assert_eq!(world.finishes, [FinishHow::Commit]);
    }
}

#[test]
fn type_a_applies_both_ways() {
    let mut world = world();
    world.ask("TYPE A", "200");
    assert_eq!(world.fetch("SITE FETCH a.txt"), b"hello\r\nworld\r\n");
    world.store("SITE PUT new", b"one\r\ntwo\r\n");
    assert_eq!(world.tree.file("/new"), Some(&b"one\ntwo\n"[..]));
}

#[test]
fn an_empty_file_is_an_empty_transfer() {
    let mut world = world();
    assert_eq!(world.fetch("SITE FETCH empty"), b"");
    world.store("SITE PUT new", b"");
    assert_eq!(world.tree.file("/new"), Some(&b""[..]));
}

#[test]
fn active_mode_is_dialled_behind_the_150() {
    let mut world = world();
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.ask("SITE FETCH a.txt", "150");
    world.expect("226");
    assert_eq!(world.links[0].received, b"hello\nworld\n");
}

#[test]
fn a_restart_is_not_for_a_custom_verb() {
    let mut world = world();
    world.ask("REST 6", "350");
    assert_eq!(world.fetch("SITE FETCH a.txt"), b"hello\nworld\n");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n", "and it is cleared by one");
}

#[test]
fn without_a_data_connection_set_up_it_is_425_and_the_file_is_closed() {
    let mut world = world();
    world.ask("SITE FETCH a.txt", "425");
    world.ask("SITE PUT new", "425");
    assert!(!world.has_open_files() && !world.tree.has("/new"));
    assert_eq!(world.finishes, [FinishHow::Discard]);
    assert!(world.outcomes().is_empty(), "no transfer began");
    // Also when the discard takes its time, or fails.
    world.hold("Finish");
    world.ask("SITE PUT new", "425");
    world.ask("NOOP", "200");
    world.release();
    world.fail_next("Finish", Failure::Io);
    world.ask("SITE PUT new", "425");
    world.ask("QUIT", "221");
    world.closed(CloseReason::Quit);
}

#[test]
fn a_verb_that_opens_nothing_leaves_the_setup_for_another_try() {
    let mut world = world();
    let link = world.passive();
    world.ask("SITE FETCH nothing", "550");
    world.ask("SITE FETCH a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
}

#[test]
fn abor_breaks_it_off() {
    for verb in ["SITE FETCH a.txt", "SITE PUT new"] {
        let mut world = world();
        let link = world.passive();
        world.read(link, false);
        world.ask(verb, "150");
        world.send("ABOR");
        world.expect("426");
        world.expect("226");
        assert_eq!(world.outcomes(), [TransferOutcome::Aborted]);
        assert!(!world.has_open_files() && !world.tree.has("/new"));
    }
}

#[test]
fn abor_while_the_program_opens_the_file() {
    for verb in ["SITE FETCH a.txt", "SITE PUT new"] {
        let mut world = world();
        world.passive();
        world.hold("Custom");
        world.send(verb);
        world.send("ABOR");
        world.silent();
        world.release();
        world.expect("426");
        world.expect("226");
        assert!(!world.has_open_files() && !world.tree.has("/new"));
        assert_eq!(world.open_connections(), 0);
    }
}

#[test]
fn a_session_that_ends_meanwhile_leaves_nothing_open() {
    for verb in ["SITE FETCH a.txt", "SITE PUT new"] {
        for (late, setup) in [(false, true), (true, false), (true, true)] {
            let mut world = world();
            world.late = late;
            if setup {
                world.passive();
            }
            world.hold("Custom");
            world.send(verb);
            // A cancelled question may be answered late, by a file that is open now.
            world.break_control();
            world.closed(CloseReason::PeerReset);
            assert!(!world.has_open_files() && !world.tree.has("/new"));
            assert_eq!(world.open_connections(), 0);
        }
    }
}

#[test]
fn a_client_that_has_left_gets_no_transfer() {
    for verb in ["SITE FETCH a.txt", "SITE PUT new"] {
        let mut world = world();
        world.passive();
        world.hold("Custom");
        world.send(verb);
        world.hang_up();
        world.release();
        world.expect("426");
        world.closed(CloseReason::PeerClosed);
        assert!(!world.has_open_files() && !world.tree.has("/new"));
    }
}

#[test]
fn a_drain_lets_it_finish_and_closes_what_never_began() {
    for (setup, reply) in [(true, "150"), (false, "425")] {
        let mut world = world();
        if setup {
            world.passive();
        }
        world.hold("Custom");
        world.send("SITE PUT new");
        let deadline = world.now + std::time::Duration::from_secs(30);
        world.event(Event::Drain { deadline });
        world.release();
        world.expect(reply);
        if setup {
            world.upload(0, b"new");
            world.expect("226");
        }
        world.expect("421");
        world.closed(CloseReason::Drained);
        assert_eq!(world.tree.has("/new"), setup);
        assert!(!world.has_open_files());
    }
}

#[test]
fn stat_tells_of_it_by_its_own_name() {
    let mut world = world();
    let link = world.passive();
    world.read(link, false);
    world.ask("SITE FETCH a.txt", "150");
    assert!(world.ask("STAT", "211").text().contains("SITE FETCH running: 0 of 12 bytes"));
    world.read(link, true);
    world.expect("226");
}

#[test]
fn a_commit_that_is_vetoed_is_551() {
    for verb in ["STOR new", "SITE PUT new"] {
        let mut world = world();
        let link = world.passive();
        world.ask(verb, "150");
        world.fail_next("Finish", Failure::Vetoed);
        world.upload(link, b"eicar");
        world.expect("551");
        assert!(!world.tree.has("/new"));
        assert_eq!(world.outcomes(), [TransferOutcome::Vetoed]);
    }
}

/// What a hook refuses is 550 before the 150, at every command that asks the storage; and a login 530.
#[test]
fn a_veto_before_the_150_is_550() {
    let dialogues: [(&str, &str, &str); 15] = [
        ("CWD dir", "Stat", "550"),
        ("MKD new", "MakeDir", "550"),
        ("RMD dir/sub", "RemoveDir", "550"),
        ("DELE a.txt", "Remove", "550"),
        ("RNFR a.txt", "Stat", "550"),
        ("SIZE a.txt", "Stat", "550"),
        ("MDTM a.txt", "Stat", "550"),
        ("MFMT 20240101000000 a.txt", "SetTimes", "550"),
        ("MLST a.txt", "Stat", "550"),
        ("SITE CHMOD 600 a.txt", "SetMode", "550"),
        ("RETR a.txt", "OpenRead", "550"),
        ("STOR new", "OpenWrite", "550"),
        ("APPE a.txt", "OpenWrite", "550"),
        ("MLSD dir", "OpenDir", "550"),
        ("SITE FETCH a.txt", "Custom", "550"),
    ];
    for (line, action, reply) in dialogues {
        let mut world = world();
        world.passive();
        world.fail_next(action, Failure::Vetoed);
        world.ask(line, reply);
        world.silent();
    }
    let mut world = World::new();
    world.ask("USER alice", "331");
    world.fail_next("Authenticate", Failure::Vetoed);
    world.send("PASS secret");
    world.wait_seconds(10);
    world.expect("530 Login incorrect.");
}

/// Whatever the order of answers, whatever fails, and whenever the client leaves: the books balance at every step, and at
/// the end nothing is open, which the world checks by itself.
#[test]
fn nothing_leaks_in_any_order() {
    const LINES: [&str; 9] =
        ["EPSV", "SITE FETCH a.txt", "SITE PUT new", "SITE FETCH none", "ABOR", "NOOP", "STAT", "TYPE A", "RETR a.txt"];
    for seed in 0..2000 {
        // Shown where the test fails.
        println!("seed {seed}");
        let mut world = world();
        world.dice = Dice::new(seed);
        (world.shuffles, world.late, world.fault_rate) = (true, seed % 2 == 0, if seed % 3 == 0 { 20 } else { 0 });
        for _ in 0..12 {
            match world.dice.below(10) {
                0 => world.hold("Custom"),
                1 => world.hold("Finish"),
                2 => world.release(),
                3 if !world.listeners.is_empty() => {
                    let link = world.connect();
                    world.upload(link, b"bytes");
                }
                _ => {
                    let line = world.dice.pick(&LINES);
                    world.send(line);
                }
            }
        }
        match world.dice.below(3) {
            0 => world.break_control(),
            1 => world.hang_up(),
            _ => world.send("QUIT"),
        }
        world.release();
        // What waits for a client that never connects ends by its timer.
        for _ in 0..20 {
            if matches!(world.session.phase(), Phase::Closed(_)) || !world.jump() {
                break;
            }
        }
        assert!(matches!(world.session.phase(), Phase::Closed(_)), "{:?}", world.session.phase());
        assert!(!world.has_open_files() && world.open_connections() == 0);
    }
}
