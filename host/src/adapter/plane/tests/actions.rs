//! The plane, by its actions.

use std::io::ErrorKind;
use std::sync::mpsc::{Receiver, Sender, channel};

use ftp_proto::HostAction;
use ftp_proto::testing::{action_id, data_id, file_id, listener_id, ticket};

use super::secrets::{VERSIONS, drink, secrets, shake};
use super::*;
use crate::{HostSession, ReplyTo};

/// A host with one file, told when it is dropped.
struct One {
    file: Arc<File>,
    _dropped: Sender<()>,
}

impl HostSession for One {
    fn submit(&mut self, _: HostAction, _: ReplyTo) -> Option<Completion> {
        None
    }

    fn file(&self, _: FileId) -> Option<Arc<File>> {
        Some(Arc::clone(&self.file))
    }
}

/// A data plane with one connection, whose other end is a client's, and a host with one file.
struct Session {
    plane: Plane<Bare>,
    host: HostSide,
    visit: Visit,
    file: Arc<File>,
    host_dropped: Receiver<()>,
}

impl Session {
    fn new(errands: Errands) -> (Self, TcpStream) {
        let (ours, theirs) = pair();
        let mut plane = Plane::new(ours.local_addr().unwrap(), Offload::default(), Bare::new(errands));
        plane.links.push((data_id(1), Link::new(Plain::new(ours))));
        let (file, (dropped, host_dropped)) = (file_of(b""), channel());
        let host = HostSide::new(Box::new(One { file: Arc::clone(&file), _dropped: dropped }));
        (Self { plane, host, visit: Visit::new(), file, host_dropped }, theirs)
    }

    fn run(&mut self, action: DataAction) {
        self.plane.run(action, &self.host);
    }

    fn close(&mut self, number: u64, how: CloseHow) {
        self.run(DataAction::Close { ticket: ticket(number), data: data_id(1), how });
    }

    fn upload(&mut self, number: u64, max: u64) {
        let (data, file) = (data_id(1), file_id(1));
        self.run(DataAction::DataToFile { ticket: ticket(number), data, file, at: 0, max });
    }

    /// Steps until this action is answered: what failed, if that is what it says.
    fn answer(&mut self, number: u64) -> Option<Failure> {
        loop {
            for report in self.plane.take_reports() {
                if let Report::Done(completion) = report {
                    assert_eq!(completion.id(), action_id(number));
                    return completion.failure();
                }
            }
            if !self.plane.step(&mut self.visit) {
                self.plane.awaited(|awaited| bare::wait_for(&awaited));
            }
        }
    }
}

#[test]
fn a_client_comes_in_brings_a_file_and_leaves() {
    for errands in Errands::BOTH {
        let (mut session, _theirs) = Session::new(errands);
        let (address, ports) = ([127, 0, 0, 1].into(), Ports::Any);
        session.run(DataAction::Listen { ticket: ticket(1), listener: listener_id(1), address, ports });
        assert_eq!(session.answer(1), None);
        let address = session.plane.listeners().next().unwrap().local_addr().unwrap();
        session.run(DataAction::Accept { ticket: ticket(2), listener: listener_id(1), data: data_id(2) });
        assert!(!session.plane.step(&mut session.visit), "nobody is there");
        let mut client = TcpStream::connect(address).unwrap();
        assert_eq!(session.answer(2), None);
        session.run(DataAction::CloseListener(listener_id(1)));
        assert!(TcpStream::connect(address).is_err());
        let sent = thread::spawn(move || client.write_all(&pattern(700_000)).unwrap());
        let (data, file) = (data_id(2), file_id(1));
        session.run(DataAction::DataToFile { ticket: ticket(3), data, file, at: 0, max: 1_000_000 });
        assert_eq!(session.answer(3), None);
        sent.join().unwrap();
        session.run(DataAction::Close { ticket: ticket(4), data, how: CloseHow::Graceful });
        assert_eq!(session.answer(4), None);
        assert!(content_of(&session.file) == pattern(700_000));
        assert_eq!(session.plane.links.len(), 1, "the other one");
    }
}

