//! What every storage must do, run against each of ours.

#![allow(clippy::unwrap_used, reason = "behaviours are run by tests")]

use ftp_host::{Cancel, MemoryDisk, ReadOnly, Storage, Upload, WriteFile};
use ftp_proto::action::Times;
use ftp_proto::outcome::{Prepared, Quota};
use ftp_proto::storage::{FileKind, FinishHow, HashAlgorithm, Replace, Wanted, WriteMode};
use ftp_proto::time::UnixTime;
use ftp_proto::{Failure, VirtualPath};

mod tried;

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

fn digests_are_of_whole_files_and_of_ranges(disk: Disk<'_>) {
    put(disk, "/a", "abc");
    let hash = |name: &str, algorithm, range| disk.hash(&path(name), algorithm, range, &Cancel::new());
    let hex = |name: &str, algorithm, range| {
        let digest = hash(name, algorithm, range).unwrap();
        (digest.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), digest.to)
    };
    for (algorithm, expected) in [
        (HashAlgorithm::Crc32, "352441c2"),
        (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            HashAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (HashAlgorithm::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
    ] {
        assert_eq!(hex("/a", algorithm, (0, None)), (expected.to_owned(), 3));
    }
    put(disk, "/b", "xxabcyy");
    assert_eq!(hex("/b", HashAlgorithm::Crc32, (2, Some(5))), ("352441c2".to_owned(), 5));
    assert_eq!(hex("/b", HashAlgorithm::Crc32, (7, None)), ("00000000".to_owned(), 7));
    for range in [(8, None), (0, Some(8)), (3, Some(2))] {
        assert_eq!(hash("/b", HashAlgorithm::Md5, range), Err(Failure::BadOffset));
    }
    assert_eq!(hash("/", HashAlgorithm::Md5, (0, None)), Err(Failure::IsADirectory));
    assert_eq!(hash("/none", HashAlgorithm::Md5, (0, None)), Err(Failure::NotFound));
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert_eq!(disk.hash(&path("/a"), HashAlgorithm::Md5, (0, None), &cancelled), Err(Failure::Cancelled));
}

fn a_hash_under_way_can_be_cancelled(disk: Disk<'_>) {
    // Larger than can be digested before the other thread has its turn.
    let file = create(disk, "/large").unwrap();
    for at in 0..64 {
        file.write_at(at << 20, &[7; 1 << 20]).unwrap();
    }
    file.finish(FinishHow::Commit).unwrap();
    let cancel = Cancel::new();
    std::thread::scope(|threads| {
        let hashing = threads.spawn(|| {
            // Until it is heard: the first ones may be done before.
            loop {
                match disk.hash(&path("/large"), HashAlgorithm::Sha512, (0, None), &cancel) {
                    Ok(digest) => assert_eq!(digest.to, 64 << 20),
                    Err(failure) => return failure,
                }
            }
        });
        cancel.cancel();
        assert_eq!(hashing.join().unwrap(), Failure::Cancelled);
    });
}

fn trees_are_made_measured_and_removed(disk: Disk<'_>) {
    disk.make_dirs(&path("/a/b/c"), 0o750).unwrap();
    disk.make_dirs(&path("/a/b/c"), 0o700).unwrap();
    disk.make_dirs(&path("/"), 0o700).unwrap();
    assert_eq!(disk.stat(&path("/a/b")).unwrap().mode, 0o750);
    put(disk, "/a/one", "1");
    put(disk, "/a/b/two", "22");
    put(disk, "/a/b/c/three", "333");
    put(disk, "/kept", "4444");
    for number in 0..250 {
        put(disk, &format!("/a/b/{number}"), "");
    }
    disk.symlink(&path("/kept"), &path("/a/file-link")).unwrap();
    disk.symlink(&path("/"), &path("/a/root-link")).unwrap();
    disk.symlink(&path("/a/b"), &path("/link")).unwrap();
    let size = |name: &str| disk.tree_size(&path(name), &Cancel::new()).map(|size| size.bytes);
    assert_eq!((size("/"), size("/a"), size("/a/b/c"), size("/link")), (Ok(10), Ok(6), Ok(3), Ok(5)));
    assert_eq!((size("/kept"), size("/none")), (Err(Failure::NotADirectory), Err(Failure::NotFound)));
    assert_eq!(disk.make_dirs(&path("/kept/x"), 0o755), Err(Failure::NotADirectory));
    assert_eq!(disk.make_dirs(&path("/kept"), 0o755), Err(Failure::NotADirectory));
    let remove = |name: &str| disk.remove_tree(&path(name), &Cancel::new());
    assert_eq!(remove("/kept"), Err(Failure::NotADirectory));
    assert_eq!(remove("/link"), Err(Failure::NotADirectory));
    assert_eq!(remove("/none"), Err(Failure::NotFound));
    assert_eq!(remove("/"), Err(Failure::PermissionDenied));
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert_eq!(disk.remove_tree(&path("/a"), &cancelled), Err(Failure::Cancelled));
    assert_eq!(disk.tree_size(&path("/a"), &cancelled), Err(Failure::Cancelled));
    assert_eq!(size("/a"), Ok(6));
    remove("/a").unwrap();
    assert_eq!(names(disk, "/"), ["kept", "link"]);
    assert_eq!(get(disk, "/kept").unwrap(), "4444");
    disk.make_dirs(&path("/a"), 0o755).unwrap();
    remove("/a").unwrap();
}

fn a_tree_of_any_depth_is_removed(disk: Disk<'_>) {
    let deep = "/d".repeat(300);
    disk.make_dirs(&path(&deep), 0o755).unwrap();
    put(disk, &format!("{deep}/file"), "x");
    put(disk, "/d/d/file", "x");
    assert_eq!(disk.tree_size(&path("/d"), &Cancel::new()), Err(Failure::Unsupported));
    let middle = "/d".repeat(200);
    assert_eq!(disk.tree_size(&path(&middle), &Cancel::new()).unwrap().bytes, 1);
    disk.remove_tree(&path("/d"), &Cancel::new()).unwrap();
    assert!(names(disk, "/").is_empty());
}

fn parts_are_joined_behind_what_is_there(disk: Disk<'_>) {
    let combine = |target: &str, parts: &[&str], cancel: &Cancel| {
        let parts: Vec<_> = parts.iter().map(|part| path(part)).collect();
        disk.combine(&path(target), &parts, cancel)
    };
    let big = "0123456789".repeat(200_000);
    put(disk, "/1", "one");
    put(disk, "/2", &big);
    put(disk, "/3", "");
    disk.set_mode(&path("/1"), 0o640).unwrap();
    combine("/whole", &["/1", "/2", "/3"], &Cancel::new()).unwrap();
    assert_eq!(names(disk, "/"), ["whole"]);
    let whole = disk.open_read(&path("/whole")).unwrap();
    assert_eq!((whole.size(), disk.stat(&path("/whole")).unwrap().mode), (2_000_003, 0o640));
    assert_eq!(whole.read_at(0, 6).unwrap(), &b"one012"[..]);
    assert_eq!(whole.read_at(2_000_000, 9).unwrap(), &b"789"[..]);
    put(disk, "/whole", "begin");
    put(disk, "/4", ", end");
    combine("/whole", &["/4"], &Cancel::new()).unwrap();
    assert_eq!(get(disk, "/whole").unwrap(), "begin, end");
    // Through a link the file it points to gets the content, and a link that is a part goes itself.
    put(disk, "/5", "!");
    disk.symlink(&path("/whole"), &path("/link")).unwrap();
    disk.symlink(&path("/5"), &path("/part")).unwrap();
    combine("/link", &["/part"], &Cancel::new()).unwrap();
    assert_eq!(get(disk, "/whole").unwrap(), "begin, end!");
    assert_eq!(names(disk, "/"), ["5", "link", "whole"]);
}

fn what_cannot_be_joined_changes_nothing(disk: Disk<'_>) {
    put(disk, "/a", "a");
    put(disk, "/b", "b");
    disk.make_dir(&path("/d"), 0o755).unwrap();
    disk.symlink(&path("/a"), &path("/same")).unwrap();
    let cancelled = Cancel::new();
    cancelled.cancel();
    for (target, parts, cancel, expected) in [
        ("/a", ["/b", "/none"], &Cancel::new(), Failure::NotFound),
        ("/a", ["/b", "/d"], &Cancel::new(), Failure::IsADirectory),
        ("/d", ["/a", "/b"], &Cancel::new(), Failure::IsADirectory),
        ("/a", ["/b", "/a"], &Cancel::new(), Failure::NameNotAllowed),
        ("/a", ["/b", "/same"], &Cancel::new(), Failure::NameNotAllowed),
        ("/same", ["/b", "/a"], &Cancel::new(), Failure::NameNotAllowed),
        ("/new", ["/b", "/b"], &Cancel::new(), Failure::NameNotAllowed),
        ("/none/new", ["/b", "/a"], &Cancel::new(), Failure::NotFound),
        ("/a/new", ["/b", "/a"], &Cancel::new(), Failure::NotADirectory),
        ("/new", ["/a", "/b"], &cancelled, Failure::Cancelled),
    ] {
        let parts = parts.map(path);
        assert_eq!(disk.combine(&path(target), &parts, cancel), Err(expected), "{target} {parts:?}");
    }
    assert_eq!(names(disk, "/"), ["a", "b", "d", "same"]);
    assert_eq!((get(disk, "/a").unwrap(), get(disk, "/b").unwrap()), ("a".to_owned(), "b".to_owned()));
}

fn nothing_is_prepared_where_there_is_one_node(disk: Disk<'_>) {
    assert_eq!(disk.prepare(&path("/a"), true), Ok(Prepared::default()));
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
        disk.make_dirs(&new, 0o755),
        disk.remove_tree(&path("/d"), &Cancel::new()),
        disk.combine(&new, std::slice::from_ref(&file), &Cancel::new()),
        disk.set_owner(&file, Some("0"), None),
        disk.prepare(&new, true).map(drop),
    ] {
        assert_eq!(attempt, Err(Failure::PermissionDenied));
    }
    assert_eq!(names(&inner, "/"), ["d", "empty"]);
    let everything = disk.hash(&file, HashAlgorithm::Crc32, (0, None), &Cancel::new()).unwrap();
    assert_eq!(everything, inner.hash(&file, HashAlgorithm::Crc32, (0, None), &Cancel::new()).unwrap());
    assert_eq!(disk.tree_size(&path("/"), &Cancel::new()).unwrap().bytes, 7);
    assert_eq!(disk.quota(), inner.quota());
    assert!(disk.prepare(&file, false).is_ok());
}

