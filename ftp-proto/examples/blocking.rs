//! The engine on threads and blocking sockets: a whole FTP server, and how to bring a runtime of your own.
//!
//! ```text
//! cargo run -p ftp-proto --example blocking -- DIRECTORY 127.0.0.1:2121
//! ```
//!
//! Log in as `demo` with the password `demo`. Nothing but the standard library is used, so everything an adapter has
//! to do is in this file; `blocking/directory.rs` is the storage.
//!
//! ```text
//!  reader thread ──┐                                        ┌──► writer thread (the replies)
//!  writer thread ──┼─ Report ─► session thread ─ Action ────┼──► a thread per data action that may block
//!  data threads  ──┘            (owns the engine)           └──► the storage, in place
//! ```
//!
//! The session's thread is the only one that talks to the engine. It waits on one channel, until the engine's next
//! deadline; each report on the channel is one event. The rules that every adapter follows are marked **rule**.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ftp_proto::action::{CloseHow, Ports};
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::outcome::{Closed, Connected, DataEnd, Done, Listening, Received};
use ftp_proto::server::{Phase, Session};
use ftp_proto::storage::{Account, HashAlgorithms, Permissions};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::verb::Verb;
use ftp_proto::{Action, ActionId, Completion, DataAction, DataId, Event, Failure, HostAction, ListenerId, Ticket};

use self::directory::Directory;

#[path = "blocking/directory.rs"]
mod directory;

/// What the other threads tell the session's thread.
enum Report {
    /// The client sent bytes.
    Input(Vec<u8>),
    /// The kernel took so many bytes of our replies.
    Sent(usize),
    /// The control connection ended.
    Ended(ControlEnd),
    /// An open action moved so many bytes so far.
    Progress(ActionId, u64),
    /// An action ended.
    Done(Completion),
    /// An action ended in a new data connection.
    Connected(DataId, TcpStream, Completion),
}

/// One session: the engine, and all that its actions act on. The two are apart so that running an action cannot
/// re-enter the engine.
struct Driver {
    session: Session,
    began: std::time::Instant,
    reports: Receiver<Report>,
    /// Lets the reader read once more. **Rule:** read only while the engine is interested, or a client could fill the
    /// memory with commands. `None` while the reader has leave already.
    leave: Option<()>,
    reader: Sender<()>,
    world: World,
}

/// What actions act on: the tables from the engine's ids to our resources.
struct World {
    mailbox: Sender<Report>,
    writer: Option<Sender<Bytes>>,
    listeners: HashMap<ListenerId, Arc<TcpListener>>,
    connections: HashMap<DataId, Arc<TcpStream>>,
    /// How to wake the thread that runs an action, so that it ends early.
    alarms: HashMap<ActionId, Box<dyn FnOnce() + Send>>,
    directory: Directory,
}

#[expect(clippy::print_stdout, reason = "whoever starts it wants to know the port")]
fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or_else(|| io::Error::other("usage: blocking DIRECTORY ADDRESS..."))?;
    let mut config = Config::default();
    // **Rule:** what the storage cannot do is switched off, so that FEAT and HELP tell the truth.
    config.hashes = HashAlgorithms::NONE;
    config.disabled = [Verb::Avbl, Verb::Dsiz, Verb::Comb, Verb::Pret].into_iter().collect();
    let config = Arc::new(config);
    let mut listening = Vec::new();
    for address in arguments {
        let listener = TcpListener::bind(address)?;
        println!("listening on {}", listener.local_addr()?);
        let (config, root) = (Arc::clone(&config), root.clone());
        listening.push(thread::spawn(move || serve(&listener, &config, Path::new(&root))));
    }
    // A listener's thread ends only by an error.
    listening.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
}

/// A thread for each session.
fn serve(listener: &TcpListener, config: &Arc<Config>, root: &Path) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept()?;
        // It fails where the client is gone already: then there is no session.
        if let Ok(mut driver) = Driver::new(stream.try_clone()?, Arc::clone(config), Directory::open(root)?) {
            thread::spawn(move || driver.run(&stream, peer));
        }
    }
}

impl Driver {
    fn new(stream: TcpStream, config: Arc<Config>, directory: Directory) -> io::Result<Self> {
        // **Rule:** the seed must be unpredictable; passive ports are drawn from it.
        let mut seed = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut seed)?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = UnixTime { secs: since.as_secs().cast_signed(), nanos: since.subsec_nanos() };

