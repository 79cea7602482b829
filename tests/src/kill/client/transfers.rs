//! A client's transfers, and the ways they are broken off.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::{Client, Step, Stop, is_timeout, wrong};
use crate::data::{listen_on, reset};
use crate::kill::worlds::{Change, Worlds};
use crate::reply::Reply;

/// How a transfer is broken off, after some of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    No,
    /// The data connection ends in an orderly way.
    DataEnd,
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

enum DataSide {
    Connected(TcpStream),
    Listening(TcpListener),
    Nothing,
}

impl Client<'_> {
    pub(super) fn store(&mut self, verb: &str, file: &str) -> Step {
        let content = self.content();
        let how = self.how();
        let cut = if how == Break::No { content.len() } else { self.random.below(content.len() + 1) };
        let change = |bytes: &[u8]| match verb {
            "APPE" => Change::Append(file.into(), bytes.into()),
            _ => Change::Store(file.into(), bytes.into()),
        };
        let (all, some) = (change(&content), change(&content[..cut]));
        let Some(mut data) = self.begin(&format!("{verb} {file}"))? else { return Ok(()) };
        let before = self.worlds.clone();
        // From here on, the client may be cut off any time after it has ended its data.
        give(&mut data, &content[..cut])?;
        match how {
            Break::No | Break::DataEnd => {
                self.worlds.maybe(&some);
                drop(data);
                self.end_of_upload(before, &some, 0)
            }
            Break::DataReset => {
                reset(data);
                self.not_stored()
            }
            Break::Abort => {
                self.say("ABOR")?;
                self.not_stored()?;
                drop(data);
                self.reply().map(drop)
            }
            Break::AbortAndEnd => {
                self.worlds.maybe(&some);
                let _ = data.shutdown(Shutdown::Write);
                self.say("ABOR")?;
                self.end_of_upload(before, &some, 0)?;
                self.reply().map(drop)
            }
            Break::ControlReset | Break::ControlClosed => {
                self.drop_control(how == Break::ControlReset);
                if self.random.once_in(2) {
                    reset(data);
                } else {
                    self.worlds.maybe(&some);
                }
                Err(Stop::Gone)
            }
            Break::HalfClosed | Break::Stall => {
                if how == Break::HalfClosed {
                    self.shut_down()?
                } else {
                    self.say("NOOP\r\nNOOP")?
                };
                give(&mut data, &content[cut..])?;
                self.worlds.maybe(&all);
                drop(data);
                self.end_of_upload(before, &all, if how == Break::Stall { 2 } else { 0 })
            }
        }
    }

    fn end_of_upload(&mut self, before: Worlds, change: &Change, noops: usize) -> Step {
        let reply = self.transfer_reply(noops)?;
        self.worlds = before;
        self.conclude(&reply, change);
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
        if reply.code < 300 { wrong(format!("a broken upload was taken for whole: {}", reply.show())) } else { Ok(()) }
    }

    pub(super) fn retrieve(&mut self, file: &str) -> Step {
        let how = self.how();
        let Some(mut data) = self.begin(&format!("RETR {file}"))? else { return Ok(()) };
        let mut got = Vec::new();
        if how != Break::No {
            let some = self.random.below(30_000) as u64;
            take(Read::by_ref(&mut data).take(some), &mut got)?;
        }
        match how {
            Break::DataReset | Break::DataEnd => {
                if how == Break::DataReset {
                    reset(data)
                } else {
                    drop(data)
                };
                self.received(file, &got, false)?;
                return self.reply().map(drop);
            }
            Break::ControlReset | Break::ControlClosed => {
                self.drop_control(how == Break::ControlReset);
                if self.random.once_in(2) {
                    take(&data, &mut got)?;
                }
                self.received(file, &got, false)?;
                return Err(Stop::Gone);
            }
            Break::HalfClosed => self.shut_down()?,
            Break::Abort | Break::AbortAndEnd => self.say("ABOR")?,
            Break::Stall => self.say("NOOP")?,
            Break::No => {}
        }
        let ended = take(&data, &mut got)?;
        self.received(file, &got, false)?;
        let reply = self.transfer_reply(usize::from(how == Break::Stall))?;
        self.received(file, &got, ended && reply.code < 300)?;
        if matches!(how, Break::Abort | Break::AbortAndEnd) { self.reply().map(drop) } else { Ok(()) }
    }

    /// Whether what came is what such a file holds.
    fn received(&self, file: &str, got: &[u8], whole: bool) -> Step {
        if got.is_empty() && !whole || self.worlds.allow_content(file, got, whole) {
            return Ok(());
        }
        wrong(format!(
            "RETR {file} gave {} bytes, whole: {whole}, that are not its: {}",
            got.len(),
            self.worlds.describe()
        ))
    }

    pub(super) fn list(&mut self) -> Step {
        let verb = self.random.pick(&["LIST", "MLSD", "NLST"]);
        let how = self.how();
        let Some(data) = self.begin(verb)? else { return Ok(()) };
        let aborts = match how {
            Break::DataReset => {
                reset(data);
                return self.reply().map(drop);
            }
            Break::ControlReset | Break::ControlClosed => {
                self.drop_control(how == Break::ControlReset);
                return Err(Stop::Gone);
            }
            Break::Abort | Break::AbortAndEnd => self.say("ABOR").map(|()| true)?,
            Break::No | Break::DataEnd | Break::HalfClosed | Break::Stall => false,
        };
        take(&data, &mut Vec::new())?;
        drop(data);
        self.reply()?;
        if aborts { self.reply().map(drop) } else { Ok(()) }
    }

    /// Begins a transfer; none when it was refused, or when the client thought better of it.
    fn begin(&mut self, line: &str) -> Step<Option<TcpStream>> {
        let data = if self.random.once_in(3) { self.active()? } else { self.passive()? };
        self.say(line)?;
        if matches!(data, DataSide::Nothing) {
            self.books.count("client: ABOR without data");
            self.say("ABOR")?;
            self.reply()?;
            self.reply()?;
            return Ok(None);
        }
        let reply = self.any_reply()?;
        if reply.code >= 200 {
            return Ok(None);
        }
        let stream = match data {
            DataSide::Connected(stream) => stream,
            DataSide::Listening(listener) => match self.accepted(&listener)? {
                Some(stream) => stream,
                None => return Ok(None),
            },
            DataSide::Nothing => return Ok(None),
        };
        self.patient(&stream);
        Ok(Some(stream))
    }

    fn passive(&mut self) -> Step<DataSide> {
        let reply = self.ask("EPSV")?;
        if reply.code != 229 {
            return Ok(DataSide::Nothing);
        }
        let text = reply.text();
        let port = text.split('|').nth(3).and_then(|port| port.parse().ok());
        let Some(port) = port else { return wrong(format!("no port in {text}")) };
        if self.random.once_in(12) {
            return Ok(DataSide::Nothing);
        }
        let address = SocketAddr::new(self.server.ip(), port);
        // It fails where the session was cut meanwhile: that shows on the control connection.
        Ok(TcpStream::connect(address).map_or(DataSide::Nothing, DataSide::Connected))
    }

    fn active(&mut self) -> Step<DataSide> {
        let listener = listen_on(self.server.ip());
        let port = listener.local_addr().map_err(|_| Stop::Gone)?.port();
        let reply = self.ask(&format!("EPRT |1|{}|{port}|", self.server.ip()))?;
        Ok(if reply.code == 200 { DataSide::Listening(listener) } else { DataSide::Nothing })
    }

    /// The server's connection, which it makes behind its 150; none when a reply says that there will be none.
    fn accepted(&mut self, listener: &TcpListener) -> Step<Option<TcpStream>> {
        // On Linux the time to receive is also the time to accept.
        SockRef::from(listener).set_read_timeout(Some(GLANCE)).map_err(|_| Stop::Gone)?;
        let end = Instant::now() + self.patience;
        while Instant::now() < end {
            let replied = self.has_news()?;
            match listener.accept() {
                Ok((stream, _)) => return Ok(Some(stream)),
                Err(_) if replied => return self.reply().map(|_| None),
                Err(_) => {}
            }
        }
        wrong("the server does not connect".into())
    }

    /// Whether there is something to read on the control connection, without waiting for it.
    fn has_news(&self) -> Step<bool> {
        let control = self.control.as_ref().ok_or(Stop::Gone)?;
        control.set_nonblocking(true).map_err(|_| Stop::Gone)?;
        let news = control.peek(&mut [0]);
        control.set_nonblocking(false).map_err(|_| Stop::Gone)?;
        match news {
            Ok(0) => Err(Stop::Gone),
            Ok(_) => Ok(true),
            Err(error) if is_timeout(&error) => Ok(!self.unread.is_empty()),
            Err(_) => Err(Stop::Gone),
        }
    }

    /// How the next transfer is broken off; it is counted.
    fn how(&mut self) -> Break {
        let (how, name) = match self.random.below(16) {
            0 => (Break::DataEnd, "client: data closed half-way"),
            1 => (Break::DataReset, "client: data reset"),
            2 => (Break::Abort, "client: ABOR"),
            3 => (Break::AbortAndEnd, "client: ABOR at the end"),
            4 => (Break::ControlReset, "client: control reset in a transfer"),
            5 => (Break::ControlClosed, "client: control closed in a transfer"),
            6 => (Break::HalfClosed, "client: control half-closed in a transfer"),
            7 => (Break::Stall, "client: stalled, commands sent into the transfer"),
            _ => (Break::No, "client: whole transfer"),
        };
        self.books.count(name);
        self.trace.push(format!("({how:?})"));
        how
    }

    fn content(&mut self) -> Vec<u8> {
        let most = if self.random.once_in(10) { 400_000 } else { 20_000 };
        let (length, mut random) = (self.random.below(most), self.random.fork());
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(random.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

/// Sends `bytes`, as long as the server takes them.
fn give(data: &mut TcpStream, bytes: &[u8]) -> Step {
    match data.write_all(bytes) {
        Err(error) if is_timeout(&error) => wrong("an upload is not taken".into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads to the end: whether that was an orderly one.
fn take(mut data: impl Read, got: &mut Vec<u8>) -> Step<bool> {
    match data.read_to_end(got) {
        Ok(_) => Ok(true),
        Err(error) if is_timeout(&error) => wrong("a download does not end".into()),
        Err(_) => Ok(false),
    }
}

/// How long to wait for one thing before looking for another.
const GLANCE: Duration = Duration::from_millis(5);
