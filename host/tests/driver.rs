//! The driver that runs blocking calls as a host: every ticket answered once, whatever the storage does.

#![allow(clippy::unwrap_used, reason = "setting a scene is part of the test")]

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ftp_host::{
    Accounts, Cancel, Client, CommandAnswer, Context, Host, HostSession, Inline, Login, MemoryDisk, Password, PoolSize,
    Pooled, ReplyTo, Storage, Upload, Users, WriteFile,
};
use ftp_proto::action::{Credentials, CustomCommand};
use ftp_proto::storage::{FinishHow, Metadata, Permissions, Replace, Wanted, WriteMode};
use ftp_proto::testing::{action_id, dir_id, file_id, ticket};
use ftp_proto::{Completion, Failure, HostAction, Secret, StorageAction as S, VirtualPath};

/// A session and the answers it got.
struct Caller {
    session: Box<dyn HostSession>,
    reply: ReplyTo,
    answers: Receiver<Completion>,
}

impl Caller {
    fn new(host: &dyn Host) -> Self {
        let (sender, answers) = channel();
        let client = Client { peer: ([192, 0, 2, 1], 40_000).into(), local: ([192, 0, 2, 2], 21).into() };
        let reply = ReplyTo::new(move |answer| drop(sender.send(answer)));
        Self { session: host.session(client), reply, answers }
    }

    /// A session of someone who is logged in.
    fn logged_in(host: &dyn Host) -> Self {
        let mut this = Self::new(host);
        assert_eq!(this.log_in(1, "secret"), None);
        this
    }

    fn log_in(&mut self, number: u64, password: &str) -> Option<Failure> {
        self.submit(authenticate(number, password));
        self.answer(number)
    }

    fn submit(&mut self, action: HostAction) {
        if let Some(answer) = self.session.submit(action, self.reply.clone()) {
            self.reply.send(answer);
        }
    }

    fn store(&mut self, action: S) {
        self.submit(HostAction::Storage(action));
    }

    /// The next answer, which must be to this action.
    fn answer(&self, number: u64) -> Option<Failure> {
        let answer = self.answers.recv_timeout(PATIENCE).expect("an answer");
        assert_eq!(answer.id(), action_id(number));
        answer.failure()
    }

    fn run(&mut self, number: u64, action: S) -> Option<Failure> {
        self.store(action);
        self.answer(number)
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn authenticate(number: u64, password: &str) -> HostAction {
    let credentials = Credentials::new(b"alice", password.as_bytes(), ([192, 0, 2, 1], 40_000).into());
    HostAction::Authenticate { ticket: ticket(number), credentials: Box::new(credentials) }
}

fn stat(number: u64, name: &str) -> S {
    S::Stat { ticket: ticket(number), path: path(name) }
}

fn create(number: u64, file: u64, name: &str) -> S {
    let mode = WriteMode::Create(Replace::Allowed);
    S::OpenWrite {
        ticket: ticket(number),
        file: file_id(file),
        path: path(name),
        mode,
        permissions: 0o644,
        expected: 0,
    }
}

fn write(number: u64, file: u64, content: &'static str) -> S {
    S::Write { ticket: ticket(number), file: file_id(file), at: 0, bytes: Bytes::from_static(content.as_bytes()) }
}

fn finish(number: u64, file: u64) -> S {
    S::Finish { ticket: ticket(number), file: file_id(file), how: FinishHow::Commit }
}

fn users(storage: impl Storage + 'static) -> Arc<dyn Accounts> {
    Arc::new(Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, Arc::new(storage)))
}

fn size(threads: usize, waiting: usize) -> PoolSize {
    PoolSize { threads: NonZeroUsize::new(threads).unwrap(), waiting }
}

/// A storage whose `stat` waits until the test lets it go, whose `remove_dir` panics, and whose `copy` goes on until
/// it is cancelled. The rest is a memory disk's.
struct Gate {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
    disk: MemoryDisk,
}

/// A file that says nothing of how long it takes.
struct Patient(Box<dyn WriteFile>);

impl WriteFile for Patient {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_at(at, bytes)
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        self.0.finish(how)
    }
}

/// The test's side of a [`Gate`].
struct Keeper {
    entered: Receiver<()>,
    leave: Sender<()>,
}

fn gate(disk: &MemoryDisk) -> (Gate, Keeper) {
    let ((entered, has_entered), (let_leave, leave)) = (channel(), channel());
    let gate = Gate { entered, leave: Mutex::new(leave), disk: disk.clone() };
    (gate, Keeper { entered: has_entered, leave: let_leave })
}

