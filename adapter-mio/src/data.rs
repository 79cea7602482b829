//! The listeners and data connections of one session, and what is under way on them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ftp_host::adapter::{self, HostSide, Layer, Offload, PROGRESS_EVERY, Range, socket};
use ftp_proto::action::{CloseHow, Ports};
use ftp_proto::outcome::{Closed, Connected, Done, Listening, Moved, Received, Secured};
use ftp_proto::{ActionId, Completion, DataAction, DataId, Failure, FileId, ListenerId, Outcome, Ticket};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Registry, Token};

use crate::operation::{self, Download, Halt, Link, Receiving, Sending, Upload, Visit};
use crate::session::Report;
use crate::watched::Watched;

/// How a session's sockets are told apart by the loop's poll.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) control: Token,
    pub(crate) listeners: Token,
    pub(crate) connections: Token,
}

/// A session's data plane.
#[derive(Debug)]
pub(crate) struct DataPlane {
    local: SocketAddr,
    offload: Offload,
    registry: Arc<Registry>,
    lanes: Lanes,
    listeners: Vec<(ListenerId, Watched<TcpListener>)>,
    links: Vec<(DataId, Link)>,
    running: Vec<Running>,
    reports: Vec<Report>,
}

/// One action under way.
#[derive(Debug)]
struct Running {
    id: ActionId,
    operation: Operation,
    /// What the engine knows that it has moved.
    told: u64,
    /// Not to be told again before this time.
    quiet_until: Instant,
}

#[derive(Debug)]
enum Operation {
    Accept { ticket: Ticket<Connected>, listener: ListenerId, data: DataId },
    Connect { ticket: Ticket<Connected>, data: DataId, peer: SocketAddr },
    Secure(Ticket<Secured>, DataId),
    Send(Ticket<Done>, DataId, Sending),
    Receive(Ticket<Received>, DataId, Receiving),
    Download(Ticket<Moved>, DataId, Download),
    Upload(Ticket<Moved>, DataId, Upload),
    Close(Ticket<Closed>, DataId),
}

impl adapter::DataPlane for DataPlane {
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
                self.begin(ticket.id(), Operation::Send(ticket, data, Sending { rest: bytes, sent: 0 }));
            }
            DataAction::Receive { ticket, data, max } => {
                self.begin(ticket.id(), Operation::Receive(ticket, data, Receiving { max }));
            }
            DataAction::FileToData { ticket, file, data, at, len } => match range(host, file, at, len) {
                Ok(range) => {
                    let download = Download { range, how: self.offload };
                    self.begin(ticket.id(), Operation::Download(ticket, data, download));
                }
                Err(failure) => self.answer(ticket.fail(failure)),
            },
            DataAction::DataToFile { ticket, data, file, at, max } => match range(host, file, at, max) {
                Ok(range) => self.begin(ticket.id(), Operation::Upload(ticket, data, Upload { range })),
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
        let operation = self.running.remove(index).operation;
        match operation {
            // What did not come about has nobody who would close it.
            Operation::Connect { data, .. } => self.drop_link(data),
            // Its end is not to look like one. Where it is gone already, it is closed all the same.
            Operation::Close(_, data) => drop(self.close(data, CloseHow::Abort)),
            _ => {}
        }
        self.answer(operation.fail(Failure::Cancelled));
        true
    }
}

impl DataPlane {
    /// An empty one, for the session whose control connection came in on `local`.
    pub(crate) fn new(local: SocketAddr, offload: Offload, registry: Arc<Registry>, lanes: Lanes) -> Self {
        let (listeners, links, running, reports) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { local, offload, registry, lanes, listeners, links, running, reports }
    }

    /// Remembers what the kernel tells.
    pub(crate) fn note(&self, event: &Event) {
        if event.token() == self.lanes.listeners {
            self.listeners.iter().for_each(|(_, listener)| listener.note(event));
        } else {
            self.links.iter().for_each(|(_, link)| link.connection.note(event));
        }
    }