        stream.set_nodelay(true)?;
        let (mailbox, reports) = mpsc::channel();
        let reader = spawn_reader(stream.try_clone()?, mailbox.clone());
        let writer = Some(spawn_writer(stream, mailbox.clone()));
        let world = World {
            mailbox,
            writer,
            listeners: HashMap::new(),
            connections: HashMap::new(),
            alarms: HashMap::new(),
            directory,
        };
        let session = Session::new(config, seed, started);
        Ok(Self { session, began: std::time::Instant::now(), reports, leave: Some(()), reader, world })
    }

    /// The loop that every adapter has: what happened goes in, what is to be done comes out, until the engine says
    /// that the session is closed.
    fn run(&mut self, stream: &TcpStream, peer: SocketAddr) {
        let Ok(local) = stream.local_addr() else { return };
        self.feed(Event::Connected {
            local: canonical(local),
            peer: canonical(peer),
            admission: Admission::Welcome,
            implicit_tls: Switch::Off,
        });
        while !matches!(self.session.phase(), Phase::Closed(_)) {
            // **Rule:** compare the clock in every turn; a busy session has timers too.
            match self.next_deadline() {
                Some(Duration::ZERO) => self.feed(Event::Timeout),
                wait => self.wait(wait),
            }
        }
        // Both threads of the control connection wake up and end; what the data threads still report finds nobody.
        let _ = stream.shutdown(Shutdown::Both);
    }

    /// Waits for a report, but no longer than `wait`.
    fn wait(&mut self, wait: Option<Duration>) {
        if self.session.interest().control && self.leave.take().is_some() {
            let _ = self.reader.send(());
        }
        let report = match wait {
            Some(wait) => self.reports.recv_timeout(wait).ok(),
            None => self.reports.recv().ok(),
        };
        match report {
            None => {}
            Some(Report::Input(bytes)) => {
                self.leave = Some(());
                self.feed(Event::Received(&bytes));
            }
            Some(Report::Sent(bytes)) => self.feed(Event::Sent(bytes)),
            Some(Report::Ended(end)) => self.feed(Event::ControlEnded(end)),
            Some(Report::Progress(id, bytes)) => self.feed(Event::Progress { id, bytes }),
            Some(Report::Done(completion)) => self.finish(completion),
            Some(Report::Connected(data, stream, completion)) => {
                self.world.connections.insert(data, Arc::new(stream));
                self.finish(completion);
            }
        }
    }

    fn finish(&mut self, completion: Completion) {
        self.world.alarms.remove(&completion.id());
        self.feed(Event::Done(completion));
    }

    /// One event in, its actions out. **Rule:** run each action once, in order.
    fn feed(&mut self, event: Event<'_>) {
        match self.session.handle(self.now(), event) {
            Ok(actions) => actions.for_each(|action| self.world.run(action)),
            // A mistake of this file's: nothing changed in the engine, so the session can go on.
            Err(misuse) => eprintln!("misuse: {misuse}"),
        }
    }

    /// How long until the engine wants to hear the time; `None` for ever.
    fn next_deadline(&self) -> Option<Duration> {
        self.session.next_deadline().map(|deadline| deadline.at.since(self.now()))
    }

    /// **Rule:** the engine's time never goes back, so it comes from a monotonic clock.
    fn now(&self) -> Instant {
        Instant::START + self.began.elapsed()
    }
}

impl World {
    fn run(&mut self, action: Action) {
        match action {
            // It cannot fail: a writer that is gone has reported why.
            Action::Write(bytes) => drop(self.writer.as_ref().map(|writer| writer.send(bytes))),
            // Behind the last reply, the writer ends our side of the connection.
            Action::Shutdown => self.writer = None,
            // No TLS is offered, so it is not asked for.
            Action::Secure { ticket, .. } => self.report(ticket.fail(Failure::Unsupported)),
            Action::Unsecure(ticket) => self.report(ticket.fail(Failure::Unsupported)),
            Action::Data(action) => self.run_data(action),
            Action::Host(HostAction::Storage(action)) => {
                // In place: this storage never waits for long. One that does gets a thread or a pool.
                if let Some(completion) = self.directory.run(action) {
                    self.report(completion);
                }
            }
            Action::Host(HostAction::Authenticate { ticket, credentials }) => {
                let known = &*credentials.user == b"demo"
                    && credentials.password.as_ref().is_some_and(|it| it.expose() == b"demo");
                let account = Account::new("demo", Permissions::READ_WRITE);
                self.report(ticket.settle(if known { Ok(account) } else { Err(Failure::LoginIncorrect) }));
            }
            // **Rule:** an action that you do not know how to run is answered all the same.
            Action::Host(other) => drop(other.fail(Failure::Unsupported).map(|completion| self.report(completion))),
            Action::Notify(notice) => eprintln!("{notice:?}"),
            // **Rule:** cancelling is a wish. The action is still answered, by the thread that runs it.
            Action::Cancel(id) => drop(self.alarms.remove(&id).map(|wake| wake())),
        }
    }

