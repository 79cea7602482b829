//! Orders of things that are rare on one machine and common between two.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use ftp_adapter_tokio::Offload;
use ftp_proto::Notice;
use ftp_proto::config::Switch;
use ftp_tests::{Files, Harness, Setup, Way, Wire, pattern, reset};

const LARGE: usize = 32 << 20;

fn servers() -> impl Iterator<Item = Harness> {
    [Offload::Kernel, Offload::Buffered].into_iter().map(|offload| {
        let server = Setup::new().offload(offload).start();
        fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
        server
    })
}

#[test]
fn an_upload_that_was_sent_whole_before_its_command() {
    for server in servers() {
        let mut wire = server.login();
        let mut data = wire.open(Way::Epsv).connection();
        data.write_all(b"early").unwrap();
        drop(data);
        wire.ask("STOR f", 150);
        wire.expect(226);
        assert_eq!(server.content("f").unwrap(), b"early");
    }
}

#[test]
fn a_data_connection_that_was_reset_before_its_command() {
    for server in servers() {
        server.put("f", b"the old one");
        let mut wire = server.login();
        for command in ["RETR f", "STOR f", "LIST"] {
            reset(wire.open(Way::Epsv).connection());
            wire.say(command);
            let reply = wire.expect_any(&[150, 425]);
            if reply.code == 150 {
                wire.expect_any(&[425, 426, 226]);
            }
            wire.ask("NOOP", 200);
        }
        assert_eq!(server.content("f").unwrap(), b"the old one");
    }
}

#[test]
fn a_new_setup_closes_the_connection_of_the_old_one() {
    let server = Setup::new().start();
    let mut wire = server.login();
    let mut first = wire.open(Way::Epsv).connection();
    let _second = wire.open(Way::Epsv);
    assert_eq!(first.read(&mut [0; 10]).unwrap_or(0), 0);
    wire.ask("LIST", 150);
    wire.expect(226);
}

#[test]
fn a_client_that_leaves_the_control_connection_half_closed_behind_quit() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.send("RETR large\r\nQUIT\r\n");
        wire.finish_speaking();
        wire.expect(150);
        let mut content = Vec::new();
        opened.connection().read_to_end(&mut content).unwrap();
        assert_eq!(content.len(), LARGE);
        wire.expect(226);
        wire.expect(221);
        wire.expect_closed();
    }
}

#[test]
fn a_client_that_reads_to_the_end_and_does_not_close() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        let mut data = opened.connection();
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        wire.expect(226);
        wire.ask("NOOP", 200);
        drop(data);
    }
}

#[test]
fn a_client_that_talks_on_the_connection_of_its_download() {
    for server in servers() {
        // Of a size that a connection's buffers can just hold, read late: what is lost then is lost at the close.
        server.put("f", &pattern(2_000_000));
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        let mut data = opened.connection();
        data.write_all(b"nobody asked for this").unwrap();
        wire.ask("RETR f", 150);
        let mut content = vec![0; 1000];
        data.read_exact(&mut content).unwrap();
        data.read_to_end(&mut content).expect("no reset takes the end of the file away");
        assert!(content == pattern(2_000_000));
        wire.expect(226);
    }
}

#[test]
fn two_aborts_in_one_segment() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.send("ABOR\r\nABOR\r\nNOOP\r\n");
        for code in [426, 226, 226, 200] {
            wire.expect(code);
        }
        drop(opened);
    }
}

#[test]
fn abor_in_one_segment_with_its_transfer() {
    for server in servers() {
        let mut wire = server.login();
        let _opened = wire.open(Way::Epsv);
        wire.send("RETR large\r\nABOR\r\nNOOP\r\n");
        if wire.expect_any(&[150, 425, 426]).code == 150 {
            wire.expect(426);
        }
        wire.expect(226);
        wire.expect(200);
    }
}

#[test]
fn abor_behind_a_full_queue() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        wire.send("PWD\r\n".repeat(70));
        wire.say("ABOR");
        wire.expect(426);
        for _ in 0..70 {
            wire.expect(257);
        }
        wire.expect(226);
        drop(opened);
    }
}

