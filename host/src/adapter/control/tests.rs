//! TLS on a control connection: begun behind what is in the clear, ended behind what is secured.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ftp_proto::testing::{action_id, ticket};
use rustls::ClientConfig;

use super::*;
use crate::tls::TlsSession;
use crate::tls::testing::{Authority, Ours, Secure, VERSIONS, finish, pair, rest, shake};

/// A server's side, and what its clients are made with.
struct Bench {
    control: Control<Ours>,
    session: TlsSession,
    config: Arc<ClientConfig>,
    sent: usize,
}

impl Bench {
    fn new(version: &'static rustls::SupportedProtocolVersion) -> (Self, TcpStream) {
        let authority = Authority::new();
        let (ours, theirs) = pair();
        let session = TlsSession::new(&authority.tls(), None).unwrap();
        let config = Arc::new(authority.client(version));
        (Self { control: Control::new(ours).unwrap(), session, config, sent: 0 }, theirs)
    }

    fn say(&mut self, line: &'static str) {
        self.control.write(Bytes::from_static(line.as_bytes()));
    }

    fn secure(&mut self, number: u64) {
        assert!(self.control.secure(ticket(number), self.session.control()).is_none());
    }

    /// Goes on until there is an answer: what failed, if that is what it says.
    fn answer(&mut self, number: u64) -> Option<Failure> {
        let answer = finish(|| {
            self.sent += self.control.flush().unwrap_or(0);
            self.control.negotiate()
        });
        assert_eq!(answer.id(), action_id(number));
        answer.failure()
    }

    /// The next bytes, at least as many as `expected` has.
    fn hears(&mut self, expected: &[u8]) {
        let (mut heard, mut buffer) = (Vec::new(), [0; 100]);
        finish(|| {
            self.sent += self.control.flush().unwrap();
            let count = self.control.read(&mut buffer).unwrap();
            heard.extend_from_slice(&buffer[..count]);
            (heard.len() >= expected.len()).then_some(())
        });
        assert_eq!(heard, expected);
    }

    fn flush(&mut self) {
        finish(|| {
            self.sent += self.control.flush().unwrap();
            (!self.control.has_pending()).then_some(())
        });
    }

    /// What the client does behind "234".
    fn client<T: Send + 'static>(
        &self,
        mut stream: TcpStream,
        then: impl FnOnce(Secure) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let config = Arc::clone(&self.config);
        thread::spawn(move || {
            expect(&mut stream, b"234\r\n");
            then(shake(&config, "localhost", stream).unwrap())
        })
    }
}

fn expect(stream: &mut impl Read, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, expected);
}

#[test]
fn the_reply_leaves_in_the_clear_and_the_next_one_secured() {
    for version in VERSIONS {
        let (mut bench, theirs) = Bench::new(version);
        let client = bench.client(theirs, |mut client| {
            expect(&mut client, b"220\r\n");
            client.write_all(b"USER x\r\n").unwrap();
            expect(&mut client, b"331\r\n");
            client
        });
        bench.say("234\r\n");
        bench.secure(1);
        bench.say("220\r\n");
        assert_eq!(bench.answer(1), None);
        bench.hears(b"USER x\r\n");
        bench.say("331\r\n");
        bench.flush();
        // Plaintext is counted, each byte once.
        assert_eq!(bench.sent, 15);
        bench.control.shut_down();
        finish(|| bench.control.part().then_some(()).or_else(|| (!bench.control.has_pending()).then_some(())));
        // Both ends are told: TLS's and the stream's.
        assert_eq!(rest(&mut client.join().unwrap()), (Vec::new(), None));
    }
}

#[test]
fn a_command_behind_auth_in_the_same_segment_is_no_handshake() {
    let (mut bench, mut theirs) = Bench::new(VERSIONS[1]);
    theirs.write_all(b"AUTH TLS\r\nUSER mallory\r\n").unwrap();
    // The engine reads in pieces: what is behind its line stays in the kernel.
    *bench.control.stream().sip.borrow_mut() = 10;
    bench.hears(b"AUTH TLS\r\n");
    bench.say("234\r\n");
    bench.secure(1);
    assert_eq!(bench.answer(1), Some(Failure::Tls));
    // Nothing is plain any more, either way.
    bench.say("331\r\n");
    assert_eq!(bench.control.flush(), Err(ControlEnd::Reset));
    drop(bench);
    assert_eq!(rest(&mut theirs).0, b"234\r\n");
}

