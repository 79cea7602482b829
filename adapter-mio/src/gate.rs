//! The thread that serves: it waits until a listener's part is over.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ftp_host::adapter::Register;
use ftp_proto::config::Switch;
use mio::net::TcpListener;

use crate::crew::Muster;
use crate::door::Door;
use crate::mailbox::Mailbox;

/// Wakes the gates of a server: when it is to end, for each connection that left then, and when a listener broke.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
}

impl Bell {
    /// Wakes every gate.
    pub(crate) fn ring(&self) {
        *self.lock() += 1;
        self.heard.notify_all();
    }

    /// Waits until `condition` holds, which only what rings can bring about.
    fn wait(&self, condition: impl Fn() -> bool) {
        // Counted before it is looked at: no ring is missed in between.
        let mut seen = *self.lock();
        while !condition() {
            let mut rung = self.lock();
            while *rung == seen {
                rung = self.heard.wait(rung).unwrap_or_else(PoisonError::into_inner);
            }
            seen = *rung;
        }
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener's gate. The loops let in; dropping the gate closes the listener.
pub(crate) struct Gate<'a> {
    register: &'a Arc<Register<Mailbox>>,
    bell: &'a Arc<Bell>,
    door: Arc<Door>,
    /// Ended last: nobody is cut whose door is open.
    _muster: Muster<'a>,
}

impl<'a> Gate<'a> {
    /// An open one.
    pub(crate) fn new(
        register: &'a Arc<Register<Mailbox>>,
        muster: Muster<'a>,
        bell: &'a Arc<Bell>,
        (listener, implicit_tls): (TcpListener, Switch),
    ) -> Self {
        let (register_, bell_) = (Arc::clone(register), Arc::clone(bell));
        let door = Door::new(listener, register_, muster.berths().to_vec(), bell_, implicit_tls);
        Self { register, bell, door, _muster: muster }
    }

    /// Stays open until the server is to end and the last session has ended; then waits until the last connection is
    /// gone.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.bell.wait(|| self.register.is_drained() || self.door.is_broken());
        self.door.close()?;
        self.bell.wait(|| self.register.is_deserted());
        Ok(())
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        let _ = self.door.close();
    }
}
