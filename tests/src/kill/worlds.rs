//! What the files may hold: one world where everything is certain, more where the client could not see how it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Names and contents of one client's files, as they may be.
#[derive(Clone, Debug, Default)]
pub(super) struct Worlds(Vec<World>);

type World = BTreeMap<String, Arc<[u8]>>;

/// A change that a client asked for.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Store(String, Arc<[u8]>),
    Append(String, Arc<[u8]>),
    Rename(String, String),
    Remove(String),
    Copy(String, String),
    /// The second joins the first.
    Combine(String, String),
}

impl Worlds {
    /// One world with these files.
    pub(super) fn of(files: impl IntoIterator<Item = (String, Arc<[u8]>)>) -> Self {
        Self(vec![files.into_iter().collect()])
    }

    /// The change was made, the server says. What this is impossible in was no world.
    pub(super) fn certain(&mut self, change: &Change) {
        self.0 = self.0.drain(..).filter_map(|world| change.made_in(world)).collect();
    }

    /// The change may have been made.
    pub(super) fn maybe(&mut self, change: &Change) {
        let made: Vec<_> = self.0.iter().cloned().filter_map(|world| change.made_in(world)).collect();
        self.0.extend(made);
    }

    /// Whether `files` are as they may be.
    pub(super) fn allow(&self, files: &World) -> bool {
        self.0.iter().any(|world| world == files)
    }

    /// Whether a file may have this content, or this beginning of it.
    pub(super) fn allow_content(&self, name: &str, bytes: &[u8], whole: bool) -> bool {
        self.0
            .iter()
            .filter_map(|world| world.get(name))
            .any(|content| if whole { **content == *bytes } else { content.starts_with(bytes) })
    }

    /// For a message.
    pub(super) fn describe(&self) -> String {
        self.0.iter().map(describe).collect::<Vec<_>>().join(" or ")
    }
}

/// Names and lengths.
pub(super) fn describe(files: &World) -> String {
    let files: Vec<_> = files.iter().map(|(name, content)| format!("{name}: {} bytes", content.len())).collect();
    format!("{{{}}}", files.join(", "))
}

impl Change {
    fn made_in(&self, mut world: World) -> Option<World> {
        match self {
            Self::Store(name, content) => drop(world.insert(name.clone(), Arc::clone(content))),
            Self::Append(name, more) => {
                let old = world.get(name).map_or(&[][..], |old| old);
                let new: Arc<[u8]> = [old, more].concat().into();
                world.insert(name.clone(), new);
            }
            Self::Rename(from, to) => {
                let content = world.remove(from)?;
                world.insert(to.clone(), content);
            }
            Self::Remove(name) => drop(world.remove(name)?),
            Self::Copy(from, to) => {
                let content = Arc::clone(world.get(from)?);
                world.insert(to.clone(), content);
            }
            Self::Combine(target, part) => {
                let more = world.remove(part)?;
                return Self::Append(target.clone(), more).made_in(world);
            }
        }
        Some(world)
    }
}
