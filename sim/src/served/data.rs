//! Listeners and data connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::{Buf, Bytes};
use ftp_proto::action::{CloseHow, DataAction, Ports};
use ftp_proto::outcome::{Closed, Connected, DataEnd, Done, Listening, Moved, Received, Secured};
use ftp_proto::{ActionId, Completion, DataId, Failure, FileId, ListenerId, Ticket};

use super::{Answers, Around};
use crate::faults::Fault;
use crate::network::{Dialled, End, Hello, Read};
use crate::scene::Scene;
use crate::storage::SessionKey;
use crate::time::Actor;

#[derive(Debug)]
pub(super) struct DataPlane {
    actor: Actor,
    /// The TLS session of the control connection, which data connections are to resume.
    session: u64,
    listeners: BTreeMap<ListenerId, Listener>,
    dialling: Vec<Dialling>,
    connections: BTreeMap<DataId, Connection>,
    /// Closed in order, but for the farewell of TLS, for which there is no room.
    closing: Vec<Closing>,
}

#[derive(Debug)]
struct Closing {
    ticket: Ticket<Closed>,
    end: End,
}

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    accept: Option<(Ticket<Connected>, DataId)>,
}

#[derive(Debug)]
struct Dialling {
    ticket: Ticket<Connected>,
    data: DataId,
    end: End,
    to: SocketAddr,
}

#[derive(Debug)]
struct Connection {
    end: End,
    jobs: Vec<Job>,
}

/// An action on a data connection, under way.
#[derive(Debug)]
enum Job {
    Secure(Ticket<Secured>),
    Send { ticket: Ticket<Done>, rest: Bytes, sent: u64 },
    Receive(Ticket<Received>, usize),
    FromFile { ticket: Ticket<Moved>, file: FileId, at: u64, len: u64, moved: u64 },
    ToFile { ticket: Ticket<Moved>, file: FileId, at: u64, max: u64, moved: u64 },
}

/// What a look at a job comes to.
enum Look {
    /// It goes on, and nothing happened.
    Waits(Job),
    /// It goes on, and has moved so many bytes in all.
    Moved(Job, u64),
    Ends(Completion),
}

impl Job {
    const fn id(&self) -> ActionId {
        match self {
            Self::Secure(ticket) => ticket.id(),
            Self::Send { ticket, .. } => ticket.id(),
            Self::Receive(ticket, _) => ticket.id(),
            Self::FromFile { ticket, .. } | Self::ToFile { ticket, .. } => ticket.id(),
        }
    }

    fn fail(self, failure: Failure) -> Completion {
        match self {
            Self::Secure(ticket) => ticket.fail(failure),
            Self::Send { ticket, .. } => ticket.fail(failure),
            Self::Receive(ticket, _) => ticket.fail(failure),
            Self::FromFile { ticket, .. } | Self::ToFile { ticket, .. } => ticket.fail(failure),
        }
    }

    /// An offload that was asked to end says how far it has come, if it has.
    fn cancel(self) -> Completion {
        match self {
            Self::FromFile { ticket, moved, .. } | Self::ToFile { ticket, moved, .. } if moved > 0 => {
                ticket.done(Moved { bytes: moved, end: None })
            }
            job => job.fail(Failure::Cancelled),
        }
    }
}

impl DataPlane {
    pub(super) fn new(actor: Actor, session: u64) -> Self {
        let (listeners, connections) = (BTreeMap::new(), BTreeMap::new());
        Self { actor, session, listeners, dialling: Vec::new(), connections, closing: Vec::new() }
    }

    /// What is open, in words; `None` for nothing.
    pub(super) fn left_open(&self) -> Option<String> {
        let Self { listeners, dialling, connections, closing, .. } = self;
        let none = listeners.is_empty() && dialling.is_empty() && connections.is_empty() && closing.is_empty();
        (!none).then(|| format!("listeners {:?}, connections {:?}", listeners.keys(), connections.keys()))
    }

    pub(super) fn drop_all(&mut self, around: &mut Around<'_>) {
        for (_, listener) in std::mem::take(&mut self.listeners) {
            around.network.unlisten(around.scene, listener.address);
        }
        let connections = std::mem::take(&mut self.connections).into_values().map(|connection| connection.end);
        let dialling = std::mem::take(&mut self.dialling).into_iter().map(|dialling| dialling.end);
        let closing = std::mem::take(&mut self.closing).into_iter().map(|closing| closing.end);
        connections.chain(dialling).chain(closing).for_each(|end| around.network.reset(around.scene, end));
    }

