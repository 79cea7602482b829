//! REST and what it changes.

use crate::world::World;

const TEXT: &[u8] = b"hello\nworld\n";

#[test]
fn rest_begins_a_download_later() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        for offset in 0..=12 {
            world.ask(&format!("REST {offset}"), "350");
            assert_eq!(world.fetch("RETR a.txt"), &TEXT[offset..]);
        }
        assert_eq!(world.fetch("RETR a.txt"), TEXT, "it is used up");
    }
}

#[test]
fn rest_behind_the_end_is_refused_before_the_150() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("REST 999999", "350");
    world.ask("RETR a.txt", "554");
    world.ask("REST 13", "350");
    world.ask("STOR a.txt", "554");
    world.ask("RETR a.txt", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, TEXT);
}

#[test]
fn rest_in_type_a_counts_the_bytes_on_the_wire() {
    let wire = b"hello\r\nworld\r\n";
    for chunk in [1, 3, 64] {
        let mut world = World::logged_in_with(|config| config.limits.chunk = chunk);
        world.ask("TYPE A", "200");
        for offset in 0..=wire.len() {
            world.ask(&format!("REST {offset}"), "350");
            assert_eq!(world.fetch("RETR a.txt"), &wire[offset..]);
        }
        world.ask("REST 15", "350");
        world.passive();
        world.ask("RETR a.txt", "150");
        world.expect("551");
    }
}

#[test]
fn rest_and_stor_keep_what_is_before_and_behind() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        world.ask("REST 6", "350");
        world.store("STOR a.txt", b"WOR");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nWORld\n"[..]));
        world.ask("REST 12", "350");
        world.store("STOR a.txt", b"more");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nWORld\nmore"[..]));
        world.ask("REST 1", "350");
        world.store("APPE a.txt", b"EL");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hELlo\nWORld\nmore"[..]));
    }
}

#[test]
fn rest_is_kept_by_what_sets_up_the_transfer_and_cleared_by_all_else() {
    let mut world = World::logged_in();
    for kept in ["TYPE I", "NOOP", "ALLO 5", "PASV"] {
        world.ask("REST 6", "350");
        world.send(kept);
        assert!(world.next_reply().is_some());
        assert_eq!(world.fetch("RETR a.txt"), &TEXT[6..], "behind {kept}");
    }
    for clearing in
        ["PWD", "SIZE a.txt", "CWD /", "FEAT", "RETR missing", "LIST missing", "NONSENSE", "REST 0", "REST x"]
    {
        world.ask("REST 6", "350");
        world.send(clearing);
        assert!(world.next_reply().is_some());
        assert_eq!(world.fetch("RETR a.txt"), TEXT, "behind {clearing}");
    }
}

#[test]
fn rest_does_not_outlive_a_transfer_that_was_refused() {
    let mut world = World::with(|config| config.limits.path = 20);
    world.log_in("reader");
    let too_long = "RETR a-name-of-more-than-twenty-bytes";
    for refused in ["STOR x", "APPE x", "STOU", too_long] {
        world.ask("REST 6", "350");
        world.ask(refused, "55");
        assert_eq!(world.fetch("RETR a.txt"), TEXT, "behind {refused}");
    }
}

#[test]
fn rest_is_refused_where_it_has_no_meaning() {
    let mut world = World::logged_in();
    world.ask("REST 5", "350");
    world.ask("STOU", "554");
    world.ask("TYPE A", "200");
    world.ask("REST 5", "350");
    world.ask("STOR a.txt", "554");
    world.ask("REST -1", "501");
    world.ask("REST 99999999999999999999", "501");
    world.ask("REST", "501");
}
