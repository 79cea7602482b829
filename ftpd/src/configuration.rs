//! The configuration file: read, and its errors told by their line.

use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use crate::arguments::Options;
use crate::fault::Fault;
use crate::hosts::{self, Host};

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// What could have been said on the command line too.
    pub(crate) options: Options,
    /// The virtual hosts; no two have one name.
    pub(crate) hosts: Vec<Host>,
}

/// Where something stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: PathBuf,
    line: usize,
}

impl Place {
    /// What is wrong there.
    pub(crate) fn fault(&self, message: String) -> Fault {
        Fault::ConfigBroken { path: self.path.clone(), line: self.line, message }
    }
}

/// Reads it. Its paths are relative to it.
pub(crate) fn read(path: &Path) -> Result<Configuration, Fault> {
    let text = fs::read_to_string(path).map_err(|cause| Fault::ConfigUnreadable { path: path.to_path_buf(), cause })?;
    let place = |offset| Place { path: path.to_path_buf(), line: line_of(&text, offset) };
    let mut options: Options = toml::from_str(&text)
        .map_err(|error| place(error.span().map_or(0, |span| span.start)).fault(one_line(error.message())))?;
    let base = path.parent().unwrap_or(Path::new(""));
    let Options { directory, users_file, tls_cert, tls_key, tls_client_ca, record, .. } = &mut options;
    for inner in [directory, users_file, tls_cert, tls_key, tls_client_ca, record].into_iter().flatten() {
        *inner = base.join(&*inner);
    }
    let hosts = hosts::check(mem::take(&mut options.host), base, place)?;
    Ok(Configuration { options, hosts })
}

/// The line that holds the byte at `offset`, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn one_line(message: &str) -> String {
    message.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
