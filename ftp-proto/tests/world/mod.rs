//! A small deterministic world around one session: a client, a storage, accounts, a clock, and books that are checked
//! at every step. Knows nothing of what the engine thinks: it sees events and actions only.
//!
//! ```text
//! let mut world = World::logged_in();
//! let link = world.passive();
//! world.ask("RETR a.txt", "150");
//! world.expect("226");
//! assert_eq!(world.link(link).received, b"...");
//! ```

#![allow(dead_code, reason = "each test program uses its own part of the world")]

#[path = "../cells/mod.rs"]
mod cells;

mod books;
mod client;
mod dice;
mod links;
mod replies;
mod run;
mod tape;
mod tls;
mod tree;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::action::HostAction;
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::outcome::{Connected, DataEnd, Quota};
use ftp_proto::server::{Misuse, Phase, Session};
use ftp_proto::storage::{Account, Entry, FinishHow, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::{ActionId, Completion, DataId, DirId, Event, Failure, FileId, ListenerId, Notice, Ticket};

use self::books::Books;
pub(crate) use self::dice::Dice;
use self::links::{Link, Listener};
pub(crate) use self::replies::{Reply, Wire};
pub(crate) use self::tape::Tape;
pub(crate) use self::tls::Layer;
use self::tls::Tls;
use self::tree::OpenFile;
pub(crate) use self::tree::Tree;

/// One session and everything around it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    pub(crate) tree: Tree,
    pub(crate) wire: Wire,
    pub(crate) links: Vec<Link>,
    pub(crate) listeners: BTreeMap<ListenerId, Listener>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) finishes: Vec<FinishHow>,
    pub(crate) cancelled: Vec<ActionId>,
    /// Events and actions as text, where `logs` is on.
    pub(crate) log: Vec<String>,
    pub(crate) logs: bool,
    pub(crate) tls: Tls,
    /// Some sessions are recorded, and their traces replayed when the world ends.
    pub(crate) tape: Tape,
    books: Books,
    accounts: BTreeMap<Vec<u8>, (Vec<u8>, Account)>,
    files: BTreeMap<FileId, OpenFile>,
    dirs: BTreeMap<DirId, VecDeque<Entry>>,
    data: BTreeMap<DataId, usize>,
    dialling: Vec<(Ticket<Connected>, DataId, SocketAddr)>,
    last_port: u16,
    /// Answers on their way.
    pub(crate) ready: Vec<Completion>,
    held: Vec<HostAction>,
    holds: Vec<&'static str>,
    failures: Vec<(&'static str, Failure)>,

    // How the world behaves.
    /// Whether answers and credits come by themselves.
    pub(crate) flows: bool,
    /// Whether the kernel takes what is written.
    pub(crate) credits: bool,
    /// Whether answers come in an order of chance.
    pub(crate) shuffles: bool,
    pub(crate) dice: Dice,
    /// Of a hundred host actions, how many fail.
    pub(crate) fault_rate: usize,
    pub(crate) injections: usize,
    /// Whether Cancel is not heard.
    pub(crate) deaf: bool,
    /// Whether a cancelled action succeeds all the same.
    pub(crate) late: bool,
    pub(crate) answers_dials: bool,
    pub(crate) offloads: bool,
    pub(crate) custom_code: u16,
    /// What SITE QUOTA tells, and where PRET sends the client.
    pub(crate) quota: Option<Quota>,
    pub(crate) node: Option<IpAddr>,
    /// What was prepared, and which owners and groups were set.
    pub(crate) prepared: Vec<(String, bool)>,
    pub(crate) owners: Vec<(Option<String>, Option<String>)>,
    /// The most bytes of one Receive.
    pub(crate) cut: usize,
    /// What each new connection's client sends, and how it ends then.
    pub(crate) preloaded: Vec<u8>,
    pub(crate) preloaded_end: Option<DataEnd>,
    /// Whether each new connection's client reads.
    pub(crate) reads: bool,
}

pub(crate) const SEED: [u8; 32] = [7; 32];
pub(crate) const STARTED: UnixTime = UnixTime::from_secs(1_720_000_000);
pub(crate) const LOCAL: &str = "192.0.2.1:21";
pub(crate) const PEER: &str = "198.51.100.7:40000";
pub(crate) const STRANGER: &str = "203.0.113.9:40000";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

