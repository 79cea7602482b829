//! How each kind of action may end.

use ftp_proto::action::{DataAction, HostAction, StorageAction};
use ftp_proto::outcome::{
    Closed, Connected, DataEnd, Digest, Done, Entries, Listening, Moved, Offload, Opened, Received, Secured, TreeSize,
};
use ftp_proto::storage::{Account, Entry, Metadata, Permissions};
use ftp_proto::time::UnixTime;
use ftp_proto::{Action, ActionId, Completion, DataId, Failure, Ticket};

use super::host::{Open, PEER};

/// How an action ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With what was asked for.
    Well,
    /// With success, and another outcome than the usual: a stranger connected, a handshake resumed nothing.
    Otherwise,
    /// With the end of the stream.
    Last,
    /// With an end that may have been cut.
    Cut,
    /// With the failure that is usual for it.
    Badly,
    /// An account is asked for, or the name is taken.
    Badly2,
    /// Cancelled, whether it was asked or not.
    Cancelled,
}

impl Ending {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::Well | Self::Otherwise | Self::Last | Self::Cut)
    }
}

/// What the diagrams call it.
pub(crate) fn label(action: &Action, ending: Ending) -> String {
    let kind = kind(action);
    let name = match ending {
        Ending::Well => "done",
        Ending::Otherwise if kind == "Secure" => "not resumed",
        Ending::Otherwise => "by a stranger",
        Ending::Last => "ended",
        Ending::Cut => "cut",
        Ending::Badly => "failed",
        Ending::Badly2 if kind == "Authenticate" => "wants ACCT",
        Ending::Badly2 => "name taken",
        Ending::Cancelled => "cancelled",
    };
    format!("{kind} {name}")
}

/// Whether this action can end so.
pub(crate) fn may_end(open: &Open, ending: Ending) -> bool {
    let receives = matches!(open.action, Action::Data(DataAction::Receive { .. } | DataAction::DataToFile { .. }));
    match ending {
        Ending::Well | Ending::Badly | Ending::Cancelled => true,
        Ending::Otherwise => {
            matches!(open.action, Action::Data(DataAction::Accept { .. } | DataAction::Secure { .. }))
        }
        Ending::Last | Ending::Cut => receives,
        Ending::Badly2 => matches!(
            open.action,
            Action::Host(HostAction::Authenticate { .. } | HostAction::Storage(StorageAction::OpenWrite { .. }))
        ),
    }
}

/// What it is called.
fn kind(action: &Action) -> String {
    let text = format!("{action:?}");
    let words = text.split(['(', ' ', '{', ')']).filter(|word| !word.is_empty());
    words.into_iter().find(|word| !matches!(*word, "Host" | "Storage" | "Data")).unwrap_or_default().to_owned()
}

pub(crate) fn id(action: &Action) -> Option<ActionId> {
    match action {
        Action::Secure { ticket, .. } => Some(ticket.id()),
        Action::Unsecure(ticket) => Some(ticket.id()),
        Action::Data(action) => action.id(),
        Action::Host(action) => action.id(),
        _ => None,
    }
}

/// The connection that an action is on.
pub(crate) const fn data(action: &Action) -> Option<DataId> {
    match action {
        Action::Data(
            DataAction::Secure { data, .. }
            | DataAction::Send { data, .. }
            | DataAction::Receive { data, .. }
            | DataAction::FileToData { data, .. }
            | DataAction::DataToFile { data, .. },
        ) => Some(*data),
        _ => None,
    }
}

/// The file that everything is read from: three bytes.
const CONTENT: &[u8] = b"abc";

