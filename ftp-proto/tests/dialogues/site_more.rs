//! SITE's trees, owners, copies, quota and roster; AVBL, DSIZ, COMB, LANG, CSID, SMNT and PRET.

use ftp_proto::config::Switch;
use ftp_proto::notice::Change;
use ftp_proto::outcome::Quota;
use ftp_proto::verb::{Verb, VerbSet};
use ftp_proto::{Failure, Notice};

use crate::world::World;

fn changes(world: &World) -> Vec<Change> {
    let change = |notice: &Notice| match notice {
        Notice::Changed { change, .. } => Some(change.clone()),
        _ => None,
    };
    world.notices.iter().filter_map(change).collect()
}

#[test]
fn trees_are_made_and_removed() {
    let mut world = World::logged_in();
    world.ask("SITE MKDIR x/y/z", "200 \"/x/y/z\"");
    world.ask("SITE MKDIR x/y/z", "200");
    world.ask("SITE MKDIR a.txt/y", "550");
    world.store("STOR x/y/file", b"content");
    world.ask("SITE RMDIR x", "200");
    assert!(!world.tree.has("/x") && world.tree.has("/dir/sub"));
    world.ask("SITE RMDIR /", "550");
    world.ask("SITE RMDIR dir/..", "550");
    world.ask("SITE RMDIR a.txt", "550");
    world.ask("SITE RMDIR missing", "550");
    world.ask("SITE RMDIR", "501");
    assert!(world.tree.has("/a.txt"));
    assert_eq!(changes(&world), [Change::DirectoryMade, Change::DirectoryMade, Change::TreeRemoved]);
}

#[test]
fn owners_and_groups_are_set() {
    let mut world = World::logged_in();
    world.ask("SITE CHGRP staff a.txt", "200");
    world.ask("SITE CHOWN bob dir", "200");
    world.ask("SITE CHOWN bob:100 a.txt", "200");
    world.ask("SITE CHOWN bob missing", "550");
    world.ask("SITE CHOWN bob", "501");
    world.fail_next("SetOwner", Failure::NameNotAllowed);
    world.ask("SITE CHOWN nobody-at-all a.txt", "553");
    world.fail_next("SetOwner", Failure::PermissionDenied);
    world.ask("SITE CHOWN bob a.txt", "550");
    let (bob, staff) = (Some("bob".to_owned()), Some("staff".to_owned()));
    let expected = [(None, staff), (bob.clone(), None), (bob.clone(), Some("100".into())), (bob, None)];
    assert_eq!(world.owners, expected);
}

#[test]
fn a_copy_in_two_steps_is_like_a_rename() {
    let mut world = World::logged_in();
    world.ask("SITE CPFR a.txt", "350");
    world.ask("SITE CPTO copy", "250");
    assert_eq!(world.tree.file("/copy"), world.tree.file("/a.txt"));
    world.ask("SITE CPTO again", "503");
    world.ask("SITE CPFR missing", "550");
    world.ask("SITE CPTO again", "503");
    world.ask("SITE CPFR dir", "550");
    world.ask("SITE CPFR a.txt", "350");
    world.ask("SITE CPFR missing", "550");
    world.ask("SITE CPTO again", "503");
    for between in ["NOOP", "PWD", "SITE UMASK", "RNFR a.txt", "NONSENSE"] {
        world.ask("SITE CPFR a.txt", "350");
        world.send(between);
        assert!(world.next_reply().is_some());
        world.ask("SITE CPTO again", "503");
    }
    world.ask("SITE CPFR a.txt", "350");
    world.ask("SITE CPTO a.txt", "553");
    world.ask("SITE CPFR a.txt", "350");
    world.ask("SITE CPTO dir", "550");
    assert!(!world.tree.has("/again"));
}

#[test]
fn the_quota_is_told_where_there_is_one() {
    let mut world = World::logged_in();
    world.ask("SITE QUOTA", "202");
    world.quota = Some(Quota { used_bytes: 5, bytes: Some(100), used_files: 2, files: None });
    let quota = world.ask("SITE QUOTA", "200-").text();
    assert!(quota.contains(" Bytes: 5 of 100\n Files: 2, no limit\n200 End"), "{quota}");
}

#[test]
fn who_is_for_admins() {
    let mut world = World::logged_in();
    world.ask("SITE WHO", "550");
    let mut world = World::with(|config| config.limits.reply_lines = 1);
    world.ask("SITE WHO", "530");
    world.log_in("admin");
    assert_eq!(world.ask("SITE WHO", "200-").lines, ["200-Who is on:", " alice from 198.51.100.7", "200 And more."]);
    let mut world = World::new();
    world.log_in("admin");
    let lines = world.ask("SITE WHO", "200-").lines;
    assert_eq!(lines, ["200-Who is on:", " alice from 198.51.100.7", " bad??200 line", "200 End"]);
    world.fail_next("Who", Failure::Unsupported);
    world.ask("SITE WHO", "504");
}

#[test]
fn an_account_does_only_what_it_may() {
    let mut world = World::new();
    world.log_in("reader");
    let before = world.tree.clone();
    for line in [
        "SITE CHGRP staff a.txt",
        "SITE CHOWN bob a.txt",
        "SITE MKDIR new",
        "SITE RMDIR dir",
        "SITE CPTO x",
        "COMB all a.txt empty",
        "PRET STOR x",
    ] {
        world.ask(line, "550");
    }
    world.ask("SITE CPFR a.txt", "350");
    world.ask("SITE CPTO x", "550");
    world.ask("DSIZ", "213");
    world.ask("AVBL", "213");
    assert_eq!(world.tree, before);
    let mut world = World::new();
    world.log_in("dropper");
    for line in ["DSIZ", "AVBL", "SITE CPFR a.txt", "PRET RETR a.txt", "COMB all a.txt empty"] {
        world.ask(line, "550");
    }
}