#[test]
fn we_go_out_and_bring_a_file() {
    let (mut session, _theirs) = Session::new(Errands::InPlace);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (data, to) = (data_id(2), listener.local_addr().unwrap());
    session.run(DataAction::Connect { ticket: ticket(1), data, from: [127, 0, 0, 1].into(), to });
    assert_eq!(session.answer(1), None);
    let (client, _) = listener.accept().unwrap();
    (&*session.file).write_all(b"content").unwrap();
    session.run(DataAction::FileToData { ticket: ticket(2), file: file_id(1), data, at: 0, len: 1000 });
    assert_eq!(session.answer(2), None);
    session.run(DataAction::Close { ticket: ticket(3), data, how: CloseHow::Graceful });
    assert_eq!(session.answer(3), None);
    assert_eq!(read_to_end(client), b"content");
}

#[test]
fn what_is_not_there_fails() {
    let (mut session, _theirs) = Session::new(Errands::InPlace);
    let data = data_id(9);
    session.run(DataAction::Send { ticket: ticket(1), data, bytes: b"x".as_slice().into() });
    assert_eq!(session.answer(1), Some(Failure::Io));
    session.run(DataAction::Accept { ticket: ticket(2), listener: listener_id(9), data });
    assert_eq!(session.answer(2), Some(Failure::Io));
    session.run(DataAction::Close { ticket: ticket(3), data, how: CloseHow::Graceful });
    assert_eq!(session.answer(3), Some(Failure::Io));
    assert!(!session.plane.cancel(action_id(4)));
}

#[test]
fn an_upload_that_stalls_can_be_cancelled_and_keeps_what_came() {
    for errands in Errands::BOTH {
        let (mut session, mut theirs) = Session::new(errands);
        theirs.write_all(b"half of it").unwrap();
        session.upload(1, 1000);
        while session.plane.running[0].deadline().is_none() {
            session.plane.step(&mut session.visit);
        }
        assert!(session.plane.deadline().is_some(), "there is progress to tell");
        assert!(session.plane.cancel(action_id(1)));
        assert_eq!(session.answer(1), Some(Failure::Cancelled));
        assert_eq!(content_of(&session.file), b"half of it");
    }
}

#[test]
fn a_write_under_way_is_seen_through_before_its_cancellation_is_told() {
    let (mut session, mut theirs) = Session::new(Errands::Threads);
    theirs.write_all(b"half of it").unwrap();
    session.upload(1, 1000);
    session.plane.awaited(|awaited| bare::wait_for(&awaited));
    session.plane.step(&mut session.visit);
    assert!(session.plane.cancel(action_id(1)));
    assert!(session.plane.take_reports().is_empty(), "not yet");
    assert_eq!(session.answer(1), Some(Failure::Cancelled));
    assert_eq!(content_of(&session.file), b"half of it");
}

#[test]
fn a_pipe_under_way_is_emptied_before_its_cancellation_is_told() {
    let (mut session, mut theirs) = Session::new(Errands::Threads);
    // It never ends by itself.
    let writer = thread::spawn(move || while theirs.write_all(&pattern(251_000)).is_ok() {});
    session.upload(1, u64::MAX);
    while session.plane.running[0].operation.moved() < 500_000 || !session.plane.running[0].operation.is_writing() {
        if !session.plane.step(&mut session.visit) {
            session.plane.awaited(|awaited| bare::wait_for(&awaited));
        }
    }
    assert!(session.plane.cancel(action_id(1)));
    assert_eq!(session.answer(1), Some(Failure::Cancelled));
    let content = content_of(&session.file);
    assert!(content.len() > 500_000 && content == pattern(content.len()));
    session.close(2, CloseHow::Abort);
    assert_eq!(session.answer(2), None);
    writer.join().unwrap();
}

