//! The verb table: what every verb is, as data. Dispatch, HELP and FEAT are made from it.

use core::ops::BitOr;

use crate::storage::Permissions;

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

/// Whether the verb is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Built,
    /// Known, but not implemented: 502.
    Known,
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
    /// Whether it is built.
    pub status: Status,
}

macro_rules! verbs {
    ($($verb:ident $name:literal [$($alias:literal)*] $argument:ident $syntax:literal
        $needs:ident $permission:expr, $feat:expr, $status:ident;)*) => {
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
            status: Status::$status,
        },)*];
    };
}

use Permissions as P;

verbs! {
    // Access control (RFC 959 §4.1.1).
    User "USER" [] Required "<sp> name" Nothing P::NONE, None, Built;
    Pass "PASS" [] Optional "<sp> password" Nothing P::NONE, None, Built;
    Acct "ACCT" [] Required "<sp> account" Nothing P::NONE, None, Built;
    Cwd "CWD" ["XCWD"] Required "<sp> pathname" Login P::NONE, None, Built;
    Cdup "CDUP" ["XCUP"] None "" Login P::NONE, None, Built;
    Smnt "SMNT" [] Required "<sp> pathname" Login P::NONE, None, Known;
    Rein "REIN" [] None "" Nothing P::NONE, None, Built;
    Quit "QUIT" ["BYE"] None "" Nothing P::NONE, None, Built;
    // Transfer parameters (RFC 959 §4.1.2, RFC 2428, RFC 1639).
    Port "PORT" [] Required "<sp> h1,h2,h3,h4,p1,p2" Login P::NONE, None, Built;
    Eprt "EPRT" [] Required "<sp> |family|address|port|" Login P::NONE, Some("EPRT"), Built;
    Lprt "LPRT" [] Required "<sp> family,n,h1..,m,p1.." Login P::NONE, None, Built;
    Pasv "PASV" [] None "" Login P::NONE, None, Built;
    Epsv "EPSV" [] Optional "[<sp> family | ALL]" Login P::NONE, Some("EPSV"), Built;
    Lpsv "LPSV" [] None "" Login P::NONE, None, Built;
    Type "TYPE" [] Required "<sp> A | I | L 8" Login P::NONE, None, Built;
    Stru "STRU" [] Required "<sp> F" Login P::NONE, None, Built;
    Mode "MODE" [] Required "<sp> S" Login P::NONE, None, Built;
    // Transfers (RFC 959 §4.1.3, RFC 3659).
    Retr "RETR" [] Required "<sp> pathname" Login P::READ, None, Built;
    Stor "STOR" [] Required "<sp> pathname" Login P::CREATE, None, Built;
    Stou "STOU" [] Optional "[<sp> pathname]" Login P::CREATE, None, Built;
    Appe "APPE" [] Required "<sp> pathname" Login P::APPEND, None, Built;
    Allo "ALLO" [] Required "<sp> size [<sp> R <sp> size]" Login P::CREATE, None, Built;
    Rest "REST" [] Required "<sp> offset" Login P::NONE, Some("REST STREAM"), Built;
    Abor "ABOR" [] None "" Nothing P::NONE, None, Built;
    List "LIST" [] Optional "[<sp> pathname]" Login P::LIST, None, Built;
    Nlst "NLST" [] Optional "[<sp> pathname]" Login P::LIST, None, Built;
    Mlsd "MLSD" [] Optional "[<sp> pathname]" Login P::LIST, None, Built;
    Mlst "MLST" [] Optional "[<sp> pathname]" Login P::LIST, None, Built;
    // Files and directories.
    Rnfr "RNFR" [] Required "<sp> pathname" Login P::RENAME, None, Built;
    Rnto "RNTO" [] Required "<sp> pathname" Login P::RENAME, None, Built;
    Dele "DELE" [] Required "<sp> pathname" Login P::DELETE, None, Built;
    Rmd "RMD" ["XRMD"] Required "<sp> pathname" Login P::REMOVE_DIR, None, Built;
    Mkd "MKD" ["XMKD"] Required "<sp> pathname" Login P::MAKE_DIR, None, Built;
    Pwd "PWD" ["XPWD"] None "" Login P::NONE, None, Built;
    Size "SIZE" [] Required "<sp> pathname" Login P::LIST, Some("SIZE"), Built;
    Mdtm "MDTM" [] Required "<sp> [time <sp>] pathname" Login P::LIST, Some("MDTM"), Built;
    Mfmt "MFMT" [] Required "<sp> time <sp> pathname" Login P::ATTRIBUTES, Some("MFMT"), Built;
    Mfct "MFCT" [] Required "<sp> time <sp> pathname" Login P::ATTRIBUTES, Some("MFCT"), Built;
    Mff "MFF" [] Required "<sp> fact=value;... <sp> pathname" Login P::ATTRIBUTES, Some("MFF Modify;Create;UNIX.mode;"), Built;
    // Information.
    Site "SITE" [] Required "<sp> command" Login P::NONE, None, Built;
    Syst "SYST" [] None "" Nothing P::NONE, None, Built;
    Stat "STAT" [] Optional "[<sp> pathname]" Nothing P::NONE, None, Built;
    Help "HELP" [] Optional "[<sp> command]" Nothing P::NONE, None, Built;
    Noop "NOOP" [] Optional "" Nothing P::NONE, None, Built;
    Feat "FEAT" [] None "" Nothing P::NONE, None, Built;
    Opts "OPTS" [] Required "<sp> command [<sp> options]" Nothing P::NONE, None, Built;
    Clnt "CLNT" [] Required "<sp> name" Nothing P::NONE, Some("CLNT"), Built;
    // Security and virtual hosts (RFC 2228, RFC 4217, RFC 7151).
    Host "HOST" [] Required "<sp> name" Nothing P::NONE, Some("HOST"), Built;
    Auth "AUTH" [] Required "<sp> TLS" Nothing P::NONE, Some("AUTH TLS"), Built;
    Adat "ADAT" [] Required "<sp> data" Nothing P::NONE, None, Built;
    Pbsz "PBSZ" [] Required "<sp> size" Nothing P::NONE, Some("PBSZ"), Built;
    Prot "PROT" [] Required "<sp> C | P" Nothing P::NONE, Some("PROT"), Built;
    Ccc "CCC" [] None "" Nothing P::NONE, Some("CCC"), Built;
    Mic "MIC" [] Required "<sp> data" Nothing P::NONE, None, Built;
    Conf "CONF" [] Required "<sp> data" Nothing P::NONE, None, Built;
    Enc "ENC" [] Required "<sp> data" Nothing P::NONE, None, Built;
    Cpsv "CPSV" [] None "" Login P::NONE, Some("CPSV"), Built;
    Sscn "SSCN" [] Optional "[<sp> ON | OFF]" Login P::NONE, Some("SSCN"), Built;
    // Known and, so far, refused.
    Csid "CSID" [] Required "<sp> name=value;..." Nothing P::NONE, None, Known;
    Lang "LANG" [] Optional "[<sp> language]" Nothing P::NONE, None, Known;
    Pret "PRET" [] Required "<sp> command" Login P::NONE, None, Known;
    Hash "HASH" [] Required "<sp> pathname" Login P::READ, None, Known;
    Rang "RANG" [] Required "<sp> start <sp> end" Login P::READ, None, Known;
    Xcrc "XCRC" [] Required "<sp> pathname" Login P::READ, None, Known;
    Xmd5 "XMD5" [] Required "<sp> pathname" Login P::READ, None, Known;
    Xsha "XSHA" [] Required "<sp> pathname" Login P::READ, None, Known;
    Xsha1 "XSHA1" [] Required "<sp> pathname" Login P::READ, None, Known;
    Xsha256 "XSHA256" [] Required "<sp> pathname" Login P::READ, None, Known;
    Xsha512 "XSHA512" [] Required "<sp> pathname" Login P::READ, None, Known;
    Md5 "MD5" [] Required "<sp> pathname" Login P::READ, None, Known;
    Mmd5 "MMD5" [] Required "<sp> pathname,..." Login P::READ, None, Known;
    Avbl "AVBL" [] Optional "[<sp> pathname]" Login P::LIST, None, Known;
    Dsiz "DSIZ" [] Optional "[<sp> pathname]" Login P::LIST, None, Known;
    Comb "COMB" [] Required "<sp> target <sp> parts" Login P::CREATE, None, Known;
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

    /// The verb spelled `word`, in any case of letters; exact, never a prefix or a suffix.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        if word.len() > LONGEST {
            return None;
        }
        let at = SPELLINGS.binary_search_by_key(&pack(word), |(packed, _)| *packed).ok()?;
        SPELLINGS.get(at).map(|(_, verb)| *verb)
    }
}

