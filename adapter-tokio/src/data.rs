//! The listeners and data connections of one session, and what runs on them.
//!
//! The driver owns everything in here. A wait for a connection is an entry in a list that the driver polls: so a
//! cancelled one is gone at once, and its listener's port is free as soon as that is closed. Everything else that
//! has to wait runs as a task of a [`JoinSet`], which ends with the session.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ftp_host::adapter::{self, HostSide, Layer, Offload, socket};
use ftp_proto::action::{CloseHow, Ports};
use ftp_proto::outcome::{Closed, Connected, Done, Listening, Moved, Received, Secured};
use ftp_proto::{ActionId, Completion, DataAction, DataId, Failure, FileId, ListenerId, Outcome, Ticket};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::guard::{Cancel, Guard, Meter, Progress};
use crate::link::Link;
use crate::mailbox::{Mailbox, Report};
use crate::{offload, secured};

/// A session's data plane.
#[derive(Debug)]
pub(crate) struct DataPlane {
    local: SocketAddr,
    offload: Offload,
    mailbox: Mailbox,
    listeners: Vec<(ListenerId, TcpListener)>,
    accepts: Vec<PendingAccept>,
    links: Vec<(DataId, Arc<Link>)>,
    tasks: JoinSet<()>,
    /// What runs as a task; dropping the sender asks it to end.
    running: Vec<(ActionId, oneshot::Sender<()>)>,
}

#[derive(Debug)]
struct PendingAccept {
    guard: Guard<Connected>,
    action: ActionId,
    listener: ListenerId,
    data: DataId,
}

impl adapter::DataPlane for DataPlane {
    fn run(&mut self, action: DataAction, host: &HostSide) {
        match action {
            DataAction::Listen { ticket, listener, address, ports } => self.listen(ticket, listener, address, &ports),
            DataAction::Accept { ticket, listener, data } => self.accept(ticket, listener, data),
            DataAction::CloseListener(id) => self.listeners.retain(|(listener, _)| *listener != id),
            DataAction::Connect { ticket, data, from, to } => self.connect(ticket, data, from, to),
            // It comes as `secure`.
            DataAction::Secure { ticket, .. } => self.answer(ticket.fail(Failure::Unsupported)),
            DataAction::Send { ticket, data, bytes } => self.send(ticket, data, bytes),
            DataAction::Receive { ticket, data, max } => self.receive(ticket, data, max),
            DataAction::FileToData { ticket, file, data, at, len } => {
                self.file_to_data(ticket, (file, host), data, at, len);
            }
            DataAction::DataToFile { ticket, data, file, at, max } => {
                self.data_to_file(ticket, (file, host), data, at, max);
            }
            DataAction::Close { ticket, data, how } => self.close(ticket, data, how),
        }
    }

    fn secure(&mut self, ticket: Ticket<Secured>, data: DataId, layer: Layer) {
        let Some(link) = self.link(data) else { return self.answer(ticket.fail(Failure::Io)) };
        if !link.cover(layer) {
            return self.answer(ticket.fail(Failure::Tls));
        }
        self.spawn(ticket, |mut cancel, _| async move { secured::handshake(&link, &mut cancel).await });
    }

    fn cancel(&mut self, action: ActionId) -> bool {
        if let Some(index) = self.accepts.iter().position(|accept| accept.action == action) {
            self.accepts.swap_remove(index).guard.settle(Err(Failure::Cancelled));
            return true;
        }
        self.forget(action)
    }
}

impl DataPlane {
    /// An empty one, for the session whose control connection came in on `local`. Answers go to `mailbox`.
    pub(crate) fn new(local: SocketAddr, offload: Offload, mailbox: Mailbox) -> Self {
        Self {
            local,
            offload,
            mailbox,
            listeners: Vec::new(),
            accepts: Vec::new(),
            links: Vec::new(),
            tasks: JoinSet::new(),
            running: Vec::new(),
        }
    }

    /// Takes note that an action was answered.
    pub(crate) fn settled(&mut self, action: ActionId) {
        self.forget(action);
        while self.tasks.try_join_next().is_some() {}
    }

    /// Takes in a connection that an action ended in.
    pub(crate) fn adopt(&mut self, data: DataId, stream: TcpStream) {
        self.links.push((data, Arc::new(Link::new(stream))));
    }

