//! What a scheduled report is completed with when it is sent: the people, written from the generation that it counted, and
//! where it is stopped. So a report that waits for a mail server names nobody in the database, and a second attempt sends
//! what the first one did.

use std::time::Duration;

use crate::mirror::Mirror;
use crate::mirror::export::csv_of;
use crate::notify::letter::{self, Letter};
use crate::notify::outgoing::Answer;
use crate::store::outbox::Leased;

/// Where reports are kept, from the first slash on.
const REPORTS: &str = "/settings/notifications/reports";

/// Completes a report's letter.
///
/// # Errors
/// The generation cannot be built, which is tried again; or the filter has become unreadable, which is not.
pub(super) async fn complete(
    letter: &mut Letter,
    mirror: &Mirror,
    leased: &Leased,
    base: Option<String>,
) -> Result<(), Answer> {
    let text = |name: &str| leased.data[name].as_str().unwrap_or_default();
    if let Some(base) = base {
        letter.footer.push(format!("To stop or change it: {base}{REPORTS}/{}", text("reportId")));
    }
    let people = &leased.data["people"];
    let (Some(filter), Some(generation)) = (people["filter"].as_str(), people["generation"].as_u64()) else {
        return Ok(());
    };
    let snapshot = mirror.of_generation(generation).await.map_err(|error| Answer::Again {
        after: Some(Duration::from_secs(60)),
        said: format!("The people of generation {generation} cannot be read: {error}."),
    })?;
    let (filter, at, zone, name) = (filter.to_owned(), leased.at, mirror.zone(), text("fileName").to_owned());
    let written = tokio::task::spawn_blocking(move || {
        csv_of(&snapshot, &filter, (at, &zone)).map(|pieces| pieces.flatten().collect::<Vec<u8>>())
    });
    let Ok(Some(content)) = written.await else {
        return Err(Answer::Refused("The report's filter has errors, so nobody could be listed.".to_owned()));
    };
    letter.enclosures.push(letter::csv(name, content));
    Ok(())
}
