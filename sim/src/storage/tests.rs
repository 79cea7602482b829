//! What the disk does, and what a loss of power leaves of it.

use std::collections::BTreeSet;

use bytes::Bytes;
use ftp_proto::storage::{FinishHow, HashAlgorithm, Replace, Wanted, WriteMode};
use ftp_proto::testing::{dir_id, file_id, ticket};
use ftp_proto::{Failure, StorageAction as S, VirtualPath};

use super::{Disk, Durability, Held, SessionKey, Storage};
use crate::chance::Chance;

const ONE: SessionKey = SessionKey(1);
const OTHER: SessionKey = SessionKey(2);

fn path(path: &str) -> VirtualPath {
    VirtualPath::parse(path.as_bytes()).unwrap()
}

fn calm(durability: Durability) -> Disk {
    Disk::new(durability, Chance::from_bytes(Vec::new()))
}

/// Runs what has an answer.
#[track_caller]
fn run(disk: &mut Disk, action: S) -> Result<(), Failure> {
    disk.run(ONE, action).expect("an answer").failure().map_or(Ok(()), Err)
}

fn open(disk: &mut Disk, file: u64, at: &str, mode: WriteMode) -> Result<(), Failure> {
    let (ticket, file) = (ticket(1), file_id(file));
    run(disk, S::OpenWrite { ticket, file, path: path(at), mode, permissions: 0o644, expected: 0 })
}

fn write(disk: &mut Disk, file: u64, at: u64, bytes: &'static str) -> Result<(), Failure> {
    run(disk, S::Write { ticket: ticket(1), file: file_id(file), at, bytes: Bytes::from_static(bytes.as_bytes()) })
}

fn finish(disk: &mut Disk, file: u64, how: FinishHow) -> Result<(), Failure> {
    run(disk, S::Finish { ticket: ticket(1), file: file_id(file), how })
}

fn store(disk: &mut Disk, at: &str, bytes: &'static str) {
    open(disk, 99, at, CREATE).unwrap();
    write(disk, 99, 0, bytes).unwrap();
    finish(disk, 99, FinishHow::Commit).unwrap();
}

fn rename(disk: &mut Disk, from: &str, to: &str, replace: Replace) -> Result<(), Failure> {
    run(disk, S::Rename { ticket: ticket(1), from: path(from), to: path(to), replace })
}

fn remove(disk: &mut Disk, at: &str) -> Result<(), Failure> {
    run(disk, S::Remove { ticket: ticket(1), path: path(at) })
}

fn make_dir(disk: &mut Disk, at: &str) -> Result<(), Failure> {
    run(disk, S::MakeDir { ticket: ticket(1), path: path(at), permissions: 0o755 })
}

/// The whole tree in words: directories end in a slash.
fn tree(disk: &Disk) -> Vec<String> {
    let all = disk.snapshot().into_iter().skip(1);
    let words = all.map(|(path, held)| match held {
        Held::Directory => format!("{path}/"),
        Held::File(bytes) => format!("{path}={}", bytes.escape_ascii()),
    });
    words.collect()
}

const CREATE: WriteMode = WriteMode::Create(Replace::Allowed);

#[test]
fn what_is_stored_whole_is_there_once_it_is_committed() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "old");
    open(&mut disk, 1, "/a", CREATE).unwrap();
    write(&mut disk, 1, 0, "new").unwrap();
    assert_eq!(tree(&disk), ["/a=old"]);
    finish(&mut disk, 1, FinishHow::Commit).unwrap();
    assert_eq!(tree(&disk), ["/a=new"]);
    for (file, at, how) in [(2, "/a", FinishHow::Discard), (3, "/a", FinishHow::Keep), (4, "/b", FinishHow::Keep)] {
        open(&mut disk, file, at, CREATE).unwrap();
        write(&mut disk, file, 0, "part").unwrap();
        finish(&mut disk, file, how).unwrap();
    }
    assert_eq!(tree(&disk), ["/a=new", "/b=part"]);
    assert_eq!(disk.used(), 7);
    assert!(disk.complaints().is_empty());
}