    pub(super) fn run(&mut self, around: &mut Around<'_>, action: DataAction, answers: &mut Answers) {
        let now = around.scene.now;
        match action {
            DataAction::Listen { ticket, listener, address, ports } => {
                let answer = self.listen(around, SocketAddr::new(address, 0), &ports).map(|address| {
                    self.listeners.insert(listener, Listener { address, accept: None });
                    Listening { address }
                });
                // Bound on another thread: whatever else happens may come first.
                let at = now + around.scene.latency() / 2;
                answers.push(at, ticket.settle(answer));
            }
            DataAction::Accept { ticket, listener, data } => match self.listeners.get_mut(&listener) {
                Some(it) if it.accept.is_none() => it.accept = Some((ticket, data)),
                _ => {
                    around.violations.push(format!("an Accept on {listener}, which cannot"));
                    answers.push(now, ticket.fail(Failure::Io));
                }
            },
            DataAction::CloseListener(id) => match self.listeners.remove(&id) {
                None => around.violations.push(format!("{id} was closed twice")),
                Some(listener) => {
                    around.network.unlisten(around.scene, listener.address);
                    if let Some((ticket, _)) = listener.accept {
                        around.violations.push(format!("{id} was closed in its Accept"));
                        answers.push(now, ticket.fail(Failure::Cancelled));
                    }
                }
            },
            DataAction::Connect { ticket, data, from, to } => {
                let end = around.network.dial(around.scene, self.actor, SocketAddr::new(from, 20), to);
                self.dialling.push(Dialling { ticket, data, end, to });
            }
            DataAction::Secure { ticket, data, .. } => {
                if let Some(connection) = self.connections.get(&data) {
                    let hello = Hello { session: Some(self.session), ..Hello::default() };
                    around.network.secure(around.scene, connection.end, hello);
                }
                self.begin(around, data, Job::Secure(ticket), answers);
            }
            DataAction::Send { ticket, data, bytes } => {
                self.begin(around, data, Job::Send { ticket, rest: bytes, sent: 0 }, answers);
            }
            DataAction::Receive { ticket, data, max } => self.begin(around, data, Job::Receive(ticket, max), answers),
            DataAction::FileToData { ticket, file, data, at, len } => {
                self.begin(around, data, Job::FromFile { ticket, file, at, len, moved: 0 }, answers);
            }
            DataAction::DataToFile { ticket, data, file, at, max } => {
                self.begin(around, data, Job::ToFile { ticket, file, at, max, moved: 0 }, answers);
            }
            DataAction::Close { ticket, data, how } => self.close(around, ticket, data, how, answers),
        }
    }

    fn listen(&self, around: &mut Around<'_>, address: SocketAddr, ports: &Ports) -> Result<SocketAddr, Failure> {
        let (range, first) = match ports {
            Ports::Any => (20_000..=59_999, 20_000 + around.scene.chance.below(40_000) as u16),
            Ports::Range { range, first } => (range.clone(), *first),
        };
        let candidates = (first..=*range.end()).chain(*range.start()..first);
        let free = candidates.map(|port| SocketAddr::new(address.ip(), port)).find(|at| !around.network.listens(*at));
        let address = free.ok_or(Failure::NoPort)?;
        around.network.listen(around.scene, self.actor, address)?;
        if around.scene.strike(&[Fault::Stranger]).is_some() {
            let stranger = SocketAddr::new([203, 0, 113, 66].into(), 6666);
            let end = around.network.dial(around.scene, Actor::Operator, stranger, address);
            around.network.close(around.scene, end);
        }
        Ok(address)
    }

    fn begin(&mut self, around: &mut Around<'_>, data: DataId, job: Job, answers: &mut Answers) {
        match self.connections.get_mut(&data) {
            Some(connection) => connection.jobs.push(job),
            None => {
                around.violations.push(format!("{:?} on {data}, which is not open", job.id()));
                answers.push(around.scene.now, job.fail(Failure::Reset));
            }
        }
    }

    fn close(
        &mut self,
        around: &mut Around<'_>,
        ticket: Ticket<Closed>,
        data: DataId,
        how: CloseHow,
        answers: &mut Answers,
    ) {
        let Some(connection) = self.connections.remove(&data) else {
            around.violations.push(format!("{data} was closed twice"));
            return answers.push(around.scene.now, ticket.done(Closed));
        };
        if !connection.jobs.is_empty() {
            around.violations.push(format!("{data} was closed with actions open: {:?}", connection.jobs));
        }
        match how {
            CloseHow::Graceful => {
                self.closing.push(Closing { ticket, end: connection.end });
                self.part(around, answers);
            }
            CloseHow::Abort => {
                let at = around.scene.now + around.scene.latency();
                around.network.reset(around.scene, connection.end);
                answers.push(at, ticket.done(Closed));
            }
        }
    }

