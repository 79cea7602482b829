//! Bytes over real sockets and real files, a step at a time: none twice, none left out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::*;

const WAYS: [Offload; 2] = [Offload::Kernel, Offload::Buffered];

/// One watched end of a connection, and what watches it.
struct Bench {
    poll: Poll,
    events: Events,
    link: Link,
    visit: Visit,
}

impl Bench {
    /// With small buffers on the way, so that everything large has to wait.
    fn new() -> (Self, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_recv_buffer_size(16 * 1024).unwrap();
        let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        SockRef::from(&ours).set_send_buffer_size(16 * 1024).unwrap();
        ours.set_nonblocking(true).unwrap();
        let (theirs, _) = listener.accept().unwrap();
        let poll = Poll::new().unwrap();
        let connection = Watched::new(poll.registry(), Token(0), TcpStream::from_std(ours)).unwrap();
        (Self { poll, events: Events::with_capacity(8), link: Link::new(connection), visit: Visit::new() }, theirs)
    }

    /// Steps until it is over, waiting for the socket whenever nothing moved.
    fn finish<T>(&mut self, mut step: impl FnMut(&mut Link, &mut Visit) -> Result<T, Halt>) -> Result<T, Failure> {
        loop {
            let before = self.visit.moved;
            match step(&mut self.link, &mut self.visit) {
                Ok(outcome) => return Ok(outcome),
                Err(Halt::Failed(failure)) => return Err(failure),
                Err(Halt::Later) if self.visit.moved == before => self.wait(),
                Err(Halt::Later) => {}
            }
        }
    }

    fn wait(&mut self) {
        self.poll.poll(&mut self.events, Some(Duration::from_secs(10))).unwrap();
        assert!(!self.events.is_empty(), "nothing more comes");
        self.events.iter().for_each(|event| self.link.connection.note(event));
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn file_of(content: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

fn content_of(mut file: &File) -> Vec<u8> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut content).unwrap();
    content
}

fn read_to_end(mut stream: std::net::TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn all_is_sent_and_no_byte_twice() {
    let (mut bench, theirs) = Bench::new();
    let reader = thread::spawn(|| read_to_end(theirs));
    let bytes = pattern(1_000_000);
    let mut sending = Sending { rest: bytes.clone().into(), sent: 0 };
    assert_eq!(bench.finish(|link, visit| sending.step(link, visit)), Ok(Done));
    assert_eq!(sending.sent, 1_000_000);
    drop(bench);
    assert_eq!(reader.join().unwrap(), bytes);
}

#[test]
fn a_range_of_a_file_is_sent_whole() {
    let content = pattern(2_000_000);
    for how in WAYS {
        let (mut bench, theirs) = Bench::new();
        let reader = thread::spawn(|| read_to_end(theirs));
        let mut download = Download { range: Range::new(file_of(&content), 1000, 1_500_000), how };
        let moved = bench.finish(|link, visit| download.step(link, visit));
        assert_eq!(moved, Ok(Moved { bytes: 1_500_000, end: None }), "{how:?}");
        drop(bench);
        assert!(reader.join().unwrap() == content[1000..1_501_000], "{how:?}");
    }
}

#[test]
fn a_file_that_ends_first_says_so() {
    for how in WAYS {
        let (mut bench, theirs) = Bench::new();
        let mut download = Download { range: Range::new(file_of(b"short"), 1, 1000), how };
        let moved = bench.finish(|link, visit| download.step(link, visit));
        assert_eq!(moved, Ok(Moved { bytes: 4, end: Some(DataEnd::Clean) }), "{how:?}");
        drop(bench);
        assert_eq!(read_to_end(theirs), b"hort", "{how:?}");
    }
}

#[test]
fn an_upload_is_written_where_it_belongs() {
    let (mut bench, mut theirs) = Bench::new();
    let bytes = pattern(1_000_000);
    let sent = bytes.clone();
    let writer = thread::spawn(move || theirs.write_all(&sent).unwrap());
    let file = file_of(b"abcdef");
    let mut first = Upload { range: Range::new(Arc::clone(&file), 3, 600_000) };
    let moved = bench.finish(|link, visit| first.step(link, visit));
    assert_eq!(moved, Ok(Moved { bytes: 600_000, end: None }));
    let mut second = Upload { range: Range::new(Arc::clone(&file), 600_003, 600_000) };
    let moved = bench.finish(|link, visit| second.step(link, visit));
    assert_eq!(moved, Ok(Moved { bytes: 400_000, end: Some(DataEnd::Clean) }));
    writer.join().unwrap();
    assert!(content_of(&file) == [b"abc", &bytes[..]].concat());
}

#[test]
fn what_arrived_before_a_reset_is_written_before_the_reset_is_told() {
    let (mut bench, mut theirs) = Bench::new();
    let file = file_of(b"");
    theirs.write_all(b"half of it").unwrap();
    let mut theirs = Some(theirs);
    let mut upload = Upload { range: Range::new(Arc::clone(&file), 0, 1000) };
    let moved = bench.finish(|link, visit| {
        let step = upload.step(link, visit);
        if upload.range.moved() > 0
            && let Some(theirs) = theirs.take()
        {
            SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
        }
        step
    });
    assert_eq!(moved, Err(Failure::Reset));
    assert_eq!(content_of(&file), b"half of it");
}

#[test]
fn a_disk_that_is_full_is_its_own_failure() {
    let (mut bench, mut theirs) = Bench::new();
    theirs.write_all(b"bytes").unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut upload = Upload { range: Range::new(Arc::new(full), 0, 1000) };
    let moved = bench.finish(|link, visit| upload.step(link, visit));
    assert_eq!(moved, Err(Failure::NoSpace));
}

#[test]
fn receiving_takes_no_more_than_was_asked_for_and_sees_the_end() {
    let (mut bench, mut theirs) = Bench::new();
    theirs.write_all(b"hello, world").unwrap();
    drop(theirs);
    for (max, expected) in [(5, &b"hello"[..]), (100, b", world"), (100, b"")] {
        let received = bench.finish(|link, visit| Receiving { max }.step(link, visit)).unwrap();
        assert_eq!((&*received.bytes, received.end.is_some()), (expected, expected.is_empty()));
    }
}

#[test]
fn nobody_there_is_a_refusal() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (mut bench, _theirs) = Bench::new();
    let stream = TcpStream::from_std(socket::dial(SocketAddr::from(([127, 0, 0, 1], 0)), address).unwrap());
    bench.link = Link::new(Watched::unopened(bench.poll.registry(), Token(1), stream).unwrap());
    assert_eq!(bench.finish(|link, _| connected(&link.connection)), Err(Failure::Refused));
}

mod secured;
