//! Uploads that someone on the way cuts short. Whatever was cut off, nothing of it is taken for the file.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// FIN where `close_notify` is due.
    Fin,
    /// A reset.
    Reset,
    /// FIN in the middle of a record.
    InARecord,
    /// FIN behind a record's header.
    InAHeader,
}

const CUTS: [Cut; 4] = [Cut::Fin, Cut::Reset, Cut::InARecord, Cut::InAHeader];
const BEFORE: &[u8] = b"what was there before";

/// Begins `command`, sends `whole` in records of their own and a part of one more, and is cut.
fn upload(wire: &mut Wire, command: &str, whole: &[u8], cut: Cut) {
    let mut stream = dial(wire.passive(Way::Epsv));
    wire.ask(command, 150);
    let mut tls = secure(wire.sessions().unwrap().data(), &mut stream);
    tls.writer().write_all(whole).unwrap();
    stream.write_all(&flush(&mut tls)).unwrap();
    tls.writer().write_all(b"the record that never came whole").unwrap();
    let last = flush(&mut tls);
    match cut {
        Cut::Fin => {}
        Cut::InARecord => stream.write_all(&last[..last.len() / 2]).unwrap(),
        Cut::InAHeader => stream.write_all(&last[..5]).unwrap(),
        Cut::Reset => return ftp_tests::reset(stream),
    }
    stream.shutdown(Shutdown::Write).unwrap();
    expect_only_records(&mut stream);
}

#[test]
fn an_upload_that_is_cut_is_not_taken() {
    for offload in [ftp_host::adapter::Offload::Kernel, ftp_host::adapter::Offload::Buffered] {
        let server = Setup::new().offload(offload).tls().start();
        for security in every_security() {
            let mut wire = server.login_over(&security);
            for cut in CUTS {
                for command in ["STOR a", "APPE a", "REST 21;STOR a", "REST 21;APPE a", "STOR new", "STOU"] {
                    server.put("a", BEFORE);
                    let told = format!("{security:?} {cut:?} {command}");
                    let command = restart(&mut wire, command);
                    upload(&mut wire, command, b"cut short", cut);
                    wire.expect_any(&BROKEN);
                    wire.ask("NOOP", 200);
                    assert_eq!(server.content("a").unwrap(), BEFORE, "{told}");
                    assert_eq!(std::fs::read_dir(server.root()).unwrap().count(), 1, "{told}");
                }
            }
        }
        drop(server);
    }
}

/// "REST n;" before a command is said by itself.
fn restart<'a>(wire: &mut Wire, command: &'a str) -> &'a str {
    let Some((rest, command)) = command.split_once(';') else { return command };
    wire.ask(rest, 350);
    command
}

/// Kept for a later REST or APPE: what came whole, behind what was there, and not a byte of what did not.
#[test]
fn a_part_that_is_kept_is_whole_records_only() {
    let server = Setup::new().tls().config(|config| config.keep_partial = Switch::On).start();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for cut in [Cut::Fin, Cut::InARecord, Cut::InAHeader] {
            for (command, there) in [
                // A part never takes the place of a whole file.
                ("STOR a", BEFORE),
                ("STOR new", b"cut short"),
                ("APPE a", b"what was there beforecut short"),
                ("REST 21;STOR a", b"what was there beforecut short"),
                // Where a restart goes on in the middle, what is behind it stays.
                ("REST 4;STOR a", b"whatcut shorte before"),
            ] {
                server.put("a", BEFORE);
                let said = restart(&mut wire, command);
                upload(&mut wire, said, b"cut short", cut);
                wire.expect_any(&BROKEN);
                let name = if command == "STOR new" { "new" } else { "a" };
                let kept = server.content(name).unwrap();
                assert_eq!(kept.escape_ascii().to_string(), there.escape_ascii().to_string(), "{cut:?} {command}");
                if name == "new" {
                    // And it can be gone on with.
                    wire.store(Way::Epsv, "APPE new", b", but whole");
                    assert_eq!(server.content("new").unwrap(), b"cut short, but whole");
                    wire.ask("DELE new", 250);
                }
            }
        }
    }
}

/// A lenient policy forgives a missing `close_notify`, as some clients need it; not a record that is not whole, nor a
/// reset.
#[test]
fn a_lenient_policy_forgives_one_cut_only() {
    let server = Setup::new().tls().config(|config| config.tls.strict_end = Switch::Off).start();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for cut in CUTS {
            server.put("a", BEFORE);
            upload(&mut wire, "STOR a", b"cut short", cut);
            if cut == Cut::Fin {
                wire.expect(226);
                assert_eq!(server.content("a").unwrap(), b"cut short");
            } else {
                wire.expect_any(&BROKEN);
                assert_eq!(server.content("a").unwrap(), BEFORE, "{cut:?}");
            }
        }
    }
}

/// Where the stream says itself where it ends, a cut behind that end takes nothing away.
#[test]
fn a_cut_behind_the_end_that_a_mode_has_of_its_own() {
    let server = Setup::new().tls().start();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        wire.ask("MODE B", 200);
        for (stream, taken) in [(&b"\x40\0\x05whole"[..], true), (b"\0\0\x05whole", false), (b"\x40\0\x06whole", false)]
        {
            server.put("a", BEFORE);
            let opened = wire.open(Way::Epsv);
            wire.ask("STOR a", 150);
            let mut data = opened.connection();
            data.write_all(stream).unwrap();
            data.cut().unwrap();
            if taken {
                wire.expect(226);
                assert_eq!(server.content("a").unwrap(), b"whole");
            } else {
                wire.expect_any(&BROKEN);
                assert_eq!(server.content("a").unwrap(), BEFORE);
            }
        }
    }
}

/// A control connection that is cut ends the session, and the half of a command is none.
#[test]
fn half_a_command_is_not_done() {
    let server = Setup::new().tls().start();
    server.put("a", BEFORE);
    for security in every_security() {
        let mut wire = server.login_over(&security);
        wire.send("DELE a");
        wire.link_mut().cut().unwrap();
        assert!(wire.rest().is_empty());
        server.wait_until_deserted();
        assert_eq!(server.content("a").unwrap(), BEFORE);
    }
}
