//! In place of `deflate` where the feature `mode-z` is off: types of which there is no value.

use alloc::vec::Vec;

use super::{Coding, Fault};

#[derive(Debug)]
pub(super) enum Deflater {}

impl Deflater {
    pub(super) const fn for_coding(_: &Coding) -> Option<Self> {
        None
    }

    pub(super) const fn put(&mut self, _: &[u8], _: bool, _: &mut Vec<u8>) {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) enum Inflater {}

impl Inflater {
    pub(super) const fn for_coding(_: &Coding) -> Option<Self> {
        None
    }

    pub(super) const fn ready(&self) -> &[u8] {
        match *self {}
    }

    pub(super) const fn used(&mut self, _: usize) {
        match *self {}
    }

    pub(super) const fn more(&mut self, _: &mut &[u8]) -> Result<bool, Fault> {
        match *self {}
    }

    pub(super) const fn finish(&self) -> Result<(), Fault> {
        match *self {}
    }
}
