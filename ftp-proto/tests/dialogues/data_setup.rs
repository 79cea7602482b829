//! PASV, EPSV, LPSV, PORT, EPRT, LPRT: how data connections come about.

use ftp_proto::action::CloseHow;
use ftp_proto::notice::Refusal;
use ftp_proto::{Failure, Notice};

use crate::world::{PEER, STRANGER, World, address};

#[test]
fn passive_replies_have_their_exact_forms() {
    let mut world = World::logged_in();
    assert!(world.ask("PASV", "227").text().ends_with("(192,0,2,1,195,81)."));
    assert!(world.ask("EPSV", "229").text().ends_with("(|||50002|)"));
    assert!(world.ask("EPSV 1", "229").text().ends_with("(|||50003|)"));
    world.ask("EPSV 2", "522");
    world.ask("EPSV 3", "522");
    world.ask("EPSV x", "501");
    assert!(world.ask("LPSV", "228").text().contains("(4,4,192,0,2,1,2,195,84)"));
}

#[test]
fn pasv_tells_the_public_address() {
    let mut world = World::logged_in_with(|config| config.public_address = Some("203.0.113.1".parse().unwrap()));
    assert!(world.ask("PASV", "227").text().contains("(203,0,113,1,"));
}

#[test]
fn pasv_is_refused_over_ipv6() {
    let mut world = World::before_connection(|_| {});
    world.connect_from("[2001:db8::1]:21", "[2001:db8::7]:40000");
    world.expect("220");
    world.log_in("alice");
    world.ask("PASV", "425");
    world.ask("EPSV 1", "522");
    world.ask("EPSV 2", "229");
    world.ask("PORT 198,51,100,7,200,1", "522");
    world.ask("EPRT |2|2001:db8::7|2000|", "200");
}

/// lftp's way to say "me" over IPv6; over IPv4 nobody says it, and it stays refused.
#[test]
fn the_unspecified_address_is_the_clients_own_over_ipv6() {
    let mut world = World::before_connection(|_| {});
    world.connect_from("[2001:db8::1]:21", "[2001:db8::7]:40000");
    world.expect("220");
    world.log_in("alice");
    world.ask("EPRT |2|::|2000|", "200");
    let mut world = World::logged_in();
    world.ask("PORT 0,0,0,0,200,1", "501");
}

#[test]
fn a_new_setup_replaces_the_old() {
    let mut world = World::logged_in();
    world.ask("PASV", "227");
    world.ask("EPSV", "229");
    assert_eq!(world.listeners.len(), 1, "the first listener is closed");
    let link = world.connect();
    world.ask("EPSV", "229");
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    world.ask("PORT 198,51,100,7,200,1", "200");
    assert!(world.listeners.is_empty());
}

#[test]
fn no_port_is_425_and_the_session_goes_on() {
    let mut world = World::logged_in();
    world.fail_next("Listen", Failure::NoPort);
    world.ask("EPSV", "425");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

#[test]
fn a_transfer_without_a_setup_is_425() {
    let mut world = World::logged_in();
    for line in ["RETR a.txt", "STOR b", "APPE b", "STOU", "LIST", "NLST", "MLSD"] {
        world.ask(line, "425");
    }
    world.fetch("RETR a.txt");
    world.ask("RETR a.txt", "425");
}

#[test]
fn a_refused_transfer_leaves_the_setup_usable() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("RETR missing", "550");
    world.ask("RETR dir", "550");
    world.ask("STOR missing/x", "550");
    world.ask("LIST missing", "550");
    world.ask("MLSD a.txt", "501");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
}

#[test]
fn the_client_may_connect_before_or_behind_the_150() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    world.ask("RETR a.txt", "150");
    world.silent();
    let link = world.connect();
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
    assert_eq!(world.link(link).closed, Some(CloseHow::Graceful));
}

