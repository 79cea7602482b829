//! What a test sees of the sessions of an adapter, and how it cuts them. Not in what is shipped.

use std::fmt;
use std::sync::Arc;

use ftp_proto::{Action, ActionId, Event};

use super::Settings;
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

/// One session's watch, if it has one.
#[derive(Clone)]
pub struct Watcher {
    watch: Option<Arc<dyn Watch>>,
    client: Client,
}

impl Watcher {
    /// The watch of `settings`, for the session with `client`.
    #[must_use]
    pub fn new(settings: &Settings, client: Client) -> Self {
        Self { watch: settings.watch.clone(), client }
    }

    /// Whether to drop the session now: adapters ask at every turn.
    #[must_use]
    pub fn cuts(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.cuts(&self.client))
    }

    /// Lets the watch see `event`, if it is an answer.
    pub(crate) fn show(&self, event: &Event<'_>) {
        if let (Some(watch), Event::Done(completion)) = (&self.watch, event) {
            watch.answered(&self.client, completion.id(), completion.failure().is_some());
        }
    }

    /// Lets the watch see what is run.
    pub(crate) fn shown<F: FnMut(Action)>(&self, mut run: F) -> impl FnMut(Action) + use<F> {
        let Self { watch, client } = self.clone();
        move |action| {
            if let Some(watch) = &watch {
                watch.asked(&client, &action);
            }
            run(action);
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("client", &self.client).finish_non_exhaustive()
    }
}
