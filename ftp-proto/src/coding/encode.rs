//! From the file to the data connection.

use alloc::vec::Vec;
use core::mem;

use memchr::memchr;

use super::deflate::Deflater;
use super::ends::{EOF, EOR, MARKER};
use super::{Coding, Mode, Representation, Structure, block, compressed, ebcdic, stream};
use crate::ascii;
use crate::digits::Decimal;

/// Encodes one file, or one listing.
#[derive(Debug)]
pub struct Encoder {
    text: Text,
    structure: Structure,
    framer: Framer,
    deflater: Option<Deflater>,
    /// Buffers that are used again for each chunk.
    translated: Vec<u8>,
    framed: Vec<u8>,
    /// Bytes of the text that REST passes over.
    skip: u64,
    at: u64,
    interval: u64,
    next_marker: u64,
}

#[derive(Debug)]
enum Text {
    Image,
    Ascii(ascii::Encoder),
    Ebcdic,
    /// Lines that end in CR LF as they are made, for TYPE E.
    EbcdicLines(ascii::Decoder),
}

#[derive(Debug)]
enum Framer {
    Stream,
    Records,
    Block,
    Compressed(compressed::Encoder),
}

impl Encoder {
    /// An encoder of a file from `restart` on, which counts what [`Coding::restarts_in_file`] says.
    #[must_use]
    pub fn new(coding: &Coding, restart: u64) -> Self {
        let text = match (coding.representation, coding.structure) {
            (Representation::Image, _) => Text::Image,
            (Representation::Ebcdic, _) => Text::Ebcdic,
            (Representation::Ascii, _) => Text::Ascii(ascii::Encoder::default()),
        };
        let (at, skip) = if coding.restarts_in_file() { (restart, 0) } else { (0, restart) };
        let interval = if coding.mode.has_markers() { coding.marker_interval } else { 0 };
        Self {
            text,
            structure: coding.structure,
            framer: Framer::for_coding(coding),
            deflater: Deflater::for_coding(coding),
            translated: Vec::new(),
            framed: Vec::new(),
            skip,
            at,
            interval,
            next_marker: next_multiple(at, interval),
        }
    }

    /// An encoder of a listing, whose lines end in CR LF as they come in. The mode is the coding's; the structure is
    /// always F; TYPE E is the only type that changes anything (RFC 1123 §4.1.2.7).
    #[must_use]
    pub fn for_listing(coding: &Coding) -> Self {
        let coding = Coding { structure: Structure::File, marker_interval: 0, ..*coding };
        let mut this = Self::new(&coding, 0);
        this.text = match coding.representation {
            Representation::Ebcdic => Text::EbcdicLines(ascii::Decoder::default()),
            Representation::Ascii | Representation::Image => Text::Image,
        };
        this
    }

