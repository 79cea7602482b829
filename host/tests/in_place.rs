//! What does not wait is done where it is submitted, and its answer returned; all else goes to the pool. Once, either way.

#![allow(clippy::unwrap_used, reason = "setting a scene is part of the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ftp_host::{
    Accounts, Client, Context, Directory, Hooks, Host, HostSession, Inline, Login, MemoryDisk, Mounts, Operation, Pace,
    Password, Pooled, ReadFile, ReadOnly, ReplyTo, Storage, Upload, Users, VirtualHosts, WriteFile, hash_password,
};
use ftp_proto::action::Credentials;
use ftp_proto::outcome::Entries;
use ftp_proto::storage::{FinishHow, HashAlgorithm, Metadata, Permissions, Replace, Wanted, WriteMode};
use ftp_proto::testing::{action_id, dir_id, file_id, ticket};
use ftp_proto::{Completion, Failure, HostAction, StorageAction as S, VirtualPath};

/// Where an action was done, and how it failed if it did.
#[derive(Debug, PartialEq)]
enum Was {
    InPlace(Option<Failure>),
    Pooled(Option<Failure>),
}

use Was::{InPlace, Pooled as OnThePool};

/// A session, which numbers its actions.
struct Caller {
    session: Box<dyn HostSession>,
    reply: ReplyTo,
    answers: Receiver<Completion>,
    number: u64,
}

impl Caller {
    fn new(host: &dyn Host) -> Self {
        let (sender, answers) = channel();
        let client = Client { peer: ([192, 0, 2, 1], 40_000).into(), local: ([192, 0, 2, 2], 21).into() };
        let reply = ReplyTo::new(move |answer| drop(sender.send(answer)));
        Self { session: host.session(client), reply, answers, number: 0 }
    }

    fn logged_in(storage: impl Storage + 'static) -> Self {
        let mut this = Self::new(&Pooled::new(users(storage)));
        assert_eq!(this.log_in("alice"), InPlace(None));
        this
    }

    /// Submits an action: its answer, where that was known at once.
    fn submit(&mut self, make: impl FnOnce(u64) -> HostAction) -> Option<Completion> {
        self.number += 1;
        self.session.submit(make(self.number), self.reply.clone())
    }

    /// Runs an action, which is answered once.
    fn run(&mut self, make: impl FnOnce(u64) -> HostAction) -> Was {
        let (answer, was): (_, fn(_) -> _) = match self.submit(make) {
            Some(answer) => (answer, InPlace),
            None => (self.answers.recv_timeout(PATIENCE).expect("an answer"), OnThePool),
        };
        assert_eq!(answer.id(), action_id(self.number));
        assert!(self.answers.try_recv().is_err(), "one answer is enough");
        was(answer.failure())
    }

    fn store(&mut self, make: impl FnOnce(u64) -> S) -> Was {
        self.run(|it| HostAction::Storage(make(it)))
    }

    fn log_in(&mut self, user: &str) -> Was {
        self.run(|it| HostAction::Authenticate { ticket: ticket(it), credentials: Box::new(credentials(user)) })
    }

    fn stat(&mut self, name: &str) -> Was {
        self.store(|it| S::Stat { ticket: ticket(it), path: path(name) })
    }

    fn get(&mut self, file: u64, name: &str) -> Was {
        self.store(|it| S::OpenRead { ticket: ticket(it), file: file_id(file), path: path(name) })
    }

    fn create(&mut self, file: u64, name: &str) -> Was {
        let mode = WriteMode::Create(Replace::Allowed);
        let (file, path) = (file_id(file), path(name));
        self.store(|it| S::OpenWrite { ticket: ticket(it), file, path, mode, permissions: 0o644, expected: 0 })
    }

    fn write(&mut self, file: u64, content: &'static [u8]) -> Was {
        let bytes = Bytes::from_static(content);
        self.store(|it| S::Write { ticket: ticket(it), file: file_id(file), at: 0, bytes })
    }

    fn finish(&mut self, file: u64, how: FinishHow) -> Was {
        self.store(|it| S::Finish { ticket: ticket(it), file: file_id(file), how })
    }

