//! A server for many runs: what it is made of, one run in it, and what must hold after each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use ftp_host::adapter::{Offload, Watch};
use ftp_host::tls::Tls;
use ftp_host::{Cancel, Host, Inline, LocalDisk, MemoryDisk, Pooled, Storage, Upload};
use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::storage::{FinishHow, Replace, Wanted as Facts, WriteMode};
use ftp_proto::{Failure, VirtualPath};
use tempfile::TempDir;

use super::books::{Books, Tally};
use super::client::{Client, Played, Server};
use super::embedding::{self, Program, Refuser};
use super::host::{CountingHost, Pump};
use super::plan::Plan;
use super::random::Random;
use super::tree::Tree;
use super::worlds::{Worlds, describe};
use super::{Campaign, PLANNED, Planted};
use crate::harness::{identity, open_files};
use crate::meddler::{Meddler, Operation};
use crate::target::{Caps, Elsewhere, Target, Wanted};
use crate::{Credential, FAMILIES, connect_from, eventually};

/// A server, and all that is seen of it.
pub(super) struct Ground {
    campaign: Campaign,
    books: Arc<Books>,
    pump: Pump,
    meddler: Arc<Meddler>,
    /// Behind the server's back.
    disk: Arc<dyn Storage>,
    root: Option<TempDir>,
    target: Box<dyn Target>,
    is_strict: bool,
    /// Descriptors before the server was there.
    before: usize,
    /// Descriptors while it has no session.
    idle: usize,
}

type Files = BTreeMap<String, Arc<[u8]>>;

impl Ground {
    /// A server whose kind the seed decides: files in memory or on disk, in place or pooled, moved by the kernel or not.
    pub(super) fn start(campaign: Campaign, seed: u64) -> Self {
        let mut random = Random::new(!seed);
        let before = open_files().len();
        let root = random.once_in(2).then(directory);
        let disk: Arc<dyn Storage> = match &root {
            Some(root) => Arc::new(LocalDisk::open(root.path()).expect("the directory is there")),
            None => Arc::new(MemoryDisk::with_capacity(64 << 20)),
        };
        let meddler = Meddler::new(Arc::clone(&disk));
        let storage: Arc<dyn Storage> = Arc::clone(&meddler) as _;
        let accounts = Arc::new(embedding::accounts(&storage));
        let (books, pump) = (Arc::<Books>::default(), Pump::start(random.fork()));
        let (program, refuser) = (Arc::new(Program(Arc::clone(&storage))), Arc::new(Refuser(Arc::clone(&books))));
        let inner: Arc<dyn Host> = if random.once_in(3) {
            Arc::new(Inline::new(accounts).commands(program).hooks(refuser))
        } else {
            Arc::new(Pooled::new(accounts).commands(program).hooks(refuser))
        };
        let planted = campaign.planted;
        let host = CountingHost { books: Arc::clone(&books), inner, storage, pump: pump.clone(), planted };
        let mut config = Config::default();
        config.timeouts.login_delay = Duration::ZERO;
        config.custom = embedding::custom_verbs();
        config.tls.offered = Switch::On;
        config.tls.clear_control = Switch::On;
        config.tls.strict_end = if random.once_in(3) { Switch::Off } else { Switch::On };
        config.tls.data_reuse = random.pick(&[Demand::Optional, Demand::Required]);
        let mut is_strict = config.tls.strict_end.is_on();
        if planted == Some(Planted::TakesTruncated) {
            (config.tls.strict_end, is_strict) = (Switch::Off, true);
        }
        if planted.is_some() {
            // The server is ended also where an answer will never come.
            config.timeouts.cancel = Duration::from_millis(500);
        }
        let target = campaign.adapter.start(Wanted {
            host: Arc::new(host),
            config,
            offload: random.pick(&[Offload::Kernel, Offload::Buffered]),
            caps: Caps { sessions: 100, per_address: 100 },
            tls: Some(tls()),
            notices: Arc::default(),
            watch: Some(Arc::clone(&books) as Arc<dyn Watch>),
            recording: None,
        });
        let target = target.expect("the server starts");
        let idle = usize::MAX;
        let mut ground = Self { campaign, books, pump, meddler, disk, root, target, is_strict, before, idle };
        ground.idle = ground.idle_descriptors();
        ground
    }

