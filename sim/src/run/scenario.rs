//! The options of a run. A seed alone draws them all; each can be told otherwise, and is then part of the command line
//! that the scenario prints itself as.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};

use super::words::{Behaviour, Crew, Parts, Picks, Pipe, Rates, Sites, Size, Sync, Tls, Way, value};
use crate::chance::Chance;
use crate::faults::{Fault, Plan};

/// Where all choices of a run come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A number.
    Seed(u64),
    /// Bytes, as a fuzzer gives them: the first quarter of them, at most 64, for the options, the rest for the world.
    Bytes(Vec<u8>),
}

/// One run, described. As text it is a command line: `--seed 42 --clients mirror=1`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Where all choices come from.
    pub source: Source,
    /// Who connects.
    pub clients: Crew,
    /// How long there may be faults, in virtual time. Then all must come to its end.
    pub length: Duration,
    /// How often each fault strikes.
    pub rates: Rates,
    /// Which of those strike.
    pub plan: Plan,
    /// How often something may happen to the server.
    pub operator: Duration,
    /// When an upload outlasts a loss of power.
    pub sync: Sync,
    /// What becomes of an upload that is cut.
    pub partial: Parts,
    /// How bytes of files get to the network.
    pub pipe: Pipe,
    /// What of TLS there is.
    pub tls: Tls,
    /// How much the server may hold.
    pub limits: Size,
    /// How far the clients are.
    pub way: Way,
    /// For how many bytes the disk has room; 0 for any number.
    pub room: u64,
    /// After so many steps something is taken to go round in circles.
    pub steps: u64,
}

/// An option that is none, or whose value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOption(pub(super) String);

impl fmt::Display for BadOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadOption {}

