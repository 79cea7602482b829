//! The same under TLS.

use std::sync::mpsc;

use super::secrets::{Secure, VERSIONS, drink, leave, secrets, shake};
use super::*;

/// A bench whose client has made its handshake and goes on with `then`.
fn meet<T: Send + 'static>(
    (version, errands): (&'static rustls::SupportedProtocolVersion, Errands),
    then: impl FnOnce(Secure) -> T + Send + 'static,
) -> (Bench, thread::JoinHandle<T>) {
    let (mut bench, theirs) = Bench::new(errands);
    let (layer, config) = secrets(version);
    assert!(bench.link.cover(layer));
    let client = thread::spawn(move || then(shake(config, theirs).unwrap()));
    let secured = bench.finish(|link, _, _| link.handshake()).unwrap();
    assert!(!secured.resumed && secured.parameters.is_some());
    (bench, client)
}

/// Both versions, on both runtimes.
fn all() -> impl Iterator<Item = (&'static rustls::SupportedProtocolVersion, Errands)> {
    VERSIONS.into_iter().flat_map(|version| Errands::BOTH.map(|errands| (version, errands)))
}

#[test]
fn a_slow_reader_gets_all_of_a_large_file_and_its_end() {
    let content = pattern(10_000_000);
    for case in all() {
        let (mut bench, client) = meet(case, drink);
        for how in WAYS {
            let moved = bench.download(&mut download(file_of(&content), 0, 5_000_000, how));
            assert_eq!(moved, Ok(Moved { bytes: 5_000_000, end: None }));
        }
        let moved = bench.download(&mut download(file_of(b"and the rest"), 0, 100, Offload::Kernel));
        assert_eq!(moved, Ok(Moved { bytes: 12, end: Some(DataEnd::Clean) }));
        assert_eq!(bench.finish(|link, _, _| link.finish()), Ok(Closed));
        drop(bench);
        let expected = [&content[..5_000_000], &content[..5_000_000], b"and the rest"].concat();
        assert!(client.join().unwrap() == expected);
    }
}

#[test]
fn bytes_go_both_ways() {
    for case in all() {
        let (mut bench, client) = meet(case, |mut client| {
            client.write_all(b"hello, world").unwrap();
            leave(&mut client);
            drink(client)
        });
        let mut received = Vec::new();
        loop {
            let more = bench.finish(|link, _, visit| Receiving { max: 5 }.step(link, visit)).unwrap();
            assert!(more.bytes.len() <= 5);
            received.extend_from_slice(&more.bytes);
            if let Some(end) = more.end {
                assert_eq!(end, DataEnd::Clean);
                break;
            }
        }
        assert_eq!(received, b"hello, world");
        let mut sending = Sending::new(pattern(1_000_000).into());
        assert_eq!(bench.finish(|link, _, visit| sending.step(link, visit)), Ok(Done));
        assert_eq!(sending.sent(), 1_000_000);
        assert_eq!(bench.finish(|link, _, _| link.finish()), Ok(Closed));
        drop(bench);
        assert!(client.join().unwrap() == pattern(1_000_000));
    }
}

#[test]
fn a_peer_that_has_said_its_last_word_and_is_slow_to_read_gets_all_and_our_last_word() {
    for case in all() {
        let (read_on, wait) = mpsc::channel();
        let (mut bench, client) = meet(case, move |mut client| {
            leave(&mut client);
            wait.recv().unwrap();
            drink(client)
        });
        let end = bench.finish(|link, _, visit| Receiving { max: 5 }.step(link, visit)).unwrap().end;
        assert_eq!(end, Some(DataEnd::Clean));
        let mut sealed = 0;
        let content = pattern(1_000_000);
        let Link { connection, layer, .. } = &mut bench.link;
        let layer = layer.as_mut().unwrap();
        // Until the kernel has no more room, and some is left with us.
        while let Ok(count @ 1..) = layer.write(connection, &content[sealed..]) {
            sealed += count;
        }
        assert_eq!(layer.flush(connection), Err(Halt::Later));
        assert_eq!(bench.link.finish(), Err(Halt::Later), "{case:?}");
        read_on.send(()).unwrap();
        assert_eq!(bench.finish(|link, _, _| link.finish()), Ok(Closed));
        drop(bench);
        assert!(client.join().unwrap() == content[..sealed], "{case:?}");
    }
}

/// What comes of an upload that `then` makes, and the file.
fn outcome(
    case: (&'static rustls::SupportedProtocolVersion, Errands),
    then: impl FnOnce(Secure) + Send + 'static,
) -> (Result<Moved, Failure>, Vec<u8>) {
    let (mut bench, client) = meet(case, then);
    client.join().unwrap();
    let file = file_of(b"");
    let moved = bench.upload(&mut upload(&file, 0, 1_000_000));
    (moved, content_of(&file))
}

#[test]
fn an_upload_is_written_and_its_end_told() {
    for case in all() {
        let (moved, content) = outcome(case, |mut client| {
            client.write_all(&pattern(10_000)).unwrap();
            leave(&mut client);
        });
        assert_eq!(moved, Ok(Moved { bytes: 10_000, end: Some(DataEnd::Clean) }));
        assert!(content == pattern(10_000));
        let (moved, content) = outcome(case, |mut client| client.write_all(b"half of it").unwrap());
        assert_eq!(moved, Ok(Moved { bytes: 10, end: Some(DataEnd::Truncated) }));
        assert_eq!(content, b"half of it");
        let (moved, content) = outcome(case, |mut client| {
            client.write_all(b"half of it").unwrap();
            SockRef::from(&client.sock).set_linger(Some(Duration::ZERO)).unwrap();
        });
        assert_eq!((moved, &content[..]), (Err(Failure::Reset), &b"half of it"[..]));
    }
}

#[test]
fn a_step_takes_few_records_however_small_they_are() {
    let (mut bench, client) = meet((VERSIONS[1], Errands::InPlace), |mut client| {
        for _ in 0..300 {
            client.write_all(b"x").unwrap();
            client.flush().unwrap();
        }
        leave(&mut client);
    });
    client.join().unwrap();
    let file = file_of(b"");
    let mut upload = upload(&file, 0, 1000);
    let mut most = 0;
    let moved = bench.finish(|link, sockets, visit| {
        let before = visit.moved;
        let moved = upload.step(link, sockets, visit);
        most = most.max(visit.moved - before);
        moved
    });
    assert_eq!(moved, Ok(Moved { bytes: 300, end: Some(DataEnd::Clean) }));
    assert!(most <= Layer::READS, "{most} records in one step");
}

#[test]
fn whatever_is_no_handshake_fails_it_and_nothing_is_said_in_the_clear() {
    let (mut bench, mut theirs) = Bench::new(Errands::InPlace);
    assert!(bench.link.cover(secrets(VERSIONS[1]).0));
    assert!(!bench.link.cover(secrets(VERSIONS[1]).0));
    theirs.write_all(b"plain bytes of a file").unwrap();
    assert_eq!(bench.finish(|link, _, _| link.handshake()), Err(Failure::Tls));
    let mut sending = Sending::new(b"secret".as_slice().into());
    assert_eq!(bench.finish(|link, _, visit| sending.step(link, visit)), Err(Failure::Tls));
    assert_eq!(bench.finish(|link, _, _| link.finish()), Ok(Closed));
    drop(bench);
    assert_eq!(read_to_end(theirs), b"");
}
