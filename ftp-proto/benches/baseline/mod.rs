//! The counts that are committed, and what is over them.
//!
//! Allocations and memory are the same on every machine: none may be above its baseline. Instructions differ by less than
//! one per cent from machine to machine, and by more from compiler to compiler: they may be [`SAME`] per cent above, or
//! [`OTHER`] where compiler or C library are others than those that the baseline was made with.

use std::error::Error;
use std::fmt;
use std::fs;

/// By how many per cent instructions may be above the baseline.
const SAME: u64 = 3;
/// The same for another compiler or C library.
const OTHER: u64 = 20;

/// The row that tells bytes instead of allocations.
pub(crate) const MEMORY: &str = "session-memory";

/// What all the works cost, and what they were compiled with.
pub(crate) struct Baseline {
    pub(crate) compiler: String,
    pub(crate) library: String,
    /// Sorted by name.
    pub(crate) costs: Vec<Cost>,
}

/// What one piece of work costs.
pub(crate) struct Cost {
    pub(crate) name: String,
    pub(crate) instructions: u64,
    /// Or bytes, in the row [`MEMORY`].
    pub(crate) allocations: u64,
}

impl Baseline {
    pub(crate) const PATH: &'static str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/baseline.txt");

    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(Self::PATH).map_err(|error| format!("{}: {error}", Self::PATH))?;
        let mut this = Self { compiler: String::new(), library: String::new(), costs: Vec::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(compiler) = line.strip_prefix("compiler ") {
                this.compiler = compiler.trim().into();
            } else if let Some(library) = line.strip_prefix("library ") {
                this.library = library.trim().into();
            } else {
                let cost = Cost::parse(line).ok_or_else(|| format!("{}: not understood: {line}", Self::PATH))?;
                this.costs.push(cost);
            }
        }
        Ok(this)
    }

    /// Shows these counts beside `base`, and whether all are within their bounds.
    pub(crate) fn compare(&self, base: &Self) -> bool {
        let mut bound = SAME;
        for (now, then) in [(&self.compiler, &base.compiler), (&self.library, &base.library)] {
            if now != then {
                println!("warning: this is {now}, the baseline is of {then}: {OTHER} % are allowed, not {SAME} %");
                bound = OTHER;
            }
        }
        println!("{:<18}{:>13}{:>13}{:>9}{:>12}{:>6}", "work", "instructions", "baseline", "", "allocations", "base");
        let mut good = true;
        for now in &self.costs {
            let Some(then) = base.costs.iter().find(|cost| cost.name == now.name) else {
                println!(
                    "{:<18}{:>13}{:>13}{:>9}{:>12}  <- not in the baseline",
                    now.name, now.instructions, "", "", ""
                );
                good = false;
                continue;
            };
            let slower = now.instructions * 100 > then.instructions * (100 + bound);
            let greedier = now.allocations > then.allocations;
            good &= !slower && !greedier;
            let mark = if slower || greedier { "  <- over its bound" } else { "" };
            let change = match then.instructions {
                0 => String::new(),
                then => format!("{:+.1} %", (now.instructions as f64 / then as f64 - 1.0) * 100.0),
            };
            println!(
                "{:<18}{:>13}{:>13}{change:>9}{:>12}{:>6}{mark}",
                now.name, now.instructions, then.instructions, now.allocations, then.allocations
            );
        }
        for gone in base.costs.iter().filter(|cost| self.costs.iter().all(|now| now.name != cost.name)) {
            println!("{:<18} <- is in the baseline and not measured", gone.name);
            good = false;
        }
        if !good {
            println!(
                "A new baseline, where it is meant to be: cargo bench -p ftp-proto --bench instructions -- --write"
            );
        }
        good
    }
}

impl Cost {
    /// One row: the work, its instructions, its allocations.
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split_whitespace();
        let (name, instructions, allocations) = (columns.next()?, columns.next()?, columns.next()?);
        let cost = Self {
            name: name.into(),
            instructions: instructions.parse().ok()?,
            allocations: allocations.parse().ok()?,
        };
        columns.next().is_none().then_some(cost)
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# What the engine's hot paths cost, one call of each: see `instructions.rs` and `works/mod.rs`.")?;
        writeln!(f, "# A new one: cargo bench -p ftp-proto --bench instructions -- --write")?;
        writeln!(f, "compiler {}\nlibrary {}\n", self.compiler, self.library)?;
        writeln!(f, "# {:<16}{:>13}{:>13} ({MEMORY}: bytes)", "work", "instructions", "allocations")?;
        for Cost { name, instructions, allocations } in &self.costs {
            writeln!(f, "{name:<18}{instructions:>13}{allocations:>13}")?;
        }
        Ok(())
    }
}
