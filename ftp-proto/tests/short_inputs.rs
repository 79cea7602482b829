//! All short inputs: the framer, the parser, the arguments of PORT and EPRT, and the ASCII codec take every string up to
//! a length over a small alphabet of what is special to them. None panics, and each gives what a simple reference gives,
//! wherever the input is cut.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ftp_proto::ascii::{Decoder, Encoder};
use ftp_proto::command::{Command, CommandError, parse};
use ftp_proto::line::{Frame, Framer};
use ftp_proto::verb::Verb;

const NUL: u8 = 0;
const LF: u8 = b'\n';
const CR: u8 = b'\r';
const IAC: u8 = 255;
const WILL: u8 = 251;
const DO: u8 = 253;
const SB: u8 = 250;
const SE: u8 = 240;

/// Every string over `alphabet` of up to `longest` letters.
fn every(alphabet: &[u8], longest: u32, mut each: impl FnMut(&[u8])) {
    let base = alphabet.len() as u64;
    for length in 0..=longest {
        let mut text = vec![0; length as usize];
        for number in 0..base.pow(length) {
            let mut rest = number;
            for byte in &mut text {
                *byte = alphabet[(rest % base) as usize];
                rest /= base;
            }
            each(&text);
        }
    }
}

/// Every way to cut `text` into pieces.
fn every_cut<'a>(text: &'a [u8], mut each: impl FnMut(&[&'a [u8]])) {
    let places = text.len().saturating_sub(1);
    for cuts in 0_u32..1 << places {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut at = 0;
        for place in (0..places).filter(|place| cuts >> place & 1 == 1) {
            let (piece, behind) = rest.split_at(place + 1 - at);
            pieces.push(piece);
            (rest, at) = (behind, place + 1);
        }
        pieces.push(rest);
        each(&pieces);
    }
}

#[test]
fn ascii_goes_out_with_network_line_ends() {
    every(&[CR, LF, NUL, IAC, b'a'], 6, |text| {
        let mut expected = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            let after_cr = at > 0 && text[at - 1] == CR;
            if *byte == LF && !after_cr {
                expected.push(CR);
            }
            expected.push(*byte);
        }
        every_cut(text, |pieces| {
            let (mut encoder, mut out) = (Encoder::default(), Vec::new());
            pieces.iter().for_each(|piece| encoder.encode(piece, &mut out));
            assert_eq!(out, expected, "{pieces:?}");
        });
    });
}

#[test]
fn ascii_comes_in_with_the_line_ends_of_files() {
    every(&[CR, LF, NUL, IAC, b'a'], 6, |text| {
        let ends_line = |at: usize| text[at] == CR && text.get(at + 1) == Some(&LF);
        let expected: Vec<u8> = (0..text.len()).filter(|at| !ends_line(*at)).map(|at| text[at]).collect();
        every_cut(text, |pieces| {
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            pieces.iter().for_each(|piece| decoder.decode(piece, &mut out));
            decoder.finish(&mut out);
            assert_eq!(out, expected, "{pieces:?}");
        });
    });
}

/// A frame that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Line(Vec<u8>),
    TooLong,
    Refuse([u8; 3]),
}

const LIMIT: usize = 2;

fn frames(pieces: &[&[u8]]) -> Vec<Kept> {
    let mut framer = Framer::new(LIMIT);
    let mut frames = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        while let Some(frame) = framer.next(&mut input) {
            frames.push(match frame {
                Frame::Line(line) => Kept::Line(line.to_vec()),
                Frame::TooLong => Kept::TooLong,
                Frame::Refuse(bytes) => Kept::Refuse(bytes),
            });
        }
    }
    frames
}

