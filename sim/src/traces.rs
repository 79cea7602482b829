//! The sessions of a world as traces of [`ftp_proto::trace`]: `ftpd replay --dialogue` shows them to people.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ftp_proto::config::Config;
use ftp_proto::server::state::State;
use ftp_proto::server::{Deadline, Interest, Misuse, Phase};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::trace::{Payloads, Recorded};
use ftp_proto::{Action, Event};

use crate::engine::Engine;

/// What was recorded so far, by session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(Rc<RefCell<Vec<String>>>);

impl Traces {
    /// A session that is recorded among these.
    pub(crate) fn engine(&self, config: &Arc<Config>, seed: [u8; 32], started: UnixTime) -> Box<dyn Engine> {
        let mut texts = self.0.borrow_mut();
        texts.push(String::new());
        let session = Recorded::new(String::new(), Arc::clone(config), seed, started, Payloads::Whole);
        Box::new(Traced { session, number: texts.len() - 1, traces: self.clone() })
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// The engine with a recorder at its side.
struct Traced {
    session: Recorded<String>,
    number: usize,
    traces: Traces,
}

impl Engine for Traced {
    fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Vec<Action>, Misuse> {
        let actions = self.session.handle(now, event).map(Iterator::collect);
        let text = self.session.recorder_mut().take();
        if let Some(trace) = self.traces.0.borrow_mut().get_mut(self.number) {
            trace.push_str(&text);
        }
        actions
    }

    fn next_deadline(&self) -> Option<Deadline> {
        self.session.session().next_deadline()
    }

    fn interest(&self) -> Interest {
        self.session.session().interest()
    }

    fn phase(&self) -> Phase {
        self.session.session().phase()
    }

    fn open_actions(&self) -> usize {
        self.session.session().open_actions()
    }

    fn state(&self) -> State {
        self.session.session().state()
    }
}
