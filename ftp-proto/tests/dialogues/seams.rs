//! Where one part of a session meets another: what waits behind what, and what comes too late.

use ftp_proto::config::{Config, CustomVerb, Switch};
use ftp_proto::notice::{Change, TransferOutcome};
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::{CloseReason, Timer};
use ftp_proto::storage::FinishHow;
use ftp_proto::verb::Verb;
use ftp_proto::{Failure, Notice};

use crate::world::World;

#[test]
fn abor_that_waits_behind_long_work_stops_it_as_it_begins() {
    let mut world = World::logged_in();
    world.hold("Stat");
    world.hold("Hash");
    world.send_bytes(b"CWD dir\r\nHASH b.bin\r\nABOR\r\n");
    world.silent();
    world.release_only("Stat");
    world.expect("250");
    world.expect("451 Aborted");
    world.expect("226");
    world.silent();
}

#[test]
fn abor_that_is_switched_off_stops_nothing() {
    let mut world = World::logged_in_with(|config| config.disabled = [Verb::Abor].into_iter().collect());
    let link = world.passive();
    world.ask("STOR new", "150");
    world.send("ABOR");
    world.silent();
    world.upload(link, b"all of it");
    world.expect("226");
    world.expect("502");
    world.hold("Hash");
    world.send_bytes(b"HASH a.txt\r\nABOR\r\n");
    world.silent();
    world.release();
    world.expect("213");
    world.expect("502");
}

#[test]
fn what_waits_behind_a_refusal_is_answered_behind_it() {
    let mut world = World::logged_in();
    world.passive();
    world.fail_next("OpenWrite", Failure::Busy);
    world.hold("OpenWrite");
    world.send_bytes(b"STOR new\r\n");
    world.release();
    world.expect("450");

    // The handshake fails while the file is opened, and it takes its time to close the file again.
    let mut world = World::private_with(|_| {});
    world.tls.holds_data = true;
    world.passive();
    world.hold("OpenWrite");
    world.send("STOR new");
    world.fail_handshakes(Failure::Tls);
    world.hold("Finish");
    world.release_only("OpenWrite");
    assert_eq!(world.held(), 1, "the file is being closed");
    world.send("NOOP");
    world.silent();
    world.release();
    world.expect("522");
    world.expect("200");
    assert_eq!(world.finishes, [FinishHow::Discard]);
}

#[test]
fn an_upload_without_a_connection_leaves_what_was_there() {
    let keeping = |config: &mut Config| config.keep_partial = Switch::On;
    // Nobody connects.
    let mut world = World::logged_in_with(keeping);
    world.ask("EPSV", "229");
    world.ask("STOR a.txt", "150");
    world.wait_seconds(30);
    world.expect("425");
    assert_eq!(world.finishes, [FinishHow::Discard]);
    // It is broken off before it has begun.
    let mut world = World::logged_in_with(keeping);
    world.passive();
    world.late = true;
    world.hold("OpenWrite");
    world.send_bytes(b"STOR a.txt\r\nABOR\r\n");
    world.expect("426");
    world.expect("226");
    assert_eq!(world.finishes, [FinishHow::Discard]);
    assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));
    // The connection comes about when it is not wanted any more.
    let mut world = World::logged_in_with(keeping);
    (world.late, world.answers_dials) = (true, false);
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.ask("STOR a.txt", "150");
    world.wait_seconds(30);
    world.expect("425");
    assert_eq!(world.finishes, [FinishHow::Discard]);
    assert_eq!(world.open_connections(), 0);
}

#[test]
fn a_slow_storage_is_no_stall_of_the_client() {
    // A listing of many directories, of which little is to be sent for long.
    let mut world = World::logged_in();
    let link = world.passive();
    world.hold("ReadDir");
    world.hold("OpenDir");
    world.send("LIST -R");
    let mut rounds = 0;
    while world.held() > 0 {
        rounds += 1;
        world.wait_seconds(50);
        world.release_held();
    }
    assert!(rounds > 4);
    world.expect("150");
    world.expect("226");
    assert!(!world.link(link).received.is_empty());
    // A read that takes longer than a client may.
    let mut world = World::logged_in_with(|config| config.timeouts.stall = std::time::Duration::from_secs(10));
    world.passive();
    world.hold("Read");
    world.ask("RETR a.txt", "150");
    assert_eq!(world.session.next_deadline().expect("it waits").timer, Timer::Host);
    world.wait_seconds(50);
    world.release();
    world.expect("226");
    // An upload's client has its time from when it was listened to again.
    let mut world = World::logged_in_with(|config| config.limits.chunk = 4);
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Write");
    world.give(link, b"12345678");
    world.wait_seconds(50);
    world.release();
    world.wait_seconds(50);
    world.upload(link, b"9");
    world.expect("226");
    assert_eq!(world.tree.file("/new"), Some(&b"123456789"[..]));
}

