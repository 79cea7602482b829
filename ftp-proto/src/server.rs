//! The server's side of one control connection.
//!
//! ```text
//!            ┌───────────────────────── Session ──────────────────────────┐
//! Received ─►│ inbox ──► run ──► finish ──► outbox ───────────────────────│─► Write
//!            │             │        ▲                                     │
//!            │             ▼        │                                     │
//!     Done ─►│ ledger ──► work: question | transfer | status ─────────────│─► Data, Host, …
//!            └─────────────────────────────────────────────────────────────┘
//! ```
//!
//! One command runs at a time. What it waits for is its *work*; when the work ends the command's one final reply is
//! written, and the next command runs. Who owns what:
//!
//! | file | what it decides |
//! |---|---|
//! | `events` | what each event means |
//! | `ledger` | which actions are open, and whose answer is whose |
//! | `intake`, `inbox` | bytes to lines to waiting commands |
//! | `outbox` | replies and actions on their way out |
//! | `dispatch` | which command may run now, and who runs it |
//! | `question` | commands that ask the host one thing and reply |
//! | `login`, `parameters`, `information`, `files`, `site` | the commands themselves |
//! | `security` | TLS on either connection, and virtual hosts |
//! | `data` | how the next data connection will come about |
//! | `long`, `checksums` | commands that may take long, digests above all |
//! | `ahead` | what is announced for the next command |
//! | `transfer`, `flow` | everything from the 150 to the 226, and how it is broken off |
//! | `lister` | what LIST, NLST, MLSD and STAT show |
//! | `timers` | what is waited for, and how long |
//! | `closing` | how the session ends |
//! | `traced` | what a replay must know |
//! | `state` | where the session is, for those who watch |
//! | `faults`, `failures` | whose fault it is, and which reply |

mod ahead;
mod checksums;
mod closing;
mod data;
mod dispatch;
mod events;
mod failures;
mod faults;
mod files;
mod flow;
mod inbox;
mod information;
mod intake;
mod ledger;
mod lister;
mod login;
mod long;
mod outbox;
mod parameters;
mod question;
mod security;
mod site;
pub mod state;
mod status;
mod timers;
#[cfg(feature = "trace")]
mod traced;
mod transfer;

pub use self::closing::{CloseReason, Phase};
pub use self::faults::{Misuse, Violation};
pub use self::intake::Interest;
pub use self::outbox::Actions;
pub use self::timers::{Deadline, Timer};

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use self::data::DataSetup;
use self::inbox::Inbox;
use self::ledger::{Ledger, Step};
use self::login::Login;
use self::long::Long;
use self::outbox::Outbox;
use self::parameters::Parameters;
use self::question::Question;
use self::security::{Handshake, Security};
use self::status::Status;
use self::timers::Timers;
use self::transfer::Transfer;
use crate::action::Action;
use crate::config::Config;
use crate::event::Event;
use crate::notice::Notice;
use crate::path::VirtualPath;
use crate::reply::{Reply, reply};
use crate::ticket::{Outcome, Ticket};
use crate::time::{Duration, Instant, UnixTime};

/// One control connection and all that hangs on it.
///
/// Call [`handle`](Self::handle) with each event and run the actions it gives. Between calls,
/// [`next_deadline`](Self::next_deadline), [`interest`](Self::interest) and [`phase`](Self::phase) say what to wait for.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    seed: [u8; 32],
    draws: u64,
    started: UnixTime,
    now: Instant,
    /// Our address, as the client sees it.
    local: IpAddr,
    peer: SocketAddr,
    phase: Phase,
    connected: bool,
    /// The client closed its side: what it asked before is still answered.
    half_closed: bool,
    draining: bool,
    /// Why the session is ending, and what is still to be said.
    ending: Option<CloseReason>,
    farewell: Option<Reply>,
    inbox: Inbox,
    outbox: Outbox,
    ledger: Ledger,
    timers: Timers,
    login: Login,
    security: Option<Box<Security>>,
    cwd: VirtualPath,
    parameters: Parameters,
    data: DataSetup,
    work: Work,
    tally: Tally,
}

/// What the running command waits for.
#[derive(Debug)]
enum Work {
    /// No command runs.
    Idle,
    /// One answer of the host.
    Question(Question),
    /// One answer of the host that may take long.
    Long(Box<Long>),
    /// The delay before a failed login is answered.
    LoginDelay,
    /// TLS on the control connection.
    Securing(Handshake),
    /// The end of TLS on the control connection.
    Unsecuring,
    /// The end of a transfer.
    Transfer(Box<Transfer>),
    /// The end of a listing on the control connection.
    Status(Box<Status>),
}

/// What the session's summary will tell.
#[derive(Debug, Default)]
struct Tally {
    commands: u64,
    violations: u32,
    downloads: u32,
    uploads: u32,
    sent: u64,
    received: u64,
}

