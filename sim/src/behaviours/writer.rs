//! Clients that replace, rename, delete and read the same few files, all at the same time.

use std::time::Duration;

use super::{Attempts, Guest, expect};
use crate::client::{Ftp, Gone, Got, Type, Upload};

/// What a writer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The directory, which is there and everybody's: an absolute path.
    pub directory: String,
    /// The names that all of them use.
    pub names: Vec<String>,
    /// How many things it does.
    pub rounds: u32,
    /// How long its files are at most.
    pub longest: u64,
}

impl Writing {
    /// Three small files in `/shared`.
    #[must_use]
    pub fn usual(rounds: u32) -> Self {
        let names = ["one", "two", "three"].map(String::from).to_vec();
        Self { directory: "/shared".into(), names, rounds, longest: 20_000 }
    }
}

/// Does so many things, and says goodbye.
pub async fn writer(mut ftp: Ftp, guest: Guest, writing: Writing) {
    let mut attempts = Attempts::new(20);
    let mut done = 0;
    loop {
        match visit(&mut ftp, &guest, &writing, &mut done).await {
            Ok(true) => return,
            Ok(false) if attempts.again(&mut ftp, "the writer cannot log in").await => {}
            Err(gone) if attempts.again(&mut ftp, &format!("the writer is thrown out: {gone:?}")).await => {}
            Ok(false) | Err(_) => return,
        }
    }
}

async fn visit(ftp: &mut Ftp, guest: &Guest, writing: &Writing, done: &mut u32) -> Result<bool, Gone> {
    if !guest.enter(ftp).await? {
        return Ok(false);
    }
    while *done < writing.rounds {
        *done += 1;
        act(ftp, writing).await?;
        let pause = ftp.below(3_000);
        ftp.sleep(Duration::from_millis(pause)).await;
    }
    ftp.quit().await?;
    Ok(true)
}

async fn act(ftp: &mut Ftp, writing: &Writing) -> Result<(), Gone> {
    let name = |ftp: &Ftp| format!("{}/{}", writing.directory, ftp.pick(&writing.names));
    let (one, other) = (name(ftp), name(ftp));
    let len = ftp.below(writing.longest + 1);
    match ftp.below(10) {
        0..3 => {
            let content = ftp.new_content(len);
            let how = if ftp.below(6) == 0 { Type::Ascii } else { Type::Image };
            let stored = ftp.put(&one, Upload::Whole(content), how).await?;
            expect(ftp, "STOR", &stored.reply, &[226]);
        }
        // As careful programs replace a file.
        3..5 => {
            let content = ftp.new_content(len);
            let aside = format!("{}/.new-{}", writing.directory, ftp.number());
            let stored = ftp.put(&aside, Upload::Whole(content), Type::Image).await?;
            expect(ftp, "STOR", &stored.reply, &[226]);
            if stored.reply.is_good() {
                let renamed = ftp.rename(&aside, &one).await?;
                expect(ftp, "RNTO", &renamed.reply, &[250]);
            }
        }
        5 => {
            let deleted = ftp.delete(&one).await?;
            expect(ftp, "DELE", &deleted.reply, &[250, 550]);
        }
        6 => {
            let renamed = ftp.rename(&one, &other).await?;
            expect(ftp, "RNTO", &renamed.reply, &[250, 550]);
        }
        _ => {
            let how = if ftp.below(6) == 0 { Type::Ascii } else { Type::Image };
            match ftp.get(&one, 0, how).await? {
                Got::Whole(_) => {}
                Got::Part(reply) => expect(ftp, "RETR", &reply, &[]),
                Got::Refused(reply) => expect(ftp, "RETR", &reply, &[550]),
            }
        }
    }
    Ok(())
}