    fn list(&mut self, dir: u64, name: &str) -> Was {
        let (dir, path) = (dir_id(dir), path(name));
        self.store(|it| S::OpenDir { ticket: ticket(it), dir, path, wanted: Wanted::Everything })
    }

    fn page(&mut self, dir: u64, max: usize) -> Was {
        self.store(|it| S::ReadDir { ticket: ticket(it), dir: dir_id(dir), max })
    }

    fn close(&mut self, file: u64) {
        assert!(self.submit(|_| HostAction::Storage(S::CloseFile(file_id(file)))).is_none());
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn credentials(user: &str) -> Credentials {
    Credentials::new(user.as_bytes(), b"secret", ([192, 0, 2, 1], 40_000).into())
}

fn users(storage: impl Storage + 'static) -> Arc<dyn Accounts> {
    Arc::new(Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, Arc::new(storage)))
}

/// All that a transfer and a listing take.
fn everything_is_done_in_place(caller: &mut Caller) {
    assert_eq!(caller.create(1, "/d/a"), InPlace(None));
    assert_eq!(caller.session.pace(file_id(1)), Pace::Prompt);
    assert_eq!(caller.write(1, b"content"), InPlace(None));
    assert_eq!(caller.finish(1, FinishHow::Commit), InPlace(None));
    assert_eq!(caller.session.pace(file_id(1)), Pace::MayWait, "it is closed");
    assert_eq!(caller.create(2, "/d/a"), InPlace(None));
    assert_eq!(caller.write(2, b"contents"), InPlace(None));
    assert_eq!(caller.finish(2, FinishHow::Commit), InPlace(None));
    assert_eq!(caller.stat("/d/a"), InPlace(None));
    assert_eq!(caller.stat("/d/b"), InPlace(Some(Failure::NotFound)));
    assert_eq!(caller.get(3, "/d/a"), InPlace(None));
    assert_eq!(caller.session.pace(file_id(3)), Pace::Prompt);
    let read = |it| S::Read { ticket: ticket(it), file: file_id(3), at: 0, max: 100 };
    assert_eq!(caller.store(read), InPlace(None));
    caller.close(3);
    assert_eq!(caller.store(read), OnThePool(Some(Failure::NotFound)));
    assert_eq!(caller.get(3, "/d"), InPlace(Some(Failure::IsADirectory)));
    assert_eq!(caller.list(1, "/d"), InPlace(None));
    assert_eq!(caller.page(1, 100), InPlace(None));
    assert_eq!(caller.page(1, 100_000), OnThePool(None), "that many may take their time");
    assert!(caller.submit(|_| HostAction::Storage(S::CloseDir(dir_id(1)))).is_none());
    assert_eq!(caller.page(1, 100), OnThePool(Some(Failure::NotFound)));
}

fn what_takes_long_is_not(caller: &mut Caller) {
    let (algorithm, from, to) = (HashAlgorithm::Md5, 0, None);
    assert_eq!(
        caller.store(|it| S::Hash { ticket: ticket(it), path: path("/d/a"), algorithm, from, to }),
        OnThePool(None)
    );
    let replace = Replace::Allowed;
    assert_eq!(
        caller.store(|it| S::Copy { ticket: ticket(it), from: path("/d/a"), to: path("/d/b"), replace }),
        OnThePool(None)
    );
    assert_eq!(caller.store(|it| S::TreeSize { ticket: ticket(it), path: path("/") }), OnThePool(None));
    assert_eq!(caller.store(|it| S::RemoveTree { ticket: ticket(it), path: path("/d") }), OnThePool(None));
}

#[test]
fn memory_does_not_wait() {
    let mut caller = Caller::logged_in(MemoryDisk::new().with_dir("/d"));
    everything_is_done_in_place(&mut caller);
    what_takes_long_is_not(&mut caller);
}

#[test]
fn memory_that_has_much_to_give_back_may_take_its_time() {
    let disk = MemoryDisk::new().with_file("/big", vec![0; 5 << 20]);
    let mut caller = Caller::logged_in(disk.clone());
    assert_eq!(caller.get(1, "/big"), InPlace(None));
    assert_eq!(caller.create(2, "/big"), InPlace(None));
    assert_eq!(caller.finish(2, FinishHow::Commit), OnThePool(None));
    let many = (0..2000).fold(disk, |disk, at| disk.with_file(&format!("/many/{at}"), ""));
    let mut caller = Caller::logged_in(many);
    assert_eq!(caller.list(1, "/many"), OnThePool(None));
    assert_eq!(caller.page(1, 500), OnThePool(None), "all of it is held");
    assert_eq!(caller.page(1, 500), OnThePool(None), "most of it is left");
    assert_eq!(caller.page(1, 500), InPlace(None), "half of it is left");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_in_memory_does_not_wait() {
    let root = tempfile::tempdir_in("/dev/shm").unwrap();
    std::fs::create_dir(root.path().join("d")).unwrap();
    let disk = || ftp_host::LocalDisk::open(root.path()).unwrap();
    let mut caller = Caller::logged_in(disk());
    everything_is_done_in_place(&mut caller);
    // In the root itself there is a shorter way.
    std::fs::write(root.path().join("a"), "content").unwrap();
    std::os::unix::fs::symlink("d/a", root.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("broken")).unwrap();
    for name in ["/a", "/link"] {
        assert_eq!(caller.get(9, name), InPlace(None));
        assert_eq!(caller.create(9, name), InPlace(None));
        assert_eq!(caller.finish(9, FinishHow::Discard), OnThePool(None));
    }
    assert_eq!(caller.get(9, "/none"), InPlace(Some(Failure::NotFound)));
    assert_eq!(caller.get(9, "/broken"), InPlace(Some(Failure::NotFound)));
    assert_eq!(caller.stat("/broken"), InPlace(None));
    // What is replaced has pages to free.
    std::fs::File::create(root.path().join("big")).unwrap().set_len(2 << 20).unwrap();
    assert_eq!(caller.create(9, "/big"), InPlace(None));
    assert_eq!(caller.finish(9, FinishHow::Commit), OnThePool(None));
    // So has what was removed under its reader.
    std::fs::File::create(root.path().join("big")).unwrap().set_len(2 << 20).unwrap();
    assert_eq!(caller.get(9, "/big"), InPlace(None));
    std::fs::remove_file(root.path().join("big")).unwrap();
    caller.close(9);
    assert_eq!(caller.session.pace(file_id(9)), Pace::MayWait, "it is out of the table at once");
    // And so may have an upload that cannot be kept in the end, or was removed.
    static MUCH: [u8; 2 << 20] = [b'x'; 2 << 20];
    assert_eq!(caller.create(10, "/much"), InPlace(None));
    assert_eq!(caller.write(10, &MUCH), InPlace(None));
    assert_eq!(caller.finish(10, FinishHow::Commit), OnThePool(None));
    what_takes_long_is_not(&mut caller);
    // Synced, a commit waits, whatever that means there.
    let mut caller = Caller::logged_in(disk().sync(true));
    assert_eq!(caller.create(1, "/a"), InPlace(None));
    assert_eq!(caller.finish(1, FinishHow::Commit), OnThePool(None));
    // Told to, all of it does.
    let mut caller = Caller::logged_in(disk().may_wait());
    assert_eq!(caller.stat("/a"), OnThePool(None));
    assert_eq!(caller.get(1, "/a"), OnThePool(None));
    assert_eq!(caller.session.pace(file_id(1)), Pace::MayWait);
    assert_eq!(caller.create(2, "/a"), OnThePool(None));
    assert_eq!(caller.finish(2, FinishHow::Commit), OnThePool(None));
}

/// What leads out of the file system in memory is no business of the loop's: here into `/dev/pts`, by a root of `/dev`.
#[cfg(target_os = "linux")]
#[test]
fn what_leaves_the_file_system_goes_to_the_pool() {
    use std::os::linux::fs::MetadataExt;
    let device = |path: &str| std::fs::metadata(path).unwrap().st_dev();
    if device("/dev") == device("/dev/shm") {
        eprintln!("/dev/shm is not a mount of its own here");
        return;
    }
    let mut caller = Caller::logged_in(ftp_host::LocalDisk::open("/dev").unwrap());
    assert_eq!(caller.stat("/shm"), OnThePool(None));
    assert_eq!(caller.stat("/shm/none"), OnThePool(Some(Failure::NotFound)));
    assert_eq!(caller.get(1, "/shm"), OnThePool(Some(Failure::IsADirectory)));
    assert_eq!(caller.list(1, "/shm"), OnThePool(None));
    assert_eq!(caller.create(1, "/shm/ftp-host-crosses"), OnThePool(None));
    assert_eq!(caller.session.pace(file_id(1)), Pace::MayWait);
    assert_eq!(caller.finish(1, FinishHow::Discard), OnThePool(None));
}

/// What is mounted beneath a disk's root may be a network's, however well its names are known.
#[cfg(target_os = "linux")]
#[test]
fn what_leaves_a_disk_goes_to_the_pool_also_where_its_names_are_cached() {
    let mut caller = Caller::logged_in(ftp_host::LocalDisk::open("/").unwrap());
    for _ in 0..2 {
        assert_eq!(caller.stat("/proc/self"), OnThePool(None));
        assert_eq!(caller.get(1, "/proc/none"), OnThePool(Some(Failure::NotFound)));
    }
}

/// Says [`None`] at first, as a file system whose cache is cold.
struct Cold {
    disk: MemoryDisk,
    misses: AtomicUsize,
}

impl Cold {
    fn now<T>(&self, work: impl FnOnce(&MemoryDisk) -> Option<T>) -> Option<T> {
        let left = self.misses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { None } else { work(&self.disk) }
    }
}

impl Storage for Cold {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.disk.stat(path)
    }

    fn stat_now(&self, path: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        self.now(|disk| disk.stat_now(path))
    }

    fn open_read(&self, path: &VirtualPath) -> Result<Box<dyn ReadFile>, Failure> {
        self.disk.open_read(path)
    }

    fn open_read_now(&self, path: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        self.now(|disk| disk.open_read_now(path))
    }
}

#[test]
fn what_is_not_at_hand_goes_to_the_pool_and_is_at_hand_then() {
    let disk = MemoryDisk::new().with_file("/a", "content");
    let mut caller = Caller::logged_in(Cold { disk, misses: AtomicUsize::new(2) });
    assert_eq!(caller.stat("/a"), OnThePool(None));
    assert_eq!(caller.get(1, "/a"), OnThePool(None));
    assert_eq!(caller.stat("/a"), InPlace(None));
    assert_eq!(caller.get(2, "/a"), InPlace(None));
    // It says nothing of this.
    assert_eq!(caller.create(3, "/b"), OnThePool(Some(Failure::Unsupported)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_is_asked_for_what_is_cached_and_uploads_wait_for_it() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a"), "content").unwrap();
    let mut caller = Caller::logged_in(ftp_host::LocalDisk::open(root.path()).unwrap());
    // Wherever they are done, they are done: that depends on the file system.
    for _ in 0..2 {
        assert!(matches!(caller.stat("/a"), InPlace(None) | OnThePool(None)));
        assert!(matches!(caller.get(1, "/a"), InPlace(None) | OnThePool(None)));
        assert!(
            matches!(caller.get(1, "/b"), InPlace(failed) | OnThePool(failed) if failed == Some(Failure::NotFound))
        );
    }
}

/// Panics in place.
struct Panics;

impl Storage for Panics {
    fn stat_now(&self, _: &VirtualPath) -> Option<Result<Metadata, Failure>> {
        panic!("as the test wants it");
    }

    fn open_read_now(&self, _: &VirtualPath) -> Option<Result<Box<dyn ReadFile>, Failure>> {
        Some(Ok(Box::new(PanicsToo)))
    }

    fn open_write_now(&self, _: &VirtualPath, _: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        Some(Ok(Box::new(PanicsToo)))
    }

    fn open_dir_now(&self, _: &VirtualPath, _: Wanted) -> Option<Result<Box<dyn Directory>, Failure>> {
        Some(Ok(Box::new(PanicsToo)))
    }
}

struct PanicsToo;

impl ReadFile for PanicsToo {
    fn size(&self) -> u64 {
        0
    }

    fn pace(&self) -> Pace {
        Pace::Prompt
    }

    fn closing(&self) -> Pace {
        Pace::Prompt
    }

    fn read_at(&self, _: u64, _: usize) -> Result<Bytes, Failure> {
        panic!("as the test wants it");
    }
}

impl WriteFile for PanicsToo {
    fn size(&self) -> u64 {
        0
    }

    fn pace(&self) -> Pace {
        Pace::Prompt
    }

    fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Failure> {
        panic!("as the test wants it");
    }

    fn finish(&self, _: FinishHow) -> Result<(), Failure> {
        unreachable!("it was finished in place")
    }

    fn finish_now(&self, _: FinishHow) -> Option<Result<(), Failure>> {
        panic!("as the test wants it");
    }
}

impl Directory for PanicsToo {
    fn read(&mut self, _: usize) -> Result<Entries, Failure> {
        panic!("as the test wants it");
    }

    fn pace(&self) -> Pace {
        Pace::Prompt
    }
}

impl Drop for PanicsToo {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "as the test wants it");
    }
}

#[test]
fn a_panic_in_place_loses_one_action_and_no_more() {
    let mut caller = Caller::logged_in(Panics);
    let lost = || InPlace(Some(Failure::Lost));
    for _ in 0..2 {
        assert_eq!(caller.stat("/a"), lost());
        assert_eq!(caller.get(1, "/a"), InPlace(None));
        assert_eq!(caller.store(|it| S::Read { ticket: ticket(it), file: file_id(1), at: 0, max: 1 }), lost());
        caller.close(1);
        assert_eq!(caller.create(2, "/a"), InPlace(None));
        assert_eq!(caller.write(2, b"x"), lost());
        assert_eq!(caller.finish(2, FinishHow::Commit), lost());
        assert_eq!(caller.write(2, b"x"), OnThePool(Some(Failure::NotFound)));
        assert_eq!(caller.list(1, "/"), InPlace(None));
        assert_eq!(caller.page(1, 1), lost());
        assert!(caller.submit(|_| HostAction::Storage(S::CloseDir(dir_id(1)))).is_none());
        assert_eq!(caller.log_in("alice"), InPlace(None));
    }
}

/// A file whose writes wait for the test, and whose end does not.
struct SlowFile {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
    written: Arc<Mutex<Vec<&'static str>>>,
}

/// A storage with one such file.
struct OneFile(Mutex<Option<SlowFile>>);

impl Storage for OneFile {
    fn open_write_now(&self, _: &VirtualPath, _: Upload) -> Option<Result<Box<dyn WriteFile>, Failure>> {
        Some(Ok(Box::new(self.0.lock().unwrap().take().unwrap())))
    }
}

impl WriteFile for SlowFile {
    fn size(&self) -> u64 {
        0
    }

    fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Failure> {
        self.entered.send(()).unwrap();
        self.leave.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        self.written.lock().unwrap().push("write");
        Ok(())
    }

    fn finish(&self, _: FinishHow) -> Result<(), Failure> {
        self.written.lock().unwrap().push("finish on the pool");
        Ok(())
    }

    fn finish_now(&self, _: FinishHow) -> Option<Result<(), Failure>> {
        self.written.lock().unwrap().push("finish in place");
        Some(Ok(()))
    }
}

#[test]
fn the_end_of_an_upload_does_not_pass_a_write_to_it() {
    let ((entered, has_entered), (let_leave, leave)) = (channel(), channel());
    let written = Arc::default();
    let file = SlowFile { entered, leave: Mutex::new(leave), written: Arc::clone(&written) };
    let storage = OneFile(Mutex::new(Some(file)));
    // One thread: so the pool keeps the order, too.
    let size = ftp_host::PoolSize { threads: std::num::NonZeroUsize::MIN, waiting: 8 };
    let mut caller = Caller::new(&Pooled::with_size(users(storage), size));
    assert_eq!(caller.log_in("alice"), InPlace(None));
    assert_eq!(caller.create(1, "/a"), InPlace(None));
    let bytes = Bytes::from_static(b"content");
    let write = |it| HostAction::Storage(S::Write { ticket: ticket(it), file: file_id(1), at: 0, bytes });
    assert!(caller.submit(write).is_none());
    has_entered.recv_timeout(PATIENCE).unwrap();
    let how = FinishHow::Commit;
    let finish = |it| HostAction::Storage(S::Finish { ticket: ticket(it), file: file_id(1), how });
    assert!(caller.submit(finish).is_none(), "while it is written to");
    let_leave.send(()).unwrap();
    for _ in 0..2 {
        assert_eq!(caller.answers.recv_timeout(PATIENCE).unwrap().failure(), None);
    }
    assert_eq!(*written.lock().unwrap(), ["write", "finish on the pool"]);
}

/// Those named `slow` wait for the test; the others do not.
struct SomeWait {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
    users: Arc<dyn Accounts>,
}

impl Accounts for SomeWait {
    fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure> {
        if &*credentials.user == b"slow" {
            self.entered.send(()).unwrap();
            self.leave.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        self.users.authenticate(&Credentials { user: (*b"alice").into(), ..credentials.clone() })
    }

    fn pace(&self, credentials: &Credentials) -> Pace {
        if &*credentials.user == b"slow" { Pace::MayWait } else { Pace::Prompt }
    }
}

#[test]
fn a_login_in_place_is_later_than_one_that_waits() {
    let ((entered, has_entered), (let_leave, leave)) = (channel(), channel());
    let accounts = SomeWait { entered, leave: Mutex::new(leave), users: users(MemoryDisk::new()) };
    let mut caller = Caller::new(&Pooled::new(Arc::new(accounts)));
    let slow = |it| HostAction::Authenticate { ticket: ticket(it), credentials: Box::new(credentials("slow")) };
    assert!(caller.submit(slow).is_none());
    has_entered.recv_timeout(PATIENCE).unwrap();
    assert_eq!(caller.log_in("quick"), InPlace(None));
    let_leave.send(()).unwrap();
    assert_eq!(caller.answers.recv_timeout(PATIENCE).unwrap().failure(), Some(Failure::Cancelled));
    assert_eq!(caller.stat("/"), InPlace(None), "the later one counts");
}

/// Whoever is hashed, known or not, takes the same way; and so does who is not, on a list where any is.
#[test]
fn a_name_is_not_told_by_where_its_password_is_looked_at() {
    let disk: Arc<dyn Storage> = Arc::new(MemoryDisk::new());
    let plain = || Users::new().user("alice", Password::plain("secret"), Permissions::READ_ONLY, Arc::clone(&disk));
    let hash = Password::hashed(&hash_password(b"secret")).unwrap();
    let mixed = || plain().user("bob", hash.clone(), Permissions::READ_ONLY, Arc::clone(&disk));
    let ways = |accounts: Users| {
        let mut caller = Caller::new(&Pooled::new(Arc::new(accounts)));
        ["alice", "bob", "nobody"].map(|name| caller.log_in(name))
    };
    let wrong = || Some(Failure::LoginIncorrect);
    assert_eq!(ways(plain()), [InPlace(None), InPlace(wrong()), InPlace(wrong())]);
    assert_eq!(ways(mixed()), [OnThePool(None), OnThePool(None), OnThePool(wrong())]);
    // Behind the name of a host it is the accounts of that host that count.
    let hosts = VirtualHosts::new(Arc::new(plain())).host("b.example", Arc::new(mixed()), [""; 0]);
    let at = |host: Option<&str>| Credentials { host: host.map(Into::into), ..credentials("alice") };
    assert_eq!([None, Some("b.example")].map(|host| hosts.pace(&at(host))), [Pace::Prompt, Pace::MayWait]);
    assert_eq!(plain().pace(&Credentials { password: None, ..credentials("alice") }), Pace::MayWait);
}

struct Looks(Sender<std::thread::ThreadId>);

impl Hooks for Looks {
    fn before_operation(&self, _: &Context<'_>, _: Operation<'_>) -> Result<(), Failure> {
        self.0.send(std::thread::current().id()).unwrap();
        Ok(())
    }
}

#[test]
fn with_a_hook_anything_may_wait() {
    let (send, threads) = channel();
    let mut caller = Caller::new(&Pooled::new(users(MemoryDisk::new())).hooks(Arc::new(Looks(send))));
    assert_eq!(caller.log_in("alice"), OnThePool(None));
    assert_eq!(caller.stat("/"), OnThePool(None));
    assert_ne!(threads.recv_timeout(PATIENCE).unwrap(), std::thread::current().id());
    assert_eq!(caller.create(1, "/a"), OnThePool(None));
    assert_eq!(caller.write(1, b"x"), OnThePool(None));
    assert_eq!(caller.finish(1, FinishHow::Commit), OnThePool(None));
}

#[test]
fn those_around_a_storage_hand_its_pace_on() {
    let disk = || MemoryDisk::new().with_file("/d/a", "content");
    let mut caller = Caller::logged_in(ReadOnly(disk()));
    assert_eq!(caller.stat("/d/a"), InPlace(None));
    assert_eq!(caller.get(1, "/d/a"), InPlace(None));
    assert_eq!(caller.list(1, "/d"), InPlace(None));
    assert_eq!(caller.create(2, "/d/a"), InPlace(Some(Failure::PermissionDenied)));
    let slow = || Cold { disk: disk(), misses: AtomicUsize::new(usize::MAX) };
    let tree = Mounts::new(Arc::new(disk())).mount("/m", Arc::new(slow())).unwrap();
    let mut caller = Caller::logged_in(tree.mount("/far/away", Arc::new(disk())).unwrap());
    for (name, was) in [
        ("/d/a", InPlace(None)),
        ("/m/d/a", OnThePool(None)),
        ("/far/away/d/a", InPlace(None)),
        ("/far", InPlace(None)),
        ("/m", OnThePool(None)),
    ] {
        assert_eq!(caller.stat(name), was, "{name}");
    }
    assert_eq!(caller.get(1, "/d/a"), InPlace(None));
    assert_eq!(caller.get(1, "/m/d/a"), OnThePool(None));
    assert_eq!(caller.get(1, "/far"), InPlace(Some(Failure::IsADirectory)));
    assert_eq!(caller.list(1, "/d"), InPlace(None));
    assert_eq!(caller.page(1, 10), InPlace(None));
    assert_eq!(caller.list(2, "/"), OnThePool(None), "mounts have to be looked at");
    assert_eq!(caller.create(2, "/d/b"), InPlace(None));
    assert_eq!(caller.finish(2, FinishHow::Commit), InPlace(None));
    assert_eq!(caller.create(2, "/far/away/b"), InPlace(None));
    assert_eq!(caller.create(2, "/far/b"), OnThePool(Some(Failure::PermissionDenied)));
    assert_eq!(caller.create(2, "/far"), OnThePool(Some(Failure::IsADirectory)));
}

#[test]
fn without_a_pool_all_answers_are_returned() {
    let mut caller = Caller::new(&Inline::new(users(MemoryDisk::new().with_dir("/d"))));
    assert_eq!(caller.log_in("alice"), InPlace(None));
    assert_eq!(caller.store(|it| S::TreeSize { ticket: ticket(it), path: path("/") }), InPlace(None));
    assert_eq!(caller.run(|it| HostAction::Who { ticket: ticket(it) }), InPlace(Some(Failure::Unsupported)));
    assert_eq!(caller.log_in("nobody"), InPlace(Some(Failure::LoginIncorrect)));
    assert_eq!(caller.stat("/"), InPlace(Some(Failure::PermissionDenied)));
}
