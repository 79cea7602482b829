//! Attacks on the local disk: none of them may leave its root, wait, or open a device.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "setting a scene is part of the test")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use ftp_host::{Cancel, LocalDisk, Storage, Upload};
use ftp_proto::action::Times;
use ftp_proto::storage::{FileKind, FinishHow, HashAlgorithm, Replace, Wanted, WriteMode};
use ftp_proto::{Failure, VirtualPath};
use rustix::fs::{CWD, Mode, RenameFlags, inotify, mkfifoat, renameat_with};
use rustix::io::Errno;
use tempfile::TempDir;
use tried::Tried;

mod tried;

/// `top/root` is served; `top/outside/secret` is not.
struct Scene {
    top: TempDir,
    disk: Tried<LocalDisk>,
}

impl Scene {
    fn new() -> Self {
        // These tests are run twice, by two names of this file: where lookups may wait, and in memory.
        let base = if module_path!() == "jail_in_memory" { "/dev/shm".into() } else { std::env::temp_dir() };
        let top = TempDir::new_in(base).unwrap();
        fs::create_dir_all(top.path().join("root/d")).unwrap();
        fs::create_dir(top.path().join("outside")).unwrap();
        fs::write(top.path().join("outside/secret"), "secret").unwrap();
        fs::write(top.path().join("root/d/secret"), "inside").unwrap();
        let disk = Tried(LocalDisk::open(top.path().join("root")).unwrap());
        Self { top, disk }
    }

    fn outside(&self) -> PathBuf {
        self.top.path().join("outside")
    }

    fn root(&self) -> PathBuf {
        self.top.path().join("root")
    }

    fn assert_outside_is_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.outside()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read(self.outside().join("secret")).unwrap(), b"secret");
        let mode = fs::metadata(self.outside().join("secret")).unwrap().permissions().mode();
        assert_ne!(mode & 0o777, 0o000);
    }
}

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn open_write(disk: &Tried<LocalDisk>, name: &str, mode: WriteMode) -> Result<(), Failure> {
    let file = disk.open_write(&path(name), Upload::new(mode))?;
    file.write_at(0, b"broken")?;
    file.finish(FinishHow::Commit)
}

/// What a digest of what is outside would tell.
const MD5_OF_SECRET: &[u8] =
    &[0x5e, 0xbe, 0x22, 0x94, 0xec, 0xd0, 0xe0, 0xf0, 0x8e, 0xab, 0x76, 0x90, 0xd2, 0xa6, 0xee, 0x69];

const CREATE: WriteMode = WriteMode::Create(Replace::Allowed);

/// All that can be tried on a file by this name.
fn attempts(disk: &Tried<LocalDisk>, name: &str) -> Vec<Result<(), Failure>> {
    let (at, inside) = (path(name), path("/d/secret"));
    vec![
        disk.open_read(&at).map(drop),
        open_write(disk, name, CREATE),
        open_write(disk, name, WriteMode::At(0)),
        open_write(disk, name, WriteMode::Append),
        disk.set_mode(&at, 0),
        disk.set_times(&at, Times::default()),
        disk.copy(&at, &path("/copy"), Replace::Allowed, &Cancel::new()),
        disk.copy(&inside, &at, Replace::Allowed, &Cancel::new()),
        disk.hash(&at, HashAlgorithm::Crc32, (0, None), &Cancel::new()).map(drop),
        disk.set_owner(&at, Some("0"), None),
        disk.combine(&at, std::slice::from_ref(&inside), &Cancel::new()),
        disk.combine(&path("/joined"), &[at], &Cancel::new()),
    ]
}

#[test]
fn a_link_out_of_the_root_is_a_dead_end() {
    let scene = Scene::new();
    symlink(scene.outside().join("secret"), scene.root().join("absolute")).unwrap();
    symlink("../outside/secret", scene.root().join("relative")).unwrap();
    symlink("../../root/../outside/secret", scene.root().join("d/roundabout")).unwrap();
    for name in ["/absolute", "/relative", "/d/roundabout"] {
        for (number, attempt) in attempts(&scene.disk, name).into_iter().enumerate() {
            assert_eq!(attempt, Err(Failure::PermissionDenied), "{name}, attempt {number}");
        }
        assert_eq!(scene.disk.stat(&path(name)).unwrap().kind, FileKind::Symlink);
    }
    scene.assert_outside_is_untouched();
}

