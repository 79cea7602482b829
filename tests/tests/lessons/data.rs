//! Who connects where, when, and what happens if nobody does.

use super::*;

#[test]
fn epsv_all_that_leaks() {
    for server in with_large() {
        let mut wire = server.login();
        let data = stalled(&mut wire);
        wire.say("EPSV ALL");
        wire.say("ABOR");
        wire.expect(426);
        wire.expect(200);
        wire.expect(226);
        drop(data);
        for command in
            ["PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|51201|", "LPSV", "LPRT 4,4,127,0,0,1,2,200,1"]
        {
            wire.ask(command, 503);
        }
        stalled(&mut wire);
        wire.expect(426);
        wire.ask("PASV", 503);
        wire.ask("EPSV", 229);
    }
}

#[test]
fn port_to_another_host_that_is_dialled() {
    let server = Setup::new().start();
    let bystander = TcpListener::bind((STRANGER, 0)).unwrap();
    bystander.set_nonblocking(true).unwrap();
    let port = bystander.local_addr().unwrap().port();
    let mut wire = server.login();
    wire.ask_any(&format!("PORT 127,0,0,2,{},{}", port >> 8, port & 255), &[500, 501, 504]);
    wire.ask_any(&format!("EPRT |1|127.0.0.2|{port}|"), &[500, 501, 504]);
    wire.ask_any("LIST", &[425, 503]);
    wire.ask("PORT 127,0,0,1,0,22", 504);
    wire.ask("QUIT", 221);
    wire.expect_closed();
    assert_eq!(bystander.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_stranger_at_the_passive_port() {
    for server in with_large() {
        server.put("a", b"for the client");
        let mut wire = server.login();
        let address = wire.passive(Way::Epsv);
        for _ in 0..3 {
            expect_turned_away(connect_from(STRANGER, address));
        }
        let mut data = connect_from(wire.local().ip(), address);
        wire.ask("RETR a", 150);
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        wire.expect(226);
        assert_eq!(content, b"for the client");
        let strangers = |notice: &Notice| matches!(notice, Notice::Refused { what: Refusal::Stranger(_) });
        assert_eq!(server.notices().iter().filter(|notice| strangers(notice)).count(), 3);
    }
}

#[test]
fn a_stranger_behind_the_150() {
    let server = Setup::new().start();
    server.put("a", b"for the client");
    let mut wire = server.login();
    let address = wire.passive(Way::Epsv);
    wire.ask("RETR a", 150);
    expect_turned_away(connect_from(STRANGER, address));
    let mut data = connect_from(wire.local().ip(), address);
    let mut content = Vec::new();
    data.read_to_end(&mut content).unwrap();
    wire.expect(226);
    assert_eq!(content, b"for the client");
}

#[test]
fn the_client_never_connects_to_the_passive_port() {
    let server = Setup::new().config(|config| config.timeouts.data = Duration::from_millis(200)).start();
    server.put("a", b"x");
    let mut wire = server.login();
    for command in ["RETR a", "STOR b", "LIST"] {
        let address = wire.passive(Way::Epsv);
        wire.ask(command, 150);
        wire.expect(425);
        assert!(TcpStream::connect(address).is_err());
    }
    assert_eq!(server.content("b"), None);
    wire.ask("NOOP", 200);
}

#[test]
fn a_missing_file_uses_up_the_listener() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let mut wire = server.login();
    let opened = wire.open(Way::Pasv);
    wire.ask("RETR missing", 550);
    wire.ask("RETR a", 150);
    let mut content = Vec::new();
    opened.connection().read_to_end(&mut content).unwrap();
    wire.expect(226);
    assert_eq!(content, b"content");
}

#[test]
fn a_second_pasv_leaves_the_first_listener_open() {
    let server = Setup::new().start();
    let mut wire = server.login();
    let first = wire.passive(Way::Pasv);
    let second = wire.passive(Way::Epsv);
    assert!(TcpStream::connect(first).is_err());
    drop(TcpStream::connect(second).unwrap());
    wire.ask("PORT 127,0,0,1,200,1", 200);
    assert!(TcpStream::connect(second).is_err());
}

#[test]
fn an_active_dial_before_the_150() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut wire = server.login();
    wire.ask(&format!("EPRT |1|127.0.0.1|{port}|"), 200);
    wire.ask("RETR missing", 550);
    wire.ask("NOOP", 200);
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "dialled without a 150");
    drop(listener);
    wire.ask("RETR a", 150);
    wire.expect(425);
    wire.ask("NOOP", 200);
}

