//! Every timer: what it waits for, and what it ends in.

use std::time::Duration;

use ftp_proto::notice::TransferOutcome;
use ftp_proto::server::{CloseReason, Timer};
use ftp_proto::time::Instant;
use ftp_proto::{Event, Failure, Notice};

use crate::world::World;

#[test]
fn without_a_login_the_session_ends() {
    let mut world = World::new();
    assert_eq!(world.session.next_deadline().unwrap().timer, Timer::Login);
    world.wait_seconds(59);
    world.ask("NOOP", "200");
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::LoginTimeout);
}

#[test]
fn logging_out_begins_the_time_for_a_login_again() {
    let mut world = World::logged_in();
    world.wait_seconds(100);
    world.ask("REIN", "220");
    world.wait_seconds(59);
    world.silent();
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::LoginTimeout);
}

#[test]
fn an_idle_client_is_told_and_left() {
    let mut world = World::logged_in();
    world.wait_seconds(299);
    world.ask("NOOP", "200");
    world.wait_seconds(299);
    world.silent();
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::IdleTimeout);
}

#[test]
fn site_idle_and_the_account_set_the_idle_time() {
    let mut world = World::new();
    world.account("alice", |account| account.idle_timeout = Some(Duration::from_secs(10)));
    world.log_in("alice");
    world.ask("SITE IDLE", "200 Idle time is 10 ");
    world.ask("SITE IDLE 20", "200");
    world.wait_seconds(19);
    world.silent();
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::IdleTimeout);
}

#[test]
fn nobody_idles_during_a_transfer() {
    let mut world = World::logged_in_with(|config| config.timeouts.idle = Duration::from_secs(5));
    let link = world.passive();
    world.ask("STOR new", "150");
    for _ in 0..10 {
        world.wait_seconds(50);
        world.give(link, b"byte");
    }
    world.upload(link, b"end");
    world.expect("226");
    world.wait_seconds(5);
    world.expect("421");
    world.closed(CloseReason::IdleTimeout);
}

#[test]
fn nobody_idles_while_the_storage_works() {
    let mut world = World::logged_in();
    world.hold("Copy");
    world.send("SITE COPY a.txt b.txt");
    world.wait_seconds(800);
    world.silent();
    world.release();
    world.expect("200");
    world.wait_seconds(299);
    world.silent();
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::IdleTimeout);
}

#[test]
fn a_client_that_never_connects_gets_425() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    world.ask("RETR a.txt", "150");
    world.wait_seconds(29);
    world.silent();
    world.wait_seconds(1);
    world.expect("425");
    assert!(world.listeners.is_empty());
    assert_eq!(world.outcomes(), [TransferOutcome::TimedOut]);
    world.ask("NOOP", "200");
}

#[test]
fn a_dial_that_is_not_answered_is_425() {
    for late in [false, true] {
        let mut world = World::logged_in();
        (world.answers_dials, world.late) = (false, late);
        world.ask("PORT 198,51,100,7,200,1", "200");
        world.ask("RETR a.txt", "150");
        world.wait_seconds(30);
        assert!(world.next_reply().is_some_and(|reply| [425, 426].contains(&reply.code)));
        assert_eq!(world.open_connections(), 0);
    }
}

#[test]
fn a_150_that_never_leaves_does_not_hold_the_session_for_ever() {
    let mut world = World::logged_in();
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.credits = false;
    world.ask("RETR a.txt", "150");
    world.wait_seconds(30);
    world.expect("425");
    world.credits = true;
    world.settle();
    assert!(world.links.is_empty(), "never dialled");
    world.ask("NOOP", "200");
}

#[test]
fn a_transfer_that_stalls_is_426() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, b"half");
        world.wait_seconds(60);
        world.expect("426");
        assert!(!world.tree.has("/new"));
        let link = world.passive();
        world.read(link, false);
        world.ask("RETR a.txt", "150");
        world.wait_seconds(60);
        world.expect("426");
        world.ask("NOOP", "200");
    }
}

#[test]
fn progress_keeps_a_transfer_alive() {
    let mut world = World::logged_in();
    world.logs = true;
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    let id = world.open_on(link);
    for bytes in 1..5 {
        world.wait_seconds(50);
        world.event(Event::Progress { id, bytes });
    }
    world.event(Event::Progress { id, bytes: 4 });
    assert!(world.ask("STAT", "211").text().contains("4 of 12 bytes (33 %) in "));
    assert!(world.notices.contains(&Notice::TransferProgress { bytes: 3 }));
    world.wait_seconds(59);
    world.silent();
    world.wait_seconds(1);
    world.expect("426");
}

#[test]
fn an_operation_that_takes_too_long_is_cancelled_and_451() {
    let mut world = World::logged_in();
    world.hold("Stat");
    world.send("SIZE a.txt");
    world.wait_seconds(59);
    world.silent();
    assert!(world.cancelled.is_empty());
    world.wait_seconds(1);
    assert_eq!(world.cancelled.len(), 1);
    world.expect("451");
}

#[test]
fn a_cancelled_operation_may_succeed_late() {
    let mut world = World::logged_in();
    world.late = true;
    world.hold("Stat");
    world.send("SIZE a.txt");
    world.wait_seconds(60);
    world.expect("213 12");
}

