//! HASH and its kin, and what else servers add for whole files and trees: AVBL, DSIZ, COMB, SITE MKDIR and RMDIR.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::Wire;

/// Of `abc`, from the standards that describe the algorithms.
const MD5_OF_ABC: &str = "900150983cd24fb0d6963f7d28e17f72";
const SHA1_OF_ABC: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const SHA512_OF_ABC: &str = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
const CRC32_OF_ABC: &str = "352441c2";

pub(super) const CHECKS: &[Check] = &[
    must("hash.known-answers", "draft-bryan-ftpext-hash §3", "HASH tells the digest of each algorithm", |c| {
        let mut wire = abc(c);
        for (name, digest) in
            [("SHA-1", SHA1_OF_ABC), ("SHA-256", SHA256_OF_ABC), ("SHA-512", SHA512_OF_ABC), ("MD5", MD5_OF_ABC)]
        {
            if [501, 504].contains(&wire.ask_any(&format!("OPTS HASH {name}"), &[200, 501, 504]).code) {
                continue;
            }
            let reply = wire.ask("HASH a b", 213).text();
            assert!(reply.starts_with(name) && reply.ends_with("a b"), "{reply}");
            assert!(reply.to_lowercase().contains(digest), "{reply}");
        }
    }),
    must(
        "hash.feat",
        "draft-bryan-ftpext-hash §5",
        "FEAT marks the algorithm that is in use, and OPTS HASH tells it",
        |c| {
            let mut wire = abc(c);
            let line = |wire: &mut Wire| {
                let lines = wire.ask("FEAT", 211).body();
                lines
                    .into_iter()
                    .find_map(|line| Some(line.strip_prefix("HASH ")?.to_owned()))
                    .expect("a line for HASH")
            };
            for name in line(&mut wire).split(';') {
                let name = name.trim_end_matches('*');
                wire.ask(&format!("OPTS HASH {name}"), 200);
                assert!(line(&mut wire).contains(&format!("{name}*")));
                assert_eq!(wire.ask("OPTS HASH", 200).text(), name);
            }
        },
    ),
    must("hash.missing", "draft-bryan-ftpext-hash §3", "HASH of nothing is 550", |c| {
        abc(c).ask("HASH missing", 550);
    }),
    should("hash.directory", "draft-bryan-ftpext-hash §3", "HASH of a directory is refused", |c| {
        let mut wire = abc(c);
        wire.ask("MKD d", 257);
        wire.ask_any("HASH d", &[550, 552, 553]);
    }),
    may("hash.range", "draft-bryan-ftp-range §3", "RANG narrows the next HASH, and no other", |c| {
        let mut wire = abc(c);
        c.put("xabcx", b"xabcx");
        optional(&mut wire, "OPTS HASH SHA-256", 200);
        optional(&mut wire, "RANG 1 3", 350);
        let part = wire.ask("HASH xabcx", 213).text().to_lowercase();
        if !part.contains(SHA256_OF_ABC) {
            c.skip("RANG is for transfers only");
        }
        assert!(!wire.ask("HASH xabcx", 213).text().to_lowercase().contains(SHA256_OF_ABC));
        wire.ask("RANG 3 1", 501);
        wire.ask("RANG 1 0", 350);
        wire.ask_any("RANG 1", &[500, 501]);
    }),
    must("hash.abor", "RFC 959 §4.1.3", "A long HASH can be aborted, and has one reply of its own", |c| {
        let mut wire = abc(c);
        let large = c.large();
        optional(&mut wire, "OPTS HASH SHA-512", 200);
        wire.say(&format!("HASH {large}"));
        wire.say("ABOR");
        wire.expect_any(&[213, 426, 450, 451]);
        wire.expect_any(&[225, 226]);
        wire.ask("NOOP", 200);
    }),
    may("xcrc.reply", "RFC 5797 §3", "XCRC and its kin tell the digest, of quoted names too", |c| {
        let mut wire = c.login();
        c.put("a b", b"abc");
        c.put("a", b"abc");
        for (verb, digest) in [
            ("XCRC", CRC32_OF_ABC),
            ("XMD5", MD5_OF_ABC),
            ("XSHA1", SHA1_OF_ABC),
            ("XSHA256", SHA256_OF_ABC),
            ("XSHA512", SHA512_OF_ABC),
        ] {
            if !c.has_feature(verb) {
                continue;
            }
            for name in ["a", "\"a b\""] {
                let reply = wire.ask_any(&format!("{verb} {name}"), &[213, 250]);
                assert!(reply.show().to_lowercase().contains(digest), "{verb} {name}: {}", reply.show());
            }
            wire.ask_any(&format!("{verb} missing"), &[450, 550]);
        }
    }),
    may("md5.reply", "RFC 5797 §3", "MD5 and MMD5 tell names and digests", |c| {
        c.needs_feature("MD5");
        let mut wire = c.login();
        c.put("a", b"abc");
        c.put("b", b"abc");
        assert_eq!(wire.ask("MD5 a", 251).text().to_lowercase(), format!("a {MD5_OF_ABC}"));
        let both = wire.ask("MMD5 a, b", 252).text().to_lowercase();
        assert_eq!(both, format!("a {MD5_OF_ABC}, b {MD5_OF_ABC}"));
    }),
    may("dsiz.reply", "RFC 5797 §3", "DSIZ sums up a tree", |c| {
        c.needs_feature("DSIZ");
        let mut wire = c.login();
        c.make_dir("d");
        c.put("d/a", b"abc");
        c.put("b", b"defgh");
        assert_eq!(wire.ask("DSIZ", 213).text(), "8");
        assert_eq!(wire.ask("DSIZ d", 213).text(), "3");
        wire.ask("DSIZ missing", 550);
    }),
    may("avbl.reply", "RFC 5797 §3", "AVBL tells a number", |c| {
        c.needs_feature("AVBL");
        assert!(c.login().ask("AVBL", 213).text().parse::<u64>().is_ok());
    }),
    may("comb.reply", "RFC 5797 §3", "COMB joins parts, and they are gone", |c| {
        c.needs_feature("COMB");
        let mut wire = c.login();
        c.put("p 1", b"one");
        c.put("p2", b"two");
        wire.ask("COMB \"all\" \"p 1\" \"p2\"", 250);
        assert_eq!(c.content("all"), b"onetwo");
        assert!(!c.has("p 1") && !c.has("p2"));
        wire.ask("COMB all missing", 550);
        assert_eq!(c.content("all"), b"onetwo");
    }),
    may("site.trees", "RFC 959 §4.1.3", "SITE MKDIR makes a whole path, SITE RMDIR removes a whole tree", |c| {
        let mut wire = c.login();
        optional_any(&mut wire, "SITE MKDIR x/y/z", &[200, 250, 257]);
        wire.ask("CWD x/y/z", 250);
        wire.ask("CWD ../../..", 250);
        c.put("x/y/a", b"abc");
        wire.ask_any("SITE RMDIR x", &[200, 250]);
        wire.ask("CWD x", 550);
    }),
    may("site.copy-in-two-steps", "RFC 959 §4.1.3", "SITE CPFR and CPTO copy, one right behind the other", |c| {
        let mut wire = c.login();
        c.put("a", b"abc");
        optional(&mut wire, "SITE CPFR a", 350);
        wire.ask_any("SITE CPTO b", &[200, 250]);
        assert_eq!(c.content("b"), b"abc");
        wire.ask("SITE CPTO c", 503);
        wire.ask_any("SITE CPFR missing", &[550]);
        wire.ask("SITE CPTO c", 503);
    }),
    may("pret.reply", "RFC 5797 §3", "PRET takes the transfer that will follow", |c| {
        c.needs_feature("PRET");
        let mut wire = c.login();
        c.put("a", b"abc");
        wire.ask("PRET RETR a", 200);
        wire.ask("PRET LIST", 200);
        wire.ask_any("PRET NONSENSE", &[500, 501, 504]);
    }),
];

/// Logged in where a file `a b` holds `abc`, and HASH is there.
fn abc(c: &mut Context<'_>) -> Wire {
    c.needs_feature("HASH");
    c.put("a b", b"abc");
    c.login()
}
