//! What an embedding program adds to the harness's server: verbs with transfers, hooks that refuse, a virtual host.

use std::sync::Arc;

use ftp_host::{
    CommandAnswer, Commands, Context, Finished, Hooks, Operation, Password, Storage, Transfer, Upload, Users,
    VirtualHosts,
};
use ftp_proto::action::{Credentials, CustomCommand};
use ftp_proto::config::CustomVerb;
use ftp_proto::storage::{Permissions, Replace, WriteMode};
use ftp_proto::{Failure, VirtualPath};

use super::PLANNED;
use super::books::Books;

/// The program's verbs.
pub(super) mod verbs {
    /// As RETR.
    pub(crate) const DOWNLOAD: &str = "XGET";
    /// As STOR.
    pub(crate) const UPLOAD: &str = "SITE PUT";
    /// A reply.
    pub(crate) const REPLY: &str = "XHELLO";
}

/// A virtual host that is known; its accounts and files are those of everyone.
pub(super) const HOST: &str = "files.test";

/// What a hook is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    BeforeLogin,
    AfterLogin,
    Transfer,
    Operation,
    Commit,
}

impl Asked {
    pub(super) const ALL: [Self; 5] =
        [Self::BeforeLogin, Self::AfterLogin, Self::Transfer, Self::Operation, Self::Commit];
}

/// What a hook does then.
#[derive(Clone, Copy, Debug)]
pub(super) enum Veto {
    Refuse(Failure),
    Panic,
}

/// `alice`, at the server itself and at its virtual host.
pub(super) fn accounts(storage: &Arc<dyn Storage>) -> VirtualHosts {
    let alice = || Users::new().user("alice", Password::plain("secret"), Permissions::READ_WRITE, Arc::clone(storage));
    VirtualHosts::new(Arc::new(alice())).host(HOST, Arc::new(alice()), ["Another host."])
}

/// The verbs, as the engine knows them.
pub(super) fn custom_verbs() -> Vec<CustomVerb> {
    let verb =
        |name: &str| CustomVerb { name: name.into(), syntax: "<sp> name".into(), needs_login: true, in_feat: true };
    [verbs::DOWNLOAD, verbs::UPLOAD, verbs::REPLY].map(verb).into()
}

/// Answers them.
pub(super) struct Program(pub(super) Arc<dyn Storage>);

impl Commands for Program {
    fn run(&self, _: &Context<'_>, command: &CustomCommand) -> Result<CommandAnswer, Failure> {
        let path = || VirtualPath::root().resolve(&command.argument, 4096).map_err(|_| Failure::NameNotAllowed);
        match &*command.verb {
            verbs::DOWNLOAD => self.0.open_read(&path()?).map(CommandAnswer::Download),
            verbs::UPLOAD => {
                let upload = Upload::new(WriteMode::Create(Replace::Allowed));
                self.0.open_write(&path()?, upload).map(CommandAnswer::Upload)
            }
            verbs::REPLY => Ok(CommandAnswer::lines(211, ["hello", "and more", "end"])),
            _ => Err(Failure::Unsupported),
        }
    }
}

/// Refuses when the plan says so.
pub(super) struct Refuser(pub(super) Arc<Books>);

impl Refuser {
    fn ask(&self, asked: Asked) -> Result<(), Failure> {
        match self.0.vetoes(asked) {
            None => Ok(()),
            Some(Veto::Refuse(failure)) => Err(failure),
            Some(Veto::Panic) => panic!("{PLANNED}: the hook panics"),
        }
    }
}

impl Hooks for Refuser {
    fn before_login(&self, _: &Context<'_>, _: &Credentials) -> Result<(), Failure> {
        self.ask(Asked::BeforeLogin)
    }

    fn after_login(&self, _: &Context<'_>, _: &Credentials, _: &ftp_proto::storage::Account) -> Result<(), Failure> {
        self.ask(Asked::AfterLogin)
    }

    fn before_transfer(&self, _: &Context<'_>, _: Transfer<'_>) -> Result<(), Failure> {
        self.ask(Asked::Transfer)
    }

    fn before_operation(&self, _: &Context<'_>, _: Operation<'_>) -> Result<(), Failure> {
        self.ask(Asked::Operation)
    }

    /// What has arrived can be looked at, all of it.
    fn before_commit(&self, _: &Context<'_>, upload: &Finished<'_>) -> Result<(), Failure> {
        match upload.read_at(0, 16 << 20) {
            Ok(bytes) if bytes.len() as u64 == upload.size => {}
            other => self.0.blame(format!("an upload of {} bytes reads as {:?}", upload.size, other.map(|b| b.len()))),
        }
        self.ask(Asked::Commit)
    }
}