#[test]
fn abor_behind_long_lines() {
    for server in servers() {
        let mut wire = server.login();
        let opened = wire.open(Way::Epsv);
        wire.ask("RETR large", 150);
        for _ in 0..8 {
            wire.say(&format!("CWD {}", "x".repeat(4000)));
        }
        wire.say("ABOR");
        wire.expect(426);
        for _ in 0..8 {
            wire.expect_any(&[550, 553]);
        }
        wire.expect(226);
        drop(opened);
    }
}

#[test]
fn two_uploads_to_one_name() {
    for server in servers() {
        let mut wires = [server.login(), server.login()];
        let mut data: Vec<_> = wires
            .iter_mut()
            .map(|wire| {
                let opened = wire.open(Way::Epsv);
                wire.ask("STOR f", 150);
                opened.connection()
            })
            .collect();
        for chunk in 0..10 {
            data[chunk % 2].write_all(&[b'0' + (chunk % 2) as u8; 10_000]).unwrap();
        }
        drop(data);
        wires.iter_mut().for_each(|wire| drop(wire.expect(226)));
        let content = server.content("f").unwrap();
        assert_eq!(content.len(), 50_000);
        assert!(content.iter().all(|byte| *byte == content[0]));
    }
}

#[test]
fn a_file_that_is_removed_replaced_or_cut_short_while_it_is_sent() {
    for server in servers() {
        let mut wire = server.login();
        let mut other = server.login();
        for change in ["removed", "replaced", "cut short"] {
            let path = server.root().join("f");
            fs::File::create(&path).unwrap().set_len(LARGE as u64).unwrap();
            let opened = wire.open(Way::Epsv);
            wire.ask("RETR f", 150);
            let mut data = opened.connection();
            data.read_exact(&mut [0; 1000]).unwrap();
            match change {
                "removed" => drop(other.ask("DELE f", 250)),
                "replaced" => other.store(Way::Epsv, "STOR f", b"another"),
                _ => fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(2000).unwrap(),
            }
            let mut rest = Vec::new();
            let ended = data.read_to_end(&mut rest);
            let reply = wire.expect_any(&[226, 426, 451]);
            if change != "cut short" {
                assert!(ended.is_ok() && rest.len() == LARGE - 1000, "{change}: {}", rest.len());
                assert_eq!(reply.code, 226, "{change}");
            }
            wire.ask("NOOP", 200);
        }
    }
}

#[test]
fn a_broken_upload_is_kept_where_the_operator_wants_that() {
    for files in [Files::Disk, Files::Memory(1 << 20)] {
        let server = Setup::new().files(files).config(|config| config.keep_partial = Switch::On).start();
        server.put("old", b"the old one");
        let mut wire = server.login();
        for name in ["new", "old"] {
            let opened = wire.open(Way::Epsv);
            wire.ask(&format!("STOR {name}"), 150);
            let mut data = opened.connection();
            data.write_all(b"half of ").unwrap();
            wait_for_bytes(&server, &mut wire, 8);
            wire.say("ABOR");
            wire.expect(426);
            wire.expect(226);
        }
        assert_eq!(server.content("old").unwrap(), b"the old one");
        assert_eq!(server.content("new").unwrap(), b"half of ");
        wire.store(Way::Epsv, "APPE new", b"the file");
        assert_eq!(server.content("new").unwrap(), b"half of the file");
    }
}

/// Waits until STAT tells that so many bytes have come.
fn wait_for_bytes(server: &Harness, wire: &mut Wire, bytes: usize) {
    server.wait_for_notice(|notice| matches!(notice, Notice::TransferStarted { .. }));
    ftp_tests::eventually("the bytes have come", || {
        wire.ask("STAT", 211).body().iter().any(|line| line.contains(&format!(" {bytes} bytes")))
    });
}

