//! What well-known clients say, in the order they say it, and what each of them needs to hear.

mod world;

use ftp_proto::outcome::DataEnd;
use ftp_proto::server::CloseReason;

use self::world::World;

const TEXT: &[u8] = b"hello\nworld\n";

impl World {
    /// Each line and the beginning of its reply.
    #[track_caller]
    fn dialogue(&mut self, lines: &[(&str, &str)]) {
        for (line, beginning) in lines {
            self.ask(line, beginning);
        }
    }

    #[track_caller]
    fn leave(&mut self) {
        self.ask("QUIT", "221");
        self.closed(CloseReason::Quit);
    }
}

/// `curl -C 6 ftp://alice@server/dir/../a.txt`, then another URL on the same connection.
#[test]
fn curl_downloads() {
    let mut world = World::new();
    world.dialogue(&[("USER alice", "331"), ("PASS secret", "230"), ("PWD", "257 \"/\"")]);
    let link = world.passive();
    world.dialogue(&[("TYPE I", "200"), ("SIZE a.txt", "213 12"), ("REST 6", "350")]);
    assert!(world.ask("RETR a.txt", "150").text().contains("(6 bytes)"), "curl takes the size from here");
    world.expect("226");
    assert_eq!(world.link(link).received, &TEXT[6..]);
    world.dialogue(&[("CWD /", "250"), ("CWD dir", "250")]);
    let link = world.passive();
    world.dialogue(&[("TYPE A", "200"), ("NLST", "150")]);
    world.expect("226");
    assert_eq!(world.link(link).received, b"b.bin\r\nsub\r\n");
    world.leave();
}

/// `curl --ftp-create-dirs -T - ftp://alice@server/made/of/x`, over a server that knows no EPSV.
#[test]
fn curl_uploads_into_directories_that_it_makes() {
    let mut world = World::with(|config| config.disabled = ftp_proto::verb::VerbSet::of(ftp_proto::verb::Verb::Epsv));
    world.dialogue(&[
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("PWD", "257 \"/\""),
        ("CWD made", "550"),
        ("MKD made", "257"),
        ("CWD made", "250"),
        ("EPSV", "502"),
        ("PASV", "227"),
        ("TYPE I", "200"),
    ]);
    let link = world.connect();
    world.ask("STOR x", "150");
    world.upload(link, TEXT);
    world.expect("226");
    assert_eq!(world.tree.file("/made/x"), Some(TEXT));
    world.leave();
}

/// `curl -r 0-3`: it has enough, closes the data connection and goes on.
#[test]
fn curl_stops_early() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.dialogue(&[("RETR a.txt", "150")]);
    world.reset(link);
    world.expect("426");
    world.dialogue(&[("NOOP", "200")]);
    world.leave();
}

/// FileZilla 3: asks for TLS first, then features, then lists with MLSD and uploads.
#[test]
fn filezilla_lists_and_uploads() {
    let mut world = World::new();
    world.dialogue(&[
        ("AUTH TLS", "502"),
        ("AUTH SSL", "502"),
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("SYST", "215 UNIX"),
    ]);
    let features = world.ask("FEAT", "211-").lines;
    for feature in [" UTF8", " CLNT", " MFMT", " MDTM", " SIZE", " TVFS", " REST STREAM", " EPSV"] {
        assert!(features.iter().any(|line| line == feature), "{feature} in {features:?}");
    }
    assert!(features.iter().any(|line| line.starts_with(" MLST type*;")), "{features:?}");
    world.dialogue(&[
        ("CLNT FileZilla", "200"),
        ("OPTS UTF8 ON", "200"),
        ("OPTS MLST type;size;modify;UNIX.mode;", "200"),
        ("PWD", "257 \"/\""),
        ("TYPE I", "200"),
        ("PASV", "227"),
    ]);
    let link = world.connect();
    world.ask("MLSD", "150");
    world.expect("226");
    assert!(String::from_utf8_lossy(&world.link(link).received).contains("type=dir;"));
    world.dialogue(&[("CWD /dir", "250"), ("PWD", "257 \"/dir\""), ("PASV", "227")]);
    let link = world.connect();
    world.ask("STOR new.txt", "150");
    world.upload(link, TEXT);
    world.expect("226");
    world.ask("MFMT 20240101000000 /dir/new.txt", "213 Modify=20240101000000; /dir/new.txt");
    // Resumes what is there, as it does when the user agrees.
    world.dialogue(&[("SIZE new.txt", "213 12"), ("PASV", "227")]);
    let link = world.connect();
    world.dialogue(&[("REST 12", "350"), ("STOR new.txt", "150")]);
    world.upload(link, b"more");
    world.expect("226");
    assert_eq!(world.tree.file("/dir/new.txt"), Some(&b"hello\nworld\nmore"[..]));
    world.hang_up();
    world.closed(CloseReason::PeerClosed);
}

