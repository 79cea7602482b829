//! The transfers that run, as bars on a terminal. Elsewhere, nothing: the log tells of those that ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ftp_host::adapter::SessionId;
use ftp_proto::Notice;
use ftp_proto::notice::TransferKind;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::logging;

/// The bars of all running transfers. Clones show the same ones.
#[derive(Clone)]
pub(crate) struct Transfers(Option<Arc<Screen>>);

struct Screen {
    bars: MultiProgress,
    /// By session: it has one transfer at a time.
    running: Mutex<HashMap<SessionId, ProgressBar>>,
}

impl Transfers {
    /// Bars on standard error.
    pub(crate) fn shown() -> Self {
        Self(Some(Arc::new(Screen { bars: MultiProgress::new(), running: Mutex::default() })))
    }

    /// No bars.
    pub(crate) fn hidden() -> Self {
        Self(None)
    }

    /// Whether there are bars.
    pub(crate) fn are_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Runs `print` while the bars are off the screen.
    pub(crate) fn set_aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(screen) => screen.bars.suspend(print),
            None => print(),
        }
    }

    /// Begins, moves and ends the bar of `session`.
    pub(crate) fn follow(&self, session: SessionId, notice: &Notice) {
        let Some(screen) = &self.0 else { return };
        match notice {
            Notice::TransferStarted { what, path, expected } if *what != TransferKind::Listing => {
                let bar = screen.bars.add(new_bar(*expected));
                bar.set_prefix(logging::name(*what));
                bar.set_message(path.to_string());
                if let Some(stale) = screen.running().insert(session, bar) {
                    stale.finish_and_clear();
                }
            }
            Notice::TransferProgress { bytes } => {
                if let Some(bar) = screen.running().get(&session) {
                    bar.set_position(*bytes);
                }
            }
            Notice::TransferEnded(_) | Notice::Ended(_) => {
                let ended = screen.running().remove(&session);
                if let Some(bar) = ended {
                    bar.finish_and_clear();
                    screen.bars.remove(&bar);
                }
            }
            _ => {}
        }
    }
}

impl Screen {
    /// The bars hold no invariant that a panic elsewhere could have broken.
    fn running(&self) -> MutexGuard<'_, HashMap<SessionId, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bar towards `expected` bytes, or a counter where nobody knows how many will come.
fn new_bar(expected: Option<u64>) -> ProgressBar {
    let (bar, template) = match expected {
        Some(length) => (ProgressBar::new(length), KNOWN),
        None => (ProgressBar::no_length(), UNKNOWN),
    };
    bar.with_style(ProgressStyle::with_template(template).expect("the templates are well formed"))
}

const KNOWN: &str = "{prefix:>8} [{bar:24}] {bytes:>10} of {total_bytes} {bytes_per_sec} {eta} {wide_msg}";
const UNKNOWN: &str = "{prefix:>8} {spinner} {bytes:>10} {bytes_per_sec} {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        let _ = (new_bar(Some(1)), new_bar(None));
    }
}
