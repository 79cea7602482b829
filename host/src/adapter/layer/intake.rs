//! Records on their way into rustls.

use std::io::ErrorKind;

use ftp_proto::Failure;
use ftp_proto::outcome::DataEnd;
use rustls::Connection;

use super::input::{Record, Sink};
use super::{Halt, Layer, State};
use crate::adapter::{Stream, socket};

impl Layer {
    /// Processes the next record, whatever is in it.
    pub(super) fn take_record(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        if let State::Failed(failure) = self.state {
            return Err(Halt::Failed(failure));
        }
        loop {
            match self.input.record() {
                Record::Whole(len) => {
                    let result = self.process(stream, len);
                    self.input.consume(len);
                    return result;
                }
                // It may be the plain word of a peer that has ended TLS, so it is kept.
                Record::Foreign => return Err(Halt::Failed(Failure::Tls)),
                Record::Oversized => {
                    let held = self.input.bytes().len();
                    self.process(stream, held)?;
                    return Err(self.fail(Failure::Tls));
                }
                Record::Partial => match self.input.fill(stream) {
                    // No peer ends in the middle of a record: it was cut off, whatever a policy forgives.
                    Ok(0) if !self.input.bytes().is_empty() => return Err(self.fail(Failure::Reset)),
                    Ok(0) => {
                        self.end = Some(DataEnd::Truncated);
                        return Ok(());
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Halt::Later),
                    Err(error) => return Err(self.fail(socket::failure(&error))),
                },
            }
        }
    }

    /// Gives the first `len` bytes of the input to rustls.
    fn process(&mut self, stream: &impl Stream, len: usize) -> Result<(), Halt> {
        let mut record = self.input.bytes().get(..len).unwrap_or_default();
        match &mut self.state {
            State::Hello(begin) => {
                let (acceptor, offer) = &mut **begin;
                while !record.is_empty() {
                    if !matches!(acceptor.read_tls(&mut record), Ok(1..)) {
                        return Err(self.fail(Failure::Tls));
                    }
                }
                let begun = acceptor.accept().and_then(|accepted| {
                    let Some(accepted) = accepted else { return Ok(None) };
                    let config = offer.choose(&accepted.client_hello());
                    accepted.into_connection(config).map(Some)
                });
                match begun {
                    Ok(None) => Ok(()),
                    Ok(Some(connection)) => {
                        self.state = State::Begun(Box::new(Connection::Server(connection)));
                        self.digest(stream)
                    }
                    Err((_, mut alert)) => {
                        // There is room for it, unless the client reads nothing, which is its loss.
                        let _ = alert.write_all(&mut Sink(stream));
                        Err(self.fail(Failure::Tls))
                    }
                }
            }
            State::Begun(connection) => {
                while !record.is_empty() {
                    if !matches!(connection.read_tls(&mut record), Ok(1..)) {
                        return Err(self.fail(Failure::Tls));
                    }
                }
                self.digest(stream)
            }
            State::Failed(failure) => Err(Halt::Failed(*failure)),
        }
    }

    /// Lets rustls work on what it was given.
    fn digest(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        let State::Begun(connection) = &mut self.state else { return Ok(()) };
        match connection.process_new_packets() {
            Ok(state) => {
                if state.peer_has_closed() {
                    self.end = Some(DataEnd::Clean);
                }
                Ok(())
            }
            Err(_) => {
                // The alert that says why; as far as there is room.
                let _ = self.flush(stream);
                Err(self.fail(Failure::Tls))
            }
        }
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Halt {
        self.state = State::Failed(failure);
        Halt::Failed(failure)
    }
}
