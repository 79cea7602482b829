//! Passive ports where none were configured: drawn by us, not by the kernel.
//!
//! The kernel's own choice is for whoever has no other wish: once a busy server's data connections have left most ports
//! in TIME_WAIT, it looks through all of them for one without, at every bind. A port that is asked for by number costs
//! the same always. It must not be guessed either: who knows the next port can be there before the client.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

/// A few ports to try, one after the other; none where there are no random numbers, or nothing to choose from.
pub(super) fn drawn() -> impl IntoIterator<Item = u16> {
    let mut random = [[0; 4]; TRIES];
    let drawn = getrandom::fill(random.as_flattened_mut()).is_ok();
    let ephemeral = ephemeral();
    let draw = move |bytes| {
        let (first, last) = (u64::from(*ephemeral.range.start()), u64::from(*ephemeral.range.end()));
        let span = (last + 1).checked_sub(first)?;
        u16::try_from(first + ((span * u64::from(u32::from_le_bytes(bytes))) >> 32)).ok()
    };
    let free = |port: &u16| !ephemeral.reserved.iter().any(|taken| taken.contains(port));
    random.into_iter().filter_map(move |bytes| if drawn { draw(bytes) } else { None }).filter(free)
}

/// The ports that a system gives to who asks for any.
#[derive(Debug, PartialEq, Eq)]
struct Ephemeral {
    range: RangeInclusive<u16>,
    /// Those in it that were kept for someone.
    reserved: Vec<RangeInclusive<u16>>,
}

/// This system's, as they were when the first was asked for.
fn ephemeral() -> &'static Ephemeral {
    static PORTS: OnceLock<Ephemeral> = OnceLock::new();
    PORTS.get_or_init(|| {
        let setting = |name| std::fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).unwrap_or_default();
        Ephemeral::of(&setting("ip_local_port_range"), &setting("ip_local_reserved_ports"))
    })
}

impl Ephemeral {
    /// As Linux writes them: two numbers, and a list of numbers and ranges.
    fn of(range: &str, reserved: &str) -> Self {
        let mut bounds = range.split_whitespace().map_while(|bound| bound.parse().ok());
        let range = match (bounds.next(), bounds.next()) {
            (Some(first), Some(last)) if first <= last && first > 0 => first..=last,
            _ => DYNAMIC,
        };
        let reserved = reserved.trim().split(',').filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse().ok()?..=last.parse().ok()?)
        });
        Self { range, reserved: reserved.collect() }
    }
}

/// Those that belong to nobody (RFC 6335 §6).
const DYNAMIC: RangeInclusive<u16> = 49152..=65535;
/// Ports that are tried: even where half of them are taken, one in sixty thousand draws finds none.
const TRIES: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_systems_settings_are_read_and_others_are_not_needed() {
        let both = Ephemeral::of("32768\t60999\n", "8080,33000-33010\n");
        assert_eq!(both, Ephemeral { range: 32768..=60999, reserved: vec![8080..=8080, 33000..=33010] });
        for nonsense in ["", "5", "9 5", "0 5", "1 100000", "a b"] {
            assert_eq!(Ephemeral::of(nonsense, "\n"), Ephemeral { range: DYNAMIC, reserved: Vec::new() });
        }
    }

    #[test]
    fn ports_are_drawn_from_the_range_and_never_the_same_ones() {
        let ephemeral = ephemeral();
        let rounds: Vec<Vec<u16>> = (0..100).map(|_| drawn().into_iter().collect()).collect();
        assert!(rounds.iter().flatten().all(|port| ephemeral.range.contains(port)));
        let distinct: HashSet<_> = rounds.iter().collect();
        assert!(distinct.len() > 90, "{} of 100", distinct.len());
    }
}
