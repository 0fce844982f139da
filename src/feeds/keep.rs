//! Keeping feeds: made, configured, their groups declared.

use serde_json::json;

use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::{Entropy, FeedId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::{
    Code, Feed, FeedSettings, LONGEST_GRACE, LONGEST_NAME, LONGEST_RETENTION, MOST_EMAILS, ManagedGroup, Threshold,
};
use crate::store::error::StoreError;
use crate::store::feeds;

/// The most feeds there may be.
const MOST: usize = 200;
/// The longest code or name of a group, in characters.
const LONGEST_GROUP: usize = 200;

/// A feed by its code or id.
pub async fn find(mirror: &Mirror, code: &str) -> Result<Feed, NotDone> {
    let code = code.to_owned();
    mirror.store().read(move |tx| feeds::find_by_code(tx, &code)).await?.ok_or(NotDone::NoFeed)
}

/// Every feed, by code.
pub async fn list(mirror: &Mirror) -> Result<Vec<Feed>, StoreError> {
    mirror.store().read(feeds::list).await
}

/// The groups that a feed manages, by code.
pub async fn groups(mirror: &Mirror, feed: i64) -> Result<Vec<ManagedGroup>, StoreError> {
    mirror.store().read(move |tx| feeds::groups(tx, feed)).await
}

/// Makes a feed with the usual settings.
pub async fn create(
    context: &Context,
    mirror: &Mirror,
    (code, name): (&str, &str),
    entropy: &Entropy,
) -> Result<Feed, NotDone> {
    let code = Code::parse(code).map_err(|why| NotDone::Invalid(why.to_string()))?;
    let name = sound_name(name)?;
    let (context, salt, id) = (context.clone(), entropy.bytes(), FeedId::new(entropy, context.now));
    let made = mirror.store().write(move |tx| {
        if feeds::find_by_code(tx, code.as_str())?.is_some() {
            return Ok(Err(NotDone::CodeTaken));
        }
        if feeds::list(tx)?.len() >= MOST {
            return Ok(Err(NotDone::Invalid(format!("there are {MOST} feeds already"))));
        }
        let by = context.actor.as_text();
        feeds::insert(tx, (&id, &code, &name), &FeedSettings::default(), (&by, context.now))?;
        tell::record(tx, &context, ("feed.created", id.as_str()), (json!({ "code": code.as_str() }), None), &salt)?;
        Ok(feeds::find_by_code(tx, code.as_str())?.ok_or(NotDone::NoFeed))
    });
    made.await?
}

/// Changes a feed's name and settings.
pub async fn configure(
    context: &Context,
    mirror: &Mirror,
    (feed, name, settings): (&Feed, &str, FeedSettings),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let name = sound_name(name)?;
    let settings = sound(settings)?;
    let (context, salt, feed) = (context.clone(), entropy.bytes(), feed.clone());
    let configured = mirror.store().write(move |tx| {
        feeds::configure(tx, feed.number, (&name, &settings), (&context.actor.as_text(), context.now))?;
        let detail = json!({
            "auto_apply": settings.auto_apply,
            "force": settings.force.as_str(),
            "emails": settings.emails.len(),
            "mail_personal": settings.mail_personal,
            "expected_by": settings.expected_by.map(|time| time.to_string()),
            "retention_days": settings.retention_days,
            "replace_waiting": settings.replace_waiting,
            "grace_days": settings.grace_days,
        });
        tell::record(tx, &context, ("feed.configured", feed.id.as_str()), (detail, None), &salt)
    });
    Ok(configured.await?)
}

/// Reads addresses as they are typed: separated by commas, each checked.
///
/// # Errors
/// The first that is none.
pub fn addresses(text: &str) -> Result<Vec<String>, NotDone> {
    let mut found: Vec<String> = Vec::new();
    for address in text.split([',', ';', '\n']).map(str::trim).filter(|address| !address.is_empty()) {
        if !is_address(address) {
            return Err(NotDone::Invalid(format!("“{address}” is no e-mail address")));
        }
        if !found.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            found.push(address.to_owned());
        }
    }
    Ok(found)
}

