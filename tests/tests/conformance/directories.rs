//! CWD, CDUP, PWD, MKD, RMD, DELE, RNFR, RNTO.

use crate::servers;
use ftp_tests::Setup;

#[test]
fn walking_about() {
    for server in servers() {
        server.make_dir("d");
        server.make_dir("d/e");
        server.put("d/file", b"x");
        let mut wire = server.login();
        wire.ask("CWD d/e", 250);
        assert!(wire.ask("PWD", 257).text().starts_with("\"/d/e\""));
        wire.ask("CDUP", 250);
        assert!(wire.ask("XPWD", 257).text().starts_with("\"/d\""));
        wire.ask("XCWD /", 250);
        wire.ask("XCUP", 250);
        assert!(wire.ask("PWD", 257).text().starts_with("\"/\""));
        wire.ask("CWD missing", 550);
        wire.ask("CWD d/file", 550);
        wire.ask("CWD", 501);
        assert!(wire.ask("PWD", 257).text().starts_with("\"/\""));
        wire.ask("CDUP x", 501);
    }
}

#[test]
fn making_and_removing() {
    for server in servers() {
        let mut wire = server.login();
        assert!(wire.ask("MKD new", 257).text().starts_with("\"/new\""));
        wire.ask("MKD new", 550);
        wire.ask("XMKD new/inner", 257);
        wire.ask("RMD new", 550);
        wire.ask("XRMD new/inner", 250);
        wire.ask("RMD new", 250);
        wire.ask("RMD new", 550);
        wire.ask("RMD /", 550);
        wire.ask("MKD a/b/c", 550);
    }
}

#[test]
fn deleting_files_only() {
    for server in servers() {
        server.put("a", b"x");
        server.make_dir("d");
        let mut wire = server.login();
        wire.ask("DELE a", 250);
        wire.ask("DELE a", 550);
        wire.ask("DELE d", 550);
        wire.ask("RMD d", 250);
        assert_eq!(server.content("a"), None);
    }
}

#[test]
fn renaming() {
    for server in servers() {
        server.put("a", b"content of a");
        server.put("b", b"content of b");
        server.make_dir("d");
        let mut wire = server.login();
        wire.ask("RNFR a", 350);
        wire.ask("RNTO d/a", 250);
        assert_eq!(server.content("d/a").unwrap(), b"content of a");
        wire.ask("RNFR d/a", 350);
        wire.ask("RNTO b", 250);
        assert_eq!(server.content("b").unwrap(), b"content of a");
        wire.ask("RNFR b", 350);
        wire.ask("RNTO d", 553);
        wire.ask("RNFR d", 350);
        wire.ask("RNTO d/inside", 553);
        wire.ask("RNFR missing", 550);
        wire.ask("RNTO x", 503);
        assert_eq!(server.content("b").unwrap(), b"content of a");
    }
}

#[test]
fn replacing_by_rename_can_be_switched_off() {
    let server = Setup::new().config(|config| config.rename_replaces = ftp_proto::config::Switch::Off).start();
    server.put("a", b"a");
    server.put("b", b"b");
    let mut wire = server.login();
    wire.ask("RNFR a", 350);
    wire.ask("RNTO b", 553);
    assert_eq!(server.content("b").unwrap(), b"b");
    assert_eq!(server.content("a").unwrap(), b"a");
}