#[test]
fn a_client_that_stalls_is_left_however_busy_the_storage_is() {
    let mut world = World::logged_in_with(|config| config.limits.chunk = 4);
    world.reads = false;
    world.passive();
    world.ask("RETR a.txt", "150");
    assert_eq!(world.session.next_deadline().expect("it waits").timer, Timer::Stall);
    world.wait_seconds(60);
    world.expect("426");
    assert_eq!(world.outcomes(), [TransferOutcome::TimedOut]);
}

#[test]
fn a_change_that_comes_too_late_to_be_stopped_is_told() {
    for (line, action, change) in [
        ("DELE a.txt", "Remove", Change::Removed),
        ("SITE RMDIR dir", "RemoveTree", Change::TreeRemoved),
        ("COMB new a.txt", "Combine", Change::Combined),
    ] {
        let mut world = World::logged_in();
        world.late = true;
        world.hold(action);
        world.send(line);
        world.break_control();
        world.closed(CloseReason::PeerReset);
        let told = world
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::Changed { change: told, .. } if *told == change));
        assert!(told, "{line}: {:?}", world.notices);
    }
}

#[test]
fn a_password_that_waits_is_not_shown() {
    let mut world = World::with(|config| config.limits.queued_commands = 1);
    world.hold("Authenticate");
    world.send_bytes(b"USER alice\r\nPASS other\r\nNOOP\r\nPASS secret\r\n");
    let shown = format!("{:?}", world.session);
    assert!(
        !shown.contains("secret") && !shown.contains(&format!("{:?}", b"secret").replace(['[', ']'], "")),
        "{shown}"
    );
}

#[test]
fn a_custom_transfer_is_private_and_whole_under_tls() {
    let custom =
        |name: &str| CustomVerb { name: name.into(), syntax: String::new(), needs_login: true, in_feat: false };
    let verbs = |config: &mut Config| config.custom = vec![custom("SITE FETCH"), custom("SITE PUT")];
    let mut world = World::private_with(verbs);
    let link = world.passive();
    world.ask("SITE PUT new", "150");
    world.give(link, b"half");
    world.end(link, DataEnd::Truncated);
    world.expect("426");
    assert!(!world.tree.has("/new"));
    // One whose handshake failed while the program opened its file.
    world.tls.holds_data = true;
    world.passive();
    world.hold("Custom");
    world.send("SITE FETCH a.txt");
    world.fail_handshakes(Failure::Tls);
    world.release();
    world.expect("522");
    assert!(!world.has_open_files());
    world.ask("SITE FETCH a.txt", "425");
    // In a mode of blocks, privately.
    world.tls.holds_data = false;
    world.ask("MODE B", "200");
    let link = world.passive();
    world.ask("SITE FETCH a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"\x40\0\x0chello\nworld\n");
}

#[test]
fn what_was_announced_is_forgotten_where_the_client_is() {
    for line in ["REIN", "USER alice"] {
        let mut world = World::logged_in();
        world.node = Some("192.0.2.77".parse().expect("an address"));
        world.ask("PRET RETR a.txt", "200");
        world.ask(line, if line == "REIN" { "220" } else { "331" });
        world.ask("USER alice", "331");
        world.ask("PASS secret", "230");
        assert!(!world.ask("PASV", "227").text().contains("192,0,2,77"));
    }
    // What waits for its next command does not outlive a login.
    let mut world = World::logged_in();
    world.ask("RANG 0 1", "350");
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
    assert!(world.ask("HASH a.txt", "213").text().contains(" 0-11 "));
}

#[test]
fn limits_of_nothing_leave_room_for_one() {
    for offloads in [false, true] {
        let mut world = World::logged_in_with(|config| {
            let limits = &mut config.limits;
            (limits.queued_commands, limits.queued_bytes, limits.look_ahead, limits.unsent_replies) = (0, 0, 0, 0);
            (limits.chunk, limits.range, limits.directory_page, limits.marker_interval) = (0, 0, 0, 0);
        });
        world.offloads = offloads;
        assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
        world.store("STOR new", b"new");
        assert_eq!(world.tree.file("/new"), Some(&b"new"[..]));
        assert_eq!(world.fetch("NLST"), b"a.txt\r\ndir\r\nempty\r\nnew\r\n");
        world.ask("MODE B", "200");
        assert_eq!(world.fetch("RETR empty"), b"\x40\0\0");
    }
}
