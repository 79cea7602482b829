//! The storages that servers really run on, put under fault: each is run in place, one operation at a time, when and if the
//! simulator says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ftp_host::{Client, Host, HostSession, Inline, LocalDisk, Login, MemoryDisk, ReplyTo};
use ftp_proto::action::{Credentials, HostAction};
use ftp_proto::outcome::Done;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::{Completion, Failure, FileId, StorageAction, VirtualPath, testing};
use ftp_sim::{Builder, Ftp, Gone, Moment, Plan, Report, SessionKey, Storage};

/// Runs a blocking storage as its servers do, on the one thread that there is.
struct Hosted {
    host: Inline,
    sessions: BTreeMap<SessionKey, Hosting>,
}

/// One session's side of it.
struct Hosting {
    session: Box<dyn HostSession>,
    answers: Arc<Mutex<Vec<Completion>>>,
    files: BTreeSet<u64>,
    dirs: BTreeSet<u64>,
}

/// Whoever asks is logged in: whom the simulator lets in is for its own accounts.
struct Anybody(Arc<dyn ftp_host::Storage>);

impl ftp_host::Accounts for Anybody {
    fn authenticate(&self, _: &Credentials) -> Result<Login, Failure> {
        Ok(Login { account: Account::new("anybody", Permissions::READ_WRITE), storage: Arc::clone(&self.0) })
    }
}

impl Hosted {
    fn new(storage: impl ftp_host::Storage + 'static) -> Self {
        Self { host: Inline::new(Arc::new(Anybody(Arc::new(storage)))), sessions: BTreeMap::new() }
    }

    fn session(&mut self, key: SessionKey) -> &mut Hosting {
        let host = &self.host;
        self.sessions.entry(key).or_insert_with(|| {
            let peer = ([10, 0, 0, 1], 1024).into();
            let session = host.session(Client { peer, local: peer });
            let mut this = Hosting { session, answers: Arc::default(), files: BTreeSet::new(), dirs: BTreeSet::new() };
            let credentials = Box::new(Credentials::new(b"anybody", b"", peer));
            let login = this.ask(HostAction::Authenticate { ticket: testing::ticket(0), credentials });
            assert!(login.is_some_and(|answer| answer.failure().is_none()));
            this
        })
    }
}

impl Hosting {
    fn ask(&mut self, action: HostAction) -> Option<Completion> {
        let answers = Arc::clone(&self.answers);
        let reply = ReplyTo::new(move |answer| answers.lock().expect("one thread").push(answer));
        let known = self.session.submit(action, reply);
        let mut answers = self.answers.lock().expect("one thread");
        answers.extend(known);
        assert!(answers.len() <= 1, "an action was answered twice: {answers:?}");
        answers.pop()
    }
}

impl Storage for Hosted {
    fn run(&mut self, session: SessionKey, action: StorageAction) -> Option<Completion> {
        use StorageAction as S;
        let hosting = self.session(session);
        let mut opens = None;
        match &action {
            S::OpenRead { file, .. } | S::OpenWrite { file, .. } => opens = Some((true, file.number())),
            S::OpenDir { dir, .. } => opens = Some((false, dir.number())),
            S::Finish { file, .. } | S::CloseFile(file) => drop(hosting.files.remove(&file.number())),
            S::CloseDir(dir) => drop(hosting.dirs.remove(&dir.number())),
            _ => {}
        }
        let answer = hosting.ask(HostAction::Storage(action));
        let done = answer.as_ref().is_some_and(|answer| answer.failure().is_none());
        match opens.filter(|_| done) {
            Some((true, file)) => drop(hosting.files.insert(file)),
            Some((false, dir)) => drop(hosting.dirs.insert(dir)),
            None => {}
        }
        answer
    }

    fn read(&mut self, session: SessionKey, file: FileId, at: u64, max: usize) -> Result<Bytes, Failure> {
        let file = self.session(session).session.file(file).ok_or(Failure::Unsupported)?;
        let mut bytes = vec![0; max];
        let count = file.read_at(&mut bytes, at).map_err(|_| Failure::Io)?;
        bytes.truncate(count);
        Ok(bytes.into())
    }

