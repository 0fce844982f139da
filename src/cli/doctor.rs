//! `rollcall doctor`: looks at everything an installation rests on and says, line by line, what holds and what to do.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use clock::Clock;

use crate::cli::open::to_read;
use crate::cli::{Exit, Place};
use crate::config::Config;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::organization_key::Validity;
use crate::nouns::refusal::Refusal;
use crate::store::organization_keys::{self, SealingKey};
use crate::store::{events, runs, site_credentials};
use crate::sync::bundle::{self, Surrounding};
use crate::sync::connect::Connector;
use crate::sync::sites;

/// `rollcall doctor`
#[derive(Args, Debug)]
pub struct Doctor {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Do not ask Atlassian anything
    #[arg(long)]
    pub offline: bool,
    /// Write a support bundle into this file, without names and secrets, instead
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
}

/// The lines said so far, and whether one of them was bad.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn good(&self, what: &str) {
        println!("ok    {what}");
    }

    fn worth_a_look(&self, what: &str) {
        println!("look  {what}");
    }

    fn bad(&mut self, what: &str) {
        self.failed = true;
        println!("FAIL  {what}");
    }
}

/// Runs the command.
pub async fn run(doctor: &Doctor) -> Result<Exit, Refusal> {
    if let Some(file) = &doctor.bundle {
        return write_bundle(&doctor.place, file).await;
    }
    let mut report = Report::default();
    let config = Config::read(doctor.place.flags())?;
    report.good(&format!("rollcall {}", env!("CARGO_PKG_VERSION")));
    check_files(&config, &mut report);
    let mirrors = match to_read(&doctor.place).await {
        Ok(mirrors) => mirrors,
        Err(refusal) => {
            report.bad(&refusal.to_string());
            return Ok(Exit::Failed);
        }
    };
    match mirrors.control().read(events::verify).await {
        Ok(Ok(events)) => report.good(&format!("control database, {events} events, the chain holds")),
        Ok(Err(broken)) => report.bad(&format!("the audit chain of the control database is broken: {broken:?}")),
        Err(error) => report.bad(&format!("the control database failed: {error}")),
    }
    let sealing = if config.key_file.exists() { config.sealing_key(&Entropy::machine()).ok() } else { None };
    if mirrors.all().is_empty() {
        report.worth_a_look("no organization is connected: start `rollcall serve` and open the page it prints");
    }
    let connector = sealing.clone().map(|sealing| {
        let (clock, entropy) = (Clock::system(), Entropy::machine());
        Connector::new(mirrors.clone(), (clock, entropy), sealing, config.network.clone(), config.time_zone.clone())
    });
    for mirror in mirrors.all() {
        check_organization(&mirror, &mut report).await;
        if let (Some(sealing), Some(connector)) = (&sealing, &connector) {
            let asking = (!doctor.offline).then_some(connector);
            check_key(&mirror, sealing.clone(), asking, &mut report).await;
            check_sites(&mirror, asking, &mut report).await;
        }
    }
    Ok(if report.failed { Exit::Failed } else { Exit::Done })
}

/// Packs a support bundle.
async fn write_bundle(place: &Place, file: &Path) -> Result<Exit, Refusal> {
    let config = Config::read(place.flags())?;
    let mirrors = to_read(place).await?;
    let is_set = |set: bool| (if set { "set" } else { "not set" }).to_owned();
    let configured = vec![
        ("databases", (if config.database.is_some() { "PostgreSQL" } else { "files" }).to_owned()),
        ("proxy", is_set(config.network.proxy.is_some())),
        ("certificate_authority", is_set(config.network.certificate_authority.is_some())),
        ("key_file", (if config.key_file.exists() { "there" } else { "missing" }).to_owned()),
    ];
    let surrounding = Surrounding { faults: Vec::new(), configured };
    let refused =
        |why: String| Refusal::new("No support bundle was written.", why, "Name another file, or look again.");
    let packed = bundle::pack(&mirrors, &surrounding, Clock::system().now()).await;
    let packed = packed.map_err(|error| refused(format!("It could not be packed: {error}.")))?;
    std::fs::write(file, packed).map_err(|error| refused(format!("{} cannot be written: {error}.", file.display())))?;
    println!("{} holds versions, settings without secrets, recent runs and what they noted.", file.display());
    println!("Names, addresses and account ids are left out. Look at it before you send it.");
    Ok(Exit::Done)
}

