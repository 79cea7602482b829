//! A client that uploads files of its own until they are there, whatever breaks meanwhile, and reads them back.
//!
//! ```text
//! STOR ──226──► RETR ──► the next
//!   │ broken
//!   └──► SIZE ──none──► STOR
//!          ├── a part ──► REST, STOR of the rest
//!          └── all ──► RETR
//! ```

use super::{Attempts, Guest};
use crate::client::{Ftp, Gone, Got, Type, Upload};
use crate::content::Content;
use crate::oracle::Outcome;

/// What an uploader uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploads {
    /// The directory, which is there: an absolute path. No other client touches `up-N-…` there, where N is this one's
    /// number.
    pub directory: String,
    /// How long the files are.
    pub sizes: Vec<u64>,
}

impl Uploads {
    /// Of all kinds of sizes: none, one, odd ones, and more than a network, a buffer or a range holds.
    #[must_use]
    pub fn usual(directory: &str) -> Self {
        Self { directory: directory.into(), sizes: vec![0, 1, 17, 1_000, 4_096, 65_537, 200_003] }
    }
}

/// Uploads all, until all is there. In a world where nothing goes wrong any more it must succeed, or it accuses.
pub async fn uploader(mut ftp: Ftp, guest: Guest, uploads: Uploads) {
    let mut attempts = Attempts::endless();
    let mut left: Vec<Wanted> = Vec::new();
    for (number, size) in uploads.sizes.iter().enumerate().rev() {
        let directory = uploads.directory.trim_end_matches('/');
        let path = format!("{directory}/up-{}-{number}", ftp.number());
        left.push(Wanted { path, size: *size, sent: None, behind: None });
    }
    while !left.is_empty() {
        match visit(&mut ftp, &guest, &mut left).await {
            Ok(None) => {}
            Ok(Some(why)) if attempts.again(&mut ftp, &why).await => {}
            Err(gone) if attempts.again(&mut ftp, &format!("the uploader is thrown out: {gone:?}")).await => {}
            Ok(Some(why)) => return ftp.accuse(format!("nothing goes wrong any more, and it cannot upload: {why}")),
            Err(gone) => return ftp.accuse(format!("nothing goes wrong any more, and it cannot upload: {gone:?}")),
        }
    }
    // All is there already.
    let _ = ftp.quit().await;
}

/// A file that is to be there.
struct Wanted {
    path: String,
    size: u64,
    /// What was sent to be it. Where it may be there in part, the rest of the same is sent.
    sent: Option<Content>,
    /// What was sent to be behind it.
    behind: Option<Content>,
}

impl Wanted {
    fn whole(&self) -> Vec<u8> {
        let contents = [self.sent, self.behind].into_iter().flatten();
        contents.flat_map(Content::whole).collect()
    }
}

/// Uploads as far as it comes; `Some` says why it comes no further.
async fn visit(ftp: &mut Ftp, guest: &Guest, left: &mut Vec<Wanted>) -> Result<Option<String>, Gone> {
    if !guest.enter(ftp).await? {
        return Ok(Some("it cannot log in".into()));
    }
    while let Some(wanted) = left.last_mut() {
        if let Some(why) = bring(ftp, wanted).await? {
            return Ok(Some(why));
        }
        left.pop();
    }
    Ok(None)
}

/// Brings one file there, and reads it back.
async fn bring(ftp: &mut Ftp, wanted: &mut Wanted) -> Result<Option<String>, Gone> {
    if let Some(why) = send(ftp, wanted).await? {
        return Ok(Some(why));
    }
    if wanted.behind.is_none() && wanted.size > 0 && ftp.below(3) == 0 {
        wanted.behind = Some(ftp.new_content(wanted.size / 2 + 1));
        if let Some(why) = send_behind(ftp, wanted).await? {
            return Ok(Some(why));
        }
    }
    let (whole, path) = (wanted.whole(), &wanted.path);
    let how = if ftp.below(8) == 0 { Type::Ascii } else { Type::Image };
    match ftp.get(path, 0, how).await? {
        Got::Whole(bytes) if bytes == whole => {}
        Got::Whole(bytes) => {
            ftp.accuse(format!("{path} is its own, {} bytes long, and {} others come", whole.len(), bytes.len()));
        }
        Got::Part(reply) => return Ok(Some(format!("RETR {path} ends in \"{}\"", reply.text()))),
        Got::Refused(reply) => return Ok(Some(format!("RETR {path} is answered \"{}\"", reply.text()))),
    }
    let from = ftp.below(whole.len() as u64 + 1);
    match ftp.get(path, from, Type::Image).await? {
        Got::Whole(bytes) if whole.get(from as usize..) != Some(&*bytes) => {
            ftp.accuse(format!("{path} from {from} on is something else than before"));
        }
        Got::Whole(_) => {}
        Got::Part(reply) | Got::Refused(reply) => {
            return Ok(Some(format!("RETR {path} from {from} on is answered \"{}\"", reply.text())));
        }
    }
    Ok(None)
}

/// Sends the file, or what is missing of it.
async fn send(ftp: &mut Ftp, wanted: &mut Wanted) -> Result<Option<String>, Gone> {
    let path = wanted.path.clone();
    let mut upload = None;
    if let Some(sent) = wanted.sent {
        let there = match ftp.size(&path).await? {
            Ok(there) => there,
            Err(reply) => return Ok(Some(format!("SIZE {path} is answered \"{}\"", reply.text()))),
        };
        let behind = wanted.behind.map_or(0, |behind| behind.len);
        match there {
            Some(there) if there == sent.len + behind => return Ok(None),
            Some(there) if there == sent.len => return send_behind(ftp, wanted).await,
            Some(there) if there > 0 && there < sent.len => upload = Some(Upload::From(sent, there)),
            // It is not there, or was broken off in what was sent behind it.
            _ => {}
        }
    }
    let upload = match upload {
        Some(upload) => upload,
        None => {
            // What is stored anew may not be mixed up with what was before.
            let content = ftp.new_content(wanted.size);
            (wanted.sent, wanted.behind) = (Some(content), None);
            Upload::Whole(content)
        }
    };
    let how = if matches!(upload, Upload::Whole(_)) && ftp.below(8) == 0 { Type::Ascii } else { Type::Image };
    let stored = ftp.put(&path, upload, how).await?;
    let done = stored.outcome == Outcome::Acknowledged;
    Ok((!done).then(|| format!("{upload:?} to {path} ends in \"{}\"", stored.reply.text())))
}

async fn send_behind(ftp: &mut Ftp, wanted: &mut Wanted) -> Result<Option<String>, Gone> {
    let Some(behind) = wanted.behind else { return Ok(None) };
    let stored = ftp.put(&wanted.path, Upload::Behind(behind), Type::Image).await?;
    let done = stored.outcome == Outcome::Acknowledged;
    Ok((!done).then(|| format!("APPE {} ends in \"{}\"", wanted.path, stored.reply.text())))
}
