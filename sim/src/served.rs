//! The server's side of one session: runs the engine's actions on the world, as an adapter does on sockets and disks.
//!
//! What it is not is forgiving: whatever an action promises is checked as it comes, in [`books`].
//!
//! | file | what it runs |
//! |---|---|
//! | `control` | the control connection |
//! | `data` | listeners and data connections |
//! | `host` | storage and accounts |
//! | `books` | nothing: what was promised |
//! | `paths` | nothing: which paths an operation names |

mod books;
mod control;
mod data;
mod host;
mod paths;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Duration;

use ftp_proto::config::{Config, Switch};
use ftp_proto::event::Admission;
use ftp_proto::server::Phase;
use ftp_proto::time::Instant;
use ftp_proto::{Action, Completion, Event};

use self::books::Books;
use self::control::Control;
use self::data::DataPlane;
use self::host::Host;
use crate::accounts::Accounts;
use crate::cells;
use crate::engine::Engine;
use crate::faults::Fault;
use crate::network::{End, Network};
use crate::scene::Scene;
use crate::storage::{SessionKey, Storage};
use crate::time::{Actor, Moment};

/// What one session acts on while it has its turn.
pub(crate) struct Around<'a> {
    pub(crate) scene: &'a mut Scene,
    pub(crate) network: &'a mut Network,
    pub(crate) storage: &'a mut dyn Storage,
    pub(crate) accounts: &'a Accounts,
    /// What was promised and not kept.
    pub(crate) violations: &'a mut Vec<String>,
}

/// One session and everything it holds.
pub(crate) struct Served {
    pub(crate) key: SessionKey,
    actor: Actor,
    engine: Box<dyn Engine>,
    born: Moment,
    addresses: (SocketAddr, SocketAddr),
    control: Control,
    data: DataPlane,
    host: Host,
    answers: Answers,
    books: Books,
    /// When the last byte is given up that was not taken; set once the session is over.
    lingers: Option<Moment>,
    /// Until when its task does not get to run.
    held: Option<Moment>,
    /// Whether it did not until now.
    is_late: bool,
}

/// Answers on their way to the engine, in the order of their moments.
#[derive(Debug, Default)]
struct Answers {
    queue: BinaryHeap<Reverse<Answer>>,
    last: u64,
}

#[derive(Debug)]
struct Answer {
    at: Moment,
    number: u64,
    completion: Completion,
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Answer {}

impl PartialOrd for Answer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Answer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Answers {
    fn push(&mut self, at: Moment, completion: Completion) {
        self.last += 1;
        self.queue.push(Reverse(Answer { at, number: self.last, completion }));
    }

    fn pop(&mut self, now: Moment) -> Option<Completion> {
        let due = self.queue.peek().is_some_and(|first| first.0.at <= now);
        due.then(|| self.queue.pop()).flatten().map(|answer| answer.0.completion)
    }

    fn next_at(&self) -> Option<Moment> {
        self.queue.peek().map(|first| first.0.at)
    }
}

impl Served {
    pub(crate) fn new(
        number: usize,
        engine: Box<dyn Engine>,
        config: &Config,
        control: End,
        addresses: (SocketAddr, SocketAddr),
        born: Moment,
    ) -> Self {
        Self {
            key: SessionKey(number as u64),
            actor: Actor::Session(number),
            engine,
            born,
            addresses,
            control: Control::new(control, number as u64),
            data: DataPlane::new(Actor::Session(number), number as u64),
            host: Host::new(SessionKey(number as u64)),
            answers: Answers::default(),
            books: Books::new(config),
            lingers: None,
            held: None,
            is_late: false,
        }
    }

    pub(crate) fn begin(&mut self, around: &mut Around<'_>, admission: Admission, implicit_tls: Switch) {
        let (peer, local) = self.addresses;
        self.feed(around, Event::Connected { local, peer, admission, implicit_tls });
        self.turn(around);
    }

    /// The server is to end within `patience`.
    pub(crate) fn drain(&mut self, around: &mut Around<'_>, patience: Duration) {
        if self.is_open() {
            let deadline = self.now(around.scene) + patience;
            self.feed(around, Event::Drain { deadline });
            self.turn(around);
        }
    }