#[test]
fn what_another_has_appended_since_is_not_taken_back() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "0123");
    open(&mut disk, 1, "/a", WriteMode::Append).unwrap();
    open(&mut disk, 2, "/a", WriteMode::Append).unwrap();
    write(&mut disk, 2, 4, "end").unwrap();
    finish(&mut disk, 2, FinishHow::Commit).unwrap();
    finish(&mut disk, 1, FinishHow::Discard).unwrap();
    assert_eq!(tree(&disk), ["/a=0123end"]);
    assert_eq!(disk.used(), 7);
}

#[test]
fn what_is_written_in_place_keeps_the_rest_and_can_be_taken_back() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "0123456789");
    open(&mut disk, 1, "/a", WriteMode::At(4)).unwrap();
    write(&mut disk, 1, 4, "xy").unwrap();
    finish(&mut disk, 1, FinishHow::Commit).unwrap();
    assert_eq!(tree(&disk), ["/a=0123xy6789"]);
    open(&mut disk, 2, "/a", WriteMode::Append).unwrap();
    write(&mut disk, 2, 10, "end").unwrap();
    assert_eq!(tree(&disk), ["/a=0123xy6789end"]);
    finish(&mut disk, 2, FinishHow::Discard).unwrap();
    open(&mut disk, 3, "/new", WriteMode::Append).unwrap();
    assert_eq!(tree(&disk), ["/a=0123xy6789", "/new="]);
    disk.end(ONE);
    assert_eq!(tree(&disk), ["/a=0123xy6789"]);
    assert_eq!(disk.open(ONE), 0);
    assert_eq!(open(&mut disk, 4, "/a", WriteMode::At(11)), Err(Failure::BadOffset));
    assert_eq!(open(&mut disk, 4, "/none", WriteMode::At(1)), Err(Failure::NotFound));
}

#[test]
fn a_reader_keeps_the_file_that_it_opened() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "old");
    run(&mut disk, S::OpenRead { ticket: ticket(1), file: file_id(1), path: path("/a") }).unwrap();
    store(&mut disk, "/a", "new");
    let read = disk.files[&(ONE, 1)].read_at(&disk.tree, 1, 10).unwrap();
    assert_eq!(read, "ld");
    assert!(disk.run(ONE, S::CloseFile(file_id(1))).is_none());
    assert_eq!((disk.used(), disk.open(ONE)), (3, 0));
}

#[test]
fn names_are_changed_as_a_disk_does_it() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "1");
    make_dir(&mut disk, "/d").unwrap();
    assert_eq!(make_dir(&mut disk, "/d"), Err(Failure::Exists));
    assert_eq!(make_dir(&mut disk, "/x/y"), Err(Failure::NotFound));
    assert_eq!(make_dir(&mut disk, "/a/y"), Err(Failure::NotADirectory));
    rename(&mut disk, "/a", "/d/a", Replace::Refused).unwrap();
    store(&mut disk, "/b", "2");
    assert_eq!(rename(&mut disk, "/b", "/d/a", Replace::Refused), Err(Failure::Exists));
    assert_eq!(rename(&mut disk, "/b", "/d", Replace::Allowed), Err(Failure::Exists));
    assert_eq!(rename(&mut disk, "/d", "/d/e", Replace::Allowed), Err(Failure::NameNotAllowed));
    rename(&mut disk, "/b", "/d/a", Replace::Allowed).unwrap();
    assert_eq!(tree(&disk), ["/d/", "/d/a=2"]);
    assert_eq!(run(&mut disk, S::RemoveDir { ticket: ticket(1), path: path("/d") }), Err(Failure::NotEmpty));
    assert_eq!(remove(&mut disk, "/d"), Err(Failure::IsADirectory));
    let all = S::MakeDirs { ticket: ticket(1), path: path("/d/e/f"), permissions: 0o755 };
    run(&mut disk, all).unwrap();
    rename(&mut disk, "/d", "/moved", Replace::Refused).unwrap();
    assert_eq!(tree(&disk), ["/moved/", "/moved/a=2", "/moved/e/", "/moved/e/f/"]);
    run(&mut disk, S::RemoveTree { ticket: ticket(1), path: path("/moved") }).unwrap();
    assert_eq!((tree(&disk).len(), disk.used(), disk.tree.nodes.len()), (0, 0, 1));
}

