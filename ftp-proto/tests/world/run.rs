//! Running actions: each against the tree, the links and the books.

use std::net::SocketAddr;

use ftp_proto::action::{CustomCommand, DataAction, HostAction, StorageAction};
use ftp_proto::outcome::{
    Closed, Connected, CustomAnswer, CustomReply, DataEnd, Digest, Done, Entries, Listening, Moved, Offload, Opened,
    Prepared, Received, Roster, Space, TreeSize,
};
use ftp_proto::storage::{HashAlgorithm, Replace, Wanted, WriteMode};
use ftp_proto::time::Instant;
use ftp_proto::{Action, ActionId, Completion, DataId, Failure, FileId, Ticket};

use super::World;
use super::links::{Link, Listener, Waiting};
use super::tree::OpenFile;

/// The action's name, as tests hold it back or let it fail.
pub(crate) const fn kind(action: &HostAction) -> &'static str {
    match action {
        HostAction::Authenticate { .. } => "Authenticate",
        HostAction::Custom { .. } => "Custom",
        HostAction::SelectHost { .. } => "SelectHost",
        HostAction::Who { .. } => "Who",
        HostAction::Storage(action) => match action {
            StorageAction::Stat { .. } => "Stat",
            StorageAction::OpenDir { .. } => "OpenDir",
            StorageAction::ReadDir { .. } => "ReadDir",
            StorageAction::CloseDir(_) => "CloseDir",
            StorageAction::OpenRead { .. } => "OpenRead",
            StorageAction::OpenWrite { .. } => "OpenWrite",
            StorageAction::Read { .. } => "Read",
            StorageAction::Write { .. } => "Write",
            StorageAction::Finish { .. } => "Finish",
            StorageAction::CloseFile(_) => "CloseFile",
            StorageAction::Remove { .. } => "Remove",
            StorageAction::RemoveDir { .. } => "RemoveDir",
            StorageAction::MakeDir { .. } => "MakeDir",
            StorageAction::Rename { .. } => "Rename",
            StorageAction::SetTimes { .. } => "SetTimes",
            StorageAction::SetMode { .. } => "SetMode",
            StorageAction::Symlink { .. } => "Symlink",
            StorageAction::Copy { .. } => "Copy",
            StorageAction::Space { .. } => "Space",
            StorageAction::Quota { .. } => "Quota",
            StorageAction::Hash { .. } => "Hash",
            StorageAction::TreeSize { .. } => "TreeSize",
            StorageAction::MakeDirs { .. } => "MakeDirs",
            StorageAction::RemoveTree { .. } => "RemoveTree",
            StorageAction::Combine { .. } => "Combine",
            StorageAction::SetOwner { .. } => "SetOwner",
            StorageAction::Prepare { .. } => "Prepare",
        },
    }
}

impl World {
    pub(super) fn run(&mut self, action: Action) {
        self.books.before_action();
        if self.logs {
            self.log.push(format!("< {action:?}"));
        }
        match action {
            Action::Write(bytes) => {
                assert!(!bytes.is_empty(), "an empty Write");
                self.wire.write(&bytes, self.tls.layer);
            }
            Action::Secure { ticket, host } => self.run_secure(ticket, host),
            Action::Unsecure(ticket) => self.run_unsecure(ticket),
            Action::Shutdown => self.shutdown(),
            Action::Notify(notice) => {
                self.books.notice(&notice);
                self.notices.push(*notice);
            }
            Action::Cancel(id) => self.cancel(id),
            Action::Data(action) => {
                if let Some(id) = action.id() {
                    self.books.issued(id);
                }
                self.run_data(action);
            }
            Action::Host(action) => {
                if let Some(id) = action.id() {
                    self.books.issued(id);
                }
                self.run_host(action);
            }
        }
    }

    fn shutdown(&mut self) {
        self.books.shutdown();
        if self.books.ended == Some(ftp_proto::server::CloseReason::HostStuck) {
            return;
        }
        assert!(self.listeners.is_empty(), "open at the end: {:?}", self.listeners);
        assert!(self.files.is_empty(), "open at the end: {:?}", self.files);
        assert!(self.dirs.is_empty(), "open at the end: {:?}", self.dirs.keys());
        assert!(self.data.is_empty(), "open at the end: {:?}", self.data);
    }