    /// Does all that can be done now.
    pub(crate) fn turn(&mut self, around: &mut Around<'_>) {
        if self.is_held(around) {
            return;
        }
        self.control.begin_turn();
        while self.is_open() && self.step(around) {}
        if self.is_open() {
            self.plan(around);
        } else {
            self.linger(around);
        }
    }

    /// Its task is killed, or the machine: nothing is said to anybody. What the disk was doing may still be done.
    pub(crate) fn kill(&mut self, around: &mut Around<'_>) {
        around.network.reset(around.scene, self.control.end);
        self.data.drop_all(around);
        self.host.drop_all(around);
        around.storage.end(self.key);
        self.lingers = Some(around.scene.now);
        self.control.left = true;
    }

    /// Whether nothing of it is left.
    pub(crate) fn is_gone(&self) -> bool {
        self.control.left
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lingers.is_none() && !matches!(self.engine.phase(), Phase::Closed(_))
    }

    pub(crate) fn phase(&self) -> Phase {
        self.engine.phase()
    }

    /// Whether its task does not get to run: now, and for a while.
    fn is_held(&mut self, around: &mut Around<'_>) -> bool {
        let scene = &mut *around.scene;
        match self.held {
            Some(until) if scene.now < until => return true,
            Some(_) => (self.held, self.is_late) = (None, true),
            None => self.is_late = false,
        }
        if self.is_late || !self.is_open() || scene.strike(&[Fault::Late]).is_none() {
            return false;
        }
        let until = scene.now + scene.chance.time(&scene.weather.late.clone());
        self.held = Some(until);
        scene.wake(self.actor, until);
        true
    }

    /// One thing, if there is one to do.
    fn step(&mut self, around: &mut Around<'_>) -> bool {
        self.host.advance(around, &mut self.answers);
        // Who comes late finds all of them ready, and which is looked at first is the adapter's affair.
        let first = if self.is_late { around.scene.chance.below(LOOKS.len() as u64) as usize } else { 0 };
        LOOKS.iter().cycle().skip(first).take(LOOKS.len()).any(|look| look(self, around))
    }

    fn look_at_answers(&mut self, around: &mut Around<'_>) -> bool {
        let Some(completion) = self.answers.pop(around.scene.now) else { return false };
        self.books.answered(completion.id(), around.violations);
        self.feed(around, Event::Done(completion));
        true
    }

    fn look_at_layer(&mut self, around: &mut Around<'_>) -> bool {
        let Some(completion) = self.control.advance(around) else { return false };
        self.answers.push(around.scene.now, completion);
        true
    }

    fn look_at_room(&mut self, around: &mut Around<'_>) -> bool {
        match self.control.flush(around) {
            Ok(0) => return false,
            Ok(count) => {
                self.books.sent(count);
                self.feed(around, Event::Sent(count));
            }
            Err(end) => self.feed(around, Event::ControlEnded(end)),
        }
        true
    }

    fn look_at_data(&mut self, around: &mut Around<'_>) -> bool {
        if let Some((id, bytes)) = self.data.advance(around, &mut self.answers, self.key) {
            self.feed(around, Event::Progress { id, bytes });
            return true;
        }
        self.answers.next_at().is_some_and(|at| at <= around.scene.now)
    }

    fn look_at_control(&mut self, around: &mut Around<'_>) -> bool {
        if !self.engine.interest().control {
            return false;
        }
        match self.control.read(around) {
            Ok(None) => return false,
            Ok(Some(bytes)) => self.feed(around, Event::Received(&bytes)),
            Err(end) => self.feed(around, Event::ControlEnded(end)),
        }
        true
    }

    fn look_at_clock(&mut self, around: &mut Around<'_>) -> bool {
        let is_due = self.engine.next_deadline().is_some_and(|due| due.at <= self.now(around.scene));
        if is_due {
            self.feed(around, Event::Timeout);
        }
        is_due
    }

