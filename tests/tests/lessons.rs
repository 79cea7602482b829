//! What goes wrong on servers that people use: each test is named for it.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ftp_adapter_tokio::Offload;
use ftp_proto::Notice;
use ftp_proto::notice::Refusal;
use ftp_tests::{FAMILIES, Harness, Operation, Setup, Way, Wire, connect_from, pattern};

/// More than the sockets of a connection that is not read can hold.
const LARGE: usize = 32 << 20;

/// Another address of this host, for the part of the stranger.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn with_large() -> impl Iterator<Item = Harness> {
    [Offload::Kernel, Offload::Buffered].into_iter().map(|offload| {
        let server = Setup::new().offload(offload).start();
        fs::File::create(server.root().join("large")).unwrap().set_len(LARGE as u64).unwrap();
        server
    })
}

/// Begins a download that nobody reads.
fn stalled(wire: &mut Wire) -> TcpStream {
    let opened = wire.open(Way::Epsv);
    wire.ask("RETR large", 150);
    opened.connection()
}

// ABOR and Telnet.

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

// Order.

#[test]
fn noop_and_stat_while_a_transfer_stalls() {
    for server in with_large() {
        let mut wire = server.login();
        let data = stalled(&mut wire);
        server.wait_for_notice(|notice| matches!(notice, Notice::TransferStarted { .. }));
        wire.ask("NOOP", 200);
        let body = wire.ask("STAT", 211).body().join("\n");
        assert!(body.contains("RETR running") && body.contains(&LARGE.to_string()), "{body}");
        drop(data);
        wire.expect(426);
    }
}

#[test]
fn six_commands_in_one_segment() {
    let server = Setup::new().start();
    server.put("a", b"x");
    let mut wire = server.login();
    wire.send("PWD\r\nSIZE a\r\nNOOP\r\nMDTM a\r\nSYST\r\nCWD missing\r\n");
    for code in [257, 213, 200, 213, 215, 550] {
        wire.expect(code);
    }
}

#[test]
fn commands_behind_a_transfer_wait_for_it() {
    let server = Setup::new().start();
    server.put("a", b"content");
    let mut wire = server.login();
    let opened = wire.open(Way::Epsv);
    wire.send("RETR a\r\nPWD\r\nNOOP\r\nDELE a\r\n");
    wire.expect(150);
    let mut content = Vec::new();
    opened.connection().read_to_end(&mut content).unwrap();
    for code in [226, 257, 200, 250] {
        wire.expect(code);
    }
    assert_eq!(content, b"content");
}

#[test]
fn a_syntax_error_then_another_command() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in ["TYPE", "PORT nonsense", "MDTM", "SITE CHMOD", "REST x"] {
        wire.ask(command, 501);
        wire.ask("NOOP", 200);
    }
}

#[test]
fn quit_during_a_transfer() {
    for server in with_large() {
        let mut wire = server.login();
        let mut data = stalled(&mut wire);
        wire.say("QUIT");
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        assert_eq!(content.len(), LARGE);
        wire.expect(226);
        wire.expect(221);
        wire.expect_closed();
    }
}

#[test]
fn cr_and_lf_in_separate_segments() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for piece in ["NO", "OP", "\r"] {
        wire.send(piece);
    }
    wire.send("\nPWD\r");
    wire.expect(200);
    wire.send("\n");
    wire.expect(257);
}

#[test]
fn four_mebibytes_without_a_line_end() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for _ in 0..64 {
        wire.send(vec![b'x'; 64 << 10]);
    }
    wire.send("\r\n");
    wire.expect(500);
    wire.ask("NOOP", 200);
}

#[test]
fn a_verb_known_by_its_end_only() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for command in ["XQUIT", "QUI", "NOOPS", "AQUIT"] {
        wire.ask(command, 500);
    }
    wire.ask("TYPE IMAGE", 501);
    wire.ask("NOOP", 200);
}

// Restart.

#[test]
fn rest_beyond_the_end() {
    for server in with_large() {
        server.put("a", b"twelve bytes");
        let mut wire = server.login();
        wire.ask("REST 999999", 350);
        wire.refused("RETR a", 554);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"twelve bytes");
    }
}

#[test]
fn rest_at_exactly_the_size() {
    for server in with_large() {
        server.put("a", b"twelve bytes");
        let mut wire = server.login();
        wire.ask("REST 12", 350);
        assert_eq!(wire.fetch(Way::Epsv, "RETR a"), b"");
        wire.ask("REST 12", 350);
        wire.store(Way::Epsv, "STOR a", b"");
        assert_eq!(server.content("a").unwrap(), b"twelve bytes");
    }
}

#[test]
fn a_zero_byte_upload() {
    for server in with_large() {
        let mut wire = server.login();
        wire.store(Way::Epsv, "STOR empty", b"");
        wire.store(Way::Port, "STOR also", b"");
        assert_eq!(server.content("empty").unwrap(), b"");
        assert_eq!(wire.fetch(Way::Epsv, "RETR also"), b"");
    }
}