    fn write(&mut self, session: SessionKey, file: FileId, at: u64, bytes: &[u8]) -> Result<(), Failure> {
        let bytes = Bytes::copy_from_slice(bytes);
        let write = StorageAction::Write { ticket: testing::ticket::<Done>(1), file, at, bytes };
        let answer = self.session(session).ask(HostAction::Storage(write));
        answer.expect("a Write is answered").failure().map_or(Ok(()), Err)
    }

    fn end(&mut self, session: SessionKey) {
        self.sessions.remove(&session);
    }

    /// The process is gone, and what it held. What it gave to the system is still there.
    fn lose_power(&mut self) {
        self.sessions.clear();
    }

    fn open(&self, session: SessionKey) -> usize {
        self.sessions.get(&session).map_or(0, |hosting| hosting.files.len() + hosting.dirs.len())
    }
}

/// Longer than anything that was begun can take to come about, once its client is gone.
const AFTERMATH: Duration = Duration::from_secs(900);

/// What a client's file may hold: what was confirmed last, and all that was begun since.
#[derive(Clone, PartialEq, Eq)]
struct Known(Vec<Option<Vec<u8>>>);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for content in &self.0 {
            match content {
                None => f.write_str("[none]")?,
                Some(content) => write!(f, "[{} of {:?}]", content.len(), content.last())?,
            }
        }
        Ok(())
    }
}

/// What to do to the file.
#[derive(Clone, Copy, Debug)]
enum Change {
    Store,
    Append,
    Delete,
    /// Stored under another name, and renamed.
    Swap,
}

struct Owner {
    ftp: Ftp,
    name: String,
    known: Known,
    /// Each content has bytes of its own, so that a mixture is seen.
    last: u8,
}

impl Owner {
    /// A change is asked for: from here on the file may be like this, too.
    fn may_become(&mut self, change: impl Fn(&Option<Vec<u8>>) -> Option<Vec<u8>>) {
        let after: Vec<_> = self.known.0.iter().map(change).collect();
        let new = after.into_iter().filter(|content| !self.known.0.contains(content)).collect::<Vec<_>>();
        self.known.0.extend(new);
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.last = self.last.wrapping_add(1);
        vec![self.last; 1 + self.ftp.below(120_000) as usize]
    }