#[test]
fn a_torn_connection_is_told_once() {
    let (mut bench, mut theirs) = Bench::new(VERSIONS[1]);
    theirs.write_all(b"NOOP\r\n").unwrap();
    bench.secure(1);
    assert_eq!(bench.answer(1), Some(Failure::Tls));
    assert_eq!(bench.control.read(&mut [0; 10]), Err(ControlEnd::Reset));
    assert!(!bench.control.is_readable() && !bench.control.needs_input() && !bench.control.has_pending());
}

#[test]
fn a_handshake_that_stalls_can_be_cancelled() {
    let (mut bench, mut theirs) = Bench::new(VERSIONS[1]);
    bench.say("234\r\n");
    bench.secure(1);
    bench.flush();
    theirs.write_all(&[0x16, 3]).unwrap();
    assert!(bench.control.negotiate().is_none());
    assert!(bench.control.needs_input());
    assert!(bench.control.cancel(action_id(2)).is_none());
    let answer = bench.control.cancel(action_id(1)).unwrap();
    assert_eq!((answer.id(), answer.failure()), (action_id(1), Some(Failure::Cancelled)));
    bench.control.shut_down();
    assert!(!bench.control.part(), "the client has the time to read");
    assert_eq!(rest(&mut theirs), (b"234\r\n".to_vec(), None));
}

#[test]
fn a_session_that_ends_in_the_handshake_is_closed_at_once() {
    let (mut bench, mut theirs) = Bench::new(VERSIONS[1]);
    bench.say("234\r\n");
    bench.secure(1);
    bench.say("421\r\n");
    bench.control.shut_down();
    finish(|| (bench.control.part() || !bench.control.has_pending()).then_some(()));
    assert_eq!(rest(&mut theirs), (b"234\r\n".to_vec(), None));
}

#[test]
fn it_goes_back_to_the_clear_and_under_tls_again() {
    for version in VERSIONS {
        let (mut bench, theirs) = Bench::new(version);
        let config = Arc::clone(&bench.config);
        let client = bench.client(theirs, move |mut client| {
            client.write_all(b"CCC\r\n").unwrap();
            expect(&mut client, b"200\r\n");
            // The server's end comes first; ours, and a plain command in the same segment.
            assert_eq!(rest(&mut client), (Vec::new(), None));
            client.conn.send_close_notify();
            let mut segment = Vec::new();
            client.conn.write_tls(&mut segment).unwrap();
            segment.extend_from_slice(b"PWD\r\n");
            client.sock.write_all(&segment).unwrap();
            let mut plain = client.sock;
            expect(&mut plain, b"257\r\n");
            plain.write_all(b"AUTH TLS\r\n").unwrap();
            expect(&mut plain, b"234\r\n");
            let mut again = shake(&config, "localhost", plain).unwrap();
            again.write_all(b"QUIT\r\n").unwrap();
            rest(&mut again)
        });
        bench.say("234\r\n");
        bench.secure(1);
        assert_eq!(bench.answer(1), None);
        bench.hears(b"CCC\r\n");
        bench.say("200\r\n");
        assert!(bench.control.unsecure(ticket(2)).is_none());
        assert_eq!(bench.answer(2), None);
        bench.hears(b"PWD\r\n");
        bench.say("257\r\n");
        bench.flush();
        bench.hears(b"AUTH TLS\r\n");
        bench.say("234\r\n");
        bench.secure(3);
        assert_eq!(bench.answer(3), None);
        bench.hears(b"QUIT\r\n");
        assert_eq!(bench.sent, 20);
        // An end without a word of TLS's is not one that anyone would take for the end of a stream.
        SockRef::from(bench.control.stream()).shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.join().unwrap(), (Vec::new(), Some(ErrorKind::UnexpectedEof)));
    }
}