impl Gate {
    fn wait(&self) {
        self.entered.send(()).unwrap();
        self.leave.lock().unwrap().recv_timeout(PATIENCE).unwrap();
    }
}

impl Storage for Gate {
    fn stat(&self, path: &VirtualPath) -> Result<Metadata, Failure> {
        self.wait();
        self.disk.stat(path)
    }

    fn open_write(&self, path: &VirtualPath, upload: Upload) -> Result<Box<dyn WriteFile>, Failure> {
        if path.file_name() == Some(b"slow") {
            self.wait();
        }
        Ok(Box::new(Patient(self.disk.open_write(path, upload)?)))
    }

    fn remove_dir(&self, _: &VirtualPath) -> Result<(), Failure> {
        panic!("as the test wants it");
    }

    fn copy(&self, _: &VirtualPath, _: &VirtualPath, _: Replace, cancel: &Cancel) -> Result<(), Failure> {
        self.entered.send(()).unwrap();
        loop {
            cancel.check()?;
            std::thread::yield_now();
        }
    }
}

impl Keeper {
    fn await_entry(&self) {
        self.entered.recv_timeout(PATIENCE).unwrap();
    }

    fn let_go(&self) {
        self.leave.send(()).unwrap();
    }
}

fn hosts(accounts: impl Fn() -> Arc<dyn Accounts>) -> [Box<dyn Host>; 2] {
    [Box::new(Inline::new(accounts())), Box::new(Pooled::new(accounts()))]
}

#[test]
fn files_and_directories_live_from_open_to_close() {
    for host in hosts(|| users(MemoryDisk::new())) {
        let mut caller = Caller::logged_in(&*host);
        assert_eq!(caller.run(2, create(2, 1, "/a")), None);
        assert_eq!(caller.run(3, write(3, 1, "content")), None);
        assert!(caller.session.file(file_id(1)).is_none(), "memory has no file for the kernel");
        assert_eq!(caller.run(4, finish(4, 1)), None);
        assert_eq!(caller.run(5, finish(5, 1)), Some(Failure::NotFound));
        assert_eq!(caller.run(6, S::OpenRead { ticket: ticket(6), file: file_id(2), path: path("/a") }), None);
        let read = |number| S::Read { ticket: ticket(number), file: file_id(2), at: 0, max: 100 };
        assert_eq!(caller.run(7, read(7)), None);
        assert_eq!(caller.run(8, write(8, 2, "x")), Some(Failure::Unsupported));
        caller.store(S::CloseFile(file_id(2)));
        assert_eq!(caller.run(9, read(9)), Some(Failure::NotFound));
        let open = S::OpenDir { ticket: ticket(10), dir: dir_id(1), path: path("/"), wanted: Wanted::Names };
        assert_eq!(caller.run(10, open), None);
        let page = |number| S::ReadDir { ticket: ticket(number), dir: dir_id(1), max: 10 };
        assert_eq!(caller.run(11, page(11)), None);
        caller.store(S::CloseDir(dir_id(1)));
        assert_eq!(caller.run(12, page(12)), Some(Failure::NotFound));
    }
}

#[test]
fn what_takes_long_leaves_threads_for_the_rest() {
    let disk = MemoryDisk::new();
    let (gate, keeper) = gate(&disk);
    let host = Pooled::with_size(users(gate), size(2, 10));
    let mut caller = Caller::logged_in(&host);
    let copy = |number| S::Copy { ticket: ticket(number), from: path("/a"), to: path("/b"), replace: Replace::Refused };
    caller.store(copy(2));
    keeper.await_entry();
    // The second has to wait for the first; what is short goes past it.
    caller.store(copy(3));
    assert_eq!(caller.run(4, create(4, 1, "/c")), None);
    assert_eq!(caller.run(5, finish(5, 1)), None);
    assert!(keeper.entered.try_recv().is_err());
    // Cancelled, it is answered at once, though it cannot begin.
    caller.session.cancel(action_id(3));
    assert_eq!(caller.answer(3), Some(Failure::Cancelled));
    caller.store(copy(6));
    caller.session.cancel(action_id(2));
    assert_eq!(caller.answer(2), Some(Failure::Cancelled));
    keeper.await_entry();
    caller.session.cancel(action_id(6));
    assert_eq!(caller.answer(6), Some(Failure::Cancelled));
}