    /// One run: the ground for the next, unless the run shut the server down.
    pub(super) fn run(mut self, seed: u64, tally: &mut Tally) -> Result<Option<Self>, Vec<String>> {
        let mut random = Random::new(seed);
        let plan = Plan::new(&mut random);
        let names = &["1", "2"][..plan.clients];
        self.set_up(&plan, names);
        let (runs, opened) = (self.runs(), self.meddler.ledger().finished_twice());
        let begun = Instant::now();
        let (stopped, outcomes) = self.play(&plan, names, &mut random);
        let played = begun.elapsed();
        let wrong = outcomes.iter().filter_map(|played| played.wrong.clone());
        wrong.for_each(|wrong| self.books.blame(wrong));
        if stopped {
            self.abandon();
        } else {
            self.wait_for_arrivals();
        }
        self.meddler.behave();
        self.pump.set_delays(false);
        if let Some(what) = self.settle(stopped) {
            self.books.blame(what);
        }
        if begun.elapsed() > self.campaign.patience / 2 {
            // Nobody waited too long for any one thing, but nothing here is to be waited for at all.
            self.books.blame(format!("took {:?} to play, {:?} in all", played, begun.elapsed()));
        }
        self.books.balance(|operation| self.meddler.ledger().runs(operation) - runs[operation as usize]);
        if self.meddler.ledger().finished_twice() != opened {
            self.books.blame("an upload was finished twice".into());
        }
        for (name, played) in names.iter().zip(&outcomes) {
            self.compare(name, played);
        }
        self.look_for_strangers(names);
        if UNPLANNED.swap(0, Ordering::SeqCst) > 0 {
            self.books.blame("something panicked".into());
        }
        self.count(&plan, tally);
        let mut violations = self.books.violations();
        if violations.is_empty() {
            return Ok((!stopped).then_some(self));
        }
        violations.push(format!("{plan:?}"));
        violations.extend(outcomes.into_iter().map(|played| played.trace));
        Err(violations)
    }