/// Telnet out, all at once: what is left, and what is refused.
fn without_telnet(text: &[u8]) -> (Vec<u8>, Vec<[u8; 3]>) {
    let (mut left, mut refused) = (Vec::new(), Vec::new());
    let mut rest = text;
    loop {
        rest = match rest {
            [] | [IAC] => break,
            [IAC, WILL, option, behind @ ..] => {
                refused.push([IAC, 254, *option]);
                behind
            }
            [IAC, DO, option, behind @ ..] => {
                refused.push([IAC, 252, *option]);
                behind
            }
            [IAC, 251..=254] => break,
            [IAC, 252 | 254, _, behind @ ..] => behind,
            [IAC, SB, behind @ ..] => {
                // Every IAC in it takes the next byte along.
                let mut at = 0;
                loop {
                    match (behind.get(at), behind.get(at + 1)) {
                        (Some(&IAC), Some(&SE)) => break at += 2,
                        (Some(&IAC), Some(_)) => at += 2,
                        (Some(_), _) if behind[at] != IAC => at += 1,
                        _ => break at = behind.len(),
                    }
                }
                &behind[at..]
            }
            [IAC, 236..=249, behind @ ..] => behind,
            // IAC IAC is the byte itself; IAC before what is no command is not there.
            [IAC, byte, behind @ ..] | [byte, behind @ ..] => {
                left.push(*byte);
                behind
            }
        };
    }
    (left, refused)
}

/// The lines of a text without Telnet.
fn lines(text: &[u8]) -> Vec<Kept> {
    let mut lines = Vec::new();
    for piece in text.split_inclusive(|byte| *byte == LF) {
        let whole = piece.ends_with(&[LF]);
        let line = piece.strip_suffix(&[LF]).unwrap_or(piece);
        // A CR at the end is a part of it, or not judged yet.
        let mut rest = line.strip_suffix(&[CR]).unwrap_or(line);
        let mut data = Vec::new();
        while let [byte, behind @ ..] = rest {
            data.push(*byte);
            rest = if *byte == CR { behind.strip_prefix(&[NUL]).unwrap_or(behind) } else { behind };
        }
        if data.len() > LIMIT {
            lines.push(Kept::TooLong);
        } else if whole {
            lines.push(Kept::Line(data));
        }
    }
    lines
}