impl Session {
    /// A session that began at `started` on the calendar; its events tell the time since then. `seed` must be
    /// unpredictable: passive ports and STOU's names come from it.
    #[must_use]
    pub fn new(mut config: Arc<Config>, seed: [u8; 32], started: UnixTime) -> Self {
        if !config.limits.are_sound() {
            let limits = config.limits.clone().made_sound();
            config = Arc::new(Config { limits, ..(*config).clone() });
        }
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let mut this = Self {
            inbox: Inbox::new(config.limits.line),
            config,
            seed,
            draws: 0,
            started,
            now: Instant::START,
            local: nowhere.ip(),
            peer: nowhere,
            phase: Phase::Open,
            connected: false,
            half_closed: false,
            draining: false,
            ending: None,
            farewell: None,
            outbox: Outbox::default(),
            ledger: Ledger::new(0),
            timers: Timers::default(),
            login: Login::default(),
            security: None,
            cwd: VirtualPath::root(),
            parameters: Parameters::default(),
            data: DataSetup::None,
            work: Work::Idle,
            tally: Tally::default(),
        };
        this.ledger = Ledger::new(this.random().next_u32());
        this
    }

    /// Takes one event and gives the actions it leads to.
    ///
    /// # Errors
    /// [`Misuse`], and then nothing has changed.
    pub fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Actions<'_>, Misuse> {
        self.check(&event)?;
        self.now = self.now.max(now);
        match event {
            Event::Connected { local, peer, admission, implicit_tls } => {
                self.handle_connected(local, peer, admission, implicit_tls)
            }
            Event::Received(bytes) => self.handle_received(bytes),
            Event::Sent(bytes) => {
                self.outbox.credit(bytes);
                match self.work {
                    Work::Transfer(_) => self.advance_transfer(),
                    _ => self.rest(),
                }
            }
            Event::ControlEnded(end) => self.handle_control_ended(end),
            Event::Done(completion) => {
                if let Some((step, result)) = self.ledger.settle(completion) {
                    self.handle_answer(step, result);
                }
            }
            Event::Progress { id, bytes } => self.transfer_progress(id, bytes),
            Event::Timeout => self.handle_timeout(),
            Event::Drain { deadline } => self.handle_drain(deadline),
        }
        self.pump();
        self.try_close();
        Ok(Actions { outbox: &mut self.outbox })
    }

    /// When to send [`Event::Timeout`]; `None` when there is nothing to wait for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Deadline> {
        if !self.outbox.is_empty() {
            return Some(Deadline { at: self.now, timer: Timer::Queued });
        }
        let host = self.ledger.next_deadline().map(|at| (Timer::Host, at));
        let stall = self.stall_deadline().map(|at| (Timer::Stall, at));
        let first = [self.timers.first(), host, stall].into_iter().flatten().min_by_key(|(_, at)| *at);
        first.map(|(timer, at)| Deadline { at, timer })
    }

    /// What the session wants to hear.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let open = self.connected && self.phase == Phase::Open && self.ending.is_none() && !self.half_closed;
        Interest { control: open && self.has_room() && !self.inbox.has_tail() && !self.is_between_layers() }
    }

    /// How far the session is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.phase == Phase::Open && self.ending.is_some() { Phase::Closing } else { self.phase }
    }

    /// How many actions are open: issued and not answered yet.
    #[must_use]
    pub fn open_actions(&self) -> usize {
        self.ledger.len()
    }

    // Shared by the commands.

    /// Writes the running command's final reply; the next one may run.
    fn finish(&mut self, reply: Reply) {
        self.outbox.write(reply);
        self.work_done();
    }

    fn work_done(&mut self) {
        if !self.is_idle() {
            self.work = Work::Idle;
        }
        if self.ending.is_some() {
            return;
        }
        if self.draining {
            return self.close(CloseReason::Drained, Some(reply!("421 The server is closing.")));
        }
        if self.login.user().is_some() {
            let idle = self.idle_timeout();
            self.timers.set(Timer::Idle, self.now + idle);
        }
    }

    /// A ticket for an action of the host that must be answered within the usual time.
    fn issue<T: Outcome>(&mut self, step: Step) -> Ticket<T> {
        let deadline = self.now + self.config.timeouts.host;
        self.ledger.issue(step, Some(deadline))
    }

    /// The same for one that may have to move a whole file.
    fn issue_long<T: Outcome>(&mut self, step: Step) -> Ticket<T> {
        let deadline = self.now + self.config.timeouts.host_long;
        self.ledger.issue(step, Some(deadline))
    }

    fn notify(&mut self, notice: Notice) {
        self.outbox.push(Action::Notify(Box::new(notice)));
    }

    fn cancel(&mut self, which: impl Fn(Step) -> bool) {
        let grace = self.now + self.config.timeouts.cancel;
        let outbox = &mut self.outbox;
        self.ledger.cancel(which, grace, |id| outbox.push(Action::Cancel(id)));
    }

    /// Randomness for one purpose; a different stream each time.
    fn random(&mut self) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::from_seed(self.seed);
        random.set_stream(self.draws);
        self.draws += 1;
        random
    }

    fn wall_clock(&self) -> UnixTime {
        self.started + Duration::from_nanos(self.now.0)
    }
}
