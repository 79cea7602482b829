//! A directory of one storage, with the mounts that stand in it.

use std::collections::BTreeSet;

use bytes::Bytes;
use ftp_proto::Failure;
use ftp_proto::outcome::Entries;
use ftp_proto::storage::Entry;

use super::point::tell_apart;
use crate::pace::Pace;
use crate::storage::Directory;

/// First the mounts, then what the storage has under other names.
pub(super) struct MountedDirectory {
    mounts: std::vec::IntoIter<Entry>,
    names: BTreeSet<Bytes>,
    within: Option<Box<dyn Directory>>,
    number: u64,
}

impl MountedDirectory {
    pub(super) fn new(mounts: Vec<Entry>, within: Option<Box<dyn Directory>>, number: u64) -> Self {
        let names = mounts.iter().map(|entry| entry.name.clone()).collect();
        Self { mounts: mounts.into_iter(), names, within, number }
    }
}

impl Directory for MountedDirectory {
    fn read(&mut self, max: usize) -> Result<Entries, Failure> {
        let entries: Vec<_> = self.mounts.by_ref().take(max).collect();
        let Some(within) = self.within.as_mut().filter(|_| entries.is_empty()) else {
            return Ok(Entries { entries, last: self.within.is_none() && self.mounts.len() == 0 });
        };
        let mut page = within.read(max)?;
        page.entries.retain(|entry| !self.names.contains(&entry.name));
        page.entries.iter_mut().for_each(|entry| tell_apart(&mut entry.metadata, self.number));
        Ok(page)
    }

    fn pace(&self) -> Pace {
        self.within.as_ref().map_or(Pace::Prompt, |within| within.pace())
    }
}
