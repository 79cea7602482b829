//! SITE and its commands.

use crate::servers;
use ftp_tests::Way;

#[test]
fn site_commands() {
    for server in servers() {
        server.put("a", b"content");
        let mut wire = server.login();
        assert!(wire.ask("SITE HELP", 214).body().iter().any(|line| line.starts_with("CHMOD")));
        wire.ask("SITE CHMOD 640 a", 200);
        assert!(wire.ask("MLST a", 250).body()[0].to_lowercase().contains("unix.mode=0640"));
        wire.ask("SITE CHMOD 999 a", 501);
        wire.ask("SITE CHMOD 640 missing", 550);
        wire.ask("SITE UMASK 077", 200);
        wire.store(Way::Epsv, "STOR private", b"x");
        assert!(wire.ask("MLST private", 250).body()[0].to_lowercase().contains("unix.mode=0600"));
        wire.ask("SITE IDLE", 200);
        wire.ask("SITE IDLE 600", 200);
        wire.ask("SITE IDLE 99999999", 501);
        wire.ask("SITE COPY a b", 200);
        assert_eq!(server.content("b").unwrap(), b"content");
        wire.ask("SITE COPY missing b", 550);
        assert_eq!(server.content("b").unwrap(), b"content");
        wire.ask("SITE NONSENSE", 500);
        wire.ask("SITE", 501);
    }
}

#[test]
fn links() {
    for server in servers() {
        server.put("a", b"content");
        server.make_dir("d");
        let mut wire = server.login();
        wire.ask("SITE SYMLINK /a d/link", 200);
        assert_eq!(wire.fetch(Way::Epsv, "RETR d/link"), b"content");
        assert!(wire.list("LIST d")[0].contains("link ->"));
        wire.ask("DELE d/link", 250);
        assert_eq!(server.content("a").unwrap(), b"content");
    }
}
