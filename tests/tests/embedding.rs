//! What an embedding program adds, over real sockets: verbs with files, hooks, mounts.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ftp_host::adapter::Offload;
use ftp_host::{
    CommandAnswer, Context, Finished, Hooks, Host, LocalDisk, MemoryDisk, Mounts, Operation, Password, Pooled, Storage,
    Transfer, Upload, Users,
};
use ftp_proto::action::CustomCommand;
use ftp_proto::config::{Config, CustomVerb};
use ftp_proto::storage::{FinishHow, Permissions, Replace, WriteMode};
use ftp_proto::{Failure, VirtualPath};
use ftp_tests::{Adapter, Caps, FAMILIES, Target, Wanted, Way, Wire, pattern};

/// A server that ends with its test.
struct Server(Box<dyn Target>);

impl Server {
    fn start(host: impl Host, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        configure(&mut config);
        let (host, caps) = (Arc::new(host), Caps { sessions: 10, per_address: 10 });
        let wanted = Wanted {
            host,
            config,
            offload: Offload::Kernel,
            caps,
            notices: Default::default(),
            watch: None,
            recording: None,
            tls: None,
        };
        Self(Adapter::of_this_program().start(wanted).unwrap())
    }

    fn login(&self) -> Wire {
        let mut wire = Wire::greeted(self.0.address(FAMILIES[0]));
        wire.log_in("alice", "secret");
        wire.ask("TYPE I", 200);
        wire
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.stop(Duration::ZERO).unwrap();
    }
}

fn host(storage: impl Storage + 'static) -> Pooled {
    let users = Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, Arc::new(storage));
    Pooled::new(Arc::new(users))
}

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).unwrap()
}

fn content(disk: &dyn Storage, name: &str) -> Result<Bytes, Failure> {
    disk.open_read(&path(name))?.read_at(0, 10_000_000)
}

fn verbs(config: &mut Config) {
    let verb =
        |name: &str| CustomVerb { name: name.into(), syntax: "<sp> name".into(), needs_login: true, in_feat: true };
    config.custom = ["XGET", "SITE PUT", "XTWICE"].map(verb).into();
}

/// `XGET`, `SITE PUT`: a file of another storage than that of the account. `XTWICE`: its argument, twice, made up.
fn other_files(disk: Arc<dyn Storage>) -> impl Fn(&Context<'_>, &CustomCommand) -> Result<CommandAnswer, Failure> {
    move |_, command| {
        let file = VirtualPath::root().resolve(&command.argument, 100).map_err(|_| Failure::NameNotAllowed)?;
        match &*command.verb {
            "XGET" => disk.open_read(&file).map(CommandAnswer::Download),
            "SITE PUT" => {
                let upload = Upload::new(WriteMode::Create(Replace::Allowed));
                disk.open_write(&file, upload).map(CommandAnswer::Upload)
            }
            "XTWICE" => Ok(CommandAnswer::download(Bytes::from([&*command.argument, b"\n"].concat().repeat(2)))),
            _ => Err(Failure::Unsupported),
        }
    }
}

#[test]
fn a_verb_of_the_program_transfers_files() {
    let root = tempfile::tempdir().unwrap();
    let disks: [Arc<dyn Storage>; 2] = [Arc::new(LocalDisk::open(root.path()).unwrap()), Arc::new(MemoryDisk::new())];
    for disk in disks {
        let host = host(MemoryDisk::new()).commands(Arc::new(other_files(Arc::clone(&disk))));
        let server = Server::start(host, verbs);
        let mut wire = server.login();
        for way in [Way::Epsv, Way::Port] {
            let large = pattern(3_000_000);
            wire.store(way, "SITE PUT large", &large);
            assert!(content(&*disk, "/large").unwrap() == large);
            assert!(wire.fetch(way, "XGET large") == large);
            assert_eq!(wire.fetch(way, "XTWICE hello"), b"hello\nhello\n");
        }
        wire.ask("TYPE A", 200);
        assert_eq!(wire.fetch(Way::Epsv, "XTWICE hello"), b"hello\r\nhello\r\n");
        wire.ask("SITE PUT none", 425);
        wire.refused("XGET missing", 550);
        assert_eq!(content(&*disk, "/none"), Err(Failure::NotFound));
        assert_eq!(wire.list("NLST"), [""; 0], "nothing of it is the account's");
        wire.ask("QUIT", 221);
    }
}