#[test]
fn appe_that_truncates_and_rest_that_truncates() {
    for server in with_large() {
        server.put("a", b"0123456789");
        let mut wire = server.login();
        wire.store(Way::Epsv, "APPE a", b"abc");
        assert_eq!(server.content("a").unwrap(), b"0123456789abc");
        wire.ask("REST 2", 350);
        wire.store(Way::Epsv, "STOR a", b"XX");
        assert_eq!(server.content("a").unwrap(), b"01XX456789abc");
    }
}

// Renaming and removing.

#[test]
fn a_failed_rnfr_that_leaves_the_earlier_one_in_force() {
    let server = Setup::new().start();
    server.put("a", b"a");
    let mut wire = server.login();
    wire.ask("RNFR a", 350);
    wire.ask("RNFR missing", 550);
    wire.ask("RNTO b", 503);
    wire.ask("RNFR a", 350);
    wire.ask("NOOP", 200);
    wire.ask("RNTO b", 503);
    wire.ask("RNFR a", 350);
    wire.ask("NONSENSE", 500);
    wire.ask("RNTO b", 503);
    wire.ask("RNTO b", 503);
    assert_eq!(server.content("a").unwrap(), b"a");
}

#[test]
fn rmd_that_removes_what_is_inside() {
    let server = Setup::new().start();
    server.make_dir("d");
    server.put("d/kept", b"x");
    let mut wire = server.login();
    wire.ask("RMD d", 550);
    assert_eq!(server.content("d/kept").unwrap(), b"x");
}

// Data connections.

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
    let server = Setup::new().config(|config| config.passive_ports = Some(50_320..=50_323)).start();
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

// Names and texts.

#[test]
fn a_path_cut_at_nul_or_split_at_lf() {
    let server = Setup::new().start();
    server.put("a.php", b"x");
    let mut wire = server.login();
    for line in [&b"STOR a.php\0.txt\r\n"[..], b"MKD a\0b\r\n", b"DELE a.php\0\r\n", b"MKD a\rb\r\n"] {
        wire.send(line);
        wire.expect_any(&[501, 553]);
    }
    // A bare LF ends a line: what follows it is a command of its own.
    wire.send("NOOP\nNOOP\r\n");
    wire.expect(200);
    wire.expect(200);
    assert_eq!(server.content("a.php").unwrap(), b"x");
    assert_eq!(fs::read_dir(server.root()).unwrap().count(), 1);
}

#[test]
fn names_of_eight_bits_come_back_as_they_went() {
    use std::os::unix::ffi::OsStrExt;
    let server = Setup::new().start();
    let mut wire = server.login();
    wire.send(b"MKD caf\xE9\r\n");
    let made = wire.expect(257);
    assert!(made.lines[0].starts_with(b"\"/caf\xE9\""));
    wire.ask("MKD größe", 257);
    assert!(server.root().join(std::ffi::OsStr::from_bytes(b"caf\xE9")).is_dir());
    let names = wire.fetch(Way::Epsv, "NLST");
    assert!(names.windows(4).any(|window| window == b"caf\xE9"));
    // 0xFF is doubled on its way (RFC 854).
    wire.send(b"MKD y\xFF\xFFy\r\n");
    assert!(wire.expect(257).lines[0].starts_with(b"\"/y\xFF\xFFy\""));
    assert!(server.root().join(std::ffi::OsStr::from_bytes(b"y\xFFy")).is_dir());
}

#[test]
fn real_paths_in_error_texts() {
    let server = Setup::new().start();
    server.put("file", b"x");
    let root = server.root().to_str().unwrap().to_owned();
    let mut wire = server.login();
    for command in [
        "CWD missing",
        "RMD missing",
        "DELE missing",
        "MKD file/x",
        "SIZE missing",
        "MDTM missing",
        "RNFR missing",
        "CWD file",
    ] {
        let reply = wire.ask(command, 550).show();
        assert!(!reply.contains(&root) && !reply.contains("os error"), "{reply}");
    }
}

#[test]
fn quotes_in_257_that_are_not_doubled() {
    let server = Setup::new().start();
    let mut wire = server.login();
    assert!(wire.ask("MKD a\"b", 257).text().starts_with("\"/a\"\"b\""));
    wire.ask("CWD a\"b", 250);
    assert!(wire.ask("PWD", 257).text().starts_with("\"/a\"\"b\" "));
}

