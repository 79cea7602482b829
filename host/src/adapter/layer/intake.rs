//! Records on their way into rustls.

use std::io::ErrorKind;

use ftp_proto::Failure;
use ftp_proto::outcome::DataEnd;

use super::input::Record;
use super::party::{Step, Task};
use super::plain::Plain;
use super::{Halt, Layer, State};
use crate::adapter::{Stream, socket};

impl Layer {
    /// Processes the next record, whatever is in it: plaintext goes to `plain`.
    pub(super) fn take_record(&mut self, stream: &impl Stream, plain: &mut Plain<'_>) -> Result<(), Halt> {
        if let State::Failed(failure) = self.state {
            return Err(Halt::Failed(failure));
        }
        loop {
            match self.input.record() {
                Record::Whole(len) => {
                    self.input.see(len);
                    return self.process(stream, plain);
                }
                // It may be the plain word of a peer that has ended TLS, so it is kept.
                Record::Foreign => return Err(Halt::Failed(Failure::Tls)),
                Record::Oversized => {
                    self.input.see(self.input.bytes().len());
                    self.process(stream, plain)?;
                    return Err(self.fail(Failure::Tls));
                }
                Record::Partial if self.input.is_overlong() => return Err(self.fail(Failure::Tls)),
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

    /// Gives rustls what was looked at.
    fn process(&mut self, stream: &impl Stream, plain: &mut Plain<'_>) -> Result<(), Halt> {
        match self.perform(Task::Nothing, plain) {
            Step::Done => Ok(()),
            Step::PeerClosed | Step::Again | Step::Failed => {
                // The alert that says why; as far as there is room.
                let _ = self.flush(stream);
                Err(self.fail(Failure::Tls))
            }
        }
    }

    /// Lets rustls work on what was looked at, and do `task`: [`Step::Done`], or [`Step::Failed`].
    pub(super) fn perform(&mut self, task: Task<'_>, plain: &mut Plain<'_>) -> Step {
        let State::Begun(party) = &mut self.state else { return Step::Failed };
        loop {
            let (done, step) = party.step(self.input.seen(), &mut self.output, plain, task);
            self.input.discard(done);
            match step {
                Step::Again => {}
                // Nothing of what comes behind it is TLS's; but what we have to say still is.
                Step::PeerClosed => self.end = Some(DataEnd::Clean),
                Step::Done => return step,
                Step::Failed => {
                    party.last_words(self.input.seen(), &mut self.output);
                    return step;
                }
            }
        }
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Halt {
        self.state = State::Failed(failure);
        Halt::Failed(failure)
    }
}
