//! Connections that break, at every step.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Control,
    Data,
    Both,
}

/// Plays a transfer up to a step and breaks it there.
fn break_at(server: &Harness, way: Way, command: &str, step: usize, broken: Broken) {
    let mut wire = server.wire();
    let mut data = None;
    let mut opened = None;
    for at in 0..step {
        match at {
            0 => drop(wire.ask("USER alice", 331)),
            1 => drop(wire.ask("PASS secret", 230)),
            2 => drop(wire.ask("TYPE I", 200)),
            3 => opened = Some(wire.open(way)),
            4 => wire.say(command),
            5 => drop(wire.expect(150)),
            6 => data = opened.take().map(ftp_tests::Opened::connection),
            7 => match &mut data {
                Some(data) if command.starts_with("RETR") => data.read_exact(&mut [0; 1000]).unwrap(),
                Some(data) => data.write_all(b"half of it").unwrap(),
                None => {}
            },
            _ => {}
        }
    }
    if data.is_none()
        && let Some(ftp_tests::Opened::Connected(stream)) = opened.take()
    {
        data = Some(stream);
    }
    match broken {
        Broken::Control => {
            wire.reset();
            server.wait_until_deserted();
        }
        Broken::Data => {
            let was_open = data.is_some();
            data.into_iter().for_each(reset);
            drop(opened);
            if step >= 5 {
                // Whatever was said of the transfer, the session is in step.
                wire.say("NOOP");
                while wire.reply().code != 200 {}
                assert!(was_open || step < 7);
            }
        }
        Broken::Both => {
            data.into_iter().for_each(reset);
            wire.reset();
        }
    }
}

#[test]
fn resets_at_every_step() {
    for server in servers() {
        for way in [Way::Epsv, Way::Eprt] {
            for command in ["RETR large", "STOR old", "APPE other", "LIST"] {
                for step in 0..=8 {
                    if command == "LIST" && step == 8 {
                        continue;
                    }
                    for broken in [Broken::Control, Broken::Data, Broken::Both] {
                        // An upload whose end is orderly is whole: only resets are tried here.
                        break_at(&server, way, command, step, broken);
                    }
                }
                expect_healthy(&server);
            }
        }
    }
}

#[test]
fn a_half_closed_control_connection() {
    for server in servers() {
        let mut wire = server.login();
        wire.send("PWD\r\nNOOP\r\n");
        wire.finish_speaking();
        wire.expect(257);
        wire.expect(200);
        wire.expect_closed();
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        wire.finish_speaking();
        wire.expect(426);
        wire.expect_closed();
        drop(opened);
        expect_healthy(&server);
    }
}
