//! AUTH, CCC, REIN and implicit TLS: the control connection (RFC 4217, RFC 2228).

use ftp_proto::config::{Demand, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::notice::Refusal;
use ftp_proto::server::CloseReason;
use ftp_proto::time::Instant;
use ftp_proto::{Event, Failure, Notice};

use crate::world::{Layer, PEER, World, address};

#[test]
fn auth_begins_tls_behind_its_234() {
    for mechanism in ["TLS", "tls", "TLS-C", "SSL", "Tls-P"] {
        let mut world = World::with_tls(|_| {});
        world.tls.control.sni = Some("ftp.example".into());
        world.tls.control.parameters = Some("TLSv1_3".into());
        let reply = world.ask(&format!("AUTH {mechanism}"), "234");
        assert!(!reply.secured);
        assert_eq!(world.tls.layer, Layer::Secured);
        assert!(world.ask("NOOP", "200").secured);
        world.log_in("alice");
        let notice =
            Notice::Secured { parameters: Some("TLSv1_3".into()), sni: Some("ftp.example".into()), alpn: None };
        assert!(world.notices.contains(&notice));
    }
}

#[test]
fn without_tls_its_commands_are_502_and_untold() {
    let mut world = World::new();
    for line in
        ["AUTH TLS", "AUTH X", "ADAT x", "PBSZ 0", "PBSZ x", "PROT P", "PROT X", "CCC", "MIC x", "CONF x", "ENC x"]
    {
        world.ask(line, "502");
    }
    let features = world.ask("FEAT", "211").text();
    let help = world.ask("HELP", "214").text();
    for name in ["AUTH", "PBSZ", "PROT", "CCC", "SSCN", "CPSV"] {
        assert!(!features.contains(name) && !help.contains(name), "{name}");
    }
}

#[test]
fn feat_tells_what_is_on() {
    let lines = |configure: fn(&mut ftp_proto::config::Config)| World::with_tls(configure).ask("FEAT", "211").lines;
    let usual = lines(|_| {});
    for line in [" AUTH TLS", " PBSZ", " PROT", " HOST"] {
        assert!(usual.iter().any(|told| told == line), "{line}");
    }
    assert!(!usual.iter().any(|line| [" CCC", " CPSV", " SSCN"].contains(&line.as_str())));
    let all = lines(|config| {
        config.tls.clear_control = Switch::On;
        config.fxp = vec![ftp_proto::config::Network { address: "203.0.113.0".parse().unwrap(), prefix: 24 }];
    });
    for line in [" CCC", " CPSV", " SSCN"] {
        assert!(all.iter().any(|told| told == line), "{line}");
    }
}

#[test]
fn auth_is_refused_where_it_makes_no_sense() {
    let mut world = World::with_tls(|_| {});
    world.ask("AUTH KERBEROS_V4", "504");
    world.ask("AUTH TLSX", "504");
    world.ask("AUTH", "501");
    assert_eq!(world.tls.layer, Layer::Clear);
    world.ask("AUTH TLS", "234");
    world.ask("AUTH TLS", "503");
    world.ask("NOOP", "200");
}

#[test]
fn nobody_is_logged_in_behind_auth() {
    let mut world = World::with_tls(|_| {});
    world.log_in("alice");
    world.ask("CWD dir", "250");
    world.ask("EPSV ALL", "200");
    let link = world.passive();
    world.ask("AUTH TLS", "234");
    assert!(world.link(link).closed.is_some(), "what was set up in the clear is closed");
    world.ask("PWD", "530");
    world.ask("PASS secret", "503");
    world.ask("USER alice", "331");
    world.ask("PASS secret", "230");
    world.ask("PWD", "257 \"/\"");
    assert!(world.ask("STAT", "211").text().contains("TYPE A"));
    world.ask("PASV", "227");
}

#[test]
fn user_in_the_clear_is_forgotten_by_auth() {
    let mut world = World::with_tls(|_| {});
    world.ask("USER alice", "331");
    world.ask("AUTH TLS", "234");
    world.ask("PASS secret", "503");
}

/// The outcome is the same however the bytes are cut, and nothing behind AUTH is ever run.
#[test]
fn whatever_stands_in_the_clear_behind_auth_ends_the_session() {
    let behind: [&[u8]; 7] =
        [b"NOOP\r\n", b"USER alice\r\nPASS secret\r\n", b"N", b"\r", b"\xFF", b"\xFF\xF1", b"\x16\x03\x01\x02"];
    for behind in behind {
        let bytes = [b"AUTH TLS\r\n", behind].concat();
        for cut in 1..bytes.len() {
            let mut world = World::with_tls(|_| {});
            world.tls.holds_control = true;
            for piece in [&bytes[..cut], &bytes[cut..]] {
                let _closed = world.step(Event::Received(piece));
            }
            world.settle();
            if cut == b"AUTH TLS\r\n".len() {
                world.expect("234");
            } else {
                world.expect("503");
            }
            world.closed(CloseReason::PlaintextBehindAuth);
            assert!(world.notices.contains(&Notice::Refused { what: Refusal::PlaintextBehindAuth }));
        }
    }
}

#[test]
fn a_command_queued_behind_auth_is_behind_it_too() {
    for behind in [&b"PWD\r\n"[..], b"P", b"\r", b"\xFF", b"\xFF\xFA"] {
        let mut world = World::with_tls(|_| {});
        world.log_in("alice");
        let link = world.passive();
        world.ask("STOR new", "150");
        world.send("AUTH TLS");
        world.send_bytes(behind);
        world.upload(link, b"content");
        world.expect("226");
        world.expect("503");
        world.closed(CloseReason::PlaintextBehindAuth);
        assert_eq!(world.tls.layer, Layer::Clear);
    }
}

#[test]
fn auth_waits_for_the_transfer() {
    let mut world = World::with_tls(|_| {});
    world.log_in("alice");
    let link = world.passive();
    world.ask("STOR new", "150");
    world.send("AUTH TLS");
    world.upload(link, b"content");
    world.expect("226");
    world.expect("234");
    assert!(world.ask("NOOP", "200").secured);
    assert!(world.tree.has("/new"));
}

#[test]
fn while_the_handshake_runs_nothing_is_read() {
    let mut world = World::with_tls(|_| {});
    world.tls.holds_control = true;
    world.ask("AUTH TLS", "234");
    assert!(!world.session.interest().control);
    world.event(Event::Received(b""));
    world.finish_handshakes();
    assert!(world.session.interest().control);
    world.ask("NOOP", "200");
}

#[test]
fn a_handshake_that_fails_ends_the_session_without_a_word() {
    for failure in [Failure::Tls, Failure::Unsupported, Failure::Reset, Failure::Lost] {
        let mut world = World::with_tls(|_| {});
        world.fail_next("Secure", failure);
        world.ask("AUTH TLS", "234");
        world.closed(CloseReason::TlsFailed);
    }
}

#[test]
fn a_handshake_has_its_time() {
    for deaf in [false, true] {
        let mut world = World::with_tls(|_| {});
        world.log_in("alice");
        world.wait_seconds(250);
        world.tls.holds_control = true;
        world.deaf = deaf;
        world.ask("AUTH TLS", "234");
        world.wait_seconds(59);
        world.silent();
        world.wait_seconds(32);
        world.closed(if deaf { CloseReason::HostStuck } else { CloseReason::LoginTimeout });
    }
}

#[test]
fn a_session_that_ends_in_its_handshake_says_nothing() {
    type End = fn(&mut World);
    let ends: [(End, CloseReason); 3] = [
        (|world| world.break_control(), CloseReason::PeerReset),
        (
            |world| {
                world.event(Event::Drain { deadline: Instant(0) });
                world.wait_seconds(1);
            },
            CloseReason::Drained,
        ),
        (|world| world.event(Event::Received(b"x")), CloseReason::PlaintextBehindAuth),
    ];
    for (end, reason) in ends {
        for late in [false, true] {
            let mut world = World::with_tls(|_| {});
            (world.tls.holds_control, world.late) = (true, late);
            world.ask("AUTH TLS", "234");
            end(&mut world);
            world.closed(reason);
            assert_eq!(world.handshakes_under_way(), 0);
        }
    }
}

#[test]
fn a_client_that_leaves_in_its_handshake() {
    let mut world = World::with_tls(|_| {});
    world.tls.holds_control = true;
    world.ask("AUTH TLS", "234");
    world.event(Event::ControlEnded(ControlEnd::Eof));
    world.finish_handshakes();
    world.closed(CloseReason::PeerClosed);
}

#[test]
fn a_drain_lets_the_handshake_finish() {
    let mut world = World::with_tls(|_| {});
    world.tls.holds_control = true;
    world.ask("AUTH TLS", "234");
    let deadline = world.now + std::time::Duration::from_secs(10);
    world.event(Event::Drain { deadline });
    world.silent();
    world.finish_handshakes();
    assert!(world.expect("421").secured);
    world.closed(CloseReason::Drained);
}

#[test]
fn a_drain_does_not_wait_long_for_a_handshake_that_stalls() {
    for implicit in [false, true] {
        let mut world = if implicit {
            World::before_connection(|config| config.tls.offered = Switch::On)
        } else {
            World::with_tls(|_| {})
        };
        world.tls.holds_control = true;
        if implicit {
            world.connect_implicitly(Admission::Welcome);
        } else {
            world.ask("AUTH TLS", "234");
        }
        let deadline = world.now + std::time::Duration::from_secs(50);
        world.event(Event::Drain { deadline });
        world.wait_seconds(4);
        world.silent();
        assert_eq!(world.handshakes_under_way(), 1);
        world.wait_seconds(1);
        world.closed(CloseReason::Drained);
    }
}

// Implicit TLS.

#[test]
fn on_an_implicit_port_tls_comes_first() {
    let mut world = World::before_connection(|config| config.tls.offered = Switch::On);
    world.tls.holds_control = true;
    world.connect_implicitly(Admission::Welcome);
    world.silent();
    assert!(!world.session.interest().control);
    world.finish_handshakes();
    assert!(world.expect("220").secured);
    world.ask("AUTH TLS", "503");
    world.log_in("alice");
    let link = world.passive();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_some(), "private without a PROT");
    world.ask("PROT C", "200");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

#[test]
fn an_implicit_port_refuses_without_a_word() {
    for admission in [Admission::ServerFull, Admission::AddressFull, Admission::Draining] {
        let mut world = World::before_connection(|_| {});
        world.connect_implicitly(admission);
        world.closed(CloseReason::NotAdmitted);
        assert!(world.wire.bytes.is_empty());
    }
}

#[test]
fn plain_words_on_an_implicit_port_end_the_session() {
    let mut world = World::before_connection(|_| {});
    world.tls.holds_control = true;
    world.connect_implicitly(Admission::Welcome);
    world.send("USER alice");
    world.closed(CloseReason::PlaintextBehindAuth);
    assert!(world.wire.bytes.is_empty());
}

#[test]
fn rein_on_an_implicit_port_leaves_tls_on() {
    let mut world = World::before_connection(|config| config.tls.offered = Switch::On);
    world.connect_implicitly(Admission::Welcome);
    world.expect("220");
    world.log_in("alice");
    world.ask("PROT C", "200");
    world.ask("REIN", "220");
    assert_eq!(world.tls.layer, Layer::Secured);
    world.log_in("alice");
    let link = world.passive();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_some());
}

