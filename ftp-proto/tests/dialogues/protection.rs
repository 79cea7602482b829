//! PBSZ, PROT, and TLS on data connections (RFC 4217 §9, §10.2).

use ftp_proto::action::{CloseHow, TlsRole};
use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::notice::{Refusal, TransferOutcome};
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::CloseReason;
use ftp_proto::storage::FinishHow;
use ftp_proto::{Failure, Notice};

use crate::world::World;

fn private() -> World {
    World::private_with(|_| {})
}

#[test]
fn prot_comes_behind_pbsz_behind_auth() {
    let mut world = World::with_tls(|_| {});
    world.ask("PBSZ 0", "503");
    world.ask("PROT P", "503");
    world.ask("AUTH TLS", "234");
    world.ask("PROT P", "503");
    for (line, reply) in [
        ("PBSZ", "501"),
        ("PBSZ x", "501"),
        ("PBSZ -1", "501"),
        ("PBSZ 4294967296", "501"),
        ("PBSZ 4294967295", "200 PBSZ=0"),
        ("PBSZ 0", "200 PBSZ=0"),
        ("PROT S", "536"),
        ("PROT e", "536"),
        ("PROT X", "504"),
        ("PROT PP", "504"),
        ("PROT", "501"),
        ("PROT p", "200"),
        ("PROT C", "200"),
    ] {
        world.ask(line, reply);
    }
}

#[test]
fn data_connections_are_clear_until_prot_p() {
    let mut world = World::secured_with(|_| {});
    world.log_in("alice");
    world.fetch("RETR a.txt");
    assert!(world.tls.roles.is_empty());
    world.ask("PBSZ 0", "200");
    world.ask("PROT P", "200");
    for line in ["RETR a.txt", "LIST", "NLST", "MLSD"] {
        world.fetch(line);
    }
    world.store("STOR new", b"content");
    assert_eq!(world.tls.roles, [TlsRole::Server; 5]);
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
}

#[test]
fn auth_ssl_makes_them_private_at_once() {
    for mechanism in ["SSL", "TLS-P"] {
        let mut world = World::with_tls(|_| {});
        world.ask(&format!("AUTH {mechanism}"), "234");
        world.log_in("alice");
        world.fetch("RETR a.txt");
        assert_eq!(world.tls.roles, [TlsRole::Server]);
        world.ask("PROT C", "200");
    }
}

#[test]
fn the_handshake_begins_when_the_client_connects() {
    let mut world = private();
    let link = world.passive();
    assert!(world.link(link).tls.is_some(), "before any command");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
    assert_eq!(world.link(link).closed, Some(CloseHow::Graceful));
}

#[test]
fn the_150_does_not_wait_for_the_handshake() {
    let mut world = private();
    world.tls.holds_data = true;
    let link = world.passive();
    world.ask("RETR a.txt", "150");
    world.silent();
    assert_eq!(world.link(link).received, b"");
    world.finish_handshakes();
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
}

#[test]
fn the_client_may_connect_behind_the_150() {
    let mut world = private();
    world.ask("EPSV", "229");
    world.ask("RETR a.txt", "150");
    let link = world.connect();
    world.expect("226");
    assert!(world.link(link).tls.is_some());
}

#[test]
fn an_active_connection_is_secured_as_the_server() {
    let mut world = private();
    world.ask("PORT 198,51,100,7,200,1", "200");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.tls.roles, [TlsRole::Server]);
    assert_eq!(world.link(0).received, b"hello\nworld\n");
}