#[test]
fn a_directory_link_out_of_the_root_leads_nowhere() {
    let scene = Scene::new();
    symlink(scene.outside(), scene.root().join("absolute")).unwrap();
    symlink("../outside", scene.root().join("relative")).unwrap();
    for dir in ["/absolute", "/relative"] {
        let (secret, new) = (format!("{dir}/secret"), format!("{dir}/new"));
        let disk = &scene.disk;
        let mut tried = attempts(disk, &secret);
        tried.extend([
            disk.stat(&path(&secret)).map(drop),
            disk.open_dir(&path(dir), Wanted::Names).map(drop),
            disk.remove(&path(&secret)),
            disk.remove_dir(&path(&secret)),
            disk.make_dir(&path(&new), 0o755),
            disk.symlink(&path("/d"), &path(&new)),
            disk.rename(&path(&secret), &path("/stolen"), Replace::Allowed),
            disk.rename(&path("/d/secret"), &path(&new), Replace::Allowed),
            disk.space(&path(dir)).map(drop),
            disk.tree_size(&path(dir), &Cancel::new()).map(drop),
            disk.remove_tree(&path(&secret), &Cancel::new()),
        ]);
        for (number, attempt) in tried.into_iter().enumerate() {
            assert_eq!(attempt, Err(Failure::PermissionDenied), "{dir}, attempt {number}");
        }
        assert_eq!(disk.make_dirs(&path(&new), 0o755), Err(Failure::NotADirectory));
    }
    scene.assert_outside_is_untouched();
}

#[test]
fn dot_dot_stays_at_the_root() {
    let scene = Scene::new();
    for name in ["/../outside/secret", "/d/../../outside/secret", "../outside/secret"] {
        assert_eq!(scene.disk.stat(&path(name)).err(), Some(Failure::NotFound));
    }
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn swapping_a_directory_for_a_link_in_the_middle_of_things_gains_nothing() {
    let scene = Scene::new();
    symlink(scene.outside(), scene.root().join("link")).unwrap();
    let (dir, link) = (scene.root().join("d"), scene.root().join("link"));
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        // Also where an assertion fails: the test must end to tell.
        let _stop = SetWhenDropped(&done);
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let content = || scene.disk.open_read(&path("/d/secret"))?.read_at(0, 100);
        for round in 0..2000 {
            if let Ok(content) = content() {
                assert_ne!(content, &b"secret"[..]);
            }
            let _ = open_write(&scene.disk, "/d/secret", CREATE);
            let _ = open_write(&scene.disk, "/d/new", CREATE);
            let _ = open_write(&scene.disk, "/d/appended", WriteMode::Append);
            let _ = scene.disk.set_mode(&path("/d/secret"), 0o600);
            let _ = scene.disk.rename(&path("/d/new"), &path("/d/renamed"), Replace::Allowed);
            let _ = scene.disk.make_dir(&path(&format!("/d/{round}")), 0o755);
            let _ = scene.disk.make_dirs(&path(&format!("/d/{round}/deep")), 0o755);
            let _ = scene.disk.remove(&path("/d/secret"));
            let _ = scene.disk.set_owner(&path("/d/secret"), Some("1"), Some("1"));
            let _ = scene.disk.combine(&path("/d/secret"), &[path("/d/appended")], &Cancel::new());
            let _ = scene.disk.tree_size(&path("/d"), &Cancel::new());
            if let Ok(digest) = scene.disk.hash(&path("/d/secret"), HashAlgorithm::Md5, (0, None), &Cancel::new()) {
                assert_ne!(&*digest.bytes, MD5_OF_SECRET);
            }
        }
    });
    scene.assert_outside_is_untouched();
}

#[test]
fn a_tree_is_removed_with_its_links_and_without_what_they_point_to() {
    let scene = Scene::new();
    symlink(scene.outside(), scene.root().join("d/absolute")).unwrap();
    symlink("../../outside", scene.root().join("d/relative")).unwrap();
    mkfifoat(CWD, scene.root().join("d/pipe"), Mode::from_raw_mode(0o666)).unwrap();
    fs::write(scene.root().join("d/.ftp-0123456789abcdef.part"), "part").unwrap();
    assert_eq!(scene.disk.tree_size(&path("/d"), &Cancel::new()).unwrap().bytes, 6);
    scene.disk.remove_tree(&path("/d"), &Cancel::new()).unwrap();
    assert!(!scene.root().join("d").exists());
    symlink(scene.outside(), scene.root().join("link")).unwrap();
    assert_eq!(scene.disk.remove_tree(&path("/link"), &Cancel::new()), Err(Failure::NotADirectory));
    assert_eq!(scene.disk.remove_tree(&path("/link/.."), &Cancel::new()), Err(Failure::PermissionDenied));
    scene.assert_outside_is_untouched();
}

