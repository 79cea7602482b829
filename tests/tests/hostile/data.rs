//! Clients that bounce, and clients that do not do their part.

use super::*;

#[test]
fn a_bounce_to_a_third_host_or_a_service() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in [
        "PORT 192,0,2,1,200,1",
        "PORT 127,0,0,1,0,22",
        "PORT 0,0,0,0,200,1",
        "PORT 255,255,255,255,200,1",
        "EPRT |1|192.0.2.1|51201|",
        "EPRT |1|127.0.0.1|22|",
        "EPRT |1|127.0.0.1|0|",
        "LPRT 4,4,192,0,2,1,2,200,1",
    ] {
        wire.ask_any(command, &[500, 501, 504]);
        wire.ask_any("LIST", &[425, 503]);
    }
    wire.ask("NOOP", 200);
}

#[test]
fn strangers_without_end_at_the_passive_port() {
    let server = Setup::new().config(|config| config.limits.strangers = 3).start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    let address = wire.passive(Way::Epsv);
    let stranger = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    for _ in 0..=3 {
        let mut turned_away = connect_from(stranger, address);
        assert_eq!(turned_away.read(&mut [0; 10]).unwrap_or(0), 0);
    }
    eventually("the listener is closed", || TcpStream::connect(address).is_err());
    wire.ask_any("RETR old", &[425, 503]);
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn a_client_that_never_connects() {
    for server in servers() {
        let mut wire = server.login();
        for command in ["RETR old", "STOR old", "LIST", "APPE old"] {
            wire.passive(Way::Epsv);
            wire.ask(command, 150);
            wire.expect(425);
        }
        // In active mode, from a port where nobody answers.
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = nobody.local_addr().unwrap().port();
        drop(nobody);
        wire.ask(&format!("EPRT |1|127.0.0.1|{port}|"), 200);
        wire.ask("STOR old", 150);
        wire.expect(425);
        drop(wire);
        expect_healthy(&server);
    }
}

#[test]
fn a_client_that_never_reads() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.expect(426);
        drop(opened);
        drop(wire);
        expect_healthy(&server);
    }
}

#[test]
fn a_client_that_never_closes() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        let mut data = opened.connection();
        data.write_all(b"half").unwrap();
        wire.expect(426);
        wire.ask("QUIT", 221);
        wire.expect_closed();
        // It keeps its side of both open; the server does not wait for that.
        server.wait_until_deserted();
        expect_healthy(&server);
        drop((wire, data));
    }
}

#[test]
fn a_client_that_says_nothing() {
    let server = Setup::new().config(|config| (config.timeouts.login, config.timeouts.idle) = (SHORT, SHORT)).start();
    let mut silent = server.wire();
    silent.expect(421);
    silent.expect_closed();
    let mut idle = server.login();
    idle.expect(421);
    idle.expect_closed();
    let mut slow = server.wire();
    // A byte now and then is no login.
    slow.send("US");
    slow.expect(421);
    slow.expect_closed();
}