    fn cancel(&mut self, id: ActionId) {
        self.cancelled.push(id);
        if self.deaf {
            return;
        }
        if let Some(at) = self.held.iter().position(|held| held.id() == Some(id)) {
            let held = self.held.remove(at);
            // A cancelled action may as well succeed late.
            if self.late { self.run_host_now(held) } else { self.fail_host(held, Failure::Cancelled) }
        }
        self.cancel_change(id);
        for listener in self.listeners.values_mut() {
            if let Some((ticket, _)) = listener.accept.take_if(|(ticket, _)| ticket.id() == id) {
                self.ready.push(ticket.fail(Failure::Cancelled));
            }
        }
        if let Some(at) = self.dialling.iter().position(|(ticket, ..)| ticket.id() == id) {
            let (ticket, data, to) = self.dialling.remove(at);
            if self.late {
                let link = self.new_link(to);
                self.data.insert(data, link);
                self.ready.push(ticket.done(Connected { peer: to }));
            } else {
                self.ready.push(ticket.fail(Failure::Cancelled));
            }
        }
        for link in &mut self.links {
            if let Some(at) = link.waiting.iter().position(|waiting| waiting.id() == id) {
                self.ready.push(link.waiting.remove(at).fail(Failure::Cancelled));
            }
        }
    }

    pub(crate) fn new_link(&mut self, peer: SocketAddr) -> usize {
        let mut link = Link::new(peer);
        link.outgoing.extend(&self.preloaded);
        link.end = self.preloaded_end;
        link.reads = self.reads;
        self.links.push(link);
        self.links.len() - 1
    }

    // Data connections.

    fn run_data(&mut self, action: DataAction) {
        match action {
            DataAction::Listen { ticket, listener, address, .. } => {
                self.books.fresh(listener);
                if let Some(failure) = self.injected("Listen") {
                    return self.ready.push(ticket.fail(failure));
                }
                self.last_port += 1;
                let listening = Listener { port: self.last_port, accept: None, backlog: Default::default() };
                self.listeners.insert(listener, listening);
                let address = SocketAddr::new(address, self.last_port);
                self.ready.push(ticket.done(Listening { address }));
            }
            DataAction::Accept { ticket, listener, data } => {
                self.books.fresh(data);
                let listening = self.listeners.get_mut(&listener).expect("Accept on an open listener");
                assert!(listening.accept.is_none(), "one Accept at a time");
                listening.accept = Some((ticket, data));
                self.accept();
            }
            DataAction::CloseListener(listener) => {
                let listening = self.listeners.remove(&listener).expect("a listener is closed once");
                if let Some((ticket, _)) = listening.accept {
                    assert!(self.cancelled.contains(&ticket.id()), "an Accept is cancelled before its listener closes");
                    self.ready.push(ticket.fail(Failure::Cancelled));
                }
                for link in listening.backlog {
                    self.links[link].reset = true;
                }
            }
            DataAction::Connect { ticket, data, to, .. } => {
                self.books.fresh(data);
                self.books.dials(&self.wire);
                if let Some(failure) = self.injected("Connect") {
                    return self.ready.push(ticket.fail(failure));
                }
                self.dialling.push((ticket, data, to));
                if self.answers_dials {
                    self.answer_dial();
                }
            }
            DataAction::Secure { ticket, data, role } => self.run_secure_data(ticket, data, role),
            DataAction::Send { ticket, data, bytes } => self.await_data(data, Waiting::Send(ticket, bytes)),
            DataAction::Receive { ticket, data, max } => self.await_data(data, Waiting::Receive(ticket, max)),
            DataAction::FileToData { ticket, file, data, at, len } => {
                self.await_data(data, Waiting::FromFile { ticket, file, at, len });
            }
            DataAction::DataToFile { ticket, data, file, at, max } => {
                self.await_data(data, Waiting::ToFile { ticket, file, at, max, moved: 0 });
            }
            DataAction::Close { ticket, data, how } => {
                let link = self.data.remove(&data).expect("a data connection is closed once");
                let link = &mut self.links[link];
                assert!(link.waiting.is_empty(), "closed with actions open: {:?}", link.waiting);
                assert!(!link.handshakes, "closed in its handshake");
                link.closed = Some(how);
                self.ready.push(ticket.done(Closed));
            }
        }
    }

