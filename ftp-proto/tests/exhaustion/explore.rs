//! Every sequence of letters up to a length. What two sequences lead to the same session by is continued once: sessions
//! cannot be copied, so each step plays its prefix again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ftp_proto::config::Config;
use ftp_proto::server::state::{EndState, Machine};

use super::cells::{self, Cell};
use super::host::{Host, Letter, Seen};
use super::misuse::Misuses;

/// Where sequences begin, and of what they are made.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) configure: fn(&mut Config),
    pub(crate) offloads: bool,
    pub(crate) beginnings: &'static [&'static [Letter]],
    pub(crate) letters: &'static [Letter],
    pub(crate) depth: usize,
}

/// From a state to another, in one machine.
pub(crate) type Edge = (Machine, &'static str, &'static str);

/// What was seen in all.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) worlds: Vec<(&'static str, Counts)>,
    pub(crate) cells: BTreeSet<Cell>,
    /// By what: `true` where the event alone did it.
    pub(crate) edges: BTreeMap<Edge, BTreeMap<String, bool>>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) depth: usize,
    pub(crate) sequences: u128,
    pub(crate) states: usize,
    pub(crate) steps: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, sequences, states, steps } = self;
        write!(f, "{sequences} sequences of up to {depth} events, {states} states, {steps} steps")
    }
}

/// A way to a state: a beginning, and letters by their numbers.
type Way = (usize, Vec<u8>);

impl World {
    pub(crate) fn explore(&self, deeper: usize) -> Findings {
        let mut config = Config::default();
        small(&mut config);
        (self.configure)(&mut config);
        let config = Arc::new(config);
        let depth = self.depth + deeper;
        let findings = Mutex::new(Findings::default());
        let mut known: HashMap<u64, usize> = HashMap::new();
        let mut followers: Vec<Vec<usize>> = Vec::new();
        let mut frontier: Vec<(usize, Way)> = Vec::new();
        for beginning in 0..self.beginnings.len() {
            let mut host = self.begin(&config, true);
            self.go(&mut host, &(beginning, Vec::new()));
            findings.lock().expect("nobody panics here").take(std::mem::take(&mut host.log));
            let number = known.len();
            assert!(known.insert(hash(&host), number).is_none(), "{}: two beginnings are the same", self.name);
            followers.push(Vec::new());
            frontier.push((number, (beginning, Vec::new())));
        }
        let roots = known.len();
        for step in 0..=depth {
            let next = AtomicUsize::new(0);
            let results = Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                    scope.spawn(|| {
                        let mut seen = Vec::new();
                        let mut misuses = Misuses::new();
                        while let Some((number, way)) = frontier.get(next.fetch_add(1, Ordering::Relaxed)) {
                            self.judge(&config, way, &mut misuses, &mut seen);
                            if step < depth {
                                let after = self.expand(&config, way, &mut seen);
                                results.lock().expect("nobody panics here").push((*number, way.clone(), after));
                            }
                        }
                        findings.lock().expect("nobody panics here").take(seen);
                    });
                }
            });
            let mut results = results.into_inner().expect("nobody panics here");
            results.sort_by_key(|(number, ..)| *number);
            frontier = Vec::new();
            for (number, way, after) in results {
                for (letter, hash) in after {
                    let next = known.len();
                    let follower = *known.entry(hash).or_insert(next);
                    if follower == next {
                        followers.push(Vec::new());
                        let mut letters = way.1.clone();
                        letters.push(letter);
                        frontier.push((follower, (way.0, letters)));
                    }
                    followers[number].push(follower);
                }
            }
        }
        let counts = Counts {
            depth,
            sequences: sequences(&followers, roots, depth),
            states: known.len(),
            steps: followers.iter().map(Vec::len).sum(),
        };
        let mut findings = findings.into_inner().expect("nobody panics here");
        findings.worlds.push((self.name, counts));
        findings
    }

    fn begin(&self, config: &Arc<Config>, logs: bool) -> Host {
        let mut host = Host::new(Arc::clone(config), self.offloads);
        host.logs = logs;
        host
    }

    fn play(&self, config: &Arc<Config>, way: &Way) -> Host {
        let mut host = self.begin(config, false);
        self.go(&mut host, way);
        host
    }

    fn go(&self, host: &mut Host, (beginning, letters): &Way) {
        let beginning = self.beginnings[*beginning].iter();
        for letter in beginning.chain(letters.iter().map(|letter| &self.letters[usize::from(*letter)])) {
            self.told(letters, || host.apply(*letter)).unwrap_or_else(|| panic!("{}: {letter:?} cannot be", self.name));
        }
    }

    /// What comes of each letter.
    fn expand(&self, config: &Arc<Config>, way: &Way, seen: &mut Vec<Seen>) -> Vec<(u8, u64)> {
        let mut after = Vec::new();
        let mut fresh = None;
        for (number, letter) in self.letters.iter().enumerate() {
            let mut host = fresh.take().unwrap_or_else(|| self.play(config, way));
            host.logs = true;
            let told = || host.apply(*letter);
            let mut letters = way.1.clone();
            letters.push(number as u8);
            if self.told(&letters, told).is_none() {
                fresh = Some(host);
                continue;
            }
            after.push((number as u8, hash(&host)));
            seen.append(&mut host.log);
        }
        after
    }

    /// Nothing illegal is taken; and from here the world can be healed, and the session ends.
    fn judge(&self, config: &Arc<Config>, way: &Way, misuses: &mut Misuses, seen: &mut Vec<Seen>) {
        let mut host = self.play(config, way);
        self.told(&way.1, || host.probe(misuses));
        host.logs = true;
        self.told(&way.1, || host.nudge());
        self.told(&way.1, || host.heal());
        seen.append(&mut host.log);
    }

    /// Runs `what`; where it panics, tells the way there.
    fn told<T>(&self, letters: &[u8], what: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(what)).unwrap_or_else(|panic| {
            let letters: Vec<Letter> = letters.iter().map(|letter| self.letters[usize::from(*letter)]).collect();
            eprintln!("in the world of {:?}, behind {letters:?}", self.name);
            resume_unwind(panic)
        })
    }
}

