//! What is talked to: an adapter in this process, or any server.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ftp_host::adapter::{Observer, Offload, Recording, Watch};
use ftp_host::tls::Tls;
use ftp_host::{Client, Host};
use ftp_proto::Notice;
use ftp_proto::config::{Config, Switch};
use socket2::{Domain, Socket, Type};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::{FAMILIES, PATIENCE};

/// A server that runs.
pub trait Target: Send {
    /// Where it listens, for a family of addresses.
    fn address(&self, family: IpAddr) -> SocketAddr;

    /// An IPv4 address of a socket that listens for both families, where there is one: IPv4 clients are known to it
    /// by addresses of IPv6.
    fn dual(&self) -> Option<SocketAddr> {
        None
    }

    /// Where it listens for clients that begin with TLS, where it does.
    fn implicit(&self, _: IpAddr) -> Option<SocketAddr> {
        None
    }

    /// How many sessions it has now; `None` where nobody can tell.
    fn sessions(&self) -> Option<usize>;

    /// Ends it: transfers may run for `grace`. Returns once it has ended.
    ///
    /// # Errors
    /// When it does not end, or ended by an error.
    fn stop(&mut self, grace: Duration) -> io::Result<()>;
}

/// Any server, which is only talked to.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere(pub SocketAddr);

impl Target for Elsewhere {
    fn address(&self, _: IpAddr) -> SocketAddr {
        self.0
    }

    fn sessions(&self) -> Option<usize> {
        None
    }

    fn stop(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// What was noticed, by session, in order.
pub type Notices = Arc<Mutex<Vec<(u64, Notice)>>>;

/// What an adapter in this process is started with.
#[derive(Clone)]
pub struct Wanted {
    /// Where files and accounts are.
    pub host: Arc<dyn Host>,
    /// The engine's part.
    pub config: Config,
    /// How files are moved.
    pub offload: Offload,
    /// How many sessions.
    pub caps: Caps,
    /// What TLS is run with; it listens for implicit TLS then, too.
    pub tls: Option<Tls>,
    /// Where to put what is noticed.
    pub notices: Notices,
    /// What watches every session and may cut it.
    pub watch: Option<Arc<dyn Watch>>,
    /// Where sessions are recorded. Without one, in the directory that `FTP_RECORD` names, if it names one.
    pub recording: Option<Recording>,
}

/// The recording that `FTP_RECORD` asks for, of whatever a test program does.
fn recording_of_environment() -> io::Result<Option<Recording>> {
    let directory = std::env::var_os("FTP_RECORD");
    directory.map(|directory| Recording::builder(directory).on_fault(|fault| eprintln!("{fault}")).start()).transpose()
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("config", &self.config).field("caps", &self.caps).finish_non_exhaustive()
    }
}

/// Which adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// `ftp-adapter-tokio`.
    Tokio,
    /// `ftp-adapter-mio`.
    Mio,
}

impl Adapter {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Tokio, Self::Mio];

    /// As it is named to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Mio => "mio",
        }
    }

    /// The one that this test program is named for: `NAME_mio` runs the dialogues of `NAME` through mio.
    #[must_use]
    pub fn of_this_program() -> Self {
        let path = std::env::current_exe().unwrap_or_default();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        // Behind the last hyphen is cargo's hash.
        let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
        if name.ends_with("_mio") { Self::Mio } else { Self::Tokio }
    }

    /// Starts a server at both loopback addresses, and at one for both families, on ports that the kernel chooses.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(self, mut wanted: Wanted) -> io::Result<Box<dyn Target>> {
        if wanted.recording.is_none() {
            wanted.recording = recording_of_environment()?;
        }
        Ok(match self {
            Self::Tokio => Box::new(TokioTarget::start(wanted)?),
            Self::Mio => Box::new(MioTarget::start(wanted)?),
        })
    }
}

/// Where a server in this process listens.
#[derive(Debug)]
struct Addresses {
    single: Vec<SocketAddr>,
    implicit: Vec<SocketAddr>,
    dual: SocketAddr,
}

/// Listeners, and whether their clients begin with TLS.
type Listeners = Vec<(TcpListener, Switch)>;

impl Addresses {
    fn listen(tls: Option<&Tls>) -> io::Result<(Listeners, Self)> {
        let mut listeners = Vec::new();
        let mut each = |implicit| {
            FAMILIES
                .into_iter()
                .map(|family| {
                    let listener = TcpListener::bind((family, 0))?;
                    let address = listener.local_addr()?;
                    listeners.push((listener, implicit));
                    Ok(address)
                })
                .collect::<io::Result<Vec<_>>>()
        };
        let single = each(Switch::Off)?;
        let implicit = if tls.is_some() { each(Switch::On)? } else { Vec::new() };
        let both = listen_for_both()?;
        let dual = SocketAddr::new(FAMILIES[0], both.local_addr()?.port());
        listeners.push((both, Switch::Off));
        Ok((listeners, Self { single, implicit, dual }))
    }

    fn of(&self, family: IpAddr) -> SocketAddr {
        of_family(&self.single, family).expect("a listener for each family")
    }
}

fn of_family(addresses: &[SocketAddr], family: IpAddr) -> Option<SocketAddr> {
    addresses.iter().find(|address| address.is_ipv4() == family.is_ipv4()).copied()
}

