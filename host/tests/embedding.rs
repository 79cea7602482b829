//! What an embedding program adds: hooks that refuse, values that are kept, verbs with files.

#![allow(clippy::unwrap_used, reason = "setting a scene is part of the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ftp_host::{
    Accounts, Client, CommandAnswer, Context, Extensions, Finished, Hooks, Host, HostSession, Inline, Login,
    MemoryDisk, Operation, Password, Pooled, ReadFile, ReplyTo, Storage, Transfer, Users, WriteFile,
};
use ftp_proto::action::{Credentials, CustomCommand, Times};
use ftp_proto::storage::{Account, FinishHow, HashAlgorithm, Permissions, Replace, Wanted, WriteMode};
use ftp_proto::testing::{action_id, dir_id, file_id, ticket};
use ftp_proto::{Completion, Failure, HostAction, StorageAction as S, VirtualPath};

/// A session, which numbers its actions.
struct Caller {
    session: Box<dyn HostSession>,
    reply: ReplyTo,
    answers: Receiver<Completion>,
    number: u64,
    /// Who the engine would say is logged in.
    login: Option<&'static str>,
}

impl Caller {
    fn new(host: &dyn Host) -> Self {
        let (sender, answers) = channel();
        let client = Client { peer: ([192, 0, 2, 1], 40_000).into(), local: ([192, 0, 2, 2], 21).into() };
        let reply = ReplyTo::new(move |answer| drop(sender.send(answer)));
        Self { session: host.session(client), reply, answers, number: 0, login: None }
    }

    fn logged_in(host: &dyn Host) -> Self {
        let mut this = Self::new(host);
        assert_eq!(this.log_in("alice"), None);
        this
    }

    /// Runs the action that is made with the next number; how it failed, if it did.
    fn run(&mut self, make: impl FnOnce(u64) -> HostAction) -> Option<Failure> {
        self.number += 1;
        let known = self.session.submit(make(self.number), self.reply.clone());
        known.into_iter().for_each(|answer| self.reply.send(answer));
        let answer = self.answers.recv_timeout(PATIENCE).expect("an answer");
        assert_eq!(answer.id(), action_id(self.number));
        answer.failure()
    }

    fn store(&mut self, make: impl FnOnce(u64) -> S) -> Option<Failure> {
        self.run(|number| HostAction::Storage(make(number)))
    }

    fn log_in(&mut self, user: &str) -> Option<Failure> {
        let credentials = Credentials::new(user.as_bytes(), b"secret", ([192, 0, 2, 1], 40_000).into());
        self.run(|it| HostAction::Authenticate { ticket: ticket(it), credentials: Box::new(credentials) })
    }

    fn call(&mut self, verb: &str, file: u64) -> Option<Failure> {
        let (cwd, login) = (VirtualPath::root(), self.login.map(Into::into));
        let command = CustomCommand { verb: verb.into(), argument: Box::default(), cwd, login };
        self.run(|it| HostAction::Custom { ticket: ticket(it), file: file_id(file), command: Box::new(command) })
    }

    /// Opens, writes and ends an upload.
    fn put(&mut self, name: &str, content: &'static str, how: FinishHow) -> Option<Failure> {
        self.store(|it| create(it, 1, name)).or_else(|| self.write(1, content)).or_else(|| self.finish(1, how))
    }

    fn write(&mut self, file: u64, content: &'static str) -> Option<Failure> {
        let bytes = Bytes::from_static(content.as_bytes());
        self.store(|it| S::Write { ticket: ticket(it), file: file_id(file), at: 0, bytes })
    }