#[test]
fn list_arguments_that_break_servers() {
    let server = Setup::new().start();
    server.make_dir("dir");
    server.put("dir/in.txt", b"1");
    server.put("-dash.txt", b"2");
    server.put("sp ace.txt", b"3");
    let mut wire = server.login();
    for (command, names) in [
        ("LIST -la dir", &["in.txt"][..]),
        ("LIST -dash.txt", &["-dash.txt"]),
        ("LIST sp ace.txt", &["sp ace.txt"]),
        ("LIST *.txt", &["-dash.txt", "sp ace.txt"]),
        ("LIST ", &["-dash.txt", "dir", "sp ace.txt"]),
        ("LIST -a -l dir", &["in.txt"]),
        ("LIST -l", &["-dash.txt", "dir", "sp ace.txt"]),
    ] {
        let lines = wire.list(command);
        for name in names {
            assert!(lines.iter().any(|line| line.ends_with(name)), "{command}: {lines:?}");
        }
        let shown = lines.iter().filter(|line| !line.ends_with(" .") && !line.ends_with(" ..")).count();
        assert_eq!(shown, names.len(), "{command}: {lines:?}");
    }
}

#[test]
fn a_listing_of_what_is_not_there() {
    let server = Setup::new().start();
    server.put("file", b"x");
    let mut wire = server.login();
    for command in ["LIST missing", "NLST missing", "MLSD missing"] {
        let _opened = wire.open(Way::Epsv);
        wire.ask_any(command, &[450, 550]);
    }
    wire.ask_any("STAT missing", &[450, 550]);
    wire.refused("MLSD file", 501);
}

#[test]
fn nlst_names_that_retr_does_not_know() {
    let server = Setup::new().start();
    server.make_dir("dir");
    server.put("dir/a", b"content");
    let mut wire = server.login();
    assert_eq!(wire.list("NLST dir"), ["dir/a"]);
    assert_eq!(wire.fetch(Way::Epsv, "RETR dir/a"), b"content");
}

#[test]
fn the_date_of_a_file_from_the_future() {
    let server = Setup::new().start();
    server.put("a", b"x");
    let mut wire = server.login();
    wire.ask("MFMT 20990101000000 a", 213);
    let lines = wire.list("LIST a");
    assert!(lines[0].contains(" Jan  1  2099 "), "{lines:?}");
}

#[test]
fn size_in_type_a() {
    let server = Setup::new().start();
    server.put("a", b"one\ntwo\n");
    let mut wire = server.login();
    wire.ask("TYPE A", 200);
    wire.ask("SIZE a", 550);
}

#[test]
fn a_name_with_a_line_feed_breaks_the_listing() {
    let server = Setup::new().start();
    fs::write(server.root().join("a\r\n226 forged"), b"x").unwrap();
    fs::write(server.root().join("b"), b"x").unwrap();
    let mut wire = server.login();
    assert_eq!(wire.list("LIST").len(), 2);
    assert!(wire.list("NLST").len() <= 2);
    assert!(wire.list("MLSD").len() <= 2);
    assert_eq!(wire.ask("STAT /", 213).body().len(), 2);
    wire.ask("NOOP", 200);
}

// Other protocols, and the login.

#[test]
fn http_and_smtp_answered_line_by_line() {
    let server = Setup::new().start();
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /USER HTTP/1.0\r\n\r\nUSER alice\r\n",
        "EHLO x\r\nMAIL FROM:<a@b>\r\n",
        "Cookie: a=b\r\n",
    ] {
        let mut wire = server.wire();
        wire.send(request);
        let replies = wire.rest();
        assert!(replies.len() <= 1 && replies.iter().all(|reply| reply.code == 421), "{replies:?}");
    }
}

#[test]
fn pass_without_user_and_a_second_pass() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("PASS secret", 503);
    wire.log_in("alice", "secret");
    wire.ask("PASS secret", 503);
    wire.ask("PWD", 257);
}

#[test]
fn a_bare_close_after_failed_logins() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    let attempts = ftp_proto::config::Config::default().limits.login_attempts;
    for _ in 0..attempts {
        wire.ask("USER alice", 331);
        wire.ask("PASS wrong", 530);
    }
    wire.expect(421);
    wire.expect_closed();
}

#[test]
fn opts_utf8_on_before_login() {
    let server = Setup::new().start();
    let mut wire = server.wire();
    wire.ask("OPTS UTF8 ON", 200);
}

#[test]
fn a_125_where_explorer_wants_150() {
    let server = Setup::new().start();
    let mut wire = server.login();
    // Connected before the command: others say 125 then.
    let opened = wire.open(Way::Epsv);
    wire.ask("LIST", 150);
    drop(opened.connection());
    wire.expect_any(&[226, 426]);
}

#[test]
fn the_minimum_of_rfc_1123_and_rfc_5797() {
    let server = Setup::new().start();
    let mut wire = server.login();
    for (command, code) in [
        ("STRU F", 200),
        ("TYPE A N", 200),
        ("TYPE L 8", 200),
        ("MODE S", 200),
        ("HELP", 214),
        ("ACCT x", 202),
        ("REIN", 220),
    ] {
        wire.ask(command, code);
    }
}

#[test]
fn feat_that_is_badly_framed() {
    let server = Setup::new().start();
    for family in FAMILIES {
        let mut wire = Wire::greeted(server.address_of(family));
        let feat = wire.ask("FEAT", 211);
        assert!(feat.body().iter().all(|line| !line.is_empty() && !line.starts_with(' ')));
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
