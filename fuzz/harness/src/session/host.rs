//! A host that does as it is told, without a tree of files: every path is there, and its last name says what it is.
//! `d…` is a directory, `m…` is missing, `o…` is a file that can be offloaded, anything else is a file.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ftp_proto::action::{Action, DataAction, HostAction, Ports, StorageAction};
use ftp_proto::outcome::{
    Closed, Connected, CustomAnswer, CustomReply, DataEnd, Digest, Done, Entries, Listening, Moved, Offload, Opened,
    Prepared, Quota, Received, Roster, Secured, Space, TreeSize, VirtualHost,
};
use ftp_proto::storage::{Account, Entry, Metadata, Permissions};
use ftp_proto::time::UnixTime;
use ftp_proto::{Completion, DataId, DirId, Failure, VirtualPath};

use super::PEER;

/// What it remembers.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// How often each connection was received from.
    received: BTreeMap<DataId, usize>,
    /// Directories that were read.
    read: BTreeSet<DirId>,
}

/// What every file holds.
const CONTENT: &[u8] = b"one\r\ntwo\nthree\0\xFF\xF4 and so on, but not for long";

/// What a client sends on a data connection, and then closes it.
const PAYLOAD: &[&[u8]] = &[b"one\r\ntw", b"o\r\n\xFF\x01\x40\0\x03abc", b""];

const NOW: UnixTime = UnixTime::from_secs(1_720_000_000);

impl Host {
    /// The answer of an action; `None` for those that need none.
    pub(crate) fn answer(&mut self, action: Action) -> Option<Completion> {
        Some(match action {
            Action::Write(_) | Action::Shutdown | Action::Notify(_) | Action::Cancel(_) => return None,
            Action::Secure { ticket, .. } => ticket.done(Secured { resumed: true, ..Secured::default() }),
            Action::Unsecure(ticket) => ticket.done(Done),
            Action::Data(action) => return self.data(action),
            Action::Host(HostAction::Storage(action)) => return self.storage(action),
            Action::Host(HostAction::Authenticate { ticket, credentials }) => {
                ticket.settle(match credentials.user.first() {
                    Some(b'x') => Err(Failure::LoginIncorrect),
                    Some(b'c') if credentials.account.is_none() => Err(Failure::AccountRequired),
                    Some(b'r') => Ok(Account::new("reader", Permissions::READ_ONLY)),
                    _ => Ok(Account::new("alice", Permissions::READ_WRITE | Permissions::ADMIN)),
                })
            }
            Action::Host(HostAction::SelectHost { ticket, name }) => {
                let known = !name.starts_with('m');
                ticket.settle(if known { Ok(VirtualHost::default()) } else { Err(Failure::NotFound) })
            }
            Action::Host(HostAction::Who { ticket }) => ticket.done(Roster { lines: vec!["alice".into()] }),
            Action::Host(HostAction::Custom { ticket, command, .. }) => ticket.done(match command.argument.first() {
                Some(b'd') => CustomAnswer::Download(opened(Offload::Impossible)),
                Some(b'u') => CustomAnswer::Upload(opened(Offload::Possible)),
                _ => CustomAnswer::Reply(CustomReply { code: 200, lines: vec!["Done.".into()] }),
            }),
        })
    }

    fn data(&mut self, action: DataAction) -> Option<Completion> {
        Some(match action {
            DataAction::CloseListener(_) => return None,
            DataAction::Listen { ticket, address, ports, .. } => {
                let port = match ports {
                    Ports::Any => 2000,
                    Ports::Range { first, .. } => first,
                };
                ticket.done(Listening { address: (address, port).into() })
            }
            DataAction::Accept { ticket, .. } => ticket.done(Connected { peer: PEER.into() }),
            DataAction::Connect { ticket, to, .. } => ticket.done(Connected { peer: to }),
            DataAction::Secure { ticket, .. } => ticket.done(Secured { resumed: true, ..Secured::default() }),
            DataAction::Send { ticket, .. } => ticket.done(Done),
            DataAction::Receive { ticket, data, max } => {
                let (bytes, end) = self.receive(data);
                ticket.done(Received { bytes: Bytes::from_static(&bytes[..bytes.len().min(max)]), end })
            }
            DataAction::FileToData { ticket, at, len, .. } => {
                let left = (CONTENT.len() as u64).saturating_sub(at);
                let end = (left < len).then_some(DataEnd::Clean);
                ticket.done(Moved { bytes: left.min(len), end })
            }
            DataAction::DataToFile { ticket, data, max, .. } => {
                let (bytes, end) = self.receive(data);
                ticket.done(Moved { bytes: (bytes.len() as u64).min(max), end: end.or(Some(DataEnd::Clean)) })
            }
            DataAction::Close { ticket, .. } => ticket.done(Closed),
        })
    }

