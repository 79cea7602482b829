//! What goes wrong, and where it may.
//!
//! Every place in the world where something can go wrong asks [`Faults::strike`], and is a *site*: the sites of a run are
//! numbered in their order. So a run can be repeated with some of its faults left out, which makes it smaller, and a
//! small world can be run once for every single fault that it has room for.

use std::collections::{BTreeMap, BTreeSet};

use crate::chance::Chance;
use crate::time::Moment;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $rate:literal,)*) => {
        /// One thing that can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// How often it strikes where it may, of a thousand cases, in a world that is told nothing else.
            #[must_use]
            pub const fn usual_rate(self) -> u32 {
                match self {
                    $(Self::$name => $rate,)*
                }
            }
        }
    };
}

faults! {
    // The network.
    /// A segment takes seconds instead of milliseconds, and all behind it wait.
    Stall = 4,
    /// A connection breaks: both ends see a reset.
    Reset = 2,
    /// The client ends its side of the control connection, and goes on reading.
    HalfClose = 2,
    /// The kernel takes only a part of what is written.
    ShortWrite = 150,
    /// Only a part of what has arrived is read.
    ShortRead = 150,
    /// A connection cannot be made.
    Unreachable = 5,
    /// No port is free.
    NoPort = 5,
    /// A stranger connects to a passive port first.
    Stranger = 20,
    /// The client comes to the passive port very late, or never.
    LateData = 10,
    /// A TLS handshake fails.
    Handshake = 10,
    // The disk.
    /// An operation fails: the disk has an error.
    DiskError = 5,
    /// An operation fails: the disk is full.
    DiskFull = 3,
    /// An operation is refused for now.
    DiskBusy = 3,
    /// An operation takes seconds.
    DiskSlow = 10,
    /// A write stops in its middle.
    DiskTorn = 3,
    /// An operation is done, but its task dies before it can say so.
    AnswerLost = 3,
    /// The task of an operation dies before it has begun.
    NeverRun = 3,
    /// A cancelled operation succeeds all the same.
    LateSuccess = 300,
    // Accounts.
    /// A login takes seconds to judge.
    LoginSlow = 30,
    /// The accounts cannot be asked.
    LoginBroken = 10,
    // The machine.
    /// A session's task does not get to run for a while: it hears of everything late, of all at once, and in any order.
    Late = 5,
    // The operator.
    /// A session's task is killed: its sockets close, its files are dropped.
    Kill = 1,
    /// The server is drained, and started again.
    Drain = 1,
    /// The power fails: what was not synced may be gone, and so is every session.
    PowerLoss = 1,
    /// The configuration is read anew: later sessions have another.
    Reload = 1,
}

/// One fault that struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// At which site.
    pub site: u64,
    /// When.
    pub at: Moment,
    /// What.
    pub fault: Fault,
}

/// Which faults strike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// None.
    #[default]
    None,
    /// Each as often as `rates` say.
    Chance,
    /// As with `Chance`, but only at these sites.
    Only(BTreeSet<u64>),
    /// Just one: at this site, the one of this number of those that could strike there.
    One {
        /// The site.
        site: u64,
        /// Which of those that could strike there.
        choice: usize,
    },
    /// At each of these sites the one of this number of those that could strike there, and no other.
    Picked(BTreeMap<u64, usize>),
}

/// Decides at each site, and keeps count.
#[derive(Debug)]
pub struct Faults {
    plan: Plan,
    chance: Chance,
    rates: Vec<u32>,
    /// How many faults could have struck at each site, while somebody wants to know.
    choices: Option<Vec<usize>>,
    sites: u64,
    strikes: Vec<Strike>,
    healed: bool,
}

impl Faults {
    /// Strikes by `plan`; chances are taken from `chance`, and are of a thousand what `rate` says.
    #[must_use]
    pub fn new(plan: Plan, chance: Chance, rate: impl Fn(Fault) -> u32) -> Self {
        let rates = Fault::ALL.iter().map(|fault| rate(*fault)).collect();
        Self { plan, chance, rates, choices: None, sites: 0, strikes: Vec::new(), healed: false }
    }

    /// Whether one of `kinds` strikes here and now.
    pub fn strike(&mut self, at: Moment, kinds: &[Fault]) -> Option<Fault> {
        if self.healed || self.plan == Plan::None && self.choices.is_none() {
            return None;
        }
        let site = self.sites;
        self.sites += 1;
        if let Some(choices) = &mut self.choices {
            choices.push(kinds.len());
        }
        let fault = match &self.plan {
            Plan::None => None,
            Plan::Chance => self.draw(kinds),
            Plan::Only(sites) => {
                let wanted = sites.contains(&site);
                self.draw(kinds).filter(|_| wanted)
            }
            Plan::One { site: wanted, choice } => (*wanted == site).then(|| kinds.get(*choice).copied()).flatten(),
            Plan::Picked(picks) => picks.get(&site).and_then(|choice| kinds.get(*choice).copied()),
        }?;
        self.strikes.push(Strike { site, at, fault });
        Some(fault)
    }

    /// From here on all goes well.
    pub fn heal(&mut self) {
        self.healed = true;
    }

    /// Whether nothing ever goes wrong.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.plan == Plan::None
    }

    /// Whether nothing goes wrong from here on.
    #[must_use]
    pub fn is_healed(&self) -> bool {
        self.healed || self.is_calm()
    }

    /// What has struck so far, in its order.
    #[must_use]
    pub fn strikes(&self) -> &[Strike] {
        &self.strikes
    }

    /// How many faults could strike at each site from here on.
    pub fn watch(&mut self) {
        self.choices = Some(Vec::new());
    }

    /// What was watched.
    #[must_use]
    pub fn choices(&self) -> &[usize] {
        self.choices.as_deref().unwrap_or_default()
    }

    fn draw(&mut self, kinds: &[Fault]) -> Option<Fault> {
        let mut drawn = self.chance.below(1000);
        // 0 is the calm choice.
        drawn = 999 - drawn;
        for kind in kinds {
            let rate = u64::from(self.rates[*kind as usize]);
            if drawn < rate {
                return Some(*kind);
            }
            drawn -= rate;
        }
        None
    }
}
