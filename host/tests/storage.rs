//! What every storage must do, run against each of ours.

#![allow(clippy::unwrap_used, reason = "behaviours are run by tests")]

use ftp_host::{Cancel, MemoryDisk, ReadOnly, Storage, Upload, WriteFile};
use ftp_proto::action::Times;
use ftp_proto::storage::{FileKind, FinishHow, Replace, Wanted, WriteMode};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};

type Disk<'a> = &'a dyn Storage;

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn create(disk: Disk<'_>, name: &str) -> Result<Box<dyn WriteFile>, Failure> {
    disk.open_write(&path(name), Upload::new(WriteMode::Create(Replace::Allowed)))
}

fn put(disk: Disk<'_>, name: &str, content: &str) {
    let file = create(disk, name).unwrap();
    file.write_at(0, content.as_bytes()).unwrap();
    file.finish(FinishHow::Commit).unwrap();
}

fn get(disk: Disk<'_>, name: &str) -> Result<String, Failure> {
    let bytes = disk.open_read(&path(name))?.read_at(0, 1 << 16)?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

fn names(disk: Disk<'_>, dir: &str) -> Vec<String> {
    let mut dir = disk.open_dir(&path(dir), Wanted::Names).unwrap();
    let mut names = Vec::new();
    loop {
        let page = dir.read(2).unwrap();
        assert!(page.entries.len() <= 2);
        names.extend(page.entries.iter().map(|entry| String::from_utf8(entry.name.to_vec()).unwrap()));
        if page.last {
            names.sort();
            return names;
        }
    }
}

fn failure<T>(result: Result<T, Failure>) -> Failure {
    result.err().expect("a failure")
}

fn an_upload_takes_its_name_when_it_is_committed(disk: Disk<'_>) {
    put(disk, "/a", "old");
    let file = create(disk, "/a").unwrap();
    assert_eq!(file.size(), 0);
    file.write_at(3, b"er").unwrap();
    file.write_at(0, b"new").unwrap();
    assert_eq!(get(disk, "/a").unwrap(), "old");
    assert_eq!(names(disk, "/"), ["a"]);
    file.finish(FinishHow::Commit).unwrap();
    assert_eq!(get(disk, "/a").unwrap(), "newer");
    assert_eq!(names(disk, "/"), ["a"]);
}

fn a_discarded_or_dropped_upload_leaves_nothing(disk: Disk<'_>) {
    put(disk, "/a", "old");
    for name in ["/a", "/b"] {
        let file = create(disk, name).unwrap();
        file.write_at(0, b"new").unwrap();
        file.finish(FinishHow::Discard).unwrap();
        let file = create(disk, name).unwrap();
        file.write_at(0, b"new").unwrap();
        drop(file);
    }
    assert_eq!(names(disk, "/"), ["a"]);
    assert_eq!(get(disk, "/a").unwrap(), "old");
}

fn a_kept_part_takes_only_a_free_name(disk: Disk<'_>) {
    put(disk, "/a", "old");
    for name in ["/a", "/b"] {
        let file = create(disk, name).unwrap();
        file.write_at(0, b"par").unwrap();
        file.finish(FinishHow::Keep).unwrap();
    }
    assert_eq!(get(disk, "/a").unwrap(), "old");
    assert_eq!(get(disk, "/b").unwrap(), "par");
    assert_eq!(names(disk, "/"), ["a", "b"]);
}

fn replacing_can_be_refused_at_either_end(disk: Disk<'_>) {
    let new = Upload::new(WriteMode::Create(Replace::Refused));
    let first = disk.open_write(&path("/a"), new).unwrap();
    let second = disk.open_write(&path("/a"), new).unwrap();
    first.finish(FinishHow::Commit).unwrap();
    assert_eq!(failure(second.finish(FinishHow::Commit)), Failure::Exists);
    assert_eq!(failure(disk.open_write(&path("/a"), new)), Failure::Exists);
    assert_eq!(names(disk, "/"), ["a"]);
}

fn a_new_file_has_the_permissions_asked_for_and_a_replaced_one_its_own(disk: Disk<'_>) {
    let upload = Upload { permissions: 0o622, ..Upload::new(WriteMode::Create(Replace::Allowed)) };
    disk.open_write(&path("/a"), upload).unwrap().finish(FinishHow::Commit).unwrap();
    assert_eq!(disk.stat(&path("/a")).unwrap().mode, 0o622);
    disk.set_mode(&path("/a"), 0o640).unwrap();
    disk.open_write(&path("/a"), upload).unwrap().finish(FinishHow::Commit).unwrap();
    assert_eq!(disk.stat(&path("/a")).unwrap().mode, 0o640);
    // Set-id bits were meant for the old content.
    disk.set_mode(&path("/a"), 0o4755).unwrap();
    assert_eq!(disk.stat(&path("/a")).unwrap().mode, 0o4755);
    disk.open_write(&path("/a"), upload).unwrap().finish(FinishHow::Commit).unwrap();
    assert_eq!(disk.stat(&path("/a")).unwrap().mode, 0o755);
    disk.make_dir(&path("/d"), 0o733).unwrap();
    assert_eq!(disk.stat(&path("/d")).unwrap().mode, 0o733);
}

fn writing_at_an_offset_keeps_the_rest(disk: Disk<'_>) {
    put(disk, "/a", "abcdef");
    let file = disk.open_write(&path("/a"), Upload::new(WriteMode::At(2))).unwrap();
    assert_eq!(file.size(), 6);
    file.write_at(2, b"XY").unwrap();
    file.finish(FinishHow::Commit).unwrap();
    assert_eq!(get(disk, "/a").unwrap(), "abXYef");
    let at = |name, offset| disk.open_write(&path(name), Upload::new(WriteMode::At(offset)));
    assert!(at("/a", 6).is_ok());
    assert_eq!(failure(at("/a", 7)), Failure::BadOffset);
    assert_eq!(failure(at("/none", 1)), Failure::NotFound);
    at("/none", 0).unwrap().finish(FinishHow::Commit).unwrap();
    assert_eq!(get(disk, "/none").unwrap(), "");
}

fn appending_goes_on_at_the_end_or_begins(disk: Disk<'_>) {
    for expected in [0, 2] {
        let file = disk.open_write(&path("/a"), Upload::new(WriteMode::Append)).unwrap();
        assert_eq!(file.size(), expected);
        file.write_at(file.size(), b"ab").unwrap();
        file.finish(FinishHow::Commit).unwrap();
    }
    assert_eq!(get(disk, "/a").unwrap(), "abab");
    // Kept, discarded, dropped.
    let more = |content: &[u8]| {
        let file = disk.open_write(&path("/a"), Upload::new(WriteMode::Append)).unwrap();
        file.write_at(file.size(), content).unwrap();
        file
    };
    more(b"c").finish(FinishHow::Keep).unwrap();
    more(b"d").finish(FinishHow::Discard).unwrap();
    drop(more(b"e"));
    assert_eq!(get(disk, "/a").unwrap(), "ababc");
    drop(disk.open_write(&path("/new"), Upload::new(WriteMode::Append)).unwrap());
    assert_eq!(names(disk, "/"), ["a"]);
}

fn a_directory_is_no_file_and_a_file_no_directory(disk: Disk<'_>) {
    disk.make_dir(&path("/d"), 0o755).unwrap();
    put(disk, "/f", "x");
    for dir in ["/d", "/"] {
        assert_eq!(failure(disk.open_read(&path(dir))), Failure::IsADirectory);
        assert_eq!(failure(create(disk, dir)), Failure::IsADirectory);
        assert_eq!(failure(disk.open_write(&path(dir), Upload::new(WriteMode::Append))), Failure::IsADirectory);
        assert_eq!(failure(disk.remove(&path(dir))), Failure::IsADirectory);
        assert_eq!(failure(disk.make_dir(&path(dir), 0o755)), Failure::Exists);
    }
    assert_eq!(failure(disk.open_dir(&path("/f"), Wanted::Names)), Failure::NotADirectory);
    assert_eq!(failure(disk.remove_dir(&path("/f"))), Failure::NotADirectory);
    assert_eq!(failure(disk.stat(&path("/f/x"))), Failure::NotADirectory);
    assert_eq!(failure(create(disk, "/f/x")), Failure::NotADirectory);
    assert_eq!(failure(disk.make_dir(&path("/f"), 0o755)), Failure::Exists);
}

fn what_is_missing_is_not_found(disk: Disk<'_>) {
    let none = path("/none");
    assert_eq!(failure(disk.stat(&none)), Failure::NotFound);
    assert_eq!(failure(disk.open_dir(&none, Wanted::Everything)), Failure::NotFound);
    assert_eq!(failure(disk.open_read(&none)), Failure::NotFound);
    assert_eq!(failure(disk.remove(&none)), Failure::NotFound);
    assert_eq!(failure(disk.remove_dir(&none)), Failure::NotFound);
    assert_eq!(failure(disk.set_mode(&none, 0o600)), Failure::NotFound);
    assert_eq!(failure(disk.rename(&none, &path("/b"), Replace::Allowed)), Failure::NotFound);
    assert_eq!(failure(disk.copy(&none, &path("/b"), Replace::Allowed, &Cancel::new())), Failure::NotFound);
    assert_eq!(failure(create(disk, "/none/a")), Failure::NotFound);
    assert_eq!(failure(disk.make_dir(&path("/none/a"), 0o755)), Failure::NotFound);
}

fn directories_come_and_go(disk: Disk<'_>) {
    disk.make_dir(&path("/d"), 0o755).unwrap();
    put(disk, "/d/f", "x");
    assert_eq!(failure(disk.remove_dir(&path("/d"))), Failure::NotEmpty);
    assert_eq!(names(disk, "/d"), ["f"]);
    disk.remove(&path("/d/f")).unwrap();
    disk.remove_dir(&path("/d")).unwrap();
    assert!(names(disk, "/").is_empty());
    assert!(disk.remove_dir(&path("/")).is_err());
}

fn renaming_never_replaces_a_directory(disk: Disk<'_>) {
    put(disk, "/a", "a");
    put(disk, "/b", "b");
    disk.make_dir(&path("/d"), 0o755).unwrap();
    disk.make_dir(&path("/e"), 0o755).unwrap();
    let rename = |from: &str, to: &str, replace| disk.rename(&path(from), &path(to), replace);
    assert_eq!(rename("/a", "/b", Replace::Refused), Err(Failure::Exists));
    assert_eq!(rename("/a", "/d", Replace::Allowed), Err(Failure::Exists));
    assert_eq!(rename("/e", "/d", Replace::Allowed), Err(Failure::Exists));
    assert_eq!(rename("/e", "/b", Replace::Allowed), Err(Failure::Exists));
    assert!(rename("/d", "/d/x", Replace::Allowed).is_err());
    assert!(rename("/", "/x", Replace::Allowed).is_err());
    assert!(rename("/a", "/", Replace::Allowed).is_err());
    rename("/a", "/b", Replace::Allowed).unwrap();
    rename("/b", "/d/c", Replace::Refused).unwrap();
    rename("/d", "/f", Replace::Refused).unwrap();
    assert_eq!(get(disk, "/f/c").unwrap(), "a");
    assert_eq!(names(disk, "/"), ["e", "f"]);
}

fn copies_are_whole_or_not_there(disk: Disk<'_>) {
    put(disk, "/a", "content");
    disk.set_mode(&path("/a"), 0o600).unwrap();
    let copy = |to: &str, replace, cancel: &Cancel| disk.copy(&path("/a"), &path(to), replace, cancel);
    copy("/b", Replace::Refused, &Cancel::new()).unwrap();
    assert_eq!(get(disk, "/b").unwrap(), "content");
    assert_eq!(disk.stat(&path("/b")).unwrap().mode, 0o600);
    assert_eq!(copy("/b", Replace::Refused, &Cancel::new()), Err(Failure::Exists));
    copy("/a", Replace::Allowed, &Cancel::new()).unwrap();
    assert_eq!(get(disk, "/a").unwrap(), "content");
    put(disk, "/empty", "");
    disk.copy(&path("/empty"), &path("/b"), Replace::Allowed, &Cancel::new()).unwrap();
    assert_eq!(get(disk, "/b").unwrap(), "");
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert_eq!(copy("/c", Replace::Refused, &cancelled), Err(Failure::Cancelled));
    assert_eq!(names(disk, "/"), ["a", "b", "empty"]);
}

fn metadata_tells_the_truth(disk: Disk<'_>) {
    put(disk, "/a", "content");
    let modified = UnixTime::from_secs(981_173_106);
    disk.set_times(&path("/a"), Times { modified: Some(modified), created: None }).unwrap();
    let told = disk.stat(&path("/a")).unwrap();
    assert_eq!((told.kind, told.size, told.modified, told.target.clone()), (FileKind::File, 7, modified, None));
    let mut dir = disk.open_dir(&path("/"), Wanted::Everything).unwrap();
    let page = dir.read(10).unwrap();
    assert_eq!(page.entries.first().unwrap().metadata, told);
    assert!(disk.stat(&path("/")).unwrap().is_directory());
    assert!(disk.space(&path("/")).unwrap().available > 0);
}

fn links_are_followed_inside_and_told_as_links(disk: Disk<'_>) {
    disk.make_dir(&path("/d"), 0o755).unwrap();
    put(disk, "/d/f", "content");
    disk.symlink(&path("/d/f"), &path("/file")).unwrap();
    disk.symlink(&path("/d"), &path("/d/self")).unwrap();
    disk.symlink(&path("/none"), &path("/dangling")).unwrap();
    assert_eq!(failure(disk.symlink(&path("/d"), &path("/file"))), Failure::Exists);
    assert_eq!(get(disk, "/file").unwrap(), "content");
    assert_eq!(get(disk, "/d/self/self/f").unwrap(), "content");
    assert_eq!(disk.stat(&path("/file")).unwrap().kind, FileKind::File);
    let dangling = disk.stat(&path("/dangling")).unwrap();
    assert_eq!((dangling.kind, dangling.target.as_deref()), (FileKind::Symlink, Some(&b"none"[..])));
    let mut dir = disk.open_dir(&path("/"), Wanted::Everything).unwrap();
    let page = dir.read(10).unwrap();
    let link = page.entries.iter().find(|entry| &*entry.name == b"file").unwrap();
    assert_eq!((link.metadata.kind, link.metadata.target.as_deref()), (FileKind::Symlink, Some(&b"d/f"[..])));
    // Writing through a link changes what it points to; removing it does not.
    put(disk, "/file", "changed");
    put(disk, "/dangling", "made");
    disk.remove(&path("/file")).unwrap();
    assert_eq!(get(disk, "/d/f").unwrap(), "changed");
    assert_eq!(get(disk, "/none").unwrap(), "made");
    disk.symlink(&path("/loop"), &path("/loop")).unwrap();
    assert_eq!(failure(disk.open_read(&path("/loop"))), Failure::PermissionDenied);
    assert_eq!(failure(create(disk, "/loop")), Failure::PermissionDenied);
}

fn names_are_bytes_and_too_long_ones_are_refused(disk: Disk<'_>) {
    let name = VirtualPath::parse(b"/\xff\xfe caf\xe9").unwrap();
    disk.make_dir(&name, 0o755).unwrap();
    let mut dir = disk.open_dir(&VirtualPath::root(), Wanted::Names).unwrap();
    let page = dir.read(10).unwrap();
    assert_eq!(&*page.entries.first().unwrap().name, b"\xff\xfe caf\xe9");
    assert_eq!(page.entries.first().unwrap().metadata.kind, FileKind::Directory);
    let long = path(&"x".repeat(300));
    assert_eq!(failure(disk.make_dir(&long, 0o755)), Failure::NameNotAllowed);
    assert_eq!(failure(create(disk, &"x".repeat(300))), Failure::NameNotAllowed);
}

fn reading_stops_at_the_end(disk: Disk<'_>) {
    put(disk, "/a", "content");
    let file = disk.open_read(&path("/a")).unwrap();
    assert_eq!(file.size(), 7);
    assert_eq!(file.read_at(2, 3).unwrap(), &b"nte"[..]);
    assert_eq!(file.read_at(5, 100).unwrap(), &b"nt"[..]);
    assert!(file.read_at(7, 100).unwrap().is_empty());
    assert!(file.read_at(1 << 40, 1).unwrap().is_empty());
    // It stays readable when its name is gone.
    disk.remove(&path("/a")).unwrap();
    assert_eq!(file.read_at(0, 100).unwrap(), &b"content"[..]);
}

fn what_was_announced_must_fit(disk: Disk<'_>) {
    for mode in [WriteMode::Create(Replace::Allowed), WriteMode::Append] {
        let upload = Upload { expected: u64::MAX, ..Upload::new(mode) };
        assert_eq!(failure(disk.open_write(&path("/a"), upload)), Failure::NoSpace);
        let upload = Upload { expected: 10, ..Upload::new(mode) };
        drop(disk.open_write(&path("/a"), upload).unwrap());
    }
    assert!(names(disk, "/").is_empty());
}

#[test]
fn a_full_memory_disk_says_so_and_has_room_again_later() {
    let disk = MemoryDisk::with_capacity(10).with_file("/a", "12345678");
    let file = create(&disk, "/b").unwrap();
    assert_eq!(file.write_at(0, b"123"), Err(Failure::NoSpace));
    assert_eq!(file.write_at(u64::MAX, b"1"), Err(Failure::NoSpace));
    file.write_at(0, b"12").unwrap();
    assert_eq!(disk.space(&path("/")).unwrap().available, 0);
    drop(file);
    let reader = disk.open_read(&path("/a")).unwrap();
    disk.remove(&path("/a")).unwrap();
    assert_eq!(disk.space(&path("/")).unwrap().available, 2);
    drop(reader);
    assert_eq!(disk.space(&path("/")).unwrap().available, 10);
}

#[test]
fn a_read_only_storage_can_be_looked_at_and_not_changed() {
    let inner = MemoryDisk::new().with_file("/d/f", "content").with_dir("/empty");
    let disk = ReadOnly(inner.clone());
    assert_eq!(get(&disk, "/d/f").unwrap(), "content");
    assert_eq!(names(&disk, "/"), ["d", "empty"]);
    assert_eq!(disk.stat(&path("/d/f")).unwrap().size, 7);
    assert!(disk.space(&path("/")).unwrap().available > 0);
    let (file, new) = (path("/d/f"), path("/new"));
    for attempt in [
        create(&disk, "/new").map(drop),
        disk.open_write(&file, Upload::new(WriteMode::Append)).map(drop),
        disk.remove(&file),
        disk.remove_dir(&path("/empty")),
        disk.make_dir(&new, 0o755),
        disk.rename(&file, &new, Replace::Refused),
        disk.set_times(&file, Times::default()),
        disk.set_mode(&file, 0o600),
        disk.symlink(&file, &new),
        disk.copy(&file, &new, Replace::Refused, &Cancel::new()),
    ] {
        assert_eq!(attempt, Err(Failure::PermissionDenied));
    }
    assert_eq!(names(&inner, "/"), ["d", "empty"]);
}

macro_rules! suite {
    ($($behaviour:ident,)*) => {
        mod memory_disk {
            $(
                #[test]
                fn $behaviour() {
                    super::$behaviour(&ftp_host::MemoryDisk::new());
                }
            )*
        }

        #[cfg(target_os = "linux")]
        mod local_disk {
            $(
                #[test]
                fn $behaviour() {
                    let root = tempfile::tempdir().unwrap();
                    super::$behaviour(&ftp_host::LocalDisk::open(root.path()).unwrap());
                }
            )*
        }

        #[cfg(target_os = "linux")]
        mod synced_local_disk {
            $(
                #[test]
                fn $behaviour() {
                    let root = tempfile::tempdir().unwrap();
                    super::$behaviour(&ftp_host::LocalDisk::open(root.path()).unwrap().sync(true));
                }
            )*
        }
    };
}

suite! {
    an_upload_takes_its_name_when_it_is_committed,
    a_discarded_or_dropped_upload_leaves_nothing,
    a_kept_part_takes_only_a_free_name,
    replacing_can_be_refused_at_either_end,
    a_new_file_has_the_permissions_asked_for_and_a_replaced_one_its_own,
    writing_at_an_offset_keeps_the_rest,
    appending_goes_on_at_the_end_or_begins,
    a_directory_is_no_file_and_a_file_no_directory,
    what_is_missing_is_not_found,
    directories_come_and_go,
    renaming_never_replaces_a_directory,
    copies_are_whole_or_not_there,
    metadata_tells_the_truth,
    links_are_followed_inside_and_told_as_links,
    names_are_bytes_and_too_long_ones_are_refused,
    reading_stops_at_the_end,
    what_was_announced_must_fit,
}