/// Every spelling in the table, packed into a number and sorted: made when compiled, so that a word is found by a
/// few comparisons of numbers.
static SPELLINGS: [(u64, Verb); count_spellings()] = sorted_spellings();

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

const fn count_spellings() -> usize {
    let mut count = 0;
    let mut row = 0;
    while row < TABLE.len() {
        count += 1 + TABLE[row].aliases.len();
        row += 1;
    }
    count
}

const fn sorted_spellings() -> [(u64, Verb); count_spellings()] {
    let mut sorted = [(0, Verb::User); count_spellings()];
    let mut length = 0;
    let mut row = 0;
    while row < TABLE.len() {
        let VerbInfo { verb, name, aliases, .. } = TABLE[row];
        insert(&mut sorted, length, name, verb);
        length += 1;
        let mut alias = 0;
        while alias < aliases.len() {
            insert(&mut sorted, length, aliases[alias], verb);
            length += 1;
            alias += 1;
        }
        row += 1;
    }
    sorted
}

/// Inserts a spelling into the first `length` entries, which are sorted.
const fn insert(sorted: &mut [(u64, Verb)], length: usize, name: &str, verb: Verb) {
    assert!(name.len() <= LONGEST, "a verb is too long to be packed");
    let packed = pack(name.as_bytes());
    let mut at = length;
    while at > 0 && sorted[at - 1].0 >= packed {
        assert!(sorted[at - 1].0 != packed, "two verbs are spelled alike");
        sorted[at] = sorted[at - 1];
        at -= 1;
    }
    sorted[at] = (packed, verb);
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