#[test]
fn a_stranger_is_turned_away_and_the_client_still_served() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    let stranger = world.connect_as(STRANGER);
    assert_eq!(world.link(stranger).closed, Some(CloseHow::Abort));
    world.ask("RETR a.txt", "150");
    let stranger = world.connect_as(STRANGER);
    let link = world.connect();
    world.expect("226");
    assert_eq!(world.link(stranger).received, b"");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
    let refused = Notice::Refused { what: Refusal::Stranger(address(STRANGER)) };
    assert_eq!(world.notices.iter().filter(|notice| **notice == refused).count(), 2);
}

#[test]
fn too_many_strangers_close_the_listener() {
    let mut world = World::logged_in_with(|config| config.limits.strangers = 2);
    world.ask("EPSV", "229");
    world.ask("RETR a.txt", "150");
    for _ in 0..3 {
        world.connect_as(STRANGER);
    }
    world.expect("425");
    assert!(world.listeners.is_empty());
}

#[test]
fn an_active_connection_is_dialled_once_the_150_has_left() {
    let mut world = World::logged_in();
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.credits = false;
    world.ask("RETR a.txt", "150");
    assert!(world.links.is_empty(), "not dialled yet");
    world.credit(world.wire.uncredited() - 1);
    assert!(world.links.is_empty(), "not dialled yet");
    world.credits = true;
    world.settle();
    world.expect("226");
    assert_eq!(world.link(0).peer, address("198.51.100.7:51201"));
    assert_eq!(world.link(0).received, b"hello\nworld\n");
}

#[test]
fn a_refused_dial_is_425() {
    let mut world = World::logged_in();
    for failure in [Failure::Refused, Failure::Unreachable, Failure::TimedOut, Failure::NoPort] {
        world.ask("EPRT |1|198.51.100.7|2000|", "200");
        world.fail_next("Connect", failure);
        world.ask("RETR a.txt", "150");
        world.expect("425");
        world.ask("RETR a.txt", "425");
    }
}

#[test]
fn nobody_else_is_dialled() {
    let mut world = World::logged_in();
    world.ask("PORT 203,0,113,9,200,1", "501");
    world.ask("EPRT |1|203.0.113.9|2000|", "501");
    world.ask("PORT 198,51,100,7,0,25", "504");
    world.ask("LPRT 4,4,198,51,100,7,2,0,25", "504");
    world.ask("EPRT |2|2001:db8::7|2000|", "522 Network protocol not supported, use (1)");
    world.ask("EPRT |3|x|2000|", "522");
    world.ask("PORT 1,2,3", "501");
    world.ask("RETR a.txt", "425");
    assert!(world.links.is_empty());
    let bounces = world.notices.iter().filter(|notice| **notice == Notice::Refused { what: Refusal::Bounce });
    assert_eq!(bounces.count(), 4);
}

#[test]
fn lprt_dials_too() {
    let mut world = World::logged_in();
    world.ask("LPRT 4,4,198,51,100,7,2,200,1", "200");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(0).peer.ip(), address(PEER).ip());
}

#[test]
fn behind_epsv_all_only_epsv_is_left() {
    let mut world = World::logged_in();
    world.ask("EPSV ALL", "200");
    let others =
        ["PASV", "LPSV", "PORT 198,51,100,7,200,1", "EPRT |1|198.51.100.7|2000|", "LPRT 4,4,198,51,100,7,2,200,1"];
    for line in others {
        world.ask(line, "503");
    }
    let link = world.passive();
    world.ask("STOR new", "150");
    world.send("ABOR");
    world.expect("426");
    world.expect("226");
    assert!(world.link(link).closed.is_some());
    for line in others {
        world.ask(line, "503");
    }
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

#[test]
fn a_listener_that_breaks_while_the_file_is_opened_is_told_before_the_150() {
    let mut world = World::logged_in();
    world.ask("EPSV", "229");
    world.hold("OpenRead");
    world.send("RETR a.txt");
    let listener = world.listeners.values_mut().next().unwrap();
    let (ticket, _) = listener.accept.take().unwrap();
    world.ready.push(ticket.fail(Failure::Io));
    world.settle();
    world.silent();
    world.release();
    world.expect("425");
    world.silent();
    assert!(!world.has_open_files());
}