/// Declares a group of a feed, or names it anew.
pub async fn declare_group(
    context: &Context,
    mirror: &Mirror,
    (feed, code, name): (&Feed, &str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let fits =
        |text: &str| !text.is_empty() && text.chars().count() <= LONGEST_GROUP && !text.contains(char::is_control);
    let code = code.trim().to_owned();
    let name = if name.trim().is_empty() { code.clone() } else { name.trim().to_owned() };
    if !fits(&code) || !fits(&name) {
        return Err(NotDone::Invalid(format!("a group's code and name have 1 to {LONGEST_GROUP} characters")));
    }
    let (context, salt, feed) = (context.clone(), entropy.bytes(), feed.clone());
    let declared = mirror.store().write(move |tx| {
        let group = ManagedGroup { code, name, declared_at: context.now, declared_by: context.actor.as_text() };
        feeds::put_group(tx, feed.number, &group)?;
        feeds::bump(tx)?;
        let detail = json!({ "code": group.code });
        tell::record(tx, &context, ("feed.group_declared", feed.id.as_str()), (detail, None), &salt)
    });
    Ok(declared.await?)
}

/// Takes a group's declaration back. Who is in it stays there until a run says otherwise.
pub async fn drop_group(
    context: &Context,
    mirror: &Mirror,
    (feed, code): (&Feed, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let (context, salt, feed, code) = (context.clone(), entropy.bytes(), feed.clone(), code.to_owned());
    let dropped = mirror.store().write(move |tx| {
        if !feeds::drop_group(tx, feed.number, &code)? {
            return Ok(Err(NotDone::Invalid("the feed declares no such group".to_owned())));
        }
        feeds::bump(tx)?;
        let detail = json!({ "code": code });
        tell::record(tx, &context, ("feed.group_dropped", feed.id.as_str()), (detail, None), &salt)?;
        Ok(Ok(()))
    });
    dropped.await?
}

fn sound_name(name: &str) -> Result<String, NotDone> {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.trim() {
        "" => Err(NotDone::Invalid("the name is missing".to_owned())),
        name if name.chars().count() > LONGEST_NAME => {
            Err(NotDone::Invalid(format!("the name has more than {LONGEST_NAME} characters")))
        }
        name => Ok(name.to_owned()),
    }
}

fn sound(settings: FeedSettings) -> Result<FeedSettings, NotDone> {
    let refused = |why: String| Err(NotDone::Invalid(why));
    if settings.emails.len() > MOST_EMAILS {
        return refused(format!("reports go to at most {MOST_EMAILS} addresses"));
    }
    if let Some(address) = settings.emails.iter().find(|address| !is_address(address)) {
        return refused(format!("“{address}” is no e-mail address"));
    }
    if settings.grace_days > LONGEST_GRACE {
        return refused(format!("the grace of leavers is at most {LONGEST_GRACE} days"));
    }
    if settings.retention_days.is_some_and(|days| days == 0 || days > LONGEST_RETENTION) {
        return refused(format!("runs are kept from 1 to {LONGEST_RETENTION} days, or without limit"));
    }
    let thresholds = settings.thresholds;
    let of = |threshold: Threshold| threshold.people >= 1 && threshold.percent <= 100;
    if ![thresholds.leavers, thresholds.email_changes, thresholds.group_leavers].into_iter().all(of) {
        return refused("a threshold is at least 1 person and at most 100 %".to_owned());
    }
    Ok(settings)
}

fn is_address(address: &str) -> bool {
    let Some((local, host)) = address.split_once('@') else { return false };
    let foreign = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]@".contains(c);
    let plain = |part: &str| !part.is_empty() && !part.contains(foreign);
    plain(local) && plain(host) && host.contains('.') && address.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_each_checked() {
        assert_eq!(addresses(" a@b.example, C@d.example ,a@B.example").unwrap(), ["a@b.example", "C@d.example"]);
        assert_eq!(addresses("").unwrap(), [""; 0]);
        for wrong in ["a", "a@b", "a@b.example x@y.example", "<a@b.example>", "a@b.example\rBcc: x@y.example"] {
            assert!(addresses(wrong).is_err(), "{wrong}");
        }
    }
}