#[test]
fn swapping_directories_for_links_while_a_tree_is_removed_gains_nothing() {
    let scene = Scene::new();
    let (dir, link) = (scene.root().join("tree/swapped"), scene.root().join("link"));
    symlink(scene.outside(), &link).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let _stop = SetWhenDropped(&done);
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // It comes and goes: so often there is nothing to swap.
                let _ = renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE);
            }
        });
        for round in 0..1000 {
            let _ = fs::create_dir_all(scene.root().join("tree/swapped/a/b"));
            let _ = fs::write(scene.root().join(format!("tree/swapped/{round}")), "x");
            let _ = scene.disk.remove_tree(&path("/tree"), &Cancel::new());
            if !fs::symlink_metadata(&link).is_ok_and(|link| link.is_symlink()) {
                let _ = fs::remove_dir_all(&link);
                let _ = symlink(scene.outside(), &link);
            }
        }
    });
    let secret = fs::read(scene.outside().join("secret")).unwrap();
    assert_eq!(secret, b"secret");
}

#[test]
fn a_tree_that_others_fill_meanwhile_is_removed_as_far_as_it_was() {
    let scene = Scene::new();
    let tree = scene.root().join("tree");
    std::thread::scope(|threads| {
        let filling = threads.spawn(|| {
            for number in 0..2000 {
                let _ = fs::create_dir_all(tree.join(format!("{}", number % 7)));
                let _ = fs::write(tree.join(format!("{}/{number}", number % 7)), "x");
            }
        });
        while !filling.is_finished() {
            match scene.disk.remove_tree(&path("/tree"), &Cancel::new()) {
                Ok(()) | Err(Failure::NotFound | Failure::NotEmpty) => {}
                Err(failure) => panic!("{failure}"),
            }
        }
    });
    let last = scene.disk.remove_tree(&path("/tree"), &Cancel::new());
    assert!(matches!(last, Ok(()) | Err(Failure::NotFound)), "{last:?}");
    assert_eq!(scene.disk.open_dir(&path("/"), Wanted::Names).unwrap().read(10).unwrap().entries.len(), 1);
}

#[test]
fn a_part_whose_name_changed_hands_is_not_removed() {
    let scene = Scene::new();
    let (part, other, whole) = (scene.root().join("part"), scene.root().join("other"), scene.root().join("whole"));
    for round in 0..300 {
        fs::write(&part, "part").unwrap();
        fs::write(&other, "other").unwrap();
        let _ = fs::remove_file(&whole);
        let done = AtomicBool::new(false);
        let combined = std::thread::scope(|threads| {
            let _stop = SetWhenDropped(&done);
            threads.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let _ = renameat_with(CWD, &part, CWD, &other, RenameFlags::EXCHANGE);
                }
            });
            scene.disk.combine(&path("/whole"), &[path("/part")], &Cancel::new())
        });
        let contents: Vec<_> = [&part, &other, &whole].iter().filter_map(|name| fs::read(name).ok()).collect();
        for content in [&b"part"[..], b"other"] {
            let is_there = contents.iter().any(|there| there == content);
            assert!(is_there, "a content is lost in round {round}: {combined:?} {contents:?}");
        }
    }
}

#[test]
fn an_owner_is_a_number_or_a_known_name() {
    let scene = Scene::new();
    let file = path("/d/secret");
    let own = scene.disk.stat(&file).unwrap();
    let (uid, gid) = (own.uid.to_string(), own.gid.to_string());
    scene.disk.set_owner(&file, Some(&uid), Some(&gid)).unwrap();
    scene.disk.set_owner(&path("/d"), None, Some(&gid)).unwrap();
    scene.disk.set_owner(&file, None, None).unwrap();
    if let (Some(owner), Some(group)) = (&own.owner, &own.group) {
        scene.disk.set_owner(&file, Some(owner), Some(group)).unwrap();
    }
    for nobody in ["no-such-name", "4294967295", "99999999999", "", "-1"] {
        assert_eq!(scene.disk.set_owner(&file, Some(nobody), None), Err(Failure::NameNotAllowed), "{nobody}");
        assert_eq!(scene.disk.set_owner(&file, None, Some(nobody)), Err(Failure::NameNotAllowed), "{nobody}");
    }
    assert_eq!(scene.disk.stat(&file).unwrap(), own);
    if own.uid == 0 {
        scene.disk.set_owner(&file, Some("12345"), Some("54321")).unwrap();
        let now = scene.disk.stat(&file).unwrap();
        assert_eq!((now.uid, now.gid, now.owner), (12345, 54321, None));
    } else {
        assert_eq!(scene.disk.set_owner(&file, Some("0"), None), Err(Failure::PermissionDenied));
    }
}