    fn receive(&mut self, data: DataId) -> (&'static [u8], Option<DataEnd>) {
        let times = self.received.entry(data).or_default();
        *times += 1;
        let bytes = PAYLOAD.get(*times - 1).copied().unwrap_or_default();
        (bytes, bytes.is_empty().then_some(DataEnd::Clean))
    }

    fn storage(&mut self, action: StorageAction) -> Option<Completion> {
        use StorageAction as S;
        Some(match action {
            S::CloseDir(_) | S::CloseFile(_) => return None,
            S::Stat { ticket, path } => ticket.settle(stat(&path)),
            S::OpenDir { ticket, path, .. } => ticket.settle(match stat(&path) {
                Ok(found) if !found.is_directory() => Err(Failure::NotADirectory),
                found => found.map(|_| Done),
            }),
            S::ReadDir { ticket, dir, max } => {
                let first = self.read.insert(dir);
                let mut entries = if first { vec![entry(b"a.txt"), entry(b"b\nc"), entry(b"odd")] } else { Vec::new() };
                entries.truncate(max);
                ticket.done(Entries { entries, last: !first })
            }
            S::OpenRead { ticket, path, .. } => ticket.settle(open(&path)),
            S::OpenWrite { ticket, path, .. } => ticket.settle(open(&path)),
            S::Read { ticket, at, max, .. } => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(CONTENT.len());
                ticket.done(Bytes::from_static(&CONTENT[from..][..max.min(CONTENT.len() - from)]))
            }
            S::Space { ticket, .. } => ticket.done(Space { available: 1_000_000 }),
            S::Quota { ticket } => ticket.done(Quota::default()),
            S::Hash { ticket, to, .. } => {
                let to = to.unwrap_or(CONTENT.len() as u64);
                ticket.done(Digest { bytes: [7; 4].into(), to })
            }
            S::TreeSize { ticket, .. } => ticket.done(TreeSize { bytes: 7 }),
            S::Prepare { ticket, .. } => ticket.done(Prepared::default()),
            S::Write { ticket, .. } => ticket.done(Done),
            S::Finish { ticket, .. } => ticket.done(Done),
            S::Remove { ticket, path }
            | S::RemoveDir { ticket, path }
            | S::MakeDir { ticket, path, .. }
            | S::Rename { ticket, from: path, .. }
            | S::SetTimes { ticket, path, .. }
            | S::SetMode { ticket, path, .. }
            | S::Symlink { ticket, link: path, .. }
            | S::Copy { ticket, from: path, .. }
            | S::MakeDirs { ticket, path, .. }
            | S::RemoveTree { ticket, path }
            | S::Combine { ticket, target: path, .. }
            | S::SetOwner { ticket, path, .. } => ticket.settle(stat(&path).map(|_| Done)),
        })
    }
}

fn stat(path: &VirtualPath) -> Result<Metadata, Failure> {
    match path.file_name().and_then(<[u8]>::first) {
        None | Some(b'd') => Ok(Metadata::directory(NOW)),
        Some(b'm') => Err(Failure::NotFound),
        Some(_) => Ok(Metadata::file(CONTENT.len() as u64, NOW)),
    }
}

fn open(path: &VirtualPath) -> Result<Opened, Failure> {
    if stat(path)?.is_directory() {
        return Err(Failure::IsADirectory);
    }
    let can = path.file_name().is_some_and(|name| name.starts_with(b"o"));
    Ok(opened(if can { Offload::Possible } else { Offload::Impossible }))
}

const fn opened(offload: Offload) -> Opened {
    Opened { size: CONTENT.len() as u64, offload }
}

fn entry(name: &[u8]) -> Entry {
    Entry { name: Bytes::copy_from_slice(name), metadata: Metadata::file(3, NOW) }
}
