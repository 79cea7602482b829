//! STRU R and TYPE E.

use ftp_proto::outcome::DataEnd;

use crate::world::World;

fn set_up(lines: &[&str]) -> World {
    let mut world = World::logged_in();
    lines.iter().for_each(|line| drop(world.ask(line, "200")));
    world
}

#[test]
fn records_of_text_are_lines() {
    for chunk in [1, 2, 3, 1000] {
        let mut world = World::logged_in_with(|config| config.limits.chunk = chunk);
        world.offloads = true;
        world.ask("TYPE A", "200");
        world.ask("STRU R", "200");
        world.tree.put("/new", b"one\n\n\xFF\nno end");
        assert_eq!(world.fetch("RETR new"), b"one\xFF\x01\xFF\x01\xFF\xFF\xFF\x01no end\xFF\x02");
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, b"one\xFF\x01\xFF\x01\xFF\xFF\xFF\x03");
        world.expect("226");
        assert_eq!(world.tree.file("/new"), Some(&b"one\n\n\xFF\n"[..]));
        world.store("STOR new", b"closed\xFF\x01");
        assert_eq!(world.tree.file("/new"), Some(&b"closed\n"[..]));
    }
}

#[test]
fn a_file_of_bytes_is_one_record() {
    let mut world = set_up(&["STRU R"]);
    world.tree.put("/new", b"\xFF\n\0");
    assert_eq!(world.fetch("RETR new"), b"\xFF\xFF\n\0\xFF\x03");
    world.store("STOR new", b"one\xFF\x01two\xFF\x01");
    assert_eq!(world.tree.file("/new"), Some(&b"onetwo"[..]));
    world.ask("MODE B", "200");
    assert_eq!(world.fetch("RETR a.txt"), b"\xC0\0\x0Chello\nworld\n");
}

#[test]
fn records_are_blocks_of_their_own() {
    let mut world = set_up(&["STRU R", "TYPE A", "MODE B"]);
    assert_eq!(world.fetch("RETR a.txt"), b"\x80\0\x05hello\xC0\0\x05world");
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"\0\0\x02on\x80\0\x01e\xC0\0\0");
    world.expect("226");
    assert_eq!(world.tree.file("/new"), Some(&b"one\n\n"[..]));
}

#[test]
fn a_broken_code_is_451_and_half_of_one_426() {
    for (stream, code) in [(&b"one\xFF\x07"[..], "451"), (b"one\xFF", "426")] {
        let mut world = set_up(&["STRU R"]);
        let link = world.passive();
        world.ask("STOR new", "150");
        world.give(link, stream);
        if world.link(link).closed.is_none() {
            world.end(link, DataEnd::Clean);
        }
        world.expect(code);
        assert!(!world.tree.has("/new"));
    }
}

#[test]
fn records_have_no_offsets() {
    let mut world = set_up(&["STRU R"]);
    let modes: &[&str] = if cfg!(feature = "mode-z") { &["S", "Z"] } else { &["S"] };
    for mode in modes {
        world.ask(&format!("MODE {mode}"), "200");
        for command in ["RETR a.txt", "STOR a.txt", "APPE a.txt"] {
            world.ask("REST 3", "350");
            world.passive();
            world.ask(command, "554");
        }
    }
    world.ask("MODE B", "200");
    world.ask("REST 6", "350");
    assert_eq!(world.fetch("RETR a.txt"), b"\xC0\0\x06world\n");
    world.ask("SIZE a.txt", "550");
    world.ask("STRU F", "200");
    world.ask("SIZE a.txt", "213 12");
}

#[test]
fn listings_have_no_structure() {
    let mut world = set_up(&["STRU R", "TYPE A"]);
    assert_eq!(world.fetch("NLST dir"), b"dir/b.bin\r\ndir/sub\r\n");
}

#[test]
fn mode_z_is_a_feature() {
    let mut world = World::logged_in();
    let built = cfg!(feature = "mode-z");
    world.ask("MODE Z", if built { "200" } else { "504" });
    world.ask("OPTS MODE Z LEVEL 1", if built { "200" } else { "501" });
    assert_eq!(world.ask("FEAT", "211").lines.contains(&" MODE Z".into()), built);
}

#[test]
fn ebcdic_goes_both_ways() {
    for chunk in [1, 5, 1000] {
        let mut world = World::logged_in_with(|config| config.limits.chunk = chunk);
        world.offloads = true;
        world.ask("TYPE E N", "200");
        let hello = b"\x88\x85\x93\x93\x96\x15\xA6\x96\x99\x93\x84\x15";
        assert_eq!(world.fetch("RETR a.txt"), hello);
        world.store("STOR new", hello);
        assert_eq!(world.tree.file("/new"), Some(&b"hello\nworld\n"[..]));
        world.ask("REST 6", "350");
        assert_eq!(world.fetch("RETR a.txt"), &hello[6..], "each byte is one byte");
        world.ask("REST 6", "350");
        world.store("STOR new", b"\xE6");
        assert_eq!(world.tree.file("/new"), Some(&b"hello\nWorld\n"[..]));
        world.ask("STRU R", "200");
        // Whether the last record is the last is known once there is no more to read.
        let end = if chunk > 1 { &b"\xFF\x03"[..] } else { b"\xFF\x01\xFF\x02" };
        let records = [b"\x88\x85\x93\x93\x96\xFF\x01\xA6\x96\x99\x93\x84", end].concat();
        assert_eq!(world.fetch("RETR a.txt"), records);
    }
}

#[test]
fn ebcdic_is_announced_and_has_no_size() {
    let mut world = set_up(&["TYPE E"]);
    world.passive();
    world.ask("RETR a.txt", "150 Opening EBCDIC mode data connection.");
    world.expect("226");
    world.ask("SIZE a.txt", "550");
    let mut world = World::logged_in_with(|config| config.ascii_size = ftp_proto::config::Switch::On);
    world.ask("TYPE E", "200");
    world.ask("SIZE a.txt", "213 12");
}

#[test]
fn lists_are_in_ebcdic_and_facts_are_not() {
    let mut world = set_up(&["TYPE E"]);
    assert_eq!(world.fetch("NLST dir"), b"\x84\x89\x99\x61\x82\x4B\x82\x89\x95\x15\x84\x89\x99\x61\xA2\xA4\x82\x15");
    assert!(world.fetch("MLSD dir").ends_with(b" sub\r\n"));
}
