//! RNFR and RNTO, RMD.

use super::*;

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
