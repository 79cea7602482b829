//! How a listing looks: its lines, their order, and what must be known of each entry.

use core::cmp::Ordering;

use super::{Format, Lister, Setting, Stage};
use crate::listing::{self, ListOptions, MlsxRole};
use crate::storage::{Entry, Metadata, Wanted};

impl Lister {
    pub(super) fn write_line(&mut self, name: &[u8], metadata: &Metadata) {
        let Setting { now, facts, permissions, .. } = self.setting;
        match self.setting.format {
            Format::List if !self.options.names_only => {
                listing::write_list_line(&mut self.out, name, metadata, now, self.options);
            }
            Format::Names if self.options.long => {
                listing::write_list_line(&mut self.out, name, metadata, now, self.options);
            }
            Format::Names if self.stage != Stage::Done => {
                listing::write_name_line(&mut self.out, &self.prefix, name, metadata, self.options);
            }
            Format::List | Format::Names => {
                listing::write_name_line(&mut self.out, b"", name, metadata, self.options);
            }
            Format::Machine => {
                let role = MlsxRole::Entry;
                if listing::write_mlsx(&mut self.out, name, metadata, facts, role, permissions) {
                    self.out.extend_from_slice(b"\r\n");
                }
            }
        }
    }

    /// What a line is long where names and owners are usual ones, so that a page's lines find their room at once.
    pub(super) const fn usual_line(&self) -> usize {
        match self.setting.format {
            Format::List => 96,
            Format::Names => 32,
            Format::Machine => 192,
        }
    }

    /// `ls -R`'s line above each directory but the first; NLST puts the path before each name instead.
    pub(super) fn heading(&mut self) {
        let path = self.target.as_bytes().to_vec();
        if self.setting.format == Format::Names {
            self.prefix = path;
            self.prefix.push(b'/');
            return;
        }
        self.out.extend_from_slice(b"\r\n");
        self.out.extend(path.iter().map(|b| if b.is_ascii_control() { b'?' } else { *b }));
        self.out.extend_from_slice(b":\r\n");
    }

    pub(super) fn sorts(&self) -> bool {
        let ListOptions { by_time, by_size, reverse, .. } = self.options;
        by_time || by_size || reverse
    }

    pub(super) fn order(&self, one: &Entry, other: &Entry) -> Ordering {
        let by_name = one.name.cmp(&other.name);
        let order = if self.options.by_time {
            other.metadata.modified.cmp(&one.metadata.modified).then(by_name)
        } else if self.options.by_size {
            other.metadata.size.cmp(&one.metadata.size).then(by_name)
        } else {
            by_name
        };
        if self.options.reverse { order.reverse() } else { order }
    }

    pub(super) fn wanted(&self) -> Wanted {
        let bare = match self.setting.format {
            Format::Names => !self.options.long,
            Format::List => self.options.names_only,
            Format::Machine => false,
        };
        if bare && !self.sorts() && !self.options.classify { Wanted::Names } else { Wanted::Everything }
    }
}