    /// Whoever waits for nothing would wait for ever.
    fn plan(&mut self, around: &mut Around<'_>) {
        match self.engine.next_deadline() {
            Some(due) => around.scene.wake(self.actor, self.born + Duration::from_nanos(due.at.0)),
            None => around.violations.push(format!("{:?} waits for nothing", self.actor)),
        }
        for at in [self.answers.next_at(), self.host.next_at()].into_iter().flatten() {
            around.scene.wake(self.actor, at);
        }
    }

    /// The session is over. What it said is still on its way, and breaking the connection would lose that.
    fn linger(&mut self, around: &mut Around<'_>) {
        let now = around.scene.now;
        let until = *self.lingers.get_or_insert_with(|| {
            self.books.closed(self.engine.phase(), self.engine.open_actions(), around.violations);
            if let Some(what) = self.data.left_open() {
                self.books.left_open(self.engine.phase(), &what, around.violations);
            }
            let open = around.storage.open(self.key);
            if open > 0 {
                self.books.left_open(self.engine.phase(), &format!("{open} files"), around.violations);
            }
            self.data.drop_all(around);
            self.host.drop_all(around);
            around.storage.end(self.key);
            now + LINGER
        });
        if self.control.linger(around) || now >= until {
            self.control.leave(around);
        } else {
            around.scene.wake(self.actor, until);
        }
    }

    fn now(&self, scene: &Scene) -> Instant {
        Instant(scene.now.since(self.born).as_nanos() as u64)
    }

    /// Gives the engine one event and runs what it asks for.
    fn feed(&mut self, around: &mut Around<'_>, event: Event<'_>) {
        match &event {
            Event::Received(bytes) => {
                around.scene.log(self.actor, format_args!("> Received(\"{}\")", bytes.escape_ascii()));
            }
            event => around.scene.log(self.actor, format_args!("> {event:?}")),
        }
        let now = self.now(around.scene);
        let (state, kind) = (self.engine.state(), event.kind());
        let actions = match self.engine.handle(now, event) {
            Ok(actions) => actions,
            Err(misuse) => {
                around.violations.push(format!("{:?}: the engine says it was misused: {misuse}", self.actor));
                return;
            }
        };
        cells::note(state, kind);
        for action in actions {
            around.scene.log(self.actor, format_args!("< {action:?}"));
            self.books.issued(&action, around.violations);
            self.run(around, action);
        }
        self.books.check(self.engine.open_actions(), self.engine.phase(), self.control.unsent(), around.violations);
    }

    fn run(&mut self, around: &mut Around<'_>, action: Action) {
        match action {
            Action::Write(bytes) => self.control.write(bytes),
            Action::Secure { ticket, .. } => self.control.secure(ticket),
            Action::Unsecure(ticket) => self.control.unsecure(ticket),
            // The books have it, and the session is closed behind it: see `linger`.
            Action::Shutdown => {}
            Action::Data(action) => self.data.run(around, action, &mut self.answers),
            Action::Host(action) => {
                let at = self.host.submit(around, action);
                around.scene.wake(self.actor, at);
            }
            Action::Notify(_) => {}
            Action::Cancel(id) => {
                let answer = self.control.cancel(id).or_else(|| self.data.cancel(around, id));
                match answer {
                    Some(completion) => {
                        let at = around.scene.now + around.scene.latency() / 8;
                        self.answers.push(at, completion);
                    }
                    None => {
                        let late = around.scene.strike(&[Fault::LateSuccess]).is_some();
                        self.host.cancel(around, id, late, &mut self.answers);
                    }
                }
            }
        }
    }
}

/// How long a session that is over waits for the client to take its last words.
const LINGER: Duration = Duration::from_secs(10);

/// A look at something that may have happened: whether it had.
type Look = fn(&mut Served, &mut Around<'_>) -> bool;

/// All of them, in the order in which they are usually made.
const LOOKS: [Look; 6] = [
    Served::look_at_answers,
    Served::look_at_layer,
    Served::look_at_room,
    Served::look_at_data,
    Served::look_at_control,
    Served::look_at_clock,
];
