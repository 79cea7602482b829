//! FEAT, HELP, STAT: what the server can do, all of it made from the verb table.

use alloc::string::String;
use alloc::vec::Vec;

use super::data::DataSetup;
use super::parameters::Representation;
use super::{Session, Work};
use crate::reply::{Reply, reply};
use crate::verb::{Status, TABLE, Verb, VerbInfo};

impl Session {
    /// FEAT (RFC 2389 §3.2): exactly what is on now, in the order of the alphabet.
    pub(super) fn run_feat(&mut self) {
        let on = TABLE.iter().filter(|row| self.is_on(row));
        let mut lines: Vec<Vec<u8>> = on.filter_map(|row| self.feature(row)).collect();
        lines.extend([b"TVFS".to_vec(), b"UTF8".to_vec()]);
        let custom = self.config.custom.iter().filter(|verb| verb.in_feat);
        lines.extend(custom.map(|verb| verb.name.clone().into_bytes()));
        lines.sort();
        let mut reply = Reply::begin(211, b"Features:");
        lines.iter().for_each(|line| {
            reply.line(line);
        });
        self.finish(reply.end(b"End"));
    }

    fn feature(&self, row: &VerbInfo) -> Option<Vec<u8>> {
        match row.verb {
            Verb::Mlst => {
                let mut line = b"MLST ".to_vec();
                self.parameters.facts.write_feat(&mut line);
                Some(line)
            }
            // MFF sets the time of creation only where MFCT does.
            Verb::Mff if !self.config.allows(Verb::Mfct) => Some(b"MFF Modify;UNIX.mode;".to_vec()),
            _ => row.feat.map(|line| line.as_bytes().to_vec()),
        }
    }

    fn is_on(&self, row: &VerbInfo) -> bool {
        row.status == Status::Built && self.config.allows(row.verb)
    }

    /// HELP (RFC 1123 §4.1.3.4): every verb that is on, or the syntax of one.
    pub(super) fn run_help(&mut self, topic: &[u8]) {
        let topic = topic.trim_ascii();
        if topic.eq_ignore_ascii_case(b"SITE") && self.config.allows(Verb::Site) {
            return self.run_site(crate::command::SiteCommand::Help);
        }
        let reply = match (topic, Verb::from_word(topic)) {
            (b"", _) => self.help_on_all(),
            (_, Some(verb)) if self.is_on(verb.info()) => {
                let (name, syntax) = (verb.name(), verb.info().syntax);
                let gap = if syntax.is_empty() || syntax.starts_with("[<sp>") { "" } else { " " };
                Reply::line(214, &[b"Syntax: ", name.as_bytes(), gap.as_bytes(), syntax.as_bytes()])
            }
            _ => reply!("502 No such command here."),
        };
        self.finish(reply);
    }

    fn help_on_all(&self) -> Reply {
        let built_in = TABLE.iter().filter(|row| self.is_on(row)).map(|row| row.name);
        let custom = self.config.custom.iter().map(|verb| verb.name.as_str()).filter(|name| !name.contains(' '));
        let names: Vec<&str> = built_in.chain(custom).collect();
        let mut reply = Reply::begin(214, b"Commands:");
        for row in names.chunks(8) {
            let line: String = row.iter().flat_map(|name| [*name, " "]).collect();
            reply.line(line.trim_end().as_bytes());
        }
        reply.end(b"HELP <sp> command tells the syntax of one.")
    }

    /// STAT without an argument (RFC 959 §4.1.3): the server, the session, and the running transfer.
    pub(super) fn status_reply(&self) -> Reply {
        let mut reply = Reply::begin(211, b"Status:");
        let mut line = |text: String| {
            reply.line(text.as_bytes());
        };
        line(alloc::format!("Connected from {}", self.peer.ip()));
        if let Some(security) = self.describe_security() {
            line(security.into());
        }
        if let Some(account) = self.login.account() {
            let kind = match self.parameters.representation {
                Representation::Ascii => "A",
                Representation::Image => "I",
            };
            line(alloc::format!("Logged in as {}", account.name));
            line(alloc::format!("TYPE {kind}, STRU F, MODE S"));
            line(alloc::format!("Idle time {} s", self.idle_timeout().as_secs()));
            match (&self.work, &self.data) {
                (Work::Transfer(transfer), _) => line(transfer.describe(self.now)),
                (_, DataSetup::None | DataSetup::Refused(_)) => line("No data connection".into()),
                (_, DataSetup::Listening(_)) => line("Waiting for a data connection".into()),
                (_, DataSetup::Connected(_)) => line("A data connection is open".into()),
                (_, DataSetup::Active(address)) => line(alloc::format!("Will connect to {address}")),
            }
        } else {
            line("Not logged in".into());
        }
        reply.end(b"End")
    }
}
