//! Bytes over real sockets and real files, by both ways.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;

const WAYS: [Offload; 2] = [Offload::Kernel, Offload::Buffered];

/// Both ends of a connection, with small buffers on the way, so that everything large has to wait.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    SockRef::from(&listener).set_recv_buffer_size(16 * 1024).unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    SockRef::from(&ours).set_send_buffer_size(16 * 1024).unwrap();
    let (theirs, _) = listener.accept().await.unwrap();
    (ours, theirs)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn file_of(content: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content).unwrap();
    Arc::new(file)
}

fn content_of(file: &Arc<File>) -> Vec<u8> {
    let mut content = Vec::new();
    let mut file = &**file;
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut content).unwrap();
    content
}

/// An ear that never hears anything, as long as the sender is held.
fn uncancelled() -> (oneshot::Sender<()>, Cancel) {
    Cancel::new()
}

async fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn all_is_sent_and_progress_only_grows() {
    let (ours, theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    let bytes = pattern(1_000_000);
    let reader = tokio::spawn(read_to_end(theirs));
    let mut told = vec![0];
    let result = send_all(&ours, &bytes, 0, &mut cancel, |sent| told.push(sent)).await;
    assert_eq!(result, Ok(Done));
    drop(ours);
    assert_eq!(reader.await.unwrap(), bytes);
    assert!(told.is_sorted());
    assert_eq!(told.last(), Some(&1_000_000));
}

#[tokio::test]
async fn a_send_that_nobody_takes_can_be_cancelled() {
    let (ours, _theirs) = pair().await;
    let (stop, mut cancel) = uncancelled();
    let bytes = pattern(10_000_000);
    let send = send_all(&ours, &bytes, 0, &mut cancel, |_| {});
    let cancelling = async { drop(stop) };
    let (result, ()) = tokio::join!(send, cancelling);
    assert_eq!(result, Err(Failure::Cancelled));
}

#[tokio::test]
async fn receive_waits_for_a_byte_and_takes_no_more_than_asked() {
    let (ours, mut theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    assert!(receive_now(&ours, 10).is_none());
    theirs.write_all(b"hello, world").await.unwrap();
    drop(theirs);
    let first = receive(&ours, 5, &mut cancel).await.unwrap();
    assert_eq!((&*first.bytes, first.end), (&b"hello"[..], None));
    let rest = receive(&ours, 100, &mut cancel).await.unwrap();
    assert_eq!((&*rest.bytes, rest.end), (&b", world"[..], None));
    let end = receive(&ours, 100, &mut cancel).await.unwrap();
    assert_eq!((&*end.bytes, end.end), (&b""[..], Some(DataEnd::Clean)));
}

#[tokio::test]
async fn a_range_of_a_file_is_sent_whole() {
    let content = pattern(2_000_000);
    for how in WAYS {
        let (ours, theirs) = pair().await;
        let (_stop, mut cancel) = uncancelled();
        let reader = tokio::spawn(read_to_end(theirs));
        let mut told = 0;
        let file = file_of(&content);
        let moved =
            file_to_socket(how, Range::new(file, 1000, 1_500_000), &ours, &mut cancel, |moved| told = moved).await;
        assert_eq!(moved, Ok(Moved { bytes: 1_500_000, end: None }), "{how:?}");
        assert_eq!(told, 1_500_000, "{how:?}");
        drop(ours);
        assert_eq!(reader.await.unwrap(), content[1000..1_501_000], "{how:?}");
    }
}

#[tokio::test]
async fn a_file_that_ends_first_says_so() {
    for how in WAYS {
        let (ours, theirs) = pair().await;
        let (_stop, mut cancel) = uncancelled();
        let moved = file_to_socket(how, Range::new(file_of(b"short"), 1, 1000), &ours, &mut cancel, |_| {}).await;
        assert_eq!(moved, Ok(Moved { bytes: 4, end: Some(DataEnd::Clean) }), "{how:?}");
        let moved = file_to_socket(how, Range::new(file_of(b"short"), 9, 1000), &ours, &mut cancel, |_| {}).await;
        assert_eq!(moved, Ok(Moved { bytes: 0, end: Some(DataEnd::Clean) }), "{how:?}");
        drop(ours);
        assert_eq!(read_to_end(theirs).await, b"hort", "{how:?}");
    }
}

#[tokio::test]
async fn a_download_that_nobody_takes_can_be_cancelled() {
    for how in WAYS {
        let (ours, _theirs) = pair().await;
        let (stop, mut cancel) = uncancelled();
        let file = file_of(&pattern(10_000_000));
        let mut stop = Some(stop);
        let moved =
            file_to_socket(how, Range::new(file, 0, 10_000_000), &ours, &mut cancel, |_| drop(stop.take())).await;
        assert_eq!(moved, Err(Failure::Cancelled), "{how:?}");
    }
}

#[tokio::test]
async fn a_download_to_a_peer_that_reset_is_reset() {
    for how in WAYS {
        let (ours, theirs) = pair().await;
        let (_stop, mut cancel) = uncancelled();
        SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
        drop(theirs);
        let file = file_of(&pattern(10_000_000));
        let moved = file_to_socket(how, Range::new(file, 0, 10_000_000), &ours, &mut cancel, |_| {}).await;
        assert_eq!(moved, Err(Failure::Reset), "{how:?}");
    }
}

#[tokio::test]
async fn an_upload_is_written_where_it_belongs() {
    let (ours, mut theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    let bytes = pattern(1_000_000);
    let sent = bytes.clone();
    let writer = tokio::spawn(async move { theirs.write_all(&sent).await.unwrap() });
    let file = file_of(b"abcdef");
    let mut told = vec![0];
    let moved =
        socket_to_file(Range::new(Arc::clone(&file), 3, 600_000), &ours, &mut cancel, |moved| told.push(moved)).await;
    assert_eq!(moved, Ok(Moved { bytes: 600_000, end: None }));
    let moved = socket_to_file(Range::new(Arc::clone(&file), 600_003, 600_000), &ours, &mut cancel, |_| {}).await;
    assert_eq!(moved, Ok(Moved { bytes: 400_000, end: Some(DataEnd::Clean) }));
    writer.await.unwrap();
    assert!(told.is_sorted());
    assert_eq!(content_of(&file), [b"abc", &bytes[..]].concat());
}

#[tokio::test]
async fn what_arrived_before_a_reset_is_written_before_the_reset_is_told() {
    let (ours, mut theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    let file = file_of(b"");
    theirs.write_all(b"half of it").await.unwrap();
    let mut theirs = Some(theirs);
    let reset = |_| {
        if let Some(theirs) = theirs.take() {
            SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
        }
    };
    let moved = socket_to_file(Range::new(Arc::clone(&file), 0, 1000), &ours, &mut cancel, reset).await;
    assert_eq!(moved, Err(Failure::Reset));
    assert_eq!(content_of(&file), b"half of it");
}

#[tokio::test]
async fn an_upload_that_stalls_can_be_cancelled_and_keeps_what_came() {
    let (ours, mut theirs) = pair().await;
    let (stop, mut cancel) = uncancelled();
    let file = file_of(b"");
    theirs.write_all(b"half of it").await.unwrap();
    let mut stop = Some(stop);
    let moved = socket_to_file(Range::new(Arc::clone(&file), 0, 1000), &ours, &mut cancel, |_| drop(stop.take())).await;
    assert_eq!(moved, Err(Failure::Cancelled));
    assert_eq!(content_of(&file), b"half of it");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_a_failure_of_the_disk() {
    let (ours, mut theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    theirs.write_all(b"bytes").await.unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let moved = socket_to_file(Range::new(Arc::new(full), 0, 1000), &ours, &mut cancel, |_| {}).await;
    assert_eq!(moved, Err(Failure::NoSpace));
}

/// `sendfile` takes only what can be mapped, which a pipe cannot; reading at an offset fails there as well, and that
/// is the disk's failure, not the socket's.
#[tokio::test]
async fn what_the_kernel_cannot_send_goes_the_other_way() {
    let (ours, theirs) = pair().await;
    let (_stop, mut cancel) = uncancelled();
    let zeroes = Arc::new(File::open("/proc/self/comm").unwrap());
    let moved = file_to_socket(Offload::Kernel, Range::new(zeroes, 0, 1000), &ours, &mut cancel, |_| {}).await.unwrap();
    assert_eq!(moved.end, Some(DataEnd::Clean));
    drop(ours);
    assert_eq!(read_to_end(theirs).await.len() as u64, moved.bytes);
}
