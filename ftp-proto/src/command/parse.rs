//! From a line to a [`Command`]: the verb, then its argument.

use super::grammar::{is_blank, upper_case};
use super::{Command, CommandError, EpsvArgument, address, announce, checksum, facts, security, settings, site};
use crate::secret::Secret;
use crate::verb::{Argument, Verb};

/// Parses one line, without its line end and free of Telnet commands.
///
/// The verb is matched in any case; exactly one space stands before the argument, the rest is the argument verbatim
/// (RFC 3659 §2.2). Blanks behind a verb that takes no argument are forgiven.
///
/// ```
/// use ftp_proto::command::{Command, parse};
/// use ftp_proto::verb::Verb;
///
/// assert_eq!(parse(b"retr  a b"), Ok(Command::Path(Verb::Retr, b" a b"[..].into())));
/// ```
///
/// # Errors
/// See [`CommandError`].
pub fn parse(line: &[u8]) -> Result<Command, CommandError> {
    let Some((word, argument)) = word_and_argument(line) else {
        return Err(not_a_command(line));
    };
    let verb = Verb::from_word(word);
    if verb.is_none() && is_foreign_request(word, argument) {
        return Err(CommandError::ForeignProtocol);
    }
    let argument = argument.unwrap_or_default();
    if argument.contains(&0) {
        return Err(CommandError::ControlByte);
    }
    match verb {
        Some(verb) => known(verb, argument),
        None => other(word, argument),
    }
}

/// A word that could be a verb (letters and digits, at most 12), then the end or one space and the argument.
fn word_and_argument(line: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let end = line.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    match rest {
        _ if !(1..=LONGEST_WORD).contains(&end) => None,
        [] => Some((word, None)),
        [b' ', argument @ ..] => Some((word, Some(argument))),
        _ => None,
    }
}

/// Parses a verb of the table.
fn known(verb: Verb, argument: &[u8]) -> Result<Command, CommandError> {
    let info = verb.info();
    match info.argument {
        Argument::None if is_blank(argument) => Ok(Command::Bare(verb)),
        Argument::None => Err(CommandError::UnwantedArgument(verb)),
        Argument::Required if argument.is_empty() => Err(CommandError::MissingArgument(verb)),
        Argument::Optional if is_left_out(verb, argument) => Ok(match verb {
            Verb::Pass => Command::Pass(Secret::new(b"")),
            Verb::Epsv => Command::Epsv(EpsvArgument::Same),
            _ => Command::Bare(verb),
        }),
        Argument::Required | Argument::Optional => with_argument(verb, argument),
    }
}

/// Whether an optional argument was left out. Blanks alone are sent by clients that mean nothing by them; but MLSD
/// and MLST take any name verbatim, and a password may be anything.
fn is_left_out(verb: Verb, argument: &[u8]) -> bool {
    match verb {
        Verb::Noop => true,
        Verb::List | Verb::Nlst | Verb::Stat | Verb::Stou | Verb::Help | Verb::Epsv => is_blank(argument),
        Verb::Avbl | Verb::Dsiz | Verb::Lang => is_blank(argument),
        _ => argument.is_empty(),
    }
}

/// Parses arguments that hold pathnames or passwords: any bytes, judged where they are used.
fn with_argument(verb: Verb, argument: &[u8]) -> Result<Command, CommandError> {
    match verb {
        Verb::Cwd | Verb::Rnfr | Verb::Rnto | Verb::Dele | Verb::Rmd | Verb::Mkd | Verb::Size => {}
        Verb::Retr | Verb::Stor | Verb::Stou | Verb::Appe => {}
        Verb::List | Verb::Nlst | Verb::Mlsd | Verb::Mlst | Verb::Stat => {}
        Verb::Hash | Verb::Avbl | Verb::Dsiz | Verb::Smnt => {}
        Verb::Pass => return Ok(Command::Pass(Secret::new(argument))),
        Verb::Mdtm => return Ok(facts::mdtm(argument)),
        Verb::Mfmt | Verb::Mfct => return facts::set_time(verb, argument),
        Verb::Mff => return facts::mff(argument),
        Verb::Site => return site::site(argument),
        Verb::Mmd5 | Verb::Comb => return checksum::paths(verb, argument).ok_or(CommandError::BadArgument(verb)),
        Verb::Pret => return announce::pret(argument),
        _ if verb.algorithm().is_some() => return Ok(checksum::checksum(verb, argument)),
        _ if argument.iter().any(u8::is_ascii_control) => return Err(CommandError::ControlByte),
        Verb::Auth
        | Verb::Adat
        | Verb::Pbsz
        | Verb::Prot
        | Verb::Mic
        | Verb::Conf
        | Verb::Enc
        | Verb::Sscn
        | Verb::Host => {
            return security::security(verb, argument);
        }
        _ => return plain(verb, argument),
    }
    Ok(Command::Path(verb, argument.into()))
}

