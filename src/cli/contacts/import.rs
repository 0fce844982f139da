//! `rollcall contacts import`: a file of contacts or companies, looked at first.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::cli::contacts::{Doing, Done, entity};
use crate::cli::table::table;
use crate::contacts::define;
use crate::contacts::import::meaning::{Meaning, Same, Target};
use crate::contacts::import::rows::Outcome;
use crate::contacts::import::{self, LARGEST, Tried};
use crate::contacts::trouble::NotDone;
use crate::nouns::refusal::Refusal;

/// `rollcall contacts import`
#[derive(Args, Debug)]
pub struct Import {
    /// Comma-separated values with a row of headings, in UTF-8
    pub file: PathBuf,
    /// It holds companies instead of contacts
    #[arg(long)]
    pub companies: bool,
    /// What a column is: id, name, email, domains, tags, companies, role, a field as fields.level, or nothing after the
    /// equals sign to leave it out [default: what its heading looks like]
    #[arg(long, value_name = "HEADING=WHAT")]
    pub column: Vec<String>,
    /// Which column tells which record a row is; `none` where each row is new [default: id, else email, else name]
    #[arg(long, value_name = "WHAT")]
    pub same: Option<String>,
    /// Leave records alone that are there
    #[arg(long)]
    pub keep: bool,
    /// Import; without it nothing is changed
    #[arg(long)]
    pub yes: bool,
}

/// A file as it is handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    companies: bool,
    file_name: String,
    text: String,
    columns: Vec<(String, String)>,
    same: Option<String>,
    keep: bool,
    yes: bool,
}

impl Import {
    /// Reads the file.
    pub(super) fn read(&self) -> Result<Wanted, Refusal> {
        let refused =
            |why: String| Refusal::new("Nothing was imported.", why, "Name a file of comma-separated values.");
        let bytes = std::fs::read(&self.file)
            .map_err(|error| refused(format!("{} cannot be read: {error}.", self.file.display())))?;
        if bytes.len() > LARGEST {
            return Err(refused(format!("The file is larger than {} MiB.", LARGEST >> 20)));
        }
        let column = |text: &String| {
            let parts = text.rsplit_once('=').map(|(heading, what)| (heading.to_owned(), what.to_owned()));
            parts.ok_or_else(|| refused(format!("--column {text} has no equals sign.")))
        };
        Ok(Wanted {
            companies: self.companies,
            file_name: self.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            columns: self.column.iter().map(column).collect::<Result<_, _>>()?,
            same: self.same.clone(),
            keep: self.keep,
            yes: self.yes,
        })
    }
}

/// Says what a file would do, or asks for the run that does it.
pub(super) async fn answer(doing: &Doing<'_>, wanted: Wanted) -> Done {
    let file = (entity(wanted.companies), wanted.file_name.as_str(), wanted.text.as_bytes());
    let id = import::keep_file(doing.context, doing.mirror, file, doing.entropy).await?;
    let done = of_file(doing, id.as_str(), &wanted).await;
    if !wanted.yes || done.is_err() {
        import::drop_file(doing.mirror, id.as_str()).await?;
    }
    done
}

async fn of_file(doing: &Doing<'_>, id: &str, wanted: &Wanted) -> Done {
    let held = import::held(doing.mirror, id).await?;
    let fields = define::list(doing.mirror).await?;
    let Meaning { entity, mut columns, same, .. } = held.meaning;
    for (heading, what) in &wanted.columns {
        let place = held.headings.iter().position(|known| known.trim().eq_ignore_ascii_case(heading.trim()));
        let Some(column) = place.and_then(|place| columns.get_mut(place)) else {
            let headings = held.headings.join(", ");
            return Err(NotDone::Invalid(format!("there is no column “{heading}”; there are: {headings}")));
        };
        *column = Target::of_words(what, (entity, &fields))?;
    }
    let same = match wanted.same.as_deref() {
        None => same,
        Some("none") => Same::Never,
        Some(what) => Same::By(Target::of_words(what, (entity, &fields))?),
    };
    let meaning = Meaning { entity, columns, same, update: !wanted.keep };
    let mut told = said(&held.headings, &meaning, &fields);
    import::mean(doing.mirror, (id, meaning)).await?;
    let tried = import::try_out(doing.context, doing.mirror, id, doing.entropy).await?;
    told.push_str(&outcome(&tried));
    if wanted.yes {
        let run = import::start(doing.context, doing.mirror, id, doing.entropy).await?;
        told.push_str(&format!("Run {run} is asked for."));
    } else {
        told.push_str("Nothing was imported. Add --yes to import it.");
    }
    Ok(told)
}

fn said(headings: &[String], meaning: &Meaning, fields: &[contact::field::Field]) -> String {
    let rows: Vec<Vec<String>> = (headings.iter().zip(&meaning.columns))
        .map(|(heading, target)| {
            let is_same = meaning.same == Same::By(target.clone());
            let what = target.in_words(fields);
            let what = if what.is_empty() { "left out".to_owned() } else { what };
            vec![heading.clone(), what, if is_same { "tells which record" } else { "" }.to_owned()]
        })
        .collect();
    table(&["column", "is", ""], &rows)
}

fn outcome(tried: &Tried) -> String {
    let mut text = format!(
        "\n{} new, {} changed, {} as they are, {} left out.\n",
        tried.new, tried.changed, tried.same, tried.refused
    );
    let left_out = tried.rows.iter().filter_map(|(line, name, outcome)| match outcome {
        Outcome::Refused(why) => Some(vec![line.to_string(), name.clone(), why.clone()]),
        _ => None,
    });
    let left_out: Vec<Vec<String>> = left_out.collect();
    if !left_out.is_empty() {
        text.push_str(&table(&["line", "name", "left out because"], &left_out));
    }
    text
}
