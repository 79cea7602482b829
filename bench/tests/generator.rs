//! The generator against our own server, in this process, on both runtimes: every kind of work, its bytes and counts.

#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::fs;
use std::io;
use std::sync::Arc;

use ftp_bench::client::tls::Version;
use ftp_bench::client::{Control, Login};
use ftp_bench::fixture::Fixture;
use ftp_bench::group::Group;
use ftp_bench::rows::{Bench, Channel, Row, Scale, Unit, Work, all, measure, verify};
use ftp_host::adapter::Offload;
use ftp_host::tls::{Identity, Tls};
use ftp_host::{Host, Inline, LocalDisk, Password, Users};
use ftp_proto::config::{Config, Switch};
use ftp_proto::storage::Permissions;
use ftp_tests::{Adapter, Caps, Notices, Wanted};

/// A server of a fixture's tree, and what to load it with.
struct World {
    fixture: Fixture,
    scale: Scale,
    // Ends the server when it goes.
    _server: Box<dyn ftp_tests::Target>,
    login: Login,
    _parent: tempfile::TempDir,
}

fn world(adapter: Adapter) -> World {
    let parent = tempfile::tempdir().unwrap();
    let scale = Scale::TINY;
    let fixture = Fixture::make(parent.path(), scale.sizes, 1).unwrap();
    let storage = Arc::new(LocalDisk::open(fixture.tree()).unwrap());
    let users = Users::new().user("bench", Password::plain("bench"), Permissions::READ_WRITE, storage);
    let host: Arc<dyn Host> = Arc::new(Inline::new(Arc::new(users)));
    let certificate = fs::read(&fixture.certificate.certificate).unwrap();
    let key = fs::read(&fixture.certificate.key).unwrap();
    let tls = Tls::builder(Identity::from_pem(&certificate, &key).unwrap()).build().unwrap();
    let mut config = Config::default();
    config.tls.offered = Switch::On;
    let caps = Caps { sessions: 1000, per_address: 1000 };
    let notices = Notices::default();
    let wanted =
        Wanted { host, config, offload: Offload::Kernel, caps, tls: Some(tls), notices, watch: None, recording: None };
    let server = adapter.start(wanted).unwrap();
    let login = Login {
        address: server.address(std::net::Ipv4Addr::LOCALHOST.into()),
        user: "bench".into(),
        password: "bench".into(),
        tls: None,
    };
    World { fixture, scale, _server: server, login, _parent: parent }
}

impl World {
    fn bench<T>(&self, work: impl FnOnce(&Bench<'_>) -> T) -> T {
        let tls = self.fixture.certificate.client(Version::V12).unwrap();
        let group = Group::Descendants(Some(std::process::id()));
        work(&Bench {
            login: &self.login,
            group: &group,
            fixture: &self.fixture,
            scale: &self.scale,
            tls: &tls,
            is_ceiling: false,
        })
    }

    fn every_row_is_done(&self) {
        self.bench(|bench| {
            for row in all(&self.scale) {
                let id = row.id();
                verify(&row, bench).unwrap_or_else(|error| panic!("{id}: {error}"));
                let sample = measure(&row, bench).unwrap_or_else(|error| panic!("{id}: {error}"));
                assert_eq!((sample.failures, sample.failure), (0, None), "{id}");
                assert!(sample.units >= least(&row, self), "{id}: {}", sample.units);
                if row.unit() == Unit::Bytes {
                    assert_eq!(sample.units % self.scale.sizes.large, 0, "{id}");
                }
                if let Some(resumed) = sample.resumed {
                    assert_eq!((row.channel, resumed), (Channel::Tls, 1.0), "{id}");
                }
                assert_eq!(sample.memory.is_some(), matches!(row.work, Work::Idle(_)), "{id}");
            }
        });
        assert_eq!(fs::read_dir(self.fixture.path("incoming")).unwrap().count(), 0, "uploads are left");
    }
}

/// Units that must be done however fast the clock runs: everyone works once.
fn least(row: &Row, world: &World) -> u64 {
    match row.work {
        Work::Retrieve(streams) | Work::Store(streams) => streams * world.scale.sizes.large,
        Work::List(_) | Work::Mlsd(_) | Work::Pipelined(_) => row.size(),
        Work::Sized(_) => 1,
        _ => row.sessions(),
    }
}

#[test]
fn every_row_is_done_on_mio() {
    world(Adapter::Mio).every_row_is_done();
}

#[test]
fn every_row_is_done_on_tokio() {
    world(Adapter::Tokio).every_row_is_done();
}

#[test]
fn a_file_that_changed_on_the_way_is_found() {
    let world = world(Adapter::Mio);
    let row = Row { work: Work::List(10), channel: Channel::Clear };
    world.bench(|bench| {
        verify(&row, bench).unwrap();
        fs::remove_file(world.fixture.path("list/10/f0000003.dat")).unwrap();
        assert_eq!(verify(&row, bench).unwrap_err().to_string(), "LIST: 9 names for 10 entries");
    });
    let short = Row { work: Work::Retrieve(1), channel: Channel::Clear };
    fs::write(world.fixture.path("large.bin"), b"short").unwrap();
    let wrong = world.bench(|bench| measure(&short, bench)).unwrap_err();
    assert_eq!(wrong.to_string(), format!("5 of {} bytes came", world.scale.sizes.large));
}

#[test]
fn what_a_server_refuses_is_told() {
    let world = world(Adapter::Mio);
    let told = |login: &Login, command: &str| -> io::Result<()> { Control::ready(login)?.ask(command).map(drop) };
    let refused = told(&world.login, "NOSUCH thing").unwrap_err().to_string();
    assert!(refused.starts_with("NOSUCH: 500 "), "{refused}");
    let stranger = Login { password: "wrong".into(), ..world.login.clone() };
    let refused = told(&stranger, "NOOP").unwrap_err().to_string();
    assert!(refused.starts_with("PASS: 530 "), "{refused}");
}
