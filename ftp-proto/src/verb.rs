//! The verb table: what every verb is, as data. Dispatch, HELP and FEAT are made from it.

use core::ops::BitOr;

use crate::storage::{HashAlgorithm, Permissions};

/// What must be so before a verb runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: before login too.
    Nothing,
    /// A login.
    Login,
}

/// The argument that a verb takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// None. Trailing blanks are forgiven.
    None,
    /// It may be left out.
    Optional,
    /// It must be given.
    Required,
}

/// One verb of the table.
#[derive(Clone, Copy, Debug)]
pub struct VerbInfo {
    /// Which.
    pub verb: Verb,
    /// As it is spelled, in upper case.
    pub name: &'static str,
    /// Other spellings: those of RFC 775, and BYE.
    pub aliases: &'static [&'static str],
    /// Its argument.
    pub argument: Argument,
    /// The argument as HELP shows it.
    pub syntax: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// What the account must be allowed.
    pub permission: Permissions,
    /// FEAT's line for it (RFC 2389 §3.2), where it has a fixed one. `MLST` and `OPTS` make their own.
    pub feat: Option<&'static str>,
}

macro_rules! verbs {
    ($($verb:ident $name:literal [$($alias:literal)*] $argument:ident $syntax:literal
        $needs:ident $permission:expr, $feat:expr;)*) => {
        /// Every verb that is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs)] // Each is documented by its RFC and its row in the table.
        pub enum Verb { $($verb,)* }

        /// The table, in the order of [`Verb`].
        pub static TABLE: &[VerbInfo] = &[$(VerbInfo {
            verb: Verb::$verb,
            name: $name,
            aliases: &[$($alias),*],
            argument: Argument::$argument,
            syntax: $syntax,
            needs: Needs::$needs,
            permission: $permission,
            feat: $feat,
        },)*];

        /// Every name as a number, so that a word is compared with all of them at once.
        #[allow(non_upper_case_globals)]
        mod packed {
            $(pub(super) const $verb: u64 = super::spelling($name);)*
        }

        /// The verb of this name.
        const fn named(packed: u64) -> Option<Verb> {
            match packed {
                $(packed::$verb => Some(Verb::$verb),)*
                _ => None,
            }
        }

        /// The other spellings: few, and few clients use them.
        static ALIASES: &[(u64, Verb)] = &[$($((spelling($alias), Verb::$verb),)*)*];
    };
}

use Permissions as P;

/// What COMB does: makes a file or adds to one, and removes others.
const COMBINE: P = P::CREATE.with(P::APPEND).with(P::DELETE);

