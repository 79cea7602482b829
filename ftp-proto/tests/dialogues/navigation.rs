//! Directories, files, their facts, and what accounts may do.

use ftp_proto::Failure;
use ftp_proto::config::{CustomVerb, Switch};
use ftp_proto::verb::{Verb, VerbSet};

use crate::world::World;

#[test]
fn a_client_walks_the_tree() {
    let mut world = World::logged_in();
    world.ask("CWD dir", "250");
    world.ask("PWD", "257 \"/dir\"");
    world.ask("XCWD sub", "250");
    world.ask("XPWD", "257 \"/dir/sub\"");
    world.ask("CDUP", "250");
    world.ask("PWD", "257 \"/dir\"");
    world.ask("CWD ../../../..", "250");
    world.ask("PWD", "257 \"/\"");
    world.ask("CWD missing", "550");
    world.ask("CWD a.txt", "550");
    world.ask("PWD", "257 \"/\"");
}

#[test]
fn quotes_are_doubled_in_257() {
    let mut world = World::logged_in();
    world.ask("MKD a\"b", "257 \"/a\"\"b\"");
    world.ask("CWD a\"b", "250");
    world.ask("PWD", "257 \"/a\"\"b\"");
}

#[test]
fn blanks_of_a_name_belong_to_it() {
    let mut world = World::logged_in();
    world.ask("MKD  two  ", "257 \"/ two  \"");
    assert!(world.tree.has("/ two  "));
}

#[test]
fn directories_are_made_and_removed() {
    let mut world = World::logged_in();
    world.ask("MKD new", "257 \"/new\"");
    world.ask("MKD new", "550");
    world.ask("MKD missing/new", "550");
    world.ask("RMD new", "250");
    world.ask("RMD new", "550");
    world.ask("RMD dir", "550");
    world.ask("RMD /", "550");
    assert!(world.tree.has("/dir/b.bin"), "a directory that holds something stays");
}

#[test]
fn files_are_removed() {
    let mut world = World::logged_in();
    world.ask("DELE a.txt", "250");
    world.ask("DELE a.txt", "550");
    world.ask("DELE dir", "550");
    assert!(!world.tree.has("/a.txt"));
}

#[test]
fn a_file_is_renamed() {
    let mut world = World::logged_in();
    world.ask("RNFR a.txt", "350");
    world.ask("RNTO dir/c.txt", "250");
    assert!(!world.tree.has("/a.txt") && world.tree.has("/dir/c.txt"));
}

#[test]
fn rnto_comes_only_behind_rnfr() {
    let mut world = World::logged_in();
    world.ask("RNTO x", "503");
    for between in ["NOOP", "PWD", "TYPE I", "NONSENSE", "RNFR missing", "RNTO"] {
        world.ask("RNFR a.txt", "350");
        world.send(between);
        assert!(world.next_reply().is_some());
        world.ask("RNTO x", "503");
    }
    assert!(world.tree.has("/a.txt"));
}

#[test]
fn a_refused_rnto_uses_its_rnfr_up() {
    let mut world = World::logged_in_with(|config| config.limits.path = 20);
    world.ask("RNFR a.txt", "350");
    world.ask(&format!("RNTO {}", "x".repeat(30)), "553");
    world.ask("RNTO b", "503");
}

#[test]
fn a_failed_rnfr_clears_the_earlier_one() {
    let mut world = World::logged_in();
    world.ask("RNFR a.txt", "350");
    world.ask("RNFR missing", "550");
    world.ask("RNTO x", "503");
}

#[test]
fn a_directory_does_not_move_into_itself() {
    let mut world = World::logged_in();
    world.ask("RNFR dir", "350");
    world.ask("RNTO dir/sub/dir", "553");
    world.ask("RNFR /", "550");
}

#[test]
fn rename_replaces_only_where_it_may() {
    let mut world = World::logged_in_with(|config| config.rename_replaces = Switch::Off);
    world.ask("RNFR a.txt", "350");
    world.ask("RNTO empty", "553");
    assert_eq!(world.tree.file("/empty"), Some(&b""[..]));
}

#[test]
fn sizes_and_times_are_told() {
    let mut world = World::logged_in();
    world.ask("SIZE a.txt", "213 12");
    world.ask("MDTM a.txt", "213 20240506070809");
    world.ask("SIZE dir", "550");
    world.ask("SIZE missing", "550");
    world.ask("MDTM missing", "550");
    world.ask("TYPE A", "200");
    world.ask("SIZE a.txt", "550");
}

