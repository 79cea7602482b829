//! Random sessions against a reference model: one final reply for every command, in order, from the set that is
//! permitted; the tree as the model says; nothing open at the end.
//!
//! `FTP_MODEL_SESSIONS` sets how many (100,000), `FTP_MODEL_SEED` with which seed the first is thrown (1). A failure
//! prints its seed and the shortest sequence found that fails alike.

#[path = "../world/mod.rs"]
mod world;

mod reference;
mod steps;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ftp_proto::Event;
use ftp_proto::config::Config;
use ftp_proto::event::Admission;
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::{CloseReason, Phase};

use self::reference::{Answer, Circumstances, Model};
use self::steps::Step;
use self::world::{Dice, LOCAL, PEER, Reply, STRANGER, World};

const PAYLOAD: &[u8] = b"one\r\ntwo\r\n";

/// How a session goes besides its commands.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Host actions fail and connections break.
    faults: bool,
    /// Commands are sent without waiting for replies.
    pipelines: bool,
    /// Answers and credits come in any order, commands among them.
    shuffles: bool,
    /// The session's limits are as small as they can be.
    tight: bool,
    /// The host does not hear a Cancel.
    deaf: bool,
    end: End,
    /// The end comes before everything is answered.
    early: bool,
    /// Both connections are under TLS from the start.
    secured: bool,
}

/// How the client ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Quits,
    HangsUp,
    Breaks,
    Drains,
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

#[test]
fn random_sessions_agree_with_the_model() {
    let sessions = setting("FTP_MODEL_SESSIONS", 100_000);
    let first = setting("FTP_MODEL_SEED", 1);
    let configs = [Arc::new(Config::default()), Arc::new(tight())];
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + sessions {
                        break;
                    }
                    let steps = Step::sequence(&mut Dice::new(seed));
                    if let Err(why) = attempt(&configs, seed, &steps) {
                        next.store(u64::MAX / 2, Ordering::Relaxed);
                        report(&configs, seed, steps, &why);
                    }
                }
            });
        }
    });
}

/// Limits so small that every one of them is met.
fn tight() -> Config {
    let mut config = Config::default();
    let limits = &mut config.limits;
    (limits.queued_commands, limits.queued_bytes, limits.look_ahead, limits.unsent_replies) = (2, 40, 1, 200);
    (limits.chunk, limits.range, limits.directory_page) = (5, 7, 1);
    config
}

/// Takes steps out for as long as it still fails, and tells.
fn report(configs: &[Arc<Config>; 2], seed: u64, mut steps: Vec<Step>, why: &str) {
    let mut why = why.to_owned();
    let mut at = 0;
    while at < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(at);
        match attempt(configs, seed, &fewer) {
            Err(still) => (steps, why, at) = (fewer, still, 0),
            Ok(()) => at += 1,
        }
    }
    let lines: Vec<String> = steps.iter().map(Step::line).collect();
    panic!("seed {seed}: {why}\n{:#?}\n{:?}", lines, manner(seed));
}

fn manner(seed: u64) -> Manner {
    let mut dice = Dice::new(seed ^ 0xF7B0);
    let faults = dice.chance(40);
    Manner {
        faults,
        pipelines: dice.chance(50),
        shuffles: dice.chance(50),
        tight: dice.chance(30),
        deaf: faults && dice.chance(10),
        early: dice.chance(40),
        end: [End::Quits, End::Quits, End::HangsUp, End::Breaks, End::Drains][dice.below(5)],
        secured: dice.chance(40),
    }
}

fn attempt(configs: &[Arc<Config>; 2], seed: u64, steps: &[Step]) -> Result<(), String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| Play::new(configs, seed).run(steps)));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into())).unwrap_or_default())
    })
}

/// One session as it is played.
struct Play {
    world: World,
    dice: Dice,
    manner: Manner,
}

impl Play {
    fn new(configs: &[Arc<Config>; 2], seed: u64) -> Self {
        let manner = manner(seed);
        let mut dice = Dice::new(seed ^ 0xD1CE);
        let mut world = World::of(configs[usize::from(manner.tight)].clone());
        world.dice = Dice::new(seed ^ 0xABCD);
        world.shuffles = manner.shuffles;
        world.offloads = dice.chance(40);
        world.late = dice.chance(30);
        world.deaf = manner.deaf;
        world.preloaded = PAYLOAD.to_vec();
        world.preloaded_end = Some(DataEnd::Clean);
        world.cut = 1 + dice.below(16);
        world.fault_rate = if manner.faults { dice.below(30) } else { 0 };
        if manner.secured {
            world.connect_implicitly(Admission::Welcome);
        } else {
            world.connect_from(LOCAL, PEER);
        }
        Self { world, dice, manner }
    }