/// The answer.
pub(crate) fn answer(action: Action, ending: Ending, offloads: bool) -> Completion {
    let failure = match ending {
        Ending::Cancelled => Some(Failure::Cancelled),
        Ending::Badly => Some(Failure::Io),
        Ending::Badly2 => Some(Failure::Exists),
        _ => None,
    };
    match action {
        Action::Host(HostAction::Authenticate { ticket, .. }) => match ending {
            Ending::Badly => ticket.fail(Failure::LoginIncorrect),
            Ending::Badly2 => ticket.fail(Failure::AccountRequired),
            _ => ticket.settle(failure.map_or_else(|| Ok(Account::new("a", Permissions::READ_WRITE)), Err)),
        },
        Action::Host(action) if failure.is_some() => {
            action.fail(failure.unwrap_or(Failure::Io)).expect("it has a ticket")
        }
        Action::Data(action) if failure.is_some() => {
            action.fail(failure.unwrap_or(Failure::Io)).expect("it has a ticket")
        }
        Action::Secure { ticket, .. } => {
            let peer_certificate = Some(b"certificate"[..].into());
            ticket.settle(failure.map_or_else(|| Ok(Secured { peer_certificate, ..Secured::default() }), Err))
        }
        Action::Unsecure(ticket) => ticket.settle(failure.map_or(Ok(Done), Err)),
        Action::Data(action) => data_done(action, ending),
        Action::Host(HostAction::Storage(action)) => storage_done(action, offloads),
        other => panic!("{other:?} is not for this world"),
    }
}

fn data_done(action: DataAction, ending: Ending) -> Completion {
    let peer = PEER.parse().expect("an address");
    let end = match ending {
        Ending::Last => Some(DataEnd::Clean),
        Ending::Cut => Some(DataEnd::Truncated),
        _ => None,
    };
    match action {
        DataAction::Listen { ticket, address, .. } => ticket.done(Listening { address: (address, 50_000).into() }),
        DataAction::Accept { ticket, .. } if ending == Ending::Otherwise => {
            ticket.done(Connected { peer: "203.0.113.9:40000".parse().expect("an address") })
        }
        DataAction::Accept { ticket, .. } | DataAction::Connect { ticket, .. } => ticket.done(Connected { peer }),
        DataAction::Secure { ticket, .. } => {
            ticket.done(Secured { resumed: ending == Ending::Well, ..Secured::default() })
        }
        DataAction::Send { ticket, .. } => ticket.done(Done),
        DataAction::Receive { ticket, .. } => {
            let bytes = if end.is_some() { &b""[..] } else { b"xy" };
            ticket.done(Received { bytes: bytes.into(), end })
        }
        DataAction::FileToData { ticket, at, len, .. } => {
            let bytes = len.min((CONTENT.len() as u64).saturating_sub(at));
            ticket.done(Moved { bytes, end: (bytes < len).then_some(DataEnd::Clean) })
        }
        DataAction::DataToFile { ticket, max, .. } => {
            ticket.done(Moved { bytes: if end.is_some() { 0 } else { max }, end })
        }
        DataAction::Close { ticket, .. } => ticket.done(Closed),
        DataAction::CloseListener(_) => panic!("it has no answer"),
    }
}

fn storage_done(action: StorageAction, offloads: bool) -> Completion {
    let offload = if offloads { Offload::Possible } else { Offload::Impossible };
    let opened = Opened { size: CONTENT.len() as u64, offload };
    let file = Metadata::file(3, UnixTime::from_secs(1_700_000_000));
    let done = |ticket: Ticket<Done>| ticket.done(Done);
    match action {
        StorageAction::Stat { ticket, path } => {
            ticket.done(if path.is_root() { Metadata::directory(file.modified) } else { file })
        }
        StorageAction::OpenDir { ticket, .. } => done(ticket),
        StorageAction::ReadDir { ticket, .. } => {
            let entry = Entry { name: b"f"[..].into(), metadata: file };
            ticket.done(Entries { entries: vec![entry], last: true })
        }
        StorageAction::OpenRead { ticket, .. } | StorageAction::OpenWrite { ticket, .. } => ticket.done(opened),
        StorageAction::Read { ticket, at, max, .. } => {
            let left = CONTENT.get(at as usize..).unwrap_or_default();
            ticket.done(left.iter().take(max).copied().collect())
        }
        StorageAction::Write { ticket, .. } | StorageAction::Finish { ticket, .. } => done(ticket),
        StorageAction::Hash { ticket, .. } => ticket.done(Digest { bytes: b"1234"[..].into(), to: 3 }),
        StorageAction::TreeSize { ticket, .. } => ticket.done(TreeSize { bytes: 3 }),
        other => panic!("{other:?} is not for this world"),
    }
}
