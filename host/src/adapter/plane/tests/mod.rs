//! Bytes over real sockets and real files, a step at a time: none twice, none left out. On a runtime that has threads for
//! errands, and on one that has none.

mod actions;
mod bare;
mod secrets;
mod secured;
#[cfg(target_os = "linux")]
mod spliced;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ftp_proto::outcome::{DataEnd, Done, Moved};
use socket2::SockRef;

use self::bare::{Bare, Errands, Plain, Sent};
use super::visit::BUFFER;
use super::*;

const WAYS: [Offload; 2] = [Offload::Kernel, Offload::Buffered];

/// One end of a connection, and what it is used with.
struct Bench {
    link: Link<Plain>,
    sockets: Bare,
    visit: Visit,
}

/// Both ends of a connection, ours never waiting, with small buffers on the way, so that everything large has to wait.
fn pair() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).set_recv_buffer_size(16 * 1024).unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    SockRef::from(&ours).set_send_buffer_size(16 * 1024).unwrap();
    ours.set_nonblocking(true).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    theirs.set_read_timeout(Some(bare::PATIENCE)).unwrap();
    (ours, theirs)
}

impl Bench {
    fn new(errands: Errands) -> (Self, TcpStream) {
        let (ours, theirs) = pair();
        (Self { link: Link::new(Plain::new(ours)), sockets: Bare::new(errands), visit: Visit::new() }, theirs)
    }

    /// Steps until it is over, waiting for the socket whenever nothing moved.
    fn finish<T>(
        &mut self,
        mut step: impl FnMut(&mut Link<Plain>, &Bare, &mut Visit) -> Result<T, Halt>,
    ) -> Result<T, Failure> {
        loop {
            let before = self.visit.moved;
            self.link.connection.begin();
            match step(&mut self.link, &self.sockets, &mut self.visit) {
                Ok(outcome) => return Ok(outcome),
                Err(Halt::Failed(failure)) => return Err(failure),
                Err(Halt::Later) if self.visit.moved == before => self.sockets.wait(&self.link.connection),
                Err(Halt::Later) => {}
            }
        }
    }

    fn upload(&mut self, upload: &mut Upload<Sent>) -> Result<Moved, Failure> {
        self.finish(|link, sockets, visit| go_on(upload, link, sockets, visit))
    }

    fn download(&mut self, download: &mut Download<Sent>) -> Result<Moved, Failure> {
        self.finish(|link, sockets, visit| download.step(link, sockets, visit))
    }
}

