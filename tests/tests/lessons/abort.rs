//! ABOR, and the Telnet that comes with it.

use super::*;

#[test]
fn abor_while_the_client_does_not_read_the_download() {
    for server in with_large() {
        let mut wire = server.login();
        let data = stalled(&mut wire);
        wire.say("ABOR");
        wire.expect(426);
        wire.expect(226);
        wire.ask("NOOP", 200);
        drop(data);
    }
}

#[test]
fn abor_as_telnet_sends_it_inline() {
    for server in with_large() {
        let mut wire = server.login();
        let _data = stalled(&mut wire);
        wire.send(b"\xFF\xF4\xFF\xF2ABOR\r\n");
        wire.expect(426);
        wire.expect(226);
    }
}

#[test]
fn abor_as_telnet_sends_it_with_the_urgent_bit() {
    for server in with_large() {
        let mut wire = server.login();
        let _data = stalled(&mut wire);
        wire.send(b"\xFF\xF4");
        wire.send_urgent(0xFF);
        wire.send(b"\xF2ABOR\r\n");
        wire.expect(426);
        wire.expect(226);
    }
}

#[test]
fn abor_behind_the_urgent_data_mark() {
    for server in with_large() {
        let mut wire = server.login();
        let _data = stalled(&mut wire);
        wire.send(b"\xFF\xF4\xFF");
        wire.send_urgent(0xF2);
        wire.send(b"ABOR\r\n");
        wire.expect(426);
        wire.expect(226);
    }
}

#[test]
fn telnet_commands_in_the_middle_of_a_command() {
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.send(b"\xFF\xF1NO\xFF\xF1OP\xFF\xF2\r\n\xFF\xF1");
    wire.expect(200);
    wire.send(b"P\xFF\xF6WD\r\n");
    wire.expect(257);
}

#[test]
fn telnet_options_are_refused() {
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.send(b"\xFF\xFB\x01\xFF\xFD\x03NOOP\r\n");
    let mut answer = [0; 6];
    (&mut wire.stream()).read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"\xFF\xFE\x01\xFF\xFC\x03");
    wire.expect(200);
}
