//! What comes in on the control connection: bytes, framed to lines, parsed to commands that wait their turn.

use alloc::boxed::Box;
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
    /// What waits; most sessions have nothing that does, most of the time.
    waiting: Option<Box<Waiting>>,
    /// Whether bytes stand behind the line that was framed last.
    more: bool,
}

/// What came in and waits. Never empty.
#[derive(Default)]
struct Waiting {
    /// Wiped when it is dropped: it may hold a password.
    tail: Zeroizing<Vec<u8>>,
    queue: VecDeque<(Parsed, u32)>,
    queued_bytes: usize,
}

impl Inbox {
    pub(crate) fn new(line_limit: usize) -> Self {
        Self { framer: Framer::new(line_limit), waiting: None, more: false }
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
        if !bytes.is_empty() {
            self.waiting.get_or_insert_default().tail.extend_from_slice(bytes);
        }
    }

    pub(crate) fn take_tail(&mut self) -> Zeroizing<Vec<u8>> {
        let Some(waiting) = &mut self.waiting else { return Zeroizing::default() };
        let tail = core::mem::take(&mut waiting.tail);
        self.give_back();
        tail
    }

    pub(crate) fn has_tail(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.tail.is_empty())
    }

    pub(crate) fn push(&mut self, parsed: Parsed, bytes: usize) {
        let waiting = self.waiting.get_or_insert_default();
        waiting.queued_bytes += bytes;
        waiting.queue.push_back((parsed, u32::try_from(bytes).unwrap_or(u32::MAX)));
    }

    pub(crate) fn pop(&mut self) -> Option<Parsed> {
        let waiting = self.waiting.as_mut()?;
        let (parsed, bytes) = waiting.queue.pop_front()?;
        waiting.queued_bytes -= bytes as usize;
        self.give_back();
        Some(parsed)
    }

    /// Gives the memory back once nothing waits.
    fn give_back(&mut self) {
        self.waiting.take_if(|waiting| waiting.queue.is_empty() && waiting.tail.is_empty());
    }

    /// The commands that wait, and the bytes that each came in.
    fn queue(&self) -> impl ExactSizeIterator<Item = &(Parsed, u32)> {
        self.waiting.as_ref().map(|waiting| waiting.queue.iter()).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue().len()
    }

    /// How many commands wait past the bounds of `commands` and `bytes`; `None` while there is room within them.
    pub(crate) fn past(&self, commands: usize, bytes: usize) -> Option<usize> {
        let waiting = self.waiting.as_ref()?;
        if waiting.queue.len() < commands && waiting.queued_bytes < bytes {
            return None;
        }
        let mut held = 0;
        let within = waiting.queue.iter().take(commands).take_while(|(_, length)| {
            let fits = held < bytes;
            held += *length as usize;
            fits
        });
        Some(waiting.queue.len() - within.count())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether anything came in behind the line that was taken last: commands, a part of one, or bytes not framed yet.
    pub(crate) fn holds_anything(&self) -> bool {
        self.more || self.has_tail() || !self.is_empty() || self.framer.has_begun_a_line()
    }

    /// Whether this verb, one without an argument, waits.
    pub(crate) fn holds(&self, verb: Verb) -> bool {
        self.queue().any(|(parsed, _)| matches!(parsed, Ok(Command::Bare(waiting)) if *waiting == verb))
    }

    /// Forgets everything and gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.framer.reset();
        self.waiting = None;
    }
}

impl fmt::Debug for Inbox {
    /// Shows how much is held unframed, not what: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("framer", &self.framer)
            .field("tail", &self.waiting.as_ref().map_or(0, |waiting| waiting.tail.len()))
            .field("queue", &self.waiting.as_ref().map(|waiting| &waiting.queue))
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
