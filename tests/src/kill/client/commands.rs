//! Commands without a transfer: changes, work that takes long, parameters.

use super::{Client, Step};
use crate::codecs::Mode;
use crate::kill::client::shape::Coding;
use crate::kill::worlds::Change;
use crate::reply::Reply;

impl Client<'_> {
    /// Says `line`, which makes `change`; the client may be gone before it knows.
    pub(super) fn change(&mut self, line: &str, change: &Change) -> Step {
        self.say(line)?;
        let before = self.worlds.clone();
        self.worlds.maybe(change);
        if self.random.once_in(12) {
            return self.vanish();
        }
        let reply = self.reply()?;
        self.worlds = before;
        self.conclude(&reply, change);
        Ok(())
    }

    pub(super) fn conclude(&mut self, reply: &Reply, change: &Change) {
        if reply.code < 300 {
            self.worlds.certain(change);
        }
    }

    pub(super) fn rename(&mut self, from: String, to: String) -> Step {
        let reply = self.ask(&format!("RNFR {from}"))?;
        if self.random.once_in(12) {
            return self.vanish();
        }
        if reply.code != 350 {
            return Ok(());
        }
        self.change(&format!("RNTO {to}"), &Change::Rename(from, to.clone()))
    }

    pub(super) fn pipelined(&mut self, a: String, b: String) -> Step {
        let lines = [
            format!("SIZE {a}"),
            "NOOP".into(),
            format!("RNFR {a}"),
            format!("RNTO {b}"),
            format!("MDTM {b}"),
            "STAT".into(),
            "PWD".into(),
        ];
        self.books.count("client: pipelined");
        self.say(&lines.join("\r\n"))?;
        let change = Change::Rename(a, b);
        let before = self.worlds.clone();
        self.worlds.maybe(&change);
        if self.random.once_in(4) {
            return self.vanish();
        }
        let mut replies = Vec::new();
        for _ in &lines {
            replies.push(self.reply()?);
        }
        self.worlds = before;
        self.conclude(&replies[3], &change);
        Ok(())
    }

    /// Work that may take long, with ABOR in the middle of some.
    pub(super) fn long(&mut self, a: String, b: String) -> Step {
        let tree = self.file("d");
        match self.random.below(8) {
            0 => self.ask_long(&format!("HASH {a}")).map(drop),
            1 => self.ask_long(&format!("XSHA256 {b}")).map(drop),
            2 => self.ask_long(&format!("DSIZ {tree}")).map(drop),
            3 => self.change_long(&format!("COMB {b} {a}"), &Change::Combine(b, a)),
            4..=5 => self.change_long(&format!("SITE COPY {a} {b}"), &Change::Copy(a, b)),
            6 => {
                self.books.count("client: SITE RMDIR");
                let before = self.tree.clone();
                self.tree.maybe_removed();
                // Broken off, it leaves what it had not come to.
                match self.ask_long(&format!("SITE RMDIR {tree}"))?.code {
                    ..300 => self.tree.removed(),
                    451 => {}
                    _ => self.tree = before,
                }
                Ok(())
            }
            _ => {
                let before = self.tree.clone();
                self.tree.maybe_made();
                match self.ask_long(&format!("SITE MKDIR {tree}/p/q"))?.code {
                    ..300 => self.tree.made(),
                    451 => {}
                    _ => self.tree = before,
                }
                Ok(())
            }
        }
    }

    fn change_long(&mut self, line: &str, change: &Change) -> Step {
        let before = self.worlds.clone();
        self.worlds.maybe(change);
        let reply = self.ask_long(line)?;
        self.worlds = before;
        self.conclude(&reply, change);
        Ok(())
    }

    /// The reply of `line`; the client may be gone before, or want it no more.
    fn ask_long(&mut self, line: &str) -> Step<Reply> {
        match self.random.below(6) {
            0 => {
                self.books.count("client: ABOR of long work");
                self.say(line)?;
                self.say("ABOR")?;
                let reply = self.reply()?;
                if reply.code == 451 {
                    self.books.count("client: long work aborted");
                }
                self.expect(&[226])?;
                Ok(reply)
            }
            1 => {
                // One segment.
                self.say(&format!("{line}\r\nABOR\r\nNOOP"))?;
                let reply = self.reply()?;
                self.expect(&[226])?;
                self.expect(&[200])?;
                Ok(reply)
            }
            2 => {
                self.books.count("client: gone in long work");
                self.say(line)?;
                self.vanish()
            }
            _ => self.ask(line),
        }
    }

    /// Another TYPE, another MODE, or the same.
    pub(super) fn reshape(&mut self) -> Step {
        match self.random.below(6) {
            0 => {
                self.shape.is_text |= self.ask("TYPE A")?.code == 200;
                Ok(())
            }
            1 => {
                let took = self.ask("TYPE I")?.code == 200;
                self.shape.is_text &= !took;
                Ok(())
            }
            2 => self.set_mode("MODE S", Coding::Stream),
            3 => self.set_mode("MODE B", Coding::Mode(Mode::Block)),
            4 => self.set_mode("MODE C", Coding::Mode(Mode::Compressed(0))),
            _ => self.set_mode("MODE Z", Coding::Deflate),
        }
    }

    fn set_mode(&mut self, line: &'static str, coding: Coding) -> Step {
        if self.ask(line)?.code == 200 {
            self.books.count(line);
            self.shape.coding = coding;
        }
        Ok(())
    }
}