#[test]
fn a_host_that_does_not_even_cancel_ends_the_session() {
    let mut world = World::logged_in();
    world.deaf = true;
    world.hold("Stat");
    world.send("SIZE a.txt");
    world.wait_seconds(60);
    assert_eq!(world.cancelled.len(), 1);
    world.wait_seconds(29);
    world.silent();
    world.wait_seconds(1);
    world.expect("421");
    world.closed(CloseReason::HostStuck);
}

#[test]
fn a_session_that_is_stuck_while_it_ends_ends_once() {
    let mut world = World::logged_in();
    world.deaf = true;
    world.hold("Stat");
    world.send("SIZE a.txt");
    world.event(Event::Drain { deadline: Instant::from_secs(10) });
    world.wait_seconds(40);
    world.expect("421 The storage");
    world.closed(CloseReason::HostStuck);
    assert_eq!(world.notices.iter().filter(|notice| matches!(notice, Notice::Ended(_))).count(), 1);
}

#[test]
fn a_storage_that_is_stuck_in_a_transfer_ends_the_session() {
    for kind in ["OpenRead", "Read"] {
        let mut world = World::logged_in();
        world.deaf = true;
        world.passive();
        world.hold(kind);
        world.send("RETR a.txt");
        world.send("ABOR");
        world.wait_seconds(29);
        assert!(world.session.phase() == ftp_proto::server::Phase::Open);
        world.wait_seconds(1);
        assert_eq!(world.session.phase(), ftp_proto::server::Phase::Closed(CloseReason::HostStuck));
    }
}

#[test]
fn a_transfer_whose_commit_is_stuck_is_not_complete() {
    let mut world = World::logged_in();
    world.deaf = true;
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Finish");
    world.upload(link, b"content");
    world.wait_seconds(930);
    world.expect("421");
    world.closed(CloseReason::HostStuck);
    assert_eq!(world.outcomes(), [TransferOutcome::Failed(Failure::TimedOut)]);
}

#[test]
fn a_commit_has_more_time() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.hold("Finish");
    world.upload(link, b"content");
    world.wait_seconds(899);
    world.silent();
    world.wait_seconds(1);
    world.expect("451");
}

#[test]
fn a_client_that_does_not_take_its_221_is_left() {
    let mut world = World::logged_in();
    world.credits = false;
    world.ask("QUIT", "221");
    assert_eq!(world.session.next_deadline().unwrap().timer, Timer::Linger);
    world.wait_seconds(4);
    assert_eq!(world.session.phase(), ftp_proto::server::Phase::Closing);
    world.wait_seconds(1);
    world.closed(CloseReason::Quit);
}

#[test]
fn a_client_that_never_reads_is_left() {
    let mut world = World::logged_in();
    world.credits = false;
    while world.session.interest().control {
        world.send_bytes(&b"FEAT\r\n".repeat(8));
    }
    world.wait_seconds(300);
    world.wait_seconds(5);
    assert_eq!(world.session.phase(), ftp_proto::server::Phase::Closed(CloseReason::RepliesUnread));
}

#[test]
fn a_timeout_too_early_does_nothing() {
    let mut world = World::new();
    for _ in 0..3 {
        world.event(Event::Timeout);
    }
    world.silent();
    let before = world.session.next_deadline();
    world.now = Instant::from_secs(1);
    world.event(Event::Timeout);
    assert_eq!(world.session.next_deadline(), before);
}

#[test]
fn a_clock_that_goes_back_is_taken_for_one_that_stands() {
    let mut world = World::logged_in();
    world.wait_seconds(100);
    let deadline = world.session.next_deadline();
    world.now = Instant::from_secs(5);
    world.event(Event::Timeout);
    assert_eq!(world.session.next_deadline(), deadline);
}

#[test]
fn an_idle_session_is_drained_at_once() {
    let mut world = World::logged_in();
    world.event(Event::Drain { deadline: Instant::from_secs(60) });
    world.expect("421");
    world.closed(CloseReason::Drained);
}

#[test]
fn a_running_transfer_may_finish_before_the_drain() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.event(Event::Drain { deadline: Instant::from_secs(40) });
    world.wait_seconds(39);
    world.silent();
    world.upload(link, b"content");
    world.expect("226");
    world.expect("421");
    world.closed(CloseReason::Drained);
    assert!(world.tree.has("/new"));
}

#[test]
fn at_the_end_of_the_drain_a_transfer_is_cut() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"half");
    world.event(Event::Drain { deadline: Instant::from_secs(40) });
    world.wait_seconds(40);
    world.expect("426");
    world.expect("421");
    world.closed(CloseReason::Drained);
    assert!(!world.tree.has("/new"));
    assert_eq!(world.outcomes(), [TransferOutcome::Drained]);
}

#[test]
fn a_failed_login_is_still_answered_while_draining() {
    let mut world = World::new();
    world.ask("USER alice", "331");
    world.send("PASS wrong");
    world.event(Event::Drain { deadline: Instant::from_secs(40) });
    world.wait_seconds(1);
    world.expect("530");
    world.expect("421");
    world.closed(CloseReason::Drained);
}
