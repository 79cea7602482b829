//! What the replay of a trace must know of a session, and nobody else.

use super::Session;
use crate::failure::Failure;
use crate::id::ActionId;
use crate::ticket::{Answer, Completion};

impl Session {
    /// An answer as it was recorded, for this session.
    pub(crate) fn recalled(&self, id: ActionId, result: Result<Answer, Failure>) -> Completion {
        Completion { id, session: self.ledger.tag(), result }
    }

    /// The same as another session's.
    pub(crate) fn recalled_of_another(&self, id: ActionId, result: Result<Answer, Failure>) -> Completion {
        Completion { id, session: self.ledger.tag().wrapping_add(1), result }
    }

    /// Whether this action waits for its answer.
    pub(crate) fn is_open(&self, id: ActionId) -> bool {
        self.ledger.step_of(id).is_some()
    }

    /// Whether TYPE, STRU or MODE change what is transferred now.
    pub(crate) fn codes_files(&self) -> bool {
        !self.coding().is_identity()
    }
}
