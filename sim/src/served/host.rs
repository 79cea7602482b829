//! Storage and accounts: when an operation is run, whether it is, and when its answer comes.

use ftp_proto::action::{HostAction, StorageAction};
use ftp_proto::outcome::Roster;
use ftp_proto::{ActionId, Completion, Failure};

use super::{Answers, Around};
use crate::faults::Fault;
use crate::storage::SessionKey;
use crate::time::Moment;

/// What is under way.
#[derive(Debug)]
pub(super) struct Host {
    session: SessionKey,
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    /// When it is run, and when its answer is there.
    runs: Moment,
    answered: Moment,
    fault: Option<Fault>,
    action: HostAction,
}

impl Host {
    pub(super) const fn new(session: SessionKey) -> Self {
        Self { session, waiting: Vec::new() }
    }

    /// Begins an action: when it is next to be looked at.
    pub(super) fn submit(&mut self, around: &mut Around<'_>, action: HostAction) -> Moment {
        let scene = &mut *around.scene;
        let fault = scene.strike(faults_of(&action));
        let weather = scene.weather.clone();
        let span = match (&action, fault) {
            (_, Some(Fault::DiskSlow | Fault::LoginSlow)) => &weather.disk_slow,
            (HostAction::Authenticate { .. }, _) => &weather.login,
            _ => &weather.disk,
        };
        let takes = scene.chance.time(span);
        let (now, answered) = (scene.now, scene.now + takes);
        let waiting = Waiting { runs: now + scene.chance.time(&(takes / 2..takes)), answered, fault, action };
        if waiting.action.id().is_none() {
            // What needs no answer is done before anything that is asked later, and before the session is over.
            self.run(around, waiting);
            return now;
        }
        let runs = waiting.runs;
        self.waiting.push(waiting);
        runs
    }

    pub(super) fn next_at(&self) -> Option<Moment> {
        self.waiting.iter().map(|waiting| waiting.runs).min()
    }

    /// Runs what is due.
    pub(super) fn advance(&mut self, around: &mut Around<'_>, answers: &mut Answers) {
        while let Some(at) = self.due(around.scene.now) {
            let waiting = self.waiting.remove(at);
            let answered = waiting.answered;
            if let Some(completion) = self.run(around, waiting) {
                answers.push(answered, completion);
            }
        }
    }

    fn due(&self, now: Moment) -> Option<usize> {
        let due = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.runs <= now);
        due.min_by_key(|(at, waiting)| (waiting.runs, *at)).map(|(at, _)| at)
    }

    /// A cancelled operation that has not begun fails, or is done all the same.
    pub(super) fn cancel(&mut self, around: &mut Around<'_>, id: ActionId, late: bool, answers: &mut Answers) {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.action.id() == Some(id)) else { return };
        if late {
            return;
        }
        let waiting = self.waiting.remove(at);
        let now = around.scene.now;
        if let Some(completion) = self.fail(around, waiting.action, Failure::Cancelled) {
            answers.push(now, completion);
        }
    }

    /// The session is gone. What was under way is done, or not.
    pub(super) fn drop_all(&mut self, around: &mut Around<'_>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let done = waiting.action.id().is_none() || around.scene.chance.permille(500);
            let answer =
                if done { self.run(around, waiting) } else { self.fail(around, waiting.action, Failure::Lost) };
            drop(answer);
        }
    }

    fn run(&mut self, around: &mut Around<'_>, waiting: Waiting) -> Option<Completion> {
        let Waiting { fault, action, .. } = waiting;
        let failure = match fault {
            Some(Fault::DiskError | Fault::LoginBroken) => Some(Failure::Io),
            Some(Fault::DiskFull) => Some(Failure::NoSpace),
            Some(Fault::DiskBusy) => Some(Failure::Busy),
            Some(Fault::NeverRun) => Some(Failure::Lost),
            _ => None,
        };
        if let Some(failure) = failure {
            return self.fail(around, action, failure);
        }
        let lost = fault == Some(Fault::AnswerLost);
        let answer = match action {
            HostAction::Storage(StorageAction::Write { ticket, file, at, bytes }) if fault == Some(Fault::DiskTorn) => {
                let count = around.scene.chance.part(bytes.len());
                let begun = bytes.get(..count).unwrap_or_default();
                let _ = around.storage.write(self.session, file, at, begun);
                Some(ticket.fail(Failure::Io))
            }
            HostAction::Storage(action) => around.storage.run(self.session, action),
            HostAction::Authenticate { ticket, credentials } => {
                Some(ticket.settle(around.accounts.judge(&credentials)))
            }
            HostAction::SelectHost { ticket, .. } => Some(ticket.fail(Failure::NotFound)),
            HostAction::Who { ticket } => Some(ticket.done(Roster { lines: vec!["nobody".into()] })),
            HostAction::Custom { ticket, .. } => Some(ticket.fail(Failure::Unsupported)),
        };
        if lost { answer.map(|answer| answer.but_failed(Failure::Lost)) } else { answer }
    }

    /// It is not run. An upload that was to be finished is dropped, as its host does it.
    fn fail(&self, around: &mut Around<'_>, action: HostAction, failure: Failure) -> Option<Completion> {
        if let HostAction::Storage(StorageAction::Finish { file, .. }) = &action {
            around.storage.abandon(self.session, *file);
        }
        action.fail(failure)
    }
}

/// What can go wrong with it.
fn faults_of(action: &HostAction) -> &'static [Fault] {
    use Fault::{AnswerLost, DiskBusy, DiskError, DiskFull, DiskSlow, DiskTorn, LoginBroken, LoginSlow, NeverRun};
    match action {
        HostAction::Storage(action) => match action {
            StorageAction::CloseDir(_) | StorageAction::CloseFile(_) => &[],
            // Were the answer lost, nobody would know of what is open.
            StorageAction::OpenDir { .. } | StorageAction::OpenRead { .. } | StorageAction::OpenWrite { .. } => {
                &[DiskError, DiskBusy, DiskSlow, NeverRun]
            }
            StorageAction::Write { .. } => &[DiskError, DiskFull, DiskSlow, DiskTorn, AnswerLost, NeverRun],
            StorageAction::Finish { .. } => &[DiskError, DiskFull, DiskSlow, AnswerLost, NeverRun],
            _ => &[DiskError, DiskBusy, DiskSlow, AnswerLost, NeverRun],
        },
        HostAction::Authenticate { .. } => &[LoginSlow, LoginBroken],
        HostAction::SelectHost { .. } | HostAction::Who { .. } | HostAction::Custom { .. } => &[LoginBroken],
    }
}
