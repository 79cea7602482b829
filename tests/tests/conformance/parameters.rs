//! TYPE, STRU, MODE, REST, ALLO, PORT and PASV in all their forms.

use std::io::Write;

use crate::{servers, ways};
use ftp_tests::{FAMILIES, Setup, Way, Wire};

#[test]
fn type_stru_and_mode() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in [
        "TYPE A", "TYPE A N", "TYPE I", "TYPE L 8", "type i", "TYPE E", "STRU F", "STRU R", "MODE S", "MODE B",
        "MODE C", "MODE Z", "stru f",
    ] {
        wire.ask(command, 200);
    }
    for command in ["TYPE E C", "TYPE A C", "TYPE L 36", "STRU P"] {
        wire.ask(command, 504);
    }
    for command in ["TYPE", "TYPE X", "STRU", "STRU X", "MODE", "MODE X", "TYPE II"] {
        wire.ask_any(command, &[501, 504]);
    }
}

#[test]
fn allo_asks_for_room() {
    for server in servers() {
        let mut wire = server.login();
        wire.ask_any("ALLO 100", &[200, 202]);
        wire.ask_any("ALLO 100 R 10", &[200, 202]);
        wire.ask("ALLO 18446744073709551615", 452);
        wire.ask("ALLO many", 501);
    }
}

#[test]
fn a_refused_allo_is_no_promise_for_the_next_upload() {
    for server in servers() {
        let mut wire = server.login();
        wire.ask("ALLO 18446744073709551615", 452);
        wire.store(Way::Epsv, "STOR small", b"fits");
        assert_eq!(server.content("small").unwrap(), b"fits");
    }
}

#[test]
fn every_way_to_a_data_connection() {
    let server = Setup::new().start();
    server.put("a", b"content");
    for (family, way) in ways() {
        let mut wire = server.login_at(family);
        assert_eq!(wire.fetch(way, "RETR a"), b"content", "{way:?}");
        wire.store(way, "STOR b", format!("{way:?}").as_bytes());
        assert_eq!(server.content("b").unwrap(), format!("{way:?}").as_bytes());
    }
}

#[test]
fn families_that_do_not_fit() {
    let server = Setup::new().start();
    let mut v4 = server.login();
    assert!(v4.ask("EPSV 2", 522).text().contains("(1)"));
    assert!(v4.ask("EPRT |2|::1|51201|", 522).text().contains("(1)"));
    v4.ask("EPSV 1", 229);
    v4.ask("EPSV 7", 522);
    let mut v6 = server.login_at(FAMILIES[1]);
    v6.ask("PASV", 425);
    assert!(v6.ask("EPSV 1", 522).text().contains("(2)"));
    v6.ask("EPSV 2", 229);
    v6.ask("PORT 127,0,0,1,200,1", 522);
}

#[test]
fn bad_addresses() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in [
        "PORT",
        "PORT 1,2,3",
        "PORT 127,0,0,1,256,1",
        "PORT a,b,c,d,e,f",
        "EPRT",
        "EPRT |1|127.0.0.1|",
        "EPRT |1|nowhere|5000|",
    ] {
        wire.ask(command, 501);
    }
    wire.ask("EPRT |1|127.0.0.1|99999|", 501);
    wire.ask("PASV x", 501);
}

#[test]
fn rest_asks_for_a_number() {
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.ask("REST 0", 350);
    wire.ask("REST 99999999999", 350);
    for command in ["REST", "REST x", "REST -1", "REST 1 2"] {
        wire.ask(command, 501);
    }
}

#[test]
fn rest_is_kept_while_the_connection_is_set_up_and_cleared_by_all_else() {
    for server in servers() {
        server.put("a", b"0123456789");
        let mut wire = server.login();
        wire.ask("REST 4", 350);
        wire.ask("TYPE I", 200);
        wire.ask("NOOP", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"456789");
        assert_eq!(wire.fetch(Way::Pasv, "RETR a"), b"0123456789");
        wire.ask("REST 4", 350);
        wire.ask("PWD", 257);
        assert_eq!(wire.fetch(Way::Port, "RETR a"), b"0123456789");
        wire.ask("REST 4", 350);
        wire.ask("REST 0", 350);
        assert_eq!(wire.fetch(Way::Eprt, "RETR a"), b"0123456789");
    }
}

#[test]
fn passive_ports_come_from_the_range() {
    let server = Setup::new().config(|config| config.passive_ports = Some(50_300..=50_309)).start();
    for _ in 0..5 {
        let mut wire = server.login();
        let port = wire.passive(Way::Epsv).port();
        assert!((50_300..=50_309).contains(&port), "{port}");
    }
}

#[test]
fn no_port_is_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let server = Setup::new().config(move |config| config.passive_ports = Some(port..=port)).start();
    let mut wire = server.login();
    wire.ask("PASV", 425);
    wire.ask("EPSV", 425);
    wire.ask("NOOP", 200);
}

#[test]
fn the_public_address_is_told() {
    let server = Setup::new().config(|config| config.public_address = Some([203, 0, 113, 7].into())).start();
    let mut wire = server.login();
    assert!(wire.ask("PASV", 227).text().contains("(203,0,113,7,"));
    wire.ask("EPSV", 229);
}

#[test]
fn type_a_changes_line_ends_both_ways() {
    for server in servers() {
        server.put("unix", b"one\ntwo\r\nthree");
        let mut wire = server.login();
        wire.ask("TYPE A", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR unix"), b"one\r\ntwo\r\nthree");
        // The CR and the LF in separate segments.
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR text", 150);
        let mut data = opened.connection();
        for piece in [&b"one\r"[..], b"\ntwo\r", b"three\r\n"] {
            data.write_all(piece).unwrap();
            data.flush().unwrap();
        }
        drop(data);
        wire.expect(226);
        assert_eq!(server.content("text").unwrap(), b"one\ntwo\rthree\n");
        wire.ask("REST 2", 350);
        let restarted: Wire = {
            assert_eq!(wire.fetch(Way::Epsv, "RETR unix"), b"e\r\ntwo\r\nthree");
            wire
        };
        drop(restarted);
    }
}