    /// The client's side takes the connection that the server dials.
    pub(crate) fn answer_dial(&mut self) {
        for (ticket, data, to) in std::mem::take(&mut self.dialling) {
            let link = self.new_link(to);
            self.data.insert(data, link);
            self.ready.push(ticket.done(Connected { peer: to }));
        }
    }

    /// Whoever waits in a backlog meets whoever waits in an Accept.
    pub(crate) fn accept(&mut self) {
        for listening in self.listeners.values_mut() {
            if listening.backlog.is_empty() {
                continue;
            }
            let Some((ticket, data)) = listening.accept.take() else { continue };
            let link = listening.backlog.pop_front().expect("it is not empty");
            self.data.insert(data, link);
            self.ready.push(ticket.done(Connected { peer: self.links[link].peer }));
        }
    }

    fn await_data(&mut self, data: DataId, waiting: Waiting) {
        let link = *self.data.get(&data).expect("an open data connection");
        assert!(!self.links[link].handshakes, "used in its handshake");
        self.links[link].waiting.push(waiting);
        self.poke(link);
    }

    /// Does what can be done of what waits on a connection.
    pub(crate) fn poke(&mut self, link: usize) {
        for waiting in std::mem::take(&mut self.links[link].waiting) {
            let link = &mut self.links[link];
            if link.reset {
                self.ready.push(waiting.fail(Failure::Reset));
                continue;
            }
            match waiting {
                Waiting::Send(ticket, bytes) if link.reads => {
                    link.received.extend_from_slice(&bytes);
                    self.ready.push(ticket.done(Done));
                }
                Waiting::Receive(ticket, max) => match link.take(max.min(self.cut)) {
                    Some((bytes, end)) => self.ready.push(ticket.done(Received { bytes, end })),
                    None => link.waiting.push(Waiting::Receive(ticket, max)),
                },
                Waiting::FromFile { ticket, file, at, len } if link.reads => {
                    let bytes = self.files[&file].read(at, len as usize);
                    link.received.extend_from_slice(&bytes);
                    let (bytes, end) = (bytes.len() as u64, ((bytes.len() as u64) < len).then_some(DataEnd::Clean));
                    self.ready.push(ticket.done(Moved { bytes, end }));
                }
                Waiting::ToFile { ticket, file, at, max, mut moved } => {
                    let mut ended = None;
                    if let Some((bytes, end)) = link.take((max - moved) as usize) {
                        self.files.get_mut(&file).expect("an open file").write(at + moved, &bytes);
                        moved += bytes.len() as u64;
                        ended = end;
                    }
                    if ended.is_some() || moved == max {
                        self.ready.push(ticket.done(Moved { bytes: moved, end: ended }));
                    } else {
                        link.waiting.push(Waiting::ToFile { ticket, file, at, max, moved });
                    }
                }
                waiting => link.waiting.push(waiting),
            }
        }
    }

    // The host.

    fn run_host(&mut self, action: HostAction) {
        let holds = self.holds.iter().any(|held| *held == kind(&action)) && action.id().is_some();
        if holds { self.held.push(action) } else { self.run_host_now(action) }
    }

    /// A failure that a test asked for.
    pub(super) fn arranged(&mut self, kind: &str) -> Option<Failure> {
        let at = self.failures.iter().position(|(which, _)| *which == kind)?;
        self.injections += 1;
        Some(self.failures.remove(at).1)
    }

    /// A failure that this action is to have.
    pub(super) fn injected(&mut self, kind: &str) -> Option<Failure> {
        if let Some(failure) = self.arranged(kind) {
            return Some(failure);
        }
        let faulty = self.dice.chance(self.fault_rate);
        faulty.then(|| {
            self.injections += 1;
            const FAULTS: [Failure; 7] = [
                Failure::Io,
                Failure::PermissionDenied,
                Failure::NoSpace,
                Failure::Busy,
                Failure::Lost,
                Failure::OverQuota,
                Failure::Vetoed,
            ];
            FAULTS[self.dice.below(FAULTS.len())]
        })
    }