#[test]
fn times_and_modes_are_set() {
    let mut world = World::logged_in();
    world.ask("MFMT 20200102030405 a.txt", "213 Modify=20200102030405; a.txt");
    world.ask("MDTM a.txt", "213 20200102030405");
    world.ask("MDTM 20210102030405 a.txt", "213");
    world.ask("MDTM a.txt", "213 20210102030405");
    world.ask("MFF Modify=20220102030405;UNIX.mode=0600; a.txt", "213");
    world.ask("SITE CHMOD 640 a.txt", "200");
    assert_eq!(world.tree.node(b"/a.txt").unwrap().mode, 0o640);
    world.ask("SITE UTIME 202301020304 a.txt", "200");
    world.ask("MDTM a.txt", "213 20230102030400");
    world.ask("MFCT 20200102030405 a.txt", "504");
    world.ask("MFMT 20201302030405 a.txt", "501");
    world.ask("MFF media-type=x; a.txt", "504");
}

#[test]
fn site_has_its_own_commands() {
    let mut world = World::logged_in();
    assert!(world.ask("SITE HELP", "214").text().contains("CHMOD"));
    world.ask("SITE UMASK 077", "200");
    world.ask("SITE UMASK", "200 UMASK is 077");
    world.ask("SITE IDLE 600", "200");
    world.ask("SITE IDLE 99999", "501");
    world.ask("SITE COPY a.txt copy.txt", "200");
    assert_eq!(world.tree.file("/copy.txt"), Some(&b"hello\nworld\n"[..]));
    world.ask("SITE COPY a.txt a.txt", "553");
    world.ask("SITE SYMLINK a.txt link", "504");
    world.ask("SITE NONSENSE", "500");
    world.ask("SITE", "501");
}

#[test]
fn failures_of_the_storage_are_replies_without_its_words() {
    let mut world = World::logged_in();
    for (failure, code) in [
        (Failure::PermissionDenied, "550"),
        (Failure::NoSpace, "452"),
        (Failure::OverQuota, "552"),
        (Failure::Busy, "450"),
        (Failure::Unsupported, "504"),
        (Failure::NameNotAllowed, "553"),
        (Failure::Vetoed, "550"),
        (Failure::Io, "451"),
        (Failure::Lost, "451"),
        (Failure::TimedOut, "451"),
    ] {
        world.fail_next("MakeDir", failure);
        world.ask("MKD new", code);
        assert!(!world.tree.has("/new"));
    }
}

#[test]
fn a_reader_changes_nothing() {
    let mut world = World::new();
    world.log_in("reader");
    let before = world.tree.clone();
    for line in [
        "STOR x",
        "STOU",
        "APPE a.txt",
        "DELE a.txt",
        "RNFR a.txt",
        "MKD x",
        "RMD dir/sub",
        "ALLO 5",
        "MFMT 20200102030405 a.txt",
        "SITE CHMOD 600 a.txt",
        "SITE COPY a.txt b",
        "SITE SYMLINK a b",
        "SITE UTIME 202301020304 a.txt",
    ] {
        world.ask(line, "550");
    }
    world.ask("MDTM 20210102030405 a.txt", "550");
    assert_eq!(world.tree, before);
    assert_eq!(world.fetch("RETR a.txt"), b"hello\nworld\n");
}

#[test]
fn a_drop_box_takes_new_files_and_shows_nothing() {
    let mut world = World::new();
    world.log_in("dropper");
    for line in ["LIST", "NLST", "MLSD", "MLST", "STAT .", "SIZE a.txt", "MDTM a.txt", "RETR a.txt", "DELE a.txt"] {
        world.ask(line, "550");
    }
    world.store("STOR new", b"content");
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
    world.passive();
    world.ask("STOR new", "553");
    world.ask("REST 2", "350");
    world.ask("STOR new", "550");
    world.ask("APPE new", "550");
    assert_eq!(world.tree.file("/new"), Some(&b"content"[..]));
    world.ask("CWD dir", "250");
}

