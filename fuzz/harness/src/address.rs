//! PORT, EPRT and LPRT, against readers that split and count.
//!
//! Input: an argument. Its first bytes are an address to print, too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ftp_proto::command::{Command, CommandError, parse};
use ftp_proto::verb::Verb;

use crate::pieces::take;

/// The target `address`.
pub fn address(data: &[u8]) {
    let argument = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    compare(Verb::Port, argument, port);
    compare(Verb::Eprt, argument, eprt);
    compare(Verb::Lprt, argument, lprt);
    printed(data);
}

fn compare(verb: Verb, argument: &[u8], reference: fn(&str) -> Option<Command>) {
    let line = [verb.name().as_bytes(), b" ", argument].concat();
    let foreign = argument.rsplit(|byte| *byte == b' ').next().is_some_and(|word| word.starts_with(b"HTTP/"));
    let expected = reference(&String::from_utf8_lossy(argument))
        .filter(|_| !argument.iter().any(u8::is_ascii_control) && !foreign);
    let parsed = parse(&line);
    assert_eq!(parsed.as_ref().ok(), expected.as_ref(), "{}", line.escape_ascii());
    if let Err(error) = parsed {
        let known = [CommandError::BadArgument(verb), CommandError::MissingArgument(verb), CommandError::ControlByte];
        assert!(known.contains(&error), "{error:?}");
    }
}

fn printed(mut data: &[u8]) {
    let port = u16::from_be_bytes(take(&mut data)).max(1);
    let v4 = IpAddr::V4(Ipv4Addr::from(take::<4>(&mut data)));
    let v6 = IpAddr::V6(Ipv6Addr::from(take::<16>(&mut data)));
    for (verb, ip) in [(Verb::Port, v4), (Verb::Eprt, v4), (Verb::Eprt, v6), (Verb::Lprt, v4), (Verb::Lprt, v6)] {
        let command = Command::Port(verb, SocketAddr::new(ip, port));
        let mut line = Vec::new();
        command.write(&mut line);
        assert_eq!(parse(&line), Ok(command));
    }
}

/// One to three digits, at most 255.
fn byte(text: &str) -> Option<u8> {
    let fits = (1..=3).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| fits)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    text.split(',').map(byte).collect()
}

fn command(verb: Verb, ip: IpAddr, port: u16) -> Option<Command> {
    (port != 0).then(|| Command::Port(verb, SocketAddr::new(ip, port)))
}

fn port(text: &str) -> Option<Command> {
    let bytes: [u8; 6] = bytes(text)?.try_into().ok()?;
    let [a, b, c, d, high, low] = bytes;
    command(Verb::Port, Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))
}

fn eprt(text: &str) -> Option<Command> {
    let bar = text.chars().next().filter(char::is_ascii_graphic)?;
    let fields: Vec<&str> = text.split(bar).collect();
    let ["", family, address, port, ""] = fields[..] else { return None };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let ip: IpAddr = match family.trim_start_matches('0') {
        _ if !is_number(family) => return None,
        "1" => address.parse::<Ipv4Addr>().ok()?.into(),
        "2" => address.parse::<Ipv6Addr>().ok()?.into(),
        _ => return Some(Command::PortFamily(Verb::Eprt)),
    };
    command(Verb::Eprt, ip, Some(port).filter(|port| is_number(port))?.parse().ok()?)
}

fn lprt(text: &str) -> Option<Command> {
    let bytes = bytes(text)?;
    let (ip, port): (IpAddr, &[u8]) = match &bytes[..] {
        [4, 4, a, b, c, d, port @ ..] => (Ipv4Addr::new(*a, *b, *c, *d).into(), port),
        [6, 16, rest @ ..] => {
            let (host, port) = rest.split_first_chunk::<16>()?;
            (Ipv6Addr::from(*host).into(), port)
        }
        [4 | 6, ..] => return None,
        _ => return Some(Command::PortFamily(Verb::Lprt)),
    };
    // The lengths are told in one way only: `04,4,…` is none.
    let prefix = if ip.is_ipv4() { "4,4," } else { "6,16," };
    let [2, high, low] = port else { return None };
    let fits = text.starts_with(prefix) && text.rsplit(',').nth(2) == Some("2");
    fits.then(|| command(Verb::Lprt, ip, u16::from_be_bytes([*high, *low]))).flatten()
}