#[test]
fn the_room_of_a_memory_disk_is_its_quota() {
    let disk = MemoryDisk::with_capacity(100).with_file("/d/a", "12345").with_file("/b", "");
    let quota = Quota { used_bytes: 5, bytes: Some(100), used_files: 2, files: None };
    assert_eq!(disk.quota(), Ok(quota));
    disk.remove_tree(&path("/d"), &Cancel::new()).unwrap();
    assert_eq!(disk.quota(), Ok(Quota { used_bytes: 0, used_files: 1, ..quota }));
    assert_eq!(disk.set_owner(&path("/b"), Some("root"), None), Err(Failure::Unsupported));
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

        mod tried_memory_disk {
            $(
                #[test]
                fn $behaviour() {
                    super::$behaviour(&super::tried::Tried(ftp_host::MemoryDisk::new()));
                }
            )*
        }

        /// On a disk, or what there is.
        #[cfg(target_os = "linux")]
        mod tried_local_disk {
            $(
                #[test]
                fn $behaviour() {
                    let root = tempfile::tempdir().unwrap();
                    super::$behaviour(&super::tried::Tried(ftp_host::LocalDisk::open(root.path()).unwrap()));
                }
            )*
        }

        #[cfg(target_os = "linux")]
        mod local_disk_in_memory {
            $(
                #[test]
                fn $behaviour() {
                    let root = tempfile::tempdir_in("/dev/shm").unwrap();
                    super::$behaviour(&super::tried::Tried(ftp_host::LocalDisk::open(root.path()).unwrap()));
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
    digests_are_of_whole_files_and_of_ranges,
    a_hash_under_way_can_be_cancelled,
    trees_are_made_measured_and_removed,
    a_tree_of_any_depth_is_removed,
    parts_are_joined_behind_what_is_there,
    what_cannot_be_joined_changes_nothing,
    nothing_is_prepared_where_there_is_one_node,
    reading_stops_at_the_end,
    what_was_announced_must_fit,
}

/// A client that comes back goes on with its upload while its old session still dies.
#[test]
fn what_another_upload_has_appended_since_is_not_taken_back_in_memory() {
    let disk = MemoryDisk::new();
    let path = path("/a");
    let begin = || disk.open_write(&path, Upload::new(WriteMode::Append)).unwrap();
    for _ in 0..2 {
        let (old, new) = (begin(), begin());
        let size = new.size();
        new.write_at(size, b"end").unwrap();
        new.finish(FinishHow::Commit).unwrap();
        drop(old);
        assert_eq!(disk.stat(&path).unwrap().size, size + 3);
    }
    let last = begin();
    last.write_at(6, b"more").unwrap();
    drop(last);
    assert_eq!(disk.stat(&path).unwrap().size, 6);
}
