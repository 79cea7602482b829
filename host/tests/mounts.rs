//! Several storages in one tree.

#![allow(clippy::unwrap_used, reason = "setting a scene is part of the test")]

use std::collections::BTreeSet;
use std::sync::Arc;

use ftp_host::{Cancel, MemoryDisk, Mounts, Storage, Upload};
use ftp_proto::action::Times;
use ftp_proto::outcome::{Quota, TreeSize};
use ftp_proto::storage::{Entry, FinishHow, Replace, Wanted, WriteMode};
use ftp_proto::{Failure, VirtualPath};

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn put(disk: &dyn Storage, name: &str, content: &str) -> Result<(), Failure> {
    let file = disk.open_write(&path(name), Upload::new(WriteMode::Create(Replace::Allowed)))?;
    file.write_at(0, content.as_bytes())?;
    file.finish(FinishHow::Commit)
}

fn get(disk: &dyn Storage, name: &str) -> Result<String, Failure> {
    let bytes = disk.open_read(&path(name))?.read_at(0, 1 << 16)?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

fn entries(disk: &dyn Storage, dir: &str, page: usize) -> Vec<Entry> {
    let mut dir = disk.open_dir(&path(dir), Wanted::Everything).unwrap();
    let mut entries = Vec::new();
    loop {
        let read = dir.read(page).unwrap();
        assert!(read.entries.len() <= page);
        entries.extend(read.entries);
        if read.last {
            return entries;
        }
    }
}

/// The names in a directory, a slash behind those of directories; the same whatever the size of the page.
fn names(disk: &dyn Storage, dir: &str) -> Vec<String> {
    let all = |page| {
        let name = |entry: Entry| {
            let slash = if entry.metadata.is_directory() { "/" } else { "" };
            format!("{}{slash}", entry.name.escape_ascii())
        };
        let mut names: Vec<_> = entries(disk, dir, page).into_iter().map(name).collect();
        names.sort();
        names
    };
    assert_eq!(all(1), all(100));
    all(3)
}

struct Scene {
    tree: Mounts,
    root: MemoryDisk,
    public: MemoryDisk,
    deep: MemoryDisk,
}

/// `/pub` and `/srv/far/deep` and `/pub/in` are mounted; the root has a `/pub` of its own, and no `/srv`.
fn scene() -> Scene {
    let root = MemoryDisk::new().with_file("/own", "1").with_file("/pub/hidden", "22").with_dir("/dir");
    let public = MemoryDisk::new().with_file("/open", "333").with_file("/d/f", "4444");
    let deep = MemoryDisk::new().with_file("/bottom", "55555");
    let tree = Mounts::new(Arc::new(root.clone()));
    let tree = tree.mount("/pub", Arc::new(public.clone())).unwrap();
    let twice: Arc<dyn Storage> = Arc::new(deep.clone());
    let tree = tree.mount("/srv/far/deep", Arc::clone(&twice)).unwrap().mount("/pub/in", twice).unwrap();
    Scene { tree, root, public, deep }
}

#[test]
fn the_longest_mount_point_decides() {
    let Scene { tree, root, public, deep } = scene();
    assert_eq!(get(&tree, "/own").unwrap(), "1");
    assert_eq!(get(&tree, "/pub/open").unwrap(), "333");
    assert_eq!(get(&tree, "/pub/in/bottom").unwrap(), "55555");
    assert_eq!(get(&tree, "/srv/far/deep/bottom").unwrap(), "55555");
    assert_eq!(get(&tree, "/pub/hidden"), Err(Failure::NotFound), "it lies beneath the mount");
    put(&tree, "/pub/new", "p").unwrap();
    put(&tree, "/pub/in/new", "d").unwrap();
    put(&tree, "/dir/new", "r").unwrap();
    assert_eq!((get(&public, "/new").unwrap(), get(&deep, "/new").unwrap()), ("p".into(), "d".into()));
    assert_eq!(get(&root, "/dir/new").unwrap(), "r");
    assert_eq!(get(&tree, "/publican"), Err(Failure::NotFound), "a name that only begins alike is the root's");
}

#[test]
fn mount_points_are_listed_once_and_also_where_nothing_holds_them() {
    let Scene { tree, .. } = scene();
    assert_eq!(names(&tree, "/"), ["dir/", "own", "pub/", "srv/"]);
    assert_eq!(names(&tree, "/pub"), ["d/", "in/", "open"]);
    assert_eq!(names(&tree, "/srv"), ["far/"]);
    assert_eq!(names(&tree, "/srv/far"), ["deep/"]);
    assert_eq!(names(&tree, "/srv/far/deep"), ["bottom"]);
    for dir in ["/", "/pub", "/srv", "/srv/far", "/srv/far/deep"] {
        assert!(tree.stat(&path(dir)).unwrap().is_directory(), "{dir}");
    }
    assert_eq!(tree.stat(&path("/srv/near")), Err(Failure::NotFound));
    let other = tree.open_dir(&path("/own"), Wanted::Names).err();
    assert_eq!(other, Some(Failure::NotADirectory));
}

#[test]
fn a_file_in_the_way_of_a_mount_is_hidden() {
    let root = MemoryDisk::new().with_file("/a", "file").with_file("/b", "file");
    let inner = MemoryDisk::new().with_file("/f", "x");
    let tree = Mounts::new(Arc::new(root)).mount("/a/b", Arc::new(inner.clone())).unwrap();
    let tree = tree.mount("/b", Arc::new(inner)).unwrap();
    assert_eq!(names(&tree, "/"), ["a/", "b/"]);
    assert_eq!(names(&tree, "/a"), ["b/"]);
    assert_eq!(get(&tree, "/a"), Err(Failure::IsADirectory));
    assert_eq!(get(&tree, "/a/b/f").unwrap(), "x");
}

#[test]
fn a_mount_point_and_what_holds_it_stay() {
    let Scene { tree, .. } = scene();
    for fixed in ["/", "/pub", "/pub/in", "/srv", "/srv/far", "/srv/far/deep"] {
        let (fixed, new) = (path(fixed), path("/new"));
        assert_eq!(tree.remove_dir(&fixed), Err(Failure::Busy));
        assert_eq!(tree.remove_tree(&fixed, &Cancel::new()), Err(Failure::Busy));
        assert_eq!(tree.rename(&fixed, &new, Replace::Allowed), Err(Failure::Busy));
        assert_eq!(tree.rename(&path("/own"), &fixed, Replace::Allowed), Err(Failure::Exists));
        assert_eq!(tree.copy(&path("/own"), &fixed, Replace::Allowed, &Cancel::new()), Err(Failure::Exists));
        assert_eq!(tree.copy(&fixed, &new, Replace::Allowed, &Cancel::new()), Err(Failure::IsADirectory));
        assert_eq!(tree.remove(&fixed), Err(Failure::IsADirectory));
        assert_eq!(tree.make_dir(&fixed, 0o755), Err(Failure::Exists));
        assert_eq!(tree.make_dirs(&fixed, 0o755), Ok(()));
        assert_eq!(tree.symlink(&path("/own"), &fixed), Err(Failure::Exists));
        let upload = Upload::new(WriteMode::Create(Replace::Allowed));
        assert_eq!(tree.open_write(&fixed, upload).err(), Some(Failure::IsADirectory));
    }
    assert_eq!(names(&tree, "/"), ["dir/", "own", "pub/", "srv/"]);
}

#[test]
fn what_only_stands_for_mounts_takes_nothing() {
    let Scene { tree, .. } = scene();
    assert_eq!(put(&tree, "/srv/new", "x"), Err(Failure::PermissionDenied));
    assert_eq!(tree.make_dir(&path("/srv/far/new"), 0o755), Err(Failure::PermissionDenied));
    assert_eq!(tree.set_mode(&path("/srv"), 0o700), Err(Failure::PermissionDenied));
    assert_eq!(tree.set_times(&path("/srv"), Times::default()), Err(Failure::PermissionDenied));
    assert!(tree.space(&path("/srv")).unwrap().available > 0, "that of the storage it would be in");
    tree.set_mode(&path("/pub"), 0o700).unwrap();
    assert_eq!(tree.stat(&path("/pub")).unwrap().mode, 0o700);
}

#[test]
fn nothing_is_renamed_or_linked_across_but_files_are_copied() {
    let Scene { tree, public, .. } = scene();
    tree.rename(&path("/own"), &path("/dir/mine"), Replace::Refused).unwrap();
    tree.rename(&path("/pub/in/bottom"), &path("/srv/far/deep/top"), Replace::Refused).unwrap();
    assert_eq!(get(&tree, "/pub/in/top").unwrap(), "55555", "the same storage at two places");
    let refused = tree.rename(&path("/dir/mine"), &path("/pub/mine"), Replace::Refused);
    assert_eq!(refused, Err(Failure::Unsupported));
    assert_eq!(tree.rename(&path("/no"), &path("/pub/no"), Replace::Refused), Err(Failure::NotFound));
    assert_eq!(tree.symlink(&path("/pub/open"), &path("/link")), Err(Failure::Unsupported));
    tree.symlink(&path("/pub/open"), &path("/pub/d/link")).unwrap();
    assert_eq!(get(&tree, "/pub/d/link").unwrap(), "333");

    tree.set_mode(&path("/dir/mine"), 0o600).unwrap();
    tree.copy(&path("/dir/mine"), &path("/pub/mine"), Replace::Refused, &Cancel::new()).unwrap();
    assert_eq!(get(&public, "/mine").unwrap(), "1");
    assert_eq!(public.stat(&path("/mine")).unwrap().mode, 0o600);
    let again = tree.copy(&path("/dir/mine"), &path("/pub/mine"), Replace::Refused, &Cancel::new());
    assert_eq!(again, Err(Failure::Exists));
    let cancel = Cancel::new();
    cancel.cancel();
    let stopped = tree.copy(&path("/dir/mine"), &path("/pub/other"), Replace::Refused, &cancel);
    assert_eq!(stopped, Err(Failure::Cancelled));
    assert_eq!(public.stat(&path("/other")), Err(Failure::NotFound));
}

#[test]
fn a_large_file_is_copied_whole() {
    let content: String = (0..1_000_000).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
    let Scene { tree, root, deep, .. } = scene();
    put(&root, "/big", &content).unwrap();
    tree.copy(&path("/big"), &path("/srv/far/deep/big"), Replace::Refused, &Cancel::new()).unwrap();
    let copy = deep.open_read(&path("/big")).unwrap().read_at(0, usize::MAX).unwrap();
    assert!(copy == content);
}

#[test]
fn files_of_two_storages_are_never_told_to_be_the_same() {
    let Scene { tree, .. } = scene();
    let mut seen = BTreeSet::new();
    for dir in ["/", "/pub", "/pub/d"] {
        for entry in entries(&tree, dir, 10) {
            let Some(unique) = entry.metadata.unique else { continue };
            assert!(seen.insert(unique), "{dir} {:?}", entry.name.escape_ascii().to_string());
            let stat = tree.stat(&path(dir).join(&entry.name).unwrap()).unwrap();
            assert_eq!(stat.unique, Some(unique), "listed and asked for it is the same");
        }
    }
    let same = ["/pub/in/bottom", "/srv/far/deep/bottom"].map(|name| tree.stat(&path(name)).unwrap().unique);
    assert_eq!(same[0], same[1]);
}

/// A storage without a quota.
struct Endless;

impl Storage for Endless {}

/// A storage whose tree holds so many bytes, and whose quota knows of them.
struct Sized(u64);

impl Storage for Sized {
    fn tree_size(&self, path: &VirtualPath, _: &Cancel) -> Result<TreeSize, Failure> {
        match path.as_bytes() {
            b"/" => Ok(TreeSize { bytes: self.0 }),
            // What a mount hides.
            b"/in" => Ok(TreeSize { bytes: 1 }),
            _ => Err(Failure::NotFound),
        }
    }

    fn quota(&self) -> Result<Quota, Failure> {
        Ok(Quota { used_bytes: self.0, bytes: Some(1000), used_files: 1, files: None })
    }
}

#[test]
fn sizes_and_quotas_are_summed() {
    let tree = Mounts::new(Arc::new(Sized(100))).mount("/pub", Arc::new(Sized(20))).unwrap();
    let twice: Arc<dyn Storage> = Arc::new(Sized(3));
    let tree = tree.mount("/pub/in", Arc::clone(&twice)).unwrap().mount("/far/off", twice).unwrap();
    let tree = tree.mount("/none", Arc::new(Endless)).unwrap();
    let size = |at: &str| tree.tree_size(&path(at), &Cancel::new()).map(|size| size.bytes);
    assert_eq!(size("/pub"), Ok(20 - 1 + 3));
    assert_eq!(size("/far"), Ok(3));
    assert_eq!(size("/nowhere"), Err(Failure::NotFound));
    let quota = tree.quota().unwrap();
    assert_eq!((quota.used_bytes, quota.bytes), (123, Some(3000)), "the one that is mounted twice counts once");
    assert_eq!((quota.used_files, quota.files), (3, None));
    let none = Mounts::new(Arc::new(Endless));
    assert_eq!(none.quota(), Err(Failure::Unsupported));
}
