//! SIZE, MDTM, MFMT, MFCT, MFF, MLST, OPTS MLST.

use crate::servers;
use ftp_tests::{Files, Setup, Wire};

#[test]
fn size_in_image_type_only() {
    for server in servers() {
        server.put("a", b"twelve bytes");
        server.make_dir("d");
        let mut wire = server.login();
        assert_eq!(wire.ask("SIZE a", 213).text(), "12");
        wire.ask("SIZE missing", 550);
        wire.ask("SIZE d", 550);
        wire.ask("TYPE A", 200);
        wire.ask("SIZE a", 550);
        wire.ask("SIZE", 501);
    }
}

#[test]
fn times_are_set_and_told() {
    for server in servers() {
        server.put("a", b"x");
        let mut wire = server.login();
        assert_eq!(wire.ask("MFMT 20200229123456 a", 213).text(), "Modify=20200229123456; a");
        assert_eq!(wire.ask("MDTM a", 213).text(), "20200229123456");
        // The old way, that many clients still go.
        wire.ask("MDTM 19990101000000 a", 213);
        assert_eq!(wire.ask("MDTM a", 213).text(), "19990101000000");
        wire.ask("SITE UTIME 20010203040506 a", 200);
        assert_eq!(wire.ask("MDTM a", 213).text(), "20010203040506");
        wire.ask("MFF Modify=20111111111111;UNIX.mode=0640; a", 213);
        let line = facts(&mut wire, "MLST a");
        assert!(line.contains("modify=20111111111111;"), "{line}");
        assert!(line.to_lowercase().contains("unix.mode=0640;"), "{line}");
        wire.ask("MDTM missing", 550);
        wire.ask("MFMT 20200229123456 missing", 550);
        wire.ask("MFMT 20200230123456 a", 501);
        wire.ask("MFMT yesterday a", 501);
    }
}

#[test]
fn the_time_of_creation_is_set_where_the_storage_keeps_it() {
    let memory = Setup::new().files(Files::Memory(1 << 20)).start();
    memory.put("a", b"x");
    let mut wire = memory.login();
    wire.ask("MFCT 20200229123456 a", 213);
    let disk = Setup::new().start();
    disk.put("a", b"x");
    let mut wire = disk.login();
    wire.ask("MFCT 20200229123456 a", 504);
}

#[test]
fn mlst_tells_one_entry() {
    for server in servers() {
        server.make_dir("d");
        server.put("d/a", b"twelve bytes");
        let mut wire = server.login();
        let line = facts(&mut wire, "MLST d/a");
        assert!(line.ends_with("; /d/a"), "{line}");
        assert!(line.contains("type=file;") && line.contains("size=12;"), "{line}");
        assert!(line.contains("perm=") && line.contains("unique="), "{line}");
        assert!(facts(&mut wire, "MLST").to_lowercase().contains("type=cdir;"));
        assert!(facts(&mut wire, "MLST d").contains("type=dir;"));
        wire.ask("MLST missing", 550);
    }
}

#[test]
fn opts_mlst_chooses_the_facts() {
    for server in servers() {
        server.put("a", b"x");
        let mut wire = server.login();
        assert_eq!(wire.ask("OPTS MLST Type;SIZE;nonsense;", 200).text().to_lowercase(), "mlst opts type;size;");
        assert_eq!(facts(&mut wire, "MLST a").to_lowercase(), "type=file;size=1; /a");
        let feat = wire.ask("FEAT", 211).body();
        let mlst = feat.iter().find(|line| line.starts_with("MLST ")).unwrap();
        assert_eq!(mlst.matches('*').count(), 2, "{mlst}");
        assert_eq!(wire.ask("OPTS MLST", 200).text(), "MLST OPTS");
        assert_eq!(facts(&mut wire, "MLST a"), " /a");
    }
}

/// The one line of facts, which stands between two others (RFC 3659 §7.2).
#[track_caller]
fn facts(wire: &mut Wire, command: &str) -> String {
    let reply = wire.ask(command, 250);
    let body = reply.body();
    assert_eq!(body.len(), 1, "{body:?}");
    body[0].clone()
}
