//! The client: what it says and hears on the control connection, and what it does on data connections.

use ftp_proto::event::ControlEnd;
use ftp_proto::outcome::DataEnd;
use ftp_proto::server::{CloseReason, Phase};
use ftp_proto::{ActionId, Event};

use super::links::Link;
use super::{PEER, Reply, World, address};

// What the client does on the control connection.
impl World {
    /// Sends a line.
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\r\n").as_bytes());
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.event(Event::Received(bytes));
    }

    /// The next reply, which begins like this.
    #[track_caller]
    pub(crate) fn expect(&mut self, beginning: &str) -> Reply {
        let Some(reply) = self.next_reply() else { panic!("expected {beginning:?}, there is no reply") };
        assert!(reply.text().starts_with(beginning), "expected {beginning:?}, got {:?}", reply.text());
        reply
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str, beginning: &str) -> Reply {
        self.send(line);
        self.expect(beginning)
    }

    /// The client has read every reply there was.
    #[track_caller]
    pub(crate) fn silent(&mut self) {
        if let Some(reply) = self.next_reply() {
            panic!("expected nothing, got {:?}", reply.text());
        }
    }

    pub(crate) fn next_reply(&mut self) -> Option<Reply> {
        let reply = self.wire.replies.get(self.wire.read)?.clone();
        self.wire.read += 1;
        Some(reply)
    }

    /// The client closes its side of the control connection.
    pub(crate) fn hang_up(&mut self) {
        self.event(Event::ControlEnded(ControlEnd::Eof));
    }

    pub(crate) fn break_control(&mut self) {
        self.event(Event::ControlEnded(ControlEnd::Reset));
    }

    #[track_caller]
    pub(crate) fn closed(&mut self, reason: CloseReason) {
        self.silent();
        assert_eq!(self.session.phase(), Phase::Closed(reason));
    }
}

// Data connections, as the client sees them.
impl World {
    /// EPSV, and a connection to its port.
    #[track_caller]
    pub(crate) fn passive(&mut self) -> usize {
        self.ask("EPSV", "229");
        self.connect()
    }

    /// Connects to the last port that the server listens on.
    pub(crate) fn connect(&mut self) -> usize {
        self.connect_as(PEER)
    }

    pub(crate) fn connect_as(&mut self, who: &str) -> usize {
        let link = self.new_link(address(who));
        let listener = self.listeners.values_mut().next_back().expect("the server listens");
        listener.backlog.push_back(link);
        self.accept();
        self.settle();
        link
    }

    pub(crate) fn link(&self, link: usize) -> &Link {
        &self.links[link]
    }

    /// The client sends these bytes on a data connection.
    pub(crate) fn give(&mut self, link: usize, bytes: &[u8]) {
        self.links[link].outgoing.extend(bytes);
        self.poke(link);
        self.settle();
    }

    /// The client ends its side of a data connection.
    pub(crate) fn end(&mut self, link: usize, how: DataEnd) {
        self.links[link].end = Some(how);
        self.poke(link);
        self.settle();
    }

    /// Sends everything, and the end.
    pub(crate) fn upload(&mut self, link: usize, bytes: &[u8]) {
        self.give(link, bytes);
        self.end(link, DataEnd::Clean);
    }

    pub(crate) fn reset(&mut self, link: usize) {
        self.links[link].reset = true;
        self.poke(link);
        self.settle();
    }

    /// The action that waits on a data connection.
    pub(crate) fn open_on(&self, link: usize) -> ActionId {
        self.links[link].waiting.first().expect("an action waits").id()
    }

    /// Whether the client takes what comes.
    pub(crate) fn read(&mut self, link: usize, reads: bool) {
        self.links[link].reads = reads;
        self.poke(link);
        self.settle();
    }

    /// A whole download over a passive connection.
    #[track_caller]
    pub(crate) fn fetch(&mut self, line: &str) -> Vec<u8> {
        let link = self.passive();
        self.ask(line, "150");
        self.expect("226");
        self.links[link].received.clone()
    }

    /// A whole upload over a passive connection.
    #[track_caller]
    pub(crate) fn store(&mut self, line: &str, bytes: &[u8]) -> Reply {
        let link = self.passive();
        self.ask(line, "150");
        self.upload(link, bytes);
        self.expect("226")
    }
}