/// Parses arguments that are text without control bytes.
fn plain(verb: Verb, argument: &[u8]) -> Result<Command, CommandError> {
    let parsed = match verb {
        Verb::User => Some(Command::User(argument.into())),
        Verb::Acct => Some(Command::Acct(Secret::new(argument))),
        Verb::Help => Some(Command::Help(argument.into())),
        Verb::Clnt => Some(Command::Clnt(argument.into())),
        Verb::Port => address::port(argument),
        Verb::Eprt => address::eprt(argument),
        Verb::Lprt => address::lprt(argument),
        Verb::Epsv => settings::epsv(argument),
        Verb::Type => settings::representation(argument),
        Verb::Stru => settings::structure(argument),
        Verb::Mode => settings::mode(argument),
        Verb::Allo => settings::allo(argument),
        Verb::Rest => settings::rest(argument),
        Verb::Opts => Some(settings::opts(argument)),
        Verb::Rang => checksum::rang(argument),
        Verb::Lang => announce::lang(argument),
        Verb::Csid => announce::csid(argument),
        // The table's other verbs take no argument, or a pathname, or are not built: they do not come here.
        _ => None,
    };
    parsed.ok_or(CommandError::BadArgument(verb))
}

/// A word that the table does not know. A CR would split a line wherever the argument is printed.
fn other(word: &[u8], argument: &[u8]) -> Result<Command, CommandError> {
    if argument.contains(&b'\r') {
        return Err(CommandError::ControlByte);
    }
    Ok(Command::Other { verb: upper_case(word), argument: argument.into() })
}

/// What is wrong with a line that does not begin with a word that could be a verb.
fn not_a_command(line: &[u8]) -> CommandError {
    if line.starts_with(TLS_HANDSHAKE) || is_header(line) {
        CommandError::ForeignProtocol
    } else if line.contains(&0) {
        CommandError::ControlByte
    } else {
        CommandError::NotACommand
    }
}

/// Whether this is a request of HTTP or SMTP: a browser or a mail server is made to speak to us, by someone who
/// wants our replies, or the rest of its bytes, to be taken for something else (ALPACA).
fn is_foreign_request(word: &[u8], argument: Option<&[u8]>) -> bool {
    FOREIGN.iter().any(|foreign| foreign.as_bytes().eq_ignore_ascii_case(word))
        || argument.and_then(|argument| argument.rsplit(|byte| *byte == b' ').next()).is_some_and(is_http_version)
}

fn is_http_version(word: &[u8]) -> bool {
    word.strip_prefix(b"HTTP/").is_some_and(|version| matches!(version, [b'0'..=b'9', b'.', b'0'..=b'9']))
}

/// Whether this is a header's line: `Name:`.
fn is_header(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    name.len() < line.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
}

/// The longest word that could be a verb.
const LONGEST_WORD: usize = 12;

/// A TLS record that holds a handshake: someone expects implicit TLS.
const TLS_HANDSHAKE: &[u8] = &[0x16, 0x03];

/// The verbs of HTTP and SMTP that are no verbs of FTP.
const FOREIGN: &[&str] = &["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "EHLO", "HELO", "MAIL", "RCPT"];
