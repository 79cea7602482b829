//! Which replies a verb may have: RFC 959 §5.4, with what RFCs 2228, 2389, 2428, 3659, 4217 and 7151 add.

/// The verb of a line in upper case, and by its usual name.
pub(super) fn verb_of(line: &[u8]) -> String {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let word = String::from_utf8_lossy(word.get(..8).unwrap_or(word)).to_ascii_uppercase();
    match word.as_str() {
        "XCWD" => "CWD".into(),
        "XCUP" => "CDUP".into(),
        "XPWD" => "PWD".into(),
        "XMKD" => "MKD".into(),
        "XRMD" => "RMD".into(),
        "BYE" => "QUIT".into(),
        _ => word,
    }
}

/// What stands behind the verb and one space.
pub(super) fn argument_of(line: &[u8]) -> &[u8] {
    let at = line.iter().position(|byte| *byte == b' ');
    at.and_then(|at| line.get(at + 1..)).unwrap_or_default()
}

/// Whether there is a data connection to it.
pub(super) fn transfers(line: &[u8]) -> bool {
    matches!(verb_of(line).as_str(), "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST" | "MLSD")
}

/// Whether it may take so long that NOOP and STAT are answered meanwhile.
pub(super) fn takes_time(line: &[u8]) -> bool {
    let verb = verb_of(line);
    transfers(line)
        || verb.starts_with("XSHA")
        || matches!(verb.as_str(), "HASH" | "DSIZ" | "COMB" | "MD5" | "MMD5" | "XCRC" | "XMD5" | "SITE")
}

/// Whether it needs a login.
pub(super) fn needs_login(line: &[u8]) -> bool {
    match verb_of(line).as_str() {
        "STAT" => !argument_of(line).trim_ascii().is_empty(),
        verb => !OPEN_TO_ALL.contains(&verb),
    }
}

/// Whether this code may be the final reply to the line, with or without a 150 before it.
pub(super) fn permits(line: &[u8], code: u16, announced: bool) -> bool {
    if announced {
        return matches!(code, 226 | 250 | 425 | 426 | 451 | 522 | 551 | 552);
    }
    let verb = verb_of(line);
    // Not understood, switched off, out of sequence, not logged in, not permitted.
    matches!(code, 500..=504 | 530 | 550) || done(&verb).contains(&code) || refused(line, &verb).contains(&code)
}

fn done(verb: &str) -> &'static [u16] {
    match verb {
        "USER" => &[230, 232, 331, 332],
        "PASS" => &[202, 230, 332],
        "ACCT" => &[202, 230],
        "CWD" | "DELE" | "RMD" | "RNTO" | "COMB" | "MLST" => &[250],
        "CDUP" => &[200, 250],
        "RNFR" | "REST" | "RANG" => &[350],
        "PWD" | "MKD" => &[257],
        "REIN" | "HOST" => &[220],
        "QUIT" => &[221],
        "PASV" | "CPSV" => &[227],
        "LPSV" => &[228],
        "EPSV" => &[200, 229],
        "ALLO" | "SMNT" => &[200, 202],
        "ABOR" => &[225, 226],
        "SIZE" | "MDTM" | "MFMT" | "MFCT" | "MFF" | "HASH" | "AVBL" | "DSIZ" => &[213],
        "SYST" => &[215],
        "HELP" => &[211, 214],
        "FEAT" => &[211],
        "STAT" => &[211, 212, 213],
        "AUTH" => &[234],
        "XCRC" | "XMD5" | "XSHA" | "XSHA1" | "XSHA256" | "XSHA512" => &[250],
        "MD5" => &[251],
        "MMD5" => &[252],
        "SITE" => &[200, 202, 214, 250, 257, 350],
        "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST" | "MLSD" => &[226, 250],
        "TYPE" | "STRU" | "MODE" | "PORT" | "EPRT" | "LPRT" | "NOOP" | "OPTS" | "CLNT" | "CSID" | "LANG" | "PBSZ"
        | "PROT" | "CCC" | "SSCN" | "PRET" => &[200],
        _ => &[],
    }
}

/// Besides what any command may be refused with.
fn refused(line: &[u8], verb: &str) -> &'static [u16] {
    match verb {
        "USER" => &[431, 451, 534],
        "PASS" | "ACCT" | "HOST" => &[451, 534],
        "PORT" | "EPRT" | "LPRT" => &[522],
        "PASV" | "EPSV" | "LPSV" | "CPSV" => &[425, 451, 522],
        "AUTH" => &[431, 534],
        "PBSZ" | "PROT" => &[431, 534, 536],
        "CCC" => &[533, 534],
        "ADAT" | "MIC" | "CONF" | "ENC" => &[533, 535, 537],
        "OPTS" => &[451],
        "RETR" | "LIST" | "NLST" | "MLSD" => &[425, 426, 450, 451, 521, 522, 534, 551, 552, 553, 554],
        "STOR" | "STOU" | "APPE" => &[425, 426, 450, 451, 452, 521, 522, 532, 534, 551, 552, 553, 554],
        "NOOP" | "SYST" | "FEAT" | "HELP" | "PWD" | "TYPE" | "STRU" | "MODE" | "REST" | "QUIT" | "REIN" | "ABOR"
        | "CLNT" | "CSID" | "LANG" | "RANG" | "SSCN" => &[],
        "STAT" if argument_of(line).is_empty() => &[],
        "RNTO" => &[450, 451, 452, 532, 552, 553],
        "HASH" => &[450, 451, 552, 553, 556],
        // Whatever asks the storage.
        _ => &[450, 451, 452, 552, 553],
    }
}

/// What may be said before login.
const OPEN_TO_ALL: &[&str] = &[
    "USER", "PASS", "ACCT", "REIN", "QUIT", "SYST", "STAT", "HELP", "NOOP", "FEAT", "OPTS", "CLNT", "CSID", "LANG",
    "HOST", "AUTH", "ADAT", "PBSZ", "PROT", "CCC", "MIC", "CONF", "ENC", "ABOR",
];
