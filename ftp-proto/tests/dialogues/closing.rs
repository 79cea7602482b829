//! How sessions end, and that nothing is left open when they do.

use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::notice::{Refusal, TransferOutcome};
use ftp_proto::server::CloseReason;
use ftp_proto::storage::FinishHow;
use ftp_proto::{Event, Notice};

use crate::world::{LOCAL, PEER, World, address};

#[test]
fn who_is_not_admitted_gets_421() {
    for admission in [Admission::ServerFull, Admission::AddressFull, Admission::Draining] {
        let mut world = World::before_connection(|_| {});
        world.event(Event::Connected {
            local: address(LOCAL),
            peer: address(PEER),
            admission,
            implicit_tls: Switch::Off,
        });
        world.expect("421");
        world.closed(CloseReason::NotAdmitted);
    }
}

#[test]
fn a_greeting_may_have_several_lines() {
    let mut world = World::before_connection(|config| config.greeting = vec!["a".into(), "b\r\n".into(), "c".into()]);
    world.connect_from(LOCAL, PEER);
    assert_eq!(world.expect("220-a").lines, ["220-a", " b??", "220 c"]);
}

#[test]
fn a_client_that_hangs_up_leaves_nothing_open() {
    let mut world = World::logged_in();
    world.passive();
    world.ask("RNFR a.txt", "350");
    world.hang_up();
    world.closed(CloseReason::PeerClosed);
}

#[test]
fn a_client_that_hangs_up_in_an_upload_loses_it() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"half");
    world.hang_up();
    world.expect("426");
    world.closed(CloseReason::PeerClosed);
    assert_eq!(world.finishes, [FinishHow::Discard]);
    assert_eq!(world.outcomes(), [TransferOutcome::ControlLost]);
}

#[test]
fn a_client_that_half_closes_behind_quit_is_still_served() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.send_bytes(b"STOR new\r\nQUIT\r\n");
    world.hang_up();
    world.expect("150");
    world.upload(link, b"content");
    world.expect("226");
    world.expect("221");
    world.closed(CloseReason::Quit);
    assert!(world.tree.has("/new"));
}

#[test]
fn a_quit_that_is_not_framed_yet_is_a_goodbye_too() {
    let mut world = World::logged_in_with(|config| (config.limits.queued_commands, config.limits.look_ahead) = (2, 1));
    let link = world.passive();
    world.send_bytes(b"STOR new\r\nPWD\r\nPWD\r\nPWD\r\nPWD\r\nQUIT\r\n");
    world.hang_up();
    world.expect("150");
    world.upload(link, b"content");
    world.expect("226");
    for _ in 0..4 {
        world.expect("257");
    }
    world.expect("221");
    world.closed(CloseReason::Quit);
}

#[test]
fn a_control_connection_that_breaks_ends_everything_without_a_word() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"half");
    let written = world.wire.bytes.len();
    world.break_control();
    assert_eq!(world.wire.bytes.len(), written);
    world.closed(CloseReason::PeerReset);
    assert!(!world.tree.has("/new"));
}

#[test]
fn a_break_while_the_storage_works_waits_for_its_answer() {
    for late in [false, true] {
        for (kind, line) in
            [("OpenRead", "RETR a.txt"), ("OpenDir", "LIST"), ("OpenDir", "STAT dir"), ("Stat", "CWD dir")]
        {
            let mut world = World::logged_in();
            world.late = late;
            world.passive();
            world.hold(kind);
            world.send(line);
            world.break_control();
            world.closed(CloseReason::PeerReset);
        }
    }
}

#[test]
fn a_listener_that_comes_too_late_is_closed() {
    let mut world = World::logged_in();
    world.flows = false;
    world.send("EPSV");
    world.break_control();
    world.flows = true;
    world.settle();
    world.closed(CloseReason::PeerReset);
    assert!(world.listeners.is_empty());
}

#[test]
fn another_protocol_is_left_at_once() {
    for line in ["GET / HTTP/1.1", "POST /x HTTP/1.0", "EHLO mail", "Host: example", "\u{16}\u{3}"] {
        let mut world = World::new();
        world.send_bytes(format!("{line}\r\nUSER alice\r\nPASS secret\r\n").as_bytes());
        world.expect("421");
        world.closed(CloseReason::ForeignProtocol);
        assert!(world.notices.contains(&Notice::Refused { what: Refusal::ForeignProtocol }));
    }
}

#[test]
fn too_many_bad_commands_end_the_session() {
    let mut world = World::with(|config| config.limits.violations = 3);
    for _ in 0..3 {
        world.ask("NONSENSE", "500");
    }
    world.ask("ALSO!", "421");
    world.closed(CloseReason::TooManyViolations);
}

#[test]
fn mistakes_that_are_no_nonsense_end_nothing() {
    let mut world = World::logged_in_with(|config| config.limits.violations = 3);
    for _ in 0..10 {
        world.ask("TYPE X", "501");
        world.ask("AUTH TLS", "502");
        world.ask("RETR missing", "425");
        world.ask("RNTO x", "503");
    }
}