#[test]
fn a_226_before_the_data_is_out() {
    for server in with_large() {
        server.put("small", &pattern(10_000));
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR small", 150);
        wire.expect(226);
        let mut data = opened.connection();
        data.set_nonblocking(true).unwrap();
        let mut content = Vec::new();
        data.read_to_end(&mut content).expect("all of it and its end are there with the 226");
        assert_eq!(content, pattern(10_000));
        wire.ask("NOOP", 200);
    }
}

#[test]
fn a_226_before_the_file_is_there() {
    let (server, meddler) = Setup::new().start_meddled();
    let mut wire = server.login();
    meddler.hold(Operation::Finish);
    let opened = wire.open(Way::Epsv);
    wire.ask("STOR a", 150);
    opened.connection().write_all(b"content").unwrap();
    ftp_tests::eventually("the commit has begun", || meddler.held() == 1);
    wire.ask("NOOP", 200);
    assert_eq!(server.content("a"), None);
    meddler.behave();
    wire.expect(226);
    assert_eq!(server.content("a").unwrap(), b"content");
    wire.ask("NOOP", 200);
}

#[test]
fn one_slow_file_that_stalls_the_others() {
    for server in with_large() {
        server.put("small", b"quick");
        let mut slow: Vec<_> = (0..8).map(|_| server.login()).collect();
        let stalled: Vec<_> = slow.iter_mut().map(stalled).collect();
        let mut quick = server.login();
        assert_eq!(quick.fetch(Way::Epsv, "RETR small"), b"quick");
        drop(stalled);
    }
}

#[test]
fn a_client_that_vanishes_leaves_something_open() {
    for server in with_large() {
        server.put("old", b"kept");
        let mut wire = server.login();
        let data = stalled(&mut wire);
        wire.reset();
        server.wait_until_deserted();
        drop(data);
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        let mut data = opened.connection();
        data.write_all(b"half").unwrap();
        drop(wire);
        server.wait_until_deserted();
        assert_eq!(server.content("old").unwrap(), b"kept");
    }
}

#[test]
fn few_ports_for_many_clients() {
    let server = Setup::new().config(|config| config.passive_ports = Some(free_ports(4))).start();
    server.put("a", b"content");
    let mut wires: Vec<_> = (0..4).map(|_| server.login()).collect();
    for _ in 0..3 {
        let opened: Vec<_> = wires.iter_mut().map(|wire| wire.open(Way::Epsv)).collect();
        for (wire, opened) in wires.iter_mut().zip(opened) {
            wire.ask("RETR a", 150);
            let mut content = Vec::new();
            opened.connection().read_to_end(&mut content).unwrap();
            wire.expect(226);
            assert_eq!(content, b"content");
        }
    }
}

/// A stranger gets nothing but the end.
#[track_caller]
fn expect_turned_away(mut stranger: TcpStream) {
    let mut content = Vec::new();
    match stranger.read_to_end(&mut content) {
        Ok(_) => assert_eq!(content, b""),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn the_client_from_another_address_is_a_client_too() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let mut wire =
        Wire::over(connect_from(STRANGER, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.address().port())));
    wire.expect(220);
    wire.log_in("alice", "secret");
    assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"content");
    assert_eq!(wire.fetch(Way::Port, "RETR a"), b"content");
    let address = wire.passive(Way::Pasv);
    expect_turned_away(connect_from(Ipv4Addr::LOCALHOST.into(), address));
}