#[test]
fn what_is_not_in_order_fails_and_changes_nothing() {
    let (mut bench, theirs) = Bench::new(VERSIONS[1]);
    assert_eq!(bench.control.unsecure(ticket(1)).unwrap().failure(), Some(Failure::Tls));
    let client = bench.client(theirs, |mut client| client.write_all(b"NOOP\r\n").map(|()| client).unwrap());
    bench.say("234\r\n");
    bench.secure(2);
    assert_eq!(bench.answer(2), None);
    let again = bench.control.secure(ticket(3), bench.session.control());
    assert_eq!(again.unwrap().failure(), Some(Failure::Tls));
    bench.hears(b"NOOP\r\n");
    drop(client.join().unwrap());
}

#[test]
fn the_end_of_a_secured_connection_is_an_ordinary_one_said_or_not() {
    for (version, says_so) in VERSIONS.into_iter().flat_map(|version| [(version, true), (version, false)]) {
        let (mut bench, theirs) = Bench::new(version);
        let client = bench.client(theirs, move |mut client| {
            client.write_all(b"QUIT\r\n").unwrap();
            if says_so {
                client.conn.send_close_notify();
                client.flush().unwrap();
            }
            client.sock.shutdown(Shutdown::Write).unwrap();
            rest(&mut client)
        });
        bench.say("234\r\n");
        bench.secure(1);
        assert_eq!(bench.answer(1), None);
        bench.hears(b"QUIT\r\n");
        let end = finish(|| bench.control.read(&mut [0; 10]).err());
        assert_eq!(end, ControlEnd::Eof);
        // The reply still leaves.
        bench.say("221\r\n");
        bench.control.shut_down();
        finish(|| bench.control.part().then_some(()));
        drop(bench);
        assert_eq!(client.join().unwrap(), (b"221\r\n".to_vec(), None));
    }
}

#[test]
fn a_client_that_reads_nothing_is_waited_for_and_nothing_is_lost() {
    let (mut bench, theirs) = Bench::new(VERSIONS[1]);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let client = bench.client(theirs, move |mut client| {
        wait.recv().unwrap();
        rest(&mut client).0.len()
    });
    bench.say("234\r\n");
    bench.secure(1);
    assert_eq!(bench.answer(1), None);
    let said = 5 + fill(&mut bench);
    assert!(bench.sent < said, "what has not left is not counted");
    bench.control.shut_down();
    go_on.send(()).unwrap();
    bench.flush();
    finish(|| bench.control.part().then_some(()).or_else(|| (!bench.control.has_pending()).then_some(())));
    assert_eq!((bench.sent, client.join().unwrap() + 5), (said, said));
}

/// Queues until nothing fits any more: how many bytes.
fn fill(bench: &mut Bench) -> usize {
    let line = Bytes::from(vec![b'x'; 10_000]);
    let mut said = 0;
    while !bench.control.has_pending() {
        bench.control.write(line.clone());
        said += line.len();
        bench.sent += bench.control.flush().unwrap();
    }
    said
}

fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn a_break_is_told_once_whatever_was_on_its_way() {
    for version in VERSIONS {
        let (mut bench, theirs) = Bench::new(version);
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let client = bench.client(theirs, move |client| {
            wait.recv().unwrap();
            reset(&client.sock);
        });
        bench.say("234\r\n");
        bench.secure(1);
        assert_eq!(bench.answer(1), None);
        fill(&mut bench);
        go_on.send(()).unwrap();
        client.join().unwrap();
        assert_eq!(finish(|| bench.control.flush().err()), ControlEnd::Reset);
        // Nothing to wait for, and nothing more to tell.
        assert!(!bench.control.has_pending() && !bench.control.needs_input());
        assert_eq!(bench.control.flush(), Ok(0));
        assert!(bench.control.part());
    }
}

#[test]
fn a_break_before_the_handshake_is_told_once_too() {
    let (mut bench, theirs) = Bench::new(VERSIONS[1]);
    fill(&mut bench);
    bench.secure(1);
    reset(&theirs);
    drop(theirs);
    assert_eq!(finish(|| bench.control.flush().err()), ControlEnd::Reset);
    assert!(!bench.control.has_pending() && !bench.control.needs_input());
    assert_eq!(bench.control.flush(), Ok(0));
    assert!(bench.control.negotiate().is_none());
    assert_eq!(bench.control.cancel(action_id(1)).unwrap().failure(), Some(Failure::Cancelled));
}
