//! Too much of anything.

use super::*;

#[test]
fn ten_thousand_commands_in_one_go() {
    let server = Setup::new().start();
    let mut wire = server.login();
    let mut input = wire.stream().try_clone().unwrap();
    let writer = std::thread::spawn(move || input.write_all("HELP\r\n".repeat(10_000).as_bytes()).unwrap());
    for _ in 0..10_000 {
        wire.expect(214);
    }
    writer.join().unwrap();
    wire.ask("NOOP", 200);
}

#[test]
fn commands_without_end_and_no_reply_is_read() {
    let server = Setup::new()
        .config(|config| (config.timeouts.idle, config.timeouts.linger) = (Duration::from_millis(500), SHORT))
        .start();
    let wire = server.login();
    let before = memory();
    let mut input = wire.stream().try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        let lines = "HELP\r\n".repeat(1000);
        // Until the server has enough of it.
        while input.write_all(lines.as_bytes()).is_ok() {}
    });
    server.wait_for_notice(|notice| matches!(notice, Notice::Ended(_)));
    // Other tests run in this process; replies that pile up would be some hundred megabytes by now.
    assert!(memory() < before + 64 * 1024, "{before} kB, then {} kB", memory());
    server.wait_until_deserted();
    drop(wire);
    writer.join().unwrap();
}

#[test]
fn logins_without_end() {
    let server = Setup::new().sessions(1000, 50).config(|config| config.limits.login_attempts = 3).start();
    server.put("old", b"the old one");
    let mut wires: Vec<_> = (0..50).map(|_| server.wire()).collect();
    for _ in 0..20 {
        let mut one_more = Wire::connect(server.address());
        one_more.expect(421);
        one_more.expect_closed();
    }
    // Another address has room.
    let mut other = Wire::greeted(server.address_of(ftp_tests::FAMILIES[1]));
    other.log_in("alice", "secret");
    for wire in &mut wires {
        for _ in 0..3 {
            wire.ask("USER alice", 331);
            wire.ask("PASS guess", 530);
        }
        wire.expect(421);
        wire.expect_closed();
    }
    drop((wires, other));
    expect_healthy(&server);
}

#[test]
fn connections_that_come_and_go() {
    let server = Setup::new().start();
    server.put("old", b"the old one");
    for at in 0..300 {
        let stream = TcpStream::connect(server.address()).unwrap();
        if at % 2 == 0 { reset(stream) } else { stream.shutdown(Shutdown::Write).unwrap() }
    }
    expect_healthy(&server);
}
