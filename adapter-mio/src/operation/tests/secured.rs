//! The same under TLS.

use super::*;
use crate::secrets::{Secure, VERSIONS, drink, leave, secrets, shake};

/// A bench whose client has made its handshake and goes on with `then`.
fn meet<T: Send + 'static>(
    version: &'static rustls::SupportedProtocolVersion,
    then: impl FnOnce(Secure) -> T + Send + 'static,
) -> (Bench, thread::JoinHandle<T>) {
    let (mut bench, theirs) = Bench::new();
    let (layer, config) = secrets(version);
    assert!(bench.link.cover(layer));
    let client = thread::spawn(move || then(shake(config, theirs).unwrap()));
    let secured = bench.finish(|link, _| link.handshake()).unwrap();
    assert!(!secured.resumed && secured.parameters.is_some());
    (bench, client)
}

#[test]
fn a_slow_reader_gets_all_of_a_large_file_and_its_end() {
    let content = pattern(10_000_000);
    for version in VERSIONS {
        let (mut bench, client) = meet(version, drink);
        for how in WAYS {
            let mut download = Download { range: Range::new(file_of(&content), 0, 5_000_000), how };
            let moved = bench.finish(|link, visit| download.step(link, visit));
            assert_eq!(moved, Ok(Moved { bytes: 5_000_000, end: None }));
        }
        let mut rest = Download { range: Range::new(file_of(b"and the rest"), 0, 100), how: Offload::Kernel };
        let moved = bench.finish(|link, visit| rest.step(link, visit));
        assert_eq!(moved, Ok(Moved { bytes: 12, end: Some(DataEnd::Clean) }));
        assert_eq!(bench.finish(|link, _| link.finish()), Ok(Closed));
        drop(bench);
        let expected = [&content[..5_000_000], &content[..5_000_000], b"and the rest"].concat();
        assert!(client.join().unwrap() == expected);
    }
}

#[test]
fn bytes_go_both_ways() {
    for version in VERSIONS {
        let (mut bench, client) = meet(version, |mut client| {
            client.write_all(b"hello, world").unwrap();
            leave(&mut client);
            drink(client)
        });
        let mut received = Vec::new();
        loop {
            let more = bench.finish(|link, visit| Receiving { max: 5 }.step(link, visit)).unwrap();
            assert!(more.bytes.len() <= 5);
            received.extend_from_slice(&more.bytes);
            if let Some(end) = more.end {
                assert_eq!(end, DataEnd::Clean);
                break;
            }
        }
        assert_eq!(received, b"hello, world");
        let mut sending = Sending { rest: pattern(1_000_000).into(), sent: 0 };
        assert_eq!(bench.finish(|link, visit| sending.step(link, visit)), Ok(Done));
        assert_eq!(sending.sent, 1_000_000);
        assert_eq!(bench.finish(|link, _| link.finish()), Ok(Closed));
        drop(bench);
        assert!(client.join().unwrap() == pattern(1_000_000));
    }
}

/// What comes of an upload that `then` makes, and the file.
fn upload(
    version: &'static rustls::SupportedProtocolVersion,
    then: impl FnOnce(Secure) + Send + 'static,
) -> (Result<Moved, Failure>, Vec<u8>) {
    let (mut bench, client) = meet(version, then);
    client.join().unwrap();
    let file = file_of(b"");
    let mut upload = Upload { range: Range::new(Arc::clone(&file), 0, 1_000_000) };
    let moved = bench.finish(|link, visit| upload.step(link, visit));
    (moved, content_of(&file))
}

#[test]
fn an_upload_is_written_and_its_end_told() {
    for version in VERSIONS {
        let (moved, content) = upload(version, |mut client| {
            client.write_all(&pattern(10_000)).unwrap();
            leave(&mut client);
        });
        assert_eq!(moved, Ok(Moved { bytes: 10_000, end: Some(DataEnd::Clean) }));
        assert!(content == pattern(10_000));
        let (moved, content) = upload(version, |mut client| client.write_all(b"half of it").unwrap());
        assert_eq!(moved, Ok(Moved { bytes: 10, end: Some(DataEnd::Truncated) }));
        assert_eq!(content, b"half of it");
        let (moved, content) = upload(version, |mut client| {
            client.write_all(b"half of it").unwrap();
            SockRef::from(&client.sock).set_linger(Some(Duration::ZERO)).unwrap();
        });
        assert_eq!((moved, &content[..]), (Err(Failure::Reset), &b"half of it"[..]));
    }
}

#[test]
fn a_step_takes_few_records_however_small_they_are() {
    let (mut bench, client) = meet(VERSIONS[1], |mut client| {
        for _ in 0..300 {
            client.write_all(b"x").unwrap();
            client.flush().unwrap();
        }
        leave(&mut client);
    });
    client.join().unwrap();
    let mut upload = Upload { range: Range::new(file_of(b""), 0, 1000) };
    let mut most = 0;
    let moved = bench.finish(|link, visit| {
        let before = visit.moved;
        let moved = upload.step(link, visit);
        most = most.max(visit.moved - before);
        moved
    });
    assert_eq!(moved, Ok(Moved { bytes: 300, end: Some(DataEnd::Clean) }));
    assert!(most <= Layer::READS, "{most} records in one step");
}

#[test]
fn whatever_is_no_handshake_fails_it() {
    let (mut bench, mut theirs) = Bench::new();
    assert!(bench.link.cover(secrets(VERSIONS[1]).0));
    assert!(!bench.link.cover(secrets(VERSIONS[1]).0));
    theirs.write_all(b"plain bytes of a file").unwrap();
    assert_eq!(bench.finish(|link, _| link.handshake()), Err(Failure::Tls));
    let mut sending = Sending { rest: b"secret".as_slice().into(), sent: 0 };
    assert_eq!(bench.finish(|link, visit| sending.step(link, visit)), Err(Failure::Tls));
    assert_eq!(bench.finish(|link, _| link.finish()), Ok(Closed));
    drop(bench);
    assert_eq!(read_to_end(theirs), b"");
}