#[cfg(target_os = "linux")]
#[test]
fn the_adapter_gets_at_files_of_the_disk() {
    let root = tempfile::tempdir().unwrap();
    let host = Inline::new(users(ftp_host::LocalDisk::open(root.path()).unwrap()));
    let mut caller = Caller::logged_in(&host);
    assert_eq!(caller.run(2, create(2, 1, "/a")), None);
    let file = caller.session.file(file_id(1)).expect("a file for the kernel");
    std::io::Write::write_all(&mut &*file, b"moved by the adapter").unwrap();
    assert_eq!(caller.run(3, finish(3, 1)), None);
    assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"moved by the adapter");
    assert!(caller.session.file(file_id(1)).is_none());
}

#[test]
fn there_is_no_storage_without_a_login() {
    for host in hosts(|| users(MemoryDisk::new())) {
        let mut caller = Caller::new(&*host);
        assert_eq!(caller.run(1, stat(1, "/")), Some(Failure::PermissionDenied));
        assert_eq!(caller.log_in(2, "secret"), None);
        assert_eq!(caller.run(3, stat(3, "/")), None);
        assert_eq!(caller.log_in(4, "wrong"), Some(Failure::LoginIncorrect));
        assert_eq!(caller.run(5, stat(5, "/")), Some(Failure::PermissionDenied));
    }
}

#[test]
fn a_storage_that_panics_loses_one_action_and_no_more() {
    let disk = MemoryDisk::new();
    for host in hosts(|| users(gate(&disk).0)) {
        let mut caller = Caller::logged_in(&*host);
        for number in 2..20 {
            let action = S::RemoveDir { ticket: ticket(number), path: path("/d") };
            assert_eq!(caller.run(number, action), Some(Failure::Lost));
        }
        assert_eq!(caller.run(20, create(20, 1, "/a")), None);
        assert!(caller.answers.try_recv().is_err());
    }
}

#[test]
fn what_is_not_implemented_is_unsupported() {
    struct Nothing;
    impl Storage for Nothing {}
    for host in hosts(|| users(Nothing)) {
        let mut caller = Caller::logged_in(&*host);
        assert_eq!(caller.run(2, stat(2, "/")), Some(Failure::Unsupported));
        assert_eq!(caller.run(3, create(3, 1, "/a")), Some(Failure::Unsupported));
    }
}

#[test]
fn a_full_pool_is_busy_and_then_no_more() {
    let (gate, keeper) = gate(&MemoryDisk::new());
    let host = Pooled::with_size(users(gate), size(1, 1));
    let mut caller = Caller::logged_in(&host);
    caller.store(stat(2, "/"));
    keeper.await_entry();
    caller.store(stat(3, "/"));
    assert_eq!(caller.run(4, stat(4, "/")), Some(Failure::Busy));
    keeper.let_go();
    assert_eq!(caller.answer(2), None);
    keeper.await_entry();
    keeper.let_go();
    assert_eq!(caller.answer(3), None);
    assert!(caller.answers.try_recv().is_err());
}

#[test]
fn an_upload_under_way_has_its_turn_in_a_full_pool() {
    let disk = MemoryDisk::new();
    let (gate, keeper) = gate(&disk);
    let host = Pooled::with_size(users(gate), size(1, 1));
    let mut caller = Caller::logged_in(&host);
    assert_eq!(caller.run(2, create(2, 1, "/a")), None);
    caller.store(stat(3, "/"));
    keeper.await_entry();
    caller.store(stat(4, "/"));
    caller.store(write(5, 1, "content"));
    assert_eq!(caller.run(6, stat(6, "/")), Some(Failure::Busy));
    keeper.let_go();
    keeper.let_go();
    for number in 3..6 {
        assert_eq!(caller.answer(number), None);
    }
    assert_eq!(caller.run(7, finish(7, 1)), None);
    assert_eq!(disk.stat(&path("/a")).unwrap().size, 7);
}

#[test]
fn actions_of_one_session_run_side_by_side() {
    let (gate, keeper) = gate(&MemoryDisk::new());
    let host = Pooled::with_size(users(gate), size(3, 8));
    let mut caller = Caller::logged_in(&host);
    for number in 2..5 {
        caller.store(stat(number, "/"));
    }
    for _ in 2..5 {
        keeper.await_entry();
    }
    for _ in 2..5 {
        keeper.let_go();
    }
    let mut answered: Vec<_> = caller.answers.iter().take(3).map(|answer| answer.id()).collect();
    answered.sort();
    assert_eq!(answered, [action_id(2), action_id(3), action_id(4)]);
}

