//! Plaintext on its way to who reads it.

/// Where the plaintext of a step goes: to the reader's buffer, and what has no room there to the rest.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    buffer: &'a mut [u8],
    pub(super) filled: usize,
    over: Vec<u8>,
}

/// Plaintext that had no room in the reader's buffer: less than a record holds.
#[derive(Debug, Default)]
pub(super) struct Rest {
    bytes: Vec<u8>,
    start: usize,
}

impl<'a> Plain<'a> {
    pub(super) fn into(buffer: &'a mut [u8]) -> Self {
        Self { buffer, filled: 0, over: Vec::new() }
    }

    /// With no room at all.
    pub(super) fn none() -> Self {
        Self::into(&mut [])
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let count = copy(bytes, room);
        self.filled += count;
        self.over.extend_from_slice(bytes.get(count..).unwrap_or_default());
    }
}

impl Rest {
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Keeps what was over. Nothing is left of what was over before.
    pub(super) fn keep(&mut self, plain: Plain<'_>) {
        if !plain.over.is_empty() {
            *self = Self { bytes: plain.over, start: 0 };
        }
    }

    /// Moves what there is to `buffer`: how many bytes.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = copy(self.bytes.get(self.start..).unwrap_or_default(), buffer);
        self.start += count;
        if self.start == self.bytes.len() {
            *self = Self::default();
        }
        count
    }
}

/// Copies what there is room for: how many bytes.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..count), to.get_mut(..count)) {
        to.copy_from_slice(from);
    }
    count
}
