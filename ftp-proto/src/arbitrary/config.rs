//! Configurations: mostly the default with some of it changed, now and then one that no operator would write.

use alloc::vec::Vec;
use core::net::IpAddr;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use super::pieces::{number, one_of, several, text};
use crate::config::{Config, CustomVerb, Demand, Network, Switch, TlsPolicy};
use crate::limits::{Limits, Timeouts};
use crate::time::Duration;
use crate::verb::{TABLE, Verb, VerbSet};

one_of!(Switch { On, Off });
one_of!(Demand { Optional, Required });

impl<'a> Arbitrary<'a> for Verb {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.choose(TABLE).map(|row| row.verb)
    }
}

impl<'a> Arbitrary<'a> for VerbSet {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(several(2, u, Verb::arbitrary)?.into_iter().collect())
    }
}

impl<'a> Arbitrary<'a> for Network {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { address: u.arbitrary()?, prefix: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for CustomVerb {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = if u.ratio(1, 4)? { text(u)? } else { (*u.choose(&["SITE GO", "XGO", "RETR"])?).into() };
        Ok(Self { name, syntax: text(u)?, needs_login: u.arbitrary()?, in_feat: u.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for TlsPolicy {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            offered: u.arbitrary()?,
            login: rarely(u)?,
            data: rarely(u)?,
            data_reuse: rarely(u)?,
            strict_end: u.arbitrary()?,
            clear_control: u.arbitrary()?,
        })
    }
}

fn rarely(u: &mut Unstructured<'_>) -> Result<Demand> {
    Ok(if u.ratio(1, 8)? { Demand::Required } else { Demand::Optional })
}

/// A number in place of another: the same, a small one, or any.
fn instead_of(usual: u64, u: &mut Unstructured<'_>) -> Result<u64> {
    if u.ratio(1, 2)? { number(u) } else { Ok(usual) }
}

/// The default in one of four; else each bound may be anything, 0 too.
impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut this = Self::default();
        if u.ratio(1, 4)? {
            return Ok(this);
        }
        let sizes = [
            &mut this.line,
            &mut this.path,
            &mut this.queued_commands,
            &mut this.queued_bytes,
            &mut this.look_ahead,
            &mut this.unsent_replies,
            &mut this.reply_lines,
            &mut this.files_named,
            &mut this.chunk,
            &mut this.directory_page,
            &mut this.sorted_entries,
            &mut this.recursion,
        ];
        for size in sizes {
            *size = usize::try_from(instead_of(*size as u64, u)?).unwrap_or(usize::MAX);
        }
        for count in [&mut this.violations, &mut this.login_attempts, &mut this.strangers] {
            *count = u32::try_from(instead_of((*count).into(), u)?).unwrap_or(u32::MAX);
        }
        this.range = instead_of(this.range, u)?;
        this.marker_interval = instead_of(this.marker_interval, u)?;
        Ok(this)
    }
}

/// The default in three of four; else anything from nothing to for ever.
impl<'a> Arbitrary<'a> for Timeouts {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut this = Self::default();
        if !u.ratio(1, 4)? {
            return Ok(this);
        }
        let times = [
            &mut this.idle,
            &mut this.idle_max,
            &mut this.login,
            &mut this.data,
            &mut this.stall,
            &mut this.login_delay,
            &mut this.host,
            &mut this.host_long,
            &mut this.cancel,
            &mut this.linger,
        ];
        for time in times {
            *time = match u.int_in_range(0..=7)? {
                0 => Duration::ZERO,
                1 => Duration::MAX,
                2 => Duration::from_nanos(number(u)?),
                _ => *time,
            };
        }
        Ok(this)
    }
}

impl<'a> Arbitrary<'a> for Config {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let greeting: Vec<_> = several(2, u, text)?;
        Ok(Self {
            greeting,
            limits: u.arbitrary()?,
            timeouts: u.arbitrary()?,
            passive_ports: u.arbitrary::<Option<(u16, u16)>>()?.map(|(first, last)| first..=last),
            public_address: u.arbitrary::<Option<IpAddr>>()?,
            active_mode: u.arbitrary()?,
            ascii_size: u.arbitrary()?,
            keep_partial: u.arbitrary()?,
            rename_replaces: u.arbitrary()?,
            tls: u.arbitrary()?,
            fxp: several(2, u, Unstructured::arbitrary)?,
            mode_z: u.arbitrary()?,
            hashes: u.arbitrary()?,
            structure_mount: u.arbitrary()?,
            disabled: u.arbitrary()?,
            custom: several(3, u, Unstructured::arbitrary)?,
        })
    }
}
