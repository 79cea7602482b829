//! One session's way to its file.

use std::sync::Arc;

use ftp_proto::config::Config;
use ftp_proto::server::{Actions, Misuse};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::trace::Recorder;
use ftp_proto::{Action, Event};
use time::OffsetDateTime;

use super::Recording;
use super::desk::{Cut, Folder};
use crate::adapter::SessionId;
use crate::host::Client;

/// Writes a session down, if it is to be.
#[derive(Debug)]
pub(in crate::adapter) struct Pen(Option<Box<Writing>>);

#[derive(Debug)]
struct Writing {
    recorder: Recorder<String>,
    recording: Recording,
    folder: Arc<Folder>,
    /// Bytes that the file has, or will have.
    length: u64,
}

impl Pen {
    /// For the session `id` with `client`, that is made of the same `config`, `seed` and `started`.
    pub(in crate::adapter) fn new(
        recording: Option<&Recording>,
        (client, id): (Client, SessionId),
        (config, seed, started): (&Config, [u8; 32], UnixTime),
    ) -> Self {
        Self(recording.map(|recording| {
            let recorder = Recorder::new(String::new(), config, seed, started, recording.payloads);
            let recorder = recording.hidden.iter().fold(recorder, |recorder, verb| recorder.hiding(verb));
            let folder = Folder::new(recording.directory.join(name(started, client, id)));
            Box::new(Writing { recorder, recording: recording.clone(), folder, length: 0 })
        }))
    }

    /// The session is about to handle this.
    pub(in crate::adapter) fn event(&mut self, now: Instant, event: &Event<'_>) {
        if let Some(writing) = &mut self.0 {
            writing.recorder.event(now, event);
        }
    }

    /// The session refused that.
    pub(in crate::adapter) fn misuse(&mut self, misuse: &Misuse) {
        if let Some(writing) = &mut self.0 {
            writing.recorder.misuse(misuse);
        }
        self.hand_over();
    }

    /// The session's actions, each written down as it is taken.
    pub(in crate::adapter) fn follow<'a>(&'a mut self, actions: Actions<'a>) -> Followed<'a> {
        Followed { pen: self, actions }
    }

    /// Gives away what an event has led to; or stops.
    fn hand_over(&mut self) {
        if self.0.as_mut().is_some_and(|writing| !writing.hand_over()) {
            self.0 = None;
        }
    }
}

/// Actions that are written down; what is not taken, as what is left.
pub(in crate::adapter) struct Followed<'a> {
    pen: &'a mut Pen,
    actions: Actions<'a>,
}

impl Iterator for Followed<'_> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let action = self.actions.next()?;
        if let Some(writing) = &mut self.pen.0 {
            writing.recorder.action(&action);
        }
        Some(action)
    }
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        if let Some(writing) = &mut self.pen.0 {
            writing.recorder.left(self.actions.len());
        }
        self.pen.hand_over();
    }
}

impl Writing {
    /// Gives away what was written: whether there may be more.
    fn hand_over(&mut self) -> bool {
        let Self { recorder, recording, folder, length } = self;
        let text = recorder.take();
        *length += text.len() as u64;
        if folder.is_broken() {
            return false;
        }
        let cut = if *length > recording.largest {
            Cut::TooLarge
        } else if recording.desk.put(folder, text) {
            return true;
        } else {
            Cut::TooSlow
        };
        recording.desk.cut(folder, cut);
        false
    }
}

impl Drop for Writing {
    /// An event that ended in a panic of the engine is the one that is wanted most.
    fn drop(&mut self) {
        let text = self.recorder.take();
        if !text.is_empty() {
            // There may be no room: then nobody can be told.
            let _ = self.recording.desk.put(&self.folder, text);
        }
    }
}

/// A name that says when, who and which, and sorts by when.
fn name(started: UnixTime, client: Client, id: SessionId) -> String {
    let (ip, port) = (client.peer.ip().to_string().replace(':', "."), client.peer.port());
    let time = OffsetDateTime::from_unix_timestamp(started.secs).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour, minute, second) = (time.date(), time.hour(), time.minute(), time.second());
    let (year, month, day, milli) = (date.year(), u8::from(date.month()), date.day(), started.nanos / 1_000_000);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{milli:03}Z-{ip}-{port}-{id}.trace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_when_who_and_which() {
        let local = "192.0.2.1:21".parse().unwrap();
        let name =
            |peer: &str, started| name(started, Client { peer: peer.parse().unwrap(), local }, SessionId::testing());
        let started = UnixTime { secs: 1_720_000_000, nanos: 250_999_999 };
        assert_eq!(name("192.0.2.7:50000", started), "20240703T094640.250Z-192.0.2.7-50000-s1.trace");
        let never = UnixTime { secs: i64::MAX, nanos: 0 };
        assert_eq!(name("[2001:db8::1]:9", never), "19700101T000000.000Z-2001.db8..1-9-s1.trace");
    }
}
