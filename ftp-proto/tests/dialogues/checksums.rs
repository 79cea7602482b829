//! HASH and its kin. The world's digest of a range is the algorithm's number and then the range itself.

use ftp_proto::Failure;
use ftp_proto::storage::{HashAlgorithm, HashAlgorithms};
use ftp_proto::verb::{Verb, VerbSet};

use crate::world::World;

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_hash_tells_algorithm_range_digest_and_name() {
    let mut world = World::logged_in();
    let all = hex("hello\nworld\n");
    world.ask("HASH a.txt", &format!("213 SHA-256 0-11 03{all} a.txt"));
    world.ask("HASH /dir/../a.txt", &format!("213 SHA-256 0-11 03{all} /dir/../a.txt"));
    world.ask("HASH empty", "213 SHA-256 0-0 03 empty");
    world.ask("HASH dir", "550");
    world.ask("HASH missing", "550");
    world.ask("HASH", "501");
    world.fail_next("Hash", Failure::Unsupported);
    world.ask("HASH a.txt", "504");
    world.fail_next("Hash", Failure::Busy);
    world.ask("HASH a.txt", "450");
    world.ask("QUIT", "221");
}

#[test]
fn feat_and_opts_tell_and_choose_the_algorithm() {
    let mut world = World::logged_in();
    let features = world.ask("FEAT", "211").text();
    assert!(features.contains(" HASH CRC32;MD5;SHA-1;SHA-256*;SHA-512;BLAKE3"), "{features}");
    world.ask("OPTS HASH", "200 SHA-256");
    for (number, algorithm) in HashAlgorithm::ALL.into_iter().enumerate() {
        let name = algorithm.name();
        world.ask(&format!("OPTS HASH {}", name.to_lowercase()), &format!("200 {name}"));
        world.ask("OPTS HASH", &format!("200 {name}"));
        assert!(world.ask("FEAT", "211").text().contains(&format!("{name}*")));
        world.ask("HASH empty", &format!("213 {name} 0-0 {number:02x} empty"));
    }
    world.ask("OPTS HASH SHA-3", "501");
    world.ask("OPTS HASH", "200 BLAKE3");
    world.ask("REIN", "220");
    world.ask("OPTS HASH", "200 SHA-256");
}

#[test]
fn a_range_is_for_the_next_hash_only() {
    let mut world = World::logged_in();
    world.ask("RANG 2 4", "350");
    world.ask("HASH a.txt", &format!("213 SHA-256 2-4 03{} a.txt", hex("llo")));
    world.ask("HASH a.txt", "213 SHA-256 0-11 ");
    world.ask("RANG 11 11", "350");
    world.ask("NOOP", "200");
    world.ask("OPTS HASH MD5", "200");
    world.ask("TYPE I", "200");
    world.ask("HASH a.txt", "213 MD5 11-11 010a a.txt");
    for between in ["PWD", "RANG 1 0", "SIZE a.txt", "REST 1", "HASH missing", "MODE S", "NONSENSE"] {
        world.ask("RANG 2 4", "350");
        world.send(between);
        assert!(world.next_reply().is_some());
        world.ask("HASH a.txt", "213 MD5 0-11 ");
    }
    for bad in ["RANG 4 2", "RANG 1", "RANG x y", "RANG", "RANG -1 2"] {
        world.ask(bad, "501");
    }
    for beyond in ["RANG 0 12", "RANG 12 12", "RANG 0 18446744073709551615"] {
        world.ask(beyond, "350");
        world.ask("HASH a.txt", "552");
    }
    world.ask("REST 1", "350");
    world.ask("RANG 0 1", "350");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n", "RANG took REST's place");
    world.ask("HASH a.txt", "213 MD5 0-11 ");
}

