//! What a test sees of the sessions of an adapter, and how it cuts them. Not in what is shipped.

use ftp_proto::{Action, ActionId};

use crate::host::Client;

/// Watches every session of a server. Called on the session's own thread, in order; it must not block.
pub trait Watch: Send + Sync {
    /// The engine asks for `action`, which is run next.
    fn asked(&self, client: &Client, action: &Action);

    /// The engine is told that the action `id` ended, `failed` or not.
    fn answered(&self, client: &Client, id: ActionId, failed: bool);

    /// A turn of the session is about to begin: whether to drop the session, as it is, instead.
    fn cuts(&self, client: &Client) -> bool;
}
