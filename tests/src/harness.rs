//! A server for one test: started with what the test needs, ended and looked over when the test is done.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use ftp_host::adapter::{Offload, Recording};
use ftp_host::tls::{Identity, Tls};
use ftp_host::{Host, Inline, LocalDisk, MemoryDisk, Password, Pooled, Storage, Upload, Users};
use ftp_proto::config::{Config, Switch};
use ftp_proto::storage::{FinishHow, Permissions, Replace, WriteMode};
use ftp_proto::{Notice, VirtualPath};
use tempfile::TempDir;

use crate::meddler::Meddler;
use crate::target::{Adapter, Caps, Notices, Target, Wanted};
use crate::wire::Wire;
use crate::{Credential, FAMILIES, Security, eventually};

/// Where a server's files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// In a directory of their own, removed at the end; served by a pool of threads.
    Disk,
    /// In memory, with room for so many bytes; served in place.
    Memory(u64),
}

/// What a server is to be like.
pub struct Setup {
    adapter: Adapter,
    config: Config,
    offload: Offload,
    files: Files,
    caps: Caps,
    tls: Option<Tls>,
    security: Security,
    recording: Option<Recording>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("config", &self.config).field("files", &self.files).finish_non_exhaustive()
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// The [adapter of this program](Adapter::of_this_program), the local disk, offloads by the kernel, no delay after
    /// failed logins.
    #[must_use]
    pub fn new() -> Self {
        let mut config = Config::default();
        config.timeouts.login_delay = Duration::ZERO;
        let caps = Caps { sessions: 1000, per_address: 1000 };
        let adapter = Adapter::of_this_program();
        Self {
            adapter,
            config,
            offload: Offload::Kernel,
            files: Files::Disk,
            caps,
            tls: None,
            security: Security::Plain,
            recording: None,
        }
    }

    /// Changes the configuration.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Another adapter than that of this program.
    #[must_use]
    pub fn adapter(mut self, adapter: Adapter) -> Self {
        self.adapter = adapter;
        self
    }

    /// How files are moved.
    #[must_use]
    pub fn offload(mut self, offload: Offload) -> Self {
        self.offload = offload;
        self
    }

    /// Where files are.
    #[must_use]
    pub fn files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// How many sessions it takes, in all and from one address.
    #[must_use]
    pub fn sessions(mut self, sessions: usize, per_address: usize) -> Self {
        self.caps = Caps { sessions, per_address };
        self
    }

    /// Offers TLS, with a certificate that nobody has signed, for `localhost`. Also listens for implicit TLS.
    ///
    /// # Panics
    /// When there is no certificate to be made.
    #[must_use]
    pub fn tls(self) -> Self {
        let tls = Tls::builder(identity(&Credential::self_signed(&["localhost"]))).build();
        self.tls_with(tls.expect("settings that can be used"))
    }

    /// Offers TLS that is run with `tls`. Also listens for implicit TLS.
    #[must_use]
    pub fn tls_with(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self.config.tls.offered = Switch::On;
        self
    }