// CCC and REIN.

#[test]
fn ccc_goes_back_to_the_clear_and_protects_as_before() {
    let mut world = World::private_with(|config| config.tls.clear_control = Switch::On);
    assert!(world.ask("CCC", "200").secured);
    assert_eq!(world.tls.layer, Layer::Clear);
    assert!(!world.ask("PWD", "257").secured);
    world.ask("CCC", "533");
    world.ask("PBSZ 0", "503");
    world.ask("PROT C", "503");
    let link = world.passive();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_some(), "PROT P stays");
    world.ask("AUTH TLS", "234");
    assert!(world.ask("PWD", "530").secured);
}

#[test]
fn ccc_needs_a_reason() {
    let mut world = World::with_tls(|config| config.tls.clear_control = Switch::On);
    world.ask("CCC", "533");
    world.ask("CCC x", "501");
    let mut world = World::secured_with(|config| {
        (config.tls.clear_control, config.tls.login) = (Switch::On, Demand::Required);
    });
    world.ask("CCC", "534");
    world.log_in("alice");
    world.ask("CCC", "200");
    world.ask("USER alice", "534");
    world.ask("PWD", "257");
}

#[test]
fn commands_behind_ccc_wait_until_tls_has_ended() {
    let mut world = World::private_with(|config| config.tls.clear_control = Switch::On);
    world.tls.holds_control = true;
    world.ask("CCC", "200");
    world.send("PWD");
    world.silent();
    assert!(!world.session.interest().control);
    world.finish_handshakes();
    assert!(!world.expect("257").secured);
}