// Making one.
impl World {
    /// A session of which nothing has happened yet.
    pub(crate) fn before_connection(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        configure(&mut config);
        Self::of(Arc::new(config))
    }

    pub(crate) fn of(config: Arc<Config>) -> Self {
        let accounts = [
            ("alice", "secret", Permissions::READ_WRITE),
            ("reader", "secret", Permissions::READ_ONLY),
            ("dropper", "secret", Permissions::DROP),
            ("admin", "secret", Permissions::READ_WRITE | Permissions::ADMIN),
        ];
        let accounts = accounts.map(|(name, password, may)| (name.into(), (password.into(), Account::new(name, may))));
        let (seed, started) = (SEED, STARTED);
        Self {
            tape: Tape::sampled(&config, seed, started),
            session: Session::new(config, seed, started),
            now: Instant::START,
            tree: Tree::usual(),
            wire: Wire::default(),
            links: Vec::new(),
            listeners: BTreeMap::new(),
            notices: Vec::new(),
            finishes: Vec::new(),
            cancelled: Vec::new(),
            log: Vec::new(),
            logs: false,
            tls: Tls::default(),
            books: Books::default(),
            accounts: accounts.into(),
            files: BTreeMap::new(),
            dirs: BTreeMap::new(),
            data: BTreeMap::new(),
            dialling: Vec::new(),
            last_port: 50_000,
            ready: Vec::new(),
            held: Vec::new(),
            holds: Vec::new(),
            failures: Vec::new(),
            flows: true,
            credits: true,
            shuffles: false,
            dice: Dice::new(1),
            fault_rate: 0,
            injections: 0,
            deaf: false,
            late: false,
            answers_dials: true,
            offloads: false,
            custom_code: 200,
            quota: None,
            node: None,
            prepared: Vec::new(),
            owners: Vec::new(),
            cut: usize::MAX,
            preloaded: Vec::new(),
            preloaded_end: None,
            reads: true,
        }
    }

    /// A connected client that has read its 220.
    pub(crate) fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut world = Self::before_connection(configure);
        world.connect_from(LOCAL, PEER);
        world.expect("220");
        world
    }

    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with alice logged in, TYPE I.
    pub(crate) fn logged_in_with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut world = Self::with(configure);
        world.log_in("alice");
        world
    }

    pub(crate) fn logged_in() -> Self {
        Self::logged_in_with(|_| {})
    }

    pub(crate) fn log_in(&mut self, name: &str) {
        self.ask(&format!("USER {name}"), "331");
        self.ask("PASS secret", "230");
        self.ask("TYPE I", "200");
    }

    pub(crate) fn connect_from(&mut self, local: &str, peer: &str) {
        let (local, peer) = (address(local), address(peer));
        self.event(Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off });
    }
}

// The host, as a test wants it.
impl World {
    /// Host actions of this kind are not answered until `release`.
    pub(crate) fn hold(&mut self, kind: &'static str) {
        self.holds.push(kind);
    }

    pub(crate) fn release(&mut self) {
        self.holds.clear();
        for action in std::mem::take(&mut self.held) {
            self.run_host_now(action);
        }
        self.settle();
    }

    /// What is held now is answered; what comes is held again.
    pub(crate) fn release_held(&mut self) {
        for action in std::mem::take(&mut self.held) {
            self.run_host_now(action);
        }
        self.settle();
    }

    /// What is of this kind is answered, and not held again.
    pub(crate) fn release_only(&mut self, kind: &'static str) {
        self.holds.retain(|held| *held != kind);
        let (released, held) = std::mem::take(&mut self.held).into_iter().partition(|action| run::kind(action) == kind);
        self.held = held;
        let released: Vec<HostAction> = released;
        for action in released {
            self.run_host_now(action);
        }
        self.settle();
    }

    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// The next host action of this kind fails.
    pub(crate) fn fail_next(&mut self, kind: &'static str, failure: Failure) {
        self.failures.push((kind, failure));
    }

