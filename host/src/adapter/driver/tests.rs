//! What the actions about TLS act on, and when replies leave.

use std::io::{Read, Write};
use std::thread;

use bytes::Bytes;
use ftp_proto::HostAction;
use ftp_proto::testing::{action_id, data_id, ticket};
use rustls::ClientConfig;

use super::super::Halt;
use super::*;
use crate::host::{Host, HostSession};
use crate::tls::Tls;
use crate::tls::testing::{Authority, Ours, VERSIONS, finish, pair, shake};

struct Nothing;

impl Host for Nothing {
    fn session(&self, _: Client) -> Box<dyn HostSession> {
        Box::new(Self)
    }
}

impl HostSession for Nothing {
    fn submit(&mut self, _: HostAction, _: ReplyTo) -> Option<Completion> {
        None
    }

    fn file(&self, _: ftp_proto::FileId) -> Option<Arc<std::fs::File>> {
        None
    }
}

/// The layers that it was to begin TLS with.
#[derive(Default)]
struct Layers(Vec<Layer>);

impl DataPlane for Layers {
    fn run(&mut self, _: DataAction, _: &HostSide) {}

    fn secure(&mut self, _: Ticket<Secured>, _: DataId, layer: Layer) {
        self.0.push(layer);
    }

    fn cancel(&mut self, _: ActionId) -> bool {
        false
    }
}

fn world(tls: Option<Tls>) -> (World<Ours, Layers>, std::net::TcpStream) {
    let (ours, theirs) = pair();
    let client = Client { peer: theirs.local_addr().unwrap(), local: ours.stream.local_addr().unwrap() };
    let mut settings = Settings::new(Arc::new(Nothing));
    settings.tls = tls;
    let world = World {
        control: Control::new(ours).unwrap(),
        data: Layers::default(),
        host: HostSide::new(settings.host.session(client)),
        reply_to: ReplyTo::new(|_| {}),
        client,
        id: SessionId::testing(),
        settings: Arc::new(settings),
        tls: None,
        answers: Vec::new(),
    };
    (world, theirs)
}

impl World<Ours, Layers> {
    fn failures(&mut self) -> Vec<(ActionId, Option<Failure>)> {
        self.answers.drain(..).map(|answer| (answer.id(), answer.failure())).collect()
    }

    fn secure_control(&mut self, config: &Arc<ClientConfig>, name: &'static str, theirs: std::net::TcpStream) {
        let config = Arc::clone(config);
        let client = thread::spawn(move || {
            let mut client = shake(&config, name, theirs).unwrap();
            client.read_exact(&mut [0; 3]).unwrap();
        });
        self.run(Action::Secure { ticket: ticket(1), host: None });
        self.run(Action::Write(Bytes::from_static(b"220")));
        let answer = finish(|| self.control.negotiate());
        assert_eq!((answer.id(), answer.failure()), (action_id(1), None));
        self.remember_host();
        self.control.flush().unwrap();
        client.join().unwrap();
    }

    fn secure_data(&mut self, config: &Arc<ClientConfig>, name: &'static str) -> Secured {
        self.run(Action::Data(DataAction::Secure { ticket: ticket(2), data: data_id(1), role: TlsRole::Server }));
        let mut layer = self.data.0.pop().unwrap();
        let (ours, theirs) = pair();
        let config = Arc::clone(config);
        let client = thread::spawn(move || shake(&config, name, theirs).unwrap());
        let secured = finish(|| match layer.handshake(&ours) {
            Err(Halt::Later) => None,
            done => Some(done.unwrap()),
        });
        drop(client.join().unwrap());
        secured
    }
}

#[test]
fn data_connections_belong_to_their_own_control_connection() {
    let authority = Authority::new();
    let tls = authority.tls();
    for version in VERSIONS {
        let (mut mine, theirs) = world(Some(tls.clone()));
        let config = Arc::new(authority.client(version));
        mine.secure_control(&config, "localhost", theirs);
        let (mut other, others) = world(Some(tls.clone()));
        other.secure_control(&Arc::new(authority.client(version)), "localhost", others);
        assert!(mine.secure_data(&config, "localhost").resumed);
        assert!(!other.secure_data(&config, "localhost").resumed);
    }
}

#[test]
fn a_data_connection_without_a_name_shows_the_certificate_of_its_control_connection() {
    let authority = Authority::new();
    let tls = Tls::builder(authority.identity("localhost")).host("a.test", authority.identity("a.test"));
    let (mut world, theirs) = world(Some(tls.build().unwrap()));
    world.secure_control(&Arc::new(authority.client(VERSIONS[1])), "a.test", theirs);
    let mut nameless = authority.client(VERSIONS[1]);
    nameless.enable_sni = false;
    // The client compares the name.
    assert_eq!(world.secure_data(&Arc::new(nameless), "a.test").sni, None);
}

#[test]
fn without_settings_there_is_no_tls() {
    let (mut world, _theirs) = world(None);
    world.run(Action::Secure { ticket: ticket(1), host: None });
    world.run(Action::Data(DataAction::Secure { ticket: ticket(2), data: data_id(1), role: TlsRole::Client }));
    world.run(Action::Unsecure(ticket(3)));
    let unsupported = Some(Failure::Unsupported);
    let expected = [(action_id(1), unsupported), (action_id(2), unsupported), (action_id(3), Some(Failure::Tls))];
    assert_eq!(world.failures(), expected);
}

#[test]
fn a_cancelled_handshake_is_answered_once() {
    let (mut world, _theirs) = world(Some(Authority::new().tls()));
    world.run(Action::Secure { ticket: ticket(1), host: None });
    assert!(world.control.needs_input());
    world.run(Action::Cancel(action_id(1)));
    world.run(Action::Cancel(action_id(1)));
    assert_eq!(world.failures(), [(action_id(1), Some(Failure::Cancelled))]);
    assert!(world.control.negotiate().is_none());
}

#[test]
fn replies_that_follow_each_other_leave_in_one_piece_when_nothing_else_is_to_be_done() {
    let (ours, mut theirs) = pair();
    let client = Client { peer: theirs.local_addr().unwrap(), local: ours.stream.local_addr().unwrap() };
    let settings = Arc::new(Settings::new(Arc::new(Nothing)));
    let mut driver =
        Driver::new(&settings, (client, SessionId::testing()), ours, Layers::default(), ReplyTo::new(|_| {})).unwrap();
    driver.begin(Admission::Welcome, Switch::Off);
    assert!(driver.flush());
    let mut heard = [0; 512];
    let count = theirs.read(&mut heard).unwrap();
    assert!(heard[..count].starts_with(b"220"));
    theirs.write_all(b"NOOP\r\n").unwrap();
    assert!(finish(|| driver.turn().then_some(true)));
    theirs.write_all(b"SYST\r\n").unwrap();
    assert!(finish(|| driver.turn().then_some(true)));
    theirs.set_nonblocking(true).unwrap();
    assert!(theirs.read(&mut heard).is_err(), "a reply left before there was nothing else to do");
    assert!(driver.flush());
    assert!(!driver.flush());
    theirs.set_nonblocking(false).unwrap();
    let count = theirs.read(&mut heard).unwrap();
    let heard = std::str::from_utf8(&heard[..count]).unwrap();
    assert!(heard.starts_with("200") && heard.lines().count() == 2, "{heard}");
}