    fn run_data(&mut self, action: DataAction) {
        match action {
            DataAction::Listen { ticket, listener, address, ports } => self.listen(ticket, listener, address, &ports),
            DataAction::Accept { ticket, listener, data } => self.accept(ticket, listener, data),
            DataAction::CloseListener(listener) => drop(self.listeners.remove(&listener)),
            DataAction::Connect { ticket, data, to, .. } => spawn(&self.mailbox, move || {
                // The standard library cannot choose the address to connect from; a real adapter binds `from` first.
                match TcpStream::connect_timeout(&to, CONNECT_TIMEOUT) {
                    Ok(stream) => Report::Connected(data, stream, ticket.done(Connected { peer: to })),
                    Err(error) => Report::Done(ticket.fail(socket_failure(&error))),
                }
            }),
            DataAction::Send { ticket, data, bytes } => {
                let mailbox = self.mailbox.clone();
                self.on_connection(ticket, data, move |ticket, stream| {
                    let id = ticket.id();
                    let sent = send(stream, &bytes, |sent| drop(mailbox.send(Report::Progress(id, sent))));
                    ticket.settle(sent.map(|()| Done).map_err(|error| socket_failure(&error)))
                });
            }
            DataAction::Receive { ticket, data, max } => self.on_connection(ticket, data, move |ticket, stream| {
                ticket.settle(receive(stream, max).map_err(|error| socket_failure(&error)))
            }),
            DataAction::Close { ticket, data, how } => {
                let closed = self.connections.remove(&data).ok_or(Failure::Io).and_then(|stream| close(&stream, how));
                self.report(ticket.settle(closed));
            }
            // The storage says that it has no offload, so `FileToData` and `DataToFile` are not asked for.
            other => drop(other.fail(Failure::Unsupported).map(|completion| self.report(completion))),
        }
    }

    fn listen(&mut self, ticket: Ticket<Listening>, id: ListenerId, address: IpAddr, ports: &Ports) {
        let bound = match ports {
            Ports::Any => TcpListener::bind((address, 0)).ok(),
            Ports::Range { range, first } => (*first..=*range.end())
                .chain(*range.start()..*first)
                .find_map(|port| TcpListener::bind((address, port)).ok()),
        };
        let listening = bound.and_then(|listener| {
            let address = listener.local_addr().ok()?;
            self.listeners.insert(id, Arc::new(listener));
            Some(Listening { address })
        });
        self.report(ticket.settle(listening.ok_or(Failure::NoPort)));
    }

    fn accept(&mut self, ticket: Ticket<Connected>, listener: ListenerId, data: DataId) {
        let Some(listener) = self.listeners.get(&listener).cloned() else {
            return self.report(ticket.fail(Failure::Io));
        };
        // Nothing wakes a blocked `accept` but a connection: to cancel it, we connect to ourselves.
        let cancelled = Arc::new(AtomicBool::new(false));
        let (address, cancel) = (listener.local_addr(), Arc::clone(&cancelled));
        self.alarms.insert(
            ticket.id(),
            Box::new(move || {
                cancel.store(true, Ordering::SeqCst);
                drop(address.and_then(TcpStream::connect));
            }),
        );
        spawn(&self.mailbox, move || {
            let accepted = listener.accept();
            // Before the answer, so that the port is free as soon as the engine closes the listener.
            drop(listener);
            match accepted {
                _ if cancelled.load(Ordering::SeqCst) => Report::Done(ticket.fail(Failure::Cancelled)),
                // **Rule:** take whoever comes; the engine judges the address.
                Ok((stream, peer)) => Report::Connected(data, stream, ticket.done(Connected { peer: canonical(peer) })),
                Err(error) => Report::Done(ticket.fail(socket_failure(&error))),
            }
        });
    }

