//! The data plane of one session: its listeners and data connections, and what is under way on them.
//!
//! One piece of code for every runtime, which only has to watch [`Sockets`]. Nothing in here waits: a [`step`](Plane::step)
//! does what can be done now, and [`awaited`](Plane::awaited) says what may bring more.
//!
//! ```text
//! DataAction ──► Plane ── step ──► operation ──► socket ◄─► memory
//!                  │                   │        socket ◄─► file, by the kernel or through the visit's buffer
//! Report     ◄─────┘                   └─ errand ──► a thread that may wait for the disk, where there is one
//! ```

mod download;
mod errand;
mod link;
mod memory;
mod operation;
#[cfg(not(target_os = "linux"))]
#[path = "no_pipe.rs"]
mod pipe;
#[cfg(target_os = "linux")]
mod pipe;
mod sockets;
mod upload;
mod visit;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Instant;

use ftp_proto::action::{CloseHow, Ports};
use ftp_proto::outcome::{Closed, Connected, Listening, Secured};
use ftp_proto::{ActionId, Completion, DataAction, DataId, Failure, FileId, ListenerId, Ticket};

use self::download::Download;
use self::errand::Work;
use self::link::{Link, Stop};
use self::memory::{Receiving, Sending};
use self::operation::{Operation, Running, WaitsFor, settle};
use self::pipe::Pipe;
use self::upload::Upload;
use super::{DataPlane, Halt, HostSide, Layer, Offload, Range, socket};
use crate::Pace;

pub use self::errand::Errand;
pub use self::sockets::{Awaited, Away, Connection, Sockets};
pub use self::visit::Visit;

/// A session's data plane.
#[derive(Debug)]
pub struct Plane<S: Sockets> {
    local: SocketAddr,
    offload: Offload,
    sockets: S,
    listeners: Vec<(ListenerId, S::Listener)>,
    links: Vec<(DataId, Link<S::Connection>)>,
    running: Vec<Running<S::Away>>,
    reports: Vec<Report>,
}

/// What the engine is to be told.
#[derive(Debug)]
pub enum Report {
    /// An action ended.
    Done(Completion),
    /// An open action has moved `bytes` bytes in all.
    Progress {
        /// The action.
        id: ActionId,
        /// All that it has moved.
        bytes: u64,
    },
}

impl<S: Sockets> DataPlane for Plane<S> {
    fn run(&mut self, action: DataAction, host: &HostSide) {
        match action {
            DataAction::Listen { ticket, listener, address, ports } => {
                let result = self.listen(listener, SocketAddr::new(address, 0), &ports);
                self.answer(ticket.settle(result));
            }
            DataAction::Accept { ticket, listener, data } => {
                self.begin(ticket.id(), Operation::Accept { ticket, listener, data });
            }
            DataAction::CloseListener(id) => self.listeners.retain(|(listener, _)| *listener != id),
            DataAction::Connect { ticket, data, from, to } => match self.dial(data, SocketAddr::new(from, 0), to) {
                Ok(peer) => self.begin(ticket.id(), Operation::Connect { ticket, data, peer }),
                Err(error) => self.answer(ticket.fail(socket::failure(&error))),
            },
            // It comes as `secure`.
            DataAction::Secure { ticket, .. } => self.answer(ticket.fail(Failure::Unsupported)),
            DataAction::Send { ticket, data, bytes } => {
                self.begin(ticket.id(), Operation::Send(ticket, data, Sending::new(bytes)));
            }
            DataAction::Receive { ticket, data, max } => {
                self.begin(ticket.id(), Operation::Receive(ticket, data, Receiving { max }));
            }
            DataAction::FileToData { ticket, file, data, at, len } => match self.range(host, file, at, len) {
                Ok((range, pace)) => {
                    let download = Download::new(range, self.offload, pace);
                    self.begin(ticket.id(), Operation::Download(ticket, data, download));
                }
                Err(failure) => self.answer(ticket.fail(failure)),
            },
            DataAction::DataToFile { ticket, data, file, at, max } => match self.range(host, file, at, max) {
                Ok((range, pace)) => {
                    let upload = Upload::new(range, self.offload, pace);
                    self.begin(ticket.id(), Operation::Upload(ticket, data, upload));
                }
                Err(failure) => self.answer(ticket.fail(failure)),
            },
            DataAction::Close { ticket, data, how } => {
                let waits = how == CloseHow::Graceful && self.link(data).is_ok_and(|link| link.is_covered());
                if waits {
                    return self.begin(ticket.id(), Operation::Close(ticket, data));
                }
                let result = self.close(data, how);
                self.answer(ticket.settle(result));
            }
        }
    }

    fn secure(&mut self, ticket: Ticket<Secured>, data: DataId, layer: Layer) {
        let covered = self.link(data).is_ok_and(|link| link.cover(layer));
        if covered {
            self.begin(ticket.id(), Operation::Secure(ticket, data));
        } else {
            self.answer(ticket.fail(Failure::Tls));
        }
    }

