//! Verbs that the embedding program adds.

use ftp_proto::Failure;
use ftp_proto::action::CustomCommand;
use ftp_proto::outcome::CustomReply;

/// Answers the verbs that were registered with the engine. May block; may be called from several threads at once.
pub trait Commands: Send + Sync {
    /// The reply to `command`.
    ///
    /// # Errors
    /// Any failure; the engine words the reply.
    fn run(&self, command: &CustomCommand) -> Result<CustomReply, Failure>;
}

/// No verbs: all are [`Failure::Unsupported`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCommands;

impl Commands for NoCommands {
    fn run(&self, _: &CustomCommand) -> Result<CustomReply, Failure> {
        Err(Failure::Unsupported)
    }
}

impl<F: Fn(&CustomCommand) -> Result<CustomReply, Failure> + Send + Sync> Commands for F {
    fn run(&self, command: &CustomCommand) -> Result<CustomReply, Failure> {
        self(command)
    }
}