#[test]
fn tls_that_cannot_be_ended_ends_the_session() {
    let mut world = World::private_with(|config| config.tls.clear_control = Switch::On);
    world.fail_next("Unsecure", Failure::Tls);
    world.ask("CCC", "200");
    world.closed(CloseReason::TlsFailed);

    let mut world = World::private_with(|config| config.tls.clear_control = Switch::On);
    world.tls.holds_control = true;
    world.ask("CCC", "200");
    world.wait_seconds(61);
    world.closed(CloseReason::TlsFailed);

    let mut world = World::private_with(|config| config.tls.clear_control = Switch::On);
    (world.tls.holds_control, world.deaf) = (true, true);
    world.ask("CCC", "200");
    world.wait_seconds(91);
    world.closed(CloseReason::HostStuck);
}

#[test]
fn rein_ends_tls_behind_its_reply() {
    let mut world = World::private_with(|_| {});
    assert!(world.ask("REIN", "220").secured);
    assert_eq!(world.tls.layer, Layer::Clear);
    assert!(!world.ask("NOOP", "200").secured);
    world.ask("PROT P", "503");
    world.log_in("alice");
    let link = world.passive();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert!(world.link(link).tls.is_none());
    world.ask("AUTH TLS", "234");
    assert!(world.ask("NOOP", "200").secured);
    world.ask("PROT P", "503");
}

