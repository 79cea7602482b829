//! Verbs that the embedding program adds.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::action::CustomCommand;
use ftp_proto::outcome::CustomReply;

use crate::context::Context;
use crate::storage::{ReadFile, WriteFile};

/// Answers the verbs that were registered with the engine (`Config::custom`): by a reply, or by a file that is then
/// transferred. May block; may be called from several threads at once. Any closure of this shape will do.
///
/// Whether who is logged in may have this is for the verb to decide: see [`Context::login`].
///
/// ```
/// use std::sync::Arc;
///
/// use bytes::Bytes;
/// use ftp_host::{CommandAnswer, Context, MemoryDisk, Pooled, Users};
/// use ftp_proto::Failure;
/// use ftp_proto::action::CustomCommand;
/// use ftp_proto::storage::Permissions;
///
/// let commands = |context: &Context<'_>, command: &CustomCommand| match &*command.verb {
///     "XWHOAMI" => Ok(CommandAnswer::text(context.login.unwrap_or("nobody"))),
///     // Over the data connection, behind a PASV: `SITE REPORT`.
///     "SITE REPORT" => Ok(CommandAnswer::download(Bytes::from_static(b"All is well.\n"))),
///     _ => Err(Failure::Unsupported),
/// };
/// let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::new(MemoryDisk::new()));
/// let host = Pooled::new(Arc::new(users)).commands(Arc::new(commands));
/// # drop(host);
/// ```
pub trait Commands: Send + Sync {
    /// Runs `command`.
    ///
    /// # Errors
    /// Any failure; the engine words the reply.
    fn run(&self, context: &Context<'_>, command: &CustomCommand) -> Result<CommandAnswer, Failure>;
}

/// What a verb of the embedding program comes to.
pub enum CommandAnswer {
    /// A reply.
    Reply(CustomReply),
    /// The content of this file goes to the client over the data connection, as with RETR.
    Download(Box<dyn ReadFile>),
    /// This file gets what the client sends over the data connection, as with STOR: then it is finished, and what that
    /// says is the reply. It is dropped or discarded where the transfer does not come about.
    Upload(Box<dyn WriteFile>),
}

impl CommandAnswer {
    /// A reply of one line. `code` is a final reply code, 200 to 599; another is sent as 451.
    #[must_use]
    pub fn reply(code: u16, text: &str) -> Self {
        Self::Reply(CustomReply { code, lines: vec![text.into()] })
    }

    /// A reply of several lines.
    #[must_use]
    pub fn lines(code: u16, lines: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self::Reply(CustomReply { code, lines: lines.into_iter().map(Into::into).collect() })
    }

    /// A 200 reply of one line.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::reply(200, text)
    }

    /// Sends a file, or bytes that are at hand.
    #[must_use]
    pub fn download(file: impl ReadFile + 'static) -> Self {
        Self::Download(Box::new(file))
    }

    /// Takes a file in.
    #[must_use]
    pub fn upload(file: impl WriteFile + 'static) -> Self {
        Self::Upload(Box::new(file))
    }
}

impl From<CustomReply> for CommandAnswer {
    fn from(reply: CustomReply) -> Self {
        Self::Reply(reply)
    }
}

impl fmt::Debug for CommandAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(reply) => f.debug_tuple("Reply").field(reply).finish(),
            Self::Download(file) => write!(f, "Download({} bytes)", file.size()),
            Self::Upload(_) => f.write_str("Upload"),
        }
    }
}

/// Bytes that are at hand, as a file.
impl ReadFile for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, max: usize) -> Result<Bytes, Failure> {
        let from = usize::try_from(at).map_or(self.len(), |at| at.min(self.len()));
        let to = from.saturating_add(max).min(self.len());
        Ok(self.slice(from..to))
    }
}

/// No verbs: all are [`Failure::Unsupported`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCommands;

impl Commands for NoCommands {
    fn run(&self, _: &Context<'_>, _: &CustomCommand) -> Result<CommandAnswer, Failure> {
        Err(Failure::Unsupported)
    }
}

impl<F> Commands for F
where
    F: Fn(&Context<'_>, &CustomCommand) -> Result<CommandAnswer, Failure> + Send + Sync,
{
    fn run(&self, context: &Context<'_>, command: &CustomCommand) -> Result<CommandAnswer, Failure> {
        self(context, command)
    }
}