    fn cancel(&mut self, action: ActionId) -> bool {
        let Some(index) = self.running.iter().position(|running| running.id == action) else { return false };
        if let Some(running) = self.running.get_mut(index)
            && running.operation.is_writing()
        {
            // The file has to be at rest when the answer comes.
            running.is_cancelled = true;
            if let Operation::Upload(_, data, _) = running.operation
                && let Ok(link) = find(&mut self.links, data)
            {
                link.recall();
            }
            return true;
        }
        let operation = self.running.remove(index).operation;
        self.give_up(operation);
        true
    }
}

impl<S: Sockets> Plane<S> {
    /// An empty one, for the session whose control connection came in on `local`.
    pub fn new(local: SocketAddr, offload: Offload, sockets: S) -> Self {
        let (listeners, links, running, reports) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { local, offload, sockets, listeners, links, running, reports }
    }

    /// The listeners.
    pub fn listeners(&self) -> impl Iterator<Item = &S::Listener> {
        self.listeners.iter().map(|(_, listener)| listener)
    }

    /// The data connections.
    pub fn connections(&self) -> impl Iterator<Item = &S::Connection> {
        self.links.iter().map(|(_, link)| &link.connection)
    }

    /// The runtime's way with sockets.
    pub fn sockets(&self) -> &S {
        &self.sockets
    }

    /// Shows `look` everything that the operations wait for.
    pub fn awaited(&mut self, mut look: impl FnMut(Awaited<'_, S>)) {
        let Self { listeners, links, running, .. } = self;
        for running in running {
            match running.operation.waits_for() {
                WaitsFor::Listener(id) => {
                    let found = listeners.iter_mut().find(|(listener, _)| *listener == id);
                    found.into_iter().for_each(|(_, listener)| look(Awaited::Listener(listener)));
                }
                WaitsFor::Link(id) => {
                    let found = links.iter_mut().find(|(data, _)| *data == id);
                    found.into_iter().for_each(|(_, link)| look(Awaited::Connection(&mut link.connection)));
                }
                WaitsFor::Errand(away) => look(Awaited::Errand(away)),
            }
        }
    }

    /// Takes what there is to tell the engine, in order.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Goes on with everything that is under way, a step each: whether that led to anything.
    pub fn step(&mut self, visit: &mut Visit) -> bool {
        let before = (visit.moved, self.reports.len());
        let mut index = 0;
        while index < self.running.len() {
            let mut running = self.running.remove(index);
            match self.advance(running.operation, running.is_cancelled, visit) {
                Ok(completion) => self.answer(completion),
                Err(operation) => {
                    running.operation = operation;
                    self.reports.extend(running.progress());
                    self.running.insert(index, running);
                    index += 1;
                }
            }
        }
        (visit.moved, self.reports.len()) != before
    }

    /// When there will be progress to tell, whatever happens until then.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.running.iter().filter_map(Running::deadline).min()
    }

    /// One step of one operation: its answer, or what is left to do.
    fn advance(
        &mut self,
        operation: Operation<S::Away>,
        is_cancelled: bool,
        visit: &mut Visit,
    ) -> Result<Completion, Operation<S::Away>> {
        match operation {
            Operation::Upload(ticket, data, mut upload) if is_cancelled || upload.is_writing() => {
                // Whatever has become of the connection: the file has to be at rest before this is answered.
                let landed = upload.land(self.link(data).ok(), visit);
                if is_cancelled && landed != Err(Halt::Later) {
                    return Ok(ticket.fail(Failure::Cancelled));
                }
                let result = landed.and_then(|()| upload.outcome());
                settle(ticket, result, |ticket| Operation::Upload(ticket, data, upload))
            }
            Operation::Accept { ticket, listener, data } => {
                let result = self.accept(listener, data);
                settle(ticket, result, |ticket| Operation::Accept { ticket, listener, data })
            }
            Operation::Connect { ticket, data, peer } => {
                let result = self.resume(data).and_then(|link| link.connected()).map(|()| Connected { peer });
                if matches!(result, Err(Halt::Failed(_))) {
                    self.drop_link(data);
                }
                settle(ticket, result, |ticket| Operation::Connect { ticket, data, peer })
            }
            Operation::Secure(ticket, data) => {
                let result = self.resume(data).and_then(Link::handshake);
                settle(ticket, result, |ticket| Operation::Secure(ticket, data))
            }
            Operation::Send(ticket, data, mut sending) => {
                let result = self.resume(data).and_then(|link| sending.step(link, visit));
                settle(ticket, result, |ticket| Operation::Send(ticket, data, sending))
            }
            Operation::Receive(ticket, data, receiving) => {
                let result = self.resume(data).and_then(|link| receiving.step(link, visit));
                settle(ticket, result, |ticket| Operation::Receive(ticket, data, receiving))
            }
            Operation::Download(ticket, data, mut download) => {
                let Self { links, sockets, .. } = self;
                let result = resume(links, data).and_then(|link| download.step(link, sockets, visit));
                settle(ticket, result, |ticket| Operation::Download(ticket, data, download))
            }
            Operation::Upload(ticket, data, mut upload) => {
                let Self { links, sockets, .. } = self;
                let result = resume(links, data).and_then(|link| upload.step(link, sockets, visit));
                settle(ticket, result, |ticket| Operation::Upload(ticket, data, upload))
            }
            Operation::Close(ticket, data) => {
                let result = self.resume(data).and_then(Link::finish);
                if result != Err(Halt::Later) {
                    self.drop_link(data);
                }
                settle(ticket, result, |ticket| Operation::Close(ticket, data))
            }
        }
    }