/// A step of an upload, as the plane takes it.
fn go_on(upload: &mut Upload<Sent>, link: &mut Link<Plain>, sockets: &Bare, visit: &mut Visit) -> Result<Moved, Halt> {
    if upload.is_writing() {
        return upload.land(Some(link), visit).and_then(|()| upload.outcome());
    }
    upload.step(link, sockets, visit)
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

fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn download(file: Arc<File>, at: u64, len: u64, how: Offload) -> Download<Sent> {
    Download::new(Range::new(file, at, len), how, Pace::MayWait)
}

fn upload(file: &Arc<File>, at: u64, max: u64) -> Upload<Sent> {
    Upload::new(Range::new(Arc::clone(file), at, max), Offload::Kernel, Pace::MayWait)
}

#[test]
fn all_is_sent_and_no_byte_twice() {
    let (mut bench, theirs) = Bench::new(Errands::InPlace);
    let reader = thread::spawn(|| read_to_end(theirs));
    let bytes = pattern(1_000_000);
    let mut sending = Sending::new(bytes.clone().into());
    assert_eq!(bench.finish(|link, _, visit| sending.step(link, visit)), Ok(Done));
    assert_eq!(sending.sent(), 1_000_000);
    drop(bench);
    assert_eq!(reader.join().unwrap(), bytes);
}

#[test]
fn a_range_of_a_file_is_sent_whole() {
    let content = pattern(2_000_000);
    for (how, errands) in WAYS.into_iter().flat_map(|how| Errands::BOTH.map(|errands| (how, errands))) {
        let (mut bench, theirs) = Bench::new(errands);
        let reader = thread::spawn(|| read_to_end(theirs));
        let mut download = download(file_of(&content), 1000, 1_500_000, how);
        assert_eq!(bench.download(&mut download), Ok(Moved { bytes: 1_500_000, end: None }), "{how:?} {errands:?}");
        drop(bench);
        assert!(reader.join().unwrap() == content[1000..1_501_000], "{how:?} {errands:?}");
    }
}

#[test]
fn a_file_that_ends_first_says_so() {
    for (how, errands) in WAYS.into_iter().flat_map(|how| Errands::BOTH.map(|errands| (how, errands))) {
        let (mut bench, theirs) = Bench::new(errands);
        let moved = bench.download(&mut download(file_of(b"short"), 1, 1000, how));
        assert_eq!(moved, Ok(Moved { bytes: 4, end: Some(DataEnd::Clean) }), "{how:?}");
        let moved = bench.download(&mut download(file_of(b"short"), 9, 1000, how));
        assert_eq!(moved, Ok(Moved { bytes: 0, end: Some(DataEnd::Clean) }), "{how:?}");
        drop(bench);
        assert_eq!(read_to_end(theirs), b"hort", "{how:?}");
    }
}

#[test]
fn files_about_as_large_as_what_leaves_at_once_are_sent_whole() {
    let small = 16 * 1024;
    for size in [0, 1, small - 1, small, small + 1, 2 * small, 20 * small] {
        let (mut bench, theirs) = Bench::new(Errands::InPlace);
        let reader = thread::spawn(|| read_to_end(theirs));
        let content = pattern(size);
        let (end, bytes) = (Some(DataEnd::Clean), size as u64);
        let moved = bench.download(&mut download(file_of(&content), 0, u64::MAX, Offload::Kernel));
        assert_eq!(moved, Ok(Moved { bytes, end }), "{size}");
        // A range that the file goes on behind is no end.
        let half = bytes / 2;
        let moved = bench.download(&mut download(file_of(&content), 0, half, Offload::Kernel));
        assert_eq!(moved, Ok(Moved { bytes: half, end: None }), "{size}");
        drop(bench);
        let expected = [&content[..], &content[..size / 2]].concat();
        assert!(reader.join().unwrap() == expected, "{size}");
    }
}

#[test]
fn a_download_to_a_peer_that_reset_is_reset() {
    for (how, errands) in WAYS.into_iter().flat_map(|how| Errands::BOTH.map(|errands| (how, errands))) {
        let (mut bench, theirs) = Bench::new(errands);
        SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
        drop(theirs);
        let moved = bench.download(&mut download(file_of(&pattern(10_000_000)), 0, 10_000_000, how));
        assert_eq!(moved, Err(Failure::Reset), "{how:?}");
    }
}

/// `sendfile` takes only what can be mapped; what it does not take is read.
#[test]
fn what_the_kernel_cannot_send_goes_the_other_way() {
    for errands in Errands::BOTH {
        let (mut bench, theirs) = Bench::new(errands);
        let file = Arc::new(File::open("/proc/self/comm").unwrap());
        let moved = bench.download(&mut download(file, 0, 1000, Offload::Kernel)).unwrap();
        assert_eq!(moved.end, Some(DataEnd::Clean));
        drop(bench);
        assert_eq!(read_to_end(theirs).len() as u64, moved.bytes);
    }
}

#[test]
fn an_upload_is_written_where_it_belongs() {
    for errands in Errands::BOTH {
        let (mut bench, mut theirs) = Bench::new(errands);
        let bytes = pattern(1_000_000);
        let sent = bytes.clone();
        let writer = thread::spawn(move || theirs.write_all(&sent).unwrap());
        let file = file_of(b"abcdef");
        let moved = bench.upload(&mut upload(&file, 3, 600_000));
        assert_eq!(moved, Ok(Moved { bytes: 600_000, end: None }));
        let moved = bench.upload(&mut upload(&file, 600_003, 600_000));
        assert_eq!(moved, Ok(Moved { bytes: 400_000, end: Some(DataEnd::Clean) }));
        writer.join().unwrap();
        assert!(content_of(&file) == [b"abc", &bytes[..]].concat());
    }
}

#[test]
fn what_arrived_before_a_reset_is_written_before_the_reset_is_told() {
    for errands in Errands::BOTH {
        let (mut bench, mut theirs) = Bench::new(errands);
        let file = file_of(b"");
        theirs.write_all(b"half of it").unwrap();
        let mut theirs = Some(theirs);
        let mut upload = upload(&file, 0, 1000);
        let moved = bench.finish(|link, sockets, visit| {
            let step = go_on(&mut upload, link, sockets, visit);
            if upload.moved() > 0
                && let Some(theirs) = theirs.take()
            {
                SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
            }
            step
        });
        assert_eq!(moved, Err(Failure::Reset));
        assert_eq!(content_of(&file), b"half of it");
    }
}

#[test]
fn a_disk_that_is_full_is_its_own_failure() {
    for errands in Errands::BOTH {
        let (mut bench, mut theirs) = Bench::new(errands);
        theirs.write_all(b"bytes").unwrap();
        let full = Arc::new(File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(bench.upload(&mut upload(&full, 0, 1000)), Err(Failure::NoSpace));
    }
}

#[test]
fn a_file_that_does_not_wait_is_written_in_place() {
    let (mut bench, mut theirs) = Bench::new(Errands::Threads);
    theirs.write_all(b"bytes").unwrap();
    drop(theirs);
    let file = file_of(b"");
    let mut upload = Upload::new(Range::new(Arc::clone(&file), 0, 1000), Offload::Kernel, Pace::Prompt);
    let moved = bench.finish(|link, sockets, visit| {
        let step = upload.step(link, sockets, visit);
        assert!(!upload.is_writing());
        step
    });
    assert_eq!(moved, Ok(Moved { bytes: 5, end: Some(DataEnd::Clean) }));
    assert_eq!(content_of(&file), b"bytes");
}

#[test]
fn receiving_takes_no_more_than_was_asked_for_and_sees_the_end() {
    let (mut bench, mut theirs) = Bench::new(Errands::InPlace);
    theirs.write_all(b"hello, world").unwrap();
    drop(theirs);
    for (max, expected) in [(5, &b"hello"[..]), (100, b", world"), (100, b"")] {
        let received = bench.finish(|link, _, visit| Receiving { max }.step(link, visit)).unwrap();
        assert_eq!((&*received.bytes, received.end.is_some()), (expected, expected.is_empty()));
    }
}

#[test]
fn nobody_there_is_a_refusal() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (mut bench, _theirs) = Bench::new(Errands::InPlace);
    let stream = socket::dial(SocketAddr::from(([127, 0, 0, 1], 0)), address).unwrap();
    bench.link = Link::new(Plain::new(stream));
    assert_eq!(bench.finish(|link, _, _| link.connected()), Err(Failure::Refused));
}

#[test]
fn a_thread_keeps_few_buffers() {
    let mut visit = Visit::new();
    let lent: Vec<_> = (0..10).map(|_| visit.lend()).collect();
    assert!(lent.iter().all(|buffer| buffer.len() == BUFFER));
    lent.into_iter().for_each(|buffer| visit.give_back(buffer));
    assert_eq!(format!("{visit:?}").matches('[').count() - 1, 4);
}