#[test]
fn a_handshake_that_fails_is_522_before_the_150() {
    let mut world = private();
    world.fail_next("SecureData", Failure::Tls);
    let link = world.passive();
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    world.ask("STOR new", "522");
    world.ask("STOR new", "425");
    assert!(world.finishes.is_empty());
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

/// Opened already, but nothing said yet: nothing may stay of it.
#[test]
fn a_handshake_that_fails_while_the_file_is_opened_is_522_before_the_150() {
    for (opens, line) in [("OpenWrite", "STOR a.txt"), ("OpenRead", "RETR a.txt"), ("OpenDir", "LIST")] {
        let mut world = World::private_with(|config| config.keep_partial = Switch::On);
        world.tls.holds_data = true;
        let link = world.passive();
        world.hold(opens);
        world.send(line);
        world.fail_handshakes(Failure::Tls);
        assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
        world.silent();
        world.release();
        world.expect("522");
        assert!(world.finishes.iter().all(|how| *how == FinishHow::Discard));
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));
        assert!(!world.has_open_files());
        world.ask("STOR new", "425");
        assert_eq!(world.outcomes(), []);
    }
}

#[test]
fn a_handshake_that_fails_is_522_behind_the_150() {
    for (setup, failure) in [("EPSV", Failure::Tls), ("PORT 198,51,100,7,200,1", Failure::Reset)] {
        let mut world = private();
        world.ask(setup, "2");
        world.fail_next("SecureData", failure);
        world.ask("STOR new", "150");
        if setup == "EPSV" {
            world.connect();
        }
        world.expect("522");
        assert_eq!(world.link(0).closed, Some(CloseHow::Abort));
        assert!(!world.tree.has("/new"));
        assert_eq!(world.outcomes(), [TransferOutcome::Failed(Failure::Tls)]);
        assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
    }
}

#[test]
fn the_handshake_has_the_time_of_a_connection() {
    for early in [false, true] {
        let mut world = private();
        world.tls.holds_data = true;
        world.ask("EPSV", "229");
        if early {
            world.connect();
            // It may wait for its command as long as the session may.
            world.wait_seconds(100);
            assert_eq!(world.handshakes_under_way(), 1);
        }
        world.ask("RETR a.txt", "150");
        if !early {
            world.connect();
        }
        world.wait_seconds(29);
        world.silent();
        world.wait_seconds(1);
        world.expect("522");
        assert_eq!(world.link(0).closed, Some(CloseHow::Abort));
        world.ask("NOOP", "200");
    }
}

#[test]
fn whatever_ends_a_connection_in_its_handshake_closes_it() {
    type End = fn(&mut World);
    let ends: [End; 7] = [
        |world| drop(world.ask("ABOR", "226")),
        |world| drop(world.ask("EPSV", "229")),
        |world| drop(world.ask("PORT 198,51,100,7,200,1", "200")),
        |world| drop(world.ask("PROT C", "200")),
        |world| drop(world.ask("USER alice", "331")),
        |world| drop(world.ask("REIN", "220")),
        |world| world.break_control(),
    ];
    for end in ends {
        for late in [false, true] {
            let mut world = private();
            world.tls.holds_data = true;
            world.late = late;
            let link = world.passive();
            end(&mut world);
            assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
            assert_eq!(world.handshakes_under_way(), 0);
            assert_eq!(world.open_connections(), 0);
        }
    }
}

#[test]
fn abor_breaks_a_handshake_off() {
    for late in [false, true] {
        let mut world = private();
        world.tls.holds_data = true;
        world.late = late;
        let link = world.passive();
        world.ask("STOR new", "150");
        world.ask("ABOR", "426");
        world.expect("226");
        assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
        assert!(!world.tree.has("/new"));
        world.finish_handshakes();
        assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
    }
}

#[test]
fn a_session_that_ends_in_a_handshake_leaves_nothing_open() {
    for late in [false, true] {
        for begun in [false, true] {
            let mut world = private();
            world.tls.holds_data = true;
            world.late = late;
            world.passive();
            if begun {
                world.ask("STOR new", "150");
            }
            world.break_control();
            world.closed(CloseReason::PeerReset);
        }
    }
}

#[test]
fn a_handshake_that_is_never_answered_ends_the_session() {
    let mut world = private();
    world.tls.holds_data = true;
    world.deaf = true;
    world.passive();
    world.ask("ABOR", "226");
    world.wait_seconds(30);
    world.expect("421");
    world.closed(CloseReason::HostStuck);
}