    /// The [`Harness`]'s clients are protected like this; without, they are not.
    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Records its sessions.
    #[must_use]
    pub fn record(mut self, recording: Recording) -> Self {
        self.recording = Some(recording);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be.
    #[must_use]
    pub fn start(self) -> Harness {
        self.start_with(Arc::clone)
    }

    /// Starts it with a storage that a test can meddle with.
    ///
    /// # Panics
    /// When it cannot be.
    #[must_use]
    pub fn start_meddled(self) -> (Harness, Arc<Meddler>) {
        let mut kept = None;
        let server = self.start_with(|storage| Arc::clone(kept.insert(Meddler::new(Arc::clone(storage)))) as _);
        (server, kept.expect("it was put in between"))
    }

    fn start_with(self, wrap: impl FnOnce(&Arc<dyn Storage>) -> Arc<dyn Storage>) -> Harness {
        let (root, storage): (_, Arc<dyn Storage>) = match self.files {
            Files::Disk => {
                let root = tempfile::tempdir().expect("a directory for the test");
                let disk = LocalDisk::open(root.path()).expect("the directory is there");
                (Some(root), Arc::new(disk))
            }
            Files::Memory(bytes) => (None, Arc::new(MemoryDisk::with_capacity(bytes))),
        };
        let users = Arc::new(users(&wrap(&storage)));
        let host: Arc<dyn Host> = match self.files {
            Files::Disk => Arc::new(Pooled::new(users)),
            Files::Memory(_) => Arc::new(Inline::new(users)),
        };
        let notices = Notices::default();
        let open = open_files().len();
        let Self { adapter, config, offload, caps, tls, security, recording, .. } = self;
        let listeners = if tls.is_some() { LISTENERS + FAMILIES.len() } else { LISTENERS };
        let notes = Arc::clone(&notices);
        let target = adapter.start(Wanted { host, config, offload, caps, tls, notices: notes, watch: None, recording });
        // The runtime's own descriptors and the listeners; the latter are closed by the end.
        let open = open.max(open_files().len() - listeners);
        Harness { target: target.expect("the server starts"), root, storage, notices, open, stopped: false, security }
    }
}

/// `alice`, who may do everything; `bob`, who may look; `drop`, who may leave things; and anonymous.
fn users(storage: &Arc<dyn Storage>) -> Users {
    let secret = || Password::plain("secret");
    Users::new()
        .user("alice", secret(), Permissions::READ_WRITE, Arc::clone(storage))
        .user("bob", secret(), Permissions::READ_ONLY, Arc::clone(storage))
        .user("drop", secret(), Permissions::DROP, Arc::clone(storage))
        .anonymous(Permissions::READ_ONLY, Arc::clone(storage))
}

/// A running server and its files.
pub struct Harness {
    target: Box<dyn Target>,
    root: Option<TempDir>,
    storage: Arc<dyn Storage>,
    notices: Notices,
    open: usize,
    stopped: bool,
    security: Security,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Harness {
    /// Where it listens, at the IPv4 loopback address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.target.address(FAMILIES[0])
    }

    /// Where it listens, at either.
    #[must_use]
    pub fn address_of(&self, family: IpAddr) -> SocketAddr {
        self.target.address(family)
    }

    /// An IPv4 address where it listens with a socket for both families.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn dual_address(&self) -> SocketAddr {
        self.target.dual().expect("a listener for both families")
    }

