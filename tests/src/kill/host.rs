//! The host between the adapter and the real one: writes the books, decides fates, and sends answers around.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ftp_host::{Client, Host, HostSession, Pace, ReplyTo, Storage};
use ftp_proto::action::StorageAction;
use ftp_proto::{ActionId, Completion, FileId, HostAction};

use super::books::{Books, Fate};
use super::random::Random;
use super::{PLANNED, Planted};

/// The host in between.
pub(super) struct CountingHost {
    pub(super) books: Arc<Books>,
    pub(super) inner: Arc<dyn Host>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) pump: Pump,
    pub(super) planted: Option<Planted>,
}

struct CountingSession {
    peer: SocketAddr,
    books: Arc<Books>,
    inner: Box<dyn HostSession>,
    storage: Arc<dyn Storage>,
    pump: Pump,
    planted: Option<Planted>,
}

impl Host for CountingHost {
    fn session(&self, client: Client) -> Box<dyn HostSession> {
        self.books.session(client.peer, true);
        Box::new(CountingSession {
            peer: client.peer,
            books: Arc::clone(&self.books),
            inner: self.inner.session(client),
            storage: Arc::clone(&self.storage),
            pump: self.pump.clone(),
            planted: self.planted,
        })
    }
}

impl HostSession for CountingSession {
    fn submit(&mut self, action: HostAction, reply: ReplyTo) -> Option<Completion> {
        let fate = self.books.submit(self.peer, &action);
        if self.planted == Some(Planted::RunsTwice) {
            run_again(&action, &*self.storage);
        }
        let reply = self.counted(reply, self.planted == Some(Planted::DropsAnswer) && is_stat(&action));
        let known = match fate {
            Fate::Run => self.inner.submit(action, reply.clone()),
            Fate::Fail(failure) => action.fail(failure),
            Fate::Panic => {
                // The action is gone with the session that ran it.
                action.id().into_iter().for_each(|id| self.books.answer(self.peer, id, true));
                panic!("{PLANNED}: the host panics");
            }
        };
        let completion = known?;
        if self.pump.delays() || self.planted.is_some() {
            reply.send(completion);
            return None;
        }
        self.books.answer(self.peer, completion.id(), completion.failure().is_some());
        Some(completion)
    }

    fn cancel(&mut self, id: ActionId) {
        self.inner.cancel(id);
    }

    fn pace(&self, id: FileId) -> Pace {
        self.inner.pace(id)
    }

    fn file(&self, id: FileId) -> Option<Arc<File>> {
        self.inner.file(id)
    }
}

impl CountingSession {
    /// Answers come by the books, and by the pump.
    fn counted(&self, reply: ReplyTo, dropped: bool) -> ReplyTo {
        let (peer, books, pump) = (self.peer, Arc::clone(&self.books), self.pump.clone());
        ReplyTo::new(move |completion| {
            if !dropped {
                books.answer(peer, completion.id(), completion.failure().is_some());
                pump.pass(completion, &reply);
            }
        })
    }
}

impl Drop for CountingSession {
    fn drop(&mut self) {
        self.books.session(self.peer, false);
    }
}

fn is_stat(action: &HostAction) -> bool {
    matches!(action, HostAction::Storage(StorageAction::Stat { .. }))
}

/// The planted fault: what an action does is done once more.
fn run_again(action: &HostAction, storage: &dyn Storage) {
    let HostAction::Storage(action) = action else { return };
    let _ = match action {
        StorageAction::Remove { path, .. } => storage.remove(path),
        StorageAction::Rename { from, to, replace, .. } => storage.rename(from, to, *replace),
        StorageAction::Stat { path, .. } => storage.stat(path).map(drop),
        _ => Ok(()),
    };
}

/// Hands answers on at once, or by a thread of its own: later, some together, in another order.
#[derive(Clone)]
pub(super) struct Pump(Arc<Mutex<State>>);

struct State {
    delays: bool,
    send: Sender<(Completion, ReplyTo)>,
}

impl Pump {
    pub(super) fn start(random: Random) -> Self {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || run(&receive, random));
        Self(Arc::new(Mutex::new(State { delays: false, send })))
    }

    pub(super) fn set_delays(&self, delays: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).delays = delays;
    }

    fn delays(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).delays
    }

    fn pass(&self, completion: Completion, reply: &ReplyTo) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.delays {
            // It fails only when the thread has panicked, which shows as an answer that never came.
            drop(state.send.send((completion, reply.clone())));
        } else {
            drop(state);
            reply.send(completion);
        }
    }
}

fn run(receive: &Receiver<(Completion, ReplyTo)>, mut random: Random) {
    while let Ok(first) = receive.recv() {
        let mut held = vec![first];
        for _ in 0..random.below(64) {
            thread::yield_now();
            held.extend(receive.try_recv());
        }
        random.shuffle(&mut held);
        held.into_iter().for_each(|(completion, reply)| reply.send(completion));
    }
}