#[test]
fn whole_files_are_copied_joined_and_summed() {
    let mut disk = calm(Durability::OnCommit);
    for (at, bytes) in [("/a", "aa"), ("/b", "bbb"), ("/c", "c")] {
        store(&mut disk, at, bytes);
    }
    let combine = |parts: &[&str]| {
        let parts = parts.iter().map(|part| path(part)).collect();
        S::Combine { ticket: ticket(1), target: path("/a"), parts }
    };
    assert_eq!(run(&mut disk, combine(&["/b", "/a"])), Err(Failure::NameNotAllowed));
    run(&mut disk, combine(&["/c", "/b"])).unwrap();
    let copy = S::Copy { ticket: ticket(1), from: path("/a"), to: path("/b"), replace: Replace::Refused };
    run(&mut disk, copy).unwrap();
    assert_eq!(tree(&disk), ["/a=aacbbb", "/b=aacbbb"]);
    assert_eq!(disk.tree.tree_size(&path("/")).unwrap().bytes, 12);
    let hash = |disk: &Disk, at, from| disk.tree.hash(&path(at), HashAlgorithm::Sha1, (from, None)).unwrap();
    assert_eq!(hash(&disk, "/a", 0), hash(&disk, "/b", 0));
    assert_ne!(hash(&disk, "/a", 0).bytes, hash(&disk, "/a", 1).bytes);
    assert_eq!(hash(&disk, "/a", 0).bytes.len(), 20);
}

#[test]
fn a_full_disk_says_so_and_gives_room_back() {
    let mut disk = calm(Durability::OnCommit).with_capacity(5);
    open(&mut disk, 1, "/a", CREATE).unwrap();
    write(&mut disk, 1, 0, "12345").unwrap();
    assert_eq!(write(&mut disk, 1, 5, "6"), Err(Failure::NoSpace));
    finish(&mut disk, 1, FinishHow::Discard).unwrap();
    store(&mut disk, "/b", "12345");
    remove(&mut disk, "/b").unwrap();
    store(&mut disk, "/c", "54321");
    assert_eq!(tree(&disk), ["/c=54321"]);
}

#[test]
fn what_must_not_be_asked_for_is_told() {
    let mut disk = calm(Durability::OnCommit);
    store(&mut disk, "/a", "1");
    assert_eq!(write(&mut disk, 7, 0, "x"), Err(Failure::NotFound));
    assert_eq!(finish(&mut disk, 7, FinishHow::Commit), Err(Failure::NotFound));
    open(&mut disk, 1, "/a", CREATE).unwrap();
    assert!(open(&mut disk, 1, "/b", WriteMode::Append).is_err());
    assert!(run(&mut disk, S::Read { ticket: ticket(1), file: file_id(1), at: 0, max: 1 }).is_err());
    assert!(disk.run(ONE, S::CloseFile(file_id(1))).is_none());
    assert!(disk.run(ONE, S::CloseDir(dir_id(1))).is_none());
    assert!(run(&mut disk, S::ReadDir { ticket: ticket(1), dir: dir_id(1), max: 1 }).is_err());
    assert_eq!(disk.complaints().len(), 7);
    assert_eq!((tree(&disk), disk.open(ONE)), (vec!["/a=1".to_owned()], 0));
}

#[test]
fn sessions_have_files_and_directories_of_their_own() {
    let mut disk = calm(Durability::OnCommit);
    open(&mut disk, 1, "/a", CREATE).unwrap();
    let dir = S::OpenDir { ticket: ticket(1), dir: dir_id(1), path: path("/"), wanted: Wanted::Everything };
    assert!(disk.run(OTHER, dir).unwrap().failure().is_none());
    assert_eq!((disk.open(ONE), disk.open(OTHER)), (1, 1));
    let finish = S::Finish { ticket: ticket(1), file: file_id(1), how: FinishHow::Commit };
    assert_eq!(disk.run(OTHER, finish).unwrap().failure(), Some(Failure::NotFound));
    disk.end(OTHER);
    assert_eq!((disk.open(ONE), disk.open(OTHER)), (1, 0));
}

