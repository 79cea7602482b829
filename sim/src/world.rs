//! The world: one server, its clients, and everything between them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use ftp_proto::VirtualPath;

use crate::client::Ftp;
use crate::faults::Strike;
use crate::network::Network;
use crate::oracle::{Judge, Partial};
use crate::scene::Scene;
use crate::server::{All, Operation, Server};
use crate::storage::Storage;
use crate::time::{Actor, Moment};

/// What everybody acts on.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) scene: Scene,
    pub(crate) network: Network,
    /// What was promised and not kept.
    pub(crate) violations: Vec<String>,
    /// Who judges what becomes of files.
    pub(crate) judge: Option<Judge>,
}

impl Core {
    pub(crate) fn all(&mut self) -> All<'_> {
        All { scene: &mut self.scene, network: &mut self.network, violations: &mut self.violations }
    }
}

/// A program of a client: any future that only waits for the world.
type Program = Pin<Box<dyn Future<Output = ()>>>;

/// One server, its clients, and everything between them, in virtual time.
///
/// Made by a [`Builder`](crate::Builder). Each [`step`](Self::step) lets one of them act; time jumps to the next who has something to do.
pub struct World<S> {
    core: Rc<RefCell<Core>>,
    server: Server<S>,
    clients: Vec<Client>,
    /// How often the operator looks whether something is to go wrong, and when next.
    operator: Duration,
    operates: Moment,
    steps: u64,
    most_steps: u64,
}

struct Client {
    begins: Moment,
    program: Option<Program>,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was promised and not kept; empty for a good run.
    pub violations: Vec<String>,
    /// The faults that struck.
    pub strikes: Vec<Strike>,
    /// How many sessions there were.
    pub sessions: usize,
    /// How they ended.
    pub endings: BTreeMap<String, u64>,
    /// How much virtual time has passed.
    pub lasted: Duration,
    /// How often somebody acted.
    pub steps: u64,
    /// Of everything that happened: two runs from the same source have the same.
    pub digest: u64,
    /// What happened, where it was [kept](crate::Builder::keep_log).
    pub log: Vec<String>,
    /// How many faults could have struck at each site, where it was [watched](crate::Builder::watch).
    pub choices: Vec<usize>,
}

impl<S: Storage> World<S> {
    pub(crate) fn new(scene: Scene, server: Server<S>, operator: Duration, most_steps: u64) -> Self {
        let mut core = Core { scene, network: Network::default(), violations: Vec::new(), judge: None };
        core.network.open(Actor::Operator, server.address);
        let operates = Moment::START + operator;
        core.scene.wake(Actor::Operator, operates);
        let core = Rc::new(RefCell::new(core));
        Self { core, server, clients: Vec::new(), operator, operates, steps: 0, most_steps }
    }