#[test]
fn pipes_and_sockets_are_listed_and_never_opened() {
    let scene = Scene::new();
    mkfifoat(CWD, scene.root().join("pipe"), Mode::from_raw_mode(0o666)).unwrap();
    let _listener = UnixListener::bind(scene.root().join("socket")).unwrap();
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, scene.root().join("pipe"), inotify::WatchFlags::OPEN).unwrap();
    for name in ["/pipe", "/socket"] {
        assert_eq!(scene.disk.stat(&path(name)).unwrap().kind, FileKind::Other);
        for (number, attempt) in attempts(&scene.disk, name).into_iter().enumerate() {
            assert_eq!(attempt, Err(Failure::PermissionDenied), "{name}, attempt {number}");
        }
        // Whoever waits at the other end of the pipe would have gone on.
        assert_eq!(rustix::io::read(&watch, &mut [0; 100]), Err(Errno::AGAIN), "{name} was opened");
    }
    let mut dir = scene.disk.open_dir(&path("/"), Wanted::Names).unwrap();
    let entries = dir.read(10).unwrap().entries;
    assert_eq!(entries.iter().filter(|entry| entry.metadata.kind == FileKind::Other).count(), 2);
}

#[test]
fn a_leftover_of_a_crash_is_hidden_and_its_name_reserved() {
    let scene = Scene::new();
    let name = ".ftp-0123456789abcdef.part";
    fs::write(scene.root().join(name), "part").unwrap();
    let mut dir = scene.disk.open_dir(&path("/"), Wanted::Everything).unwrap();
    let names: Vec<_> = dir.read(10).unwrap().entries.into_iter().map(|entry| entry.name.to_vec()).collect();
    assert_eq!(names, [b"d"]);
    let name = format!("/{name}");
    assert_eq!(open_write(&scene.disk, &name, CREATE), Err(Failure::NameNotAllowed));
    assert_eq!(scene.disk.make_dir(&path(&name), 0o755), Err(Failure::NameNotAllowed));
}

#[test]
fn an_unfinished_upload_has_no_name_at_all() {
    let scene = Scene::new();
    let upload = scene.disk.open_write(&path("/d/new"), Upload::new(CREATE)).unwrap();
    upload.write_at(0, b"part").unwrap();
    let count = || fs::read_dir(scene.root().join("d")).unwrap().count();
    assert_eq!(count(), 1);
    // Its directory may move meanwhile: it stays in that directory.
    fs::rename(scene.root().join("d"), scene.root().join("moved")).unwrap();
    upload.finish(FinishHow::Commit).unwrap();
    assert_eq!(fs::read(scene.root().join("moved/new")).unwrap(), b"part");
}

#[test]
fn a_directory_in_one_shared_by_a_group_is_shared_too() {
    let scene = Scene::new();
    fs::set_permissions(scene.root(), fs::Permissions::from_mode(0o2775)).unwrap();
    scene.disk.make_dir(&path("/new"), 0o770).unwrap();
    assert_eq!(scene.disk.stat(&path("/new")).unwrap().mode, 0o2770);
}

#[test]
fn what_the_disk_forbids_is_denied() {
    let scene = Scene::new();
    let closed = scene.root().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(scene.root().join("fixed"), "x").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(scene.root().join("fixed"), fs::Permissions::from_mode(0o444)).unwrap();
    // Root may do anything, and then there is nothing to see.
    if fs::read_dir(&closed).is_err() {
        assert_eq!(scene.disk.open_dir(&path("/closed"), Wanted::Names).err(), Some(Failure::PermissionDenied));
        for mode in [CREATE, WriteMode::Append, WriteMode::At(0)] {
            assert_eq!(open_write(&scene.disk, "/closed/a", mode), Err(Failure::PermissionDenied));
            assert_eq!(open_write(&scene.disk, "/fixed", mode), Err(Failure::PermissionDenied));
        }
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_root_must_be_a_directory() {
    let scene = Scene::new();
    assert!(LocalDisk::open(scene.root().join("none")).is_err());
    assert!(LocalDisk::open(scene.outside().join("secret")).is_err());
    // Reached through a link it is as good as any.
    symlink(scene.root(), scene.top.path().join("link")).unwrap();
    let disk = LocalDisk::open(scene.top.path().join("link")).unwrap();
    assert_eq!(disk.stat(&path("/d/secret")).unwrap().size, 6);
}

/// One session's append is taken back, name and all, while another's begins.
#[test]
fn an_append_to_a_file_that_comes_and_goes() {
    let scene = Scene::new();
    let path = VirtualPath::parse(b"/log").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..3000 {
                    // Dropped without an end: a file that was made for it goes again.
                    drop(scene.disk.open_write(&path, Upload::new(WriteMode::Append)).expect("it opens or is made"));
                }
            });
        }
    });
}
