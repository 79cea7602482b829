//! What one visit to a session works with.

/// A thread's buffers, and what a session did in this visit.
#[derive(Debug, Default)]
pub struct Visit {
    /// Where bytes are on their way. Nothing in them outlives a step.
    spare: Vec<Box<[u8]>>,
    /// Bytes moved in this visit.
    pub moved: usize,
}

impl Visit {
    /// For a thread's whole life.
    #[must_use]
    pub const fn new() -> Self {
        Self { spare: Vec::new(), moved: 0 }
    }

    /// A buffer for this step.
    pub(super) fn buffer(&mut self) -> &mut [u8] {
        if self.spare.is_empty() {
            self.spare.push(new_buffer());
        }
        self.spare.last_mut().map(|buffer| &mut **buffer).unwrap_or_default()
    }

    /// A buffer to keep, or to send away.
    pub(super) fn lend(&mut self) -> Box<[u8]> {
        self.spare.pop().unwrap_or_else(new_buffer)
    }

    /// One that was lent comes back.
    pub(super) fn give_back(&mut self, buffer: Box<[u8]>) {
        if self.spare.len() < SPARE {
            self.spare.push(buffer);
        }
    }
}

fn new_buffer() -> Box<[u8]> {
    vec![0; BUFFER].into()
}

/// Bytes that one step reads from a socket or a file.
pub(super) const BUFFER: usize = 256 * 1024;
/// Buffers that a thread keeps.
const SPARE: usize = 4;
