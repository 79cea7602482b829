//! RETR, STOR, APPE, STOU, ALLO: what moves, and what is true once the 226 is said.

use ftp_proto::action::CloseHow;
use ftp_proto::config::Switch;
use ftp_proto::notice::TransferOutcome;
use ftp_proto::outcome::DataEnd;
use ftp_proto::storage::FinishHow;
use ftp_proto::{Failure, Notice};

use crate::world::World;

impl World {
    /// How each transfer ended, in order.
    pub(crate) fn outcomes(&self) -> Vec<TransferOutcome> {
        let ended = self.notices.iter().filter_map(|notice| match notice {
            Notice::TransferEnded(summary) => Some(summary.outcome),
            _ => None,
        });
        ended.collect()
    }
}

#[test]
fn a_file_comes_whole_and_the_150_tells_its_size() {
    for offloads in [false, true] {
        let mut world = World::logged_in_with(|config| (config.limits.chunk, config.limits.range) = (7, 7));
        world.offloads = offloads;
        let link = world.passive();
        assert!(world.ask("RETR dir/b.bin", "150").text().contains("(256 bytes)"));
        world.expect("226");
        assert_eq!(world.link(link).received, (0..=255).collect::<Vec<u8>>());
        assert_eq!(world.link(link).closed, Some(CloseHow::Graceful));
        assert_eq!(world.outcomes(), [TransferOutcome::Complete]);
    }
}

#[test]
fn an_empty_file_is_an_empty_transfer() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        assert_eq!(world.fetch("RETR empty"), b"");
        world.store("STOR new", b"");
        assert_eq!(world.tree.file("/new"), Some(&b""[..]));
    }
}

#[test]
fn an_upload_is_there_once_226_is_said_and_not_before() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        let link = world.passive();
        world.ask("STOR a.txt", "150");
        world.give(link, b"new content");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]), "the old file stays whole");
        world.hold("Finish");
        world.end(link, DataEnd::Clean);
        world.silent();
        world.release();
        world.expect("226");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"new content"[..]));
    }
}

#[test]
fn a_226_waits_until_the_data_connection_is_closed() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.silent();
    world.flows = false;
    world.read(link, true);
    while world.link(link).closed.is_none() {
        assert!(world.deliver_one());
    }
    world.silent();
    world.flows = true;
    world.settle();
    world.expect("226");
}

#[test]
fn a_failed_commit_decides_the_reply() {
    for (failure, code) in [
        (Failure::Vetoed, "551"),
        (Failure::OverQuota, "552"),
        (Failure::NoSpace, "552"),
        (Failure::Io, "451"),
        (Failure::Lost, "451"),
        (Failure::Exists, "551"),
    ] {
        let mut world = World::logged_in();
        let link = world.passive();
        world.ask("STOR new", "150");
        world.fail_next("Finish", failure);
        world.upload(link, b"content");
        world.expect(code);
        assert!(!world.tree.has("/new"));
        assert_eq!(world.outcomes().len(), 1);
        assert_ne!(world.outcomes()[0], TransferOutcome::Complete);
    }
}

#[test]
fn a_disk_that_fills_up_breaks_the_upload_off() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.ask("STOR new", "150");
    world.fail_next("Write", Failure::NoSpace);
    world.give(link, b"content");
    world.expect("552");
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort));
    assert_eq!(world.finishes, [FinishHow::Discard]);
    assert!(!world.tree.has("/new"));
}

#[test]
fn an_upload_that_is_cut_short_is_not_there() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        let link = world.passive();
        world.ask("STOR a.txt", "150");
        world.give(link, b"half");
        world.end(link, DataEnd::Truncated);
        world.expect("426");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));

        let link = world.passive();
        world.ask("STOR a.txt", "150");
        world.give(link, b"half");
        world.reset(link);
        world.expect("426");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\n"[..]));
        assert_eq!(world.outcomes(), [TransferOutcome::Truncated, TransferOutcome::Reset]);
    }
}

#[test]
fn a_partial_upload_is_kept_where_the_operator_wants_it() {
    let mut world = World::logged_in_with(|config| config.keep_partial = Switch::On);
    let link = world.passive();
    world.ask("STOR new", "150");
    world.give(link, b"half");
    world.reset(link);
    world.expect("426");
    assert_eq!(world.finishes, [FinishHow::Keep]);
    world.ask("SIZE new", "213 4");
    world.ask("REST 4", "350");
    world.store("STOR new", b" and half");
    assert_eq!(world.tree.file("/new"), Some(&b"half and half"[..]));
}

#[test]
fn a_download_that_is_reset_is_426() {
    let mut world = World::logged_in();
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.reset(link);
    world.expect("426");
    world.ask("NOOP", "200");
}