    pub(crate) fn run_host_now(&mut self, action: HostAction) {
        let ticketed = action.id().is_some();
        if ticketed && let Some(failure) = self.injected(kind(&action)) {
            return self.fail_host(action, failure);
        }
        let completion = match action {
            HostAction::Storage(action) => self.run_storage(action),
            HostAction::Authenticate { ticket, credentials } => {
                let known = self.accounts.get(&*credentials.user).cloned().ok_or(Failure::LoginIncorrect);
                let judged =
                    known.and_then(|(password, account)| self.judge(*credentials, &password).map(|()| account));
                Some(ticket.settle(judged))
            }
            HostAction::Who { ticket } => {
                let lines = vec!["alice from 198.51.100.7".into(), "bad\r\n200 line".into()];
                Some(ticket.done(Roster { lines }))
            }
            HostAction::Custom { ticket, file, command } => {
                if let "SITE FETCH" | "SITE PUT" = &*command.verb {
                    return self.run_custom_transfer(ticket, file, &command);
                }
                let who = command.login.as_deref().unwrap_or("nobody");
                let text = format!("{} [{}] {who}", command.verb, command.argument.escape_ascii());
                let reply = CustomReply { code: self.custom_code, lines: vec![text.as_str().into()] };
                Some(ticket.done(CustomAnswer::Reply(reply)))
            }
            HostAction::SelectHost { ticket, name } => Some(ticket.settle(self.select_host(&name))),
        };
        self.ready.extend(completion);
    }

    /// A host action fails; a file is closed all the same.
    fn fail_host(&mut self, action: HostAction, failure: Failure) {
        if let HostAction::Storage(StorageAction::Finish { file, .. }) = &action {
            self.files.remove(file).expect("a file is finished once");
        }
        self.ready.extend(action.fail(failure));
    }

    /// `SITE FETCH` and `SITE PUT`: the program opens the file that the argument names.
    fn run_custom_transfer(&mut self, ticket: Ticket<CustomAnswer>, id: FileId, command: &CustomCommand) {
        self.books.fresh(id);
        let Ok(path) = command.cwd.resolve(&command.argument, usize::MAX) else {
            return self.ready.push(ticket.fail(Failure::NameNotAllowed));
        };
        let answer = if &*command.verb == "SITE FETCH" {
            let file = self.tree.open_read(&path);
            self.opened(id, file).map(CustomAnswer::Download)
        } else {
            let file = self.tree.open_write(&path, WriteMode::Create(Replace::Allowed));
            self.opened(id, file).map(CustomAnswer::Upload)
        };
        self.ready.push(ticket.settle(answer));
    }

