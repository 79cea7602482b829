//! Data connections under TLS: how they end, and how they are broken off.

use super::*;

const LARGE: u64 = 64 << 20;

/// IAC IP, IAC DM (RFC 854), as clients put them before ABOR; under TLS all of it goes in line.
const SYNCH: [u8; 4] = [255, 244, 255, 242];

#[test]
fn abor_in_the_middle_of_a_download_that_is_read_slowly() {
    for offload in [ftp_host::adapter::Offload::Kernel, ftp_host::adapter::Offload::Buffered] {
        let server = Setup::new().offload(offload).tls().start();
        std::fs::File::create(server.root().join("large")).unwrap().set_len(LARGE).unwrap();
        for security in every_security() {
            let mut wire = server.login_over(&security);
            for way in [Way::Epsv, Way::Eprt] {
                let opened = wire.open(way);
                wire.ask("RETR large", 150);
                let mut data = opened.connection();
                data.read_exact(&mut [0; 1000]).unwrap();
                let asked = Instant::now();
                wire.send([&SYNCH[..], b"ABOR\r\n"].concat());
                wire.expect(426);
                wire.expect(226);
                assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
                // Not for a whole file: the end is told from a cut.
                let (rest, ending) = data.drain().unwrap();
                assert!((rest.len() as u64) < LARGE - 1000);
                assert_ne!(ending, Ending::Clean, "{security:?} {way:?}");
                wire.ask("NOOP", 200);
            }
        }
        expect_healthy(&server);
    }
}

/// A download that is broken off must not look like a whole one: no `close_notify` where the file has not ended.
#[test]
fn a_download_that_fails_does_not_end_like_a_whole_one() {
    let server = Setup::new().tls().config(|config| config.timeouts.stall = SHORT).start();
    std::fs::File::create(server.root().join("large")).unwrap().set_len(LARGE).unwrap();
    for security in every_security() {
        let mut wire = server.login_over(&security);
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        let mut data = opened.connection();
        // Nobody reads until the server has given up.
        wire.expect(426);
        assert_ne!(data.drain().unwrap().1, Ending::Clean, "{security:?}");
        // And where the client goes away.
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        let mut data = opened.connection();
        wire.reset();
        assert_ne!(data.drain().unwrap().1, Ending::Clean, "{security:?}");
    }
    server.wait_until_deserted();
}

#[test]
fn every_transfer_ends_in_order() {
    let server = Setup::new().tls().start();
    server.put("empty", b"");
    server.make_dir("void");
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for way in [Way::Epsv, Way::Eprt, Way::Pasv, Way::Port] {
            for command in ["RETR empty", "LIST void", "NLST void", "MLSD void", "LIST"] {
                let opened = wire.open(way);
                wire.ask(command, 150);
                let (_, ending) = opened.connection().drain().unwrap();
                assert_eq!(ending, Ending::Clean, "{security:?} {way:?} {command}");
                wire.expect(226);
            }
            for (command, content) in [("STOR empty", &b""[..]), ("STOR small", b"s"), ("APPE small", b"")] {
                let opened = wire.open(way);
                wire.ask(command, 150);
                let mut data = opened.connection();
                data.write_all(content).unwrap();
                data.notify_close().unwrap();
                // The server's close_notify comes without a FIN of ours.
                let (_, ending) = data.drain().unwrap();
                assert_eq!(ending, Ending::Clean, "{security:?} {way:?} {command}");
                wire.expect(226);
            }
            assert_eq!((server.content("empty"), server.content("small")), (Some(vec![]), Some(b"s".to_vec())));
        }
    }
}

/// Before the command, and in active mode only behind it: the order is the client's (RFC 4217 §10.2).
#[test]
fn a_handshake_before_the_command() {
    let server = Setup::new().tls().start();
    server.put("a", &pattern(100_000));
    for security in every_security() {
        let mut wire = server.login_over(&security);
        for command in ["RETR a", "STOR b", "LIST"] {
            let mut data = wire.open(Way::Epsv).connection();
            data.handshake().unwrap();
            if command == "STOR b" {
                // All of it, and its end, before the server knows what it is.
                data.write_all(&pattern(10_000)).unwrap();
                data.finish().unwrap();
            }
            wire.ask("PWD", 257);
            wire.ask(command, 150);
            let (got, ending) = data.drain().unwrap();
            assert_eq!(ending, Ending::Clean, "{command}");
            wire.expect(226);
            assert!(command != "RETR a" || got == pattern(100_000));
        }
        assert_eq!(server.content("b").unwrap(), pattern(10_000));
        // One that is not used is closed behind the next.
        let mut unused = wire.open(Way::Epsv).connection();
        unused.handshake().unwrap();
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), pattern(100_000));
        unused.drain().unwrap();
    }
}

/// What a client says where only the server speaks is not kept.
#[test]
fn a_client_that_talks_through_its_download() {
    let server = Setup::new().tls().config(|config| config.timeouts.stall = Duration::from_secs(2)).start();
    server.put("a", &pattern(1_000_000));
    for security in every_security() {
        let mut wire = server.login_over(&security);
        let mut data = wire.open(Way::Epsv).connection();
        data.write_all(&pattern(10_000)).unwrap();
        wire.ask("RETR a", 150);
        let mut got = vec![0; 1_000_000];
        data.read_exact(&mut got).unwrap();
        assert!(got == pattern(1_000_000));
        wire.expect(226);
    }
    expect_healthy(&server);
}
