//! HASH, RANG and OPTS HASH (draft-bryan-ftpext-hash), and the older verbs for the same: XCRC and its kin, MD5, MMD5.

use super::context::{optional, optional_any};
use super::{Check, Context, may, must, should};
use crate::Wire;

pub(super) const CHECKS: &[Check] = &[
    may(
        "hash.reply",
        "draft-bryan-ftpext-hash §3.1",
        "HASH tells the algorithm, the range, the hash, the path",
        |c| {
            let mut wire = offered(c);
            optional(&mut wire, "OPTS HASH SHA-256", 200);
            let reply = wire.ask("HASH fox", 213);
            let text = reply.text();
            let words: Vec<&str> = text.splitn(4, ' ').collect();
            assert_eq!((words[0], words[3]), ("SHA-256", "fox"), "{}", reply.show());
            assert!(words[1].starts_with("0-"), "{}", reply.show());
            assert!(words[2].eq_ignore_ascii_case(SHA256), "{}", reply.show());
        },
    ),
    must("hash.algorithms", "draft-bryan-ftpext-hash §3.3", "OPTS HASH sets each algorithm that FEAT lists", |c| {
        let mut wire = offered(c);
        let listed = algorithms(c);
        for name in &listed {
            wire.ask(&format!("OPTS HASH {name}"), 200);
            let reply = wire.ask("HASH fox", 213);
            let text = reply.text();
            assert!(text.starts_with(&format!("{name} ")), "{}", reply.show());
            if let Some((_, known)) = KNOWN.iter().find(|(known, _)| known == name) {
                assert!(text.to_ascii_lowercase().contains(known), "{}", reply.show());
            }
        }
    }),
    must(
        "hash.one-is-current",
        "draft-bryan-ftpext-hash §3.2",
        "FEAT marks one algorithm, the one that is set",
        |c| {
            let mut wire = offered(c);
            for name in algorithms(c) {
                wire.ask(&format!("OPTS HASH {name}"), 200);
                let line = hash_line(&wire.ask("FEAT", 211).body());
                assert_eq!(line.matches('*').count(), 1, "{line}");
                assert!(line.contains(&format!("{name}*")), "{line}");
                assert!(wire.ask("OPTS HASH", 200).text().contains(&name));
            }
        },
    ),
    must("hash.unknown-algorithm", "draft-bryan-ftpext-hash §3.3", "An algorithm that is not there is refused", |c| {
        let mut wire = offered(c);
        let before = wire.ask("OPTS HASH", 200).text();
        wire.ask_any("OPTS HASH ROT-13", &[501, 504]);
        assert_eq!(wire.ask("OPTS HASH", 200).text(), before);
    }),
    must("hash.missing", "draft-bryan-ftpext-hash §3.1", "HASH of what is not there, or no file, is refused", |c| {
        c.make_dir("d");
        let mut wire = offered(c);
        wire.ask_any("HASH missing", &[550]);
        wire.ask_any("HASH d", &[550, 553, 501]);
        wire.ask_any("HASH", &[501]);
    }),
    should("hash.empty", "draft-bryan-ftpext-hash §3.1", "An empty file has a hash", |c| {
        c.put("empty", b"");
        let mut wire = offered(c);
        optional(&mut wire, "OPTS HASH SHA-1", 200);
        assert!(wire.ask("HASH empty", 213).text().to_ascii_lowercase().contains(SHA1_OF_NOTHING));
    }),
    may("rang.hash", "draft-bryan-ftp-range §3", "RANG says which part HASH is about, once", |c| {
        let mut wire = offered(c);
        optional(&mut wire, "OPTS HASH CRC32", 200);
        optional(&mut wire, "RANG 4 8", 350);
        let part = wire.ask("HASH fox", 213);
        assert!(part.text().starts_with("CRC32 4-8 ") && part.text().contains(CRC32_OF_QUICK), "{}", part.show());
        let whole = wire.ask("HASH fox", 213);
        assert!(whole.text().to_ascii_lowercase().contains(CRC32), "{}", whole.show());
    }),
    should("rang.nonsense", "draft-bryan-ftp-range §3", "What is no range is refused", |c| {
        let mut wire = offered(c);
        optional(&mut wire, "RANG 0 1", 350);
        for line in ["RANG", "RANG x y", "RANG 1", "RANG -1 5"] {
            wire.ask(line, 501);
        }
    }),
    may("xcrc.reply", "draft-bryan-ftpext-hash §1", "XCRC tells the CRC-32", |c| old(c, "XCRC", CRC32)),
    may("xmd5.reply", "draft-bryan-ftpext-hash §1", "XMD5 tells the MD5", |c| old(c, "XMD5", MD5)),
    may("xsha.reply", "draft-bryan-ftpext-hash §1", "XSHA tells the SHA-1", |c| old(c, "XSHA", SHA1)),
    may("xsha1.reply", "draft-bryan-ftpext-hash §1", "XSHA1 tells the SHA-1", |c| old(c, "XSHA1", SHA1)),
    may("xsha256.reply", "draft-bryan-ftpext-hash §1", "XSHA256 tells the SHA-256", |c| old(c, "XSHA256", SHA256)),
    may("xsha512.reply", "draft-bryan-ftpext-hash §1", "XSHA512 tells the SHA-512", |c| old(c, "XSHA512", SHA512)),
    may("xcrc.range", "draft-bryan-ftpext-hash §1", "XCRC takes a range behind a quoted name", |c| {
        c.put("fox", FOX);
        let mut wire = c.login();
        let reply = optional_any(&mut wire, "XCRC \"fox\" 4 9", &[213, 250]);
        assert!(reply.text().to_ascii_lowercase().contains(CRC32_OF_QUICK), "{}", reply.show());
    }),
    may("md5.reply", "draft-twine-ftpmd5 §3.1", "MD5 tells the path and the MD5", |c| {
        c.put("fox", FOX);
        let mut wire = c.login();
        let reply = optional(&mut wire, "MD5 fox", 251);
        assert!(reply.text().to_ascii_lowercase().ends_with(MD5), "{}", reply.show());
        wire.ask_any("MD5 missing", &[504, 550, 556]);
    }),
    may("mmd5.reply", "draft-twine-ftpmd5 §3.2", "MMD5 tells the MD5 of several files", |c| {
        c.put("fox", FOX);
        c.put("empty", b"");
        let mut wire = c.login();
        let reply = optional(&mut wire, "MMD5 fox, empty", 252);
        let text = reply.show().to_ascii_lowercase();
        assert!(text.contains(MD5) && text.contains(MD5_OF_NOTHING), "{text}");
    }),
    must("hash.abor", "RFC 959 §4.1.3", "A long HASH can be aborted, and has one reply of its own", |c| {
        c.needs_feature("HASH");
        let mut wire = c.login();
        let large = c.large();
        wire.say(&format!("HASH {large}"));
        wire.say("ABOR");
        wire.expect_any(&[213, 426, 450, 451]);
        wire.expect_any(&[225, 226]);
        wire.ask("NOOP", 200);
    }),
];

