//! From the data connection to the file.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::deflate::Inflater;
use super::ends::{EOR, Item, take_up_to};
use super::{Coding, Fault, Mode, Representation, Structure, block, compressed, ebcdic, stream};
use crate::ascii;

/// Decodes one file.
#[derive(Debug)]
pub struct Decoder {
    text: Text,
    structure: Structure,
    deframer: Deframer,
    inflater: Option<Inflater>,
    /// The file has ended within a stream that has not.
    over: bool,
}

/// Why a decoder stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The input is used up.
    Hungry,
    /// There is no more room; the same input, or none, may give more.
    Full,
    /// A restart marker: everything before it has been given out, nothing behind it. A marker that comes between the CR
    /// and the LF of a line end names no place in the file, and is passed over.
    Marker(Box<[u8]>),
    /// The file is whole. What comes behind it is none of it.
    End,
}

#[derive(Debug)]
enum Text {
    Image,
    Ascii(ascii::Decoder),
    Ebcdic,
}

#[derive(Debug)]
enum Deframer {
    Stream,
    Records(stream::Decoder),
    Block(block::Decoder),
    Compressed(compressed::Decoder),
}

impl Decoder {
    /// A decoder at the beginning of a file, or behind a restart marker.
    #[must_use]
    pub fn new(coding: &Coding) -> Self {
        Self {
            text: match coding.representation {
                Representation::Image => Text::Image,
                Representation::Ascii => Text::Ascii(ascii::Decoder::default()),
                Representation::Ebcdic => Text::Ebcdic,
            },
            structure: coding.structure,
            deframer: match (coding.mode, coding.structure) {
                (Mode::Block, _) => Deframer::Block(block::Decoder::default()),
                (Mode::Compressed, _) => Deframer::Compressed(compressed::Decoder::new(coding.filler())),
                (_, Structure::File) => Deframer::Stream,
                (_, Structure::Record) => Deframer::Records(stream::Decoder::default()),
            },
            inflater: Inflater::for_coding(coding),
            over: false,
        }
    }

    /// Decodes what it takes off `input` behind `out`, until `out` holds `room` bytes or a few more (at most 64).
    ///
    /// # Errors
    /// [`Fault::Malformed`]. What was decoded before it is in `out`.
    pub fn decode(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<Step, Fault> {
        let Some(mut inflater) = self.inflater.take() else { return self.deframe(input, out, room) };
        let step = self.inflate(&mut inflater, input, out, room);
        self.inflater = Some(inflater);
        step
    }

    /// The connection has ended in order, and all that came was decoded: gives out what was held back.
    ///
    /// # Errors
    /// [`Fault::Truncated`]: the end of the file had not come.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(inflater) = &self.inflater {
            inflater.finish()?;
        }
        match &self.deframer {
            _ if self.over => {}
            Deframer::Stream => {}
            Deframer::Records(decoder) => decoder.finish()?,
            Deframer::Block(_) => return Err(Fault::Truncated),
            Deframer::Compressed(decoder) => {
                if decoder.finish()? & EOR != 0 {
                    self.end_record(out);
                }
            }
        }
        self.text.finish(out);
        Ok(())
    }

    fn inflate(
        &mut self,
        inflater: &mut Inflater,
        input: &mut &[u8],
        out: &mut Vec<u8>,
        room: usize,
    ) -> Result<Step, Fault> {
        while out.len() < room {
            let mut ready = inflater.ready();
            if ready.is_empty() {
                if !inflater.more(input)? {
                    return Ok(Step::Hungry);
                }
                continue;
            }
            if self.over {
                return Err(Fault::Malformed);
            }
            let before = ready.len();
            self.over = self.deframe(&mut ready, out, room)? == Step::End;
            let used = before - ready.len();
            inflater.used(used);
        }
        Ok(Step::Full)
    }

    fn deframe(&mut self, input: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<Step, Fault> {
        while out.len() < room {
            match self.deframer.next(input, room - out.len())? {
                Item::Hungry => return Ok(Step::Hungry),
                Item::Data(bytes) => self.text.put(bytes, out),
                Item::Run(byte, count) => self.text.put(&[byte; 64][..usize::from(count & 63)], out),
                Item::EndOfRecord => self.end_record(out),
                Item::EndOfFile => {
                    self.text.finish(out);
                    return Ok(Step::End);
                }
                Item::Marker(marker) if self.text.is_between() => return Ok(Step::Marker(marker)),
                Item::Marker(_) => {}
            }
        }
        Ok(Step::Full)
    }

    /// A line of text ends; records of bytes are one behind the other. Without STRU R the code is of no meaning.
    fn end_record(&mut self, out: &mut Vec<u8>) {
        if self.structure == Structure::Record && !matches!(self.text, Text::Image) {
            self.text.finish(out);
            out.push(b'\n');
        }
    }
}

impl Text {
    fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Image => out.extend_from_slice(bytes),
            Self::Ascii(decoder) => decoder.decode(bytes, out),
            Self::Ebcdic => ebcdic::decode(bytes, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Self::Ascii(decoder) = self {
            decoder.finish(out);
        }
    }

    const fn is_between(&self) -> bool {
        match self {
            Self::Ascii(decoder) => decoder.is_between(),
            Self::Image | Self::Ebcdic => true,
        }
    }
}

impl Deframer {
    fn next<'a>(&mut self, input: &mut &'a [u8], room: usize) -> Result<Item<'a>, Fault> {
        match self {
            Self::Stream => Ok(match take_up_to(input, room) {
                [] => Item::Hungry,
                bytes => Item::Data(bytes),
            }),
            Self::Records(decoder) => decoder.next(input, room),
            Self::Block(decoder) => decoder.next(input, room),
            Self::Compressed(decoder) => decoder.next(input, room),
        }
    }
}