    /// Takes what there is to tell the engine, in order.
    pub(crate) fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// Goes on with everything that is under way, a step each: whether that led to anything.
    pub(crate) fn step(&mut self, visit: &mut Visit) -> bool {
        let before = (visit.moved, self.reports.len());
        let mut index = 0;
        while index < self.running.len() {
            let Running { id, operation, told, quiet_until } = self.running.remove(index);
            match self.advance(operation, visit) {
                Ok(completion) => self.answer(completion),
                Err(operation) => {
                    let mut running = Running { id, operation, told, quiet_until };
                    self.reports.extend(running.progress());
                    self.running.insert(index, running);
                    index += 1;
                }
            }
        }
        (visit.moved, self.reports.len()) != before
    }

    /// When there will be progress to tell, whatever happens until then.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let untold = self.running.iter().filter(|running| running.operation.moved() != running.told);
        untold.map(|running| running.quiet_until).min()
    }

    /// One step of one operation: its answer, or what is left to do.
    fn advance(&mut self, operation: Operation, visit: &mut Visit) -> Result<Completion, Operation> {
        match operation {
            Operation::Accept { ticket, listener, data } => {
                let result = self.accept(listener, data);
                settle(ticket, result, |ticket| Operation::Accept { ticket, listener, data })
            }
            Operation::Connect { ticket, data, peer } => {
                let result = self
                    .link(data)
                    .and_then(|link| operation::connected(&link.connection))
                    .map(|()| Connected { peer });
                if matches!(result, Err(Halt::Failed(_))) {
                    self.drop_link(data);
                }
                settle(ticket, result, |ticket| Operation::Connect { ticket, data, peer })
            }
            Operation::Secure(ticket, data) => {
                let result = self.link(data).and_then(Link::handshake);
                settle(ticket, result, |ticket| Operation::Secure(ticket, data))
            }
            Operation::Send(ticket, data, mut sending) => {
                let result = self.link(data).and_then(|link| sending.step(link, visit));
                settle(ticket, result, |ticket| Operation::Send(ticket, data, sending))
            }
            Operation::Receive(ticket, data, receiving) => {
                let result = self.link(data).and_then(|link| receiving.step(link, visit));
                settle(ticket, result, |ticket| Operation::Receive(ticket, data, receiving))
            }
            Operation::Download(ticket, data, mut download) => {
                let result = self.link(data).and_then(|link| download.step(link, visit));
                settle(ticket, result, |ticket| Operation::Download(ticket, data, download))
            }
            Operation::Upload(ticket, data, mut upload) => {
                let result = self.link(data).and_then(|link| upload.step(link, visit));
                settle(ticket, result, |ticket| Operation::Upload(ticket, data, upload))
            }
            Operation::Close(ticket, data) => {
                let result = self.link(data).and_then(Link::finish);
                if result != Err(Halt::Later) {
                    self.drop_link(data);
                }
                settle(ticket, result, |ticket| Operation::Close(ticket, data))
            }
        }
    }

    fn listen(&mut self, id: ListenerId, address: SocketAddr, ports: &Ports) -> Result<Listening, Failure> {
        let (listener, address) = socket::listen(socket::scoped(address, self.local), ports)?;
        let listener = TcpListener::from_std(listener);
        let watched = Watched::unopened(&self.registry, self.lanes.listeners, listener);
        self.listeners.push((id, watched.map_err(|_| Failure::NoPort)?));
        Ok(Listening { address })
    }

    fn accept(&mut self, id: ListenerId, data: DataId) -> Result<Connected, Halt> {
        let listener = self.listeners.iter().find(|(listener, _)| *listener == id).map(|(_, listener)| listener);
        let (stream, peer) = operation::accept(listener.ok_or(Halt::Failed(Failure::Io))?)?;
        let connection = socket::prepare(&stream)
            .and_then(|()| Watched::new(&self.registry, self.lanes.connections, stream))
            .map_err(|error| Halt::Failed(socket::failure(&error)))?;
        self.links.push((data, Link::new(connection)));
        Ok(Connected { peer })
    }

    /// Begins to connect: to whom.
    fn dial(&mut self, data: DataId, from: SocketAddr, to: SocketAddr) -> io::Result<SocketAddr> {
        let (from, to) = (socket::scoped(from, self.local), socket::scoped(to, self.local));
        let stream = socket::dial(from, to)?;
        let connection = Watched::unopened(&self.registry, self.lanes.connections, TcpStream::from_std(stream))?;
        self.links.push((data, Link::new(connection)));
        Ok(to)
    }

    fn close(&mut self, data: DataId, how: CloseHow) -> Result<Closed, Failure> {
        let index = self.links.iter().position(|(id, _)| *id == data).ok_or(Failure::Io)?;
        let (_, link) = self.links.swap_remove(index);
        socket::close(&link.connection, how).map(|()| Closed)
    }

    fn link(&mut self, data: DataId) -> Result<&mut Link, Halt> {
        let found = self.links.iter_mut().find(|(id, _)| *id == data);
        found.map(|(_, link)| link).ok_or(Halt::Failed(Failure::Io))
    }

    fn drop_link(&mut self, data: DataId) {
        self.links.retain(|(id, _)| *id != data);
    }

    fn begin(&mut self, id: ActionId, operation: Operation) {
        self.running.push(Running { id, operation, told: 0, quiet_until: Instant::now() + PROGRESS_EVERY });
    }

    fn answer(&mut self, completion: Completion) {
        self.reports.push(Report::Done(completion));
    }
}

