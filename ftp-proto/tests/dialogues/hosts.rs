//! HOST (RFC 7151), and the host in the TLS handshake.

use ftp_proto::Failure;
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::server::CloseReason;

use crate::world::World;

/// A client of a server with two virtual hosts.
fn with_hosts() -> World {
    let mut world = World::with_tls(|_| {});
    know_hosts(&mut world);
    world
}

fn know_hosts(world: &mut World) {
    world.tls.hosts.insert("one.example".into(), vec!["Welcome to one".into(), "Be good".into()]);
    world.tls.hosts.insert("two.example".into(), vec![]);
}

/// The host that the last login was at.
fn host(world: &World) -> Option<String> {
    world.tls.credentials.last().expect("a login").host.as_ref().map(|host| host.to_string())
}

#[test]
fn host_selects_where_to_log_in() {
    let mut world = with_hosts();
    assert_eq!(world.ask("HOST One.example", "220").lines, ["220-Welcome to one", "220 Be good"]);
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("One.example"));
    world.ask("HOST two.example", "503");
}

#[test]
fn the_last_host_counts() {
    let mut world = with_hosts();
    world.ask("HOST one.example", "220-");
    assert_eq!(world.ask("HOST two.example", "220").lines, ["220 FTP server ready."]);
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("two.example"));
    world.ask("REIN", "220");
    world.log_in("alice");
    assert_eq!(host(&world), None, "REIN forgets it");
    world.ask("REIN", "220");
    world.ask("HOST one.example", "220");
    world.ask("HOST three.example", "504");
    world.log_in("alice");
    assert_eq!(host(&world), None, "as though only the last had been sent");
}

#[test]
fn host_is_refused_where_it_is_wrong() {
    let mut world = with_hosts();
    for line in ["HOST", "HOST a..b", "HOST -a.example", "HOST a_b", "HOST [::1", "HOST a b", "HOST \u{fc}.example"] {
        world.ask(line, "501");
    }
    world.ask(&format!("HOST {}", "a.".repeat(127)), "501");
    world.ask("HOST 203.0.113.9", "504");
    world.ask("HOST [2001:db8::9]", "504");
    world.ask("HOST 192.0.2.1", "220");
    world.ask("USER alice", "331");
    world.ask("HOST one.example", "503");
    assert!(world.tls.asked.is_empty());
}

#[test]
fn a_storage_without_hosts_knows_none() {
    let mut world = World::new();
    world.fail_next("SelectHost", Failure::Unsupported);
    world.ask("HOST one.example", "504");
    world.log_in("alice");
}

#[test]
fn the_handshake_shows_the_certificate_of_the_host() {
    let mut world = with_hosts();
    world.ask("HOST one.example", "220");
    world.ask("AUTH TLS", "234");
    assert_eq!(world.tls.shown, [Some("one.example".into())]);
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("one.example"));
}

#[test]
fn the_name_in_the_handshake_selects_the_host() {
    let mut world = with_hosts();
    world.tls.control.sni = Some("one.example".into());
    world.hold("SelectHost");
    world.ask("AUTH TLS", "234");
    world.send("USER alice");
    world.silent();
    world.release();
    world.expect("331");
    world.ask("PASS secret", "230");
    assert_eq!(host(&world).as_deref(), Some("one.example"));
}

#[test]
fn an_unknown_name_in_the_handshake_is_the_server_itself() {
    let mut world = with_hosts();
    world.tls.control.sni = Some("three.example".into());
    world.ask("AUTH TLS", "234");
    world.log_in("alice");
    assert_eq!(host(&world), None);
    world.ask("REIN", "220");
    world.ask("AUTH TLS", "234");
    world.ask("HOST three.example", "504");
}

#[test]
fn host_and_handshake_must_agree() {
    let mut world = with_hosts();
    world.tls.control.sni = Some("one.example".into());
    world.ask("AUTH TLS", "234");
    world.ask("HOST two.example", "504");
    world.ask("HOST 192.0.2.1", "504");
    world.ask("HOST ONE.EXAMPLE", "220-Welcome to one");
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("one.example"));
}

#[test]
fn host_before_a_handshake_with_another_name_ends_the_session() {
    let mut world = with_hosts();
    world.ask("HOST two.example", "220");
    world.tls.control.sni = Some("one.example".into());
    world.ask("AUTH TLS", "234");
    assert!(world.expect("421").secured);
    world.closed(CloseReason::HostMismatch);

    let mut world = with_hosts();
    world.ask("HOST ONE.example", "220");
    world.tls.control.sni = Some("one.example".into());
    world.ask("AUTH TLS", "234");
    world.log_in("alice");
}

#[test]
fn an_implicit_port_greets_for_the_host() {
    let mut world = World::before_connection(|config| config.tls.offered = Switch::On);
    know_hosts(&mut world);
    world.tls.control.sni = Some("one.example".into());
    world.connect_implicitly(Admission::Welcome);
    assert_eq!(world.expect("220-").lines, ["220-Welcome to one", "220 Be good"]);
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("one.example"));
    world.ask("REIN", "220");
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("one.example"), "its handshake is still in force");
}

#[test]
fn rein_on_an_implicit_port_forgets_what_host_said() {
    let mut world = World::before_connection(|config| config.tls.offered = Switch::On);
    know_hosts(&mut world);
    world.connect_implicitly(Admission::Welcome);
    world.expect("220");
    world.ask("HOST two.example", "220");
    world.log_in("alice");
    assert_eq!(host(&world).as_deref(), Some("two.example"));
    world.ask("REIN", "220");
    world.log_in("alice");
    assert_eq!(host(&world), None);
}

#[test]
fn a_session_may_end_while_its_host_is_looked_up() {
    for line in ["HOST one.example", "AUTH TLS"] {
        let mut world = with_hosts();
        world.tls.control.sni = Some("one.example".into());
        world.hold("SelectHost");
        world.send(line);
        world.break_control();
        let _read = world.next_reply();
        world.closed(CloseReason::PeerReset);
    }
}
