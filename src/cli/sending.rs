//! What commands send at once, a test to a webhook or a report: put out by whoever holds the data folder, and delivered
//! there.

use clock::Clock;
use serde::{Deserialize, Serialize};

use crate::cli::open::{self, Locked, failed, only};
use crate::cli::socket::{self, Came};
use crate::cli::{Place, reports, webhooks};
use crate::config::Config;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::notify::worker::deliver_once;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::sync::pass::Surroundings;

/// What is sent, by name or id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Sent {
    /// A test to this webhook.
    Test(String),
    /// This report.
    Report(String),
}

impl Sent {
    async fn put_out(&self, context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), Refusal> {
        match self {
            Sent::Test(webhook) => webhooks::put_test(context, mirror, webhook, entropy).await,
            Sent::Report(report) => reports::put(context, mirror, report, entropy).await,
        }
    }
}

/// Sends it, or has the server send it that holds the data folder.
pub(crate) async fn hand_over(place: &Place, sent: Sent) -> Result<(), Refusal> {
    let config = Config::read(place.flags())?;
    match open::to_act(&config, Clock::system()).await {
        Ok(opened) => {
            let mirror = only(&opened.mirrors)?;
            answer(&mirror, &opened.surroundings, &sent)
                .await
                .map_err(|[what, why, next]| Refusal::new(what, why, next))?;
            while deliver_once(&mirror, &opened.notifier).await.map_err(failed)? {}
            opened.mirrors.close().await;
            Ok(())
        }
        Err(Locked::Refused(refusal)) => Err(refusal),
        Err(Locked::Elsewhere) => {
            let came = socket::came(&config.data, "send", &sent).await?;
            came.map(drop).map_err(|[what, why, next]| Refusal::new(what, why, next))
        }
    }
}

/// Puts it out, in whoever holds the data folder.
pub(crate) async fn answer(mirror: &Mirror, surroundings: &Surroundings, sent: &Sent) -> Came {
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let put = sent.put_out(&context, mirror, &surroundings.entropy).await;
    put.map(|()| String::new()).map_err(|refusal| [refusal.what, refusal.why, refusal.next])
}