    fn run(mut self, steps: &[Step]) -> Result<(), String> {
        self.world.expect("220");
        for (at, step) in steps.iter().enumerate() {
            self.vary();
            self.send(step);
            let waits = !self.manner.pipelines || self.dice.chance(30);
            if waits && self.dice.chance(95) {
                self.wait_for(&steps[..=at])?;
            }
            if self.is_closed() {
                break;
            }
        }
        let cut = self.manner.early && self.manner.end == End::Breaks;
        if self.manner.early && !self.is_closed() {
            match self.manner.end {
                End::HangsUp => self.world.hang_up(),
                End::Drains => self.world.event(Event::Drain { deadline: self.world.now + Duration::from_secs(10) }),
                End::Breaks | End::Quits => {}
            }
        }
        if !cut {
            self.wait_for(steps)?;
        }
        let before_end = self.world.wire.replies.len();
        self.end()?;
        let known = if cut { self.world.wire.replies.len() } else { before_end };
        self.judge(steps, known, cut)
    }

    /// The next connection may misbehave.
    fn vary(&mut self) {
        if self.manner.faults {
            self.world.reads = !self.dice.chance(10);
            self.world.preloaded_end = match self.dice.below(12) {
                0 => None,
                1 => Some(DataEnd::Truncated),
                _ => Some(DataEnd::Clean),
            };
            self.world.answers_dials = !self.dice.chance(10);
            self.world.tls.holds_data = self.manner.secured && self.dice.chance(20);
        }
    }

    fn send(&mut self, step: &Step) {
        let line = format!("{}\r\n", step.line());
        if !self.manner.shuffles {
            return self.world.send_bytes(line.as_bytes());
        }
        self.world.flows = false;
        let (first, second) = line.as_bytes().split_at(self.dice.below(line.len()));
        for piece in [first, second] {
            if !self.is_closed() {
                self.world.send_bytes(piece);
            }
            for _ in 0..self.dice.below(4) {
                self.world.deliver_one();
            }
            if self.dice.chance(10) && !self.is_closed() {
                // For nothing: it is not time yet.
                self.world.event(Event::Timeout);
            }
        }
        self.world.flows = true;
    }

    fn is_closed(&self) -> bool {
        matches!(self.world.session.phase(), Phase::Closed(_))
    }

    /// Lets the world go on until all of these are answered, or the session has ended.
    fn wait_for(&mut self, steps: &[Step]) -> Result<(), String> {
        for _ in 0..200 {
            if !self.is_closed() {
                self.world.settle();
            }
            let replies = &self.world.wire.replies[1..];
            if self.is_closed() || assign(steps, replies)?.iter().all(|answer| answer.last.is_some()) {
                return Ok(());
            }
            self.go_on()?;
        }
        Err("never answered".into())
    }

