//! A storage that fails.

use super::*;

#[test]
fn the_disk_is_full_in_the_middle_of_an_upload() {
    for (failure, code) in
        [(Failure::NoSpace, 552), (Failure::OverQuota, 552), (Failure::PermissionDenied, 451), (Failure::Io, 451)]
    {
        let (server, meddler) = Setup::new().start_meddled();
        server.put("old", b"the old one");
        meddler.room(300_000, failure);
        let mut wire = server.login();
        for command in ["STOR old", "STOR new"] {
            let opened = wire.open(Way::Epsv);
            wire.ask(command, 150);
            // The server may have hung up before all is sent.
            let _ = opened.connection().write_all(&pattern(2_000_000));
            wire.expect(code);
            meddler.room(300_000, failure);
        }
        wire.ask("NOOP", 200);
        meddler.behave();
        drop(wire);
        assert_eq!(server.content("new"), None);
        expect_healthy(&server);
        eventually("everything is closed", || meddler.ledger().open() == 0);
    }
}

#[test]
fn the_memory_is_full() {
    let server = Setup::new().files(Files::Memory(1 << 20)).start();
    server.put("old", b"the old one");
    let mut wire = server.login();
    for _ in 0..3 {
        let opened = wire.open(Way::Epsv);
        wire.ask("STOR old", 150);
        let _ = opened.connection().write_all(&pattern(3 << 20));
        wire.expect(552);
    }
    wire.ask("ALLO 2000000", 452);
    // What was given back can be used.
    wire.store(Way::Epsv, "STOR fits", &pattern(900_000));
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn the_disk_fails_in_the_middle_of_a_download() {
    let (server, meddler) = Setup::new().start_meddled();
    server.put("f", &pattern(2_000_000));
    server.put("old", b"the old one");
    meddler.fail(Operation::Read, Failure::Io);
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR f", 150);
    let mut data = opened.connection();
    let ended = data.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
    assert!(matches!(ended, Ok(0) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
    wire.expect(451);
    meddler.behave();
    drop(wire);
    expect_healthy(&server);
}

#[test]
fn the_disk_fails_under_the_hands_of_the_kernel() {
    for offload in [Offload::Kernel, Offload::Buffered] {
        let (server, meddler) = Setup::new().offload(offload).start_meddled();
        server.put("old", b"the old one");
        meddler.break_offloads();
        let mut wire = server.login();
        for (command, code) in [("STOR old", 552), ("STOR new", 552), ("APPE new", 552), ("RETR old", 451)] {
            let opened = wire.open(Way::Epsv);
            wire.ask(command, 150);
            let mut data = opened.connection();
            if command == "RETR old" {
                let _ = data.read_to_end(&mut Vec::new());
            } else {
                let _ = data.write_all(&pattern(2_000_000));
            }
            wire.expect(code);
        }
        wire.ask("NOOP", 200);
        meddler.behave();
        drop(wire);
        assert_eq!(server.content("new"), None);
        expect_healthy(&server);
    }
}