    /// Where it listens for clients that begin with TLS.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn implicit_address_of(&self, family: IpAddr) -> SocketAddr {
        self.target.implicit(family).expect("a listener for implicit TLS")
    }

    /// A greeted connection.
    #[track_caller]
    #[must_use]
    pub fn wire(&self) -> Wire {
        self.wire_over(FAMILIES[0], &self.security)
    }

    /// A greeted connection, protected like this.
    #[track_caller]
    #[must_use]
    pub fn wire_over(&self, family: IpAddr, security: &Security) -> Wire {
        let address = match security {
            Security::Implicit(_) => self.implicit_address_of(family),
            Security::Plain | Security::Explicit(_) => self.address_of(family),
        };
        let mut wire = Wire::connect_with(address, security);
        wire.expect(220);
        wire
    }

    /// `alice`, logged in, TYPE I, protected like this.
    #[track_caller]
    #[must_use]
    pub fn login_over(&self, security: &Security) -> Wire {
        let mut wire = self.wire_over(FAMILIES[0], security);
        wire.log_in("alice", "secret");
        wire.ask("TYPE I", 200);
        wire
    }

    /// `alice`, logged in, TYPE I.
    #[track_caller]
    #[must_use]
    pub fn login(&self) -> Wire {
        self.login_at(FAMILIES[0])
    }

    /// The same at either address.
    #[track_caller]
    #[must_use]
    pub fn login_at(&self, family: IpAddr) -> Wire {
        let mut wire = self.wire_over(family, &self.security);
        wire.log_in("alice", "secret");
        wire.ask("TYPE I", 200);
        wire
    }

    /// Another user, logged in, TYPE I.
    #[track_caller]
    #[must_use]
    pub fn login_as(&self, user: &str) -> Wire {
        let mut wire = self.wire();
        wire.log_in(user, "secret");
        wire.ask("TYPE I", 200);
        wire
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.target.sessions().unwrap_or(0)
    }

    /// Waits until every session has ended.
    #[track_caller]
    pub fn wait_until_deserted(&self) {
        eventually("no session is left", || self.sessions() == 0);
    }

    /// What was noticed so far.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.iter().map(|(_, notice)| notice.clone()).collect()
    }

    /// Waits for a notice.
    #[track_caller]
    pub fn wait_for_notice(&self, wanted: impl Fn(&Notice) -> bool) {
        eventually("the notice", || self.notices().iter().any(&wanted));
    }

    // Files, behind the server's back.

    /// The directory that is served.
    ///
    /// # Panics
    /// When the files are in memory.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.as_ref().expect("files on disk").path()
    }

    /// Puts a file there.
    ///
    /// # Panics
    /// When that cannot be.
    #[track_caller]
    pub fn put(&self, name: &str, content: &[u8]) {
        let put = || {
            let file = self.storage.open_write(&path(name), Upload::new(WriteMode::Create(Replace::Allowed)))?;
            file.write_at(0, content)?;
            file.finish(FinishHow::Commit)
        };
        put().expect("a file can be put there");
    }

    /// Makes a directory.
    ///
    /// # Panics
    /// When that cannot be.
    #[track_caller]
    pub fn make_dir(&self, name: &str) {
        self.storage.make_dir(&path(name), 0o755).expect("a directory can be made");
    }

    /// A file's content, if there is such a file.
    #[must_use]
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let file = self.storage.open_read(&path(name)).ok()?;
        file.read_at(0, usize::MAX >> 1 & 0x0FFF_FFFF).ok().map(|bytes| bytes.to_vec())
    }

    // The end.

    /// Ends the server; sessions may go on for `grace`.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn stop(&mut self, grace: Duration) {
        self.stopped = true;
        self.target.stop(grace).expect("the server ends");
    }

    /// Looks the ended server over.
    #[track_caller]
    fn check(&self) {
        assert_eq!(self.sessions(), 0, "a session was left");
        self.check_notices();
        let Some(root) = &self.root else { return };
        eventually("no file of the root is open", || !open_files().iter().any(|file| is_beneath(file, root.path())));
        assert_eq!(temporaries(root.path()), Vec::<PathBuf>::new(), "unfinished uploads were left");
        // Only where each test has a process of its own can descriptors be counted.
        if std::env::var_os("NEXTEST").is_some() {
            let end = std::time::Instant::now() + crate::PATIENCE;
            while open_files().len() > self.open {
                assert!(std::time::Instant::now() < end, "more than {} left open: {:#?}", self.open, open_files());
                thread::park_timeout(Duration::from_millis(2));
            }
        }
    }

    /// Each session says that it ended, once, and nothing after that.
    #[track_caller]
    fn check_notices(&self) {
        let notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = std::collections::BTreeMap::new();
        for (session, notice) in notices.iter() {
            let over = ended.insert(*session, matches!(notice, Notice::Ended(_)));
            assert_ne!(over, Some(true), "session {session} went on after its end: {notice:?}");
        }
        assert!(ended.values().all(|over| *over), "a session ended without a word");
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        if !self.stopped {
            self.stop(Duration::ZERO);
        }
        self.check();
    }
}

/// What this process has open, as the kernel names it.
pub(crate) fn open_files() -> Vec<PathBuf> {
    let open = fs::read_dir("/proc/self/fd").expect("the kernel tells what is open");
    // The directory being read is one of them, and gone by the time it is looked at.
    open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).filter(|path| !path.starts_with("/proc")).collect()
}

/// Whether an open file is one of those served: the root itself is open as long as the storage is.
fn is_beneath(file: &Path, root: &Path) -> bool {
    file.starts_with(root) && file != root
}

fn temporaries(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(temporaries(&path));
        } else if entry.file_name().to_string_lossy().ends_with(".part") {
            found.push(path);
        }
    }
    found
}

/// A certificate and its key, as a server takes them.
///
/// # Panics
/// When it does not.
#[must_use]
pub fn identity(credential: &Credential) -> Identity {
    let key = credential.key_pem();
    Identity::from_pem(credential.certificate_pem().as_bytes(), key.as_bytes()).expect("a certificate and its key")
}

fn path(name: &str) -> VirtualPath {
    VirtualPath::root().resolve(name.as_bytes(), 4096).expect("a path")
}

/// One for each family, and one for both.
const LISTENERS: usize = 3;
