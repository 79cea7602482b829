//! The loops of a server: started with the first `serve`, ended with the last.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use ftp_host::adapter::Settings;
use mio::Registry;

use crate::event_loop::EventLoop;
use crate::mailbox::Mailbox;

/// The loops, and how many `serve`s need them.
#[derive(Debug, Default)]
pub(crate) struct Crew(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    needed: usize,
    members: Vec<Member>,
}

/// One loop, seen from outside.
#[derive(Debug)]
struct Member {
    berth: Berth,
    thread: JoinHandle<()>,
}

/// Where a loop takes connections.
#[derive(Debug, Clone)]
pub(crate) struct Berth {
    pub(crate) mailbox: Mailbox,
    pub(crate) registry: Arc<Registry>,
    load: Arc<AtomicUsize>,
}

/// One connection's weight on its loop; dropping it takes it off.
#[derive(Debug)]
pub(crate) struct Load(Arc<AtomicUsize>);

/// The need for the loops; dropping the last one ends them and waits for that.
#[derive(Debug)]
pub(crate) struct Muster<'a> {
    crew: &'a Crew,
    berths: Vec<Berth>,
}

impl Crew {
    /// Starts `count` loops, if there are none yet.
    pub(crate) fn muster(&self, count: usize, settings: &Arc<Settings>) -> io::Result<Muster<'_>> {
        let mut state = self.lock();
        // Whatever fails from here on, the muster ends what was started.
        state.needed += 1;
        let missing = if state.members.is_empty() { count } else { 0 };
        let mut outcome = Ok(());
        for _ in 0..missing {
            match Member::start(settings) {
                Ok(member) => state.members.push(member),
                Err(error) => outcome = Err(error),
            }
        }
        let berths = state.members.iter().map(|member| member.berth.clone()).collect();
        drop(state);
        let muster = Muster { crew: self, berths };
        outcome.map(|()| muster)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    fn start(settings: &Arc<Settings>) -> io::Result<Self> {
        let event_loop = EventLoop::new(Arc::clone(settings))?;
        let berth = event_loop.berth();
        let thread = thread::Builder::new().name("ftp-loop".into()).spawn(move || event_loop.run())?;
        Ok(Self { berth, thread })
    }
}

impl Berth {
    /// That of a new loop.
    pub(crate) fn new(mailbox: Mailbox, registry: Arc<Registry>) -> Self {
        Self { mailbox, registry, load: Arc::default() }
    }

    /// How many connections it has.
    pub(crate) fn weight(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Whether both are one loop's.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.load, &other.load)
    }

    /// Counts one more connection.
    pub(crate) fn load(&self) -> Load {
        self.load.fetch_add(1, Ordering::Relaxed);
        Load(Arc::clone(&self.load))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Muster<'_> {
    /// The loops.
    pub(crate) fn berths(&self) -> &[Berth] {
        &self.berths
    }
}

impl Drop for Muster<'_> {
    fn drop(&mut self) {
        let mut state = self.crew.lock();
        state.needed -= 1;
        let idle = if state.needed == 0 { mem::take(&mut state.members) } else { Vec::new() };
        drop(state);
        idle.iter().for_each(|member| member.berth.mailbox.stop());
        for member in idle {
            // A loop that panicked has dropped its sessions, and there is nobody else to tell.
            let _ = member.thread.join();
        }
    }
}