    async fn change(&mut self, change: Change) -> Result<(), Gone> {
        let name = self.name.clone();
        let before = self.known.clone();
        let (reply, exactly) = match change {
            Change::Delete => {
                self.may_become(|_| None);
                (self.ftp.ask(format!("DELE {name}")).await?, Some(None))
            }
            Change::Append => {
                let more = self.bytes();
                let Some(plan) = self.ftp.passive().await? else { return Ok(()) };
                let all = |old: &Option<Vec<u8>>| Some([old.clone().unwrap_or_default(), more.clone()].concat());
                // It shows half done, and a file that it made shows empty; but only this client looks.
                self.may_become(all);
                let reply = self.ftp.store(plan, &format!("APPE {name}"), more.clone()).await?;
                if reply.code == 226 {
                    self.known = Known(before.0.iter().map(all).collect());
                }
                (reply, None)
            }
            Change::Store => {
                let content = self.bytes();
                let Some(plan) = self.ftp.active().await? else { return Ok(()) };
                self.may_become(|_| Some(content.clone()));
                (self.ftp.store(plan, &format!("STOR {name}"), content.clone()).await?, Some(Some(content)))
            }
            Change::Swap => {
                let content = self.bytes();
                let Some(plan) = self.ftp.passive().await? else { return Ok(()) };
                let stored = self.ftp.store(plan, &format!("STOR {name}.new"), content.clone()).await?;
                if stored.code != 226 || self.ftp.ask(format!("RNFR {name}.new")).await?.code != 350 {
                    return Ok(());
                }
                self.may_become(|_| Some(content.clone()));
                (self.ftp.ask(format!("RNTO {name}")).await?, Some(Some(content)))
            }
        };
        // Refused is not always undone: the answer of what was done may have been lost.
        if let (true, Some(exactly)) = (reply.is_good(), exactly) {
            self.known = Known(vec![exactly]);
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Gone> {
        let Some(plan) = self.ftp.passive().await? else { return Ok(()) };
        let name = self.name.clone();
        let seen = match self.ftp.fetch(plan, &format!("RETR {name}")).await? {
            Ok(download) if download.is_whole() => Some(download.bytes),
            Err(reply) if reply.code == 550 && reply.text().contains("No such") => None,
            Ok(_) | Err(_) => return Ok(()),
        };
        if !self.known.0.contains(&seen) {
            self.ftp.accuse(format!("{name} holds {}, and may hold {}", Known(vec![seen.clone()]), self.known));
        }
        self.known = Known(vec![seen]);
        Ok(())
    }

    async fn visit(&mut self) -> Result<(), Gone> {
        self.ftp.connect().await?;
        if self.ftp.log_in("alice", "secret").await? {
            self.ftp.ask("TYPE I").await?;
            self.look().await?;
            for _ in 0..6 {
                let change =
                    *self.ftp.pick(&[Change::Store, Change::Append, Change::Delete, Change::Swap, Change::Swap]);
                self.change(change).await?;
                self.look().await?;
            }
            let listing = self.ftp.passive().await?;
            if let Some(plan) = listing {
                let _ = self.ftp.fetch(plan, "MLSD").await?;
            }
        }
        self.ftp.quit().await
    }
}

async fn owner(ftp: Ftp) {
    let name = format!("file{}", ftp.number());
    let mut owner = Owner { ftp, name, known: Known(vec![None]), last: 0 };
    for _ in 0..4 {
        if owner.visit().await.is_err() {
            owner.ftp.vanish();
            owner.ftp.sleep(AFTERMATH).await;
        }
    }
}

fn play(seed: u64, plan: Plan, storage: Hosted) -> Report {
    let builder = Builder::from_seed(seed).faults(plan).scale(1 + (seed % 3) as u32).account("alice", "secret", "/");
    let mut world = builder.build(storage);
    for _ in 0..3 {
        world.add_client(Moment::START, owner);
    }
    world.run(Duration::from_secs(3 * 3600))
}

/// Nobody is there any more: only files with a name of their own may be.
fn nothing_is_left_over(storage: &dyn ftp_host::Storage, seed: u64) -> u64 {
    let root = VirtualPath::root();
    let mut directory = storage.open_dir(&root, ftp_proto::storage::Wanted::Everything).expect("the root opens");
    let entries = directory.read(1000).expect("it is read").entries;
    for entry in &entries {
        assert!(entry.name.starts_with(b"file"), "seed {seed}: {} is left over", entry.name.escape_ascii());
    }
    entries.iter().map(|entry| entry.metadata.size).sum()
}

fn memory(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        const ROOM: u64 = 2_000_000;
        let disk = MemoryDisk::with_capacity(ROOM);
        let report = play(seed, Plan::Chance, Hosted::new(disk.clone()));
        assert_eq!(report.violations, Vec::<String>::new(), "seed {seed}");
        let used = nothing_is_left_over(&disk, seed);
        let space = ftp_host::Storage::space(&disk, &VirtualPath::root()).expect("there is a root");
        assert_eq!(space.available, ROOM - used, "seed {seed}: room is lost");
    }
}

#[test]
fn a_disk_in_memory() {
    memory(0..100);
}

#[test]
fn a_disk_in_memory_over_other_seeds() {
    memory(10_000..10_100);
}

#[test]
fn a_local_disk() {
    for seed in 0..25 {
        let root = tempfile::tempdir().expect("a directory");
        let disk = || LocalDisk::open(root.path()).expect("it opens").sync(false);
        let report = play(seed, Plan::Chance, Hosted::new(disk()));
        assert_eq!(report.violations, Vec::<String>::new(), "seed {seed}");
        nothing_is_left_over(&disk(), seed);
    }
}

#[test]
fn without_faults_all_is_well() {
    for seed in 0..10 {
        let report = play(seed, Plan::None, Hosted::new(MemoryDisk::new()));
        assert_eq!(report.violations, Vec::<String>::new(), "seed {seed}");
        assert_eq!(report.endings.get("Quit"), Some(&12), "seed {seed}: {report:?}");
    }
}
