//! The control connection: lines and replies, in the clear or under TLS, and the ways in which it ends.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::{Client, Step, Stop, is_timeout, wrong};
use crate::reply::Reply;

impl Client<'_> {
    pub(super) fn patient(&self, stream: &TcpStream) {
        // Both fail only for a patience of zero.
        let _ = stream.set_read_timeout(Some(self.server.patience));
        let _ = stream.set_write_timeout(Some(self.server.patience));
    }

    pub(super) fn say(&mut self, lines: &str) -> Step {
        self.trace.push(lines.replace("\r\n", " + "));
        let control = self.control.as_mut().ok_or(Stop::Gone)?;
        match control.write_all(format!("{lines}\r\n").as_bytes()).and_then(|()| control.flush()) {
            Ok(()) => Ok(()),
            Err(error) => self.gone(&error.to_string()),
        }
    }

    pub(super) fn ask(&mut self, line: &str) -> Step<Reply> {
        self.say(line)?;
        self.reply()
    }

    pub(super) fn expect(&mut self, codes: &[u16]) -> Step {
        let reply = self.reply()?;
        if codes.contains(&reply.code) { Ok(()) } else { wrong(reply.show()) }
    }

    /// The next final reply.
    pub(super) fn reply(&mut self) -> Step<Reply> {
        loop {
            let reply = self.any_reply()?;
            if reply.code >= 200 {
                return Ok(reply);
            }
        }
    }

    pub(super) fn any_reply(&mut self) -> Step<Reply> {
        loop {
            if let Some(reply) = Reply::take(&mut self.unread).map_err(Stop::Wrong)? {
                self.trace.push(format!("-> {}", reply.code));
                // The session's own last word.
                return if reply.code == 421 { self.gone("421") } else { Ok(reply) };
            }
            let mut buffer = [0; 4096];
            match self.control.as_mut().ok_or(Stop::Gone)?.read(&mut buffer) {
                Ok(0) => return self.gone("the end"),
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                Err(error) if is_timeout(&error) => return wrong("no reply comes".into()),
                Err(error) => return self.gone(&error.to_string()),
            }
        }
    }

    /// The server has ended the session, which it may in some runs only.
    pub(super) fn gone<T>(&mut self, how: &str) -> Step<T> {
        self.trace.push(format!("({how})"));
        if self.is_leaving || self.server.is_deadly {
            return Err(Stop::Gone);
        }
        wrong(format!("the server has left: {how}"))
    }

    /// Says no more: in order, or without a word of TLS.
    pub(super) fn shut_down(&mut self) -> Step {
        self.is_leaving = true;
        let is_bare = self.random.once_in(3);
        let control = self.control.as_mut().ok_or(Stop::Gone)?;
        let ended = if is_bare { control.tcp().shutdown(Shutdown::Write) } else { control.finish() };
        ended.map_err(|_| Stop::Gone)
    }

    /// Says no more, and listens to the end.
    pub(super) fn half_close(&mut self) -> Step {
        self.books.count("client: control half-closed");
        self.shut_down()?;
        loop {
            self.any_reply()?;
        }
    }

    pub(super) fn drop_control(&mut self, is_reset: bool) {
        self.is_leaving = true;
        match self.control.take() {
            Some(control) if is_reset => control.reset(),
            // Without close_notify: the process has died.
            Some(control) if self.random.once_in(3) => drop(control.tcp().shutdown(Shutdown::Both)),
            _ => {}
        }
    }

    /// Is gone, one way or another.
    pub(super) fn vanish<T>(&mut self) -> Step<T> {
        let is_reset = self.random.once_in(2);
        self.books.count(if is_reset { "client: control reset" } else { "client: control closed" });
        self.drop_control(is_reset);
        Err(Stop::Gone)
    }

    /// Whether there is something to read on the control connection, without waiting for it.
    pub(super) fn has_news(&mut self) -> Step<bool> {
        let control = self.control.as_ref().ok_or(Stop::Gone)?;
        control.set_nonblocking(true).map_err(|_| Stop::Gone)?;
        let news = control.tcp().peek(&mut [0]);
        control.set_nonblocking(false).map_err(|_| Stop::Gone)?;
        match news {
            Ok(0) => self.gone("the end"),
            Ok(_) => Ok(true),
            Err(error) if is_timeout(&error) => Ok(!self.unread.is_empty()),
            Err(error) => self.gone(&error.to_string()),
        }
    }
}
