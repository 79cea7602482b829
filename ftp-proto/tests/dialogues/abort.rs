//! ABOR, wherever the session is.

use ftp_proto::action::CloseHow;
use ftp_proto::notice::TransferOutcome;

use crate::world::World;

#[test]
fn abor_without_anything_to_abort() {
    let mut world = World::logged_in();
    world.ask("ABOR", "226");
    world.ask("NOOP", "200");
}

#[test]
fn abor_closes_a_listener() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    world.ask("ABOR", "226");
    assert!(world.listeners.is_empty());
    world.ask("RETR a.txt", "425");
}

#[test]
fn abor_closes_an_idle_data_connection() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("ABOR", "226");
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    world.ask("RETR a.txt", "425");
}

#[test]
fn abor_stops_a_download_that_the_client_does_not_read() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        let link = world.passive();
        world.read(link, false);
        world.ask("RETR a.txt", "150");
        world.send("ABOR");
        world.expect("426");
        world.expect("226");
        assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
        assert_eq!(world.outcomes(), [TransferOutcome::Aborted]);
        assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
    }
}

#[test]
fn abor_stops_an_upload_and_leaves_the_old_file() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR a.txt", "150");
    world.give(link, b"half");
    world.send("ABOR");
    world.expect("426");
    world.expect("226");
    assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));
}

#[test]
fn abor_while_the_client_has_not_connected() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    world.ask("RETR a.txt", "150");
    world.send("ABOR");
    world.expect("426");
    world.expect("226");
    assert!(world.listeners.is_empty());
}

#[test]
fn abor_while_we_dial() {
    for late in [false, true] {
        let mut world = World::logged_in();
        (world.answers_dials, world.late) = (false, late);
        world.ask("PORT 198,51,100,7,200,1", "200");
        world.ask("RETR a.txt", "150");
        world.send("ABOR");
        world.expect("426");
        world.expect("226");
        assert_eq!(world.open_connections(), 0, "a connection that came too late is closed");
    }
}

#[test]
fn abor_before_the_150_has_left() {
    let mut world = World::logged_in();
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.credits = false;
    world.ask("RETR a.txt", "150");
    world.send("ABOR");
    world.expect("426");
    world.expect("226");
    world.credits = true;
    world.settle();
    assert!(world.links.is_empty(), "never dialled");
}

#[test]
fn abor_while_the_storage_opens_the_file() {
    for late in [false, true] {
        let mut world = World::logged_in();
        world.late = late;
        world.passive();
        world.hold("OpenWrite");
        world.send("STOR new");
        world.send("ABOR");
        world.expect("426");
        world.expect("226");
        assert!(!world.has_open_files() && !world.tree.has("/new"));
    }
}

#[test]
fn abor_waits_for_what_the_storage_has_under_way() {
    let mut world = World::logged_in();
    world.deaf = true;
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Write");
    world.give(link, b"half");
    assert_eq!(world.held(), 1);
    world.send("ABOR");
    world.silent();
    assert_eq!(world.link(link).closed, None, "no action may be open on what is closed");
    world.reset(link);
    world.release();
    world.expect("426");
    world.expect("226");
}

#[test]
fn abor_behind_the_last_byte_does_not_undo_the_commit() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Finish");
    world.upload(link, b"content");
    world.send("ABOR");
    world.silent();
    world.release();
    world.expect("226 Transfer complete");
    world.expect("226 ABOR");
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
}

#[test]
fn telnet_around_an_abor_is_taken_out() {
    for bytes in [&b"\xFF\xF4\xFF\xF2ABOR\r\n"[..], b"\xFF\xF4\xFFABOR\r\n", b"\xFF\xF4\xF2ABOR\r\n"] {
        let mut world = World::logged_in();
        let link = world.passive();
        world.read(link, false);
        world.ask("RETR a.txt", "150");
        world.send_bytes(bytes);
        if bytes == b"\xFF\xF4\xF2ABOR\r\n" {
            // A DM without its IAC is a byte like any other, and this no command.
            world.silent();
            continue;
        }
        world.expect("426");
        world.expect("226");
    }
}

#[test]
fn abor_right_behind_its_transfer_in_one_segment() {
    let mut world = World::logged_in();
    world.passive();
    world.send_bytes(b"STOR new\r\nABOR\r\nPWD\r\n");
    world.expect("426");
    world.expect("226");
    world.expect("257");
    assert!(!world.tree.has("/new"));
}

#[test]
fn abor_reaches_past_a_full_queue() {
    let mut world = World::logged_in_with(|config| config.limits.queued_commands = 2);
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.send_bytes(b"PWD\r\nPWD\r\nPWD\r\nABOR\r\n");
    world.expect("426");
    for _ in 0..3 {
        world.expect("257");
    }
    world.expect("226");
}

#[test]
fn a_second_abor_is_answered_too() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.send_bytes(b"ABOR\r\nABOR\r\n");
    world.expect("426");
    world.expect("226");
    world.expect("226");
}

#[test]
fn abor_of_a_listing_closes_its_directory() {
    let mut world = World::logged_in_with(|config| config.limits.chunk = 8);
    let link = world.passive();
    world.read(link, false);
    world.ask("LIST -R", "150");
    world.send("ABOR");
    world.expect("426");
    world.expect("226");
    world.ask("QUIT", "221");
}