impl Scenario {
    /// The options of a command line, each with what it is for.
    pub const OPTIONS: &'static [(&'static str, &'static str)] = &[
        ("seed", "where all choices come from: a number"),
        ("bytes", "where all choices come from, in place of a seed: hexadecimal digits"),
        ("clients", "who connects: uploader=2,monitor=1"),
        ("secs", "how long there may be faults, in seconds of virtual time"),
        ("faults", "how often each fault strikes, of a thousand places: Reset=2,Stall=4, or none"),
        ("only", "the faults strike as drawn, but at these places only: 3,14,15"),
        ("pick", "no fault but these, each by its place and its number there: 3:0,14:1"),
        ("operator", "how often something may happen to the server, in milliseconds"),
        ("sync", "whether an upload outlasts a loss of power before its 226: on, off"),
        ("partial", "what becomes of an upload that is cut: discarded, kept"),
        ("pipe", "how bytes of files get to the network: engine, offload"),
        ("tls", "off, optional, required, reuse"),
        ("limits", "how much the server may hold: usual, small"),
        ("way", "how far the clients are: usual, near, far"),
        ("room", "for how many bytes the disk has room; 0 for any number"),
        ("steps", "after so many steps something is taken to go round in circles"),
    ];

    /// All options drawn from `seed`. Each run has some faults and some clients not at all, so that what they would hide
    /// is seen.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self::draw(Source::Seed(seed), &mut Chance::from_seed(seed, 2), &Bounds::SEED)
    }

    /// All options drawn from the first of `bytes`. Without bytes it is the plainest run that there is.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (options, _) = split(bytes);
        Self::draw(Source::Bytes(bytes.into()), &mut Chance::from_bytes(options.into()), &Bounds::BYTES)
    }

    /// A run without any fault, where everything is as usual: to be changed.
    #[must_use]
    pub fn plain(seed: u64, clients: impl Into<Crew>) -> Self {
        Self {
            source: Source::Seed(seed),
            clients: clients.into(),
            length: Duration::from_secs(600),
            rates: Rates::default(),
            plan: Plan::None,
            operator: Duration::from_secs(10),
            sync: Sync::On,
            partial: Parts::Discarded,
            pipe: Pipe::Engine,
            tls: Tls::Off,
            limits: Size::Usual,
            way: Way::Usual,
            room: 0,
            steps: Bounds::SEED.steps,
        }
    }

    /// A thousand clients of the patient kinds for an hour, with the faults that are usual.
    #[must_use]
    pub fn hour(seed: u64) -> Self {
        let clients = [(Behaviour::Monitor, 600), (Behaviour::Uploader, 200), (Behaviour::Mirror, 200)];
        let rates = Fault::ALL.iter().map(|fault| (*fault, fault.usual_rate()));
        let mut scenario = Self::plain(seed, clients);
        scenario.length = Duration::from_secs(3600);
        scenario.rates = Rates(rates.collect());
        scenario.plan = Plan::Chance;
        scenario.steps = u64::MAX;
        scenario
    }

    fn draw(source: Source, chance: &mut Chance, bounds: &Bounds) -> Self {
        let clients = draw_crew(chance, bounds.clients);
        let length = Duration::from_secs(60 + chance.below(bounds.secs));
        let mut rates = draw_rates(chance);
        let sync = *chance.pick(Sync::ALL);
        if sync == Sync::Off && clients.0.contains_key(&Behaviour::Uploader) {
            // What it resumes would not be what it sent, and only it can tell.
            rates.0.remove(&Fault::PowerLoss);
        }
        let plan = if rates.0.is_empty() { Plan::None } else { Plan::Chance };
        // A full disk is a fault, and an uploader goes on until all of its files are there.
        let may_be_full = plan == Plan::Chance && !clients.0.contains_key(&Behaviour::Uploader);
        Self {
            source,
            clients,
            length,
            rates,
            plan,
            operator: Duration::from_millis(*chance.pick(&[10_000, 1_000, 60_000])),
            sync,
            partial: *chance.pick(Parts::ALL),
            pipe: *chance.pick(Pipe::ALL),
            // Half of the runs are without.
            tls: *chance.pick(&[Tls::Off, Tls::Off, Tls::Off, Tls::Optional, Tls::Required, Tls::Reuse]),
            limits: *chance.pick(Size::ALL),
            way: *chance.pick(Way::ALL),
            room: if may_be_full { *chance.pick(&[0, 0, 0, 100_000]) } else { 0 },
            steps: bounds.steps,
        }
    }

    /// Sets one of the [`OPTIONS`](Self::OPTIONS), as a command line does. A new source draws all others anew, so that it
    /// comes first.
    ///
    /// # Errors
    /// When there is no such option, or no such value.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), BadOption> {
        self.set_to(name, text).map_err(|error| BadOption(format!("--{name}: {error}")))
    }

    fn set_to(&mut self, name: &str, text: &str) -> Result<(), String> {
        match name {
            "seed" => *self = Self::from_seed(value(text)?),
            "bytes" => *self = Self::from_bytes(&from_hex(text)?),
            "clients" => self.clients = value(text)?,
            "secs" => self.length = Duration::from_secs(value(text)?),
            "faults" => {
                self.rates = value(text)?;
                self.plan = if self.rates.0.is_empty() { Plan::None } else { Plan::Chance };
            }
            "only" => self.plan = Plan::Only(value::<Sites>(text)?.0),
            "pick" => self.plan = Plan::Picked(value::<Picks>(text)?.0),
            "operator" => self.operator = Duration::from_millis(value::<u64>(text)?.max(1)),
            "sync" => self.sync = value(text)?,
            "partial" => self.partial = value(text)?,
            "pipe" => self.pipe = value(text)?,
            "tls" => self.tls = value(text)?,
            "limits" => self.limits = value(text)?,
            "way" => self.way = value(text)?,
            "room" => self.room = value(text)?,
            "steps" => self.steps = value(text)?,
            _ => return Err("there is no such option".into()),
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "clients" => self.clients.to_string(),
            "secs" => self.length.as_secs().to_string(),
            "faults" => self.rates.to_string(),
            "only" => match &self.plan {
                Plan::Only(sites) => Sites(sites.clone()).to_string(),
                _ => return None,
            },
            "pick" => match &self.plan {
                Plan::Picked(picks) => Picks(picks.clone()).to_string(),
                Plan::One { site, choice } => format!("{site}:{choice}"),
                _ => return None,
            },
            "operator" => self.operator.as_millis().to_string(),
            "sync" => self.sync.to_string(),
            "partial" => self.partial.to_string(),
            "pipe" => self.pipe.to_string(),
            "tls" => self.tls.to_string(),
            "limits" => self.limits.to_string(),
            "way" => self.way.to_string(),
            "room" => self.room.to_string(),
            "steps" => self.steps.to_string(),
            _ => return None,
        })
    }

    /// What the source alone would draw.
    fn as_drawn(&self) -> Self {
        match &self.source {
            Source::Seed(seed) => Self::from_seed(*seed),
            Source::Bytes(bytes) => Self::from_bytes(bytes),
        }
    }

    /// All options in words, those among them that were only drawn: for who reads, where `to_string` is for who repeats.
    #[must_use]
    pub fn all_options(&self) -> String {
        let told = Self::OPTIONS.iter().filter_map(|(name, _)| Some(format!("{name} {}", self.get(name)?)));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Those options that the source alone would not draw so.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Seed(seed) => write!(f, "--seed {seed}")?,
            Source::Bytes(bytes) => {
                write!(f, "--bytes ")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
        }
        let drawn = self.as_drawn();
        for (name, _) in Self::OPTIONS {
            match self.get(name) {
                Some(told) if drawn.get(name).as_ref() != Some(&told) => write!(f, " --{name} {told}")?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl FromStr for Scenario {
    type Err = BadOption;

    fn from_str(text: &str) -> Result<Self, BadOption> {
        let mut scenario = Self::from_seed(0);
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| BadOption(format!("\"{word}\" is no option")))?;
            scenario.set(name, words.next().unwrap_or_default())?;
        }
        Ok(scenario)
    }
}

impl<'a> Arbitrary<'a> for Scenario {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let bytes = u.bytes(u.len())?;
        Ok(Self::from_bytes(bytes))
    }
}

