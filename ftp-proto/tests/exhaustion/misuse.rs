//! Completions that are not the session's to take. They cannot be made, so other sessions issue them.

use std::sync::Arc;

use ftp_proto::action::{DataAction, HostAction};
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::outcome::Listening;
use ftp_proto::server::Session;
use ftp_proto::storage::{Account, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::{Action, Completion, Event, Failure};

use super::host::{LOCAL, PEER, SEED};

/// Where they come from.
#[derive(Debug)]
pub(crate) struct Misuses {
    /// Of another session.
    pub(crate) foreign: Source,
    /// Of one that has the same seed, and has issued far more: for actions that are not open.
    pub(crate) twin: Source,
}

impl Misuses {
    pub(crate) fn new() -> Self {
        Self { foreign: Source::new([8; 32]), twin: Source::new(SEED) }
    }
}

/// A session that issues tickets without end: each EPSV leaves an `Accept` behind that nobody answers.
#[derive(Debug)]
pub(crate) struct Source {
    session: Session,
    seed: [u8; 32],
    left: usize,
}

impl Source {
    fn new(seed: [u8; 32]) -> Self {
        let mut session = Session::new(Arc::default(), seed, UnixTime::from_secs(0));
        let (local, peer) = (LOCAL.parse().expect("an address"), PEER.parse().expect("an address"));
        let connected = Event::Connected { local, peer, admission: Admission::Welcome, implicit_tls: Switch::Off };
        for action in hand(&mut session, connected) {
            drop(action);
        }
        for action in hand(&mut session, Event::Received(b"USER x\r\nPASS y\r\n")) {
            if let Action::Host(HostAction::Authenticate { ticket, .. }) = action {
                let account = Account::new("x", Permissions::READ_WRITE);
                drop(hand(&mut session, Event::Done(ticket.done(account))));
            }
        }
        let mut this = Self { session, seed, left: 500 };
        while this.completion().id().number() < 500 {}
        this.left = 500;
        this
    }

    pub(crate) fn completion(&mut self) -> Completion {
        if self.left == 0 {
            *self = Self::new(self.seed);
        }
        self.left -= 1;
        for action in hand(&mut self.session, Event::Received(b"EPSV\r\n")) {
            let Action::Data(DataAction::Listen { ticket, .. }) = action else { continue };
            let listening = Listening { address: "192.0.2.1:50000".parse().expect("an address") };
            for action in hand(&mut self.session, Event::Done(ticket.done(listening))) {
                if let Action::Data(DataAction::Accept { ticket, .. }) = action {
                    return ticket.fail(Failure::Io);
                }
            }
        }
        panic!("EPSV leads to an Accept")
    }
}

/// Hands an event in; what was written has left.
fn hand(session: &mut Session, event: Event<'_>) -> Vec<Action> {
    let actions: Vec<Action> = session.handle(Instant::START, event).expect("no misuse").collect();
    let written = actions.iter().map(|action| if let Action::Write(bytes) = action { bytes.len() } else { 0 }).sum();
    if written > 0 {
        assert_eq!(session.handle(Instant::START, Event::Sent(written)).map(Iterator::count), Ok(0));
    }
    actions
}
