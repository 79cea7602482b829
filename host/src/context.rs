//! Where a hook, a verb or a login is called from: which session, of whom, and what the program keeps for it.

use std::sync::OnceLock;

use crate::adapter::SessionId;
use crate::extensions::Extensions;
use crate::host::Client;
use crate::storage::Cancel;

/// What code of the embedding program learns of the session that it is called for.
///
/// This lives in the host and not in the engine: the engine's actions carry plain values, so that a session can be
/// recorded and repeated. What a program keeps cannot; so the engine never sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Who the session is with.
    pub client: Client,
    /// Its name in notices; `None` where the adapter did not tell.
    pub id: Option<SessionId>,
    /// What is kept for the whole server: see [`Pooled::extensions`](crate::Pooled::extensions).
    pub application: &'a Extensions,
    /// What is kept for this session, from its first action to its end. A new login leaves it as it is.
    pub session: &'a Extensions,
    /// The name of the account that is logged in.
    pub login: Option<&'a str>,
    /// Whether the engine asked to end the action early: what takes long looks at it now and then.
    pub cancel: &'a Cancel,
}

impl<'a> Context<'a> {
    /// The context of a session with nobody logged in.
    #[must_use]
    pub const fn new(client: Client, application: &'a Extensions, session: &'a Extensions, cancel: &'a Cancel) -> Self {
        Self { client, id: None, application, session, login: None, cancel }
    }
}

/// The part of a context that stays the same as long as the session.
pub(crate) struct Scope {
    pub(crate) client: Client,
    pub(crate) id: OnceLock<SessionId>,
    pub(crate) extensions: Extensions,
}

impl Scope {
    pub(crate) const fn new(client: Client) -> Self {
        Self { client, id: OnceLock::new(), extensions: Extensions::new() }
    }
}