/// The bytes for the options, and those for the world.
pub(super) fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at((bytes.len() / 4).min(64))
}

/// How large what is drawn may be.
struct Bounds {
    clients: u64,
    secs: u64,
    steps: u64,
}

impl Bounds {
    const SEED: Self = Self { clients: 6, secs: 1800, steps: 20_000_000 };
    /// Small, so that a fuzzer gets many runs.
    const BYTES: Self = Self { clients: 3, secs: 240, steps: 200_000 };
}

/// One to `most` clients, of some kinds only.
fn draw_crew(chance: &mut Chance, most: u64) -> Crew {
    let kinds = 1 + chance.below(Behaviour::SOCIABLE.len() as u64);
    let kinds: Vec<Behaviour> = (0..kinds).map(|_| *chance.pick(Behaviour::SOCIABLE)).collect();
    let mut crew = Crew::default();
    for _ in 0..=chance.below(most) {
        *crew.0.entry(*chance.pick(&kinds)).or_default() += 1;
    }
    crew
}

/// Half of the faults, more or less often than usual; in one of eight runs none.
fn draw_rates(chance: &mut Chance) -> Rates {
    let often = *chance.pick(&[0, 1, 1, 1, 1, 3, 3, 10]);
    let drawn = Fault::ALL.iter().map(|fault| {
        let on = chance.permille(500);
        (*fault, if on { (fault.usual_rate() * often).min(MOST_OFTEN) } else { 0 })
    });
    Rates(drawn.filter(|(_, rate)| *rate > 0).collect())
}

/// More often than this hardly anything would ever be done.
const MOST_OFTEN: u32 = 400;

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or("these are no pairs of hexadecimal digits")?;
    Ok(digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_itself_as_it_is_parsed() {
        for seed in 0..200 {
            let drawn = Scenario::from_seed(seed);
            assert_eq!(drawn.to_string(), format!("--seed {seed}"));
            let mut other = Scenario { source: Source::Seed(seed + 1000), ..drawn };
            if other.plan == Plan::Chance && seed % 3 == 0 {
                other.plan = Plan::Only([seed, seed + 7].into());
            } else if seed % 3 == 1 {
                other.plan = Plan::Picked([(seed, 0), (seed + 1, 2)].into());
            }
            let text = other.to_string();
            assert_eq!(text.parse(), Ok(other), "{text}");
        }
    }

    #[test]
    fn bytes_print_themselves_too() {
        let scenario = Scenario::from_bytes(b"\x00\xFF~ some bytes that somebody found");
        assert_eq!(scenario.to_string().parse(), Ok(scenario));
    }

    #[test]
    fn no_bytes_are_the_plainest_run() {
        let scenario = Scenario::from_bytes(b"");
        assert_eq!((scenario.clients.len(), &scenario.plan), (1, &Plan::None));
    }

    #[test]
    fn what_is_no_option_is_told() {
        for bad in ["--speed 3", "--tls yes", "--faults Rain=3", "--seed x", "--bytes 0", "seed 3", "--clients 3"] {
            assert!(bad.parse::<Scenario>().is_err(), "{bad}");
        }
    }
}
