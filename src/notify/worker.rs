//! The worker: takes what is due from the outbox, sends it, and records what came of it. Killed in between, it sends
//! again, under the same id.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::id::{EndpointId, Entropy};
use crate::mirror::Mirror;
use crate::notify::endpoints::append;
use crate::notify::letter::{self, Envelope};
use crate::notify::outgoing::Answer;
use crate::notify::{Notifier, address, key_expiry, mail, message, post, report};
use crate::nouns::context::{Actor, Context};
use crate::nouns::endpoint::Endpoint;
use crate::nouns::notice::EventKind;
use crate::nouns::warning::WarningState;
use crate::store::error::StoreError;
use crate::store::outbox::{self, Leased, Receiver, Settled};
use crate::store::tx::Tx;
use crate::store::{endpoints, mail_server, task_warnings};

/// How often the worker looks for what is due, and whether a key has passed a mark.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_AT_KEYS: SignedDuration = SignedDuration::from_mins(1);
/// So many receivers are spoken to at once: one that hangs keeps nobody waiting.
const AT_ONCE: usize = 8;
/// How long after each attempt the next one comes; after the last, nothing is tried any more. Over 17 hours in all.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
];
/// After so many deliveries given up one after another, a webhook is switched off.
const SWITCHED_OFF_AFTER: i64 = 5;
/// How long the log of deliveries goes back.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, notifier: Notifier) {
    let mut sending = JoinSet::new();
    let mut looked_at_keys: Option<Timestamp> = None;
    loop {
        let now = notifier.clock.now();
        if looked_at_keys.is_none_or(|at| now.duration_since(at) >= LOOK_AT_KEYS) {
            looked_at_keys = Some(now);
            if let Err(error) = look_at_keys(&mirror, &notifier).await {
                tracing::error!(%error, organization = %mirror.organization().id, "notice.keys");
            }
        }
        while sending.len() < AT_ONCE {
            match take(&mirror, &notifier).await {
                Ok(Some(leased)) => {
                    let (mirror, notifier) = (mirror.clone(), notifier.clone());
                    sending.spawn(async move { send_and_settle(&mirror, &notifier, &leased).await });
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, organization = %mirror.organization().id, "notice.take");
                    break;
                }
            }
        }
        tokio::select! {
            ended = sending.join_next(), if !sending.is_empty() => {
                if let Some(Ok(Err(error))) = ended {
                    tracing::error!(%error, organization = %mirror.organization().id, "notice.settle");
                }
            }
            () = notifier.clock.sleep(LOOK) => {}
        }
    }
}

/// Puts out what is to be told of keys now, and drops what is too old for the log.
pub async fn look_at_keys(mirror: &Mirror, notifier: &Notifier) -> Result<(), StoreError> {
    let (now, entropy) = (notifier.clock.now(), notifier.entropy.clone());
    let oldest = now.checked_sub(KEPT).unwrap_or(now);
    let work = move |tx: &mut Tx| {
        outbox::drop_before(tx, oldest)?;
        key_expiry::tell(tx, now, &entropy)
    };
    mirror.store().write(work).await
}

/// Sends one delivery that is due, if any. Whether there was one.
pub async fn deliver_once(mirror: &Mirror, notifier: &Notifier) -> Result<bool, StoreError> {
    let Some(leased) = take(mirror, notifier).await? else { return Ok(false) };
    send_and_settle(mirror, notifier, &leased).await?;
    Ok(true)
}

async fn take(mirror: &Mirror, notifier: &Notifier) -> Result<Option<Leased>, StoreError> {
    let now = notifier.clock.now();
    if !mirror.store().read(move |tx| outbox::is_due(tx, now)).await? {
        return Ok(None);
    }
    mirror.store().write(move |tx| outbox::take(tx, now)).await
}