    /// Where in the file the next input stands.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Whether the restart lies before the end of all that was encoded so far.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.skip == 0
    }

    /// Encodes `input` behind `out`.
    pub fn encode(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.put_all(input, false, out);
    }

    /// Encodes `input`, the last of the file, and the file's end. Nothing may follow.
    pub fn finish(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.put_all(input, true, out);
    }

    fn put_all(&mut self, input: &[u8], last: bool, out: &mut Vec<u8>) {
        let Some(mut deflater) = self.deflater.take() else { return self.put_marked(input, last, out) };
        let mut framed = mem::take(&mut self.framed);
        framed.clear();
        self.put_marked(input, last, &mut framed);
        deflater.put(&framed, last, out);
        self.framed = framed;
        self.deflater = Some(deflater);
    }

    /// Puts the restart markers where they belong: an offset is told only where an encoder that begins there would go
    /// on in the same way.
    fn put_marked(&mut self, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
        while self.interval > 0 && self.next_marker - self.at <= input.len() as u64 {
            let (before, behind) = input.split_at((self.next_marker - self.at) as usize);
            self.put_records(before, false, out);
            self.at = self.next_marker;
            input = behind;
            if self.text.is_between() {
                self.framer.marker(Decimal::new(self.at).as_bytes(), out);
                self.next_marker = next_multiple(self.at, self.interval);
            } else {
                // Behind a CR: the next place is behind the first byte that is none. Not one byte on, or a file of
                // nothing but CRs would go out in blocks of one.
                let returns = input.iter().take_while(|byte| **byte == b'\r').count();
                self.next_marker = self.next_marker.saturating_add(returns as u64 + 1);
            }
        }
        self.put_records(input, last, out);
        self.at = self.at.saturating_add(input.len() as u64);
    }

    fn put_records(&mut self, mut input: &[u8], last: bool, out: &mut Vec<u8>) {
        let eof = if last { EOF } else { 0 };
        match (self.structure, &self.text) {
            (Structure::File, _) => self.put(input, eof, out),
            (Structure::Record, Text::Image) => self.put(input, if last { EOR | EOF } else { 0 }, out),
            (Structure::Record, _) => {
                while let Some(line_feed) = memchr(b'\n', input) {
                    let (line, behind) = (&input[..line_feed], &input[line_feed + 1..]);
                    let ends = if behind.is_empty() { EOR | eof } else { EOR };
                    self.put(line, ends, out);
                    if behind.is_empty() {
                        return;
                    }
                    input = behind;
                }
                // A last line without its LF is no whole record, and comes back without one.
                self.put(input, eof, out);
            }
        }
    }

    fn put(&mut self, data: &[u8], ends: u8, out: &mut Vec<u8>) {
        self.translated.clear();
        let translated = match &mut self.text {
            Text::Image => return self.framer.put(data, ends, out),
            // The line ends are records' ends already: a CR is data.
            Text::Ascii(_) if self.structure == Structure::Record => return self.framer.put(data, ends, out),
            Text::Ascii(encoder) if matches!(self.framer, Framer::Stream) && self.skip == 0 => {
                return encoder.encode(data, out);
            }
            Text::Ascii(encoder) => {
                encoder.encode(data, &mut self.translated);
                let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(self.translated.len());
                self.skip -= passed as u64;
                &self.translated[passed..]
            }
            Text::Ebcdic => {
                ebcdic::encode(data, &mut self.translated);
                &self.translated
            }
            Text::EbcdicLines(decoder) => {
                let mut lines = Vec::with_capacity(data.len());
                decoder.decode(data, &mut lines);
                if ends & EOF != 0 {
                    decoder.finish(&mut lines);
                }
                ebcdic::encode(&lines, &mut self.translated);
                &self.translated
            }
        };
        self.framer.put(translated, ends, out);
    }
}

impl Text {
    const fn is_between(&self) -> bool {
        match self {
            Self::Ascii(encoder) => encoder.is_between(),
            Self::Image | Self::Ebcdic | Self::EbcdicLines(_) => true,
        }
    }
}

impl Framer {
    const fn for_coding(coding: &Coding) -> Self {
        match (coding.mode, coding.structure) {
            (Mode::Block, _) => Self::Block,
            (Mode::Compressed, _) => Self::Compressed(compressed::Encoder::new(coding.filler())),
            (_, Structure::File) => Self::Stream,
            (_, Structure::Record) => Self::Records,
        }
    }

    fn put(&mut self, data: &[u8], ends: u8, out: &mut Vec<u8>) {
        match self {
            Self::Stream => out.extend_from_slice(data),
            Self::Records => stream::put(data, ends, out),
            Self::Block => block::put(data, ends, out),
            Self::Compressed(encoder) => encoder.put(data, ends, out),
        }
    }

    fn marker(&mut self, marker: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Block => block::put_block(marker, MARKER, out),
            Self::Compressed(encoder) => encoder.marker(marker, out),
            // They have no interval.
            Self::Stream | Self::Records => {}
        }
    }
}

/// The multiple of `interval` that comes next behind `at`.
const fn next_multiple(at: u64, interval: u64) -> u64 {
    match interval {
        0 => u64::MAX,
        _ => (at / interval + 1).saturating_mul(interval),
    }
}
