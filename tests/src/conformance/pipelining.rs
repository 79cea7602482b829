//! Commands that do not wait for replies: answered one by one, in order (RFC 1123 §4.1.2.10).

use std::io::Read;

use super::{Check, must, should};
use crate::Way;

pub(super) const CHECKS: &[Check] = &[
    must("pipe.two", "RFC 1123 §4.1.2.10", "Two commands in one segment have two replies", |c| {
        let mut wire = c.login();
        wire.send("PWD\r\nNOOP\r\n");
        wire.expect(257);
        wire.expect(200);
    }),
    must("pipe.in-order", "RFC 1123 §4.1.2.10", "Six commands in one segment are answered in order", |c| {
        c.put("a", b"x");
        let mut wire = c.login();
        wire.send("PWD\r\nDELE a\r\nNOOP\r\nCWD missing\r\nSYST\r\nMKD d\r\n");
        for code in [257, 250, 200, 550, 215, 257] {
            wire.expect(code);
        }
    }),
    must("pipe.login", "RFC 1123 §4.1.2.10", "A login and what follows it in one segment", |c| {
        let mut wire = c.greeted();
        wire.send(format!("{}\r\n{}\r\nTYPE I\r\nPWD\r\n", c.user(), c.pass()));
        for code in [331, 230, 200, 257] {
            wire.expect(code);
        }
    }),
    must(
        "pipe.before-the-greeting",
        "RFC 1123 §4.1.2.10",
        "Commands before the greeting are answered behind it",
        |c| {
            let mut wire = c.connected();
            wire.send(format!("{}\r\n{}\r\n", c.user(), c.pass()));
            for code in [220, 331, 230] {
                wire.expect(code);
            }
        },
    ),
    must("pipe.depends", "RFC 1123 §4.1.2.10", "A command sees what the one before it did", |c| {
        let mut wire = c.login();
        wire.send("MKD d\r\nCWD d\r\nMKD e\r\nCWD e\r\nPWD\r\nCDUP\r\nRMD e\r\n");
        for code in [257, 250, 257, 250] {
            wire.expect(code);
        }
        assert!(wire.expect(257).text().contains("/d/e\""));
        wire.expect_any(&[200, 250]);
        wire.expect(250);
    }),
    must("pipe.rename", "RFC 1123 §4.1.2.10", "RNFR and RNTO in one segment", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.send("RNFR a\r\nRNTO b\r\n");
        wire.expect(350);
        wire.expect(250);
        assert_eq!(c.content("b"), b"content");
    }),
    must("pipe.error-inside", "RFC 1123 §4.1.2.10", "A mistake does not put the replies out of step", |c| {
        let mut wire = c.login();
        wire.send("NOOP\r\nNONSENSE\r\nPWD\r\nTYPE\r\nSYST\r\n");
        wire.expect(200);
        wire.expect_any(&[500, 502]);
        wire.expect(257);
        wire.expect_any(&[500, 501, 504]);
        wire.expect(215);
    }),
    must(
        "pipe.behind-a-download",
        "RFC 1123 §4.1.2.10",
        "What stands behind a RETR is answered behind its 226",
        |c| {
            c.put("a", b"content");
            let mut wire = c.login();
            let opened = wire.open(Way::Epsv);
            wire.send("RETR a\r\nPWD\r\nSYST\r\n");
            wire.expect_any(&[125, 150]);
            drop(opened.connection().read_to_end(&mut Vec::new()));
            wire.expect_any(&[226, 250]);
            wire.expect(257);
            wire.expect(215);
        },
    ),
    must("pipe.behind-an-upload", "RFC 1123 §4.1.2.10", "What stands behind a STOR sees the file", |c| {
        let mut wire = c.login();
        let opened = wire.open(Way::Epsv);
        wire.send("STOR a\r\nRNFR a\r\nRNTO b\r\n");
        wire.expect_any(&[125, 150]);
        std::io::Write::write_all(&mut opened.connection(), b"content").expect("the server takes it");
        wire.expect_any(&[226, 250]);
        wire.expect(350);
        wire.expect(250);
        assert_eq!(c.content("b"), b"content");
    }),
    should("pipe.passive", "RFC 1123 §4.1.2.10", "EPSV and RETR in one segment, as lftp sends them", |c| {
        c.put("a", b"content");
        let mut wire = c.login();
        wire.send("TYPE I\r\nREST 3\r\nEPSV\r\nRETR a\r\n");
        wire.expect(200);
        wire.expect(350);
        let text = wire.expect(229).text();
        let port = text.split('|').nth(3).and_then(|port| port.parse().ok()).expect("a port");
        let address = std::net::SocketAddr::new(wire.peer().ip(), port);
        let mut data = wire.data_to(address);
        let mut content = Vec::new();
        data.read_to_end(&mut content).expect("an orderly end");
        assert_eq!(content, b"tent");
        drop(data);
        wire.expect_any(&[125, 150]);
        wire.expect_any(&[226, 250]);
    }),
    must("pipe.hundred", "RFC 1123 §4.1.2.10", "A hundred commands in one go have a hundred replies", |c| {
        let mut wire = c.login();
        wire.send("NOOP\r\n".repeat(100));
        (0..100).for_each(|_| drop(wire.expect(200)));
        wire.ask("PWD", 257);
    }),
    must("pipe.quit", "RFC 1123 §4.1.2.10", "QUIT behind other commands lets them be answered", |c| {
        let mut wire = c.login();
        wire.send("MKD d\r\nPWD\r\nQUIT\r\n");
        for code in [257, 257, 221] {
            wire.expect(code);
        }
        wire.expect_closed();
    }),
    should("pipe.half-closed", "RFC 1123 §4.1.2.10", "A client that has said all and listens is answered", |c| {
        let mut wire = c.login();
        wire.send("PWD\r\nNOOP\r\n");
        wire.finish_speaking();
        wire.expect(257);
        wire.expect(200);
    }),
];