#[test]
fn a_disk_that_fails_in_the_middle_of_a_download_is_451() {
    let mut world = World::logged_in_with(|config| config.limits.chunk = 4);
    let link = world.passive();
    world.read(link, false);
    world.ask("RETR a.txt", "150");
    world.fail_next("Read", Failure::Io);
    world.read(link, true);
    world.expect("451");
    assert_eq!(world.link(link).closed, Some(CloseHow::Abort), "the client must not take it for the whole file");
}

#[test]
fn appe_appends_or_makes() {
    for offloads in [false, true] {
        let mut world = World::logged_in();
        world.offloads = offloads;
        world.store("APPE a.txt", b"more");
        assert_eq!(world.tree.file("/a.txt"), Some(&b"hello\nworld\nmore"[..]));
        world.store("APPE new", b"first");
        assert_eq!(world.tree.file("/new"), Some(&b"first"[..]));
    }
}

#[test]
fn stou_tells_the_name_it_has_chosen() {
    let mut world = World::logged_in();
    world.ask("CWD dir", "250");
    let link = world.passive();
    let reply = world.ask("STOU", "150 FILE: ").text();
    let name = reply.strip_prefix("150 FILE: ").unwrap();
    world.upload(link, b"content");
    world.expect(&format!("226 FILE: {name}"));
    assert_eq!(world.tree.file(&format!("/dir/{name}")), Some(&b"content"[..]));
    let other = world.store("STOU report.pdf", b"").text();
    assert!(other.contains("report.pdf."), "{other}");
}

#[test]
fn stou_takes_another_name_when_one_is_taken() {
    let mut world = World::logged_in();
    world.fail_next("OpenWrite", Failure::Exists);
    world.fail_next("OpenWrite", Failure::Exists);
    world.store("STOU", b"content");
    world.passive();
    for _ in 0..20 {
        world.fail_next("OpenWrite", Failure::Exists);
    }
    world.ask("STOU", "553");
}

#[test]
fn type_a_turns_line_ends_both_ways_wherever_they_are_cut() {
    for cut in 1..6 {
        let mut world = World::logged_in_with(|config| config.limits.chunk = cut);
        world.cut = cut;
        world.ask("TYPE A", "200");
        world.store("STOR new", b"one\r\ntwo\rthree\r\n\r\nlast\r");
        assert_eq!(world.tree.file("/new"), Some(&b"one\ntwo\rthree\n\nlast\r"[..]), "cut {cut}");
        world.tree.put("/mixed", b"one\ntwo\r\nthree\rfour\n\n");
        assert_eq!(world.fetch("RETR mixed"), b"one\r\ntwo\r\nthree\rfour\r\n\r\n", "cut {cut}");
    }
}

#[test]
fn type_a_never_offloads() {
    let mut world = World::logged_in();
    world.offloads = true;
    world.ask("TYPE A N", "200");
    assert_eq!(world.fetch("RETR a.txt"), b"hello\r\nworld\r\n");
}

#[test]
fn only_what_is_built_can_be_chosen() {
    let mut world = World::logged_in();
    for (line, code) in [
        ("TYPE L 8", "200"),
        ("TYPE i", "200"),
        ("TYPE L 7", "504"),
        ("TYPE E", "200"),
        ("TYPE A T", "504"),
        ("TYPE X", "501"),
        ("STRU F", "200"),
        ("STRU R", "200"),
        ("STRU P", "504"),
        ("STRU x", "501"),
        ("MODE S", "200"),
        ("MODE B", "200"),
        ("MODE C", "200"),
        ("MODE X", "501"),
    ] {
        world.ask(line, code);
    }
}

#[test]
fn allo_asks_for_room() {
    let mut world = World::logged_in();
    world.ask("ALLO 1000", "200");
    world.ask("ALLO 1000 R 100", "200");
    world.ask("ALLO 1000001", "452");
    world.fail_next("Space", Failure::Unsupported);
    world.ask("ALLO 1000", "202");
    world.ask("ALLO x", "501");
}

#[test]
fn a_file_that_may_not_be_replaced_is_refused_before_the_150() {
    let mut world = World::new();
    world.log_in("dropper");
    let link = world.passive();
    world.ask("STOR a.txt", "553");
    world.ask("STOR other.txt", "150");
    world.upload(link, b"x");
    world.expect("226");
}

#[test]
fn one_summary_for_every_transfer() {
    let mut world = World::logged_in();
    world.fetch("RETR a.txt");
    world.store("STOR b", b"12345");
    world.fetch("LIST");
    world.ask("QUIT", "221");
    let Some(Notice::Ended(summary)) = world.notices.last() else { panic!("no summary") };
    assert_eq!((summary.downloads, summary.uploads, summary.received), (1, 1, 5));
    assert!(summary.sent > 12);
    assert_eq!(summary.user.as_deref(), Some("alice"));
}
