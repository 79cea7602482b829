//! What was measured, as it is kept and shown: JSON, a table, pictures.

mod bars;
pub(crate) mod environment;
mod growth;
mod lines;
mod markdown;
mod notes;
mod summary;
mod svg;
mod targets;

use std::path::Path;
use std::{fs, io};

pub use environment::Environment;
use serde::{Deserialize, Serialize};

use crate::peers::Peer;
use crate::rows::{Row, Sample, Unit};
use crate::statistics::Spread;

/// What was measured, in the directory of a report.
pub const RESULTS: &str = "results.json";

/// Everything about a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and how.
    pub environment: Environment,
    /// What.
    pub rows: Vec<RowResult>,
}

/// A row and what the servers did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowResult {
    /// Its name.
    pub id: String,
    /// The name without the size.
    pub family: String,
    /// The size.
    pub size: u64,
    /// In words.
    pub title: String,
    /// What is counted.
    pub unit: Unit,
    /// Who did it.
    pub servers: Vec<ServerResult>,
}

/// What one server did in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerResult {
    /// Which one.
    pub peer: Peer,
    /// Round by round.
    pub samples: Vec<Sample>,
    /// Why there is none, or no more.
    pub missing: Option<String>,
}

impl RowResult {
    /// Of a row.
    #[must_use]
    pub fn new(row: &Row, servers: Vec<ServerResult>) -> Self {
        Self { id: row.id(), family: row.family(), size: row.size(), title: row.title(), unit: row.unit(), servers }
    }

    /// Whether it is this row with all that these servers can do of it.
    #[must_use]
    pub fn is_whole(&self, row: &Row, peers: &[Peer], rounds: u32) -> bool {
        let asked: Vec<Peer> = peers.iter().copied().filter(|peer| row.is_for(*peer)).collect();
        let are_they = self.servers.iter().map(|server| server.peer).eq(asked);
        let is_done = |server: &ServerResult| server.missing.is_some() || server.samples.len() == rounds as usize;
        self.id == row.id() && are_they && self.servers.iter().all(is_done)
    }
}

impl ServerResult {
    /// One figure of all rounds.
    #[must_use]
    pub fn spread(&self, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.samples.iter().map(of))
    }
}

impl Report {
    /// Reads what was kept.
    ///
    /// # Errors
    /// Those of reading, and where it is no such file.
    pub fn read(path: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
    }

    /// Writes all of it into a directory: `results.json`, `README.md`, and a picture for each family.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut json = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        json.push('\n');
        // Whoever is broken off while writing leaves what was there.
        let unfinished = directory.join("results.json.new");
        fs::write(&unfinished, json)?;
        fs::rename(unfinished, directory.join(RESULTS))?;
        for (name, picture) in self.pictures() {
            fs::write(directory.join(name), picture)?;
        }
        fs::write(directory.join("README.md"), markdown::page(self))
    }

    /// The pictures, with the names of their files.
    #[must_use]
    pub fn pictures(&self) -> Vec<(String, String)> {
        let mut pictures = Vec::new();
        for family in self.families() {
            let rows: Vec<&RowResult> = self.rows.iter().filter(|row| row.family == family).collect();
            pictures.push((format!("{family}.svg"), bars::picture(&rows)));
            if let Some(picture) = lines::picture(&rows) {
                pictures.push((format!("{family}-by-size.svg"), picture));
            }
        }
        pictures
    }

    /// The families in their order.
    fn families(&self) -> Vec<&str> {
        let mut families: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !families.contains(&row.family.as_str()) {
                families.push(&row.family);
            }
        }
        families
    }
}

/// A figure in as many digits as mean something.
#[must_use]
pub(crate) fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.01 => 3,
        size if size > 0.0 => 5,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, letter) in whole.char_indices() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && whole.as_bytes().get(index - 1) != Some(&b'-') {
            grouped.push(',');
        }
        grouped.push(letter);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests;