fn check_files(config: &Config, report: &mut Report) {
    match std::fs::metadata(&config.key_file) {
        Ok(file) if file.permissions().mode() & 0o077 != 0 => {
            let file = config.key_file.display();
            report.bad(&format!("the key file {file} can be read by others: chmod 600 {file}"));
        }
        Ok(_) => report.good(&format!("key file {}", config.key_file.display())),
        Err(error) => report.worth_a_look(&format!("no key file {} yet ({error})", config.key_file.display())),
    }
    match (&config.database, std::fs::metadata(&config.data)) {
        (Some(_), _) => report.good("databases in PostgreSQL"),
        (None, Ok(folder)) if folder.permissions().mode() & 0o077 != 0 => {
            let folder = config.data.display();
            report.worth_a_look(&format!("the data folder {folder} can be entered by others: chmod 700 {folder}"));
        }
        (None, Ok(_)) => report.good(&format!("data folder {}", config.data.display())),
        (None, Err(error)) => report.bad(&format!("no data folder {}: {error}", config.data.display())),
    }
}

async fn check_organization(mirror: &Mirror, report: &mut Report) {
    let name = &mirror.organization().name;
    let snapshot = mirror.current();
    report.good(&format!(
        "{name}: generation {}, {} people, {} groups, sealed {}",
        snapshot.generation(),
        snapshot.present().len(),
        snapshot.groups_by_name().len(),
        snapshot.sealed_at(),
    ));
    match mirror.store().read(events::verify).await {
        Ok(Ok(events)) => report.good(&format!("{name}: {events} events, the chain holds")),
        Ok(Err(broken)) => report.bad(&format!("{name}: the audit chain is broken: {broken:?}")),
        Err(error) => report.bad(&format!("{name}: the database failed: {error}")),
    }
    match mirror.store().read(runs::open).await {
        Ok(Some(run)) => report.worth_a_look(&format!("{name}: run {} is {}", run.number, run.state.as_str())),
        Ok(None) => {}
        Err(error) => report.bad(&format!("{name}: the database failed: {error}")),
    }
}

/// Looks at the stored key, and asks Atlassian with it where that is wanted.
async fn check_key(mirror: &Mirror, sealing: SealingKey, asking: Option<&Connector>, report: &mut Report) {
    let name = &mirror.organization().name;
    let id = mirror.organization().id.clone();
    match mirror.store().read(move |tx| organization_keys::current(tx, &id, &sealing)).await {
        Ok(None) => report.bad(&format!("{name}: no organization API key is stored: enter one on the pages")),
        Ok(Some((_, Err(cannot)))) => {
            report.bad(&format!("{name}: the organization API key cannot be opened: {cannot:?}"))
        }
        Ok(Some((key, Ok(secret)))) => {
            match key.expires_at {
                Some(at) if at <= Clock::system().now() => {
                    report.bad(&format!("{name}: the organization API key expired {at}: replace it"));
                }
                Some(at) => report.good(&format!("{name}: organization API key …{} until {at}", key.last_four)),
                None => report.worth_a_look(&format!("{name}: nobody told when the key …{} expires", key.last_four)),
            }
            if let Some(connector) = asking {
                ask_atlassian(mirror, connector, &secret, report).await;
            }
        }
        Err(error) => report.bad(&format!("{name}: the database failed: {error}")),
    }
}

async fn ask_atlassian(mirror: &Mirror, connector: &Connector, secret: &str, report: &mut Report) {
    let name = &mirror.organization().name;
    match connector.check(&mirror.organization().base_url, secret).await {
        Ok(found) if found.atlassian_id == mirror.organization().atlassian_id => {
            report.good(&format!("{name}: Atlassian answers"));
        }
        Ok(found) => report.bad(&format!("{name}: the key answers for another organization, {}", found.name)),
        Err(refusal) => report.bad(&format!("{name}: {}", refusal.why)),
    }
}

/// Looks at the stored credentials of sites, and asks the sites with them where that is wanted.
async fn check_sites(mirror: &Mirror, asking: Option<&Connector>, report: &mut Report) {
    let name = &mirror.organization().name;
    let known = match mirror.store().read(site_credentials::in_use).await {
        Ok(known) => known,
        Err(error) => return report.bad(&format!("{name}: the database failed: {error}")),
    };
    for credential in known {
        let of = format!("{name}: the token …{} of {}", credential.last_four, credential.site);
        if credential.validity(Clock::system().now()) == Validity::Expired {
            report.bad(&format!("{of} has expired: replace it under Settings, Sites"));
            continue;
        }
        let standing = match asking {
            None => credential.standing,
            Some(connector) => match sites::ask_again(connector, mirror, &credential.cloud_id).await {
                Ok(Some(credential)) => credential.standing,
                Ok(None) => continue,
                Err(error) => return report.bad(&format!("{name}: the database failed: {error}")),
            },
        };
        match standing.refused {
            Some(refused) => report.bad(&format!("{of} was refused: {refused}")),
            None => report.good(&format!("{of} is taken")),
        }
    }
}
