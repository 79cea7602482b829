//! A client's transfers, and the ways they are broken off.

use std::io::{Read, Write};

use super::{Client, Step, Stop, is_timeout, wrong};
use crate::kill::worlds::{Change, Worlds};
use crate::link::Link;
use crate::reply::Reply;

/// How a transfer is broken off, after some of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    No,
    /// The data connection ends in an orderly way.
    DataEnd,
    /// By FIN alone: under TLS anyone can send it.
    DataCut,
    DataReset,
    Abort,
    /// ABOR, and the data connection ends in an orderly way.
    AbortAndEnd,
    ControlReset,
    ControlClosed,
    /// The control connection is half-closed; the transfer goes on.
    HalfClosed,
    /// Commands are sent into the transfer.
    Stall,
}

impl Client<'_> {
    pub(super) fn store(&mut self, verb: &str, file: &str) -> Step {
        let content = self.content();
        let how = self.how();
        let shape = self.shape;
        let whole = shape.whole(&content);
        let part = shape.part(&content, self.random.below(content.len() + 1));
        let change = |bytes: &[u8]| match verb {
            "APPE" => Change::Append(file.into(), bytes.into()),
            _ => Change::Store(file.into(), bytes.into()),
        };
        let (all, some) = (change(&content), part.is_file_of.map(|length| change(&content[..length])));
        let Some(mut data) = self.begin(&format!("{verb} {file}"))? else { return Ok(()) };
        // From here on, the client may be cut off any time after it has ended its data.
        match how {
            Break::No => {
                give(&mut data, &whole)?;
                let before = self.might(Some(&all));
                end(data);
                self.end_of_upload(before, Some(&all), 0)
            }
            Break::DataEnd => {
                give(&mut data, &part.bytes)?;
                let before = self.might(some.as_ref());
                end(data);
                self.end_of_upload(before, some.as_ref(), 0)
            }
            Break::DataCut => {
                give(&mut data, &part.bytes)?;
                let some = some.filter(|_| data.tls().is_none() || !self.server.is_strict);
                let before = self.might(some.as_ref());
                let _ = data.handshake();
                let _ = data.cut();
                let ended = self.end_of_upload(before, some.as_ref(), 0);
                drop(data);
                ended
            }
            Break::DataReset => {
                give(&mut data, &part.bytes)?;
                data.reset();
                self.not_stored()
            }
            Break::Abort => {
                give(&mut data, &part.bytes)?;
                self.say("ABOR")?;
                self.not_stored()?;
                drop(data);
                self.expect(&[226])
            }
            Break::AbortAndEnd => {
                give(&mut data, &part.bytes)?;
                let before = self.might(some.as_ref());
                let _ = data.finish();
                self.say("ABOR")?;
                self.end_of_upload(before, some.as_ref(), 0)?;
                self.expect(&[226])
            }
            Break::ControlReset | Break::ControlClosed => {
                give(&mut data, &part.bytes)?;
                self.drop_control(how == Break::ControlReset);
                if self.random.once_in(2) {
                    data.reset();
                } else {
                    self.might(some.as_ref());
                }
                Err(Stop::Gone)
            }
            Break::HalfClosed | Break::Stall => {
                let (first, rest) = whole.split_at(self.random.below(whole.len() + 1));
                give(&mut data, first)?;
                if how == Break::HalfClosed {
                    self.shut_down()?
                } else {
                    self.say("NOOP\r\nNOOP")?
                };
                // With its last byte some modes have ended.
                let before = self.might(Some(&all));
                give(&mut data, rest)?;
                end(data);
                self.end_of_upload(before, Some(&all), if how == Break::Stall { 2 } else { 0 })
            }
        }
    }

    /// From here on `change` may be made, if there is one: what was known before.
    fn might(&mut self, change: Option<&Change>) -> Worlds {
        let before = self.worlds.clone();
        change.into_iter().for_each(|change| self.worlds.maybe(change));
        before
    }

    /// The reply tells whether there was a file, which without `change` there cannot be.
    fn end_of_upload(&mut self, before: Worlds, change: Option<&Change>, noops: usize) -> Step {
        let reply = self.transfer_reply(noops)?;
        self.worlds = before;
        match change {
            Some(change) => self.conclude(&reply, change),
            None if reply.code < 300 => return taken_for_whole(&reply),
            None => {}
        }
        if reply.code < 300 {
            self.books.count(if self.is_private { "client: 226 under TLS" } else { "client: 226 in the clear" });
        }
        Ok(())
    }

    /// The reply that ends a transfer: those of NOOPs that were sent into it come before it or behind it.
    fn transfer_reply(&mut self, noops: usize) -> Step<Reply> {
        let mut replies = Vec::new();
        for _ in 0..=noops {
            replies.push(self.reply()?);
        }
        let ended = replies.into_iter().find(|reply| reply.code != 200);
        ended.map_or_else(|| wrong("no reply ends the transfer".into()), Ok)
    }

    fn not_stored(&mut self) -> Step {
        let reply = self.reply()?;
        if reply.code < 300 { taken_for_whole(&reply) } else { Ok(()) }
    }

    pub(super) fn retrieve(&mut self, verb: &str, file: &str) -> Step {
        let how = self.how();
        let Some(mut data) = self.begin(&format!("{verb} {file}"))? else { return Ok(()) };
        let mut got = Vec::new();
        if how != Break::No {
            let some = self.random.below(30_000) as u64;
            take(Read::by_ref(&mut data).take(some), &mut got)?;
        }
        match how {
            Break::DataReset | Break::DataEnd | Break::DataCut => {
                match how {
                    Break::DataReset => data.reset(),
                    Break::DataCut => drop(data.tcp().shutdown(std::net::Shutdown::Both)),
                    _ => drop(data),
                }
                self.received(file, &got)?;
                return self.reply().map(drop);
            }
            Break::ControlReset | Break::ControlClosed => {
                self.drop_control(how == Break::ControlReset);
                if self.random.once_in(2) {
                    take(&mut data, &mut got)?;
                }
                self.received(file, &got)?;
                return Err(Stop::Gone);
            }
            Break::HalfClosed => self.shut_down()?,
            Break::Abort | Break::AbortAndEnd => self.say("ABOR")?,
            Break::Stall => self.say("NOOP")?,
            Break::No => {}
        }
        let ended = take(&mut data, &mut got)?;
        self.received(file, &got)?;
        let reply = self.transfer_reply(usize::from(how == Break::Stall))?;
        if reply.code < 300 {
            self.received_whole(file, &got, ended)?;
        }
        if matches!(how, Break::Abort | Break::AbortAndEnd) { self.expect(&[226]) } else { Ok(()) }
    }

    /// Whether what came begins as such a file does.
    fn received(&self, file: &str, got: &[u8]) -> Step {
        match self.shape.beginning(got) {
            Some(beginning) if !beginning.is_empty() && !self.worlds.allow_content(file, &beginning, false) => {
                wrong(format!("RETR {file}: {} bytes are not its: {}", got.len(), self.worlds.describe()))
            }
            _ => Ok(()),
        }
    }

    /// Whether what came, in an orderly way or not, is what such a file holds.
    fn received_whole(&self, file: &str, got: &[u8], ended: bool) -> Step {
        let is_whole = |content: Vec<u8>| self.worlds.allow_content(file, &content, true);
        if ended && self.shape.decoded(got).is_some_and(is_whole) {
            return Ok(());
        }
        let (length, shape) = (got.len(), self.shape);
        wrong(format!(
            "RETR {file}: 226, but {length} bytes came, in order: {ended}, {shape:?}: {}",
            self.worlds.describe()
        ))
    }

    pub(super) fn list(&mut self) -> Step {
        let verb = self.random.pick(&["LIST", "MLSD", "NLST"]);
        let how = self.how();
        let Some(mut data) = self.begin(verb)? else { return Ok(()) };
        let aborts = match how {
            Break::DataReset => {
                data.reset();
                return self.reply().map(drop);
            }
            Break::ControlReset | Break::ControlClosed => {
                self.drop_control(how == Break::ControlReset);
                return Err(Stop::Gone);
            }
            Break::Abort | Break::AbortAndEnd => self.say("ABOR").map(|()| true)?,
            _ => false,
        };
        let ended = take(&mut data, &mut Vec::new())?;
        drop(data);
        let reply = self.reply()?;
        if reply.code < 300 && !ended {
            return wrong(format!("{verb}: 226, but it did not end in order"));
        }
        if aborts { self.expect(&[226]) } else { Ok(()) }
    }

    /// How the next transfer is broken off; it is counted.
    fn how(&mut self) -> Break {
        let (how, name) = match self.random.below(18) {
            0 => (Break::DataEnd, "client: data closed half-way"),
            1 => (Break::DataReset, "client: data reset"),
            2 => (Break::Abort, "client: ABOR"),
            3 => (Break::AbortAndEnd, "client: ABOR at the end"),
            4 => (Break::ControlReset, "client: control reset in a transfer"),
            5 => (Break::ControlClosed, "client: control closed in a transfer"),
            6 => (Break::HalfClosed, "client: control half-closed in a transfer"),
            7 => (Break::Stall, "client: stalled, commands sent into the transfer"),
            8 => (Break::DataCut, "client: data cut without a word"),
            _ => (Break::No, "client: whole transfer"),
        };
        self.books.count(name);
        self.trace.push(format!("({how:?})"));
        how
    }

    /// Without a CR, so that TYPE A brings it back.
    fn content(&mut self) -> Vec<u8> {
        let most = if self.random.once_in(10) { 400_000 } else { 20_000 };
        let (length, mut random) = (self.random.below(most), self.random.fork());
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(random.next().to_le_bytes().into_iter().filter(|byte| *byte != b'\r'));
        }
        bytes.truncate(length);
        bytes
    }
}

fn taken_for_whole<T>(reply: &Reply) -> Step<T> {
    wrong(format!("a broken upload was taken for whole: {}", reply.show()))
}

/// Sends `bytes`, as long as the server takes them.
fn give(data: &mut Link, bytes: &[u8]) -> Step {
    match data.write_all(bytes).and_then(|()| data.flush()) {
        Err(error) if is_timeout(&error) => wrong("an upload is not taken".into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Ends an upload in order; also one without a byte has a handshake.
fn end(mut data: Link) {
    // Where it fails there is a reply that says so.
    let _ = data.handshake();
}

/// Reads to the end: whether that was an orderly one.
fn take(mut data: impl Read, got: &mut Vec<u8>) -> Step<bool> {
    match data.read_to_end(got) {
        Ok(_) => Ok(true),
        Err(error) if is_timeout(&error) => wrong("a download does not end".into()),
        Err(_) => Ok(false),
    }
}
