//! What a client says, by chance: every verb of the table, with arguments that fit and arguments that do not; and which
//! replies each may have.

use ftp_proto::verb::TABLE;

use crate::world::Dice;

/// Arguments that make something of a verb, the usual one first.
fn fitting(verb: &str) -> &'static [&'static str] {
    match verb {
        "USER" => &["alice", "alice", "reader", "nobody", "coded", "admin"],
        "PASS" => &["secret", "secret", "wrong", ""],
        "ACCT" => &["blue", "red"],
        "CWD" | "MLSD" | "DSIZ" | "AVBL" => &["dir", "/", "..", "missing", "a.txt", ""],
        "PORT" => &["198,51,100,7,200,2", "203,0,113,9,200,1", "198,51,100,7,0,1"],
        "EPRT" => &["|1|198.51.100.7|2000|", "|2|::1|2000|"],
        "LPRT" => &["4,4,198,51,100,7,2,200,2", "6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,200,2"],
        "EPSV" => &["", "", "1", "2", "ALL"],
        "TYPE" => &["I", "A", "E", "L 8", "A N", "L 7"],
        "STRU" => &["F", "R", "P"],
        "MODE" => &["S", "B", "C", "Z"],
        "STOR" | "APPE" | "STOU" | "MKD" => &["new", "dir/new", "a.txt", "missing/x", "dir", "/", ""],
        "ALLO" => &["5", "5 R 2", "99999999999"],
        "REST" => &["0", "5", "12", "300"],
        "RMD" => &["dir/sub", "dir", "/", "a.txt"],
        "MFMT" | "MFCT" => &["20200102030405 a.txt", "20200102030405 missing", "2020 x"],
        "MFF" => {
            &["Modify=20200102030405; a.txt", "Modify=20200102030405;UNIX.mode=0600; a.txt", "Create=20200102030405; x"]
        }
        "MDTM" => &["a.txt", "20200102030405 a.txt", "missing"],
        "SITE" => &[
            "UMASK 022",
            "FETCH a.txt",
            "PUT new",
            "FETCH missing",
            "PUT",
            "OPEN x",
            "HELP",
            "COPY a.txt b.txt",
            "CPFR a.txt",
            "CPTO c.txt",
            "MKDIR x/y",
            "RMDIR dir",
            "RMDIR x",
            "CHMOD 600 a.txt",
            "CHOWN bob:staff a.txt",
            "IDLE 5",
            "QUOTA",
            "WHO",
            "SYMLINK a.txt link",
            "UTIME 20200102030405 a.txt",
            "NONSENSE",
        ],
        "OPTS" => &["UTF8 ON", "MLST size;type;", "HASH MD5", "MODE Z LEVEL 9", "NONSENSE"],
        "CSID" => &["Name=x;"],
        "CLNT" => &["storm"],
        "LANG" => &["en", "de", ""],
        "HELP" => &["", "RETR", "SITE", "NONSENSE"],
        "PRET" => &["RETR a.txt", "STOR new", "LIST", "RETR missing", "PWD"],
        "RANG" => &["0 4", "1 0", "5 999"],
        "COMB" => &["new a.txt", "new a.txt empty", "a.txt a.txt", "missing/x a.txt"],
        "MMD5" => &["a.txt, empty", "a.txt", "a.txt, missing"],
        "HOST" => &["one.example", "two.example", "192.0.2.1", "192.0.2.9"],
        "AUTH" => &["TLS", "TLS", "TLS-P", "KERBEROS"],
        "PBSZ" => &["0"],
        "PROT" => &["P", "P", "C", "S"],
        "SSCN" => &["ON", "OFF", ""],
        "SMNT" | "ADAT" | "MIC" | "CONF" | "ENC" => &["x"],
        "LIST" | "NLST" | "STAT" => &["", "", "dir", "-la", "-R", "*.txt", "missing", "-la dir"],
        "RETR" | "SIZE" | "RNFR" | "RNTO" | "DELE" | "HASH" | "XCRC" | "XMD5" | "XSHA" | "XSHA1" | "XSHA256"
        | "XSHA512" | "MD5" | "MLST" => &["a.txt", "a.txt", "dir/b.bin", "empty", "missing", "dir", "a.txt 2 5"],
        _ => &[""],
    }
}

/// What stands where a command should.
const NOISE: &[&[u8]] = &[
    b"\r\n",
    b"NONSENSE\r\n",
    b"XOPEN yes\r\n",
    b"XCLOSED no\r\n",
    b"\xFF\xF4\xFF\xF2ABOR\r\n",
    b"\xFF\xFB\x01",
    b"\xFF\xFFx\r\n",
    b"RETR a\0b\r\n",
    b"CWD a\rb\r\n",
    b"NO",
    b"STOR \xC3\xBC\r\n",
];