#[test]
fn verbs_that_are_off_vanish() {
    let off = [Verb::Dele, Verb::Size, Verb::Mfct].into_iter().collect::<VerbSet>();
    let mut world = World::logged_in_with(|config| {
        config.disabled = off;
        config.active_mode = Switch::Off;
    });
    world.ask("DELE a.txt", "502");
    world.ask("DELE", "502");
    world.ask("PORT 198,51,100,7,200,1", "502");
    world.ask("EPRT |1|198.51.100.7|2000|", "502");
    let features = world.ask("FEAT", "211").text();
    assert!(!features.contains("SIZE\n") && !features.contains("EPRT") && !features.contains("Create"), "{features}");
    let help = world.ask("HELP", "214").text();
    assert!(!help.contains("DELE") && !help.contains("SIZE") && !help.contains("PORT"), "{help}");
    world.ask("HELP DELE", "502");
    world.ask("MFF Create=20200102030405; a.txt", "504");
    assert!(world.tree.has("/a.txt"));
}

#[test]
fn every_feature_is_a_line_behind_one_space() {
    let mut world = World::new();
    let reply = world.ask("FEAT", "211-");
    for wanted in
        [" EPRT", " EPSV", " MDTM", " MFF Modify;Create;UNIX.mode;", " REST STREAM", " SIZE", " TVFS", " UTF8"]
    {
        assert!(reply.lines.iter().any(|line| line == wanted), "{wanted} in {:?}", reply.lines);
    }
    assert!(!reply.text().contains("MLSD") && !reply.text().contains("AUTH"));
    assert_eq!(reply.lines.last().unwrap(), "211 End");
    world.ask("FEAT x", "501");
}

fn custom(name: &str, needs_login: bool) -> CustomVerb {
    CustomVerb { name: name.into(), syntax: "<sp> word".into(), needs_login, in_feat: true }
}

#[test]
fn custom_verbs_are_answered_by_the_program() {
    let mut world = World::with(|config| {
        config.custom = vec![custom("XHELLO", false), custom("XSECRET", true), custom("SITE ECHO", true)];
    });
    world.ask("xhello  a b", "200 XHELLO [ a b]");
    world.ask("XSECRET", "530");
    world.log_in("alice");
    world.ask("XSECRET", "200 XSECRET []");
    world.ask("SITE echo x", "200 SITE ECHO [x]");
    assert!(world.ask("FEAT", "211").text().contains(" XHELLO"));
    assert!(world.ask("HELP", "214").text().contains("XSECRET"));
    assert!(world.ask("SITE HELP", "214").text().contains("ECHO"));
    world.ask("XOTHER", "500");
}

#[test]
fn a_custom_site_verb_may_do_without_a_login() {
    let mut world = World::with(|config| config.custom = vec![custom("SITE ECHO", false), custom("SITE SECRET", true)]);
    world.ask("SITE ECHO x", "200 SITE ECHO [x]");
    world.ask("SITE SECRET x", "530");
    world.ask("SITE NONSENSE", "530");
    world.ask("SITE UMASK", "530");
}

#[test]
fn a_custom_verb_hears_who_is_logged_in_and_nobody_who_was() {
    let mut world = World::with(|config| config.custom = vec![custom("XHELLO", false)]);
    world.ask("XHELLO", "200 XHELLO [] nobody");
    world.log_in("alice");
    world.ask("XHELLO", "200 XHELLO [] alice");
    world.ask("USER alice", "331");
    world.ask("XHELLO", "200 XHELLO [] nobody");
    world.log_in("alice");
    world.ask("REIN", "220");
    world.ask("XHELLO", "200 XHELLO [] nobody");
}

#[test]
fn a_custom_verb_has_one_final_reply_whatever_its_program_says() {
    let mut world = World::with(|config| config.custom = vec![custom("XHELLO", false)]);
    for code in [0, 99, 150, 350, 600, 65_535] {
        world.custom_code = code;
        world.ask("XHELLO", "451");
    }
    world.fail_next("Custom", Failure::Lost);
    world.ask("XHELLO", "451");
    world.silent();
}

#[test]
fn a_custom_verb_takes_the_name_of_one_that_is_off() {
    let mut world = World::with(|config| {
        config.custom = vec![custom("SYST", false), custom("NOOP", false)];
        config.disabled = VerbSet::of(Verb::Syst);
    });
    world.ask("SYST x", "200 SYST [x]");
    world.ask("NOOP", "200 OK");
}