#[test]
fn the_host_outlives_a_session_that_is_dropped_until_the_last_write_has_landed() {
    let (mut session, mut theirs) = Session::new(Errands::Threads);
    theirs.write_all(&pattern(10_000)).unwrap();
    session.upload(1, 10_000);
    session.plane.awaited(|awaited| bare::wait_for(&awaited));
    session.plane.step(&mut session.visit);
    let Session { plane, host, file, host_dropped, .. } = session;
    drop((plane, host));
    // Its sender is dropped with the host's side.
    assert!(host_dropped.recv_timeout(bare::PATIENCE).is_err());
    assert!(!content_of(&file).is_empty());
}

#[test]
fn a_download_that_nobody_takes_can_be_cancelled() {
    for errands in Errands::BOTH {
        let (mut session, mut theirs) = Session::new(errands);
        (&*session.file).write_all(&pattern(10_000_000)).unwrap();
        let (data, file) = (data_id(1), file_id(1));
        session.run(DataAction::FileToData { ticket: ticket(1), file, data, at: 0, len: 10_000_000 });
        while session.plane.step(&mut session.visit) {}
        assert!(session.plane.cancel(action_id(1)));
        assert_eq!(session.answer(1), Some(Failure::Cancelled));
        session.close(2, CloseHow::Abort);
        assert_eq!(session.answer(2), None);
        assert!(theirs.read_to_end(&mut Vec::new()).is_err());
    }
}

#[test]
fn a_connection_is_secured_used_and_closed() {
    for version in VERSIONS {
        let (mut session, theirs) = Session::new(Errands::InPlace);
        let (layer, config) = secrets(version);
        let client = thread::spawn(move || drink(shake(config, theirs).unwrap()));
        session.plane.secure(ticket(1), data_id(1), layer);
        assert_eq!(session.answer(1), None);
        let bytes = vec![b'x'; 1_000_000].into();
        session.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
        assert_eq!(session.answer(2), None);
        session.close(3, CloseHow::Graceful);
        assert_eq!(session.answer(3), None);
        assert!(session.plane.links.is_empty());
        assert_eq!(client.join().unwrap().len(), 1_000_000);
    }
}

#[test]
fn a_cancelled_handshake_leaves_a_connection_to_be_cut() {
    let (mut session, mut theirs) = Session::new(Errands::InPlace);
    session.plane.secure(ticket(1), data_id(1), secrets(VERSIONS[1]).0);
    theirs.write_all(&[0x16, 3]).unwrap();
    session.plane.step(&mut session.visit);
    assert!(session.plane.cancel(action_id(1)));
    assert_eq!(session.answer(1), Some(Failure::Cancelled));
    session.close(2, CloseHow::Abort);
    assert_eq!(session.answer(2), None);
    assert_eq!(theirs.read(&mut [0; 10]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_close_that_waits_for_the_client_can_be_cancelled_and_is_no_end_then() {
    let (mut session, theirs) = Session::new(Errands::InPlace);
    let (layer, config) = secrets(VERSIONS[1]);
    let client = thread::spawn(move || shake(config, theirs).unwrap());
    session.plane.secure(ticket(1), data_id(1), layer);
    assert_eq!(session.answer(1), None);
    let mut client = client.join().unwrap();
    // Until there is no room: the cancelled rest is what the end has to wait for.
    let bytes = vec![b'x'; 10_000_000].into();
    session.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
    while session.plane.step(&mut session.visit) {}
    assert!(session.plane.cancel(action_id(2)));
    assert_eq!(session.answer(2), Some(Failure::Cancelled));
    session.close(3, CloseHow::Graceful);
    session.plane.step(&mut session.visit);
    assert!(session.plane.cancel(action_id(3)), "it waits");
    assert_eq!(session.answer(3), Some(Failure::Cancelled));
    assert!(session.plane.links.is_empty());
    assert!(client.read_to_end(&mut Vec::new()).is_err());
}
