//! Pipes between real sockets and real files.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};

use super::*;

/// Both ends of a connection; ours does not wait.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, listener.accept().unwrap().0)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn content_of(mut file: &File) -> Vec<u8> {
    let mut content = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut content).unwrap();
    content
}

/// A pipe that holds `bytes`.
fn pipe_of(bytes: &[u8]) -> Pipe {
    let mut pipe = Pipe::new().unwrap();
    rustix::io::write(&pipe.into, bytes).unwrap();
    pipe.held = bytes.len();
    pipe
}

fn range(file: &Arc<File>) -> Range {
    Range::new(Arc::clone(file), 0, u64::MAX)
}

#[test]
fn nothing_there_the_end_and_a_full_pipe_are_told_apart() {
    let (ours, mut theirs) = pair();
    let mut pipe = Pipe::new().unwrap();
    let error = pipe.take(ours.as_fd(), 1000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let whole = pattern(3 * pipe.room());
    let sent = whole.clone();
    let writer = std::thread::spawn(move || theirs.write_all(&sent).unwrap());
    let file = Arc::new(tempfile::tempfile().unwrap());
    let mut range = range(&file);
    let mut fullest = 0;
    loop {
        match pipe.take(ours.as_fd(), usize::MAX) {
            Ok(Some(0)) => break,
            Ok(Some(_)) => {}
            // Full, or nothing is there.
            Ok(None) => {
                fullest = fullest.max(pipe.held());
                assert!(pipe.held() <= pipe.room);
                pipe.drain(&mut range).unwrap();
                assert_eq!(pipe.held(), 0);
            }
            Err(error) => assert_eq!((error.kind(), pipe.held()), (ErrorKind::WouldBlock, 0)),
        }
    }
    pipe.drain(&mut range).unwrap();
    writer.join().unwrap();
    assert!(fullest > 0);
    assert!(!pipe.is_refused());
    assert!(content_of(&file) == whole);
}

#[test]
fn no_more_is_taken_than_was_asked_for() {
    let (ours, mut theirs) = pair();
    theirs.write_all(b"hello, world").unwrap();
    drop(theirs);
    let mut pipe = Pipe::new().unwrap();
    ours.set_nonblocking(false).unwrap();
    assert_eq!(pipe.take(ours.as_fd(), 5).unwrap(), Some(5));
    assert_eq!(pipe.take(ours.as_fd(), 0).unwrap(), None, "which is not the end");
    let file = Arc::new(tempfile::tempfile().unwrap());
    pipe.drain(&mut range(&file)).unwrap();
    assert_eq!(content_of(&file), b"hello");
}

#[test]
fn what_is_written_goes_where_the_range_is() {
    let file = Arc::new(tempfile::tempfile().unwrap());
    (&*file).write_all(b"abcdefgh").unwrap();
    let mut range = Range::new(Arc::clone(&file), 2, 3);
    pipe_of(b"123").drain(&mut range).unwrap();
    assert_eq!(range.left(), 0);
    assert_eq!(content_of(&file), b"ab123fgh");
}

/// Nothing can be spliced to a file that was opened to append.
#[test]
fn a_file_that_takes_no_pages_gets_the_bytes_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let file = Arc::new(File::options().create(true).append(true).open(&path).unwrap());
    let mut pipe = pipe_of(&pattern(100_000));
    let mut range = range(&file);
    pipe.drain(&mut range).unwrap();
    assert!(pipe.is_refused());
    assert_eq!((range.moved(), pipe.held()), (100_000, 0));
    assert!(std::fs::read(path).unwrap() == pattern(100_000));
}

#[test]
fn a_full_disk_says_so() {
    let full = Arc::new(File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(pipe_of(b"bytes").drain(&mut range(&full)), Err(Failure::NoSpace));
}

/// A file that must not grow takes what fits.
#[test]
fn what_was_written_before_a_failure_is_counted() {
    let memory = memfd_create("sealed", MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&memory, 65_536).unwrap();
    fcntl_add_seals(&memory, SealFlags::GROW).unwrap();
    let file = Arc::new(File::from(memory));
    let mut range = range(&file);
    let mut pipe = pipe_of(&pattern(100_000));
    assert_eq!(pipe.drain(&mut range), Err(Failure::PermissionDenied));
    let moved = range.moved() as usize;
    assert!(0 < moved && moved <= 65_536);
    assert_eq!(pipe.held(), 100_000 - moved);
    assert!(content_of(&file)[..moved] == pattern(moved));
}
