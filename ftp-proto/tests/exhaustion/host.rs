//! A lean world around one session: it answers nothing by itself, and keeps the books. Whatever is open waits for the
//! explorer to say how it ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::action::{DataAction, HostAction, StorageAction};
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::{Admission, ControlEnd, EventKind};
use ftp_proto::notice::Notice;
use ftp_proto::server::state::State;
use ftp_proto::server::{CloseReason, Misuse, Phase, Session, Timer};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::{Action, ActionId, DataId, DirId, Event, FileId, ListenerId};

use super::answers::{self, Ending};
use super::cells;
use super::misuse::Misuses;
use super::replies::Replies;

/// One thing that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    Connect(Admission, Switch),
    /// The client says this: whole lines.
    Say(&'static str),
    /// The action that has been open for longest ends like this.
    Oldest(Ending),
    /// The one that was opened last, where there is another.
    Newest(Ending),
    /// It has moved a byte more.
    Progress,
    /// All that was written has left, or a byte of it.
    SentAll,
    SentOne,
    /// The next deadline has come.
    Timeout,
    Eof,
    Reset,
    Drain,
}

/// What the engine asked for and was not answered yet.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) id: ActionId,
    pub(crate) action: Action,
    pub(crate) cancelled: bool,
    moved: u64,
}

/// What an event did, for the diagrams.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) before: State,
    pub(crate) event: EventKind,
    pub(crate) label: String,
    pub(crate) after: State,
    /// Whether the event alone did it, and no command that had waited for it.
    pub(crate) direct: bool,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) session: Session,
    now: Instant,
    pub(crate) open: Vec<Open>,
    pub(crate) replies: Replies,
    credited: usize,
    seen_ids: BTreeSet<(char, u64)>,
    last_id: Option<ActionId>,
    listeners: BTreeSet<ListenerId>,
    data: BTreeSet<DataId>,
    files: BTreeSet<FileId>,
    dirs: BTreeSet<DirId>,
    moving: bool,
    ended: Option<CloseReason>,
    shut: bool,
    eof: bool,
    /// Whether files can be moved by the kernel.
    offloads: bool,
    /// What was seen, where `logs` is on.
    pub(crate) logs: bool,
    pub(crate) log: Vec<Seen>,
}

pub(crate) const LOCAL: &str = "192.0.2.1:21";
pub(crate) const PEER: &str = "198.51.100.7:40000";
pub(crate) const SEED: [u8; 32] = [7; 32];

impl Host {
    pub(crate) fn new(config: Arc<Config>, offloads: bool) -> Self {
        Self {
            session: Session::new(config, SEED, UnixTime::from_secs(1_720_000_000)),
            now: Instant::START,
            open: Vec::new(),
            replies: Replies::default(),
            credited: 0,
            seen_ids: BTreeSet::new(),
            last_id: None,
            listeners: BTreeSet::new(),
            data: BTreeSet::new(),
            files: BTreeSet::new(),
            dirs: BTreeSet::new(),
            moving: false,
            ended: None,
            shut: false,
            eof: false,
            offloads,
            logs: false,
            log: Vec::new(),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.session.phase(), Phase::Closed(_))
    }