/// Puts notices where they are wanted, with the sessions numbered in order.
fn observer(notices: Notices) -> Box<Observer> {
    let mut numbers = std::collections::HashMap::new();
    let numbered = Mutex::new(move |id| {
        let next = numbers.len() as u64;
        *numbers.entry(id).or_insert(next)
    });
    Box::new(move |session, _: &Client, notice: &Notice| {
        let number = (numbered.lock().unwrap_or_else(PoisonError::into_inner))(session);
        notices.lock().unwrap_or_else(PoisonError::into_inner).push((number, notice.clone()));
    })
}

/// The tokio adapter, on a runtime of its own.
struct TokioTarget {
    runtime: Runtime,
    handle: ftp_adapter_tokio::Handle,
    addresses: Addresses,
    serving: JoinSet<io::Result<()>>,
}

impl TokioTarget {
    fn start(Wanted { host, config, offload, caps, tls, notices, watch, recording }: Wanted) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut builder = ftp_adapter_tokio::Server::builder(host)
            .config(config)
            .offload(offload)
            .max_sessions(caps.sessions)
            .max_per_address(caps.per_address)
            .observer(observer(notices));
        if let Some(watch) = watch {
            builder = builder.watch(watch);
        }
        if let Some(recording) = recording {
            builder = builder.record(recording);
        }
        let (listeners, addresses) = Addresses::listen(tls.as_ref())?;
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        let server = builder.build();
        let mut serving = JoinSet::new();
        let entered = runtime.enter();
        for (listener, implicit) in listeners {
            listener.set_nonblocking(true)?;
            let (server, listener) = (server.clone(), tokio::net::TcpListener::from_std(listener)?);
            serving.spawn(async move {
                match implicit {
                    Switch::On => server.serve_implicit(listener).await,
                    Switch::Off => server.serve(listener).await,
                }
            });
        }
        drop(entered);
        Ok(Self { runtime, handle: server.handle(), addresses, serving })
    }
}

/// The mio adapter, with a thread for each listener.
struct MioTarget {
    handle: ftp_adapter_mio::Handle,
    addresses: Addresses,
    serving: Vec<Receiver<io::Result<()>>>,
}

impl MioTarget {
    fn start(Wanted { host, config, offload, caps, tls, notices, watch, recording }: Wanted) -> io::Result<Self> {
        let mut builder = ftp_adapter_mio::Server::builder(host)
            .config(config)
            .offload(offload)
            .max_sessions(caps.sessions)
            .max_per_address(caps.per_address)
            .observer(observer(notices))
            .loops(2);
        if let Some(watch) = watch {
            builder = builder.watch(watch);
        }
        if let Some(recording) = recording {
            builder = builder.record(recording);
        }
        let (listeners, addresses) = Addresses::listen(tls.as_ref())?;
        if let Some(tls) = tls {
            builder = builder.tls(tls);
        }
        let server = builder.build();
        let serve = |(listener, implicit)| {
            let server = server.clone();
            let (ended, end) = mpsc::channel();
            thread::spawn(move || {
                ended.send(match implicit {
                    Switch::On => server.serve_implicit(listener),
                    Switch::Off => server.serve(listener),
                })
            });
            end
        };
        let serving = listeners.into_iter().map(serve).collect();
        Ok(Self { handle: server.handle(), addresses, serving })
    }
}

/// How many sessions a server takes.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// In all.
    pub sessions: usize,
    /// From one address.
    pub per_address: usize,
}

impl Target for TokioTarget {
    fn address(&self, family: IpAddr) -> SocketAddr {
        self.addresses.of(family)
    }

    fn dual(&self) -> Option<SocketAddr> {
        Some(self.addresses.dual)
    }

    fn implicit(&self, family: IpAddr) -> Option<SocketAddr> {
        of_family(&self.addresses.implicit, family)
    }

    fn sessions(&self) -> Option<usize> {
        Some(self.handle.sessions())
    }

    fn stop(&mut self, grace: Duration) -> io::Result<()> {
        self.handle.shutdown(grace);
        let Self { runtime, serving, .. } = self;
        runtime.block_on(async {
            while let Some(served) = tokio::time::timeout(grace + PATIENCE, serving.join_next()).await? {
                served.map_err(io::Error::other)??;
            }
            Ok(())
        })
    }
}

impl Target for MioTarget {
    fn address(&self, family: IpAddr) -> SocketAddr {
        self.addresses.of(family)
    }

    fn dual(&self) -> Option<SocketAddr> {
        Some(self.addresses.dual)
    }

    fn implicit(&self, family: IpAddr) -> Option<SocketAddr> {
        of_family(&self.addresses.implicit, family)
    }

    fn sessions(&self) -> Option<usize> {
        Some(self.handle.sessions())
    }

    fn stop(&mut self, grace: Duration) -> io::Result<()> {
        self.handle.shutdown(grace);
        self.serving.drain(..).try_for_each(|end| end.recv_timeout(grace + PATIENCE).map_err(io::Error::other)?)
    }
}

fn listen_for_both() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, None)?;
    socket.set_only_v6(false)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
    socket.listen(128)?;
    Ok(socket.into())
}
