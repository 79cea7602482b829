//! A client that lists a tree and fetches all that is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Attempts, Guest};
use crate::client::{Ftp, Gone, Got, Type};

/// What a mirror fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The directory where it begins: an absolute path.
    pub root: String,
    /// Files beneath it that are there all the time and are never changed: absolute paths.
    pub certain: Vec<String>,
}

/// Fetches all of it, with as many visits as that takes, and says goodbye. A file that comes is what the oracle of files
/// says, or it is accused there.
pub async fn mirror(mut ftp: Ftp, guest: Guest, what: Mirror) {
    let mut attempts = Attempts::new(20);
    let mut it = Progress { fetched: BTreeSet::new(), partial: BTreeMap::new() };
    loop {
        match visit(&mut ftp, &guest, &what, &mut it).await {
            Ok(None) => return,
            Ok(Some(why)) if attempts.again(&mut ftp, &why).await => {}
            Err(gone) if attempts.again(&mut ftp, &format!("the mirror is thrown out: {gone:?}")).await => {}
            Ok(Some(why)) if ftp.is_healed() => {
                return ftp.accuse(format!("nothing goes wrong any more, and it cannot mirror: {why}"));
            }
            Ok(Some(_)) | Err(_) => return,
        }
    }
}

/// What is not fetched again on the next visit.
struct Progress {
    fetched: BTreeSet<String>,
    /// How often a file did not come whole.
    partial: BTreeMap<String, u32>,
}

async fn visit(ftp: &mut Ftp, guest: &Guest, what: &Mirror, it: &mut Progress) -> Result<Option<String>, Gone> {
    if !guest.enter(ftp).await? {
        return Ok(Some("it cannot log in".into()));
    }
    let mut seen = BTreeSet::new();
    let root = what.root.trim_end_matches('/');
    let mut ahead = vec![root.to_owned()];
    let mut missed = None;
    while let Some(directory) = ahead.pop() {
        let entries = match list(ftp, &directory).await? {
            Ok(entries) => entries,
            // What others may take away may be gone; the rest is fetched all the same.
            Err(why) if directory != root => {
                missed = Some(why);
                continue;
            }
            Err(why) => return Ok(Some(why)),
        };
        for Entry { name, is_directory, size } in entries {
            let path = format!("{directory}/{name}");
            if is_directory {
                ahead.push(path);
                continue;
            }
            seen.insert(path.clone());
            if it.fetched.contains(&path) {
                continue;
            }
            if let Some(why) = fetch(ftp, what, it, &path, size).await? {
                return Ok(Some(why));
            }
        }
    }
    for path in &what.certain {
        if !seen.contains(path) {
            if missed.is_some() {
                return Ok(missed);
            }
            ftp.accuse(format!("{path} is there, and no listing shows it"));
        }
    }
    ftp.quit().await?;
    Ok(None)
}

async fn fetch(
    ftp: &mut Ftp,
    what: &Mirror,
    it: &mut Progress,
    path: &str,
    size: Option<u64>,
) -> Result<Option<String>, Gone> {
    let how = if ftp.below(8) == 0 { Type::Ascii } else { Type::Image };
    let certain = what.certain.iter().any(|one| one == path);
    match ftp.get(path, 0, how).await? {
        Got::Whole(bytes) => {
            if certain && size.is_some_and(|size| size != bytes.len() as u64) {
                ftp.accuse(format!("{path} was listed with {size:?} bytes, and has {}", bytes.len()));
            }
            it.fetched.insert(path.to_owned());
            Ok(None)
        }
        Got::Refused(reply) if reply.code == 550 && !certain => Ok(None),
        Got::Part(reply) | Got::Refused(reply) => {
            let failures = it.partial.entry(path.to_owned()).or_default();
            *failures += 1;
            Ok(Some(format!("RETR {path} is answered \"{}\", the {failures}. time", reply.text())))
        }
    }
}

/// A line of MLSD.
struct Entry {
    name: String,
    is_directory: bool,
    size: Option<u64>,
}

/// The entries of a directory, or why there are none.
async fn list(ftp: &mut Ftp, directory: &str) -> Result<Result<Vec<Entry>, String>, Gone> {
    let Some(plan) = ftp.any_data().await? else { return Ok(Err("there is no data connection to be had".into())) };
    let download = match ftp.fetch(plan, &format!("MLSD {directory}/")).await? {
        Ok(download) if download.is_whole() => download,
        Ok(download) => return Ok(Err(format!("MLSD {directory} ends in \"{}\"", download.reply.text()))),
        Err(reply) => return Ok(Err(format!("MLSD {directory} is answered \"{}\"", reply.text()))),
    };
    let text = String::from_utf8_lossy(&download.bytes).into_owned();
    let mut entries = Vec::new();
    for line in text.split_terminator("\r\n") {
        let Some(entry) = parse(line) else {
            ftp.accuse(format!("no line of MLSD is \"{}\"", line.escape_debug()));
            continue;
        };
        entries.extend(entry);
    }
    Ok(Ok(entries))
}

/// A line of facts and a name (RFC 3659 §7.2): `Some(None)` for the directory itself and the one above.
fn parse(line: &str) -> Option<Option<Entry>> {
    let (facts, name) = line.split_once(' ')?;
    let mut entry = Entry { name: name.to_owned(), is_directory: false, size: None };
    for fact in facts.split_terminator(';') {
        let (fact, value) = fact.split_once('=')?;
        match fact.to_ascii_lowercase().as_str() {
            "type" if matches!(value, "cdir" | "pdir") => return Some(None),
            "type" => entry.is_directory = value == "dir",
            "size" => entry.size = Some(value.parse().ok()?),
            _ => {}
        }
    }
    let fits = facts.is_empty() || facts.ends_with(';');
    (fits && !name.is_empty() && !name.contains('/')).then_some(Some(entry))
}