async fn send_and_settle(mirror: &Mirror, notifier: &Notifier, leased: &Leased) -> Result<(), StoreError> {
    let _busy = notifier.clock.busy();
    let answer = send(mirror, notifier, leased).await?;
    let now = notifier.clock.now();
    let (settled, said) = judge(&answer, leased.attempt, (now, &notifier.entropy.bytes::<1>()));
    let gone = matches!(answer, Some(Answer::Gone(_)));
    let (leased, entropy) = (leased.clone(), notifier.entropy.clone());
    let settle = move |tx: &mut Tx| {
        if !outbox::settle(tx, &leased, (&settled, &said), now)? {
            return Ok(());
        }
        let Receiver::Endpoint(id) = &leased.receiver else { return warning_ended(tx, &leased, &settled) };
        match settled {
            Settled::Delivered => endpoints::accepted(tx, id),
            // A webhook that somebody switched off or removed has not failed.
            Settled::Dead if answer.is_some() => {
                let in_a_row = endpoints::gave_up(tx, id)?;
                let off = gone || in_a_row >= SWITCHED_OFF_AFTER;
                if off { switch_off(tx, id, (&said, now), &entropy) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    };
    mirror.store().write(settle).await
}

/// A task waits for what becomes of its warnings: who was not told is not acted on.
fn warning_ended(tx: &mut Tx, leased: &Leased, settled: &Settled) -> Result<(), StoreError> {
    let state = match settled {
        Settled::Delivered => WarningState::Delivered,
        Settled::Dead => WarningState::Bounced,
        Settled::Again(_) => return Ok(()),
    };
    if leased.event == EventKind::AccessEnding { task_warnings::settle(tx, &leased.notice, state) } else { Ok(()) }
}

fn switch_off(
    tx: &mut Tx,
    id: &EndpointId,
    (said, now): (&str, Timestamp),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    if !endpoints::switch_off(tx, id, now, said)? {
        return Ok(());
    }
    let detail = serde_json::json!({ "said": said }).to_string();
    append(tx, &Context { actor: Actor::System, now }, ("webhook.switched_off", id.as_str()), (&detail, entropy))
}

/// How a delivery goes on after an answer, and what the log says; without an answer its receiver is not there.
fn judge(answer: &Option<Answer>, attempt: i64, (now, chance): (Timestamp, &[u8; 1])) -> (Settled, String) {
    match answer {
        None => (Settled::Dead, "The receiver was switched off or removed.".to_owned()),
        Some(Answer::Accepted(said)) => (Settled::Delivered, said.clone()),
        Some(Answer::Refused(said) | Answer::Gone(said)) => (Settled::Dead, said.clone()),
        Some(Answer::Again { after, said }) => {
            let pause = usize::try_from(attempt - 1).ok().and_then(|done| PAUSES.get(done));
            let Some(pause) = pause else { return (Settled::Dead, said.clone()) };
            // Up to a tenth more, so that what failed together does not come back together.
            let pause = *pause + *pause * u32::from(chance[0]) / 2560;
            let pause = after.map_or(pause, |asked| asked.max(pause));
            let at = SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok());
            (Settled::Again(at.unwrap_or(now)), said.clone())
        }
    }
}

async fn send(mirror: &Mirror, notifier: &Notifier, leased: &Leased) -> Result<Option<Answer>, StoreError> {
    match &leased.receiver {
        Receiver::Endpoint(id) => send_to_endpoint(mirror, notifier, leased, id).await,
        Receiver::Mail(recipient) => send_by_mail(mirror, notifier, leased, recipient).await,
    }
}

async fn send_to_endpoint(
    mirror: &Mirror,
    notifier: &Notifier,
    leased: &Leased,
    id: &EndpointId,
) -> Result<Option<Answer>, StoreError> {
    let (id, organization, sealing) = (id.clone(), mirror.organization().id.clone(), notifier.sealing.clone());
    let now = notifier.clock.now();
    let read = mirror.store().read(move |tx| {
        let Some(endpoint) = endpoints::find(tx, &id)? else { return Ok(None) };
        let Some(secret) = endpoints::secret(tx, &organization, &id, (now, &sealing))? else { return Ok(None) };
        let base = mail::public_address(tx)?.map(|setting| setting.value);
        Ok(Some((endpoint, secret, base)))
    });
    let Some((Endpoint { draft, .. }, secret, base)) = read.await? else { return Ok(None) };
    if !draft.active && leased.event != EventKind::Test {
        return Ok(None);
    }
    let Ok(secret) = secret else {
        return Ok(Some(Answer::Refused(
            "The secret cannot be opened with this sealing key. Enter it again.".to_owned(),
        )));
    };
    let url = match address::check(&draft.address, draft.style, &notifier.allowed) {
        Ok(url) => url,
        Err(why) => return Ok(Some(Answer::Refused(why.to_string()))),
    };
    let now = notifier.clock.now();
    let body = message::body(leased, draft.style, base.as_deref().unwrap_or_default());
    let headers = message::headers(leased, draft.style, (&secret, &body), now);
    Ok(Some(notifier.outgoing.send(url, &headers, body, now).await))
}

async fn send_by_mail(
    mirror: &Mirror,
    notifier: &Notifier,
    leased: &Leased,
    recipient: &str,
) -> Result<Option<Answer>, StoreError> {
    let (organization, sealing) = (mirror.organization().id.clone(), notifier.sealing.clone());
    let read = mirror.store().read(move |tx| {
        let password = mail_server::password(tx, &organization, &sealing)?;
        let base = mail::public_address(tx)?.map(|setting| setting.value);
        Ok((mail_server::find(tx)?, password, base))
    });
    let (Some(server), Some(password), base) = read.await? else { return Ok(None) };
    let Ok(password) = password else {
        return Ok(Some(Answer::Refused(
            "The password cannot be opened with this sealing key. Enter it again.".to_owned(),
        )));
    };
    let link = base.as_ref().map(|base| format!("{base}{}", leased.page));
    let envelope = Envelope {
        sender: server.sender.clone(),
        recipient: recipient.to_owned(),
        id: leased.id.to_string(),
        at: leased.at,
    };
    let mut letter = letter::of_event(leased.event, &leased.data, link);
    if leased.event == EventKind::Report
        && let Err(why) = report::complete(&mut letter, mirror, leased, base).await
    {
        return Ok(Some(why));
    }
    let message = match letter::compose(&letter, &envelope) {
        Ok(message) => message,
        Err(why) => return Ok(Some(Answer::Refused(why.to_string()))),
    };
    Ok(Some(post::send(message, (&server, &password), &notifier.lookup, &notifier.certificates).await))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_for_now_is_tried_over_hours_and_then_given_up() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let again = Some(Answer::Again { after: None, said: "503".to_owned() });
        let mut at = now;
        for attempt in 1..=7 {
            let (Settled::Again(next), _) = judge(&again, attempt, (at, &[255])) else { panic!("attempt {attempt}") };
            assert!(next > at);
            at = next;
        }
        let hours = at.duration_since(now).as_hours();
        assert!((17..=20).contains(&hours), "{hours}");
        assert_eq!(judge(&again, 8, (at, &[0])).0, Settled::Dead);
    }

    #[test]
    fn a_receiver_is_given_the_time_it_asks_for() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let asked = Some(Answer::Again { after: Some(Duration::from_secs(600)), said: String::new() });
        assert_eq!(judge(&asked, 1, (now, &[0])).0, Settled::Again(now + SignedDuration::from_secs(600)));
        assert_eq!(judge(&Some(Answer::Refused(String::new())), 1, (now, &[0])).0, Settled::Dead);
        assert_eq!(judge(&None, 1, (now, &[0])).0, Settled::Dead);
    }
}