    /// Adds a client, which begins at `begins`.
    pub fn add_client<F: Future<Output = ()> + 'static>(&mut self, begins: Moment, program: impl FnOnce(Ftp) -> F) {
        let number = self.clients.len();
        let ftp = Ftp::new(&self.core, number, self.server.address);
        let program = Box::pin(program(ftp));
        self.clients.push(Client { begins, program: Some(program) });
        self.core.borrow_mut().scene.wake(Actor::Client(number), begins);
    }

    /// Lets the next one act: whether there was one.
    pub fn step(&mut self) -> bool {
        let core = Rc::clone(&self.core);
        let mut core = core.borrow_mut();
        let Some((at, who)) = core.scene.agenda.next() else { return false };
        core.scene.now = core.scene.now.max(at);
        self.steps += 1;
        if self.steps == self.most_steps {
            core.violations.push(format!("after {} steps there is no end", self.steps));
        }
        match who {
            Actor::Session(number) => self.server.turn(number, &mut core.all()),
            Actor::Operator => {
                self.server.accept(&mut core.all());
                let Core { scene, network, .. } = &mut *core;
                network.remind(scene, self.server.address, Actor::Operator);
                if scene.now >= self.operates {
                    // Later on less often, so that a time out is not waited for in small steps.
                    let late = scene.now.since(Moment::START) / 256;
                    self.operates = scene.now + self.operator.max(late);
                    scene.wake(Actor::Operator, self.operates);
                    self.server.operate(&mut core.all());
                    self.look_at_power(&mut core);
                }
            }
            Actor::Client(number) => {
                drop(core);
                self.poll(number);
            }
        }
        true
    }

    fn poll(&mut self, number: usize) {
        let now = self.now();
        let Some(client) = self.clients.get_mut(number) else { return };
        if now < client.begins {
            return;
        }
        let Some(program) = &mut client.program else { return };
        if program.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            client.program = None;
        }
    }

    /// Steps until `until` has passed, until nobody has anything to do, or until something was promised and not kept.
    pub fn run_until(&mut self, until: Moment) {
        while self.is_sound() && self.next_at().is_some_and(|at| at <= until) {
            self.step();
        }
        let scene = &mut self.core.borrow_mut().scene;
        scene.now = scene.now.max(until);
    }

    /// Runs the whole: `safety` long with faults, and then until all is done without. Then all must be closed and in its
    /// place.
    #[must_use]
    pub fn run(mut self, safety: Duration) -> Report {
        let until = Moment::START + safety;
        self.run_while(|world| world.now() < until && !world.is_idle());
        self.heal();
        let until = self.now() + PATIENCE;
        self.run_while(|world| world.now() < until && !world.is_idle());
        if self.is_sound() && !self.is_idle() {
            let waiting = self.clients.iter().enumerate().filter(|(_, client)| client.program.is_some());
            let waiting: Vec<usize> = waiting.map(|(number, _)| number).collect();
            self.violate(format!("these clients never come to their end: {waiting:?}"));
        }
        self.server.drain(Duration::from_secs(30), &mut self.core.borrow_mut().all());
        let until = self.now() + PATIENCE;
        self.run_while(|world| world.now() < until && !world.server.numbers().is_empty());
        self.judge();
        self.report()
    }

    /// From here on all goes well.
    pub fn heal(&mut self) {
        self.core.borrow_mut().scene.faults.heal();
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.core.borrow().scene.now
    }

    /// Whether every client has come to its end.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.clients.iter().all(|client| client.program.is_none())
    }

    /// The storage, to look at.
    pub fn storage(&mut self) -> &mut S {
        &mut self.server.storage
    }

    /// Does something to the server, now.
    pub fn operate(&mut self, operation: Operation) {
        let core = Rc::clone(&self.core);
        self.server.perform(operation, &mut core.borrow_mut().all());
        self.look_at_power(&mut core.borrow_mut());
    }

    /// From here on it is judged what becomes of files: those that are there, and those that clients change, who do so by
    /// [`Ftp::put`] and its kin. What lies beneath `lawless` is left to everybody.
    ///
    /// Where the storage cannot tell what it holds, nothing is judged.
    pub fn judge_files(&mut self, lawless: &[&str]) {
        let Some(tree) = self.server.storage.snapshot() else { return };
        let partial = if self.server.config.keep_partial.is_on() { Partial::Kept } else { Partial::Discarded };
        let lawless = lawless.iter().filter_map(|path| VirtualPath::parse(path.as_bytes()).ok()).collect();
        let mut judge = Judge::new(self.server.storage.durability(), partial, lawless);
        self.server.accounts.names().for_each(|name| judge.add_account(name));
        judge.begin(tree);
        self.core.borrow_mut().judge = Some(judge);
    }

    /// Where the power has failed, whatever is left has to be legal.
    fn look_at_power(&mut self, core: &mut Core) {
        if !std::mem::take(&mut self.server.lost_power) {
            return;
        }
        if let (Some(judge), Some(tree)) = (&mut core.judge, self.server.storage.snapshot())
            && let Err(why) = judge.power_lost(tree)
        {
            core.violations.push(format!("behind a loss of power: {why}"));
        }
    }

    fn run_while(&mut self, goes_on: impl Fn(&Self) -> bool) {
        while self.is_sound() && goes_on(self) && self.step() {}
    }

    fn is_sound(&self) -> bool {
        self.core.borrow().violations.is_empty()
    }

    fn next_at(&self) -> Option<Moment> {
        self.core.borrow().scene.agenda.next_at()
    }

    fn violate(&mut self, what: String) {
        self.core.borrow_mut().violations.push(what);
    }

    /// What must hold when nobody is there any more.
    fn judge(&mut self) {
        let complaints = self.server.storage.complaints();
        self.core.borrow_mut().violations.extend(complaints);
        if !self.is_sound() {
            return;
        }
        let sessions = self.server.numbers();
        if !sessions.is_empty() {
            return self.violate(format!("these sessions never come to their end: {sessions:?}"));
        }
        let core = &mut *self.core.borrow_mut();
        let listeners: Vec<_> = core.network.listeners().filter(|address| *address != self.server.address).collect();
        if !listeners.is_empty() {
            core.violations.push(format!("nobody holds these listeners: {listeners:?}"));
        }
        if let (Some(judge), Some(tree)) = (&mut core.judge, self.server.storage.snapshot()) {
            judge.settle();
            if let Err(why) = judge.check(tree) {
                core.violations.push(format!("at the end: {why}"));
            }
        }
        if core.network.connections() > 0 {
            core.violations.push(format!("nobody holds {} connections", core.network.connections()));
        }
    }

    fn report(self) -> Report {
        let core = &mut *self.core.borrow_mut();
        Report {
            violations: core.violations.clone(),
            strikes: core.scene.faults.strikes().to_vec(),
            sessions: self.server.served(),
            endings: self.server.endings.clone(),
            lasted: core.scene.now.since(Moment::START),
            steps: self.steps,
            digest: core.scene.log.digest(),
            log: core.scene.log.take_lines(),
            choices: core.scene.faults.choices().to_vec(),
        }
    }
}

impl<S> fmt::Debug for World<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("server", &self.server)
            .field("clients", &self.clients.len())
            .finish_non_exhaustive()
    }
}

/// Longer than any timeout of the server, in virtual time.
const PATIENCE: Duration = Duration::from_secs(6 * 3600);
