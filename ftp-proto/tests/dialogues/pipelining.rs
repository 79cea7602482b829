//! Several commands at once: one reply each, in their order.

use ftp_proto::server::CloseReason;

use crate::world::World;

#[test]
fn six_commands_in_one_segment_are_answered_in_order() {
    let mut world = World::logged_in();
    world.send_bytes(b"PWD\r\nCWD dir\r\nPWD\r\nSIZE b.bin\r\nNONSENSE\r\nNOOP\r\n");
    for beginning in ["257 \"/\"", "250", "257 \"/dir\"", "213 256", "500", "200"] {
        world.expect(beginning);
    }
    world.silent();
}

#[test]
fn a_slow_answer_holds_all_that_come_behind() {
    let mut world = World::logged_in();
    world.hold("Stat");
    world.send_bytes(b"SIZE a.txt\r\nPWD\r\nNOOP\r\n");
    world.silent();
    world.release();
    world.expect("213");
    world.expect("257");
    world.expect("200");
}

#[test]
fn noop_and_stat_are_answered_while_a_transfer_stalls() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.ask("NOOP", "200");
    assert!(world.ask("STAT", "211").text().contains("RETR running: 0 of 12 bytes"));
    world.read(link, true);
    world.expect("226");
}

#[test]
fn noop_ahead_of_the_150_waits_its_turn() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.send_bytes(b"RETR a.txt\r\nNOOP\r\nSTAT\r\n");
    world.expect("150");
    world.silent();
    world.read(link, true);
    world.expect("226");
    world.expect("200");
    world.expect("211");
}

#[test]
fn stat_behind_a_waiting_command_waits_too() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.send_bytes(b"PWD\r\nNOOP\r\n");
    world.silent();
    world.read(link, true);
    world.expect("226");
    world.expect("257");
    world.expect("200");
}

#[test]
fn two_transfers_in_one_segment() {
    let mut world = World::logged_in();
    world.preloaded = b"up".to_vec();
    world.preloaded_end = Some(ftp_proto::outcome::DataEnd::Clean);
    world.send_bytes(
        b"EPRT |1|198.51.100.7|2000|\r\nSTOR new\r\nEPRT |1|198.51.100.7|2001|\r\nRETR new\r\nDELE new\r\nQUIT\r\n",
    );
    for beginning in ["200", "150", "226", "200", "150", "226", "250", "221"] {
        world.expect(beginning);
    }
    assert_eq!(world.link(1).received, b"up");
    world.closed(CloseReason::Quit);
}

#[test]
fn quit_waits_for_the_transfer() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.send("QUIT");
    world.silent();
    world.upload(link, b"content");
    world.expect("226");
    world.expect("221");
    world.closed(CloseReason::Quit);
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
}

#[test]
fn nothing_behind_quit_is_run() {
    let mut world = World::logged_in();
    world.send_bytes(b"QUIT\r\nDELE a.txt\r\n");
    world.expect("221");
    world.closed(CloseReason::Quit);
    assert!(world.tree.has("/a.txt"));
}

#[test]
fn a_client_that_reads_no_replies_is_not_read_either() {
    let mut world = World::logged_in();
    world.credits = false;
    let many = b"NOOP\r\n".repeat(10_000);
    let mut taken = 0;
    for piece in many.chunks(600) {
        if !world.session.interest().control {
            break;
        }
        world.send_bytes(piece);
        taken += piece.len();
    }
    assert!(taken < many.len(), "the session stops reading");
    assert!(world.wire.uncredited() <= 70 * 1024, "{} bytes of replies wait", world.wire.uncredited());

    world.credits = true;
    world.settle();
    assert!(world.session.interest().control);
    world.send_bytes(&many[taken..]);
    let mut answered = 0;
    while let Some(reply) = world.next_reply() {
        assert_eq!(reply.code, 200);
        answered += 1;
    }
    assert_eq!(answered, 10_000);
}

#[test]
fn noop_and_stat_in_a_transfer_are_bounded_too() {
    for line in [&b"NOOP\r\n"[..], b"STAT\r\n"] {
        let mut world = World::logged_in();
        let link = world.passive();
        world.read(link, false);
        world.ask("RETR a.txt", "150");
        world.credits = false;
        let mut sent = 0;
        while world.session.interest().control {
            world.send_bytes(&line.repeat(100));
            sent += 100;
            assert!(world.wire.uncredited() <= 70 * 1024, "{} bytes of replies wait", world.wire.uncredited());
        }
        world.credits = true;
        world.read(link, true);
        let codes: Vec<u16> = std::iter::from_fn(|| world.next_reply()).map(|reply| reply.code).collect();
        assert_eq!(codes.len(), sent + 1, "each is answered, and the transfer");
        assert!(codes.contains(&226));
    }
}

#[test]
fn a_flood_behind_a_slow_command_is_not_read() {
    let mut world = World::logged_in();
    world.hold("Stat");
    world.send("SIZE a.txt");
    world.send_bytes(&b"PWD\r\n".repeat(64));
    assert!(!world.session.interest().control);
    world.release();
    assert!(world.session.interest().control);
    world.expect("213");
    for _ in 0..64 {
        world.expect("257");
    }
    world.silent();
}