// What a server may demand.

#[test]
fn a_login_in_the_clear_may_be_refused() {
    let mut world = World::with_tls(|config| config.tls.login = Demand::Required);
    for line in ["USER alice", "PASS secret", "ACCT x"] {
        world.ask(line, "534");
    }
    world.ask("NOOP", "200");
    assert!(world.notices.contains(&Notice::Refused { what: Refusal::NotSecured }));
    assert!(world.tls.credentials.is_empty());
    world.ask("AUTH TLS", "234");
    world.log_in("alice");
    let credentials = world.tls.credentials.last().expect("a login");
    assert!(credentials.secured && credentials.peer == address(PEER));
}

#[test]
fn protected_commands_are_known_and_refused() {
    let mut world = World::with_tls(|_| {});
    for line in ["ADAT eA==", "MIC eA==", "CONF eA==", "ENC eA=="] {
        world.ask(line, "503");
    }
    world.ask("AUTH TLS", "234");
    world.ask("ADAT eA==", "503");
    for line in ["MIC eA==", "CONF eA==", "ENC eA=="] {
        world.ask(line, "537");
    }
}

#[test]
fn stat_tells_of_tls() {
    let mut world = World::with_tls(|_| {});
    assert!(!world.ask("STAT", "211").text().contains("TLS"));
    world.ask("AUTH TLS", "234");
    assert!(world.ask("STAT", "211").text().contains("TLS on the control connection\n"));
    world.ask("PBSZ 0", "200");
    world.ask("PROT P", "200");
    assert!(world.ask("STAT", "211").text().contains("and on data connections"));
}