#[test]
fn room_and_size_of_directories() {
    let mut world = World::logged_in();
    world.ask("AVBL", "213 1000000");
    world.ask("AVBL dir", "213 1000000");
    world.ask("DSIZ", "213 268");
    world.ask("DSIZ dir", "213 256");
    world.ask("DSIZ dir/sub", "213 0");
    world.ask("DSIZ a.txt", "550");
    world.ask("DSIZ missing", "550");
    world.fail_next("Space", Failure::Unsupported);
    world.ask("AVBL", "504");
}

#[test]
fn parts_are_joined() {
    let mut world = World::logged_in();
    world.tree.put("/b c", b"two");
    world.ask("COMB all a.txt \"b c\"", "250");
    assert_eq!(world.tree.file("/all"), Some(&b"hello\nworld\ntwo"[..]));
    assert!(!world.tree.has("/a.txt") && !world.tree.has("/b c"));
    world.tree.put("/more", b"!");
    world.ask("COMB \"all\" \"more\"", "250");
    assert_eq!(world.tree.file("/all"), Some(&b"hello\nworld\ntwo!"[..]));
    world.ask("COMB all all", "553");
    world.ask("COMB new empty /empty", "553");
    world.ask("COMB all missing", "550");
    world.ask("COMB all", "501");
    world.ask(&format!("COMB all {}", (0..100).map(|n| format!("p{n}")).collect::<Vec<_>>().join(" ")), "501");
    assert_eq!(changes(&world), [Change::Combined, Change::Combined]);
}

#[test]
fn replies_are_in_english() {
    let mut world = World::new();
    for line in ["LANG", "LANG en", "LANG EN-us"] {
        world.ask(line, "200");
    }
    world.ask("LANG fr", "504");
    world.ask("LANG english", "504");
    world.ask("LANG x_y", "501");
    assert!(world.ask("FEAT", "211").text().contains(" LANG EN*\n"));
}

#[test]
fn the_server_tells_what_it_is_and_not_where_it_runs() {
    let mut world = World::new();
    let reply = world.ask("CSID Name=client; Version=1;", "200 Name=ftp-proto; Version=").text();
    assert!(reply.trim_end().ends_with(';'), "{reply}");
    world.ask("CSID client", "501");
}

#[test]
fn mounting_is_on_only_where_configured() {
    let mut world = World::logged_in();
    world.ask("SMNT x", "502");
    assert!(!world.ask("HELP", "214").text().contains("SMNT"));
    world.ask("HELP SMNT", "502");
    let mut world = World::logged_in_with(|config| config.structure_mount = Switch::On);
    world.ask("SMNT x", "202");
    assert!(world.ask("HELP", "214").text().contains("SMNT"));
}

#[test]
fn a_prepared_transfer_tells_its_node_in_the_next_pasv() {
    let mut world = World::logged_in();
    world.node = Some("192.0.2.77".parse().unwrap());
    world.ask("PRET RETR a.txt", "200");
    world.ask("PASV", "227 Entering Passive Mode (192,0,2,77,");
    world.ask("PASV", "227 Entering Passive Mode (192,0,2,1,");
    world.ask("PRET STOU", "200");
    world.ask("LPSV", "228 Entering Long Passive Mode (4,4,192,0,2,77,");
    world.ask("PRET APPE x", "200");
    world.ask("PRET LIST", "200");
    world.ask("PASV", "227 Entering Passive Mode (192,0,2,1,");
    world.ask("PRET RETR a.txt", "200");
    world.ask("REST 3", "350");
    world.ask("PRET RETR a.txt", "200");
    world.ask("EPSV", "229");
    world.connect();
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.links.last().unwrap().received, b"lo\nworld\n", "REST stays in force");
    world.node = Some("2001:db8::1".parse().unwrap());
    world.ask("PRET RETR a.txt", "200");
    world.ask("PASV", "227 Entering Passive Mode (192,0,2,1,");
    world.fail_next("Prepare", Failure::NotFound);
    world.ask("PRET RETR missing", "550");
    for (line, reply) in [("PRET RETR", "501"), ("PRET NONSENSE", "501"), ("PRET DELE x", "504"), ("PRET", "501")] {
        world.ask(line, reply);
    }
    assert_eq!(world.prepared[0], ("/a.txt".to_owned(), false));
    assert_eq!(world.prepared[1], ("/".to_owned(), true));
    let mut world = World::logged_in_with(|config| config.disabled = VerbSet::of(Verb::Appe));
    world.ask("PRET APPE x", "504");
}

#[test]
fn site_help_lists_what_there_is() {
    let mut world = World::logged_in();
    let help = world.ask("SITE HELP", "214").lines;
    let listed: Vec<&str> =
        help[1..help.len() - 1].iter().map(|line| line.split_whitespace().next().unwrap()).collect();
    let there = [
        "CHGRP", "CHMOD", "CHOWN", "COPY", "CPFR", "CPTO", "HELP", "IDLE", "MKDIR", "QUOTA", "RMDIR", "SYMLINK",
        "UMASK", "UTIME", "WHO",
    ];
    assert_eq!(listed, there);
    for name in there {
        world.send(&format!("SITE {name}"));
        assert_ne!(world.next_reply().unwrap().code, 500, "{name}");
    }
}
