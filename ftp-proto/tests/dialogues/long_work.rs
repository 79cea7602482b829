//! What may take long is seen by ABOR and STAT, and holds nothing up that need not wait.

use ftp_proto::server::CloseReason;
use ftp_proto::time::Instant;
use ftp_proto::{Event, Failure};

use crate::world::World;

/// Every command that may take long: its line, the action it waits for, how STAT names it, its reply.
const LONG: &[(&str, &str, &str, &str)] = &[
    ("HASH a.txt", "Hash", "HASH", "213"),
    ("XCRC a.txt", "Hash", "XCRC", "250"),
    ("MD5 a.txt", "Hash", "MD5", "251"),
    ("MMD5 a.txt, empty", "Hash", "MMD5", "252"),
    ("DSIZ", "TreeSize", "DSIZ", "213"),
    ("COMB all a.txt", "Combine", "COMB", "250"),
    ("SITE COPY a.txt b.txt", "Copy", "SITE COPY", "200"),
    ("SITE RMDIR dir", "RemoveTree", "SITE RMDIR", "200"),
];

fn running(line: &str, action: &'static str) -> World {
    let mut world = World::logged_in();
    world.hold(action);
    world.send(line);
    world.silent();
    world.wait_seconds(3);
    world
}

#[test]
fn noop_and_stat_are_answered_while_it_runs() {
    for (line, action, name, reply) in LONG {
        let mut world = running(line, action);
        world.ask("NOOP", "200");
        let status = world.ask("STAT", "211").text();
        assert!(status.contains(&format!(" {name} running for 3 s\n")), "{status}");
        world.send("PWD");
        world.send("NOOP");
        world.silent();
        world.release();
        world.expect(reply);
        world.expect("257");
        world.expect("200");
        assert!(!world.ask("STAT", "211").text().contains("running"));
    }
}

#[test]
fn what_was_sent_with_it_waits_its_turn() {
    let mut world = World::logged_in();
    world.hold("Hash");
    world.send_bytes(b"HASH a.txt\r\nNOOP\r\nSTAT\r\n");
    world.silent();
    world.wait_seconds(5);
    world.send("NOOP");
    world.silent();
    world.release();
    for reply in ["213", "200", "211", "200"] {
        world.expect(reply);
    }
    world.silent();
}

#[test]
fn abor_cancels_it() {
    for (line, action, ..) in LONG {
        let before = World::logged_in().tree;
        let mut world = running(line, action);
        world.send("ABOR");
        assert_eq!(world.cancelled.len(), 1);
        world.expect("451 Aborted");
        world.expect("226");
        assert_eq!(world.tree, before, "{line}");
        world.release();
        world.ask("NOOP", "200");
    }
}

#[test]
fn what_succeeds_in_spite_of_abor_has_succeeded() {
    for (line, action, _, reply) in LONG {
        let mut world = running(line, action);
        world.late = true;
        world.send("ABOR");
        // Of several files only the first was begun.
        world.expect(if line.starts_with("MMD5") { "451" } else { reply });
        world.expect("226");
    }
}

#[test]
fn a_failure_behind_abor_is_told() {
    let mut world = running("DSIZ", "TreeSize");
    world.deaf = true;
    world.send("ABOR");
    world.silent();
    world.fail_next("TreeSize", Failure::PermissionDenied);
    world.release();
    world.expect("550");
    world.expect("226");
}

#[test]
fn abor_reaches_past_a_full_queue() {
    let mut world = World::logged_in_with(|config| config.limits.queued_commands = 2);
    world.hold("Hash");
    world.send_bytes(b"HASH a.txt\r\nPWD\r\nPWD\r\nPWD\r\nABOR\r\n");
    world.expect("451");
    for _ in 0..3 {
        world.expect("257");
    }
    world.expect("226");
}

#[test]
fn quit_waits_for_it() {
    let mut world = running("HASH a.txt", "Hash");
    world.send("QUIT");
    world.silent();
    world.hang_up();
    world.silent();
    world.release();
    world.expect("213");
    world.expect("221");
    world.closed(CloseReason::Quit);
}

#[test]
fn a_client_that_leaves_cancels_it() {
    for (line, action, ..) in LONG {
        let mut world = running(line, action);
        world.hang_up();
        assert_eq!(world.cancelled.len(), 1);
        world.expect("451");
        world.closed(CloseReason::PeerClosed);
        let mut world = running(line, action);
        world.break_control();
        assert_eq!(world.cancelled.len(), 1);
        world.closed(CloseReason::PeerReset);
    }
    // Also where it begins only then.
    let mut world = World::logged_in();
    world.hold("Stat");
    world.hold("Hash");
    world.send_bytes(b"SIZE a.txt\r\nHASH a.txt\r\n");
    world.hang_up();
    world.release();
    world.expect("213");
    world.expect("213 SHA-256");
    world.closed(CloseReason::PeerClosed);
    assert_eq!(world.cancelled.len(), 1);
}

#[test]
fn a_drain_gives_it_until_its_end() {
    let mut world = running("HASH a.txt", "Hash");
    world.event(Event::Drain { deadline: Instant::from_secs(10) });
    world.wait_seconds(2);
    world.silent();
    world.release();
    world.expect("213");
    world.expect("421");
    world.closed(CloseReason::Drained);

    let mut world = running("SITE RMDIR dir", "RemoveTree");
    world.event(Event::Drain { deadline: Instant::from_secs(10) });
    world.wait_seconds(7);
    assert_eq!(world.cancelled.len(), 1);
    world.expect("421");
    world.closed(CloseReason::Drained);
}

#[test]
fn it_has_the_long_deadline() {
    for (line, action, ..) in LONG {
        let mut world = World::logged_in();
        world.hold(action);
        world.send(line);
        world.wait_seconds(899);
        world.silent();
        assert!(world.cancelled.is_empty());
        world.wait_seconds(1);
        assert_eq!(world.cancelled.len(), 1);
        world.expect("451");
        world.ask("NOOP", "200");
    }
}

#[test]
fn a_second_reading_of_a_name_goes_on_with_it() {
    let mut world = World::logged_in();
    world.hold("Hash");
    world.send("XCRC a.txt 0 2");
    world.wait_seconds(2);
    world.release();
    world.expect("250 006865");
    world.silent();
}
