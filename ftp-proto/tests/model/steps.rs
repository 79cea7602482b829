//! What a client may do, by chance: one step is one command.

use crate::world::Dice;

/// One command, with what the model must know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    User(&'static str),
    Pass(&'static str),
    /// A verb with one pathname.
    Path(&'static str, &'static str),
    /// LIST, NLST, MLSD without a pathname.
    ListHere(&'static str),
    /// A verb without an argument.
    Bare(&'static str),
    Type(&'static str),
    Rest(u64),
    /// EPSV, PASV, PORT and the like, with what they say when nothing is in their way.
    Setup(&'static str, u16),
    EpsvAll,
    /// A line whose reply is always the same; whether REST lives on.
    Fixed(&'static str, u16, bool),
}

const PATHS: &[&str] = &[
    "a.txt",
    "a.txt",
    "empty",
    "dir",
    "dir/b.bin",
    "dir/sub",
    "new",
    "new",
    "new2",
    "missing/x",
    "a.txt/x",
    "/",
    "..",
    "dir/../new",
    "/dir/new",
    "sp ace",
    ".",
    "dir/sub/deep",
    "/dir/sub",
];

const LINES: &[(&str, u16, bool)] = &[
    ("NONSENSE", 500, false),
    ("RETR", 501, false),
    ("TYPE X", 501, false),
    ("TYPE A T", 504, true),
    ("STRU F", 200, false),
    ("STRU P", 504, false),
    ("MODE S", 200, false),
    ("MODE X", 501, false),
    ("AUTH TLS", 502, false),
    ("REST x", 501, false),
    ("RNTO", 501, false),
    ("ALLO 5", 200, true),
    ("OPTS UTF8 ON", 200, false),
    ("CLNT model", 200, false),
    ("ACCT x", 202, false),
    ("SITE UMASK 022", 200, false),
];

impl Step {
    pub(crate) fn line(&self) -> String {
        match self {
            Self::User(name) => format!("USER {name}"),
            Self::Pass(password) => format!("PASS {password}"),
            Self::Path(verb, path) => format!("{verb} {path}"),
            Self::Bare(verb) | Self::ListHere(verb) => (*verb).into(),
            Self::Type(letter) => format!("TYPE {letter}"),
            Self::Rest(offset) => format!("REST {offset}"),
            Self::Setup(line, _) | Self::Fixed(line, ..) => (*line).into(),
            Self::EpsvAll => "EPSV ALL".into(),
        }
    }

    /// Whether this one has a data connection.
    pub(crate) fn transfers(&self) -> bool {
        match self {
            Self::Path(verb, _) => matches!(*verb, "RETR" | "STOR" | "APPE" | "LIST" | "NLST" | "MLSD"),
            Self::ListHere(_) => true,
            Self::Bare(verb) => *verb == "STOU",
            _ => false,
        }
    }

    /// Whether an ABOR behind it may break it off without any transfer.
    pub(crate) fn is_long(&self) -> bool {
        matches!(self, Self::Path("HASH" | "DSIZ" | "SITE RMDIR", _))
    }

    pub(crate) fn throw(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..2 => Self::User(dice.pick(&["alice", "alice", "reader", "nobody"])),
            2..5 => Self::Pass(dice.pick(&["secret", "secret", "wrong"])),
            5..30 => {
                let verb = dice.pick(&[
                    "CWD",
                    "CWD",
                    "MKD",
                    "MKD",
                    "RMD",
                    "DELE",
                    "RNFR",
                    "RNFR",
                    "RNTO",
                    "RNTO",
                    "SIZE",
                    "MDTM",
                    "MLST",
                    "STAT",
                    "HASH",
                    "HASH",
                    "DSIZ",
                    "SITE MKDIR",
                    "SITE RMDIR",
                ]);
                Self::Path(verb, dice.pick(PATHS))
            }
            30..42 => Self::Bare(dice.pick(&["PWD", "CDUP", "SYST", "FEAT", "HELP", "NOOP", "NOOP", "STAT"])),
            42..46 => Self::Bare("ABOR"),
            46 => Self::Bare(dice.pick(&["REIN", "QUIT"])),
            47..53 => Self::Type(dice.pick(&["A", "I", "I", "L 8", "A N"])),
            53..59 => Self::Rest([0, 1, 6, 11, 12, 13, 14, 300][dice.below(8)]),
            59..74 => match dice.below(8) {
                0..3 => Self::Setup("EPSV", 229),
                3 => Self::Setup("PASV", 227),
                4..6 => Self::Setup("PORT 198,51,100,7,200,1", 200),
                6 => Self::Setup("EPRT |1|198.51.100.7|2000|", 200),
                _ => Self::Setup("PORT 203,0,113,9,200,1", 501),
            },
            74 => Self::EpsvAll,
            75..94 => match dice.below(9) {
                0..2 => Self::Path("RETR", dice.pick(PATHS)),
                2..4 => Self::Path("STOR", dice.pick(PATHS)),
                4 => Self::Path("APPE", dice.pick(PATHS)),
                5 => Self::Bare("STOU"),
                6 => Self::ListHere(dice.pick(&["LIST", "NLST", "MLSD"])),
                _ => Self::Path(dice.pick(&["LIST", "NLST", "MLSD"]), dice.pick(PATHS)),
            },
            _ => {
                let (line, code, keeps) = LINES[dice.below(LINES.len())];
                Self::Fixed(line, code, keeps)
            }
        }
    }

    /// A session's worth: mostly one that logs in first, often with transfers that have their setup.
    pub(crate) fn sequence(dice: &mut Dice) -> Vec<Self> {
        let mut steps = Vec::new();
        if dice.chance(85) {
            let name = if dice.chance(90) { "alice" } else { "reader" };
            steps.extend([Self::User(name), Self::Pass("secret")]);
        }
        for _ in 0..4 + dice.below(9) {
            let step = Self::throw(dice);
            if step.transfers() && dice.chance(60) {
                steps.push(Self::Setup("EPSV", 229));
            }
            steps.push(step);
        }
        steps
    }
}
