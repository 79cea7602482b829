//! What the operator decided: command line, file and defaults made into one, and checked as a whole.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ftp_proto::config::{Config, Demand, Switch};
use ftp_proto::verb::{Verb, VerbSet};

use crate::arguments::{CommandLine, Options};
use crate::fault::Fault;
use crate::secure::Source;
use crate::values::{Access, Anonymous, ClientCertificate, LogFormat, LogLevel, RuntimeName, TlsMode, Toggle, User};

/// Everything that is needed to serve.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The directory that is served.
    pub(crate) directory: PathBuf,
    /// Where to listen: at least one address.
    pub(crate) listen: Vec<SocketAddr>,
    /// The users given in the open; no two have one name.
    pub(crate) users: Vec<User>,
    /// The file with the others.
    pub(crate) users_file: Option<PathBuf>,
    /// What may be done without a password.
    pub(crate) anonymous: Option<Access>,
    /// Sessions at a time.
    pub(crate) max_sessions: usize,
    /// Sessions at a time from one address.
    pub(crate) max_per_address: usize,
    /// Where certificates come from; `None`: there is no TLS.
    pub(crate) tls: Option<Source>,
    /// Where to listen for clients that begin with TLS.
    pub(crate) implicit: Vec<SocketAddr>,
    /// What the server runs on.
    pub(crate) runtime: RuntimeName,
    /// The engine's part.
    pub(crate) engine: Config,
    /// How much to log.
    pub(crate) log: LogLevel,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
}

impl Settings {
    /// Puts together what the command line, the file it names and the defaults say.
    pub(crate) fn gather(command_line: CommandLine) -> Result<Self, Fault> {
        let file = match &command_line.config {
            Some(path) => read_file(path)?,
            None => Options::default(),
        };
        Self::decide(command_line.options.or(file))
    }

    /// Gives what was left out its default, and checks the whole.
    fn decide(options: Options) -> Result<Self, Fault> {
        let engine = engine_config(&options);
        let no_users = options.user.is_empty() && options.users_file.is_none();
        let anonymous = options.anonymous.unwrap_or(if no_users { Anonymous::Ro } else { Anonymous::Off });
        if no_users && anonymous == Anonymous::Off {
            return Err(Fault::NobodyMayEnter);
        }
        let tls = certificates(&options)?;
        let mut names = BTreeSet::new();
        if let Some(user) = options.user.iter().find(|user| !names.insert(user.name.clone())) {
            return Err(Fault::UserTwice { name: user.name.clone() });
        }
        Ok(Self {
            directory: options.directory.unwrap_or_else(|| PathBuf::from(".")),
            listen: if options.listen.is_empty() { vec![DEFAULT_ADDRESS] } else { options.listen },
            users: options.user,
            users_file: options.users_file,
            anonymous: anonymous.access(),
            max_sessions: count(options.max_sessions, 1000),
            max_per_address: count(options.max_per_address, 100),
            tls,
            implicit: options.implicit_tls,
            runtime: options.runtime.unwrap_or(RuntimeName::Mio),
            engine,
            log: options.log.unwrap_or(LogLevel::Info),
            log_format: options.log_format.unwrap_or(LogFormat::Text),
        })
    }
}

/// Where certificates come from, and whether the options about them make sense together.
fn certificates(options: &Options) -> Result<Option<Source>, Fault> {
    if tls_mode(options) == TlsMode::Off {
        let asks = [&options.tls_cert, &options.tls_key, &options.tls_client_ca].into_iter().any(Option::is_some);
        let asks = asks || !options.implicit_tls.is_empty() || options.tls_data_reuse == Some(Toggle::On);
        return if asks { Err(Fault::TlsIsOff) } else { Ok(None) };
    }
    let files = match (&options.tls_cert, &options.tls_key) {
        (Some(chain), key) => Some((chain.clone(), key.as_ref().unwrap_or(chain).clone())),
        (None, Some(_)) => return Err(Fault::KeyWithoutCertificate),
        (None, None) => None,
    };
    let clients = match (&options.tls_client_ca, options.tls_client_cert) {
        (Some(file), demand) => Some((file.clone(), demand.unwrap_or(ClientCertificate::Optional).into())),
        (None, Some(ClientCertificate::Required)) => return Err(Fault::NoClientAuthority),
        (None, _) => None,
    };
    Ok(Some(Source { files, clients }))
}

/// An implicit listener alone says that TLS is wanted.
fn tls_mode(options: &Options) -> TlsMode {
    let unsaid = if options.implicit_tls.is_empty() { TlsMode::Off } else { TlsMode::Optional };
    options.tls.unwrap_or(unsaid)
}

