//! suppaftp, the client of the Rust world, does its day's work: in the clear, and over TLS by rustls.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::io::{Cursor, Read, Write};
use std::net::IpAddr;
use std::time::Duration;

use ftp_proto::config::Demand;
use ftp_tests::{FAMILIES, Harness, Setup, TlsClient, TlsVersion, pattern};
use suppaftp::types::FileType;
use suppaftp::{Mode, RustlsConnector, RustlsFtpStream as FtpStream};

/// How a client is secured.
#[derive(Clone, Copy, Debug)]
enum Tls {
    None,
    Explicit(TlsVersion),
    Implicit,
}

/// A client of each mode in each family, in the clear and under TLS.
fn clients(server: &Harness) -> impl Iterator<Item = (String, FtpStream)> {
    let secured = TlsVersion::ALL.map(Tls::Explicit);
    let ways = [Tls::None, Tls::Implicit].into_iter().chain(secured);
    let ways = ways.flat_map(|tls| FAMILIES.into_iter().map(move |family| (tls, family)));
    ways.flat_map(move |(tls, family)| {
        let modes: &[Mode] = if family.is_ipv4() {
            &[Mode::Passive, Mode::ExtendedPassive, Mode::Active]
        } else {
            &[Mode::ExtendedPassive, Mode::Active]
        };
        modes.iter().map(move |mode| (format!("{mode:?} over {family}, {tls:?}"), client(server, family, *mode, tls)))
    })
}

fn server() -> Harness {
    Setup::new().tls().start()
}

fn client(server: &Harness, family: IpAddr, mode: Mode, tls: Tls) -> FtpStream {
    let connector = |tls: TlsClient| RustlsConnector::from(tls.sessions().config());
    let connect = || FtpStream::connect(server.address_of(family));
    let mut client = match tls {
        Tls::None => connect().unwrap(),
        Tls::Explicit(version) => {
            connect().unwrap().into_secure(connector(TlsClient::new().version(version)), "localhost").unwrap()
        }
        Tls::Implicit => {
            let address = server.implicit_address_of(family);
            FtpStream::connect_secure_implicit(address, connector(TlsClient::new()), "localhost").unwrap()
        }
    };
    if mode == Mode::Active {
        client = client.active_mode(Duration::from_secs(10));
    }
    client.set_mode(mode);
    client.login("alice", "secret").unwrap();
    client.transfer_type(FileType::Binary).unwrap();
    client
}

#[test]
fn files_up_and_down() {
    let server = server();
    for (name, mut client) in clients(&server) {
        for size in [0, 1, 2_000_000] {
            let content = pattern(size);
            assert_eq!(client.put_file("f", &mut Cursor::new(&content)).unwrap(), size as u64, "{name}");
            assert!(client.retr_as_buffer("f").unwrap().into_inner() == content, "{name}");
            assert_eq!(client.size("f").unwrap(), size);
        }
        client.append_file("f", &mut Cursor::new(b"more")).unwrap();
        assert_eq!(client.size("f").unwrap(), 2_000_004);
        client.rm("f").unwrap();
        assert!(client.retr_as_buffer("f").is_err(), "{name}");
        client.quit().unwrap();
    }
}

#[test]
fn resuming_both_ways() {
    let server = server();
    let content = pattern(300_000);
    for (name, mut client) in clients(&server) {
        client.put_file("f", &mut Cursor::new(&content[..100_000])).unwrap();
        client.resume_transfer(100_000).unwrap();
        let mut upload = client.put_with_stream("f").unwrap();
        upload.write_all(&content[100_000..]).unwrap();
        upload.finish().unwrap();
        assert!(server.content("f").unwrap() == content, "{name}");
        client.resume_transfer(123_456).unwrap();
        let mut rest = Vec::new();
        let mut download = client.retr_as_stream("f").unwrap();
        download.read_to_end(&mut rest).unwrap();
        download.finish().unwrap();
        assert!(rest == content[123_456..], "{name}");
        client.quit().unwrap();
    }
}

#[test]
fn directories_and_listings() {
    let server = server();
    for (name, mut client) in clients(&server) {
        client.mkdir("d").unwrap();
        client.cwd("d").unwrap();
        assert_eq!(client.pwd().unwrap(), "/d");
        client.put_file("one", &mut Cursor::new(b"1")).unwrap();
        client.put_file("two", &mut Cursor::new(b"22")).unwrap();
        client.rename("one", "three").unwrap();
        let mut names = client.nlst(None).unwrap();
        names.sort();
        assert_eq!(names, ["three", "two"], "{name}");
        let listed = client.list(None).unwrap();
        let files: Vec<suppaftp::list::File> = listed.iter().map(|line| line.parse().unwrap()).collect();
        assert_eq!(files.iter().map(suppaftp::list::File::size).sum::<usize>(), 3, "{listed:?}");
        assert_eq!(client.mlsd(None).unwrap().iter().filter(|line| line.contains("type=file;")).count(), 2);
        client.mdtm("two").unwrap();
        assert!(client.rmdir("/d").is_err(), "{name}");
        client.rm("two").unwrap();
        client.rm("three").unwrap();
        client.cdup().unwrap();
        client.rmdir("d").unwrap();
        assert!(client.cwd("d").is_err());
        client.quit().unwrap();
    }
}

#[test]
fn features_and_an_abort() {
    let server = server();
    // Too large to be on its way as a whole when the client has had enough.
    std::fs::File::create(server.root().join("large")).unwrap().set_len(64 << 20).unwrap();
    for (name, mut client) in clients(&server) {
        assert!(client.feat().unwrap().contains_key("SIZE"), "{name}");
        client.opts("UTF8", Some("ON")).unwrap();
        let mut download = client.retr_as_stream("large").unwrap();
        download.read_exact(&mut [0; 1000]).unwrap();
        client.abort(download).unwrap();
        client.noop().unwrap();
        client.put_file("small", &mut Cursor::new(b"after it")).unwrap();
        assert_eq!(client.retr_as_buffer("small").unwrap().into_inner(), b"after it");
        client.quit().unwrap();
    }
}

#[test]
fn a_wrong_password() {
    let server = server();
    let mut client = FtpStream::connect(server.address()).unwrap();
    assert!(client.login("alice", "wrong").is_err());
    client.login("alice", "secret").unwrap();
}

#[test]
fn where_data_connections_must_resume_the_session() {
    let server = Setup::new().tls().config(|config| config.tls.data_reuse = Demand::Required).start();
    let content = pattern(100_000);
    for version in TlsVersion::ALL {
        let mut client = client(&server, FAMILIES[0], Mode::ExtendedPassive, Tls::Explicit(version));
        for _ in 0..3 {
            client.put_file("f", &mut Cursor::new(&content)).unwrap();
            assert!(client.retr_as_buffer("f").unwrap().into_inner() == content);
        }
        client.quit().unwrap();
    }
}

/// The end of an upload is where files come out short: see `tests/clients/uploads` for larger ones, and other clients.
#[test]
fn no_upload_is_short() {
    let server = server();
    for (size, count) in [(1, 200), (100, 200), (16_384, 200), (16_385, 200), (1_000_000, 10)] {
        let content = pattern(size);
        for tls in TlsVersion::ALL.map(Tls::Explicit).into_iter().chain([Tls::Implicit]) {
            let mut client = client(&server, FAMILIES[0], Mode::ExtendedPassive, tls);
            for _ in 0..count {
                client.put_file("f", &mut Cursor::new(&content)).unwrap();
                assert!(server.content("f").unwrap() == content, "{size} bytes, {tls:?}");
            }
            client.quit().unwrap();
        }
    }
}