    /// Ends an operation before its time.
    fn give_up(&mut self, operation: Operation<S::Away>) {
        match operation {
            // What did not come about has nobody who would close it.
            Operation::Connect { data, .. } => self.drop_link(data),
            // Its end is not to look like one. Where it is gone already, it is closed all the same.
            Operation::Close(_, data) => drop(self.close(data, CloseHow::Abort)),
            _ => {}
        }
        self.answer(operation.fail(Failure::Cancelled));
    }

    fn listen(&mut self, id: ListenerId, address: SocketAddr, ports: &Ports) -> Result<Listening, Failure> {
        let (listener, address) = socket::listen(socket::scoped(address, self.local), ports)?;
        let listener = self.sockets.listener(listener).map_err(|_| Failure::NoPort)?;
        self.listeners.push((id, listener));
        Ok(Listening { address })
    }

    fn accept(&mut self, id: ListenerId, data: DataId) -> Result<Connected, Halt> {
        let listener = self.listeners.iter().find(|(listener, _)| *listener == id).map(|(_, listener)| listener);
        let listener = listener.ok_or(Halt::Failed(Failure::Io))?;
        loop {
            match self.sockets.accept(listener) {
                Ok((connection, peer)) => {
                    self.links.push((data, Link::new(connection)));
                    return Ok(Connected { peer: socket::canonical(peer) });
                }
                // That one gave up before we came; the next one may be there.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(halt(error)),
            }
        }
    }

    /// Begins to connect: to whom.
    fn dial(&mut self, data: DataId, from: SocketAddr, to: SocketAddr) -> io::Result<SocketAddr> {
        let (from, to) = (socket::scoped(from, self.local), socket::scoped(to, self.local));
        let connection = self.sockets.connection(socket::dial(from, to)?)?;
        self.links.push((data, Link::new(connection)));
        Ok(to)
    }

    fn close(&mut self, data: DataId, how: CloseHow) -> Result<Closed, Failure> {
        let index = self.links.iter().position(|(id, _)| *id == data).ok_or(Failure::Io)?;
        let (_, link) = self.links.swap_remove(index);
        link.close(how)
    }

    fn link(&mut self, data: DataId) -> Result<&mut Link<S::Connection>, Halt> {
        find(&mut self.links, data)
    }

    /// The same, for the next step on it.
    fn resume(&mut self, data: DataId) -> Result<&mut Link<S::Connection>, Halt> {
        resume(&mut self.links, data)
    }

    fn drop_link(&mut self, data: DataId) {
        self.links.retain(|(id, _)| *id != data);
    }

    /// A range of an open file of the host's, and whether moving it may wait.
    fn range(&self, host: &HostSide, file: FileId, at: u64, len: u64) -> Result<(Range, Pace), Failure> {
        let range = host.range(file, at, len).ok_or(Failure::Io)?;
        Ok((range, self.sockets.pace(host.pace(file))))
    }

    fn begin(&mut self, id: ActionId, operation: Operation<S::Away>) {
        self.running.push(Running::new(id, operation));
    }

    fn answer(&mut self, completion: Completion) {
        self.reports.push(Report::Done(completion));
    }
}

type Links<C> = Vec<(DataId, Link<C>)>;

fn find<C>(links: &mut Links<C>, data: DataId) -> Result<&mut Link<C>, Halt> {
    let found = links.iter_mut().find(|(id, _)| *id == data);
    found.map(|(_, link)| link).ok_or(Halt::Failed(Failure::Io))
}

fn resume<C: Connection>(links: &mut Links<C>, data: DataId) -> Result<&mut Link<C>, Halt> {
    let link = find(links, data)?;
    link.connection.begin();
    Ok(link)
}

fn halt(error: io::Error) -> Halt {
    if error.kind() == ErrorKind::WouldBlock { Halt::Later } else { Halt::Failed(socket::failure(&error)) }
}

#[cfg(test)]
mod tests;
