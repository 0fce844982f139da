//! Where an installation lives and how it reaches the world: read once, from flags and the environment, at start.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use clock::Clock;

use crate::id::Entropy;
use crate::mirror::mirrors::Databases;
use crate::notify::Notifier;
use crate::notify::address::{Allowed, Lookup};
use crate::nouns::refusal::Refusal;
use crate::store::db::Options;
use crate::store::organization_keys::SealingKey;
use crate::sync::connect::Network;

/// An installation's places.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of SQLite databases, the lock and the socket.
    pub data: PathBuf,
    /// A PostgreSQL database instead of the folder's files.
    pub database: Option<String>,
    /// The file of the key that seals stored secrets.
    pub key_file: PathBuf,
    /// How the network is reached.
    pub network: Network,
    /// Internal hosts and networks that notices may go to.
    pub notices_allowed: Allowed,
    /// The time zone of new organizations.
    pub time_zone: String,
    #[cfg(feature = "faults")]
    faults: Option<crate::store::faults::FaultPlan>,
}

/// What flags may say; everything else comes from the environment or is the default.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--database`
    pub database: Option<String>,
}

impl Config {
    /// Reads the environment beneath the flags.
    ///
    /// # Errors
    /// No home folder is known and no folder is named; a certificate file cannot be read; a fault plan is malformed.
    pub fn read(flags: Flags) -> Result<Config, Refusal> {
        let home = variable("HOME").map(PathBuf::from);
        let folder = |name: &str, beneath: &str| {
            variable(name).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(beneath)))
        };
        let no_home = || {
            Refusal::new(
                "Rollcall cannot start.",
                "Neither a data folder nor HOME is set.",
                "Name a folder with --data and a key file with ROLLCALL_KEY_FILE.",
            )
        };
        let data = match flags.data.or_else(|| variable("ROLLCALL_DATA").map(PathBuf::from)) {
            Some(data) => data,
            None => folder("XDG_DATA_HOME", ".local/share").ok_or_else(no_home)?.join("rollcall"),
        };
        let key_file = match variable("ROLLCALL_KEY_FILE") {
            Some(file) => PathBuf::from(file),
            None => {
                match variable("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join("rollcall-sealing-key")) {
                    Some(file) if file.exists() => file,
                    _ => folder("XDG_CONFIG_HOME", ".config").ok_or_else(no_home)?.join("rollcall/sealing.key"),
                }
            }
        };
        let certificate_authority = match variable("ROLLCALL_CA_FILE") {
            None => None,
            Some(file) => Some(std::fs::read(&file).map_err(|error| {
                Refusal::new(
                    "Rollcall cannot start.",
                    format!("The certificate authority in {file} cannot be read: {error}."),
                    "Correct ROLLCALL_CA_FILE.",
                )
            })?),
        };
        let notices_allowed =
            Allowed::parse(&variable("ROLLCALL_NOTICES_ALLOW").unwrap_or_default()).map_err(|entry| {
                Refusal::new(
                    "Rollcall cannot start.",
                    format!("In ROLLCALL_NOTICES_ALLOW, {entry} is no host, address or network."),
                    "Write host names, addresses and networks such as 10.1.0.0/16, with commas between them.",
                )
            })?;
        Ok(Config {
            data,
            database: flags.database.or_else(|| variable("ROLLCALL_DATABASE_URL")),
            key_file,
            network: Network { proxy: variable("ROLLCALL_PROXY"), certificate_authority },
            notices_allowed,
            time_zone: jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
            #[cfg(feature = "faults")]
            faults: fault_plan()?,
        })
    }

    /// Where the databases are.
    pub fn databases(&self) -> Databases {
        match &self.database {
            Some(url) => Databases::Postgres { url: url.clone(), prefix: String::new() },
            None => Databases::Folder(self.data.clone()),
        }
    }

    /// What notices are sent with.
    ///
    /// # Errors
    /// The proxy or the certificate authority cannot be used.
    pub fn notifier(&self, clock: Clock, entropy: Entropy, sealing: SealingKey) -> Result<Notifier, Refusal> {
        let certificates = self.network.certificate_authority.as_deref().unwrap_or_default();
        let network = (self.network.proxy.as_deref(), certificates);
        let places = (self.notices_allowed.clone(), Lookup::Machine);
        Notifier::new((clock, entropy), sealing, places, network)
            .map_err(|why| Refusal::new("Rollcall cannot start.", why, "Correct ROLLCALL_PROXY or ROLLCALL_CA_FILE."))
    }

    /// How the stores work.
    pub fn store_options(&self, clock: Clock) -> Options {
        #[cfg(feature = "faults")]
        return Options { faults: self.faults, ..Options::new(clock) };
        #[cfg(not(feature = "faults"))]
        return Options::new(clock);
    }

    /// Makes the data folder, for its owner only.
    pub fn make_data_folder(&self) -> Result<(), Refusal> {
        private_folder(&self.data)
    }

    /// The sealing key, made at first start.
    ///
    /// # Errors
    /// The file cannot be read or made, or is no key.
    pub fn sealing_key(&self, entropy: &Entropy) -> Result<SealingKey, Refusal> {
        let refused = |why: String| {
            let file = self.key_file.display();
            Refusal::new("Rollcall cannot start.", format!("{why} ({file})"), "Correct ROLLCALL_KEY_FILE or the file.")
        };
        let mut text = String::new();
        match std::fs::File::open(&self.key_file) {
            Ok(mut file) => {
                file.read_to_string(&mut text)
                    .map_err(|error| refused(format!("The key file cannot be read: {error}.")))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                text = entropy.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
                if let Some(folder) = self.key_file.parent() {
                    private_folder(folder)?;
                }
                let mut file = private_file(&self.key_file)
                    .map_err(|error| refused(format!("The key file cannot be made: {error}.")))?;
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(|error| refused(format!("The key file cannot be written: {error}.")))?;
            }
            Err(error) => return Err(refused(format!("The key file cannot be read: {error}."))),
        }
        let bytes = hexadecimal(text.trim())
            .ok_or_else(|| refused("The key file holds no key of 64 hexadecimal digits.".to_owned()))?;
        Ok(SealingKey::new(bytes))
    }
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn private_folder(folder: &Path) -> Result<(), Refusal> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Refusal::new(
            "Rollcall cannot start.",
            format!("The folder {} cannot be made: {error}.", folder.display()),
            "Name another folder, or give its owner the right to write.",
        )
    })
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(feature = "faults")]
fn fault_plan() -> Result<Option<crate::store::faults::FaultPlan>, Refusal> {
    variable("ROLLCALL_FAULT_COMMIT")
        .map(|text| {
            text.parse().map_err(|_| {
                Refusal::new("Rollcall cannot start.", "ROLLCALL_FAULT_COMMIT is no fault plan.", "Write N or N:after.")
            })
        })
        .transpose()
}

/// The feed key with which `rollcall upload` sends.
pub fn feed_key() -> Option<String> {
    variable("ROLLCALL_FEED_KEY")
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> Config {
        Config {
            data: folder.join("data"),
            database: None,
            key_file: folder.join("config/sealing.key"),
            network: Network::default(),
            notices_allowed: Allowed::default(),
            time_zone: "UTC".to_owned(),
            #[cfg(feature = "faults")]
            faults: None,
        }
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_only_and_read_ever_after() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let made = config.sealing_key(&Entropy::seeded(1)).unwrap().fingerprint();
        assert_eq!(config.sealing_key(&Entropy::seeded(2)).unwrap().fingerprint(), made);
        let mode = std::fs::metadata(&config.key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_file_that_holds_no_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        std::fs::create_dir_all(folder.path().join("config")).unwrap();
        std::fs::write(&config.key_file, "not a key").unwrap();
        let refusal = config.sealing_key(&Entropy::seeded(1)).unwrap_err();
        assert!(refusal.why.contains("64 hexadecimal digits"), "{refusal}");
        assert_eq!(std::fs::read_to_string(&config.key_file).unwrap(), "not a key");
    }
}
