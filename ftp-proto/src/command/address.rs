//! Addresses for the data connection: PORT, EPRT and LPRT.
//!
//! Only the form is judged here. Whose address it is, and whether its port may be used, is the session's to say.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str::{self, FromStr};
use nom::bytes::complete::{tag, take, take_till, take_while1};
use nom::character::complete::{u16, u64};
use nom::combinator::{map, verify};
use nom::multi::fill;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::Command;
use super::grammar::{Parsed, decimal_byte, whole};
use crate::verb::Verb;

/// `h1,h2,h3,h4,p1,p2` (RFC 959 §5.3.2).
pub(super) fn port(argument: &[u8]) -> Option<Command> {
    let host_port = (array::<4>, preceded(tag(","), array::<2>));
    let (host, port) = whole(host_port, argument)?;
    command(Verb::Port, IpAddr::from(host), u16::from_be_bytes(port))
}

/// `|family|address|port|`, with any printing byte for the bar (RFC 2428 §2). Families: 1 is IPv4, 2 is IPv6.
pub(super) fn eprt(argument: &[u8]) -> Option<Command> {
    let (family, address, port) = whole(delimited_fields, argument)?;
    let address = match whole(u64, family) {
        Some(1) => IpAddr::V4(from_text::<Ipv4Addr>(address)?),
        Some(2) => IpAddr::V6(from_text::<Ipv6Addr>(address)?),
        _ => return is_number(family).then_some(Command::PortFamily(Verb::Eprt)),
    };
    command(Verb::Eprt, address, whole(u16, port)?)
}

/// `family,length,h1,..,length,p1,..` (RFC 1639 §4). Families: 4 is IPv4, 6 is IPv6.
pub(super) fn lprt(argument: &[u8]) -> Option<Command> {
    if let Some((host, port)) = whole((preceded(tag("4,4,"), array::<4>), long_port), argument) {
        return command(Verb::Lprt, IpAddr::from(host), port);
    }
    if let Some((host, port)) = whole((preceded(tag("6,16,"), array::<16>), long_port), argument) {
        return command(Verb::Lprt, IpAddr::from(host), port);
    }
    let is_list = argument.split(|byte| *byte == b',').all(|byte| whole(decimal_byte, byte).is_some());
    let family = argument.split(|byte| *byte == b',').next().and_then(|family| whole(decimal_byte, family));
    (is_list && !matches!(family, Some(4 | 6))).then_some(Command::PortFamily(Verb::Lprt))
}

/// The command, unless the port is 0: nothing listens there.
fn command(verb: Verb, address: IpAddr, port: u16) -> Option<Command> {
    (port != 0).then(|| Command::Port(verb, SocketAddr::new(address, port)))
}

/// `N` decimal bytes with commas between them.
fn array<const N: usize>(input: &[u8]) -> Parsed<'_, [u8; N]> {
    let mut bytes = [0; N];
    let (first, others) = bytes.split_first_mut().ok_or(nom::Err::Error(()))?;
    let (input, byte) = decimal_byte(input)?;
    *first = byte;
    let (input, ()) = fill(preceded(tag(","), decimal_byte), others).parse(input)?;
    Ok((input, bytes))
}

/// LPRT's port: two bytes, after their count.
fn long_port(input: &[u8]) -> Parsed<'_, u16> {
    map(preceded(tag(",2,"), array::<2>), u16::from_be_bytes).parse(input)
}

/// EPRT's three fields, between delimiters that are all the same.
fn delimited_fields(input: &[u8]) -> Parsed<'_, (&[u8], &[u8], &[u8])> {
    let (input, delimiter) = verify(take(1_usize), |byte: &[u8]| matches!(byte, [33..=126])).parse(input)?;
    let field = |input| -> IResult<&[u8], &[u8], ()> {
        terminated(take_till(|byte| delimiter == [byte]), tag(delimiter)).parse(input)
    };
    (field, field, field).parse(input)
}

fn is_number(text: &[u8]) -> bool {
    whole(take_while1(|byte: u8| byte.is_ascii_digit()), text).is_some()
}

/// An address as the standard library reads it: no zone, and no leading zeros in IPv4, which some read as octal.
fn from_text<T: FromStr>(text: &[u8]) -> Option<T> {
    str::from_utf8(text).ok()?.parse().ok()
}
