//! The server: takes connections, holds the sessions, and does what its operator wants.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::server::{Phase, Session};
use ftp_proto::time::UnixTime;

use crate::accounts::Accounts;
use crate::engine::Engine;
use crate::faults::Fault;
use crate::network::Network;
use crate::scene::Scene;
use crate::served::{Around, Served};
use crate::storage::Storage;
use crate::time::{Actor, Moment};

/// What everybody acts on, lent.
pub(crate) struct All<'a> {
    pub(crate) scene: &'a mut Scene,
    pub(crate) network: &'a mut Network,
    pub(crate) violations: &'a mut Vec<String>,
}

/// Something that is done to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The task of some session is killed: nothing is said to anybody.
    Kill,
    /// Sessions may finish what they do for so long; new ones are turned away so long.
    Drain(Duration),
    /// The power fails, and is back at once.
    LosePower,
    /// Later sessions have the other configuration.
    Reload,
}

/// Makes the engine of a session, from a configuration, a seed and the time on the calendar.
pub(crate) type MakeEngine = dyn Fn(&Arc<Config>, [u8; 32], UnixTime) -> Box<dyn Engine>;

/// The engine as it is.
pub(crate) fn real_engine(config: &Arc<Config>, seed: [u8; 32], started: UnixTime) -> Box<dyn Engine> {
    Box::new(Session::new(Arc::clone(config), seed, started))
}

pub(crate) struct Server<S> {
    pub(crate) config: Arc<Config>,
    /// What the next reload brings.
    pub(crate) next_config: Option<Arc<Config>>,
    pub(crate) storage: S,
    pub(crate) accounts: Accounts,
    pub(crate) make: Box<MakeEngine>,
    pub(crate) address: SocketAddr,
    sessions: BTreeMap<usize, Served>,
    last: usize,
    /// Until when it takes no new sessions.
    draining: Option<Moment>,
    /// Whether the power has failed since somebody looked.
    pub(crate) lost_power: bool,
    /// How often sessions ended in which way.
    pub(crate) endings: BTreeMap<String, u64>,
}

impl<S: Storage> Server<S> {
    pub(crate) fn new(config: Arc<Config>, storage: S, accounts: Accounts, address: SocketAddr) -> Self {
        Self {
            config,
            next_config: None,
            storage,
            accounts,
            make: Box::new(real_engine),
            address,
            sessions: BTreeMap::new(),
            last: 0,
            draining: None,
            lost_power: false,
            endings: BTreeMap::new(),
        }
    }

    /// Takes whoever has come.
    pub(crate) fn accept(&mut self, all: &mut All<'_>) {
        while let Some((end, peer)) = all.network.accept(all.scene, self.address, Actor::Session(self.last + 1)) {
            self.last += 1;
            let number = self.last;
            let seed = all.scene.chance.seed();
            let started = UnixTime::from_secs(BEGINNING) + Duration::from_nanos(all.scene.now.0);
            let engine = (self.make)(&self.config, seed, started);
            let admission = if self.is_draining(all.scene) { Admission::Draining } else { Admission::Welcome };
            let served = Served::new(number, engine, &self.config, end, (peer, self.address), all.scene.now);
            self.sessions.insert(number, served);
            self.with(number, all, |it, around| it.begin(around, admission, Switch::Off));
        }
    }

    /// A session has its turn.
    pub(crate) fn turn(&mut self, number: usize, all: &mut All<'_>) {
        self.with(number, all, Served::turn);
    }

    fn with(&mut self, number: usize, all: &mut All<'_>, what: impl FnOnce(&mut Served, &mut Around<'_>)) {
        let Some(served) = self.sessions.get_mut(&number) else { return };
        let mut around = Around {
            scene: &mut *all.scene,
            network: &mut *all.network,
            storage: &mut self.storage,
            accounts: &self.accounts,
            violations: &mut *all.violations,
        };
        let known = around.violations.len();
        what(served, &mut around);
        let actor = Actor::Session(number);
        for violation in around.violations.iter_mut().skip(known) {
            if !violation.starts_with("Session(") {
                violation.insert_str(0, &format!("{actor:?}: "));
            }
        }
        if served.is_gone() {
            self.forget(number);
        }
    }

    fn forget(&mut self, number: usize) {
        if let Some(served) = self.sessions.remove(&number) {
            let ending = match served.phase() {
                Phase::Closed(reason) => format!("{reason:?}"),
                Phase::Open | Phase::Closing => "Killed".into(),
            };
            *self.endings.entry(ending).or_default() += 1;
        }
    }

    /// Something may happen to the server by chance.
    pub(crate) fn operate(&mut self, all: &mut All<'_>) {
        let operation = match all.scene.strike(&[Fault::Kill, Fault::Drain, Fault::PowerLoss, Fault::Reload]) {
            Some(Fault::Kill) => Operation::Kill,
            Some(Fault::Drain) => Operation::Drain(Duration::from_secs(1 + all.scene.chance.below(60))),
            Some(Fault::PowerLoss) => Operation::LosePower,
            Some(_) => Operation::Reload,
            None => return,
        };
        self.perform(operation, all);
    }

    pub(crate) fn perform(&mut self, operation: Operation, all: &mut All<'_>) {
        all.scene.log(Actor::Operator, format_args!("{operation:?}"));
        match operation {
            Operation::Kill => {
                let open = self.open();
                if !open.is_empty() {
                    let number = *all.scene.chance.pick(&open);
                    self.with(number, all, Served::kill);
                }
            }
            Operation::Drain(patience) => self.drain(patience, all),
            Operation::LosePower => {
                for number in self.numbers() {
                    self.with(number, all, Served::kill);
                }
                self.storage.lose_power();
                self.lost_power = true;
            }
            Operation::Reload => {
                if let Some(next) = &mut self.next_config {
                    std::mem::swap(&mut self.config, next);
                }
            }
        }
    }

    /// Every session may finish what it does, within `patience`; new ones are turned away so long.
    pub(crate) fn drain(&mut self, patience: Duration, all: &mut All<'_>) {
        self.draining = Some(all.scene.now + patience);
        for number in self.numbers() {
            self.with(number, all, |it, around| it.drain(around, patience));
        }
    }

    /// The sessions that there are.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.sessions.keys().copied().collect()
    }

    /// Those of them that are not over.
    pub(crate) fn open(&self) -> Vec<usize> {
        self.sessions.iter().filter(|(_, served)| served.is_open()).map(|(number, _)| *number).collect()
    }

    /// How many sessions there ever were.
    pub(crate) fn served(&self) -> usize {
        self.last
    }

    fn is_draining(&self, scene: &Scene) -> bool {
        self.draining.is_some_and(|until| scene.now < until)
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

/// When the world begins, on the calendar.
const BEGINNING: i64 = 1_720_000_000;
