//! FEAT, HELP, STAT: what the server can do, all of it made from the verb table.

use alloc::string::String;
use alloc::vec::Vec;

use super::data::DataSetup;
use super::{Session, Work};
use crate::config::CustomVerb;
use crate::reply::{Reply, reply};
use crate::verb::{TABLE, Verb, VerbInfo};

impl Session {
    /// FEAT (RFC 2389 §3.2): exactly what is on now, in the order of the alphabet.
    pub(super) fn run_feat(&mut self) {
        let on = TABLE.iter().filter(|row| self.is_on(row));
        let mut lines: Vec<Vec<u8>> = on.filter_map(|row| self.feature(row)).collect();
        lines.extend([b"TVFS".to_vec(), b"UTF8".to_vec()]);
        let custom = self.custom_verbs().filter(|verb| verb.in_feat);
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
            // It stands for both (RFC 3659 §7.8).
            Verb::Mlst if !self.config.allows(Verb::Mlsd) => None,
            Verb::Mlst => {
                let mut line = b"MLST ".to_vec();
                self.parameters.facts.write_feat(&mut line);
                Some(line)
            }
            Verb::Mode => self.offers_mode_z().then(|| b"MODE Z".to_vec()),
            // MFF sets the time of creation only where MFCT does.
            Verb::Mff if !self.config.allows(Verb::Mfct) => Some(b"MFF Modify;UNIX.mode;".to_vec()),
            Verb::Hash => Some(self.hash_feature()),
            _ => row.feat.map(|line| line.as_bytes().to_vec()),
        }
    }

    fn is_on(&self, row: &VerbInfo) -> bool {
        self.config.allows(row.verb)
    }

    /// The verbs of the embedding program that are asked for: a built-in one of the same name wins, while it is on.
    fn custom_verbs(&self) -> impl Iterator<Item = &CustomVerb> {
        let hidden =
            |verb: &CustomVerb| Verb::from_word(verb.name.as_bytes()).is_some_and(|verb| self.config.allows(verb));
        self.config.custom.iter().filter(move |verb| !hidden(verb))
    }

    /// HELP (RFC 1123 §4.1.3.4): every verb that is on, or the syntax of one.
    pub(super) fn run_help(&mut self, topic: &[u8]) {
        let topic = topic.trim_ascii();
        if topic.eq_ignore_ascii_case(b"SITE") && self.config.allows(Verb::Site) {
            return self.run_site(crate::command::SiteCommand::Help);
        }
        let mut custom = self.custom_verbs().filter(|verb| verb.name.as_bytes().eq_ignore_ascii_case(topic));
        let reply = match (topic, Verb::from_word(topic)) {
            (b"", _) => self.help_on_all(),
            (_, Some(verb)) if self.is_on(verb.info()) => syntax_of(verb.name(), verb.info().syntax),
            _ => match custom.next() {
                Some(verb) => syntax_of(&verb.name, &verb.syntax),
                None => reply!("502 No such command here."),
            },
        };
        drop(custom);
        self.finish(reply);
    }

    /// LANG (RFC 2640 §4.1): there is English, in all its kinds.
    pub(super) fn run_lang(&mut self, tag: &str) {
        let primary = tag.split('-').next().unwrap_or_default();
        self.finish(if primary.eq_ignore_ascii_case("en") {
            reply!("200 Replies are in English.")
        } else {
            reply!("504 Replies are in English only.")
        });
    }

    /// CSID: what this is, and nothing of where it runs.
    pub(super) fn run_csid(&mut self) {
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        self.finish(Reply::line(200, &[b"Name=ftp-proto; Version=", VERSION.as_bytes(), b";"]));
    }

    fn help_on_all(&self) -> Reply {
        let built_in = TABLE.iter().filter(|row| self.is_on(row)).map(|row| row.name);
        let custom = self.custom_verbs().map(|verb| verb.name.as_str()).filter(|name| !name.contains(' '));
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
        if let Some(account) = self.login.user() {
            line(alloc::format!("Logged in as {}", account.name));
            line(self.parameters.describe());
            line(alloc::format!("Idle time {} s", self.idle_timeout().as_secs()));
            match (&self.work, &self.data) {
                (Work::Transfer(transfer), _) => line(transfer.describe(self.now)),
                (Work::Long(long), _) => line(long.describe(self.now)),
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

/// HELP's line for one verb.
fn syntax_of(name: &str, syntax: &str) -> Reply {
    let gap = if syntax.is_empty() || syntax.starts_with("[<sp>") { "" } else { " " };
    Reply::line(214, &[b"Syntax: ", name.as_bytes(), gap.as_bytes(), syntax.as_bytes()])
}