/// What the engine is told; what was left out keeps the engine's own default.
fn engine_config(options: &Options) -> Config {
    let mut config = Config::default();
    config.passive_ports = options.passive_ports.clone().map(|range| range.0);
    config.public_address = options.public_address;
    // No local disk lets the time of creation be set, and FEAT must not promise it.
    config.disabled = VerbSet::of(Verb::Mfct);
    if let Some(seconds) = options.idle_timeout {
        config.timeouts.idle = Duration::from_secs(seconds.get().into());
        config.timeouts.idle_max = config.timeouts.idle_max.max(config.timeouts.idle);
    }
    let mode = tls_mode(options);
    if mode != TlsMode::Off {
        config.tls.offered = Switch::On;
    }
    if mode == TlsMode::Required {
        (config.tls.login, config.tls.data) = (Demand::Required, Demand::Required);
    }
    if options.tls_data_reuse == Some(Toggle::On) {
        config.tls.data_reuse = Demand::Required;
    }
    if let Some(active) = options.active {
        config.active_mode = active.into();
    }
    if let Some(keep) = options.keep_partial {
        config.keep_partial = keep.into();
    }
    config
}

fn count(given: Option<NonZeroU32>, default: usize) -> usize {
    given.and_then(|n| usize::try_from(n.get()).ok()).unwrap_or(default)
}

/// Reads the configuration file. Its paths are relative to it.
fn read_file(path: &Path) -> Result<Options, Fault> {
    let text = fs::read_to_string(path).map_err(|cause| Fault::ConfigUnreadable { path: path.to_path_buf(), cause })?;
    let mut options: Options = toml::from_str(&text).map_err(|error| Fault::ConfigBroken {
        path: path.to_path_buf(),
        line: error.span().map_or(1, |span| line_of(&text, span.start)),
        message: one_line(error.message()),
    })?;
    let base = path.parent().unwrap_or(Path::new(""));
    let Options { directory, users_file, tls_cert, tls_key, tls_client_ca, .. } = &mut options;
    for inner in [directory, users_file, tls_cert, tls_key, tls_client_ca].into_iter().flatten() {
        *inner = base.join(&*inner);
    }
    Ok(options)
}

/// The line that holds the byte at `offset`, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn one_line(message: &str) -> String {
    message.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Only this machine, and a port that needs no privilege.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2121);

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> Settings {
        Settings::decide(toml::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn without_a_word_anyone_may_look_at_the_working_directory() {
        let settings = from_toml("");
        assert_eq!(settings.directory, Path::new("."));
        assert_eq!(settings.listen, ["127.0.0.1:2121".parse().unwrap()]);
        assert_eq!(settings.anonymous, Some(Access::ReadOnly));
    }

    #[test]
    fn anonymous_is_off_once_there_are_users_unless_it_is_asked_for() {
        assert_eq!(from_toml("user = ['a:b']").anonymous, None);
        assert_eq!(from_toml("users-file = 'x'").anonymous, None);
        assert_eq!(from_toml("user = ['a:b']\nanonymous = 'drop'").anonymous, Some(Access::Drop));
    }

    #[test]
    fn the_command_line_wins_and_takes_lists_whole() {
        let file: Options =
            toml::from_str("user = ['a:b', 'c:d']\nmax-sessions = 5\nactive = 'off'\nkeep-partial = true").unwrap();
        let line: Options = toml::from_str("user = ['e:f']\nmax-sessions = 6").unwrap();
        let settings = Settings::decide(line.or(file)).unwrap();
        assert_eq!(settings.users.iter().map(|user| &*user.name).collect::<Vec<_>>(), ["e"]);
        assert_eq!(settings.max_sessions, 6);
        assert!(!settings.engine.active_mode.is_on());
        assert!(settings.engine.keep_partial.is_on());
    }

    #[test]
    fn tls_is_off_until_it_or_a_listener_for_it_is_asked_for() {
        assert!(from_toml("").tls.is_none());
        assert!(!from_toml("").engine.tls.offered.is_on());
        let implicit = from_toml("implicit-tls = ['127.0.0.1:990']");
        assert!(implicit.tls.is_some() && implicit.engine.tls.offered.is_on());
        assert!(!implicit.engine.tls.login.is_required());
        let required = from_toml("tls = 'required'").engine.tls;
        assert!(required.login.is_required() && required.data.is_required() && !required.data_reuse.is_required());
        assert!(from_toml("tls = 'optional'\ntls-data-reuse = 'on'").engine.tls.data_reuse.is_required());
        let files = from_toml("tls = 'optional'\ntls-cert = 'both.pem'").tls.unwrap().files.unwrap();
        assert_eq!(files, ("both.pem".into(), "both.pem".into()));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let decide = |text| Settings::decide(toml::from_str(text).unwrap());
        assert!(matches!(decide("anonymous = 'off'"), Err(Fault::NobodyMayEnter)));
        assert!(matches!(decide("user = ['a:b', 'a:c']"), Err(Fault::UserTwice { .. })));
        assert!(matches!(decide("tls-cert = 'x'"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("tls = 'off'\nimplicit-tls = ['127.0.0.1:990']"), Err(Fault::TlsIsOff)));
        assert!(matches!(decide("tls = 'optional'\ntls-key = 'x'"), Err(Fault::KeyWithoutCertificate)));
        let demanded = "tls = 'optional'\ntls-client-cert = 'required'";
        assert!(matches!(decide(demanded), Err(Fault::NoClientAuthority)));
    }
}
