//! The host's side of a session, which ends with it, but not before the last write to one of its files.

use std::cell::OnceCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use ftp_proto::FileId;

use super::Range;
use crate::host::HostSession;

/// The host's side of one session.
///
/// A write on a blocking thread cannot be called back. Where the session is dropped meanwhile, the host is not to
/// discard the upload before that write has landed: it would bring back what was discarded, or destroy what someone
/// else has put there since. So whatever moves bytes of a file holds on to the host's side, and the last one drops it.
pub struct HostSide {
    /// Empty only while this is dropped.
    session: Option<Box<dyn HostSession>>,
    /// Made for the first file: an idle session has none.
    afterlife: OnceCell<Arc<Afterlife>>,
}

impl fmt::Debug for HostSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostSide").finish_non_exhaustive()
    }
}

/// Holds the host's session once ours is gone.
type Afterlife = Mutex<Option<Box<dyn HostSession>>>;

impl HostSide {
    /// Takes over the host's session.
    #[must_use]
    pub fn new(session: Box<dyn HostSession>) -> Self {
        Self { session: Some(session), afterlife: OnceCell::new() }
    }

    /// A range of an open file, where it is one that the kernel can move bytes of.
    #[must_use]
    pub fn range(&self, file: FileId, at: u64, len: u64) -> Option<Range> {
        Some(self.hold(Range::new(self.file(file)?, at, len)))
    }

    fn hold(&self, range: Range) -> Range {
        range.holding(Arc::clone(self.afterlife.get_or_init(Arc::default)) as _)
    }
}

impl Deref for HostSide {
    type Target = dyn HostSession;

    fn deref(&self) -> &Self::Target {
        &**self.session.as_ref().expect("it is there until the drop")
    }
}

impl DerefMut for HostSide {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut **self.session.as_mut().expect("it is there until the drop")
    }
}

impl Drop for HostSide {
    fn drop(&mut self) {
        // Without one, nothing holds on: the session ends here.
        if let Some(afterlife) = self.afterlife.get() {
            *afterlife.lock().unwrap_or_else(PoisonError::into_inner) = self.session.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::atomic::{AtomicBool, Ordering};

    use ftp_proto::{Completion, HostAction};

    use super::*;
    use crate::host::ReplyTo;

    struct Session(Arc<AtomicBool>);

    impl HostSession for Session {
        fn submit(&mut self, _: HostAction, _: ReplyTo) -> Option<Completion> {
            None
        }

        fn file(&self, _: FileId) -> Option<Arc<File>> {
            None
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_host_outlives_the_session_while_a_file_of_it_is_in_use() {
        let ended = Arc::new(AtomicBool::new(false));
        let side = HostSide::new(Box::new(Session(Arc::clone(&ended))));
        let file = Arc::new(tempfile::tempfile().expect("a file"));
        let first = side.hold(Range::new(file, 0, 1));
        let second = first.clone();
        drop((side, first));
        assert!(!ended.load(Ordering::SeqCst));
        drop(second);
        assert!(ended.load(Ordering::SeqCst));
    }
}
