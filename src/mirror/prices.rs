//! Entering and removing prices of seats: what changed and the event that tells it, in one transaction. A price holds
//! for an app that the organization has; it must change nothing but what is shown as cost.

use thiserror::Error;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::price::{Price, SeatPrice};
use crate::store::error::StoreError;
use crate::store::{events, seat_prices};

/// What a price holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedApp {
    /// The app by its key.
    pub app: String,
    /// The site by its cloud id; `None` for every site without a price of its own.
    pub site: Option<String>,
}

/// Why a price was not entered or removed.
#[derive(Debug, Error)]
pub enum NotPriced {
    /// The organization has no such app there.
    #[error("the organization has no such app there")]
    NoSuchApp,
    /// There is no price to remove.
    #[error("it has no price")]
    NoPrice,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Enters a price, or another one in its place.
///
/// # Errors
/// There is no such app, or the database failed.
pub async fn enter(
    context: &Context,
    mirror: &Mirror,
    (priced, price): (PricedApp, Price),
    entropy: &Entropy,
) -> Result<(), NotPriced> {
    let snapshot = mirror.current();
    let is_it = |resource: &directory::Resource| {
        resource.id.owner() == priced.app && priced.site.as_deref().is_none_or(|site| resource.id.site() == site)
    };
    if !snapshot.resources().iter().any(is_it) {
        return Err(NotPriced::NoSuchApp);
    }
    let detail = serde_json::json!({ "site": priced.site, "price": price.to_string() });
    let (event, salt) = (event(context, "seat_price.entered", &priced.app, &detail), entropy.bytes());
    let entered = SeatPrice {
        app: priced.app,
        site: priced.site,
        price,
        changed_by: context.actor.as_text(),
        changed_at: context.now,
    };
    let written = mirror.store().write(move |tx| {
        seat_prices::put(tx, &entered)?;
        events::append(tx, &event, &salt).map(drop)
    });
    Ok(written.await?)
}

/// Removes a price. An app's sites keep those of their own.
///
/// # Errors
/// There is none, or the database failed.
pub async fn remove(context: &Context, mirror: &Mirror, priced: PricedApp, entropy: &Entropy) -> Result<(), NotPriced> {
    let detail = serde_json::json!({ "site": priced.site });
    let (event, salt) = (event(context, "seat_price.removed", &priced.app, &detail), entropy.bytes());
    let removed = mirror.store().write(move |tx| {
        if !seat_prices::delete(tx, &priced.app, priced.site.as_deref())? {
            return Ok(false);
        }
        events::append(tx, &event, &salt)?;
        Ok(true)
    });
    if removed.await? { Ok(()) } else { Err(NotPriced::NoPrice) }
}

fn event(context: &Context, kind: &'static str, app: &str, detail: &serde_json::Value) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: app.to_owned(),
        detail: detail.to_string(),
        personal: String::new(),
    }
}
