//! Clients that come at the very moment of the shutdown: each is answered, told to go, or gone; none is forgotten.

#![allow(clippy::unwrap_used)] // Also in what tests share, which clippy does not take for a test.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use ftp_host::adapter::Offload;
use ftp_host::{Inline, MemoryDisk, Users};
use ftp_proto::storage::Permissions;
use ftp_tests::{Adapter, Caps, FAMILIES, PATIENCE, Target, Wanted, await_first_word};

fn server() -> Box<dyn Target> {
    let users = Users::new().anonymous(Permissions::READ_ONLY, Arc::new(MemoryDisk::new()));
    let wanted = Wanted {
        host: Arc::new(Inline::new(Arc::new(users))),
        config: Default::default(),
        offload: Offload::Kernel,
        caps: Caps { sessions: 100, per_address: 100 },
        notices: Default::default(),
        watch: None,
        recording: None,
        tls: None,
    };
    Adapter::of_this_program().start(wanted).unwrap()
}

/// What became of one client: all that it was told, or how it was gone.
fn visit(address: SocketAddr) -> Result<String, ErrorKind> {
    let talk = || {
        let mut stream = TcpStream::connect(address)?;
        await_first_word(&stream, PATIENCE)?;
        let mut told = String::new();
        stream.read_to_string(&mut told).map(|_| told)
    };
    talk().map_err(|error| error.kind())
}

#[test]
fn whoever_comes_with_the_shutdown_is_not_forgotten() {
    for round in 0..200 {
        let mut server = server();
        let address = server.address(FAMILIES[0]);
        let start = Barrier::new(CLIENTS + 1);
        thread::scope(|scope| {
            let come = || {
                start.wait();
                visit(address)
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(come)).collect();
            start.wait();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_micros(1) * (round % 200) {}
            server.stop(Duration::ZERO).unwrap();
            for client in clients {
                match client.join().unwrap() {
                    Ok(told) => assert!(told.starts_with("220 ") || told.starts_with("421 "), "{round}: {told:?}"),
                    Err(ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {}
                    Err(how) => panic!("round {round}: {how}"),
                }
            }
        });
        assert_eq!(server.sessions(), Some(0));
    }
}

const CLIENTS: usize = 4;