    /// Runs `work`, which may block, on a thread of its own; shutting the socket down wakes it.
    fn on_connection<T: ftp_proto::Outcome + 'static>(
        &mut self,
        ticket: Ticket<T>,
        data: DataId,
        work: impl FnOnce(Ticket<T>, &TcpStream) -> Completion + Send + 'static,
    ) {
        let Some(stream) = self.connections.get(&data).cloned() else {
            return self.report(ticket.fail(Failure::Io));
        };
        let to_cancel = Arc::clone(&stream);
        self.alarms.insert(ticket.id(), Box::new(move || drop(to_cancel.shutdown(Shutdown::Both))));
        spawn(&self.mailbox, move || Report::Done(work(ticket, &stream)));
    }

    /// **Rule:** what is known at once is still an event of its own, behind those that wait already.
    fn report(&self, completion: Completion) {
        // We hold the other end ourselves: it is there as long as the session is.
        let _ = self.mailbox.send(Report::Done(completion));
    }
}

/// Runs `work` on a thread of its own and reports what came of it.
///
/// A real adapter also answers for a thread that panics, with `Failure::Lost`; here the engine's own deadline for each
/// action is relied on.
fn spawn(mailbox: &Sender<Report>, work: impl FnOnce() -> Report + Send + 'static) {
    let mailbox = mailbox.clone();
    thread::spawn(move || mailbox.send(work()));
}

/// Reads the control connection, once for each leave that it gets.
fn spawn_reader(mut stream: TcpStream, mailbox: Sender<Report>) -> Sender<()> {
    let (leave, leaves) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while leaves.recv().is_ok() {
            let report = match stream.read(&mut buffer) {
                Ok(0) => Report::Ended(ControlEnd::Eof),
                Ok(count) => Report::Input(buffer[..count].to_vec()),
                Err(_) => Report::Ended(ControlEnd::Reset),
            };
            let ended = matches!(report, Report::Ended(_));
            if mailbox.send(report).is_err() || ended {
                break;
            }
        }
        // Input that is left unread would turn our close into a reset, which can overtake the last reply.
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
    leave
}

/// Writes the replies, in order. **Rule:** what the kernel took is credited; the engine never has more than a bounded
/// amount unsent, and dials the client only behind its 150.
fn spawn_writer(stream: TcpStream, mailbox: Sender<Report>) -> Sender<Bytes> {
    let (writer, replies) = mpsc::channel::<Bytes>();
    thread::spawn(move || {
        for reply in replies {
            let mut told = 0;
            let sent = send(&stream, &reply, |sent| {
                let _ = mailbox.send(Report::Sent(sent as usize - told));
                told = sent as usize;
            });
            if sent.is_err() {
                let _ = mailbox.send(Report::Ended(ControlEnd::Reset));
                return;
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
    });
    writer
}

/// Sends all of `bytes`; `progress` hears how many are sent so far.
fn send(mut stream: &TcpStream, bytes: &[u8], mut progress: impl FnMut(u64)) -> io::Result<()> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..])? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => sent += count,
        }
        progress(sent as u64);
    }
    Ok(())
}

fn receive(mut stream: &TcpStream, max: usize) -> io::Result<Received> {
    let mut buffer = vec![0; max];
    let count = stream.read(&mut buffer)?;
    buffer.truncate(count);
    Ok(Received { bytes: buffer.into(), end: (count == 0).then_some(DataEnd::Clean) })
}

/// Closes a data connection. An aborted one should end in a reset, which the standard library cannot send.
fn close(stream: &TcpStream, how: CloseHow) -> Result<Closed, Failure> {
    match stream.shutdown(if how == CloseHow::Abort { Shutdown::Both } else { Shutdown::Write }) {
        Err(error) if how == CloseHow::Graceful => Err(socket_failure(&error)),
        Ok(()) | Err(_) => Ok(Closed),
    }
}

/// **Rule:** say of an error what kind it is; the engine makes the reply.
fn socket_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => Failure::Reset,
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Failure::Unreachable,
        _ => Failure::Io,
    }
}

/// An IPv4 client of an IPv6 socket is an IPv4 client.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How long a connection to a client may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