    /// Does what brings the session on: connects, or lets time pass.
    fn go_on(&mut self) -> Result<(), String> {
        let connects = !self.manner.faults || self.dice.chance(80);
        if connects && !self.world.listeners.is_empty() {
            if self.manner.faults && self.dice.chance(10) {
                self.world.connect_as(STRANGER);
            }
            if !self.world.listeners.is_empty() {
                let link = self.world.connect();
                if self.manner.faults && self.dice.chance(10) {
                    self.world.reset(link);
                }
            }
        } else if !self.world.jump() {
            return Err("stuck: nothing to wait for".into());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        if !self.is_closed() {
            match self.manner.end {
                End::Quits => self.world.send("QUIT"),
                End::HangsUp => self.world.hang_up(),
                End::Breaks => self.world.break_control(),
                End::Drains => self.world.event(Event::Drain { deadline: self.world.now }),
            }
        }
        for _ in 0..100 {
            if self.is_closed() {
                return Ok(());
            }
            self.world.settle();
            if !self.is_closed() && !self.world.jump() {
                return Err("stuck at the end".into());
            }
        }
        Err("never closed".into())
    }

    /// Lays the answers beside the model.
    fn judge(&self, steps: &[Step], known: usize, cut: bool) -> Result<(), String> {
        let replies = &self.world.wire.replies[1..known];
        let answers = assign(steps, replies)?;
        let mut model = Model::new(PAYLOAD);
        for (at, (step, answer)) in steps.iter().zip(&answers).enumerate() {
            if answer.last.is_none() {
                let reason = self.world.session.phase();
                let excused = cut || self.is_excuse(reason, &model);
                return if excused { Ok(()) } else { Err(format!("{:?} was not answered: {reason:?}", step.line())) };
            }
            let lost = self.manner.early && self.manner.end != End::Quits;
            let aborted = lost || steps[at..].contains(&Step::Bare("ABOR"));
            let circumstances = Circumstances { faults: self.manner.faults, aborted };
            self.check_download(&model, step, answer)?;
            model.judge(step, answer, circumstances).map_err(|why| format!("{:?}: {why}", step.line()))?;
        }
        if !cut { self.compare_trees(&model) } else { Ok(()) }
    }

    /// Whether a session may have ended before all was answered.
    fn is_excuse(&self, phase: Phase, model: &Model) -> bool {
        match phase {
            Phase::Closed(CloseReason::Quit) => true,
            Phase::Closed(CloseReason::TooManyLogins) => model.failures() == 4,
            Phase::Closed(CloseReason::LoginTimeout) => !model.is_logged_in(),
            Phase::Closed(CloseReason::IdleTimeout) => model.is_logged_in(),
            Phase::Closed(CloseReason::HostStuck) => self.manner.deaf,
            Phase::Closed(CloseReason::Drained) => self.manner.end == End::Drains && self.manner.early,
            _ => false,
        }
    }

    fn check_download(&self, model: &Model, step: &Step, answer: &Answer) -> Result<(), String> {
        let Step::Path("RETR", path) = step else { return Ok(()) };
        if answer.last.as_ref().is_none_or(|reply| reply.code != 226) {
            return Ok(());
        }
        let Some(content) = model.download(path, model.rest()) else { return Ok(()) };
        let came = self.world.links.iter().any(|link| link.received == content);
        if came { Ok(()) } else { Err(format!("{}: 226, and no client has the file", step.line())) }
    }

    fn compare_trees(&self, model: &Model) -> Result<(), String> {
        let paths: Vec<&[u8]> = self.world.tree.paths().collect();
        let expected: Vec<&[u8]> = model.tree.keys().map(String::as_bytes).collect();
        if paths != expected {
            return Err(format!("the trees differ: {:?}, model {:?}", self.world.tree, model.tree.keys()));
        }
        for (path, content) in &model.tree {
            if self.world.tree.file(path) != content.as_deref() {
                return Err(format!("{path} differs: {:?}, model {content:?}", self.world.tree.file(path)));
            }
        }
        Ok(())
    }
}

/// Which reply is whose: `1yz* (2|3|4|5)yz` for each command, in order. NOOP and STAT may be answered while a transfer
/// runs, if nothing waits in between.
fn assign(steps: &[Step], replies: &[Reply]) -> Result<Vec<Answer>, String> {
    let mut answers = vec![Answer::default(); steps.len()];
    let mut now = 0;
    for (place, reply) in replies.iter().enumerate() {
        while answers.get(now).is_some_and(|answer| answer.last.is_some()) {
            now += 1;
        }
        let Some(answer) = answers.get_mut(now) else {
            // The last word of a session that ends is nobody's answer.
            let farewell = reply.code == 421 && place + 1 == replies.len();
            return if farewell { Ok(answers) } else { Err(format!("nobody asked for {:?}", reply.text())) };
        };
        if reply.is_preliminary() {
            if answer.preliminary || !steps[now].transfers() || reply.code != 150 {
                return Err(format!("{}: {:?} is too much", steps[now].line(), reply.text()));
            }
            answer.preliminary = true;
            continue;
        }
        if reply.code == 421 {
            return Ok(answers);
        }
        if answer.preliminary && matches!(reply.code, 200 | 211) {
            let later = (now + 1..steps.len()).find(|at| answers[*at].last.is_none());
            let Some(later) = later.filter(|at| matches!(steps[*at], Step::Bare("NOOP" | "STAT"))) else {
                return Err(format!("{}: {:?} in a transfer", steps[now].line(), reply.text()));
            };
            answers[later].last = Some(reply.clone());
            continue;
        }
        answer.last = Some(reply.clone());
        let quit = steps[now] == Step::Bare("QUIT");
        if quit && place + 1 != replies.len() {
            return Err("a reply behind 221".into());
        }
    }
    Ok(answers)
}
