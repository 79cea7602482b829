//! An errand that takes from a socket: how long it goes on.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use super::*;

/// A socket of ours on which all of some bytes arrived, and its other end.
fn arrived(bytes: &[u8]) -> (Arc<OwnedFd>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    theirs.write_all(bytes).unwrap();
    while ours.peek(&mut vec![0; bytes.len() + 1]).unwrap() < bytes.len() {}
    ours.set_nonblocking(true).unwrap();
    (Arc::new(ours.into()), theirs)
}

fn errand(socket: &Arc<OwnedFd>, len: u64) -> Errand {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let (pipe, socket) = (Box::new(Pipe::new().unwrap()), Arc::clone(socket));
    Errand::new(Range::new(file, 0, len), Work::Pump { pipe, socket, stop: None })
}

/// What came of it, how much it moved, and why nothing more comes.
fn run(mut errand: Errand) -> (Result<(), Failure>, u64, Option<Stop>) {
    errand.run();
    let Work::Pump { stop, pipe, .. } = errand.work else { panic!("it is another") };
    assert_eq!(pipe.held(), 0);
    (errand.result, errand.range.moved(), stop)
}

#[test]
fn it_goes_on_as_long_as_something_is_there_and_sees_the_end() {
    let (socket, theirs) = arrived(&[7; 10_000]);
    assert_eq!(run(errand(&socket, 6_000)), (Ok(()), 6_000, None), "no further than the range");
    assert_eq!(run(errand(&socket, 6_000)), (Ok(()), 4_000, None), "then nothing is there");
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    let mut errand = errand(&socket, 6_000);
    // That it is the end is for a read to say.
    loop {
        errand.run();
        let Work::Pump { stop: None, pipe, .. } = &errand.work else { panic!("it is no end yet") };
        if pipe.is_refused() {
            break;
        }
    }
    assert_eq!((errand.result, errand.range.moved()), (Ok(()), 0));
}

#[test]
fn what_nobody_waits_for_takes_nothing_more() {
    let (socket, _theirs) = arrived(&[7; 10_000]);
    let errand = errand(&socket, 6_000);
    drop(socket);
    assert_eq!(run(errand), (Ok(()), 0, None));
}
