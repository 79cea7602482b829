//! TLS on a connection: what the sockets of both adapters, control and data, are secured with.
//!
//! Built on rustls's own connection, not on a stream that wraps it: a control connection has to be able to go back to
//! the clear, a stream that was cut must be told from one that ended, and plaintext is counted exactly. And on the
//! connection that works on its caller's buffers: they are read into and sent from by large calls, and gone while nothing
//! is on its way.
//!
//! ```text
//! socket ──► input ───► one record at a time ──► rustls ──► plaintext, taken before the next record
//! socket ◄── output ◄─────────────────────────── rustls ◄── plaintext, a chunk once the last one has left
//! ```
//!
//! Both ways are bounded: one record and what one read brought, and one chunk.

mod agreed;
mod input;
mod intake;
mod output;
mod party;
mod plain;

use std::fmt;
use std::sync::Arc;

use ftp_proto::Failure;
use ftp_proto::action::CloseHow;
use ftp_proto::outcome::{DataEnd, Secured};
use rustls::ClientConfig;

use self::agreed::secured;
use self::input::{Input, Record};
use self::output::Output;
use self::party::{Party, Step, Task};
use self::plain::{Plain, Rest};
use super::{Stream, socket};
use crate::tls::Offer;

/// Why a step did not end in success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// It goes on: at once if bytes were moved, else once the socket is ready.
    Later,
    /// It does not go on.
    Failed(Failure),
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// So many bytes, at least one.
    Bytes(usize),
    /// The stream has ended.
    End(DataEnd),
}

/// TLS on one connection. The calls never wait; those that take the connection do with it what they can.
pub struct Layer {
    state: State,
    input: Input,
    output: Output,
    /// Plaintext that nobody had room for.
    rest: Rest,
    /// How the peer's stream ended.
    end: Option<DataEnd>,
    farewell: Farewell,
}

enum State {
    Begun(Box<Party>),
    /// There is nothing more to say or to hear.
    Failed(Failure),
}

/// How far our `close_notify` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    NotSaid,
    Said,
}

impl Layer {
    /// How often to [`read`](Self::read) at once, at most: a record may hold a single byte, and others want the thread too.
    pub const READS: usize = 64;
    /// Plaintext that is encrypted at once: four records. There is never more ciphertext than theirs.
    pub const CHUNK: usize = 64 * 1024;

    /// As the server. `input` came in on the connection already.
    pub(crate) fn server(offer: Offer, input: Vec<u8>) -> Self {
        let state = Party::server(offer).map_or_else(State::Failed, |party| State::Begun(Box::new(party)));
        Self::new(state, Input::of(input))
    }

    /// As the client.
    pub(crate) fn client(config: Arc<ClientConfig>) -> Result<Self, Failure> {
        let mut layer = Self::new(State::Begun(Box::new(Party::client(config)?)), Input::default());
        // Its hello: whoever waits for room to write finds it.
        layer.begin()?;
        Ok(layer)
    }

    fn new(state: State, input: Input) -> Self {
        let (output, rest) = (Output::default(), Rest::default());
        Self { state, input, output, rest, end: None, farewell: Farewell::NotSaid }
    }

    fn begin(&mut self) -> Result<(), Failure> {
        match self.perform(Task::Nothing, &mut Plain::none()) {
            Step::Done => Ok(()),
            Step::Again | Step::PeerClosed | Step::Failed => Err(Failure::Tls),
        }
    }

    /// Goes on with the handshake, until it is done and the last of it has left: what was agreed on.
    ///
    /// # Errors
    /// [`Halt::Later`]: room to write, if it [wants](Self::wants_write) that, or else something to read. A failure that
    /// is the client's fault was told to it, as far as there was room.
    pub fn handshake(&mut self, stream: &impl Stream) -> Result<Secured, Halt> {
        loop {
            self.flush(stream)?;
            if let State::Begun(party) = &self.state
                && !party.common().is_handshaking()
            {
                return Ok(secured(party));
            }
            let mut plain = Plain::none();
            self.take_record(stream, &mut plain)?;
            // Whoever is in a hurry sends data along with the last of the handshake.
            self.rest.keep(plain);
            if self.end.is_some() {
                return Err(self.fail(Failure::Tls));
            }
        }
    }