    pub(crate) fn account(&mut self, name: &str, change: impl FnOnce(&mut Account)) {
        change(&mut self.accounts.get_mut(name.as_bytes()).expect("a known account").1);
    }

    /// The actions so far, where `logs` is on, with writes that follow one another in one.
    pub(crate) fn actions(&self) -> Vec<String> {
        let mut actions: Vec<String> = Vec::new();
        for action in self.log.iter().filter_map(|line| line.strip_prefix("< ")) {
            let written = |action: &str| Some(action.strip_prefix("Write(b\"")?.strip_suffix("\")")?.to_owned());
            match (actions.last_mut().and_then(|last| Some((written(last)?, last))), written(action)) {
                (Some((before, last)), Some(more)) => *last = format!("Write(b\"{before}{more}\")"),
                _ => actions.push(action.into()),
            }
        }
        actions
    }

    pub(crate) fn has_open_files(&self) -> bool {
        !self.files.is_empty()
    }

    pub(crate) fn open_connections(&self) -> usize {
        self.data.len()
    }
}

// Time and order.
impl World {
    /// Hands an event in and runs what comes of it.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        self.step(event).expect("no misuse");
        self.settle();
    }

    pub(crate) fn step(&mut self, event: Event<'_>) -> Result<(), Misuse> {
        if self.logs {
            self.log.push(format!("> {event:?}"));
        }
        let (state, kind) = (self.session.state(), event.kind());
        self.tape.event(self.now, &event);
        let actions: Vec<_> = match self.session.handle(self.now, event) {
            Ok(actions) => actions.collect(),
            Err(misuse) => {
                self.tape.misuse(&misuse);
                return Err(misuse);
            }
        };
        actions.iter().for_each(|action| self.tape.action(action));
        cells::note(state, kind);
        for action in actions {
            self.run(action);
        }
        assert!(self.wire.is_whole(), "half a reply was written");
        self.books.balance(&self.session);
        if matches!(self.session.phase(), Phase::Closed(_)) {
            let late = self.session.handle(self.now, Event::Timeout).map(Iterator::count);
            assert_eq!(late, Err(Misuse::Closed), "a closed session takes no event");
            self.ready.clear();
        }
        Ok(())
    }

    /// Delivers answers and credits until there are none.
    pub(crate) fn settle(&mut self) {
        while self.flows && self.deliver_one() {}
    }

    /// Delivers one answer or credit; `false` when there is none.
    pub(crate) fn deliver_one(&mut self) -> bool {
        if matches!(self.session.phase(), Phase::Closed(_)) {
            return false;
        }
        let creditable = if self.credits { self.wire.uncredited() } else { 0 };
        let choices = self.ready.len() + usize::from(creditable > 0);
        let chosen = if self.shuffles { self.dice.below(choices) } else { 0 };
        if chosen < self.ready.len() {
            let completion = self.ready.remove(chosen);
            self.books.settled(completion.id());
            self.step(Event::Done(completion)).expect("no misuse");
        } else if creditable > 0 {
            let part = if self.shuffles { 1 + self.dice.below(creditable) } else { creditable };
            self.credit(part);
        } else {
            return false;
        }
        true
    }

    /// The kernel takes so many bytes.
    pub(crate) fn credit(&mut self, bytes: usize) {
        self.wire.credited += bytes;
        self.step(Event::Sent(bytes)).expect("no misuse");
    }

    /// Time passes; every timer fires when it is due.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        let mut fired = 0;
        while let Some(deadline) = self.session.next_deadline().filter(|deadline| deadline.at <= until) {
            fired += 1;
            assert!(fired < 1000, "{:?} fires without end", deadline.timer);
            self.set_clock(deadline.at);
            self.event(Event::Timeout);
        }
        self.set_clock(until);
    }

    pub(crate) fn wait_seconds(&mut self, seconds: u64) {
        self.wait(Duration::from_secs(seconds));
    }

    /// Jumps to the next deadline, if there is one.
    pub(crate) fn jump(&mut self) -> bool {
        let Some(deadline) = self.session.next_deadline() else { return false };
        self.set_clock(deadline.at);
        self.event(Event::Timeout);
        true
    }
}