    /// Lets it happen; `None` where it cannot happen now.
    pub(crate) fn apply(&mut self, letter: Letter) -> Option<()> {
        if self.is_closed() {
            return None;
        }
        let uncredited = self.replies.written() - self.credited;
        match letter {
            Letter::Connect(admission, implicit_tls) => {
                if !self.replies.is_new() {
                    return None;
                }
                self.replies.greet();
                if implicit_tls.is_on() {
                    self.replies.mute_greeting();
                }
                let (local, peer) = (LOCAL.parse().expect("an address"), PEER.parse().expect("an address"));
                let label = if admission == Admission::Welcome { "connected" } else { "turned away" };
                self.step(Event::Connected { local, peer, admission, implicit_tls }, label.into());
            }
            _ if self.replies.is_new() => return None,
            Letter::Say(lines) => {
                if self.eof || !self.session.interest().control && self.open.iter().all(|open| !open.is_layer()) {
                    return None;
                }
                // What is said to a session that is ending is not answered.
                if self.session.phase() == Phase::Open {
                    self.replies.asked(lines);
                }
                self.step(Event::Received(lines.as_bytes()), verbs(lines));
            }
            Letter::Oldest(ending) => self.answer(0, ending)?,
            Letter::Newest(ending) => {
                let last = self.open.len().checked_sub(1).filter(|last| *last > 0)?;
                self.answer(last, ending)?;
            }
            Letter::Progress => {
                let open = self.open.iter_mut().find(|open| open.moves())?;
                open.moved += 1;
                let (id, bytes) = (open.id, open.moved);
                self.step(Event::Progress { id, bytes }, "progress".into());
            }
            Letter::SentAll if uncredited == 0 => return None,
            Letter::SentAll => self.credit(uncredited),
            Letter::SentOne if uncredited < 2 => return None,
            Letter::SentOne => self.credit(1),
            Letter::Timeout => {
                let deadline = self.session.next_deadline()?;
                self.now = self.now.max(deadline.at);
                let stuck = deadline.timer == Timer::Host && self.open.is_empty();
                assert!(!stuck, "the host is waited for, and has nothing to answer");
                self.step(Event::Timeout, timer(deadline.timer).into());
            }
            Letter::Eof if self.eof => return None,
            Letter::Eof => {
                self.eof = true;
                self.step(Event::ControlEnded(ControlEnd::Eof), "end of input".into());
            }
            Letter::Reset => {
                self.replies.reset();
                self.eof = true;
                self.step(Event::ControlEnded(ControlEnd::Reset), "reset".into());
            }
            Letter::Drain => {
                self.step(Event::Drain { deadline: self.now + Duration::from_secs(20) }, "drain".into());
            }
        }
        Some(())
    }

    fn credit(&mut self, bytes: usize) {
        self.credited += bytes;
        self.step(Event::Sent(bytes), "replies left".into())
    }

    fn answer(&mut self, at: usize, ending: Ending) -> Option<()> {
        if !answers::may_end(self.open.get(at)?, ending) {
            return None;
        }
        let open = self.open.remove(at);
        if ending.is_success() {
            self.holds_now(&open.action);
        }
        let told = || answers::label(&open.action, ending);
        let label = if self.logs { told() } else { String::new() };
        let completion = answers::answer(open.action, ending, self.offloads);
        self.step(Event::Done(completion), label);
        Some(())
    }

    /// Hands an event in and runs what comes of it.
    fn step(&mut self, event: Event<'_>, label: String) {
        let (before, kind) = (self.session.state(), event.kind());
        let said = kind == EventKind::Received;
        // What is said may stop the command that runs; anything else may let one begin that has waited.
        let direct = !label.contains('+') && self.replies.waiting() <= if said { 2 } else { 1 };
        let actions: Vec<Action> = match self.session.handle(self.now, event) {
            Ok(actions) => actions.collect(),
            Err(misuse) => panic!("{label}: {misuse}"),
        };
        cells::note(before, kind);
        for action in actions {
            self.run(action);
        }
        self.balance();
        if self.logs {
            self.log.push(Seen { before, event: kind, label, after: self.session.state(), direct });
        }
    }