    fn set_up(&self, plan: &Plan, names: &[&'static str]) {
        self.clear();
        for name in names {
            self.put(&format!("a{name}"), old(name));
            let tree = Tree::new(name);
            for directory in tree.directories() {
                self.disk.make_dir(&path(&directory), 0o755).expect("a directory can be made");
            }
            tree.files().iter().for_each(|file| self.put(file, b"in a tree".into()));
        }
        self.books.open(plan.clone());
        self.pump.set_delays(plan.delays);
        match plan.storage {
            Some((operation, Some(failure))) => self.meddler.fail(operation, failure),
            Some((operation, None)) => self.meddler.panic(operation),
            None => plan.lingers.into_iter().for_each(|operation| self.meddler.linger(operation)),
        }
    }

    /// Lets the clients play; ends the server meanwhile where the plan says so.
    fn play(&mut self, plan: &Plan, names: &[&'static str], random: &mut Random) -> (bool, Vec<Played>) {
        let server = Server {
            plain: self.target.address(FAMILIES[0]),
            implicit: self.target.implicit(FAMILIES[0]).expect("it listens for implicit TLS"),
            is_strict: self.is_strict,
            is_deadly: plan.is_deadly() || self.campaign.planted.is_some(),
            may_stop: plan.stop_at.is_some(),
            patience: self.campaign.patience,
        };
        let books = &*self.books;
        let mut clients: Vec<_> = names
            .iter()
            .map(|name| {
                let worlds = Worlds::of([(format!("a{name}"), Arc::from(old(name)))]);
                Client::new(server, name, random.fork(), worlds, Tree::new(name), books)
            })
            .collect();
        if clients.len() == 1 && plan.stop_at.is_none() {
            return (false, clients.pop().into_iter().map(Client::play).collect());
        }
        thread::scope(|scope| {
            let playing: Vec<_> = clients.into_iter().map(|client| scope.spawn(|| client.play())).collect();
            if let Some(at) = plan.stop_at {
                while books.turns() < at && !playing.iter().all(thread::ScopedJoinHandle::is_finished) {
                    thread::yield_now();
                }
                if let Err(error) = self.target.stop(Duration::ZERO) {
                    books.blame(format!("the server does not end: {error}"));
                }
            }
            let played = playing.into_iter().map(|client| client.join().expect("a client does not panic")).collect();
            (plan.stop_at.is_some(), played)
        })
    }

    /// The server has ended, which must be true of its sessions by now; its runtime goes too.
    fn abandon(&mut self) {
        if self.target.sessions() != Some(0) {
            self.books.blame("the server ended before its sessions".into());
        }
        self.target = Box::new(Elsewhere(self.target.address(FAMILIES[0])));
    }

    /// A client that was gone before it was greeted may not even have arrived. One that comes after it has, once this
    /// one has been noticed: from then on, sessions are counted. It comes from an address of its own, since the port of
    /// one that was reset is free at once.
    fn wait_for_arrivals(&self) {
        self.arrive(ARRIVALS[0], Some(self.target.address(FAMILIES[0])), b"");
        // Whoever begins with TLS is not greeted before it has said something; this is the end of it.
        self.arrive(ARRIVALS[1], self.target.implicit(FAMILIES[0]), b"no TLS at all\r\n");
    }

    fn arrive(&self, from: IpAddr, address: Option<SocketAddr>, word: &[u8]) {
        let noticed = |address| {
            let mut stream = connect_from(from, address);
            stream.set_read_timeout(Some(self.campaign.patience))?;
            stream.write_all(word)?;
            stream.read(&mut [0])
        };
        if let Some(Err(error)) = address.map(noticed)
            && error.kind() != ErrorKind::ConnectionReset
        {
            self.books.blame(format!("a connection is not taken: {error}"));
        }
    }

    /// Waits until nothing is under way any more: what never came to rest.
    fn settle(&self, stopped: bool) -> Option<String> {
        let end = Instant::now() + self.campaign.patience;
        let descriptors = if stopped { self.before + usize::from(self.root.is_some()) } else { self.idle };
        loop {
            let unsettled = self.unsettled(descriptors)?;
            if Instant::now() > end {
                return Some(unsettled);
            }
            thread::park_timeout(Duration::from_micros(100));
        }
    }

    fn unsettled(&self, descriptors: usize) -> Option<String> {
        // What arrived is counted until it has ended, so this is asked first, and what it has left behind then.
        let sessions = self.target.sessions().unwrap_or(0);
        if let Some(what) = self.books.unsettled() {
            return Some(what);
        }
        if sessions != 0 {
            return Some("a session never ended".into());
        }
        let open = self.meddler.ledger().open();
        if open != 0 {
            return Some(format!("{open} files or directories were never closed"));
        }
        let now = open_files();
        (now.len() > descriptors).then(|| format!("{} descriptors are open, {descriptors} were: {now:?}", now.len()))
    }

    fn compare(&self, name: &str, Played { worlds, tree, .. }: &Played) {
        let files: Files = ["a", "b"]
            .iter()
            .map(|file| format!("{file}{name}"))
            .filter_map(|file| self.content(&file).map(|content| (file, content)))
            .collect();
        if !worlds.allow(&files) {
            self.books.blame(format!("files are {}, but may be {}", describe(&files), worlds.describe()));
        }
        let found = self.names().into_iter().filter(|name| tree.holds(name)).collect();
        if !tree.allows(&found) {
            self.books.blame(format!("in the tree is {found:?}, but may be {tree:?}"));
        }
    }

    fn look_for_strangers(&self, names: &[&str]) {
        let own = |name: &str, found: &str| {
            found == format!("a{name}") || found == format!("b{name}") || Tree::new(name).holds(found)
        };
        let known = |found: &str| names.iter().any(|name| own(name, found));
        let strangers: Vec<_> = self.names().into_iter().filter(|found| !known(found)).collect();
        if !strangers.is_empty() {
            self.books.blame(format!("left behind: {strangers:?}"));
        }
    }

    fn count(&self, plan: &Plan, tally: &mut Tally) {
        let server = match (&self.root, plan.clients) {
            (Some(_), 1) => "run: on disk, one client",
            (Some(_), _) => "run: on disk, two clients",
            (None, 1) => "run: in memory, one client",
            (None, _) => "run: in memory, two clients",
        };
        self.books.count(server);
        let storage = plan.storage.map(|(_, failure)| failure.map_or("run: storage panics", |_| "run: storage fails"));
        let stop = plan.stop_at.map(|_| "run: server shut down");
        let delays = plan.delays.then_some("run: answers delayed and reordered");
        [storage, stop, delays].into_iter().flatten().for_each(|kind| self.books.count(kind));
        for (kind, count) in self.books.take_tally().0 {
            *tally.0.entry(kind).or_default() += count;
        }
    }

    fn runs(&self) -> [u64; Operation::ALL.len()] {
        Operation::ALL.map(|operation| self.meddler.ledger().runs(operation))
    }

    fn idle_descriptors(&self) -> usize {
        // The loops open theirs as they start: until each has had a client, and the count has come to rest.
        self.wait_for_arrivals();
        self.arrive(FAMILIES[1], Some(self.target.address(FAMILIES[1])), b"");
        self.arrive(FAMILIES[1], self.target.implicit(FAMILIES[1]), b"no TLS at all\r\n");
        self.arrive(FAMILIES[0], self.target.dual(), b"");
        eventually("the first sessions end", || self.target.sessions() == Some(0));
        let mut counted = open_files().len();
        let mut same = 0;
        while same < 10 {
            thread::park_timeout(Duration::from_millis(1));
            let now = open_files().len();
            same = if now == counted { same + 1 } else { 0 };
            counted = now;
        }
        counted
    }

    // Files, behind the server's back.

    fn put(&self, name: &str, content: Vec<u8>) {
        let upload = Upload::new(WriteMode::Create(Replace::Allowed));
        let file = self.disk.open_write(&path(name), upload).expect("a file can be made");
        file.write_at(0, &content).expect("there is room");
        file.finish(FinishHow::Commit).expect("a file can be made");
    }

    fn content(&self, name: &str) -> Option<Arc<[u8]>> {
        let file = self.disk.open_read(&path(name)).ok()?;
        file.read_at(0, 16 << 20).ok().map(|bytes| bytes.to_vec().into())
    }

    fn clear(&self) {
        for name in names_in(&*self.disk, "") {
            match self.disk.remove(&path(&name)) {
                Err(Failure::IsADirectory) => self.disk.remove_tree(&path(&name), &Cancel::new()),
                done => done,
            }
            .expect("it can be removed");
        }
    }

    /// All there is, also what the server would not show.
    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        match &self.root {
            Some(root) => walk_directory(root.path(), "", &mut names),
            None => walk(&*self.disk, "", &mut names),
        }
        names
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Where it fails, the next run finds too many descriptors.
        let _ = self.target.stop(Duration::ZERO);
    }
}

/// The names in a directory of the storage, from its root.
fn names_in(disk: &dyn Storage, directory: &str) -> Vec<String> {
    // What is no directory holds nothing.
    let Ok(mut opened) = disk.open_dir(&path(&format!("/{directory}")), Facts::Names) else { return Vec::new() };
    let entries = opened.read(1000).expect("it can be read").entries;
    let name = |name: &[u8]| under(directory, &String::from_utf8_lossy(name));
    entries.iter().map(|entry| name(&entry.name)).collect()
}

fn walk(disk: &dyn Storage, directory: &str, names: &mut BTreeSet<String>) {
    for name in names_in(disk, directory) {
        walk(disk, &name, names);
        names.insert(name);
    }
}

fn walk_directory(root: &Path, directory: &str, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(root).expect("it is there").flatten() {
        let name = under(directory, &entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk_directory(&entry.path(), &name, names);
        }
        names.insert(name);
    }
}

fn under(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.into() } else { format!("{directory}/{name}") }
}

fn path(name: &str) -> VirtualPath {
    VirtualPath::root().resolve(name.as_bytes(), 4096).expect("a path")
}

/// What a client's first file holds.
fn old(name: &str) -> Vec<u8> {
    format!("the old one of {name}, ").repeat(500).into_bytes()
}

/// One certificate does for all servers.
fn tls() -> Tls {
    static IDENTITY: OnceLock<Credential> = OnceLock::new();
    let credential = IDENTITY.get_or_init(|| Credential::self_signed(&["localhost"]));
    Tls::builder(identity(credential)).build().expect("settings that can be used")
}

/// In memory where there is such a file system: thousands of runs are not to wait for a disk.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    directory.expect("a directory for the files")
}

/// Panics that are part of the plan are not shown; any other is, and counted.
pub(super) fn expect_planned_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let message = info.payload_as_str().unwrap_or_default();
            if !message.starts_with(PLANNED) && !message.contains("as the test asked") {
                UNPLANNED.fetch_add(1, Ordering::SeqCst);
                shown(info);
            }
        }));
    });
}

/// Loopback addresses that no client of a run has.
const ARRIVALS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3))];
/// Panics that nobody planned.
static UNPLANNED: AtomicU64 = AtomicU64::new(0);
