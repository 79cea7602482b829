//! Commands out of their order.

use super::*;

#[test]
fn commands_out_of_sequence() {
    let server = Setup::new().start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    wire.ask("RNTO new", 503);
    wire.ask("REST 4", 350);
    wire.ask("RNTO new", 503);
    assert_eq!(wire.fetch(Way::Epsv, "RETR old"), b"the old one");
    wire.ask("REST 4", 350);
    wire.refused("STOU", 554);
    wire.ask("EPSV ALL", 200);
    wire.ask("EPSV ALL", 200);
    wire.ask("PASV", 503);
    wire.ask("RNFR old", 350);
    wire.ask("USER alice", 331);
    wire.ask("RNTO new", 530);
    wire.ask("PASS secret", 230);
    wire.ask("RNTO new", 503);
    wire.ask("REIN", 220);
    wire.ask("QUIT", 221);
    wire.expect_closed();
    expect_healthy(&server);
}

#[test]
fn user_in_the_middle_of_a_transfer_waits() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.send("RETR old\r\nUSER bob\r\nPASS secret\r\nDELE old\r\n");
        wire.expect(150);
        let mut content = Vec::new();
        opened.connection().read_to_end(&mut content).unwrap();
        for code in [226, 331, 230, 550] {
            wire.expect(code);
        }
        assert_eq!(content, b"the old one");
        drop(wire);
        expect_healthy(&server);
    }
}
