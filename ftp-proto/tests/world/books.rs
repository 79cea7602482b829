//! The books that the world keeps over a session: what every action promises, checked as it comes.

use std::collections::BTreeSet;

use ftp_proto::server::{CloseReason, Phase, Session};
use ftp_proto::{ActionId, Notice};

use super::replies::Wire;

/// What was issued, what was answered, and what has ended.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Every id ever seen, with the letter of its kind.
    seen: BTreeSet<String>,
    open: BTreeSet<ActionId>,
    shut: bool,
    /// Whether a transfer has started and not ended.
    moving: bool,
    pub(crate) ended: Option<CloseReason>,
}

impl Books {
    /// A new id of any kind.
    pub(crate) fn fresh(&mut self, id: impl std::fmt::Display) {
        let id = id.to_string();
        assert!(self.seen.insert(id.clone()), "{id} was used twice");
    }

    pub(crate) fn issued(&mut self, id: ActionId) {
        self.fresh(id);
        self.open.insert(id);
    }

    pub(crate) fn settled(&mut self, id: ActionId) {
        assert!(self.open.remove(&id), "{id} was answered twice");
    }

    pub(crate) fn is_open(&self, id: ActionId) -> bool {
        self.open.contains(&id)
    }

    pub(crate) fn before_action(&self) {
        assert!(!self.shut, "nothing comes behind Shutdown");
    }

    pub(crate) fn shutdown(&mut self) {
        assert!(self.ended.is_some(), "the summary comes before Shutdown");
        self.shut = true;
    }

    pub(crate) fn notice(&mut self, notice: &Notice) {
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

    /// An active connection is only made once the 150 has left.
    pub(crate) fn dials(&self, wire: &Wire) {
        let announced = wire.replies.iter().rev().find(|reply| reply.code == 150).expect("a 150 comes before Connect");
        assert!(announced.end <= wire.credited, "dialled before the 150 has left");
    }

    /// Issued = settled + open, on both sides; and the end is the end.
    pub(crate) fn balance(&self, session: &Session) {
        match session.phase() {
            Phase::Closed(reason) => {
                assert!(self.shut, "a closed session has shut its connection");
                assert_eq!(self.ended, Some(reason));
                assert_eq!(session.open_actions(), 0);
                let stuck = reason == CloseReason::HostStuck;
                assert!(stuck || self.open.is_empty(), "open at the end: {:?}", self.open);
                assert_eq!(session.next_deadline(), None, "a closed session waits for nothing");
            }
            Phase::Open | Phase::Closing => {
                assert!(!self.shut);
                assert_eq!(session.open_actions(), self.open.len(), "open: {:?}", self.open);
            }
        }
    }
}