verbs! {
    // Access control (RFC 959 §4.1.1).
    User "USER" [] Required "<sp> name" Nothing P::NONE, None;
    Pass "PASS" [] Optional "<sp> password" Nothing P::NONE, None;
    Acct "ACCT" [] Required "<sp> account" Nothing P::NONE, None;
    Cwd "CWD" ["XCWD"] Required "<sp> pathname" Login P::NONE, None;
    Cdup "CDUP" ["XCUP"] None "" Login P::NONE, None;
    Smnt "SMNT" [] Required "<sp> pathname" Login P::NONE, None;
    Rein "REIN" [] None "" Nothing P::NONE, None;
    Quit "QUIT" ["BYE"] None "" Nothing P::NONE, None;
    // Transfer parameters (RFC 959 §4.1.2, RFC 2428, RFC 1639).
    Port "PORT" [] Required "<sp> h1,h2,h3,h4,p1,p2" Login P::NONE, None;
    Eprt "EPRT" [] Required "<sp> |family|address|port|" Login P::NONE, Some("EPRT");
    Lprt "LPRT" [] Required "<sp> family,n,h1..,m,p1.." Login P::NONE, None;
    Pasv "PASV" [] None "" Login P::NONE, None;
    Epsv "EPSV" [] Optional "[<sp> family | ALL]" Login P::NONE, Some("EPSV");
    Lpsv "LPSV" [] None "" Login P::NONE, None;
    Type "TYPE" [] Required "<sp> A | E | I | L 8" Login P::NONE, None;
    Stru "STRU" [] Required "<sp> F | R" Login P::NONE, None;
    Mode "MODE" [] Required "<sp> S | B | C | Z" Login P::NONE, None;
    // Transfers (RFC 959 §4.1.3, RFC 3659).
    Retr "RETR" [] Required "<sp> pathname" Login P::READ, None;
    Stor "STOR" [] Required "<sp> pathname" Login P::CREATE, None;
    Stou "STOU" [] Optional "[<sp> pathname]" Login P::CREATE, None;
    Appe "APPE" [] Required "<sp> pathname" Login P::APPEND, None;
    Allo "ALLO" [] Required "<sp> size [<sp> R <sp> size]" Login P::CREATE, None;
    Rest "REST" [] Required "<sp> offset | marker" Login P::NONE, Some("REST STREAM");
    Abor "ABOR" [] None "" Nothing P::NONE, None;
    List "LIST" [] Optional "[<sp> pathname]" Login P::LIST, None;
    Nlst "NLST" [] Optional "[<sp> pathname]" Login P::LIST, None;
    Mlsd "MLSD" [] Optional "[<sp> pathname]" Login P::LIST, None;
    Mlst "MLST" [] Optional "[<sp> pathname]" Login P::LIST, None;
    // Files and directories.
    Rnfr "RNFR" [] Required "<sp> pathname" Login P::RENAME, None;
    Rnto "RNTO" [] Required "<sp> pathname" Login P::RENAME, None;
    Dele "DELE" [] Required "<sp> pathname" Login P::DELETE, None;
    Rmd "RMD" ["XRMD"] Required "<sp> pathname" Login P::REMOVE_DIR, None;
    Mkd "MKD" ["XMKD"] Required "<sp> pathname" Login P::MAKE_DIR, None;
    Pwd "PWD" ["XPWD"] None "" Login P::NONE, None;
    Size "SIZE" [] Required "<sp> pathname" Login P::LIST, Some("SIZE");
    Mdtm "MDTM" [] Required "<sp> [time <sp>] pathname" Login P::LIST, Some("MDTM");
    Mfmt "MFMT" [] Required "<sp> time <sp> pathname" Login P::ATTRIBUTES, Some("MFMT");
    Mfct "MFCT" [] Required "<sp> time <sp> pathname" Login P::ATTRIBUTES, Some("MFCT");
    Mff "MFF" [] Required "<sp> fact=value;... <sp> pathname" Login P::ATTRIBUTES, Some("MFF Modify;Create;UNIX.mode;");
    // Information.
    Site "SITE" [] Required "<sp> command" Login P::NONE, None;
    Syst "SYST" [] None "" Nothing P::NONE, None;
    Stat "STAT" [] Optional "[<sp> pathname]" Nothing P::NONE, None;
    Help "HELP" [] Optional "[<sp> command]" Nothing P::NONE, None;
    Noop "NOOP" [] Optional "" Nothing P::NONE, None;
    Feat "FEAT" [] None "" Nothing P::NONE, None;
    Opts "OPTS" [] Required "<sp> command [<sp> options]" Nothing P::NONE, None;
    Clnt "CLNT" [] Required "<sp> name" Nothing P::NONE, Some("CLNT");
    // Security and virtual hosts (RFC 2228, RFC 4217, RFC 7151).
    Host "HOST" [] Required "<sp> name" Nothing P::NONE, Some("HOST");
    Auth "AUTH" [] Required "<sp> TLS" Nothing P::NONE, Some("AUTH TLS");
    Adat "ADAT" [] Required "<sp> data" Nothing P::NONE, None;
    Pbsz "PBSZ" [] Required "<sp> size" Nothing P::NONE, Some("PBSZ");
    Prot "PROT" [] Required "<sp> C | P" Nothing P::NONE, Some("PROT");
    Ccc "CCC" [] None "" Nothing P::NONE, Some("CCC");
    Mic "MIC" [] Required "<sp> data" Nothing P::NONE, None;
    Conf "CONF" [] Required "<sp> data" Nothing P::NONE, None;
    Enc "ENC" [] Required "<sp> data" Nothing P::NONE, None;
    Cpsv "CPSV" [] None "" Login P::NONE, Some("CPSV");
    Sscn "SSCN" [] Optional "[<sp> ON | OFF]" Login P::NONE, Some("SSCN");
    // Later additions.
    Csid "CSID" [] Required "<sp> name=value;..." Nothing P::NONE, Some("CSID Name;Version;");
    Lang "LANG" [] Optional "[<sp> language]" Nothing P::NONE, Some("LANG EN*");
    Pret "PRET" [] Required "<sp> command [<sp> pathname]" Login P::NONE, Some("PRET");
    Hash "HASH" [] Required "<sp> pathname" Login P::READ, None;
    Rang "RANG" [] Required "<sp> start <sp> end" Login P::READ, None;
    Xcrc "XCRC" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XCRC");
    Xmd5 "XMD5" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XMD5");
    Xsha "XSHA" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XSHA");
    Xsha1 "XSHA1" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XSHA1");
    Xsha256 "XSHA256" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XSHA256");
    Xsha512 "XSHA512" [] Required "<sp> pathname [<sp> start [<sp> end]]" Login P::READ, Some("XSHA512");
    Md5 "MD5" [] Required "<sp> pathname" Login P::READ, Some("MD5");
    Mmd5 "MMD5" [] Required "<sp> pathname,..." Login P::READ, Some("MMD5");
    Avbl "AVBL" [] Optional "[<sp> pathname]" Login P::LIST, Some("AVBL");
    Dsiz "DSIZ" [] Optional "[<sp> pathname]" Login P::LIST, Some("DSIZ");
    Comb "COMB" [] Required "<sp> target <sp> part ..." Login COMBINE, Some("COMB target;source_list");
}