    /// Whether a listener waits for a connection.
    pub(crate) fn is_accepting(&self) -> bool {
        !self.accepts.is_empty()
    }

    /// Waits until a connection came in on a listener, and reports it.
    ///
    /// Cancel-safe: a connection is reported in the same poll that takes it.
    pub(crate) async fn accepted(&mut self) {
        std::future::poll_fn(|context| self.poll_accepts(context)).await;
    }

    fn poll_accepts(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for index in 0..self.accepts.len() {
            let Some(accept) = self.accepts.get(index) else { break };
            let listener = self.listeners.iter().find(|(id, _)| *id == accept.listener).map(|(_, listener)| listener);
            let Poll::Ready(result) = poll_accept(listener, context) else { continue };
            let PendingAccept { guard, data, .. } = self.accepts.swap_remove(index);
            connected(guard, data, result);
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn listen(&mut self, ticket: Ticket<Listening>, id: ListenerId, address: IpAddr, ports: &Ports) {
        let address = self.scoped(SocketAddr::new(address, 0));
        let result = socket::listen(address, ports).and_then(|(listener, address)| {
            let listener = TcpListener::from_std(listener).map_err(|_| Failure::NoPort)?;
            self.listeners.push((id, listener));
            Ok(Listening { address })
        });
        self.answer(ticket.settle(result));
    }

    fn accept(&mut self, ticket: Ticket<Connected>, listener: ListenerId, data: DataId) {
        let action = ticket.id();
        let guard = Guard::new(ticket, self.mailbox.clone());
        self.accepts.push(PendingAccept { guard, action, listener, data });
    }

    fn connect(&mut self, ticket: Ticket<Connected>, data: DataId, from: IpAddr, to: SocketAddr) {
        let (from, to) = (self.scoped(SocketAddr::new(from, 0)), self.scoped(to));
        let mut cancel = self.cancellable(ticket.id());
        let guard = Guard::new(ticket, self.mailbox.clone());
        self.tasks.spawn(async move {
            let stream = cancel.or(connect(from, to)).await;
            connected(guard, data, stream.map(|stream| (stream, to)));
        });
    }

    fn send(&mut self, ticket: Ticket<Done>, data: DataId, bytes: bytes::Bytes) {
        let Some(link) = self.link(data) else { return self.answer(ticket.fail(Failure::Io)) };
        // Most of what is sent fits the socket's buffer: then no task is needed.
        let sent = link.plain().map_or(0, |stream| stream.try_write(&bytes).unwrap_or(0));
        if sent == bytes.len() {
            return self.answer(ticket.done(Done));
        }
        self.spawn(ticket, move |mut cancel, meter| async move {
            match link.plain() {
                Some(stream) => offload::send_all(stream, &bytes, sent, &mut cancel, |sent| meter.tell(sent)).await,
                None => secured::send_all(&link, &bytes, &mut cancel, |sent| meter.tell(sent)).await,
            }
        });
    }

    fn receive(&mut self, ticket: Ticket<Received>, data: DataId, max: usize) {
        let Some(link) = self.link(data) else { return self.answer(ticket.fail(Failure::Io)) };
        if let Some(result) = link.plain().and_then(|stream| offload::receive_now(stream, max)) {
            return self.answer(ticket.settle(result));
        }
        self.spawn(ticket, move |mut cancel, _| async move {
            match link.plain() {
                Some(stream) => offload::receive(stream, max, &mut cancel).await,
                None => secured::receive(&link, max, &mut cancel).await,
            }
        });
    }

    fn file_to_data(
        &mut self,
        ticket: Ticket<Moved>,
        (file, host): (FileId, &HostSide),
        data: DataId,
        at: u64,
        len: u64,
    ) {
        let Some((link, range)) = self.link(data).zip(host.range(file, at, len)) else {
            return self.answer(ticket.fail(Failure::Io));
        };
        let how = self.offload;
        self.spawn(ticket, move |mut cancel, meter| async move {
            let progress = |moved| meter.tell(moved);
            match link.plain() {
                Some(stream) => offload::file_to_socket(how, range, stream, &mut cancel, progress).await,
                None => secured::file_to_socket(range, &link, &mut cancel, progress).await,
            }
        });
    }

    fn data_to_file(
        &mut self,
        ticket: Ticket<Moved>,
        (file, host): (FileId, &HostSide),
        data: DataId,
        at: u64,
        max: u64,
    ) {
        let Some((link, range)) = self.link(data).zip(host.range(file, at, max)) else {
            return self.answer(ticket.fail(Failure::Io));
        };
        self.spawn(ticket, move |mut cancel, meter| async move {
            let progress = |moved| meter.tell(moved);
            match link.plain() {
                Some(stream) => offload::socket_to_file(range, stream, &mut cancel, progress).await,
                None => secured::socket_to_file(range, &link, &mut cancel, progress).await,
            }
        });
    }

    fn close(&mut self, ticket: Ticket<Closed>, data: DataId, how: CloseHow) {
        let index = self.links.iter().position(|(id, _)| *id == data);
        let Some((_, link)) = index.map(|index| self.links.swap_remove(index)) else {
            return self.answer(ticket.fail(Failure::Io));
        };
        if how == CloseHow::Abort || link.plain().is_some() {
            let result = socket::close(&*link, how).map(|()| Closed);
            drop(link);
            return self.answer(ticket.settle(result));
        }
        self.spawn(ticket, move |mut cancel, _| async move { secured::close(&link, &mut cancel).await });
    }

    /// Runs `work` as a task that answers `ticket`.
    fn spawn<T, F>(&mut self, ticket: Ticket<T>, work: impl FnOnce(Cancel, Meter) -> F)
    where
        T: Outcome + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let cancel = self.cancellable(ticket.id());
        let progress = Progress::new(ticket.id(), self.mailbox.clone());
        let work = work(cancel, progress.meter());
        let guard = Guard::new(ticket, self.mailbox.clone());
        self.tasks.spawn(async move {
            // The work, and with it its hold on the socket, is gone before the answer is given: a `Close` that
            // follows the answer is the last to hold it.
            let result = progress.tell_while(work).await;
            guard.settle(result);
        });
    }

    fn cancellable(&mut self, action: ActionId) -> Cancel {
        let (stop, cancel) = Cancel::new();
        self.running.push((action, stop));
        cancel
    }

    fn forget(&mut self, action: ActionId) -> bool {
        let index = self.running.iter().position(|(id, _)| *id == action);
        index.map(|index| self.running.swap_remove(index)).is_some()
    }

    fn link(&self, data: DataId) -> Option<Arc<Link>> {
        self.links.iter().find(|(id, _)| *id == data).map(|(_, link)| Arc::clone(link))
    }

    fn answer(&self, completion: Completion) {
        self.mailbox.post(Report::Done(completion));
    }

    fn scoped(&self, address: SocketAddr) -> SocketAddr {
        socket::scoped(address, self.local)
    }
}

/// Connects from `local`'s address (its port is of no meaning) to `peer`.
///
/// Cancel-safe: dropped half-way, nothing is left.
async fn connect(local: SocketAddr, peer: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::from_std(socket::dial(local, peer)?)?;
    stream.writable().await?;
    stream.take_error()?.map_or(Ok(()), Err)?;
    socket::prepare(&stream)?;
    Ok(stream)
}

fn poll_accept(
    listener: Option<&TcpListener>,
    context: &mut Context<'_>,
) -> Poll<Result<(TcpStream, SocketAddr), Failure>> {
    let Some(listener) = listener else { return Poll::Ready(Err(Failure::Io)) };
    loop {
        match ready!(listener.poll_accept(context)) {
            Ok((stream, peer)) => {
                let prepared = socket::prepare(&stream).map_err(|error| socket::failure(&error));
                return Poll::Ready(prepared.map(|()| (stream, socket::canonical(peer))));
            }
            // That one gave up before we came; the next one may be there.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Poll::Ready(Err(socket::failure(&error))),
        }
    }
}

/// Answers `guard` with the connection, and hands that to the driver under the name `data`.
fn connected(guard: Guard<Connected>, data: DataId, result: Result<(TcpStream, SocketAddr), Failure>) {
    match result {
        Ok((stream, peer)) => {
            guard.settle_as(Ok(Connected { peer }), |completion| Report::Connected { data, stream, completion })
        }
        Err(failure) => guard.settle(Err(failure)),
    }
}