    /// Whether there is ciphertext that has not left.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        !self.output.is_empty() && self.is_whole()
    }

    /// Writes what there is room for.
    ///
    /// # Errors
    /// [`Halt::Later`]: there is more, once there is room. Or the failure of the connection.
    pub fn flush(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        if self.is_whole() { self.output.flush(stream) } else { Ok(()) }
    }

    /// Encrypts the first of `bytes`: how many, none where there is no room before the last ones have left. They leave
    /// by [`flush`](Self::flush).
    ///
    /// # Errors
    /// When there is no TLS, or no more.
    pub fn seal(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        match &self.state {
            State::Begun(party) if !party.common().is_handshaking() && self.farewell == Farewell::NotSaid => {}
            State::Failed(failure) => return Err(*failure),
            State::Begun(_) => return Err(Failure::Tls),
        }
        let chunk = bytes.get(..bytes.len().min(Self::CHUNK)).unwrap_or_default();
        if !self.output.has_room(chunk.len()) {
            return Ok(0);
        }
        match self.perform(Task::Seal(chunk), &mut Plain::none()) {
            Step::Done => Ok(chunk.len()),
            Step::Again | Step::PeerClosed | Step::Failed => Err(Failure::Tls),
        }
    }

    /// Writes the first of `bytes`: how many are on their way. All of them have left once [`flush`](Self::flush)
    /// succeeds.
    ///
    /// # Errors
    /// [`Halt::Later`]: earlier ones are still on their way, and none of these is. Or the failure of the connection.
    pub fn write(&mut self, stream: &impl Stream, bytes: &[u8]) -> Result<usize, Halt> {
        self.flush(stream)?;
        let count = self.seal(bytes).map_err(Halt::Failed)?;
        match self.flush(stream) {
            Ok(()) | Err(Halt::Later) => Ok(count),
            Err(failed) => Err(failed),
        }
    }

    /// Reads what is there now.
    ///
    /// # Errors
    /// [`Halt::Later`]: nothing is. Or a failure, once everything that arrived before it was read.
    pub fn read(&mut self, stream: &impl Stream, buffer: &mut [u8]) -> Result<Taken, Halt> {
        // A peer that asked for new keys waits for nothing; and where writing fails, what came in is still to be read.
        let _ = self.flush(stream);
        loop {
            if let count @ 1.. = self.rest.read(buffer) {
                return Ok(Taken::Bytes(count));
            }
            if let Some(end) = self.end {
                return Ok(Taken::End(end));
            }
            let mut plain = Plain::into(buffer);
            // The library ends what brings too many records with nothing to read.
            let taken = self.take_record(stream, &mut plain);
            let count = plain.filled;
            self.rest.keep(plain);
            if count > 0 {
                return Ok(Taken::Bytes(count));
            }
            if let Err(halt) = taken {
                // What came in may have had an answer of its own (an alert): nobody else would see it off.
                let _ = self.flush(stream);
                return Err(halt);
            }
        }
    }

    /// Says that nothing more comes (`close_notify`), and sees it leave.
    ///
    /// It does not wait for the peer's, nor for a peer that has said so already and reads no more; and it says nothing
    /// where the handshake is not done or failed.
    ///
    /// # Errors
    /// [`Halt::Later`]: once there is room. Or the failure of the connection.
    pub fn close(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        let State::Begun(party) = &self.state else { return Ok(()) };
        if party.common().is_handshaking() {
            return Ok(());
        }
        self.say_goodbye();
        match self.flush(stream) {
            Err(Halt::Failed(_)) if self.end == Some(DataEnd::Clean) => Ok(()),
            other => other,
        }
    }

    /// The first half of [`close`](Self::close): it leaves with what was sealed before.
    pub(crate) fn say_goodbye(&mut self) {
        let State::Begun(party) = &self.state else { return };
        if self.farewell == Farewell::NotSaid && !party.common().is_handshaking() {
            self.farewell = Farewell::Said;
            // It fails only where an alert has said so already.
            let _ = self.perform(Task::CloseNotify, &mut Plain::none());
        }
    }

    /// Closes a data connection in an orderly way: [`close`](Self::close), then the end of the stream. Dropping it then is
    /// the end of it.
    ///
    /// # Errors
    /// [`Halt::Later`]: once there is room. Or a failure: what was sent may be lost.
    pub fn finish(&mut self, stream: &impl Stream) -> Result<(), Halt> {
        self.say_goodbye();
        if self.farewell == Farewell::Said && self.is_whole() {
            self.output.flush_with_the_end(stream);
        }
        let said = self.close(stream);
        if said == Err(Halt::Later) {
            return said;
        }
        let closed = socket::close(stream, CloseHow::Graceful).map_err(Halt::Failed);
        // A peer that has said all it had to say may be gone, and there was nothing that it could miss.
        if self.end == Some(DataEnd::Clean) { Ok(()) } else { said.and(closed) }
    }

    /// The host that the client named.
    pub(crate) fn sni(&self) -> Option<&str> {
        match &self.state {
            State::Begun(party) => party.sni(),
            State::Failed(_) => None,
        }
    }

    /// Ends TLS on a connection that goes on: what came in behind it, which is plain. Before it, in the order of their
    /// coming, stand the bytes that still came in secured.
    ///
    /// A peer that goes on in the clear without a word (its first byte is that of no record) has ended TLS too.
    ///
    /// # Errors
    /// [`Halt::Later`]: room to write, if it [wants](Self::wants_write) that, or else something to read. Or a failure.
    pub(crate) fn take_off(&mut self, stream: &impl Stream, unread: &mut Vec<u8>) -> Result<(), Halt> {
        self.close(stream)?;
        let mut buffer = [0; 4096];
        loop {
            if self.end.is_none() && self.input.record() == Record::Foreign {
                self.end = Some(DataEnd::Clean);
            }
            match self.read(stream, &mut buffer) {
                Ok(Taken::Bytes(count)) if unread.len() + count <= UNREAD => {
                    unread.extend_from_slice(buffer.get(..count).unwrap_or_default());
                }
                Ok(Taken::Bytes(_)) => return Err(self.fail(Failure::Tls)),
                Ok(Taken::End(DataEnd::Clean)) => {
                    unread.extend_from_slice(self.input.bytes());
                    return Ok(());
                }
                Ok(Taken::End(_)) => return Err(self.fail(Failure::Reset)),
                // The first plain byte is no record: seen above.
                Err(Halt::Failed(Failure::Tls)) if self.input.record() == Record::Foreign && self.is_whole() => {}
                Err(halt) => return Err(halt),
            }
        }
    }

    /// Bytes that its buffers have room for.
    #[cfg(test)]
    fn held(&self) -> usize {
        self.input.held() + self.output.held() + self.rest.held()
    }

    fn is_whole(&self) -> bool {
        !matches!(self.state, State::Failed(_))
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Begun(party) if party.common().is_handshaking() => "Handshaking",
            State::Begun(_) => "Secured",
            State::Failed(_) => "Failed",
        };
        f.debug_struct("Layer").field("state", &state).field("end", &self.end).finish_non_exhaustive()
    }
}

/// How much may come in secured while TLS is being taken off.
const UNREAD: usize = 64 * 1024;

#[cfg(test)]
mod tests;