impl Verb {
    /// The verb's row.
    #[must_use]
    pub fn info(self) -> &'static VerbInfo {
        // The table is made by the same macro call as the enum, in the same order.
        &TABLE[self as usize]
    }

    /// The verb as it is spelled.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The algorithm of a verb that stands for one: XCRC and its kin.
    #[must_use]
    pub const fn algorithm(self) -> Option<HashAlgorithm> {
        match self {
            Self::Xcrc => Some(HashAlgorithm::Crc32),
            Self::Xmd5 | Self::Md5 | Self::Mmd5 => Some(HashAlgorithm::Md5),
            Self::Xsha | Self::Xsha1 => Some(HashAlgorithm::Sha1),
            Self::Xsha256 => Some(HashAlgorithm::Sha256),
            Self::Xsha512 => Some(HashAlgorithm::Sha512),
            _ => None,
        }
    }

    /// The verb spelled `word`, in any case of letters; exact, never a prefix or a suffix.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        if word.len() > LONGEST {
            return None;
        }
        let packed = pack(word);
        named(packed).or_else(|| ALIASES.iter().find(|(alias, _)| *alias == packed).map(|(_, verb)| *verb))
    }
}

/// The longest word that [`pack`] can hold.
const LONGEST: usize = 7;

/// A word of at most [`LONGEST`] bytes as a number, letters in upper case. The leading 1 keeps words that begin with
/// NUL apart from those that do not.
const fn pack(word: &[u8]) -> u64 {
    let mut packed = 1;
    let mut at = 0;
    while at < word.len() {
        packed = packed << 8 | word[at].to_ascii_uppercase() as u64;
        at += 1;
    }
    packed
}

/// A spelling in the table, packed.
const fn spelling(name: &str) -> u64 {
    assert!(name.len() <= LONGEST, "a verb is too long to be packed");
    pack(name.as_bytes())
}

/// A set of verbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerbSet(u128);

impl VerbSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Only `verb`.
    #[must_use]
    pub const fn of(verb: Verb) -> Self {
        Self(1 << verb as u32)
    }

    /// Whether `verb` is in it.
    #[must_use]
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & Self::of(verb).0 != 0
    }
}

impl BitOr for VerbSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Verb> for VerbSet {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        verbs.into_iter().map(Self::of).fold(Self::EMPTY, BitOr::bitor)
    }
}

const _: () = assert!(TABLE.len() <= 128, "VerbSet holds 128 verbs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_at_its_verb() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.verb as usize, at);
            for name in row.aliases.iter().chain([&row.name]) {
                assert_eq!(Verb::from_word(name.as_bytes()), Some(row.verb));
                assert_eq!(Verb::from_word(name.to_ascii_lowercase().as_bytes()), Some(row.verb));
            }
        }
    }

    #[test]
    fn verbs_match_whole_words_only() {
        assert_eq!(Verb::from_word(b"XQUIT"), None);
        assert_eq!(Verb::from_word(b"QUI"), None);
        assert_eq!(Verb::from_word(b""), None);
        assert_eq!(Verb::from_word(b"QUIT\0"), None);
        assert_eq!(Verb::from_word(b"\0QUIT"), None);
        assert_eq!(Verb::from_word(b"QUITQUITQUIT"), None);
        assert_eq!(Verb::from_word(b"bye"), Some(Verb::Quit));
        assert_eq!(Verb::from_word(b"XcWd"), Some(Verb::Cwd));
    }
}
