//! Real sockets on a real runtime: what is waited for comes, and what came is kept.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use ftp_host::adapter::plane::Connection as _;
use tokio::time::timeout;

use super::*;

/// A connection, and its other end.
fn pair() -> (Connection, net::TcpStream) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    (Runtime.connection(ours).unwrap(), listener.accept().unwrap().0)
}

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

async fn wait(mut poll: impl FnMut(&mut Context<'_>) -> Poll<()>) {
    timeout(PATIENCE, std::future::poll_fn(|context| poll(context))).await.expect("it becomes ready");
}

#[tokio::test]
async fn a_new_connection_is_used_before_the_reactor_knows_it() {
    let (ours, mut theirs) = pair();
    assert!(ours.has_room());
    assert_eq!(ours.write_vectored(&[IoSlice::new(b"hello, "), IoSlice::new(b"world")]).unwrap(), 12);
    let mut heard = [0; 12];
    theirs.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello, world");
}

#[tokio::test]
async fn what_is_not_there_is_waited_for_and_a_new_step_forgets_it() {
    let (mut ours, mut theirs) = pair();
    let mut buffer = [0; 10];
    for word in [b"one", b"two"] {
        ours.begin();
        assert_eq!(kind(ours.read(&mut buffer)), Some(ErrorKind::WouldBlock));
        assert!(timeout(Duration::from_millis(1), std::future::poll_fn(|context| ours.poll(context))).await.is_err());
        theirs.write_all(word).unwrap();
        wait(|context| ours.poll(context)).await;
        assert_eq!(ours.read(&mut buffer).unwrap(), 3);
    }
    assert_eq!(kind(ours.read(&mut buffer)), Some(ErrorKind::WouldBlock));
    ours.begin();
    theirs.write_all(b"three").unwrap();
    // Nothing was tried in this step.
    assert!(timeout(Duration::from_millis(1), std::future::poll_fn(|context| ours.poll(context))).await.is_err());
}

#[tokio::test]
async fn room_is_waited_for() {
    let (mut ours, mut theirs) = pair();
    let bytes = vec![0; 1 << 20];
    let mut sent = 0;
    while let Ok(count) = ours.write_vectored(&[IoSlice::new(&bytes)]) {
        sent += count;
    }
    assert!(!ours.has_room());
    let reader = std::thread::spawn(move || {
        let mut rest = vec![0; sent];
        theirs.read_exact(&mut rest).unwrap();
        theirs
    });
    wait(|context| ours.poll(context)).await;
    ours.begin();
    assert!(ours.has_room());
    reader.join().unwrap();
}

#[tokio::test]
async fn who_came_during_the_wait_is_taken_afterwards() {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let mut listener = Runtime.listener(listener).unwrap();
    assert_eq!(kind(Runtime.accept(&listener)), Some(ErrorKind::WouldBlock));
    let mut client = net::TcpStream::connect(address).unwrap();
    wait(|context| listener.poll(context)).await;
    wait(|context| listener.poll(context)).await;
    let (ours, peer) = Runtime.accept(&listener).unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(kind(Runtime.accept(&listener)), Some(ErrorKind::WouldBlock));
    assert_eq!(ours.write_vectored(&[IoSlice::new(b"x")]).unwrap(), 1);
    client.read_exact(&mut [0]).unwrap();
}

#[tokio::test]
async fn a_thread_that_panics_loses_its_errand() {
    let handle = spawn_blocking(|| panic!("an errand that panics"));
    let mut away = Away { handle, back: None };
    wait(|context| away.poll(context)).await;
    assert!(matches!(plane::Away::back(&mut away), Some(Err(Failure::Lost))));
}

const PATIENCE: Duration = Duration::from_secs(20);
