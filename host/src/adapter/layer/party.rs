//! rustls's part of a connection: one of the two parties, and one step of it.
//!
//! It works on buffers that are ours: what comes in is decrypted where it was read to, and an idle connection has none.

use std::sync::Arc;

use ftp_proto::Failure;
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, CommonState};
use rustls_pki_types::ServerName;

use super::output::Output;
use super::plain::Plain;
use crate::tls::{Choice, Offer};

/// Which of the two we are.
pub(super) enum Party {
    Server(UnbufferedServerConnection, Arc<Choice>),
    Client(UnbufferedClientConnection),
}

/// What is to be sent once rustls has nothing else to say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task<'a> {
    Nothing,
    Seal(&'a [u8]),
    CloseNotify,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There may be more to do with the same input.
    Again,
    /// The peer will say nothing more.
    PeerClosed,
    /// More input is needed, or the task is done.
    Done,
    /// It does not go on. The alert that says why is to be [fetched](Party::last_words).
    Failed,
}

impl Party {
    pub(super) fn server(offer: Offer) -> Result<Self, Failure> {
        let (config, choice) = offer.config();
        let connection = UnbufferedServerConnection::new(config).map_err(|_| Failure::Tls)?;
        Ok(Self::Server(connection, choice))
    }

    pub(super) fn client(config: Arc<ClientConfig>) -> Result<Self, Failure> {
        // No name is told, nor is one looked for in the certificate.
        let name = ServerName::try_from("ftp").map_err(|_| Failure::Tls)?;
        Ok(Self::Client(UnbufferedClientConnection::new(config, name).map_err(|_| Failure::Tls)?))
    }

    pub(super) fn common(&self) -> &CommonState {
        match self {
            Self::Server(connection, _) => connection,
            Self::Client(connection) => connection,
        }
    }

    /// The host that the client named.
    pub(super) fn sni(&self) -> Option<&str> {
        match self {
            Self::Server(_, choice) => choice.sni(),
            Self::Client(_) => None,
        }
    }

    /// Works on `input`, which begins where the last step's left off: how many bytes of it are done with.
    pub(super) fn step(
        &mut self,
        input: &mut [u8],
        output: &mut Output,
        plain: &mut Plain<'_>,
        task: Task<'_>,
    ) -> (usize, Step) {
        match self {
            Self::Server(connection, _) => settle(connection.process_tls_records(input), output, plain, task),
            Self::Client(connection) => settle(connection.process_tls_records(input), output, plain, task),
        }
    }

    /// What is left to be said behind a failure.
    pub(super) fn last_words(&mut self, input: &mut [u8], output: &mut Output) {
        while self.common().wants_write() {
            // Nothing is read before all is said.
            let (_, step) = self.step(input, output, &mut Plain::none(), Task::Nothing);
            if step != Step::Again {
                return;
            }
        }
    }
}

fn settle<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    output: &mut Output,
    plain: &mut Plain<'_>,
    task: Task<'_>,
) -> (usize, Step) {
    let UnbufferedStatus { discard, state } = status;
    let step = match state {
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            let mut more = 0;
            while let Some(Ok(record)) = traffic.next_record() {
                more += record.discard;
                plain.take(record.payload);
            }
            return (discard + more, Step::Again);
        }
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let encoded = output.append(|room| match data.encode(room) {
                Ok(count) => Ok(count),
                Err(EncodeError::InsufficientSize(error)) => Err(Some(error.required_size)),
                Err(EncodeError::AlreadyEncoded) => Err(None),
            });
            if encoded { Step::Again } else { Step::Failed }
        }
        Ok(ConnectionState::TransmitTlsData(transmit)) => {
            // It leaves from the output, in its order.
            transmit.done();
            Step::Again
        }
        Ok(ConnectionState::PeerClosed) => Step::PeerClosed,
        Ok(ConnectionState::WriteTraffic(traffic)) => perform(task, traffic, output),
        Ok(ConnectionState::BlockedHandshake | ConnectionState::Closed) => match task {
            Task::Nothing => Step::Done,
            Task::Seal(_) | Task::CloseNotify => Step::Failed,
        },
        // Early data is never offered, and there are no other states.
        Ok(_) | Err(_) => Step::Failed,
    };
    (discard, step)
}

fn perform<Data>(task: Task<'_>, mut traffic: WriteTraffic<'_, Data>, output: &mut Output) -> Step {
    let room_for = |error| match error {
        EncryptError::InsufficientSize(error) => Some(error.required_size),
        EncryptError::EncryptExhausted => None,
    };
    let done = match task {
        Task::Nothing => true,
        Task::Seal(bytes) => output.append(|room| traffic.encrypt(bytes, room).map_err(room_for)),
        Task::CloseNotify => output.append(|room| traffic.queue_close_notify(room).map_err(room_for)),
    };
    if done { Step::Done } else { Step::Failed }
}
