//! TYPE and MODE: what a file is on its way, and what may be concluded from a part of that.

use crate::codecs::{Mode, Piece, content, deflate, inflate};

/// What was agreed on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// TYPE A; the files of this harness hold no CR.
    pub(super) is_text: bool,
    pub(super) coding: Coding,
}

/// The MODE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coding {
    #[default]
    Stream,
    Mode(Mode),
    Deflate,
}

/// An upload that is broken off.
#[derive(Debug)]
pub(super) struct Part {
    /// What is sent of it.
    pub(super) bytes: Vec<u8>,
    /// How much of the file that is, if an orderly end of the connection there is an end of a file.
    pub(super) is_file_of: Option<usize>,
}

impl Shape {
    /// All of a file.
    pub(super) fn whole(self, file: &[u8]) -> Vec<u8> {
        let text = self.text(file);
        match self.coding {
            Coding::Stream => text,
            Coding::Mode(_) => self.mode().encode(&[Piece::Data(text), Piece::EndOfFile]),
            Coding::Deflate => deflate(&text, 1),
        }
    }

    /// A file up to about `cut` of its bytes, and never its end where the mode has one.
    pub(super) fn part(self, file: &[u8], cut: usize) -> Part {
        match self.coding {
            Coding::Stream => Part { bytes: self.text(&file[..cut]), is_file_of: Some(cut) },
            // Without its end, but not in the middle of a string: the close is the end.
            Coding::Mode(Mode::Compressed(_)) => {
                let data = Piece::Data(self.text(&file[..cut]));
                Part { bytes: self.mode().encode(&[data]), is_file_of: Some(cut) }
            }
            Coding::Mode(_) | Coding::Deflate => {
                let mut bytes = self.whole(file);
                let cut = cut.min(bytes.len() - 1);
                bytes.truncate(cut);
                Part { bytes, is_file_of: None }
            }
        }
    }

    /// The file that came, if it is whole.
    pub(super) fn decoded(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let text = match self.coding {
            Coding::Stream => bytes.to_vec(),
            Coding::Mode(_) => {
                let mut rest = bytes;
                let pieces = self.mode().decode(&mut rest).ok()?;
                let is_whole = pieces.last() == Some(&Piece::EndOfFile) && rest.is_empty();
                is_whole.then(|| content(&pieces))?
            }
            Coding::Deflate => inflate(bytes).ok()?,
        };
        Some(if self.is_text { from_text(&text) } else { text })
    }

    /// The beginning of a file, from the beginning of what came of it, where that can be told.
    pub(super) fn beginning(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_stream = self.coding == Coding::Stream;
        is_stream
            .then(|| if self.is_text { from_text(bytes.strip_suffix(b"\r").unwrap_or(bytes)) } else { bytes.to_vec() })
    }

    fn text(self, file: &[u8]) -> Vec<u8> {
        if !self.is_text {
            return file.to_vec();
        }
        file.iter()
            .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
            .copied()
            .collect()
    }

    /// The filler is another in TYPE A.
    fn mode(self) -> Mode {
        match self.coding {
            Coding::Mode(Mode::Compressed(_)) if self.is_text => Mode::Compressed(b' '),
            Coding::Mode(mode) => mode,
            Coding::Stream | Coding::Deflate => Mode::Block,
        }
    }
}

fn from_text(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte != b'\r').collect()
}