    /// An event that no adapter may send: refused, and nothing has changed.
    pub(crate) fn probe(&mut self, misuses: &mut Misuses) {
        let before = format!("{:?}", self.session);
        let (local, peer) = (LOCAL.parse().expect("an address"), PEER.parse().expect("an address"));
        let connected = Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off };
        let closed = self.is_closed();
        let begun = !self.replies.is_new();
        let muted = self.replies.is_reset();
        let uncredited = self.replies.written() - self.credited;
        let all = [
            (connected, begun.then_some(Misuse::AlreadyConnected)),
            (Event::Sent(uncredited + 1), (!muted).then_some(Misuse::CreditTooLarge)),
            (Event::Done(misuses.foreign.completion()), Some(Misuse::ForeignCompletion)),
            (Event::Done(misuses.twin.completion()), Some(Misuse::UnknownAction)),
        ];
        for (event, misuse) in all {
            let Some(misuse) = misuse else { continue };
            let usual = if closed { Misuse::Closed } else { misuse };
            let expected =
                if closed || begun || misuse == Misuse::AlreadyConnected { usual } else { Misuse::NotConnected };
            // A session that is muted credits anything: its replies are nobody's.
            let told = format!("{event:?}");
            match self.session.handle(self.now, event).map(Iterator::count) {
                Ok(_) if expected == Misuse::CreditTooLarge && self.is_muted() => return,
                outcome => assert_eq!(outcome, Err(expected), "{told}"),
            }
        }
        let after = format!("{:?}", self.session);
        assert!(before == after, "a refused event changes something: {before}\n{after}");
    }

    /// An event that comes too late or for nothing: taken, and nothing has changed.
    pub(crate) fn nudge(&mut self) {
        let due = self.session.next_deadline().is_some_and(|deadline| deadline.at <= self.now);
        if self.is_closed() || self.replies.is_new() || due {
            return;
        }
        let before = format!("{:?}", self.session);
        self.step(Event::Timeout, "a timeout for nothing".into());
        self.step(Event::Sent(0), "nothing left".into());
        if let Some(id) = self.last_id.filter(|id| self.open.iter().all(|open| open.id != *id || !open.moves())) {
            self.step(Event::Progress { id, bytes: 1 }, "progress of nothing".into());
        }
        if self.eof {
            self.step(Event::Received(b"NOOP\r\n"), "bytes behind the end".into());
            if !self.replies.is_reset() {
                self.step(Event::ControlEnded(ControlEnd::Eof), "the end again".into());
            }
        }
        let after = format!("{:?}", self.session);
        assert!(before == after, "an event for nothing changes something: {before}\n{after}");
    }

    fn is_muted(&self) -> bool {
        format!("{:?}", self.session).contains("muted: true")
    }

    fn run(&mut self, action: Action) {
        assert!(!self.shut, "{action:?} comes behind Shutdown");
        match &action {
            Action::Write(bytes) => return self.replies.write(bytes),
            Action::Shutdown => {
                assert!(self.ended.is_some(), "the summary comes before Shutdown");
                self.shut = true;
                return;
            }
            Action::Notify(notice) => return self.notice(notice),
            Action::Cancel(id) => {
                let open = self.open.iter_mut().find(|open| open.id == *id).expect("what is cancelled is open");
                assert!(!open.cancelled, "{id} is cancelled once");
                open.cancelled = true;
                return;
            }
            Action::Secure { .. } | Action::Unsecure(_) => {}
            Action::Data(data) => self.begins(data),
            Action::Host(host) => self.touches(host),
        }
        if let Some(id) = answers::id(&action) {
            self.fresh('a', id.number());
            self.last_id = Some(id);
            self.open.push(Open { id, action, cancelled: false, moved: 0 });
        }
    }

    fn fresh(&mut self, letter: char, number: u64) {
        assert!(self.seen_ids.insert((letter, number)), "{letter}{number} was used twice");
    }

    fn notice(&mut self, notice: &Notice) {
        assert!(self.ended.is_none(), "the summary is the last notice");
        match notice {
            Notice::TransferStarted { .. } => {
                assert!(!self.moving, "a transfer began while another ran");
                self.moving = true;
            }
            Notice::TransferEnded(_) => self.moving = false,
            Notice::Ended(summary) => {
                assert!(!self.moving, "the session ended before its transfer");
                self.ended = Some(summary.reason);
            }
            _ => {}
        }
    }

    /// What an action on listeners and connections may be done with.
    fn begins(&mut self, action: &DataAction) {
        match action {
            DataAction::Listen { listener, .. } => self.fresh('l', listener.number()),
            DataAction::Accept { listener, data, .. } => {
                assert!(self.listeners.contains(listener), "Accept on an open listener");
                self.fresh('d', data.number());
            }
            DataAction::CloseListener(listener) => {
                assert!(self.listeners.remove(listener), "a listener is closed once");
                let waits = |open: &Open| {
                    !open.cancelled
                        && matches!(&open.action, Action::Data(DataAction::Accept { listener: l, .. }) if l == listener)
                };
                assert!(!self.open.iter().any(waits), "an Accept is cancelled before its listener closes");
            }
            DataAction::Connect { data, .. } => {
                self.fresh('d', data.number());
                let announced = self.replies.announced().expect("a 150 comes before Connect");
                assert!(announced <= self.credited, "dialled before the 150 has left");
            }
            DataAction::Secure { data, .. } | DataAction::Send { data, .. } | DataAction::Receive { data, .. } => {
                self.uses(*data)
            }
            DataAction::FileToData { data, file, .. } | DataAction::DataToFile { data, file, .. } => {
                self.uses(*data);
                assert!(self.files.contains(file), "{file} is open");
            }
            DataAction::Close { data, .. } => {
                assert!(self.data.remove(data), "{data} is closed once");
                let used = |open: &Open| answers::data(&open.action) == Some(*data);
                assert!(!self.open.iter().any(used), "{data} is closed with actions open");
            }
        }
    }

    fn uses(&self, data: DataId) {
        assert!(self.data.contains(&data), "{data} is open");
    }

    /// What an action of the storage may be done with.
    fn touches(&mut self, action: &HostAction) {
        let HostAction::Storage(action) = action else { return };
        match action {
            StorageAction::OpenRead { file, .. } | StorageAction::OpenWrite { file, .. } => {
                self.fresh('f', file.number());
            }
            StorageAction::OpenDir { dir, .. } => self.fresh('r', dir.number()),
            StorageAction::Read { file, .. } | StorageAction::Write { file, .. } => {
                assert!(self.files.contains(file), "{file} is open");
            }
            StorageAction::Finish { file, .. } | StorageAction::CloseFile(file) => {
                assert!(self.files.remove(file), "{file} is closed once");
            }
            StorageAction::ReadDir { dir, .. } => assert!(self.dirs.contains(dir), "{dir} is open"),
            StorageAction::CloseDir(dir) => assert!(self.dirs.remove(dir), "{dir} is closed once"),
            _ => {}
        }
    }

    /// What a success opens.
    fn holds_now(&mut self, action: &Action) {
        match action {
            Action::Data(DataAction::Listen { listener, .. }) => drop(self.listeners.insert(*listener)),
            Action::Data(DataAction::Accept { data, .. } | DataAction::Connect { data, .. }) => {
                self.data.insert(*data);
            }
            Action::Host(HostAction::Storage(action)) => match action {
                StorageAction::OpenRead { file, .. } | StorageAction::OpenWrite { file, .. } => {
                    self.files.insert(*file);
                }
                StorageAction::OpenDir { dir, .. } => drop(self.dirs.insert(*dir)),
                _ => {}
            },
            _ => {}
        }
    }

    /// What holds at every moment.
    fn balance(&mut self) {
        let phase = self.session.phase();
        self.replies.check(phase == Phase::Open);
        if let Phase::Closed(reason) = phase {
            assert!(self.shut, "a closed session has shut its connection");
            assert_eq!(self.ended, Some(reason));
            assert_eq!(self.session.open_actions(), 0);
            assert_eq!(self.session.next_deadline(), None, "a closed session waits for nothing");
            if reason == CloseReason::HostStuck {
                assert!(!self.open.is_empty(), "stuck, with nothing open");
                return;
            }
            assert!(self.open.is_empty(), "open at the end: {:?}", self.open);
            let held = (&self.listeners, &self.data, &self.files, &self.dirs);
            let counts = [held.0.len(), held.1.len(), held.2.len(), held.3.len()];
            assert_eq!(counts, [0; 4], "held at the end: {held:?}");
            return;
        }
        assert!(!self.shut, "shut before its end");
        assert_eq!(self.session.open_actions(), self.open.len(), "issued = settled + open");
        assert!(self.replies.is_new() || self.session.next_deadline().is_some(), "waits for nothing");
    }

    /// The world is well again: everything is answered, and the client takes its replies. Then it leaves. The session
    /// answers all that was asked, and closes.
    pub(crate) fn heal(&mut self) {
        if self.replies.is_new() {
            return;
        }
        for _ in 0..STEPS {
            if self.is_closed() {
                return;
            }
            if self.apply(Letter::SentAll).is_some() || self.answer_well() {
                continue;
            }
            if self.replies.all_answered() {
                break;
            }
            self.apply(Letter::Timeout);
        }
        if self.session.phase() == Phase::Open {
            assert!(self.replies.all_answered(), "never answered: {:?}", self.replies);
            self.apply(Letter::Eof);
        }
        for _ in 0..STEPS {
            if self.is_closed() {
                return;
            }
            if self.apply(Letter::SentAll).is_none() && !self.answer_well() {
                self.apply(Letter::Timeout);
            }
        }
        panic!("never closed: {:?}, {:?}", self.session.phase(), self.session.next_deadline());
    }

    fn answer_well(&mut self) -> bool {
        [Ending::Cancelled, Ending::Last, Ending::Well].into_iter().any(|ending| {
            let wanted = |open: &Open| open.cancelled || ending != Ending::Cancelled;
            self.open.first().is_some_and(wanted) && self.answer(0, ending).is_some()
        })
    }

    /// Everything that the rest of the session depends on, but for the names of ids and the time of day.
    pub(crate) fn key(&self) -> String {
        if self.is_closed() {
            return "closed".into();
        }
        let mut text = format!("{:?}", self.session);
        // The configuration is the same for all.
        let at = text.find(", draws: ").expect("the fields in front");
        text.drain(..at);
        let open = self.open.iter().map(|open| (open.cancelled, &open.action));
        let books = (open.collect::<Vec<_>>(), &self.listeners, &self.data, &self.files, &self.dirs);
        text.push_str(&format!("{books:?}{:?}{}{}", self.replies.key(), self.eof, self.moving));
        super::names::plain(&text, self.now, self.credited as u64)
    }
}

impl Open {
    fn is_layer(&self) -> bool {
        matches!(self.action, Action::Secure { .. } | Action::Unsecure(_))
    }

    fn moves(&self) -> bool {
        matches!(
            self.action,
            Action::Data(
                DataAction::Send { .. }
                    | DataAction::Receive { .. }
                    | DataAction::FileToData { .. }
                    | DataAction::DataToFile { .. }
            )
        )
    }
}

/// How many steps a session may take to calm down, and to end.
const STEPS: usize = 60;

fn verbs(lines: &str) -> String {
    let verbs = lines.split_terminator("\r\n").map(|line| match line.split_once(' ') {
        None | Some(("PROT" | "AUTH", _)) => line,
        Some((verb, _)) => verb,
    });
    verbs.collect::<Vec<_>>().join("+")
}

const fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::Idle => "idle timeout",
        Timer::Login => "login timeout",
        Timer::LoginDelay => "the delay is over",
        Timer::Data => "connection timeout",
        Timer::Stall => "stall timeout",
        Timer::Host => "host timeout",
        Timer::Linger => "linger timeout",
        Timer::Drain => "drain timeout",
        _ => "timeout",
    }
}
