//! Transfers between two servers: partners' addresses, CPSV and SSCN.

use ftp_proto::action::TlsRole;
use ftp_proto::config::{Config, Demand, Network};

use crate::world::{STRANGER, World, address};

fn partners(config: &mut Config) {
    config.fxp = vec![Network { address: "203.0.113.0".parse().expect("an address"), prefix: 24 }];
}

#[test]
fn a_partner_may_be_dialled() {
    let mut world = World::logged_in_with(partners);
    for line in ["PORT 203,0,113,9,200,1", "EPRT |1|203.0.113.9|51201|", "LPRT 4,4,203,0,113,9,2,200,1"] {
        world.ask(line, "200");
        world.ask("RETR a.txt", "150");
        world.expect("226");
        assert_eq!(world.links.last().unwrap().peer, address("203.0.113.9:51201"));
    }
    world.ask("PORT 203,0,113,9,0,25", "504");
    world.ask("PORT 203,0,112,9,200,1", "501");
    world.ask("PORT 198,51,100,7,200,1", "200");
}

#[test]
fn a_partner_may_connect() {
    let mut world = World::logged_in_with(partners);
    world.ask("PASV", "227");
    let stranger = world.connect_as("192.0.2.77:1025");
    assert!(world.link(stranger).closed.is_some());
    let link = world.connect_as(STRANGER);
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"hello\nworld\n");
}

#[test]
fn without_partners_nothing_of_it_is_there() {
    let mut world = World::private_with(|_| {});
    world.ask("CPSV", "502");
    world.ask("SSCN", "502");
    world.ask("SSCN ON", "502");
    world.ask("PORT 203,0,113,9,200,1", "501");
}

#[test]
fn behind_cpsv_we_are_the_client() {
    let mut world = World::private_with(partners);
    assert!(world.ask("CPSV", "227").text().contains("(192,0,2,1,"));
    let link = world.connect_as(STRANGER);
    world.ask("STOR new", "150");
    world.upload(link, b"from afar");
    world.expect("226");
    assert_eq!(world.link(link).tls, Some(TlsRole::Client));
    world.fetch("RETR new");
    assert_eq!(world.tls.roles, [TlsRole::Client, TlsRole::Server]);
}

#[test]
fn cpsv_keeps_to_the_rules_of_pasv() {
    let mut world = World::secured_with(partners);
    world.ask("CPSV", "530");
    world.log_in("alice");
    world.ask("CPSV", "503");
    world.ask("PBSZ 0", "200");
    world.ask("PROT P", "200");
    world.ask("CPSV x", "501");
    world.ask("REST 5", "350");
    world.ask("CPSV", "227");
    let link = world.connect();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"\nworld\n");
    world.ask("EPSV ALL", "200");
    world.ask("CPSV", "503");
}

#[test]
fn sscn_makes_us_the_client_until_it_is_off() {
    let mut world = World::private_with(partners);
    world.ask("SSCN", "200 SSCN:SERVER METHOD");
    world.ask("SSCN ON", "200 SSCN:CLIENT METHOD");
    world.ask("SSCN", "200 SSCN:CLIENT METHOD");
    world.ask("SSCN maybe", "501");
    world.fetch("RETR a.txt");
    world.ask("PORT 203,0,113,9,200,1", "200");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    world.ask("SSCN off", "200 SSCN:SERVER METHOD");
    world.fetch("RETR a.txt");
    assert_eq!(world.tls.roles, [TlsRole::Client, TlsRole::Client, TlsRole::Server]);
    world.ask("SSCN ON", "200");
    world.ask("REIN", "220");
    world.ask("AUTH TLS", "234");
    world.log_in("alice");
    world.ask("SSCN", "200 SSCN:SERVER METHOD");
    world.ask("SSCN ON", "503");
}

/// Another server has no session of ours to resume: one or the other.
#[test]
fn a_demand_to_resume_rules_them_out() {
    let mut world = World::private_with(|config| {
        partners(config);
        config.tls.data_reuse = Demand::Required;
    });
    world.ask("CPSV", "502");
    world.ask("SSCN ON", "502");
}
