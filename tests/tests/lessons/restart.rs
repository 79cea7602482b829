//! REST, APPE and empty files.

use super::*;

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
