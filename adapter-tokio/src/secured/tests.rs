//! Secured data connections, as actions and as what runs them.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use ftp_host::adapter::{DataPlane as _, HostSide, Offload};
use ftp_host::{HostSession, ReplyTo};
use ftp_proto::testing::{action_id, data_id, ticket};
use ftp_proto::{Completion, DataAction, FileId, HostAction};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;
use crate::data::DataPlane;
use crate::mailbox::{Inbox, Report};
use crate::secrets::{Secure, VERSIONS, drink, leave, secrets, shake};

/// Both ends of a connection, with small buffers on the way; theirs waits, but not for ever.
fn pair() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).set_recv_buffer_size(16 * 1024).unwrap();
    let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    SockRef::from(&ours).set_send_buffer_size(16 * 1024).unwrap();
    ours.set_nonblocking(true).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    (TcpStream::from_std(ours).unwrap(), theirs)
}

/// A secured connection whose client goes on with `then`.
async fn meet<T: Send + 'static>(
    version: &'static rustls::SupportedProtocolVersion,
    then: impl FnOnce(Secure) -> T + Send + 'static,
) -> (Link, JoinHandle<T>) {
    let (ours, theirs) = pair();
    let (layer, config) = secrets(version);
    let link = Link::new(ours);
    assert!(link.cover(layer));
    let client = spawn_blocking(move || then(shake(config, theirs).unwrap()));
    let (_stop, mut cancel) = Cancel::new();
    let secured = handshake(&link, &mut cancel).await.unwrap();
    assert!(!secured.resumed && secured.parameters.is_some());
    (link, client)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn range(content: &[u8], at: u64, len: u64) -> (Arc<File>, Range) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    let file = Arc::new(file);
    (Arc::clone(&file), Range::new(file, at, len))
}

fn content_of(mut file: &File) -> Vec<u8> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut content).unwrap();
    content
}

#[tokio::test]
async fn a_slow_reader_gets_all_of_a_large_file_and_its_end() {
    let content = pattern(10_000_000);
    for version in VERSIONS {
        let (link, client) = meet(version, drink).await;
        let (_stop, mut cancel) = Cancel::new();
        let mut told = vec![0];
        let whole = range(&content, 0, 10_000_000).1;
        let moved = file_to_socket(whole, &link, &mut cancel, |moved| told.push(moved)).await;
        assert_eq!(moved, Ok(Moved { bytes: 10_000_000, end: None }));
        assert!(told.is_sorted());
        assert_eq!(told.last(), Some(&10_000_000));
        let short = range(b"and the rest", 0, 100).1;
        let moved = file_to_socket(short, &link, &mut cancel, |_| {}).await;
        assert_eq!(moved, Ok(Moved { bytes: 12, end: Some(DataEnd::Clean) }));
        assert_eq!(close(&link, &mut cancel).await, Ok(Closed));
        drop(link);
        assert!(client.await.unwrap() == [&content[..], b"and the rest"].concat());
    }
}

#[tokio::test]
async fn bytes_go_both_ways() {
    for version in VERSIONS {
        let (link, client) = meet(version, |mut client| {
            client.write_all(b"hello, world").unwrap();
            leave(&mut client);
            drink(client)
        })
        .await;
        let (_stop, mut cancel) = Cancel::new();
        let mut received = Vec::new();
        loop {
            let more = receive(&link, 5, &mut cancel).await.unwrap();
            assert!(more.bytes.len() <= 5);
            received.extend_from_slice(&more.bytes);
            if let Some(end) = more.end {
                assert_eq!(end, DataEnd::Clean);
                break;
            }
        }
        assert_eq!(received, b"hello, world");
        assert_eq!(send_all(&link, &pattern(1_000_000), &mut cancel, |_| {}).await, Ok(Done));
        assert_eq!(close(&link, &mut cancel).await, Ok(Closed));
        drop(link);
        assert!(client.await.unwrap() == pattern(1_000_000));
    }
}

/// What comes of an upload that `then` makes, and the file.
async fn upload(
    version: &'static rustls::SupportedProtocolVersion,
    then: impl FnOnce(Secure) + Send + 'static,
) -> (Result<Moved, Failure>, Vec<u8>) {
    let (link, client) = meet(version, then).await;
    client.await.unwrap();
    let (_stop, mut cancel) = Cancel::new();
    let (file, range) = range(b"", 0, 1_000_000);
    let moved = socket_to_file(range, &link, &mut cancel, |_| {}).await;
    (moved, content_of(&file))
}

#[tokio::test]
async fn an_upload_is_written_and_its_end_told() {
    for version in VERSIONS {
        let (moved, content) = upload(version, |mut client| {
            client.write_all(&pattern(10_000)).unwrap();
            leave(&mut client);
        })
        .await;
        assert_eq!(moved, Ok(Moved { bytes: 10_000, end: Some(DataEnd::Clean) }));
        assert!(content == pattern(10_000));
        let (moved, content) = upload(version, |mut client| client.write_all(b"half of it").unwrap()).await;
        assert_eq!(moved, Ok(Moved { bytes: 10, end: Some(DataEnd::Truncated) }));
        assert_eq!(content, b"half of it");
        let (moved, content) = upload(version, |mut client| {
            client.write_all(b"half of it").unwrap();
            SockRef::from(&client.sock).set_linger(Some(Duration::ZERO)).unwrap();
        })
        .await;
        assert_eq!((moved, &content[..]), (Err(Failure::Reset), &b"half of it"[..]));
    }
}

