//! LIST, NLST, MLSD, MLST and STAT of a path.

use ftp_proto::Failure;
use ftp_proto::outcome::DataEnd;

use crate::world::World;

impl World {
    #[track_caller]
    fn list(&mut self, line: &str) -> String {
        String::from_utf8(self.fetch(line)).expect("names in UTF-8")
    }
}

#[test]
fn list_shows_what_ls_would() {
    let mut world = World::logged_in();
    let listing = world.list("LIST");
    let names: Vec<&str> = listing.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(names, ["a.txt", "dir", "empty"]);
    assert!(listing.starts_with("-rw-r--r--   1 0        0                  12 May  6 07:08 a.txt\r\n"), "{listing}");
    assert!(listing.ends_with("\r\n"));
}

#[test]
fn options_are_taken_for_options_only_where_no_file_has_the_name() {
    let mut world = World::logged_in();
    world.tree.put("/-dash.txt", b"");
    world.tree.put("/-la", b"");
    world.tree.put("/sp ace.txt", b"");
    assert!(world.list("LIST -a dir").contains("b.bin"));
    assert!(world.list("LIST -dash.txt").contains("-dash.txt"));
    assert_eq!(world.list("LIST -la").lines().count(), 1);
    assert!(world.list("LIST sp ace.txt").contains("sp ace.txt"));
    assert!(world.list("LIST ").contains("a.txt"));
    assert_eq!(world.list("NLST *.txt"), "-dash.txt\r\na.txt\r\nsp ace.txt\r\n");
}

#[test]
fn names_of_nlst_can_be_fetched() {
    let mut world = World::logged_in();
    assert_eq!(world.list("NLST dir"), "dir/b.bin\r\ndir/sub\r\n");
    assert_eq!(world.list("NLST a.txt"), "a.txt\r\n");
    assert_eq!(world.list("NLST dir/*.bin"), "dir/b.bin\r\n");
    world.ask("CWD dir", "250");
    assert_eq!(world.list("NLST"), "b.bin\r\nsub\r\n");
    assert_eq!(world.list("NLST /dir"), "/dir/b.bin\r\n/dir/sub\r\n");
}

#[test]
fn what_is_not_there_is_refused_before_the_150() {
    let mut world = World::logged_in();
    world.passive();
    for line in ["LIST missing", "NLST missing", "MLSD missing", "LIST -l missing", "NLST *.none/x"] {
        world.ask(line, "550");
    }
    world.ask("MLSD a.txt", "501");
    world.ask("STAT missing", "550");
    world.ask("MLST missing", "550");
}

#[test]
fn an_empty_directory_is_an_empty_listing() {
    let mut world = World::logged_in();
    assert_eq!(world.list("LIST dir/sub"), "");
    assert_eq!(world.list("MLSD dir/sub"), "");
}

#[test]
fn mlsd_tells_the_facts_that_were_chosen() {
    let mut world = World::logged_in();
    let all = world.list("MLSD");
    let line = all.lines().find(|line| line.ends_with(" a.txt")).unwrap();
    assert!(line.contains("type=file;") && line.contains("size=12;"), "{line}");
    assert!(line.contains("modify=20240506070809;"), "{line}");
    world.ask("OPTS MLST size;nonsense;", "200 MLST OPTS size;");
    assert_eq!(world.list("MLSD dir"), "size=256; b.bin\r\n sub\r\n");
    let features = world.ask("FEAT", "211").text();
    assert!(features.contains("size*;") && !features.contains("type*;"), "{features}");
    world.ask("OPTS MLST", "200 MLST OPTS");
    assert_eq!(world.list("MLSD dir"), " b.bin\r\n sub\r\n");
}

#[test]
fn mlst_is_one_line_behind_one_space() {
    let mut world = World::logged_in();
    let reply = world.ask("MLST dir/b.bin", "250-");
    assert_eq!(reply.lines.len(), 3);
    assert!(reply.lines[1].starts_with(' ') && reply.lines[1].ends_with("; /dir/b.bin"), "{:?}", reply.lines);
    assert!(world.ask("MLST", "250-").lines[1].contains("type=cdir;"));
}

#[test]
fn a_listing_is_not_turned_by_type_a() {
    let mut world = World::logged_in();
    world.ask("TYPE A", "200");
    assert_eq!(world.list("NLST dir"), "dir/b.bin\r\ndir/sub\r\n");
}

#[test]
fn a_name_with_a_line_end_splits_no_line() {
    let mut world = World::logged_in();
    world.tree.put("/dir/sub/evil\r\n226 Done", b"");
    assert!(world.list("LIST dir/sub").ends_with("evil??226 Done\r\n"));
    assert_eq!(world.list("NLST dir/sub"), "");
    assert_eq!(world.list("MLSD dir/sub"), "");
    assert_eq!(world.ask("STAT dir/sub", "213").lines.len(), 3);
}

#[test]
fn recursion_and_order_are_options() {
    let mut world = World::logged_in();
    world.tree.put("/dir/sub/deep", b"");
    let listing = world.list("LIST -R");
    assert!(
        listing.contains("/dir:\r\n") && listing.contains("/dir/sub:\r\n") && listing.contains("deep"),
        "{listing}"
    );
    assert_eq!(world.list("NLST -r"), "empty\r\ndir\r\na.txt\r\n");
    assert!(world.list("LIST -S").lines().next().unwrap().ends_with("a.txt"));
    assert_eq!(world.list("LIST -d dir").lines().count(), 1);
}

#[test]
fn a_long_directory_comes_in_pages_and_chunks() {
    let mut world = World::logged_in_with(|config| {
        config.limits.directory_page = 3;
        config.limits.chunk = 64;
    });
    for number in 0..100 {
        world.tree.put(&format!("/dir/sub/{number:03}"), b"");
    }
    assert_eq!(world.list("NLST dir/sub").lines().count(), 100);
    assert_eq!(world.ask("STAT dir/sub", "213").lines.len(), 102);
}

#[test]
fn stat_of_a_directory_is_bounded() {
    let mut world = World::logged_in_with(|config| config.limits.reply_lines = 2);
    assert!(world.ask("STAT /", "213").lines.len() <= 4);
    world.ask("NOOP", "200");
}

#[test]
fn a_directory_that_breaks_in_the_middle_is_451() {
    let mut world = World::logged_in_with(|config| config.limits.directory_page = 1);
    let link = world.passive();
    world.fail_next("ReadDir", Failure::Io);
    world.ask("LIST", "150");
    world.expect("451");
    assert!(world.link(link).closed.is_some());
    world.fail_next("OpenDir", Failure::PermissionDenied);
    world.ask("STAT dir", "550");
}

#[test]
fn a_client_that_ends_its_side_early_still_gets_the_listing() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.end(link, DataEnd::Clean);
    world.ask("NLST dir", "150");
    world.expect("226");
    assert_eq!(world.link(link).received, b"dir/b.bin\r\ndir/sub\r\n");
}
