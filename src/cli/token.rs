//! `rollcall token`: access tokens of the API, made, listed and revoked. With a running server the work is handed to it;
//! the secret comes back once and is stored nowhere.

use clap::{Args, Subcommand, ValueEnum};
use clock::Clock;
use serde::{Deserialize, Serialize};

use crate::auth::access_tokens::{self, NotDone};
use crate::cli::open::{self, Locked, to_read};
use crate::cli::table::table;
use crate::cli::{Exit, Place, socket};
use crate::config::Config;
use crate::id::Entropy;
use crate::nouns::access_token::{AccessToken, Reach};
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::store::db::Store;

/// `rollcall token`
#[derive(Args, Debug)]
pub struct Token {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make an access token and print it, once
    Create(Create),
    /// List the access tokens, without what opens anything
    List(List),
    /// Revoke an access token, by name or id
    Revoke(Revoke),
}

/// `rollcall token create`
#[derive(Args, Debug)]
pub struct Create {
    /// What it is for, such as the program that will hold it
    #[arg(long)]
    pub name: String,
    /// After how many days it ends by itself [default: never]
    #[arg(long, value_name = "DAYS")]
    pub expires: Option<u32>,
    /// For which administrator it acts, where there are several
    #[arg(long = "for", value_name = "USERNAME")]
    pub username: Option<String>,
    /// What it may do
    #[arg(long, default_value = "manage")]
    pub may: May,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum May {
    /// Ask
    Read,
    /// Also start syncs, keep filters, and decide about withheld rows
    Manage,
    /// Also approve and undo operations at Atlassian, and change webhooks
    Act,
}

/// `rollcall token list`
#[derive(Args, Debug)]
pub struct List {
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// `rollcall token revoke`
#[derive(Args, Debug)]
pub struct Revoke {
    /// Its name or id
    pub token: String,
}

/// What was asked for, as it is handed to a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Create { name: String, days: Option<u32>, username: Option<String>, may: Option<String> },
    Revoke { token: String },
}

/// What came of it, as a running server answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Came {
    Created { id: String, secret: String },
    Revoked { id: String },
    Refused { what: String, why: String, next: String },
}

impl May {
    fn reach(self) -> Reach {
        match self {
            May::Read => Reach::Read,
            May::Manage => Reach::Manage,
            May::Act => Reach::Act,
        }
    }
}

/// Runs the command.
pub async fn run(token: &Token) -> Result<Exit, Refusal> {
    let wanted = match &token.action {
        Action::List(list) => return show(&token.place, list).await,
        Action::Create(Create { name, expires, username, may }) => {
            let may = Some(may.reach().as_str().to_owned());
            Wanted::Create { name: name.clone(), days: *expires, username: username.clone(), may }
        }
        Action::Revoke(revoke) => Wanted::Revoke { token: revoke.token.clone() },
    };
    let config = Config::read(token.place.flags())?;
    let came = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => {
            let surroundings = &opened.surroundings;
            let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
            let came = carry_out(&context, opened.mirrors.control(), wanted, &surroundings.entropy).await;
            opened.mirrors.close().await;
            came
        }
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            let wanted = serde_json::to_string(&wanted).unwrap_or_default();
            let answer = socket::ask(&config.data, &format!("token {wanted}")).await?;
            serde_json::from_str(&answer)
                .map_err(|_| Refusal::new("Nothing was done.", answer, "Update the server."))?
        }
    };
    match came {
        Came::Created { id, secret } => {
            eprintln!("Access token {id}. It is shown this once; keep it where only its program reads it:");
            println!("{secret}");
            Ok(Exit::Done)
        }
        Came::Revoked { id } => {
            eprintln!("Access token {id} opens nothing any more.");
            Ok(Exit::Done)
        }
        Came::Refused { what, why, next } => Err(Refusal::new(what, why, next)),
    }
}

/// Does what was asked for, on the databases that this process holds.
pub(crate) async fn carry_out(context: &Context, control: &Store, wanted: Wanted, entropy: &Entropy) -> Came {
    let done = match wanted {
        Wanted::Create { name, days, username, may } => {
            let reach = may.as_deref().and_then(Reach::parse).unwrap_or_default();
            let wanted = access_tokens::Wanted { name, days, username, reach };
            let made = access_tokens::create(context, control, wanted, entropy).await;
            made.map(|(token, secret)| Came::Created { id: token.id.to_string(), secret: secret.expose() })
        }
        Wanted::Revoke { token } => {
            let revoked = access_tokens::revoke(context, control, &token, entropy).await;
            revoked.map(|token| Came::Revoked { id: token.id.to_string() })
        }
    };
    done.unwrap_or_else(|why| {
        let Refusal { what, why, next } = refused(&why);
        Came::Refused { what, why, next }
    })
}

fn refused(why: &NotDone) -> Refusal {
    let next = match why {
        NotDone::Name(_) => "Say with --name what the token is for.",
        NotDone::NameTaken => "Choose another --name, or revoke that token first.",
        NotDone::Days => "Give --expires another number of days.",
        NotDone::NoAdministrator => "Create the administrator with the link that `rollcall serve` prints.",
        NotDone::WhichAdministrator | NotDone::UnknownAdministrator => "Name one with --for USERNAME.",
        NotDone::UnknownToken => "See `rollcall token list`.",
        NotDone::Store(_) => "Run `rollcall doctor` for more.",
    };
    let why = why.to_string();
    let mut letters = why.chars();
    let why: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Refusal::new("Nothing was done.", format!("{why}."), next)
}

async fn show(place: &Place, list: &List) -> Result<Exit, Refusal> {
    let mirrors = to_read(place).await?;
    let tokens = access_tokens::list(mirrors.control()).await.map_err(|error| {
        let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
        Refusal::new("Nothing was listed.", format!("The database failed: {error}."), next)
    })?;
    let now = Clock::system().now();
    if list.json {
        for token in &tokens {
            let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
            let line = serde_json::json!({
                "id": token.id.as_str(), "name": token.name.as_str(), "administrator": token.username,
                "state": token.standing(now).as_str(), "may": token.reach.as_str(), "created_by": token.created_by,
                "created_at": token.created_at.to_string(), "expires_at": moment(token.expires_at),
                "last_used_at": moment(token.last_used_at), "revoked_at": moment(token.revoked_at),
            });
            println!("{line}");
        }
    } else if tokens.is_empty() {
        eprintln!("There is no access token. `rollcall token create --name NAME` makes one.");
    } else {
        let cells = |token: &AccessToken| {
            let day = |at: Option<jiff::Timestamp>| {
                at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
            };
            vec![
                token.name.as_str().to_owned(),
                token.standing(now).as_str().to_owned(),
                token.reach.as_str().to_owned(),
                token.username.clone(),
                day(token.last_used_at),
                day(token.expires_at),
                token.id.to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = tokens.iter().map(cells).collect();
        print!("{}", table(&["name", "state", "may", "acts for", "last used", "expires", "id"], &rows));
    }
    Ok(Exit::Done)
}