impl Running {
    /// How far it is, if there is something to tell and it is time to.
    fn progress(&mut self) -> Option<Report> {
        let bytes = self.operation.moved();
        if bytes == self.told {
            return None;
        }
        let now = Instant::now();
        if now < self.quiet_until {
            return None;
        }
        (self.told, self.quiet_until) = (bytes, now + PROGRESS_EVERY);
        Some(Report::Progress { id: self.id, bytes })
    }
}

impl Operation {
    /// Bytes moved so far.
    fn moved(&self) -> u64 {
        match self {
            Self::Send(_, _, sending) => sending.sent,
            Self::Download(_, _, download) => download.range.moved(),
            Self::Upload(_, _, upload) => upload.range.moved(),
            Self::Accept { .. } | Self::Connect { .. } | Self::Secure(..) | Self::Receive(..) | Self::Close(..) => 0,
        }
    }

    fn fail(self, failure: Failure) -> Completion {
        match self {
            Self::Accept { ticket, .. } | Self::Connect { ticket, .. } => ticket.fail(failure),
            Self::Secure(ticket, _) => ticket.fail(failure),
            Self::Close(ticket, _) => ticket.fail(failure),
            Self::Send(ticket, ..) => ticket.fail(failure),
            Self::Receive(ticket, ..) => ticket.fail(failure),
            Self::Download(ticket, ..) | Self::Upload(ticket, ..) => ticket.fail(failure),
        }
    }
}

/// Answers `ticket`, unless there is more to do.
fn settle<T: Outcome>(
    ticket: Ticket<T>,
    result: Result<T, Halt>,
    unfinished: impl FnOnce(Ticket<T>) -> Operation,
) -> Result<Completion, Operation> {
    match result {
        Ok(outcome) => Ok(ticket.done(outcome)),
        Err(Halt::Failed(failure)) => Ok(ticket.fail(failure)),
        Err(Halt::Later) => Err(unfinished(ticket)),
    }
}

/// A range of an open file of the host's.
fn range(host: &HostSide, file: FileId, at: u64, len: u64) -> Result<Range, Failure> {
    host.range(file, at, len).ok_or(Failure::Io)
}

#[cfg(test)]
mod tests;