/// lftp with `sync-mode off`: everything at once, and an ABOR in Telnet's clothes.
#[test]
fn lftp_pipelines_and_aborts() {
    let mut world = World::new();
    world.send_bytes(b"FEAT\r\nAUTH TLS\r\nUSER alice\r\nPASS secret\r\nPWD\r\nLANG\r\nOPTS UTF8 ON\r\n");
    for beginning in ["211-", "502", "331", "230", "257", "200", "200"] {
        world.expect(beginning);
    }
    world.send_bytes(b"OPTS MLST type;size;modify;\r\nCLNT lftp/4.9\r\nTYPE I\r\nEPSV\r\n");
    for beginning in ["200", "200", "200", "229"] {
        world.expect(beginning);
    }
    let link = world.connect();
    world.read(link, false);
    world.send_bytes(b"SIZE dir/b.bin\r\nMDTM dir/b.bin\r\nREST 128\r\nRETR dir/b.bin\r\n");
    for beginning in ["213 256", "213 2024", "350", "150"] {
        world.expect(beginning);
    }
    world.send_bytes(b"\xFF\xF4\xFF\xF2ABOR\r\n");
    world.expect("426");
    world.expect("226");
    world.send_bytes(b"EPSV\r\nREST 0\r\nRETR a.txt\r\n");
    world.expect("229");
    world.expect("350");
    world.expect("150");
    let link = world.connect();
    world.expect("226");
    assert_eq!(world.link(link).received, TEXT);
    world.send_bytes(b"SITE CHMOD 600 a.txt\r\nSITE UTIME 20240102030405 a.txt\r\nMDTM a.txt\r\n");
    for beginning in ["200", "200", "213 20240102030405"] {
        world.expect(beginning);
    }
    world.leave();
}

/// rclone: MLSD for listings, a size and a time for each file, uploads under other names, then a rename.
#[test]
fn rclone_syncs() {
    let mut world = World::new();
    world.dialogue(&[
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("FEAT", "211-"),
        ("TYPE I", "200"),
        ("OPTS UTF8 ON", "200"),
        ("MLST dir", "250-"),
        ("EPSV", "229"),
    ]);
    let link = world.connect();
    world.ask("STOR dir/file.partial", "150");
    world.upload(link, TEXT);
    world.expect("226");
    world.dialogue(&[
        ("MFMT 20240101000000 dir/file.partial", "213"),
        ("SIZE dir/file.partial", "213 12"),
        ("RNFR dir/file.partial", "350"),
        ("RNTO dir/file", "250"),
        ("MDTM dir/file", "213 20240101000000"),
        ("MKD dir", "550"),
        // A blank behind a verb without an argument.
        ("NOOP ", "200"),
        ("PWD ", "257"),
    ]);
    assert_eq!(world.tree.file("/dir/file"), Some(TEXT));
    world.fetch("MLSD dir");
    world.leave();
}

/// Windows Explorer and `ftp.exe`: OPTS before the login, lower case, active mode, LIST.
#[test]
fn windows_asks_for_utf8_first() {
    let mut world = World::new();
    world.dialogue(&[
        ("opts utf8 on", "200"),
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("syst", "215"),
        ("site help", "214"),
        ("PWD", "257"),
        ("noop", "200"),
        ("CWD /", "250"),
        ("TYPE A", "200"),
        ("PORT 198,51,100,7,200,1", "200"),
        ("LIST", "150"),
    ]);
    world.expect("226");
    let listing = String::from_utf8_lossy(&world.link(0).received).into_owned();
    assert!(listing.lines().all(|line| line.contains(" May  6 07:08 ")), "{listing}");
    world.dialogue(&[("PORT 198,51,100,7,200,2", "200"), ("NLST", "150")]);
    world.expect("226");
    world.leave();
}

/// A printer that scans to a folder: everything in active mode, no FEAT, directories that are there already.
#[test]
fn printers_store_what_they_scan() {
    let mut world = World::new();
    world.dialogue(&[
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("MKD dir", "550"),
        ("CWD dir", "250"),
        ("TYPE A N", "200"),
        ("TYPE L 8", "200"),
        ("STRU F", "200"),
        ("MODE S", "200"),
        ("LPRT 4,4,198,51,100,7,2,200,1", "200"),
    ]);
    world.preloaded = b"%PDF".to_vec();
    world.preloaded_end = Some(DataEnd::Clean);
    let told = world.ask("STOU", "150 FILE: ").text();
    world.expect("226");
    let name = told.strip_prefix("150 FILE: ").expect("it tells the name");
    assert_eq!(world.tree.file(&format!("/dir/{name}")), Some(&b"%PDF"[..]));
    world.leave();
}

/// A camera: one connection kept for days, a file each time something moves, an APPE for its log.
#[test]
fn cameras_append_and_stay() {
    let mut world = World::new();
    world.dialogue(&[("USER alice", "331"), ("PASS secret", "230"), ("TYPE I", "200")]);
    for shot in 0..20 {
        world.dialogue(&[("CWD /dir/sub", "250"), ("PASV", "227")]);
        let link = world.connect();
        world.ask(&format!("STOR shot{shot}.jpg"), "150");
        world.upload(link, b"JFIF");
        world.expect("226");
        world.store("APPE /log", b"shot\n");
        world.wait_seconds(250);
        world.ask("NOOP", "200");
    }
    assert_eq!(world.tree.file("/log"), Some(&b"shot\n".repeat(20)[..]));
    world.break_control();
    world.closed(CloseReason::PeerReset);
}

/// Python's ftplib: `TYPE` behind `REST` is not sent, `PASV` behind `REST` is not either; and it waits for `226`.
#[test]
fn ftplib_retrieves() {
    let mut world = World::new();
    world.dialogue(&[
        ("USER alice", "331"),
        ("PASS secret", "230"),
        ("TYPE I", "200"),
        ("PASV", "227"),
        ("REST 6", "350"),
    ]);
    let link = world.connect();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, &TEXT[6..]);
    world.dialogue(&[("TYPE A", "200"), ("PASV", "227")]);
    let link = world.connect();
    world.ask("LIST -a dir", "150");
    world.expect("226");
    assert!(!world.link(link).received.is_empty());
    world.leave();
}