    fn run_storage(&mut self, action: StorageAction) -> Option<Completion> {
        let tree = &mut self.tree;
        Some(match action {
            StorageAction::Stat { ticket, path } => ticket.settle(tree.stat(&path)),
            StorageAction::OpenDir { ticket, dir, path, wanted: Wanted::Names | Wanted::Everything } => {
                self.books.fresh(dir);
                ticket.settle(tree.entries(&path).map(|entries| {
                    self.dirs.insert(dir, entries.into());
                    Done
                }))
            }
            StorageAction::ReadDir { ticket, dir, max } => {
                assert!(max > 0);
                let left = self.dirs.get_mut(&dir).expect("an open directory");
                let entries = left.drain(..left.len().min(max)).collect();
                ticket.done(Entries { entries, last: left.is_empty() })
            }
            StorageAction::CloseDir(dir) => {
                self.dirs.remove(&dir).expect("a directory is closed once");
                return None;
            }
            StorageAction::OpenRead { ticket, file, path } => {
                let opened = tree.open_read(&path);
                self.books.fresh(file);
                ticket.settle(self.opened(file, opened))
            }
            StorageAction::OpenWrite { ticket, file, path, mode, .. } => {
                let opened = tree.open_write(&path, mode);
                self.books.fresh(file);
                ticket.settle(self.opened(file, opened))
            }
            StorageAction::Read { ticket, file, at, max } => ticket.done(self.files[&file].read(at, max)),
            StorageAction::Write { ticket, file, at, bytes } => {
                assert!(!bytes.is_empty(), "an empty Write");
                self.files.get_mut(&file).expect("an open file").write(at, &bytes);
                ticket.done(Done)
            }
            StorageAction::Finish { ticket, file, how } => {
                self.finishes.push(how);
                let file = self.files.remove(&file).expect("a file is finished once");
                ticket.settle(tree.finish(file, how).map(|()| Done))
            }
            StorageAction::CloseFile(file) => {
                let file = self.files.remove(&file).expect("a file is closed once");
                assert!(!file.writes(), "an upload is finished, not closed");
                return None;
            }
            StorageAction::Remove { ticket, path } => ticket.settle(tree.remove(&path).map(|()| Done)),
            StorageAction::RemoveDir { ticket, path } => ticket.settle(tree.remove_dir(&path).map(|()| Done)),
            StorageAction::MakeDir { ticket, path, .. } => ticket.settle(tree.make_dir(&path).map(|()| Done)),
            StorageAction::Rename { ticket, from, to, replace } => {
                ticket.settle(tree.rename(&from, &to, replace).map(|()| Done))
            }
            StorageAction::Copy { ticket, from, to, replace } => {
                ticket.settle(tree.copy(&from, &to, replace).map(|()| Done))
            }
            StorageAction::SetTimes { ticket, times, .. } if times.created.is_some() => {
                ticket.fail(Failure::Unsupported)
            }
            StorageAction::SetTimes { ticket, path, times } => {
                let set = tree.change(&path, |node| node.modified = times.modified.map_or(node.modified, |at| at.secs));
                ticket.settle(set.map(|()| Done))
            }
            StorageAction::SetMode { ticket, path, mode } => {
                ticket.settle(tree.change(&path, |node| node.mode = mode).map(|()| Done))
            }
            StorageAction::Symlink { ticket, .. } => ticket.fail(Failure::Unsupported),
            StorageAction::Space { ticket, .. } => ticket.done(Space { available: 1_000_000 }),
            StorageAction::Hash { ticket, path, algorithm, from, to } => {
                let content = tree.open_read(&path).map(|file| file.content);
                ticket.settle(content.and_then(|content| digest(&content, algorithm, from, to)))
            }
            StorageAction::TreeSize { ticket, path } => ticket.settle(tree.size(&path).map(|bytes| TreeSize { bytes })),
            StorageAction::MakeDirs { ticket, path, .. } => ticket.settle(tree.make_dirs(&path).map(|()| Done)),
            StorageAction::RemoveTree { ticket, path } => ticket.settle(tree.remove_tree(&path).map(|()| Done)),
            StorageAction::Combine { ticket, target, parts } => {
                ticket.settle(tree.combine(&target, &parts).map(|()| Done))
            }
            StorageAction::SetOwner { ticket, path, owner, group } => {
                self.owners.push((owner.map(String::from), group.map(String::from)));
                ticket.settle(tree.stat(&path).map(|_| Done))
            }
            StorageAction::Quota { ticket } => ticket.settle(self.quota.ok_or(Failure::Unsupported)),
            StorageAction::Prepare { ticket, path, upload } => {
                self.prepared.push((path.to_string(), upload));
                ticket.done(Prepared { address: self.node })
            }
        })
    }

    fn opened(&mut self, id: FileId, file: Result<OpenFile, Failure>) -> Result<Opened, Failure> {
        let file = file?;
        let offload = if self.offloads { Offload::Possible } else { Offload::Impossible };
        let opened = Opened { size: file.content.len() as u64, offload };
        self.files.insert(id, file);
        Ok(opened)
    }

    /// Sets the clock, which never goes back.
    pub(crate) fn set_clock(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }
}

/// What stands for a digest here: the algorithm's number, and the content itself.
fn digest(content: &[u8], algorithm: HashAlgorithm, from: u64, to: Option<u64>) -> Result<Digest, Failure> {
    let to = to.unwrap_or(content.len() as u64);
    let range = content.get(from as usize..to as usize).ok_or(Failure::BadOffset)?;
    Ok(Digest { bytes: [&[algorithm as u8], range].concat().into(), to })
}
