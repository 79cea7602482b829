//! Lines, Telnet, and bytes that mean harm.

use ftp_proto::Notice;
use ftp_proto::notice::Refusal;

use crate::world::World;

#[test]
fn lf_ends_a_line_as_well() {
    let mut world = World::logged_in();
    world.send_bytes(b"PWD\nNOOP\r\nnoop\n");
    world.expect("257");
    world.expect("200");
    world.expect("200");
}

#[test]
fn cr_and_lf_in_two_segments_are_one_end() {
    let mut world = World::logged_in();
    world.send_bytes(b"PWD\r");
    world.silent();
    world.send_bytes(b"\n");
    world.expect("257");
    world.silent();
}

#[test]
fn an_endless_line_is_answered_once() {
    let mut world = World::logged_in();
    for _ in 0..64 {
        world.send_bytes(&[b'x'; 65_536]);
    }
    world.expect("500");
    world.silent();
    world.ask("\r\nPWD", "257");
    assert!(world.notices.contains(&Notice::Refused { what: Refusal::LineTooLong }));
}

#[test]
fn telnet_options_are_refused() {
    let mut world = World::logged_in();
    world.send_bytes(b"\xFF\xFB\x01\xFF\xFD\x03PW\xFF\xF1D\r\n");
    world.expect("257");
    assert_eq!(world.wire.telnet, [[0xFF, 0xFE, 1], [0xFF, 0xFC, 3]]);
}

#[test]
fn names_may_hold_any_byte_but_those_that_split() {
    let mut world = World::logged_in();
    world.send_bytes(b"MKD \xFF\xFF\xE4\x01\r\n");
    world.expect("257");
    assert!(world.tree.node(b"/\xFF\xE4\x01").is_some());
    world.send_bytes(b"MKD a\0b\r\n");
    world.expect("501");
    world.send_bytes(b"MKD a\rb\r\n");
    world.expect("553");
    world.send_bytes(b"RETR a.txt\0.png\r\n");
    world.expect("501");
}

#[test]
fn verbs_are_exact_in_any_case() {
    let mut world = World::logged_in();
    world.ask("pWd", "257");
    world.ask("XQUIT", "500");
    world.ask("QUI", "500");
    world.ask("", "500");
    world.ask(" PWD", "500");
    world.ask("PWD  ", "257");
    world.ask("PWD x", "501");
    world.ask("NOOP whatever", "200");
}

#[test]
fn a_mistake_leaves_the_session_as_it_was() {
    let mut world = World::logged_in();
    world.ask("CWD dir", "250");
    for line in ["CWD", "TYPE", "PORT x", "EPRT |9", "MFMT x", "SITE", "ALLO", "OPTS"] {
        world.ask(line, "501");
    }
    world.ask("PWD", "257 \"/dir\"");
}

#[test]
fn what_is_known_and_not_built_is_502() {
    let mut world = World::logged_in();
    for line in ["SMNT x", "AUTH TLS", "PBSZ 0", "PROT P", "CCC", "LANG", "HASH a.txt", "XCRC a.txt", "PRET x"] {
        world.ask(line, "502");
    }
}
