//! What is talked to: an adapter in this process, or any server.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ftp_adapter_tokio::{Handle, Offload, Server};
use ftp_host::Host;
use ftp_proto::Notice;
use ftp_proto::config::Config;
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

/// The tokio adapter, on a runtime of its own: at both loopback addresses, and at one for both families.
pub struct TokioTarget {
    runtime: Runtime,
    handle: Handle,
    addresses: Vec<SocketAddr>,
    dual: SocketAddr,
    serving: JoinSet<io::Result<()>>,
}

impl std::fmt::Debug for TokioTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokioTarget").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl TokioTarget {
    /// Starts it on ports that the kernel chooses.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(
        host: Arc<dyn Host>,
        config: Config,
        offload: Offload,
        caps: Caps,
        notices: Notices,
    ) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut numbers = std::collections::HashMap::new();
        let numbered = Mutex::new(move |id| {
            let next = numbers.len() as u64;
            *numbers.entry(id).or_insert(next)
        });
        let server = Server::builder(host)
            .config(config)
            .offload(offload)
            .max_sessions(caps.sessions)
            .max_per_address(caps.per_address)
            .observer(move |session, _, notice| {
                let number = (numbered.lock().unwrap_or_else(PoisonError::into_inner))(session);
                notices.lock().unwrap_or_else(PoisonError::into_inner).push((number, notice.clone()));
            })
            .build();
        let mut serving = JoinSet::new();
        let mut addresses = Vec::new();
        let entered = runtime.enter();
        let mut serve = |listener: TcpListener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            let (server, listener) = (server.clone(), tokio::net::TcpListener::from_std(listener)?);
            serving.spawn(async move { server.serve(listener).await });
            io::Result::Ok(address)
        };
        for family in FAMILIES {
            addresses.push(serve(TcpListener::bind((family, 0))?)?);
        }
        let dual = SocketAddr::new(FAMILIES[0], serve(listen_for_both()?)?.port());
        drop(entered);
        Ok(Self { runtime, handle: server.handle(), addresses, dual, serving })
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
        let found = self.addresses.iter().find(|address| address.is_ipv4() == family.is_ipv4());
        *found.expect("a listener for each family")
    }

    fn dual(&self) -> Option<SocketAddr> {
        Some(self.dual)
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

fn listen_for_both() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, None)?;
    socket.set_only_v6(false)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
    socket.listen(128)?;
    Ok(socket.into())
}
