//! What comes in on the control connection: bytes, framed to lines, parsed to commands that wait their turn.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::command::{self, Command, CommandError};
use crate::config::Config;
use crate::line::{Frame, Framer};
use crate::verb::Verb;

/// One line, as it waits: a command, or what is wrong with it.
pub(crate) type Parsed = Result<Command, LineError>;

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineError {
    TooLong,
    Command(CommandError),
}

/// A line that was just framed.
pub(crate) enum Incoming {
    Line(Parsed, usize),
    Refuse([u8; 3]),
}

/// Bytes not framed yet and commands not run yet. Bounded: the session stops asking for bytes while it holds a tail.
pub(crate) struct Inbox {
    framer: Framer,
    /// Wiped when it is dropped: it may hold a password.
    tail: Zeroizing<Vec<u8>>,
    queue: VecDeque<(Parsed, u32)>,
    queued_bytes: usize,
    /// Whether bytes stand behind the line that was framed last.
    more: bool,
}

impl Inbox {
    pub(crate) fn new(line_limit: usize) -> Self {
        Self {
            framer: Framer::new(line_limit),
            tail: Zeroizing::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            more: false,
        }
    }

    /// The next line at the front of `input`.
    pub(crate) fn frame(&mut self, input: &mut &[u8], config: &Config) -> Option<Incoming> {
        self.more = false;
        let frame = self.framer.next(input)?;
        self.more = !input.is_empty();
        Some(match frame {
            Frame::Line(line) => {
                let parsed = match stand_in(line, config) {
                    Some(custom) => Ok(custom),
                    None => command::parse(line).map_err(LineError::Command),
                };
                Incoming::Line(parsed, line.len())
            }
            Frame::TooLong => Incoming::Line(Err(LineError::TooLong), 0),
            Frame::Refuse(bytes) => Incoming::Refuse(bytes),
        })
    }

    /// Keeps bytes that cannot be framed now.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
    }

    pub(crate) fn take_tail(&mut self) -> Zeroizing<Vec<u8>> {
        core::mem::take(&mut self.tail)
    }

    pub(crate) fn has_tail(&self) -> bool {
        !self.tail.is_empty()
    }

    pub(crate) fn push(&mut self, parsed: Parsed, bytes: usize) {
        self.queued_bytes += bytes;
        self.queue.push_back((parsed, u32::try_from(bytes).unwrap_or(u32::MAX)));
    }

    pub(crate) fn pop(&mut self) -> Option<Parsed> {
        let (parsed, bytes) = self.queue.pop_front()?;
        self.queued_bytes -= bytes as usize;
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
        Some(parsed)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// How many commands wait past the bounds of `commands` and `bytes`; `None` while there is room within them.
    pub(crate) fn past(&self, commands: usize, bytes: usize) -> Option<usize> {
        if self.len() < commands && self.queued_bytes < bytes {
            return None;
        }
        let mut held = 0;
        let within = self.queue.iter().take(commands).take_while(|(_, length)| {
            let fits = held < bytes;
            held += *length as usize;
            fits
        });
        Some(self.len() - within.count())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether anything came in behind the line that was taken last: commands, a part of one, or bytes not framed yet.
    pub(crate) fn holds_anything(&self) -> bool {
        self.more || self.has_tail() || !self.is_empty() || self.framer.has_begun_a_line()
    }

    /// Whether this verb, one without an argument, waits.
    pub(crate) fn holds(&self, verb: Verb) -> bool {
        self.queue.iter().any(|(parsed, _)| matches!(parsed, Ok(Command::Bare(waiting)) if *waiting == verb))
    }

    /// Forgets everything and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.framer.reset();
        self.tail = Zeroizing::default();
        self.queue = VecDeque::new();
        self.queued_bytes = 0;
    }
}

impl fmt::Debug for Inbox {
    /// Shows how much is held unframed, not what: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("framer", &self.framer)
            .field("tail", &self.tail.len())
            .field("queue", &self.queue)
            .field("queued_bytes", &self.queued_bytes)
            .field("more", &self.more)
            .finish()
    }
}

/// A custom verb in place of a built-in one that is switched off.
fn stand_in(line: &[u8], config: &Config) -> Option<Command> {
    if config.custom.is_empty() || memchr::memchr2(0, b'\r', line).is_some() {
        return None;
    }
    let (word, argument) = match memchr::memchr(b' ', line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[][..]),
    };
    if Verb::from_word(word).is_none_or(|verb| config.allows(verb)) {
        return None;
    }
    let custom = config.custom.iter().find(|custom| custom.name.as_bytes().eq_ignore_ascii_case(word))?;
    Some(Command::Other { verb: custom.name.as_str().into(), argument: argument.into() })
}