/// What is used more often than the rest, since little happens without it.
const USUAL: &[&str] = &[
    "EPSV", "EPSV", "PASV", "PORT", "RETR", "RETR", "STOR", "STOR", "LIST", "MLSD", "STOU", "APPE", "ABOR", "NOOP",
    "STAT",
];

/// One line, or what is none.
pub(crate) fn throw(dice: &mut Dice) -> Vec<u8> {
    let verb = match dice.below(100) {
        0..4 => return NOISE[dice.below(NOISE.len())].to_vec(),
        4 => return [vec![b'x'; 5_000], b"\r\n".to_vec()].concat(),
        5..45 => USUAL[dice.below(USUAL.len())],
        45..55 => ["SITE", "HASH", "MODE", "TYPE", "PROT", "REST"][dice.below(6)],
        _ => loop {
            // Most sessions are to last longer than that.
            let verb = TABLE[dice.below(TABLE.len())].name;
            if !matches!(verb, "QUIT" | "AUTH" | "CCC" | "REIN" | "USER") || dice.chance(40) {
                break verb;
            }
        },
    };
    let arguments = fitting(verb);
    let argument = if dice.chance(95) { arguments[dice.below(arguments.len())] } else { "9 \"x" };
    let gap = if argument.is_empty() { "" } else { " " };
    format!("{verb}{gap}{argument}\r\n").into_bytes()
}

/// The verb of a line, as far as its reply goes.
pub(crate) fn verb_of(line: &[u8]) -> String {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    String::from_utf8_lossy(word).to_ascii_uppercase()
}

/// Whether there may be a 150, or whether it may take long.
pub(crate) fn takes_time(line: &[u8]) -> bool {
    let verb = verb_of(line);
    transfers(line)
        || matches!(verb.as_str(), "HASH" | "DSIZ" | "COMB" | "MD5" | "MMD5")
        || verb.starts_with("XSHA")
        || matches!(verb.as_str(), "XCRC" | "XMD5" | "SITE")
}

pub(crate) fn transfers(line: &[u8]) -> bool {
    let listing_or_file =
        matches!(verb_of(line).as_str(), "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST" | "MLSD");
    listing_or_file || line.starts_with(b"SITE FETCH") || line.starts_with(b"SITE PUT")
}

/// Whether this code may be the final reply to the line.
pub(crate) fn permits(line: &[u8], code: u16) -> bool {
    const REFUSALS: &[u16] = &[450, 451, 452, 500, 501, 502, 503, 504, 530, 534, 550, 552, 553];
    if REFUSALS.contains(&code) {
        return true;
    }
    let transfer = &[226, 425, 426, 521, 522, 532, 551, 554][..];
    let fitting: &[u16] = match verb_of(line).as_str() {
        "USER" => &[331, 232, 332],
        "PASS" => &[202, 230, 332],
        "ACCT" => &[202, 230],
        "CWD" | "XCWD" | "CDUP" | "DELE" | "RMD" | "RNTO" | "COMB" => &[250],
        "RNFR" | "REST" | "RANG" => &[350],
        "PWD" | "MKD" => &[257],
        "REIN" | "HOST" => &[220],
        "QUIT" => &[221],
        "PORT" | "EPRT" | "LPRT" => &[200, 522],
        "PASV" | "CPSV" => &[227, 425],
        "LPSV" => &[228, 425],
        "EPSV" => &[229, 200, 425, 522],
        "ALLO" | "SMNT" => &[200, 202],
        "ABOR" => &[226],
        "MLST" => &[250],
        "SIZE" | "MDTM" | "MFMT" | "MFCT" | "MFF" | "HASH" | "AVBL" | "DSIZ" => &[213],
        "SYST" => &[215],
        "HELP" => &[214],
        "FEAT" => &[211],
        "STAT" => &[211, 213],
        "XOPEN" | "XCLOSED" => &[200, 250],
        "AUTH" => &[234],
        "ADAT" | "MIC" | "CONF" | "ENC" => &[537],
        "PROT" => &[200, 536],
        "CCC" => &[200, 533],
        "XCRC" | "XMD5" | "XSHA" | "XSHA1" | "XSHA256" | "XSHA512" => &[250],
        "MD5" => &[251],
        "MMD5" => &[252],
        "SITE" if transfers(line) => transfer,
        "SITE" => &[200, 202, 214, 250, 257, 350],
        _ if transfers(line) => transfer,
        _ => &[200],
    };
    fitting.contains(&code)
}
