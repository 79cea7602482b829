//! LANG, CSID and PRET: what a client tells of itself, and of what it is about to do.

use core::str;

use super::grammar::{is_blank, split_at_space};
use super::{Command, CommandError};
use crate::verb::Verb;

/// A language tag (RFC 2640 §4.1, RFC 1766 §2): parts of up to eight letters or digits, with hyphens between them.
pub(super) fn lang(argument: &[u8]) -> Option<Command> {
    let tag = argument.trim_ascii_end();
    let fits = |part: &[u8]| (1..=8).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric);
    let primary = tag.split(|byte| *byte == b'-').next().unwrap_or_default();
    if !tag.split(|byte| *byte == b'-').all(fits) || !primary.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    Some(Command::Lang(str::from_utf8(tag).ok()?.into()))
}

/// `name=value;` once or more, with blanks between them. The last semicolon is forgiven where it is missing.
pub(super) fn csid(argument: &[u8]) -> Option<Command> {
    let mut pairs = argument.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    let named = |pair: &[u8]| pair.iter().position(|byte| *byte == b'=').is_some_and(|at| at > 0);
    let first = pairs.next()?;
    (named(first) && pairs.all(named)).then(|| Command::Csid(argument.into()))
}

/// The transfer that is to come, as it will be sent.
pub(super) fn pret(argument: &[u8]) -> Result<Command, CommandError> {
    let (word, argument) = split_at_space(argument);
    let argument = argument.filter(|argument| !is_blank(argument));
    let verb = Verb::from_word(word).ok_or(CommandError::BadArgument(Verb::Pret))?;
    match verb {
        Verb::Retr | Verb::Stor | Verb::Appe if argument.is_none() => Err(CommandError::BadArgument(Verb::Pret)),
        Verb::Retr | Verb::Stor | Verb::Appe | Verb::Stou | Verb::List | Verb::Nlst | Verb::Mlsd => {
            Ok(Command::Pret(verb, argument.map(Into::into)))
        }
        _ => Err(CommandError::NotImplementedFor(Verb::Pret)),
    }
}