/// No programs by name or by content, nothing removed from `/keep`, and a verb that takes its time.
struct Policy {
    entered: Sender<()>,
    leave: Mutex<Receiver<()>>,
}

impl Hooks for Policy {
    fn before_transfer(&self, _: &Context<'_>, transfer: Transfer<'_>) -> Result<(), Failure> {
        if transfer.path().as_bytes().ends_with(b".exe") { Err(Failure::Vetoed) } else { Ok(()) }
    }

    fn before_operation(&self, _: &Context<'_>, operation: Operation<'_>) -> Result<(), Failure> {
        match operation {
            Operation::Remove { path: it } if it.starts_with(&path("/keep")) => Err(Failure::Vetoed),
            Operation::MakeDir { path: it } if it.as_bytes() == b"/slow" => {
                self.entered.send(()).unwrap();
                self.leave.lock().unwrap().recv_timeout(Duration::from_secs(20)).map_err(|_| Failure::TimedOut)
            }
            _ => Ok(()),
        }
    }

    fn before_commit(&self, _: &Context<'_>, upload: &Finished<'_>) -> Result<(), Failure> {
        if upload.how == FinishHow::Commit && upload.read_at(0, 2)?.starts_with(b"MZ") {
            return Err(Failure::Vetoed);
        }
        Ok(())
    }
}

#[test]
fn hooks_refuse_in_time() {
    let root = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::new().with_file("/tool.exe", "x").with_file("/keep/me", "x");
    let ((entered, has_entered), (let_leave, leave)) = (channel(), channel());
    let policy = Policy { entered, leave: Mutex::new(leave) };
    let tree = Mounts::new(Arc::new(disk)).mount("/disk", Arc::new(LocalDisk::open(root.path()).unwrap())).unwrap();
    let server = Server::start(host(tree).hooks(Arc::new(policy)), |_| {});
    let mut wire = server.login();
    wire.refused("RETR tool.exe", 550);
    wire.refused("STOR other.exe", 550);
    wire.ask("DELE keep/me", 550);
    // In memory, and on a disk, where the kernel moves the bytes past us.
    for name in ["/new", "/disk/new"] {
        wire.store(Way::Epsv, &format!("STOR {name}"), b"text");
        let opened = wire.open(Way::Epsv);
        wire.ask(&format!("STOR {name}"), 150);
        std::io::Write::write_all(&mut opened.connection(), b"MZ program").unwrap();
        wire.expect(551);
        assert_eq!(wire.fetch(Way::Epsv, &format!("RETR {name}")), b"text");
    }
    // A hook that takes its time keeps its own command waiting, and nobody else.
    wire.say("MKD slow");
    has_entered.recv_timeout(Duration::from_secs(20)).unwrap();
    let mut other = server.login();
    other.ask("DELE /new", 250);
    let_leave.send(()).unwrap();
    wire.expect(257);
}

#[test]
fn a_mount_table_is_one_tree() {
    let mirror = MemoryDisk::new().with_file("/d/f", "mirrored");
    let home = MemoryDisk::new().with_file("/notes", "mine");
    let tree = Mounts::new(Arc::new(home)).mount("/srv/mirror", Arc::new(mirror)).unwrap();
    let server = Server::start(host(tree), |_| {});
    let mut wire = server.login();
    let mut names = wire.list("NLST");
    names.sort();
    assert_eq!(names, ["notes", "srv"]);
    wire.ask("CWD srv", 250);
    assert_eq!(wire.list("NLST"), ["mirror"]);
    wire.ask("CWD mirror/d", 250);
    assert_eq!(wire.fetch(Way::Epsv, "RETR f"), b"mirrored");
    let all = wire.list("LIST -R /");
    assert!(all.iter().any(|line| line == "/srv/mirror/d:") && all.last().unwrap().ends_with(" f"), "{all:?}");
    wire.ask("RMD /srv/mirror", 450);
    wire.ask("RNFR /notes", 350);
    wire.ask("RNTO /srv/mirror/notes", 504);
}