impl Findings {
    fn take(&mut self, seen: Vec<Seen>) {
        for Seen { before, event, label, after, direct } in seen {
            self.cells.extend(cells::of(before, event));
            let ends = matches!(before.end, EndState::Closing | EndState::Lingering);
            for machine in Machine::ALL {
                let direct = direct && (!ends || *machine == Machine::End);
                let (from, to) = (before.of(*machine), after.of(*machine));
                if from != to {
                    let labels = self.edges.entry((*machine, from, to)).or_default();
                    match labels.get_mut(&label) {
                        Some(known) => *known |= direct,
                        None => drop(labels.insert(label.clone(), direct)),
                    }
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.worlds.extend(other.worlds);
        self.cells.extend(other.cells);
        for (edge, labels) in other.edges {
            let known = self.edges.entry(edge).or_default();
            for (label, direct) in labels {
                *known.entry(label).or_default() |= direct;
            }
        }
    }
}

/// How many sequences of up to `depth` letters there are.
fn sequences(followers: &[Vec<usize>], roots: usize, depth: usize) -> u128 {
    let mut ways = vec![0_u128; followers.len()];
    ways[..roots].fill(1);
    let mut sum = 0;
    for _ in 0..depth {
        let mut next = vec![0_u128; followers.len()];
        for (state, followers) in followers.iter().enumerate() {
            followers.iter().for_each(|follower| next[*follower] += ways[state]);
        }
        sum += next.iter().sum::<u128>();
        ways = next;
    }
    sum
}

fn hash(host: &Host) -> u64 {
    let mut hasher = DefaultHasher::new();
    host.key().hash(&mut hasher);
    hasher.finish()
}

/// Bounds that are reached within a few steps.
fn small(config: &mut Config) {
    let limits = &mut config.limits;
    (limits.chunk, limits.range, limits.directory_page) = (2, 2, 1);
    (limits.queued_commands, limits.look_ahead, limits.strangers) = (1, 1, 1);
    limits.login_attempts = 2;
}