// PROT behind the connection.

#[test]
fn prot_p_secures_a_connection_that_waits() {
    let mut world = World::secured_with(|_| {});
    world.log_in("alice");
    world.ask("PBSZ 0", "200");
    let link = world.passive();
    assert!(world.link(link).tls.is_none());
    world.ask("PROT P", "200");
    assert!(world.link(link).tls.is_some());
    world.ask("PROT P", "200");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.tls.roles.len(), 1, "once");
}

#[test]
fn prot_c_closes_a_connection_that_was_secured() {
    let mut world = private();
    let link = world.passive();
    world.ask("PROT C", "200");
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    world.ask("RETR a.txt", "425");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
    assert_eq!(world.tls.roles.len(), 1);
}

#[test]
fn prot_c_forgets_a_handshake_that_failed() {
    let mut world = private();
    world.fail_next("SecureData", Failure::Tls);
    world.passive();
    world.ask("PROT C", "200");
    world.ask("RETR a.txt", "425");
}

#[test]
fn prot_may_stand_between_the_port_and_the_connection() {
    let mut world = private();
    world.ask("EPSV", "229");
    world.ask("PROT C", "200");
    let link = world.connect();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_none());
}

// What a server may demand.

#[test]
fn clear_data_connections_may_be_refused() {
    let demand = |config: &mut Config| config.tls.data = Demand::Required;
    let mut world = World::secured_with(demand);
    world.log_in("alice");
    let link = world.passive();
    for line in ["RETR a.txt", "STOR new", "APPE new", "STOU", "LIST", "NLST", "MLSD"] {
        world.ask(line, "521");
    }
    assert!(world.notices.contains(&Notice::Refused { what: Refusal::NotSecured }));
    world.ask("PBSZ 0", "200");
    world.ask("PROT C", "534");
    world.ask("PROT P", "200");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_some());
    let mut world = World::logged_in_with(demand);
    world.passive();
    world.ask("RETR a.txt", "521");
}

#[test]
fn a_session_that_is_not_resumed_may_be_refused() {
    let mut world = World::private_with(|config| config.tls.data_reuse = Demand::Required);
    let link = world.passive();
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    world.ask("RETR a.txt", "522 The TLS session of the control connection must be resumed");
    world.ask("EPSV", "229");
    world.ask("STOR new", "150");
    world.connect();
    world.expect("522 The TLS session of the control connection must be resumed");
    assert_eq!(world.outcomes(), [TransferOutcome::NotResumed]);
    assert!(!world.tree.has("/new"));
    assert!(world.notices.contains(&Notice::Refused { what: Refusal::NotResumed }));
    world.tls.data.resumed = true;
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

#[test]
fn an_upload_without_the_end_mark_of_tls_is_refused_or_not() {
    for offloads in [false, true] {
        for (strict, keep, reply, there) in [
            (Switch::On, Switch::Off, "426", false),
            (Switch::On, Switch::On, "426", true),
            (Switch::Off, Switch::Off, "226", true),
        ] {
            let mut world = World::private_with(|config| (config.tls.strict_end, config.keep_partial) = (strict, keep));
            world.offloads = offloads;
            let link = world.passive();
            world.ask("STOR new", "150");
            world.give(link, b"all of it");
            world.end(link, DataEnd::Truncated);
            world.expect(reply);
            assert_eq!(world.tree.has("/new"), there);
        }
    }
}

#[test]
fn tls_that_breaks_under_way_is_a_lost_connection() {
    let mut world = private();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"half");
    world.fail_open(link, Failure::Tls);
    world.expect("426");
    assert_eq!(world.outcomes(), [TransferOutcome::Reset]);
}

impl World {
    /// What waits on a connection fails.
    fn fail_open(&mut self, link: usize, failure: Failure) {
        let waiting = self.links[link].waiting.remove(0);
        self.ready.push(waiting.fail(failure));
        self.settle();
    }
}
