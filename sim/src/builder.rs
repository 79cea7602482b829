//! How a world is described.

use std::sync::Arc;
use std::time::Duration;

use ftp_proto::config::Config;
use ftp_proto::server::Session;
use ftp_proto::storage::Permissions;
use ftp_proto::time::UnixTime;

use crate::accounts::Accounts;
use crate::chance::Chance;
use crate::engine::Engine;
use crate::faults::{Fault, Faults, Plan};
use crate::log::Log;
use crate::scene::{Scene, Weather};
use crate::server::Server;
use crate::storage::Storage;
use crate::time::{Agenda, Moment};
use crate::traces::Traces;
use crate::world::World;

/// What a world is to be like. Everything has a default but the storage.
#[derive(Debug)]
pub struct Builder {
    chance: Chance,
    fault_chance: Chance,
    plan: Plan,
    rates: Vec<(Fault, u32)>,
    scale: u32,
    weather: Weather,
    config: Config,
    next_config: Option<Config>,
    accounts: Accounts,
    operator: Duration,
    most_steps: u64,
    watches: bool,
    make: Option<Make>,
    log: Log,
    traces: Option<Traces>,
}

struct Make(Box<crate::server::MakeEngine>);

impl std::fmt::Debug for Make {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Make")
    }
}

impl Builder {
    /// A world whose every choice comes from `seed`.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self::new(Chance::from_seed(seed, 0), Chance::from_seed(seed, 1))
    }

    /// A world whose every choice comes from `bytes`, as a fuzzer gives them: of each two bytes the first is for what
    /// happens, the second for what goes wrong. When they are used up, the world is calm.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let every_other = |from: usize| bytes.iter().copied().skip(from).step_by(2).collect();
        Self::new(Chance::from_bytes(every_other(0)), Chance::from_bytes(every_other(1)))
    }

    fn new(chance: Chance, fault_chance: Chance) -> Self {
        Self {
            chance,
            fault_chance,
            plan: Plan::None,
            rates: Vec::new(),
            scale: 1,
            weather: Weather::default(),
            config: Config::default(),
            next_config: None,
            accounts: Accounts::default(),
            operator: Duration::from_secs(10),
            most_steps: u64::MAX,
            watches: false,
            make: None,
            log: Log::default(),
            traces: None,
        }
    }

    /// Which faults strike: none, unless told.
    #[must_use]
    pub fn faults(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// How often one fault strikes, of a thousand places where it may.
    #[must_use]
    pub fn rate(mut self, fault: Fault, permille: u32) -> Self {
        self.rates.push((fault, permille));
        self
    }

    /// All faults strike so many times as often as usual.
    #[must_use]
    pub fn scale(mut self, times: u32) -> Self {
        self.scale = times;
        self
    }

    /// How long things take.
    #[must_use]
    pub fn weather(mut self, weather: Weather) -> Self {
        self.weather = weather;
        self
    }

    /// The server's configuration.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The configuration that a reload brings, in place of the first.
    #[must_use]
    pub fn reloads(mut self, config: Config) -> Self {
        self.next_config = Some(config);
        self
    }

    /// An account that may do everything and begins in `home`.
    #[must_use]
    pub fn account(mut self, name: &str, password: &str, home: &str) -> Self {
        self.accounts.add(name, password, home, Permissions::READ_WRITE);
        self
    }

    /// How often something may happen to the server by chance.
    #[must_use]
    pub fn operator(mut self, every: Duration) -> Self {
        self.operator = every;
        self
    }

    /// After so many steps the world is taken to go round in circles, which is a violation.
    #[must_use]
    pub fn most_steps(mut self, steps: u64) -> Self {
        self.most_steps = steps;
        self
    }

    /// The report tells how many faults could have struck at each site.
    #[must_use]
    pub fn watch(mut self) -> Self {
        self.watches = true;
        self
    }

    /// Something else in the place of the engine: it is given what the engine would be made of.
    #[must_use]
    pub fn engine<E: Engine + 'static>(mut self, make: impl Fn(Session) -> E + 'static) -> Self {
        self.make = Some(Make(Box::new(move |config: &Arc<Config>, seed, started: UnixTime| {
            Box::new(make(Session::new(Arc::clone(config), seed, started)))
        })));
        self
    }

    /// Everything that happens is told by the report, as text; of very much the last. With it come the sessions' traces,
    /// unless something else is in the place of the engine.
    #[must_use]
    pub fn keep_log(mut self) -> Self {
        self.log.keep();
        self.traces = Some(Traces::default());
        self
    }

    /// The world, with `storage`.
    #[must_use]
    pub fn build<S: Storage>(self, storage: S) -> World<S> {
        let Self { rates, scale, .. } = self;
        let rate = |fault: Fault| {
            let told = rates.iter().rev().find(|(known, _)| *known == fault).map(|(_, rate)| *rate);
            told.unwrap_or(fault.usual_rate() * scale)
        };
        let mut faults = Faults::new(self.plan, self.fault_chance, rate);
        if self.watches {
            faults.watch();
        }
        let scene = Scene {
            now: Moment::START,
            agenda: Agenda::default(),
            chance: self.chance,
            faults,
            weather: self.weather,
            log: self.log,
        };
        let address = ([192, 0, 2, 1], 21).into();
        let mut server = Server::new(Arc::new(self.config), storage, self.accounts, address);
        server.next_config = self.next_config.map(Arc::new);
        if let Some(traces) = self.traces.clone() {
            server.make = Box::new(move |config, seed, started| traces.engine(config, seed, started));
        }
        if let Some(Make(make)) = self.make {
            server.make = make;
        }
        World::new(scene, server, self.operator, self.most_steps, self.traces.unwrap_or_default())
    }
}