    /// Ends those connections that are closed in order and can be.
    fn part(&mut self, around: &mut Around<'_>, answers: &mut Answers) {
        for Closing { ticket, end } in std::mem::take(&mut self.closing) {
            let broken = around.network.read(around.scene, end, 0) == Read::Reset;
            let covered = around.network.is_secured(end);
            if covered && !broken && !around.network.has_room(around.scene, end) {
                self.closing.push(Closing { ticket, end });
                continue;
            }
            // The peer may also break it while what was sent last is on its way.
            let breaks = around.scene.strike(&[Fault::Reset]).is_some();
            let broken = broken || breaks;
            if covered {
                around.network.farewell(around.scene, end);
            }
            if breaks {
                around.network.reset(around.scene, end);
            } else {
                around.network.close(around.scene, end);
            }
            let at = around.scene.now + around.scene.latency();
            answers.push(at, if broken { ticket.fail(Failure::Reset) } else { ticket.done(Closed) });
        }
    }

    pub(super) fn cancel(&mut self, around: &mut Around<'_>, id: ActionId) -> Option<Completion> {
        for listener in self.listeners.values_mut() {
            if let Some((ticket, _)) = listener.accept.take_if(|(ticket, _)| ticket.id() == id) {
                return Some(ticket.fail(Failure::Cancelled));
            }
        }
        if let Some(at) = self.dialling.iter().position(|dialling| dialling.ticket.id() == id) {
            let dialling = self.dialling.remove(at);
            around.network.reset(around.scene, dialling.end);
            return Some(dialling.ticket.fail(Failure::Cancelled));
        }
        if let Some(at) = self.closing.iter().position(|closing| closing.ticket.id() == id) {
            let closing = self.closing.remove(at);
            around.network.reset(around.scene, closing.end);
            return Some(closing.ticket.fail(Failure::Cancelled));
        }
        let job = self.connections.values_mut().find_map(|connection| {
            let at = connection.jobs.iter().position(|job| job.id() == id)?;
            Some(connection.jobs.remove(at))
        })?;
        Some(job.cancel())
    }

    /// Does what can be done; ends early where bytes have moved, and says so.
    pub(super) fn advance(
        &mut self,
        around: &mut Around<'_>,
        answers: &mut Answers,
        session: SessionKey,
    ) -> Option<(ActionId, u64)> {
        self.accept(around, answers);
        self.dial(around, answers);
        self.part(around, answers);
        let tls = self.session;
        for connection in self.connections.values_mut() {
            for at in 0..connection.jobs.len() {
                let job = connection.jobs.remove(at);
                let id = job.id();
                match look(around, session, tls, connection.end, job) {
                    Look::Waits(job) => connection.jobs.insert(at, job),
                    Look::Moved(job, bytes) => {
                        connection.jobs.insert(at, job);
                        return Some((id, bytes));
                    }
                    Look::Ends(completion) => {
                        answers.push(around.scene.now, completion);
                        return None;
                    }
                }
            }
        }
        None
    }

    fn accept(&mut self, around: &mut Around<'_>, answers: &mut Answers) {
        for listener in self.listeners.values_mut() {
            let Some((ticket, data)) = listener.accept.take() else { continue };
            match around.network.accept(around.scene, listener.address, self.actor) {
                None => listener.accept = Some((ticket, data)),
                Some((end, peer)) => {
                    self.connections.insert(data, Connection { end, jobs: Vec::new() });
                    answers.push(around.scene.now, ticket.done(Connected { peer }));
                }
            }
        }
    }

    fn dial(&mut self, around: &mut Around<'_>, answers: &mut Answers) {
        for dialling in std::mem::take(&mut self.dialling) {
            match around.network.dialled(around.scene, dialling.end) {
                Dialled::Waiting => self.dialling.push(dialling),
                Dialled::Open => {
                    let Dialling { ticket, data, end, to } = dialling;
                    self.connections.insert(data, Connection { end, jobs: Vec::new() });
                    answers.push(around.scene.now, ticket.done(Connected { peer: to }));
                }
                Dialled::Failed(failure) => {
                    around.network.reset(around.scene, dialling.end);
                    answers.push(around.scene.now, dialling.ticket.fail(failure));
                }
            }
        }
    }
}

