//! What happened, as text: kept where somebody wants to read it, and as a digest always, so that two runs can be compared.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::hash::Hasher;

use crate::time::{Actor, Moment};

/// The log of a world.
#[derive(Debug, Default)]
pub(crate) struct Log {
    digest: Fnv,
    lines: Option<VecDeque<String>>,
}

/// FNV-1a: small, fast, and the same everywhere.
#[derive(Debug)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

/// Takes the beginning of a line and refuses the rest, which ends its formatting.
struct Short<W>(W, usize);

impl<W: Write> Write for Short<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = (0..=text.len().min(self.1)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.0.write_str(&text[..end])?;
        self.1 -= end;
        if end < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Write for &mut Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// How much of a line is kept.
const LINE: usize = 400;

/// How many lines are kept: the last.
const LINES: usize = 200_000;

impl Log {
    pub(crate) fn keep(&mut self) {
        self.lines = Some(VecDeque::new());
    }

    pub(crate) fn line(&mut self, at: Moment, who: Actor, what: fmt::Arguments<'_>) {
        self.digest.write_u64(at.0);
        // Cut off is no error.
        let _ = write!(Short(&mut self.digest, LINE), "{who:?} {what}");
        if let Some(lines) = &mut self.lines {
            let secs = format!("{}.{:09}", at.0 / 1_000_000_000, at.0 % 1_000_000_000);
            let mut line = format!("{secs} {who:?} ");
            let _ = write!(Short(&mut line, LINE), "{what}");
            if lines.len() == LINES {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        self.lines.take().unwrap_or_default().into()
    }
}
