//! Whether work waits.

/// Whether something may wait: for a disk, for a network, for a password to be hashed.
///
/// It decides where work is done: what is prompt in place, by whoever asks, and all else on a thread that may wait. A
/// wrong [`Prompt`](Self::Prompt) is paid for by everyone who shares that thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It is done in the time that a memory access or a system call takes.
    Prompt,
    /// It may take any time.
    #[default]
    MayWait,
}