fn look(around: &mut Around<'_>, session: SessionKey, tls: u64, end: End, job: Job) -> Look {
    let scene = &mut *around.scene;
    match job {
        Job::Secure(ticket) => match around.network.handshake(scene, end) {
            None => Look::Waits(Job::Secure(ticket)),
            Some(Err(failure)) => Look::Ends(ticket.fail(failure)),
            Some(Ok(hello)) => {
                Look::Ends(ticket.done(Secured { resumed: hello.session == Some(tls), ..Secured::default() }))
            }
        },
        Job::Send { ticket, mut rest, sent } => match around.network.write(scene, end, &rest) {
            Err(failure) => Look::Ends(ticket.fail(failure)),
            Ok(0) if !rest.is_empty() => Look::Waits(Job::Send { ticket, rest, sent }),
            Ok(count) => {
                rest.advance(count);
                let sent = sent + count as u64;
                if rest.is_empty() {
                    Look::Ends(ticket.done(Done))
                } else {
                    Look::Moved(Job::Send { ticket, rest, sent }, sent)
                }
            }
        },
        Job::Receive(ticket, max) => match read(around, end, max) {
            Ok(None) => Look::Waits(Job::Receive(ticket, max)),
            Ok(Some((bytes, end))) => Look::Ends(ticket.done(Received { bytes, end })),
            Err(failure) => Look::Ends(ticket.fail(failure)),
        },
        Job::FromFile { ticket, file, at, len, moved } => {
            let most = usize::try_from(len - moved).unwrap_or(usize::MAX).min(OFFLOAD);
            let bytes = match around.storage.read(session, file, at + moved, most) {
                Ok(bytes) => bytes,
                Err(failure) => return Look::Ends(ticket.fail(failure)),
            };
            if bytes.is_empty() {
                return Look::Ends(ticket.done(Moved { bytes: moved, end: Some(DataEnd::Clean) }));
            }
            match around.network.write(scene, end, &bytes) {
                Err(failure) => Look::Ends(ticket.fail(failure)),
                Ok(0) => Look::Waits(Job::FromFile { ticket, file, at, len, moved }),
                Ok(count) => {
                    let moved = moved + count as u64;
                    if moved == len {
                        return Look::Ends(ticket.done(Moved { bytes: moved, end: None }));
                    }
                    Look::Moved(Job::FromFile { ticket, file, at, len, moved }, moved)
                }
            }
        }
        Job::ToFile { ticket, file, at, max, moved } => {
            let most = usize::try_from(max - moved).unwrap_or(usize::MAX).min(OFFLOAD);
            let (bytes, ended) = match read(around, end, most) {
                Ok(None) => return Look::Waits(Job::ToFile { ticket, file, at, max, moved }),
                Ok(Some(read)) => read,
                Err(failure) => return Look::Ends(ticket.fail(failure)),
            };
            if let Some(failure) = write(around, session, file, at + moved, &bytes) {
                return Look::Ends(ticket.fail(failure));
            }
            let moved = moved + bytes.len() as u64;
            if ended.is_some() || moved == max {
                return Look::Ends(ticket.done(Moved { bytes: moved, end: ended }));
            }
            Look::Moved(Job::ToFile { ticket, file, at, max, moved }, moved)
        }
    }
}

/// Writes a piece of an upload to its file; a fault may leave only a part of it there.
fn write(around: &mut Around<'_>, session: SessionKey, file: FileId, at: u64, bytes: &Bytes) -> Option<Failure> {
    if bytes.is_empty() {
        return None;
    }
    let scene: &mut Scene = around.scene;
    let fault = scene.strike(&[Fault::DiskError, Fault::DiskFull, Fault::DiskTorn]);
    match fault {
        None => around.storage.write(session, file, at, bytes).err(),
        Some(Fault::DiskFull) => Some(Failure::NoSpace),
        Some(Fault::DiskTorn) => {
            let count = scene.chance.part(bytes.len());
            let _ = around.storage.write(session, file, at, bytes.get(..count).unwrap_or_default());
            Some(Failure::Io)
        }
        Some(_) => Some(Failure::Io),
    }
}

type Piece = (Bytes, Option<DataEnd>);

fn read(around: &mut Around<'_>, end: End, max: usize) -> Result<Option<Piece>, Failure> {
    match around.network.read(around.scene, end, max) {
        Read::Bytes(bytes) => Ok(Some((bytes, None))),
        Read::Nothing => Ok(None),
        Read::End(end) => Ok(Some((Bytes::new(), Some(end)))),
        Read::Reset => Err(Failure::Reset),
    }
}

/// Bytes that an offload moves at once.
const OFFLOAD: usize = 64 * 1024;