#[test]
fn lines_are_framed_wherever_they_are_cut() {
    let judge = |text: &[u8]| {
        let found = frames(&[text]);
        let (left, refused) = without_telnet(text);
        let of_lines: Vec<Kept> = found.iter().filter(|frame| !matches!(frame, Kept::Refuse(_))).cloned().collect();
        let of_telnet: Vec<Kept> = found.iter().filter(|frame| matches!(frame, Kept::Refuse(_))).cloned().collect();
        assert_eq!(of_lines, lines(&left), "{text:?}");
        assert_eq!(of_telnet, refused.into_iter().map(Kept::Refuse).collect::<Vec<_>>(), "{text:?}");
        for at in 0..text.len() {
            let (front, behind) = text.split_at(at);
            assert_eq!(frames(&[front, behind]), found, "{text:?} cut at {at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(frames(&bytes), found, "{text:?} byte by byte");
    };
    every(&[CR, LF, NUL, IAC, WILL, SB, SE, b'a'], 5, judge);
    every(&[CR, LF, NUL, b'a'], 7, judge);
    every(&[IAC, DO, 252, 249, LF, b'a'], 5, judge);
}

#[test]
fn short_lines_are_commands_or_they_are_not() {
    every(&[CR, NUL, LF, IAC, b' ', b'p', b'W', b'D', b'1', b',', b'|'], 5, |line| {
        let parsed = parse(line);
        let (word, argument) = match line.iter().position(|byte| *byte == b' ') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        if word.is_empty() || !word.iter().all(u8::is_ascii_alphanumeric) {
            assert!(matches!(parsed, Err(CommandError::NotACommand | CommandError::ControlByte)), "{line:?}");
        } else if line.contains(&NUL) {
            assert_eq!(parsed, Err(CommandError::ControlByte), "{line:?}");
        } else if word.eq_ignore_ascii_case(b"PWD") {
            let blank = argument.iter().all(|byte| *byte == b' ');
            let expected =
                if blank { Ok(Command::Bare(Verb::Pwd)) } else { Err(CommandError::UnwantedArgument(Verb::Pwd)) };
            assert_eq!(parsed, expected, "{line:?}");
        }
        if let Ok(command) = parsed {
            let mut written = Vec::new();
            command.write(&mut written);
            assert_eq!(parse(&written), Ok(command), "{line:?}");
        }
    });
}

/// PORT's argument (RFC 959 §5.3.2).
fn port(argument: &str) -> Option<SocketAddr> {
    let fields: Option<Vec<u8>> = argument
        .split(',')
        .map(|field| field.parse().ok().filter(|_| field.len() <= 3 && !field.starts_with('+')))
        .collect();
    let [a, b, c, d, high, low] = fields?[..] else { return None };
    let port = u16::from(high) << 8 | u16::from(low);
    (port > 0).then(|| (Ipv4Addr::new(a, b, c, d), port).into())
}

fn judge_port(argument: &str) {
    let parsed = parse(format!("PORT {argument}").as_bytes());
    match port(argument) {
        Some(address) => assert_eq!(parsed, Ok(Command::Port(Verb::Port, address)), "{argument:?}"),
        None => assert!(
            matches!(parsed, Err(CommandError::BadArgument(_) | CommandError::MissingArgument(_))),
            "{argument:?}: {parsed:?}"
        ),
    }
}

#[test]
fn arguments_of_port() {
    const FIELDS: [&str; 7] = ["", "0", "1", "255", "256", "007", "+1"];
    every(b"0123456", 6, |places| {
        let fields: Vec<&str> = places.iter().map(|place| FIELDS[usize::from(*place - b'0')]).collect();
        judge_port(&fields.join(","));
    });
    every(b"019,| a-+", 5, |argument| judge_port(std::str::from_utf8(argument).expect("it is ASCII")));
    for more in ["1,2,3,4,5,6,7", "1,2,3,4,5,6,", "1,2,3,4,5,6 ", ",1,2,3,4,5,6", "1.2.3.4.5.6"] {
        judge_port(more);
    }
}

/// EPRT's argument (RFC 2428 §2); `Ok(None)` for a family that is none of ours.
fn eprt(argument: &str) -> Result<Option<SocketAddr>, ()> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bar = argument.chars().next().filter(char::is_ascii_graphic).ok_or(())?;
    let fields: Vec<&str> = argument.split(bar).collect();
    let ["", family, address, port, ""] = fields[..] else { return Err(()) };
    let address: IpAddr = match family.trim_start_matches('0') {
        "1" => address.parse::<Ipv4Addr>().map_err(drop)?.into(),
        "2" => address.parse::<Ipv6Addr>().map_err(drop)?.into(),
        _ if digits(family) => return Ok(None),
        _ => return Err(()),
    };
    let port: u16 = port.parse().ok().filter(|number| digits(port) && *number > 0).ok_or(())?;
    Ok(Some((address, port).into()))
}

fn judge_eprt(argument: &str) {
    let parsed = parse(format!("EPRT {argument}").as_bytes());
    match eprt(argument) {
        Ok(Some(address)) => assert_eq!(parsed, Ok(Command::Port(Verb::Eprt, address)), "{argument:?}"),
        Ok(None) => assert_eq!(parsed, Ok(Command::PortFamily(Verb::Eprt)), "{argument:?}"),
        Err(()) => assert!(
            matches!(
                parsed,
                Err(CommandError::BadArgument(_) | CommandError::MissingArgument(_) | CommandError::ControlByte)
            ),
            "{argument:?}: {parsed:?}"
        ),
    }
}

#[test]
fn arguments_of_eprt() {
    const FAMILIES: [&str; 9] = ["", "0", "1", "2", "3", "01", "x", "+1", "99999999999999999999"];
    const ADDRESSES: [&str; 8] = ["", "1.2.3.4", "1.2.3", "::1", "01.2.3.4", "1.2.3.4 ", "::ffff:1.2.3.4", "fe80::1%1"];
    const PORTS: [&str; 8] = ["", "0", "1", "080", "65535", "65536", "+1", "1 "];
    for bar in ["|", "1", ",", " ", "\u{7f}", "!", "~"] {
        for (family, address, port, end) in FAMILIES.iter().flat_map(|family| {
            let ports = ADDRESSES.iter().flat_map(|address| PORTS.iter().map(move |port| (address, port)));
            ports.flat_map(move |(address, port)| ["", "x", bar].map(|end| (family, address, port, end)))
        }) {
            for last in ["", bar] {
                judge_eprt(&format!("{bar}{family}{bar}{address}{bar}{port}{last}{end}"));
            }
        }
    }
    every(b"01:|. a", 6, |argument| judge_eprt(std::str::from_utf8(argument).expect("it is ASCII")));
}