    fn finish(&mut self, file: u64, how: FinishHow) -> Option<Failure> {
        self.store(|it| S::Finish { ticket: ticket(it), file: file_id(file), how })
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn create(number: u64, file: u64, name: &str) -> S {
    let mode = WriteMode::Create(Replace::Allowed);
    let (ticket, file, path) = (ticket(number), file_id(file), path(name));
    S::OpenWrite { ticket, file, path, mode, permissions: 0o644, expected: 0 }
}

fn users(storage: impl Storage + 'static) -> Arc<dyn Accounts> {
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let user = |users: Users, name: &str| {
        users.user(name, Password::plain("secret"), Permissions::READ_WRITE, Arc::clone(&storage))
    };
    Arc::new(user(user(Users::new(), "alice"), "bob"))
}

/// Refuses whatever it is told to, and remembers what it was asked.
#[derive(Default)]
struct Watchman {
    asked: Mutex<Vec<String>>,
    refuses: Option<&'static str>,
    panics: bool,
}

impl Watchman {
    fn who_refuses(what: &'static str) -> Self {
        Self { refuses: Some(what), ..Self::default() }
    }

    fn ask(&self, context: &Context<'_>, what: String) -> Result<(), Failure> {
        let refused = self.refuses.is_some_and(|refused| what.starts_with(refused));
        self.asked.lock().unwrap().push(format!("{} {what}", context.login.unwrap_or("nobody")));
        assert!(!(refused && self.panics), "as it was asked to");
        if refused { Err(Failure::Vetoed) } else { Ok(()) }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Hooks for Watchman {
    fn before_login(&self, context: &Context<'_>, credentials: &Credentials) -> Result<(), Failure> {
        self.ask(context, format!("before {}", credentials.user.escape_ascii()))
    }

    fn after_login(&self, context: &Context<'_>, _: &Credentials, account: &Account) -> Result<(), Failure> {
        self.ask(context, format!("after {}", account.name))
    }

    fn before_transfer(&self, context: &Context<'_>, transfer: Transfer<'_>) -> Result<(), Failure> {
        let kind = if matches!(transfer, Transfer::Download { .. }) { "get" } else { "put" };
        self.ask(context, format!("{kind} {}", transfer.path()))
    }

    fn before_operation(&self, context: &Context<'_>, operation: Operation<'_>) -> Result<(), Failure> {
        let name = format!("{operation:?}");
        let name = name.split(' ').next().unwrap();
        self.ask(context, operation.paths().fold(name.to_owned(), |text, path| format!("{text} {path}")))
    }

    fn before_commit(&self, context: &Context<'_>, upload: &Finished<'_>) -> Result<(), Failure> {
        let content = upload.read_at(0, 100).unwrap();
        assert_eq!(content.len() as u64, upload.size);
        self.ask(context, format!("{:?} {} {}", upload.how, upload.path, content.escape_ascii()))
    }
}

type Make = fn(Arc<dyn Accounts>, Vec<Arc<dyn Hooks>>) -> Box<dyn Host>;

/// Both ways to run blocking calls.
const HOSTS: [Make; 2] = [
    |accounts, hooks| Box::new(hooks.into_iter().fold(Inline::new(accounts), Inline::hooks)),
    |accounts, hooks| Box::new(hooks.into_iter().fold(Pooled::new(accounts), Pooled::hooks)),
];

#[test]
fn a_login_may_be_refused_before_and_after_the_accounts_are_asked() {
    for host in HOSTS {
        let watchman = Arc::new(Watchman::who_refuses("before bob"));
        let mut caller = Caller::new(&*host(users(MemoryDisk::new()), vec![Arc::clone(&watchman) as _]));
        assert_eq!(caller.log_in("bob"), Some(Failure::Vetoed));
        assert_eq!(caller.log_in("alice"), None);
        assert_eq!(caller.log_in("mallory"), Some(Failure::LoginIncorrect));
        assert_eq!(
            watchman.asked(),
            ["nobody before bob", "nobody before alice", "nobody after alice", "nobody before mallory"]
        );

        let watchman = Arc::new(Watchman::who_refuses("after bob"));
        let mut caller = Caller::logged_in(&*host(users(MemoryDisk::new()), vec![watchman as _]));
        assert_eq!(caller.log_in("bob"), Some(Failure::Vetoed));
        let stat = |it| S::Stat { ticket: ticket(it), path: path("/") };
        assert_eq!(caller.store(stat), Some(Failure::PermissionDenied), "nobody is logged in then");
    }
}

type MakeAction = fn(u64) -> S;

/// Every action that names a path, by what a hook is told of it.
fn operations() -> Vec<(&'static str, MakeAction)> {
    vec![
        ("Stat /a", |it| S::Stat { ticket: ticket(it), path: path("/a") }),
        ("List /a", |it| S::OpenDir { ticket: ticket(it), dir: dir_id(1), path: path("/a"), wanted: Wanted::Names }),
        ("get /a", |it| S::OpenRead { ticket: ticket(it), file: file_id(1), path: path("/a") }),
        ("put /a", |it| create(it, 1, "/a")),
        ("Remove /a", |it| S::Remove { ticket: ticket(it), path: path("/a") }),
        ("RemoveDir /a", |it| S::RemoveDir { ticket: ticket(it), path: path("/a") }),
        ("MakeDir /a", |it| S::MakeDir { ticket: ticket(it), path: path("/a"), permissions: 0o755 }),
        ("Rename /a /b", |it| S::Rename {
            ticket: ticket(it),
            from: path("/a"),
            to: path("/b"),
            replace: Replace::Allowed,
        }),
        ("SetTimes /a", |it| S::SetTimes { ticket: ticket(it), path: path("/a"), times: Times::default() }),
        ("SetMode /a", |it| S::SetMode { ticket: ticket(it), path: path("/a"), mode: 0o600 }),
        ("Symlink /a /b", |it| S::Symlink { ticket: ticket(it), target: path("/a"), link: path("/b") }),
        ("Copy /a /b", |it| S::Copy {
            ticket: ticket(it),
            from: path("/a"),
            to: path("/b"),
            replace: Replace::Allowed,
        }),
        ("Space /a", |it| S::Space { ticket: ticket(it), path: path("/a") }),
        ("Hash /a", |it| S::Hash {
            ticket: ticket(it),
            path: path("/a"),
            algorithm: HashAlgorithm::Crc32,
            from: 0,
            to: None,
        }),
        ("TreeSize /a", |it| S::TreeSize { ticket: ticket(it), path: path("/a") }),
        ("MakeDirs /a", |it| S::MakeDirs { ticket: ticket(it), path: path("/a"), permissions: 0o755 }),
        ("RemoveTree /a", |it| S::RemoveTree { ticket: ticket(it), path: path("/a") }),
        ("Combine /a /b /c", |it| S::Combine {
            ticket: ticket(it),
            target: path("/a"),
            parts: vec![path("/b"), path("/c")],
        }),
        ("SetOwner /a", |it| S::SetOwner { ticket: ticket(it), path: path("/a"), owner: None, group: None }),
        ("Prepare /a", |it| S::Prepare { ticket: ticket(it), path: path("/a"), upload: true }),
    ]
}

/// A storage that must not be asked anything.
struct Untouched;

impl Storage for Untouched {
    fn prepare(&self, _: &VirtualPath, _: bool) -> Result<ftp_proto::outcome::Prepared, Failure> {
        unreachable!("it was refused")
    }
}

#[test]
fn every_operation_may_be_refused_and_a_panic_refuses() {
    for host in HOSTS {
        for (told, make) in operations() {
            for panics in [false, true] {
                let watchman = Arc::new(Watchman { panics, ..Watchman::who_refuses(told) });
                let mut caller = Caller::logged_in(&*host(users(Untouched), vec![Arc::clone(&watchman) as _]));
                let expected = if panics { Failure::Lost } else { Failure::Vetoed };
                assert_eq!(caller.store(make), Some(expected), "{told}");
                assert_eq!(watchman.asked().pop(), Some(format!("alice {told}")));
            }
        }
    }
}

#[test]
fn hooks_are_asked_in_their_order_until_one_refuses() {
    for host in HOSTS {
        let hooks: [Arc<Watchman>; 3] =
            ["nothing", "Stat", "nothing"].map(|what| Arc::new(Watchman::who_refuses(what)));
        let chain = hooks.iter().map(|hook| Arc::clone(hook) as _).collect();
        let mut caller = Caller::logged_in(&*host(users(MemoryDisk::new()), chain));
        assert_eq!(caller.store(|it| S::Stat { ticket: ticket(it), path: path("/") }), Some(Failure::Vetoed));
        let asked = hooks.map(|hook| hook.asked().len());
        assert_eq!(asked, [3, 3, 2], "two for the login, one for the operation");
    }
}

fn commits_are_looked_at(disk: impl Storage + 'static, disk_seen: &dyn Storage) {
    let watchman = Arc::new(Watchman::who_refuses("Commit /virus"));
    let host = Pooled::new(users(disk)).hooks(Arc::clone(&watchman) as _);
    let mut caller = Caller::logged_in(&host);
    watchman.asked();
    assert_eq!(caller.put("/good", "content", FinishHow::Commit), None);
    assert_eq!(watchman.asked(), ["alice put /good", "alice Commit /good content"]);
    assert_eq!(caller.put("/virus", "eicar", FinishHow::Commit), Some(Failure::Vetoed));
    assert_eq!(disk_seen.stat(&path("/virus")), Err(Failure::NotFound), "it was discarded");
    assert_eq!(disk_seen.stat(&path("/good")).unwrap().size, 7);
    watchman.asked();
    assert_eq!(caller.put("/part", "half", FinishHow::Keep), None);
    assert_eq!(caller.put("/gone", "half", FinishHow::Discard), None);
    assert_eq!(watchman.asked(), ["alice put /part", "alice Keep /part half", "alice put /gone"]);
    // What was there before stays.
    assert_eq!(
        caller.store(|it| S::Rename {
            ticket: ticket(it),
            from: path("/good"),
            to: path("/virus"),
            replace: Replace::Allowed
        }),
        None
    );
    assert_eq!(caller.put("/virus", "eicar", FinishHow::Commit), Some(Failure::Vetoed));
    assert_eq!(disk_seen.stat(&path("/virus")).unwrap().size, 7);
}

#[test]
fn a_finished_upload_may_be_read_and_refused() {
    let disk = MemoryDisk::new();
    commits_are_looked_at(disk.clone(), &disk);
}

#[cfg(target_os = "linux")]
#[test]
fn a_finished_upload_on_disk_may_be_read_and_refused() {
    let root = tempfile::tempdir().unwrap();
    let open = || ftp_host::LocalDisk::open(root.path()).unwrap();
    commits_are_looked_at(open(), &open());
}

#[test]
fn a_hook_that_panics_at_the_commit_discards() {
    let disk = MemoryDisk::new();
    let watchman = Watchman { panics: true, ..Watchman::who_refuses("Commit") };
    let mut caller = Caller::logged_in(&Pooled::new(users(disk.clone())).hooks(Arc::new(watchman)));
    assert_eq!(caller.put("/a", "content", FinishHow::Commit), Some(Failure::Lost));
    assert_eq!(disk.stat(&path("/a")), Err(Failure::NotFound));
}

/// Accounts that count how often each session tried.
struct Counting(Arc<dyn Accounts>);

impl Accounts for Counting {
    fn authenticate(&self, credentials: &Credentials) -> Result<Login, Failure> {
        self.0.authenticate(credentials)
    }

    fn authenticate_in(&self, credentials: &Credentials, context: &Context<'_>) -> Result<Login, Failure> {
        context.session.get_or_insert_with(AtomicUsize::default).fetch_add(1, Ordering::Relaxed);
        context.application.get_or_insert_with(AtomicUsize::default).fetch_add(1, Ordering::Relaxed);
        self.authenticate(credentials)
    }
}

#[test]
fn what_is_kept_is_kept_for_the_server_or_for_one_session() {
    let application = Arc::new(Extensions::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let commands = move |context: &Context<'_>, _: &CustomCommand| {
        let count =
            |extensions: &Extensions| extensions.get::<AtomicUsize>().map(|count| count.load(Ordering::Relaxed));
        let login = context.login.map(str::to_owned);
        told.lock().unwrap().push((login, count(context.session), count(context.application)));
        Ok(CommandAnswer::text("Noted."))
    };
    let host = Pooled::new(Arc::new(Counting(users(MemoryDisk::new()))))
        .commands(Arc::new(commands))
        .extensions(Arc::clone(&application));
    let mut first = Caller::new(&host);
    let mut second = Caller::new(&host);
    first.call("XCOUNT", 1);
    first.log_in("mallory");
    first.log_in("alice");
    first.login = Some("alice");
    first.call("XCOUNT", 2);
    // The engine logs out without asking.
    first.login = None;
    first.call("XCOUNT", 3);
    second.log_in("bob");
    second.login = Some("bob");
    second.call("XCOUNT", 4);
    let alice = (Some("alice".into()), Some(2), Some(2));
    let left = (None, Some(2), Some(2));
    let bob = (Some("bob".into()), Some(1), Some(3));
    assert_eq!(*seen.lock().unwrap(), [(None, None, None), alice, left, bob]);
    assert_eq!(application.get::<AtomicUsize>().unwrap().load(Ordering::Relaxed), 3);
}

/// Tells when it is dropped.
struct Noisy(Arc<AtomicUsize>);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl ReadFile for Noisy {
    fn size(&self) -> u64 {
        0
    }

    fn read_at(&self, _: u64, _: usize) -> Result<Bytes, Failure> {
        Ok(Bytes::new())
    }
}

impl WriteFile for Noisy {
    fn size(&self) -> u64 {
        0
    }

    fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&self, how: FinishHow) -> Result<(), Failure> {
        if how == FinishHow::Commit { Err(Failure::Vetoed) } else { Ok(()) }
    }
}

#[test]
fn a_verb_may_open_a_file_which_lives_until_it_is_closed() {
    let closed = Arc::new(AtomicUsize::new(0));
    let given = Arc::clone(&closed);
    let commands = move |_: &Context<'_>, command: &CustomCommand| match &*command.verb {
        "XGET" => Ok(CommandAnswer::download(Noisy(Arc::clone(&given)))),
        "XPUT" => Ok(CommandAnswer::upload(Noisy(Arc::clone(&given)))),
        _ => Err(Failure::Unsupported),
    };
    let host = Inline::new(users(MemoryDisk::new())).commands(Arc::new(commands)).hooks(Arc::new(Watchman::default()));
    let mut caller = Caller::logged_in(&host);
    assert_eq!(caller.call("XNO", 1), Some(Failure::Unsupported));

    assert_eq!(caller.call("XGET", 1), None);
    assert_eq!(caller.store(|it| S::Read { ticket: ticket(it), file: file_id(1), at: 0, max: 10 }), None);
    let answer = caller.session.submit(HostAction::Storage(S::CloseFile(file_id(1))), caller.reply.clone());
    assert!(answer.is_none(), "it has no answer");
    assert_eq!(closed.load(Ordering::SeqCst), 1);

    assert_eq!(caller.call("XPUT", 2), None);
    assert_eq!(caller.write(2, "content"), None);
    // Its own word counts; hooks are not asked about what the program made itself.
    assert_eq!(caller.finish(2, FinishHow::Commit), Some(Failure::Vetoed));
    assert_eq!(closed.load(Ordering::SeqCst), 2);

    assert_eq!(caller.call("XGET", 3), None);
    assert_eq!(caller.call("XPUT", 4), None);
    drop(caller);
    assert_eq!(closed.load(Ordering::SeqCst), 4, "the session's end closes them");
}

#[test]
fn bytes_are_a_file() {
    let bytes = Bytes::from_static(b"0123456789");
    let read = |at, max| ReadFile::read_at(&bytes, at, max).unwrap();
    assert_eq!(ReadFile::size(&bytes), 10);
    assert_eq!(read(0, 3), "012");
    assert_eq!(read(8, 100), "89");
    assert_eq!(read(10, 1), "");
    assert_eq!(read(u64::MAX, usize::MAX), "");
}