struct Nothing;

impl HostSession for Nothing {
    fn submit(&mut self, _: HostAction, _: ReplyTo) -> Option<Completion> {
        None
    }

    fn file(&self, _: FileId) -> Option<Arc<File>> {
        None
    }
}

/// A data plane with one connection.
struct Bench {
    data: DataPlane,
    inbox: Inbox,
    host: HostSide,
}

impl Bench {
    fn new() -> (Self, std::net::TcpStream) {
        let (ours, theirs) = pair();
        let inbox = Inbox::new();
        let mut data = DataPlane::new(ours.local_addr().unwrap(), Offload::default(), inbox.mailbox());
        data.adopt(data_id(1), ours);
        (Self { data, inbox, host: HostSide::new(Box::new(Nothing)) }, theirs)
    }

    fn run(&mut self, action: DataAction) {
        self.data.run(action, &self.host);
    }

    fn close(&mut self, number: u64, how: CloseHow) {
        self.run(DataAction::Close { ticket: ticket(number), data: data_id(1), how });
    }

    /// Waits until this action is answered: what failed, if that is what it says.
    async fn answer(&mut self, number: u64) -> Option<Failure> {
        loop {
            for report in self.inbox.take() {
                if let Report::Done(completion) = report {
                    assert_eq!(completion.id(), action_id(number));
                    self.data.settled(completion.id());
                    return completion.failure();
                }
            }
            tokio::time::timeout(PATIENCE, self.inbox.arrival()).await.expect("an answer");
        }
    }
}

#[tokio::test]
async fn a_connection_is_secured_used_and_closed() {
    for version in VERSIONS {
        let (mut bench, theirs) = Bench::new();
        let (layer, config) = secrets(version);
        let client = spawn_blocking(move || drink(shake(config, theirs).unwrap()));
        bench.data.secure(ticket(1), data_id(1), layer);
        assert_eq!(bench.answer(1).await, None);
        let bytes = vec![b'x'; 1_000_000].into();
        bench.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
        assert_eq!(bench.answer(2).await, None);
        bench.close(3, CloseHow::Graceful);
        assert_eq!(bench.answer(3).await, None);
        assert_eq!(client.await.unwrap().len(), 1_000_000);
    }
}

#[tokio::test]
async fn plain_bytes_are_no_handshake_and_nothing_is_said_in_the_clear() {
    let (mut bench, mut theirs) = Bench::new();
    bench.data.secure(ticket(1), data_id(1), secrets(VERSIONS[1]).0);
    theirs.write_all(b"plain bytes of a file").unwrap();
    assert_eq!(bench.answer(1).await, Some(Failure::Tls));
    bench.data.secure(ticket(2), data_id(1), secrets(VERSIONS[1]).0);
    assert_eq!(bench.answer(2).await, Some(Failure::Tls));
    bench.run(DataAction::Send { ticket: ticket(3), data: data_id(1), bytes: b"secret".as_slice().into() });
    assert_eq!(bench.answer(3).await, Some(Failure::Tls));
    bench.close(4, CloseHow::Graceful);
    assert_eq!(bench.answer(4).await, None);
    let mut said = Vec::new();
    theirs.read_to_end(&mut said).unwrap();
    assert_eq!(said, b"");
}

#[tokio::test]
async fn a_cancelled_handshake_leaves_a_connection_to_be_cut() {
    let (mut bench, mut theirs) = Bench::new();
    bench.data.secure(ticket(1), data_id(1), secrets(VERSIONS[1]).0);
    theirs.write_all(&[0x16, 3]).unwrap();
    assert!(bench.data.cancel(action_id(1)));
    assert_eq!(bench.answer(1).await, Some(Failure::Cancelled));
    bench.close(2, CloseHow::Abort);
    assert_eq!(bench.answer(2).await, None);
    assert_eq!(theirs.read(&mut [0; 10]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_close_that_waits_for_the_client_can_be_cancelled_and_is_no_end_then() {
    let (mut bench, theirs) = Bench::new();
    let (layer, config) = secrets(VERSIONS[1]);
    let client = spawn_blocking(move || shake(config, theirs).unwrap());
    bench.data.secure(ticket(1), data_id(1), layer);
    assert_eq!(bench.answer(1).await, None);
    let mut client = client.await.unwrap();
    let bytes = vec![b'x'; 10_000_000].into();
    bench.run(DataAction::Send { ticket: ticket(2), data: data_id(1), bytes });
    // Each lets it send a chunk, until there is no room any more.
    for _ in 0..1000 {
        yield_now().await;
    }
    assert!(bench.data.cancel(action_id(2)));
    assert_eq!(bench.answer(2).await, Some(Failure::Cancelled));
    bench.close(3, CloseHow::Graceful);
    assert!(bench.data.cancel(action_id(3)));
    assert_eq!(bench.answer(3).await, Some(Failure::Cancelled));
    assert!(client.read_to_end(&mut Vec::new()).is_err());
}

const PATIENCE: Duration = Duration::from_secs(20);
