//! Where connections come in: one listener, waited on by the thread that serves it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use ftp_host::adapter::Register;
use ftp_host::adapter::socket::{AcceptFault, Pause};
use ftp_proto::config::Switch;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::crew::Muster;
use crate::mailbox::{Arrival, Mailbox};

/// Wakes the gates of a server: when it is to end, and then for each connection that left.
#[derive(Debug, Default)]
pub(crate) struct Bell(Mutex<Vec<Weak<Waker>>>);

impl Bell {
    /// Wakes every gate that is still there.
    pub(crate) fn ring(&self) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|waker| {
            let gate = waker.upgrade();
            // One that cannot be woken, for lack of memory, looks again in a while.
            let _ = gate.as_ref().map(|waker| waker.wake());
            gate.is_some()
        });
    }

    fn hang(&self, waker: &Arc<Waker>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(waker));
    }
}

/// One listener and the way in behind it.
pub(crate) struct Gate<'a> {
    poll: Poll,
    _waker: Arc<Waker>,
    register: &'a Arc<Register<Mailbox>>,
    muster: Muster<'a>,
    implicit_tls: Switch,
}

impl<'a> Gate<'a> {
    /// A closed one.
    pub(crate) fn new(
        register: &'a Arc<Register<Mailbox>>,
        muster: Muster<'a>,
        bell: &Bell,
        implicit_tls: Switch,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), BELL)?);
        bell.hang(&waker);
        Ok(Self { poll, _waker: waker, register, muster, implicit_tls })
    }

    /// Lets connections in until the server is to end and the last session has ended; then waits until the last
    /// connection is gone.
    pub(crate) fn keep(mut self, mut listener: TcpListener) -> io::Result<()> {
        let mut events = Events::with_capacity(8);
        self.poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let mut pause = Pause::FIRST;
        while !self.register.is_drained() {
            let again = match self.let_in(&listener) {
                Ok(()) => {
                    pause = Pause::FIRST;
                    None
                }
                Err(AcceptFault::Listener) => return Err(ErrorKind::InvalidInput.into()),
                Err(AcceptFault::Peer | AcceptFault::Shortage) => Some(Instant::now() + pause.take()),
            };
            self.wait(&mut events, again)?;
        }
        drop(listener);
        while !self.register.is_deserted() {
            self.wait(&mut events, None)?;
        }
        Ok(())
    }

    /// Lets in who waits now.
    fn let_in(&self, listener: &TcpListener) -> Result<(), AcceptFault> {
        loop {
            match listener.accept() {
                Ok((stream, peer)) => self.hand_over(stream, peer),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => match AcceptFault::of(&error) {
                    AcceptFault::Peer => {}
                    fault @ (AcceptFault::Shortage | AcceptFault::Listener) => return Err(fault),
                },
            }
        }
    }

    /// Gives a connection to a loop, or drops it where there is no room even to say so.
    fn hand_over(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(berth) = self.muster.least_loaded() else { return };
        let Some((permit, admission)) = self.register.admit(peer, berth.mailbox.clone()) else { return };
        let implicit_tls = self.implicit_tls;
        let arrival = Arrival { stream, peer, permit, admission, implicit_tls };
        berth.mailbox.welcome(arrival, berth.load());
    }

    /// Waits for the next connection or the bell, or until `until`.
    fn wait(&mut self, events: &mut Events, until: Option<Instant>) -> io::Result<()> {
        let left = until.map_or(A_WHILE, |until| until.saturating_duration_since(Instant::now()));
        match self.poll.poll(events, Some(left)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

const LISTENER: Token = Token(0);
const BELL: Token = Token(1);
/// How often to look without being told.
const A_WHILE: Duration = Duration::from_secs(60);