#[test]
fn an_ipv4_client_at_a_socket_for_both_families() {
    let server = Setup::new().start();
    server.put("f", b"content");
    let mut wire = Wire::greeted(server.dual_address());
    wire.log_in("alice", "secret");
    for way in Way::all(wire.local().ip()) {
        assert_eq!(wire.fetch(*way, "RETR f"), b"content", "{way:?}");
    }
    wire.ask("EPSV 2", 522);
    assert!(wire.ask("STAT", 211).body()[0].ends_with(" 127.0.0.1"));
}

#[test]
fn a_failed_login_takes_its_time_and_no_command_goes_by() {
    let delay = Duration::from_millis(200);
    let server = Setup::new().config(|config| config.timeouts.login_delay = delay).start();
    let mut wire = server.wire();
    let began = Instant::now();
    wire.send("USER alice\r\nPASS wrong\r\nNOOP\r\nUSER alice\r\nPASS secret\r\nPWD\r\n");
    for code in [331, 530, 200, 331, 230, 257] {
        wire.expect(code);
    }
    assert!(began.elapsed() >= delay);
    // Another session is not made to wait.
    let mut slow = server.wire();
    slow.send("USER alice\r\nPASS wrong\r\n");
    slow.expect(331);
    drop(server.login());
    slow.reset();
    drop(wire);
}

/// Commands that end in exactly one reply whatever came before, data connection or not.
const ONE_REPLY_EACH: [&str; 30] = [
    "NOOP",
    "PWD",
    "CWD d",
    "CDUP",
    "CWD missing",
    "TYPE I",
    "TYPE A",
    "TYPE X",
    "MODE S",
    "STRU F",
    "SYST",
    "FEAT",
    "HELP",
    "STAT",
    "STAT /",
    "PASV",
    "EPSV",
    "PORT 127,0,0,1,200,1",
    "REST 5",
    "RETR missing",
    "MKD d",
    "RMD d",
    "DELE missing",
    "RNFR d",
    "RNTO e",
    "SIZE f",
    "MDTM f",
    "MLST",
    "ABOR",
    "OPTS UTF8 ON",
];

#[test]
fn random_commands_in_random_cuts_get_one_reply_each() {
    let server = Setup::new().config(|config| config.limits.violations = u32::MAX).start();
    server.put("f", b"content");
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..10 {
        let mut wire = server.login();
        let commands: Vec<&str> = (0..200).map(|_| ONE_REPLY_EACH[random(ONE_REPLY_EACH.len())]).collect();
        let mut bytes: &[u8] =
            &commands.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect::<Vec<_>>();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(1 + random(100)));
            wire.send(piece);
            bytes = rest;
        }
        for command in commands {
            let code = wire.reply().code;
            assert!((200..600).contains(&code) && code != 421 && code != 500, "{command}: {code}");
        }
        wire.ask("QUIT", 221);
        wire.expect_closed();
    }
}

#[test]
fn a_storage_that_hangs_for_one_holds_no_other_up() {
    let (server, meddler) = Setup::new().start_meddled();
    server.put("f", b"content");
    let mut slow = server.login();
    meddler.hold(ftp_tests::Operation::Copy);
    slow.say("SITE COPY f g");
    ftp_tests::eventually("the copy has begun", || meddler.held() == 1);
    let mut quick = server.login();
    assert_eq!(quick.fetch(Way::Epsv, "RETR f"), b"content");
    quick.store(Way::Epsv, "STOR h", b"new");
    assert_eq!(quick.list("NLST").len(), 2);
    meddler.behave();
    slow.expect(200);
}

#[test]
fn a_type_a_restart_behind_the_end() {
    for server in servers() {
        server.put("f", b"one\ntwo\n");
        let mut wire = server.login();
        wire.ask("TYPE A", 200);
        wire.ask("REST 10", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR f"), b"");
        wire.ask("REST 11", 350);
        let opened = wire.open(Way::Epsv);
        wire.say("RETR f");
        if wire.expect_any(&[150, 554]).code == 150 {
            let _ = opened.connection().read_to_end(&mut Vec::new());
            wire.expect_any(&[451, 551]);
        }
        wire.ask("NOOP", 200);
    }
}
