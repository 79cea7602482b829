//! Connections that only one end knows of: what a kernel makes of those that come while their listener is closed.
//!
//! Linux closes a listener in two steps, and a handshake whose last segment comes between them is dropped without a
//! reset: the client's end is established, the other end is nowhere, and nobody will say so. `SYN, SYN-ACK, ACK`, then
//! silence; the next segment from the client is answered by a reset. It takes nothing but a `TcpListener` that is
//! dropped while someone connects (see the test below), so no server can do anything about it.
//!
//! A client that waits to be greeted has to tell this from a server that holds its connection and is silent. It says
//! something that means nothing.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Waits until there is something to read on a new control connection in the clear, or its end; `stream`'s time to
/// read is set to `patience`. To be used where the server may be closing its listener.
///
/// # Errors
/// [`ErrorKind::WouldBlock`]: someone holds the connection and said nothing for so long. Any other: it is gone.
pub fn await_first_word(mut stream: &TcpStream, patience: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE.min(patience)))?;
    let heard = stream.peek(&mut [0]);
    stream.set_read_timeout(Some(patience))?;
    match heard {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            stream.write_all(&NOTHING)?;
            stream.peek(&mut [0]).map(drop)
        }
        heard => heard.map(drop),
    }
}

/// Telnet's IAC NOP: no part of any line (RFC 854).
const NOTHING: [u8; 2] = [255, 241];
/// Nobody who listens is silent for so long, but on a machine that has much else to do.
const SILENCE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::Barrier;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::PATIENCE;

    /// One client connects while the listener is closed: what it came to.
    fn meet_a_closing_listener(round: u32) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let start = Barrier::new(2);
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                start.wait();
                await_first_word(&TcpStream::connect(address)?, PATIENCE)
            });
            start.wait();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_nanos(500) * (round % 100) {}
            drop(listener);
            client.join().unwrap()
        })
    }

    #[test]
    fn no_client_of_a_closing_listener_waits_in_vain() {
        // Between two and thirty in a thousand are left with half a connection.
        for round in 0..1000 {
            let came = meet_a_closing_listener(round).map_err(|error| error.kind());
            assert!(!matches!(came, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "round {round}: {came:?}");
        }
    }

    #[test]
    fn a_connection_that_is_held_in_silence_is_told_from_one_that_is_gone() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_held, _) = listener.accept().unwrap();
        let error = await_first_word(&client, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}