#[test]
fn the_older_verbs_each_have_their_algorithm() {
    let mut world = World::logged_in();
    let all = hex("hello\nworld\n").to_uppercase();
    for (verb, number) in [("XCRC", 0), ("XMD5", 1), ("XSHA", 2), ("XSHA1", 2), ("XSHA256", 3), ("XSHA512", 4)] {
        world.ask(&format!("{verb} a.txt"), &format!("250 0{number}{all}"));
        world.ask(&format!("{verb} \"a.txt\""), &format!("250 0{number}{all}"));
        world.ask(&format!("{verb} \"a.txt\" 6"), &format!("250 0{number}776F726C640A"));
        world.ask(&format!("{verb} \"a.txt\" 0 2"), &format!("250 0{number}6865"));
        world.ask(&format!("{verb} a.txt 0 2"), &format!("250 0{number}6865"));
        world.ask(&format!("{verb} a.txt 2 0"), "501");
        world.ask(&format!("{verb} \"a.txt\" 2 1"), "501");
        world.ask(&format!("{verb} a.txt 0 99"), "552");
        world.ask(&format!("{verb} missing"), "550");
        world.ask(&format!("{verb} missing 1 2"), "550");
        world.ask(verb, "501");
        world.ask(&format!("{verb} dir"), "550");
    }
    world.tree.put("/report 2024", b"x");
    world.tree.put("/report", b"y");
    world.ask("XMD5 report 2024", "250 0178");
    world.ask("XMD5 \"report 2024\"", "250 0178");
    world.ask("RANG 0 1", "350");
    world.ask("XMD5 report", "250 0179");
}

#[test]
fn md5_tells_the_name_and_mmd5_many() {
    let mut world = World::logged_in();
    world.tree.put("/c, d", b"x");
    let all = hex("hello\nworld\n").to_uppercase();
    world.ask("MD5 a.txt", &format!("251 a.txt 01{all}"));
    world.ask("MD5 \"c, d\"", "251 \"c, d\" 0178");
    world.ask("MD5 c, d", "251 \"c, d\" 0178");
    world.ask("MMD5 empty", "252 empty 01");
    world.ask("MMD5 empty, \"c, d\",a.txt", &format!("252 empty 01, \"c, d\" 0178, a.txt 01{all}"));
    world.ask("MMD5 empty, missing, a.txt", "550");
    world.ask("MMD5 ,", "501");
    world.ask(&format!("MMD5 {}", ["empty"; 100].join(",")), "252");
    world.ask(&format!("MMD5 {}", ["empty"; 101].join(",")), "501");
    world.silent();
}

#[test]
fn reading_must_be_allowed() {
    let mut world = World::new();
    for line in ["HASH a.txt", "XCRC a.txt", "MD5 a.txt", "MMD5 a.txt", "RANG 1 2"] {
        world.ask(line, "530");
    }
    world.log_in("dropper");
    for line in ["HASH a.txt", "XCRC a.txt", "MD5 a.txt", "MMD5 a.txt", "RANG 1 2"] {
        world.ask(line, "550");
    }
    world.log_in("reader");
    world.ask("HASH a.txt", "213");
}

#[test]
fn an_algorithm_that_is_off_takes_its_verbs_along() {
    let off = HashAlgorithms::of(HashAlgorithm::Md5) | HashAlgorithms::of(HashAlgorithm::Sha256);
    let mut world = World::logged_in_with(|config| config.hashes = HashAlgorithms::ALL.without(off));
    let features = world.ask("FEAT", "211").text();
    assert!(features.contains(" HASH CRC32*;SHA-1;SHA-512;BLAKE3\n"), "{features}");
    assert!(!features.contains("MD5") && !features.contains("XSHA256") && features.contains(" XSHA512"), "{features}");
    let help = world.ask("HELP", "214").text();
    assert!(!help.contains("MD5") && !help.contains("XSHA256") && help.contains("XSHA512"), "{help}");
    for line in ["XMD5 a.txt", "MD5 a.txt", "MMD5 a.txt", "XSHA256 a.txt", "OPTS HASH MD5"] {
        world.ask(line, "504");
    }
    world.ask("HASH a.txt", "213 CRC32 ");
    world.ask("XCRC a.txt", "250");

    let mut world = World::logged_in_with(|config| config.hashes = HashAlgorithms::NONE);
    assert!(!world.ask("FEAT", "211").text().contains("HASH"));
    for line in ["HASH a.txt", "RANG 0 1", "OPTS HASH", "OPTS HASH SHA-1", "XCRC a.txt"] {
        world.ask(line, "504");
    }

    let mut world = World::logged_in_with(|config| config.disabled = VerbSet::of(Verb::Xcrc));
    world.ask("XCRC a.txt", "502");
    assert!(!world.ask("FEAT", "211").text().contains("XCRC"));
}