/// Logged in, with a file `fox`; left out where there is no HASH.
#[track_caller]
fn offered(c: &mut Context<'_>) -> Wire {
    c.needs_feature("HASH");
    c.put("fox", FOX);
    c.login()
}

fn hash_line(body: &[String]) -> String {
    body.iter().find(|line| line.starts_with("HASH ")).expect("FEAT lists HASH").clone()
}

fn algorithms(c: &mut Context<'_>) -> Vec<String> {
    let line = hash_line(&c.login().ask("FEAT", 211).body());
    line["HASH ".len()..].split(';').filter(|name| !name.is_empty()).map(|name| name.replace('*', "")).collect()
}

#[track_caller]
fn old(c: &mut Context<'_>, verb: &str, expected: &str) {
    c.put("fox", FOX);
    let mut wire = c.login();
    let reply = optional_any(&mut wire, &format!("{verb} fox"), &[213, 250]);
    assert!(reply.text().to_ascii_lowercase().contains(expected), "{}", reply.show());
    wire.ask(&format!("{verb} missing"), 550);
    wire.ask(verb, 501);
}

const FOX: &[u8] = b"The quick brown fox jumps over the lazy dog";
const CRC32: &str = "414fa339";
const MD5: &str = "9e107d9d372bb6826bd81d3542a419d6";
const SHA1: &str = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12";
const SHA256: &str = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592";
const SHA512: &str = "07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64\
                      2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6";
const KNOWN: [(&str, &str); 5] =
    [("CRC32", CRC32), ("MD5", MD5), ("SHA-1", SHA1), ("SHA-256", SHA256), ("SHA-512", SHA512)];
const CRC32_OF_QUICK: &str = "8dc71ed7";
const MD5_OF_NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SHA1_OF_NOTHING: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
