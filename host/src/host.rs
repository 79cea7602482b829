//! The primitive that adapters run on: actions in, answers out, nothing waits.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;

use ftp_proto::{ActionId, Completion, FileId, HostAction};

use crate::adapter::SessionId;
use crate::pace::Pace;

/// Who a session is with, before any login.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The client's address.
    pub peer: SocketAddr,
    /// Our address, as the client sees it.
    pub local: SocketAddr,
}

/// The primitive: makes the host's side of each control connection. Completion-based, so that it fits any runtime.
pub trait Host: Send + Sync + 'static {
    /// The host's side of one new session.
    fn session(&self, client: Client) -> Box<dyn HostSession>;
}

/// The host's side of one session: its open files and directories, and whoever is logged in.
///
/// Dropping it closes every file and directory, and discards uploads that were not finished. An adapter drops it only
/// when no write to a [`file`](Self::file) of it is under way any more: a late one would bring back what was discarded.
pub trait HostSession: Send {
    /// Tells which session of the server this is, before anything is submitted. For programs that want to find it in
    /// notices; an adapter of one session need not.
    fn identify(&mut self, id: SessionId) {
        let _ = id;
    }

    /// Begins `action` and returns without waiting. Its one answer is returned where it is known at once; or else it
    /// goes to `reply`: from any thread, at any time, also before this returns.
    #[must_use = "it is the only answer"]
    fn submit(&mut self, action: HostAction, reply: ReplyTo) -> Option<Completion>;

    /// Asks to end an action early. Its answer still comes, once.
    fn cancel(&mut self, id: ActionId) {
        let _ = id;
    }

    /// Whether moving bytes of an open file may wait.
    fn pace(&self, id: FileId) -> Pace {
        let _ = id;
        Pace::MayWait
    }

    /// The open file, when it is one that the kernel can move bytes of (`Opened::offload`).
    fn file(&self, id: FileId) -> Option<Arc<File>>;
}

/// Where answers go: cheap to clone.
#[derive(Clone)]
pub struct ReplyTo(Arc<dyn Fn(Completion) + Send + Sync>);

impl ReplyTo {
    /// Answers are handed to `deliver`, which must not block.
    pub fn new(deliver: impl Fn(Completion) + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Delivers one answer.
    pub fn send(&self, completion: Completion) {
        (self.0)(completion);
    }
}

impl std::fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyTo")
    }
}