#[test]
fn cancelling_reaches_what_waits_and_what_looks() {
    let (gate, keeper) = gate(&MemoryDisk::new());
    let host = Pooled::with_size(users(gate), size(1, 8));
    let mut caller = Caller::logged_in(&host);
    let copy = S::Copy { ticket: ticket(2), from: path("/a"), to: path("/b"), replace: Replace::Allowed };
    caller.store(copy);
    keeper.await_entry();
    caller.store(stat(3, "/"));
    caller.session.cancel(action_id(3));
    caller.session.cancel(action_id(2));
    assert_eq!(caller.answer(2), Some(Failure::Cancelled));
    assert_eq!(caller.answer(3), Some(Failure::Cancelled));
    // Known no more, and never known.
    caller.session.cancel(action_id(2));
    caller.session.cancel(action_id(99));
    assert!(caller.answers.try_recv().is_err());
}

#[test]
fn a_dropped_session_discards_what_was_not_finished() {
    let disk = MemoryDisk::new().with_file("/old", "old");
    let before = disk.space(&path("/")).unwrap();
    let (gate, keeper) = gate(&disk);
    let host = Pooled::with_size(users(gate), size(1, 8));
    let mut caller = Caller::logged_in(&host);
    assert_eq!(caller.run(2, create(2, 1, "/old")), None);
    assert_eq!(caller.run(3, write(3, 1, "newer")), None);
    caller.store(create(4, 2, "/slow"));
    keeper.await_entry();
    caller.store(finish(5, 1));
    let Caller { session, answers, .. } = caller;
    drop(session);
    keeper.let_go();
    // What was opened too late is not kept; what had not begun does not begin.
    let late: Vec<_> = answers.iter().take(2).map(|answer| (answer.id(), answer.failure())).collect();
    assert_eq!(late, [(action_id(4), Some(Failure::Cancelled)), (action_id(5), Some(Failure::Cancelled))]);
    assert_eq!(disk.space(&path("/")).unwrap(), before);
    assert_eq!(disk.stat(&path("/old")).unwrap().size, 3);
    assert_eq!(disk.stat(&path("/slow")).err(), Some(Failure::NotFound));
}

#[test]
fn a_dropped_pool_answers_what_it_will_not_run() {
    let (gate, keeper) = gate(&MemoryDisk::new());
    let host = Pooled::with_size(users(gate), size(1, 8));
    let mut caller = Caller::logged_in(&host);
    caller.store(stat(2, "/"));
    keeper.await_entry();
    caller.store(stat(3, "/"));
    drop(host);
    let Caller { session, answers, reply } = caller;
    drop(session);
    let next = || answers.recv_timeout(PATIENCE).map(|answer| (answer.id(), answer.failure()));
    assert_eq!(next(), Ok((action_id(3), Some(Failure::Lost))));
    keeper.let_go();
    assert_eq!(next(), Ok((action_id(2), None)));
    drop(reply);
    assert!(next().is_err(), "nothing holds on to the session any more");
}

#[test]
fn only_the_latest_login_counts() {
    /// Waits where the password is `slow`.
    struct Slow(Gate);
    impl Accounts for Slow {
        fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure> {
            match credentials.password.as_ref().map(Secret::expose) {
                Some(b"slow") => self.0.wait(),
                _ => return Err(Failure::LoginIncorrect),
            }
            users(self.0.disk.clone())
                .authenticate(&Credentials { password: Some(Secret::new(b"secret")), ..credentials.clone() })
        }
    }
    let (gate, keeper) = gate(&MemoryDisk::new());
    let host = Pooled::with_size(Arc::new(Slow(gate)), size(2, 8));
    let mut caller = Caller::new(&host);
    caller.submit(authenticate(1, "slow"));
    keeper.await_entry();
    assert_eq!(caller.log_in(2, "wrong"), Some(Failure::LoginIncorrect));
    keeper.let_go();
    assert_eq!(caller.answer(1), Some(Failure::Cancelled));
    assert_eq!(caller.run(3, stat(3, "/")), Some(Failure::PermissionDenied));
}

#[test]
fn registered_verbs_reach_their_commands() {
    let custom = |number| {
        let command =
            CustomCommand { verb: "SITE TIME".into(), argument: Box::default(), cwd: VirtualPath::root(), login: None };
        HostAction::Custom { ticket: ticket(number), file: file_id(9), command: Box::new(command) }
    };
    let commands = |_: &Context<'_>, command: &CustomCommand| {
        assert_eq!(&*command.verb, "SITE TIME");
        Ok(CommandAnswer::text("Late."))
    };
    let mut caller = Caller::new(&Pooled::new(users(MemoryDisk::new())).commands(Arc::new(commands)));
    caller.submit(custom(1));
    assert_eq!(caller.answer(1), None);
    let mut caller = Caller::new(&Inline::new(users(MemoryDisk::new())));
    caller.submit(custom(1));
    assert_eq!(caller.answer(1), Some(Failure::Unsupported));
}