/// All that a loss of power can leave, by many seeds.
fn left(durability: Durability, before: impl Fn(&mut Disk)) -> BTreeSet<String> {
    let one = |seed| {
        let mut disk = Disk::new(durability, Chance::from_seed(seed, 0));
        before(&mut disk);
        disk.lose_power();
        assert!(disk.is_durable());
        let files = disk.snapshot();
        let bytes = files.iter().map(|(_, held)| if let Held::File(bytes) = held { bytes.len() } else { 0 });
        assert_eq!(bytes.sum::<usize>() as u64, disk.used(), "of seed {seed}");
        tree(&disk).join(" ")
    };
    (0..400).map(one).collect()
}

fn set(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(ToString::to_string).collect()
}

#[test]
fn what_was_answered_outlasts_the_power() {
    let all = left(Durability::OnCommit, |disk| {
        store(disk, "/a", "1");
        store(disk, "/b", "2");
        store(disk, "/a", "3");
        rename(disk, "/b", "/c", Replace::Refused).unwrap();
        make_dir(disk, "/d").unwrap();
        open(disk, 1, "/c", WriteMode::Append).unwrap();
        write(disk, 1, 1, "+").unwrap();
        finish(disk, 1, FinishHow::Commit).unwrap();
        // Still under way: it goes.
        open(disk, 2, "/e", CREATE).unwrap();
        write(disk, 2, 0, "part").unwrap();
    });
    assert_eq!(all, set(&["/a=3 /c=2+ /d/"]));
}

#[test]
fn an_upload_in_place_may_be_torn() {
    let all = left(Durability::OnCommit, |disk| {
        store(disk, "/a", "0123");
        open(disk, 1, "/a", WriteMode::At(2)).unwrap();
        write(disk, 1, 2, "xyz").unwrap();
    });
    assert!(all.is_superset(&set(&["/a=0123", "/a=01x3", "/a=01xy", "/a=01xyz", "/a=0123\\x00"])), "{all:?}");
    let all = left(Durability::OnCommit, |disk| {
        open(disk, 1, "/n", WriteMode::Append).unwrap();
        write(disk, 1, 0, "x").unwrap();
    });
    assert_eq!(all, set(&["", "/n=", "/n=x", "/n=\\x00"]));
}

#[test]
fn what_was_not_flushed_may_be_lost_by_itself() {
    let all = left(Durability::Later, |disk| {
        store(disk, "/a", "1");
        disk.flush();
        store(disk, "/a", "2");
        store(disk, "/b", "3");
    });
    assert_eq!(all, set(&["/a=1", "/a=2", "/a=1 /b=3", "/a=2 /b=3"]));
}

#[test]
fn a_file_that_moves_is_in_one_place() {
    let all = left(Durability::Later, |disk| {
        store(disk, "/a", "1");
        disk.flush();
        make_dir(disk, "/d").unwrap();
        rename(disk, "/a", "/d/a", Replace::Refused).unwrap();
        rename(disk, "/d/a", "/b", Replace::Refused).unwrap();
    });
    assert_eq!(all, set(&["/a=1", "/a=1 /d/", "/d/ /d/a=1", "/b=1 /d/"]));
}

#[test]
fn what_was_removed_may_come_back_until_it_is_flushed() {
    let before = |disk: &mut Disk| {
        make_dir(disk, "/d").unwrap();
        store(disk, "/d/a", "1");
        disk.flush();
        run(disk, S::RemoveTree { ticket: ticket(1), path: path("/d") }).unwrap();
    };
    assert_eq!(left(Durability::Later, before), set(&["", "/d/ /d/a=1"]));
    let mut disk = calm(Durability::Later);
    before(&mut disk);
    assert!(!disk.is_durable());
    disk.flush();
    assert_eq!((disk.used(), disk.tree.nodes.len()), (0, 1));
}
