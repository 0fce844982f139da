//! People whom a filter finds: listed by page, counted, and how they are spread.

use axum::Json;
use directory::find::{self, Breakdown, Ranking, facets as breakdowns};
use directory::{Ordinal, Snapshot};
use filter::{Order, Query};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::api::asked::Asked;
use crate::api::diagnostic::Diagnostic;
use crate::api::page;
use crate::api::parameters::Parameters;
use crate::api::problem::{Kind, Problem};
use crate::mirror::answer::{Answer, answer};
use crate::mirror::{export, listing};

/// Which people, in which order, and how much of them.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Who: in the filter language; everybody in the organization when it is left out.
    #[param(example = "inactiveFor(confluence) >= 90d AND NOT group = keepers")]
    filter: Option<String>,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone; now when it is left out.
    #[expect(dead_code, reason = "read once for the whole request, where the snapshot is chosen")]
    #[param(example = "2026-03-01")]
    as_of: Option<String>,
    /// In which order, as behind ORDER BY; by name when it is left out.
    #[param(example = "lastActive desc, name")]
    order: Option<String>,
    /// Which properties of each person, by name and with commas; all of them when it is left out.
    #[param(example = "name,email,last_active")]
    fields: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Who: in the filter language; everybody in the organization when it is left out.
    filter: Option<String>,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone; now when it is left out.
    #[expect(dead_code, reason = "read once for the whole request, where the snapshot is chosen")]
    #[param(example = "2026-03-01")]
    as_of: Option<String>,
}

/// Which people, and how many values of each field.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Spread {
    /// Who: in the filter language; everybody in the organization when it is left out.
    filter: Option<String>,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone; now when it is left out.
    #[expect(dead_code, reason = "read once for the whole request, where the snapshot is chosen")]
    #[param(example = "2026-03-01")]
    as_of: Option<String>,
    /// Of groups and domains so many, the most frequent; 20 when it is left out.
    #[param(minimum = 1, maximum = 500)]
    most: Option<usize>,
}

/// A page of people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct People {
    /// The generation that was asked.
    generation: u64,
    /// The past day that was asked about; null for now.
    as_of: Option<String>,
    /// When it was sealed.
    sealed_at: String,
    /// The filter in its canonical form.
    filter: String,
    /// How many people it finds.
    total: u64,
    /// Of how many it is not known whether the filter holds. They are not in the list.
    unknown: u64,
    /// What is to be said about the filter.
    warnings: Vec<Diagnostic>,
    /// The people.
    #[schema(value_type = Vec<PersonInList>)]
    people: Vec<Map<String, Value>>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A person in a list. Properties that were not asked for are left out.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "says what `mirror::export` writes")]
pub(crate) struct PersonInList {
    /// Atlassian's id of the account.
    account_id: String,
    /// Display name.
    name: Option<String>,
    /// E-mail address; null when Atlassian hides it.
    email: Option<String>,
    /// Atlassian's word over all directories, `former`, or `unknown`.
    status: Option<String>,
    /// State of the account itself.
    account_status: Option<String>,
    /// Whether the organization has claimed the account's domain: `managed`, or `external`.
    claim: Option<String>,
    /// Administrative roles.
    platform_roles: Option<Vec<String>>,
    /// Names of the sites with any access.
    sites: Option<Vec<String>>,
    /// Names of the apps with any access.
    apps: Option<Vec<String>>,
    /// Names of groups.
    groups: Option<Vec<String>>,
    /// Last use of any app; null when there was none, or when activity was not read.
    last_active: Option<String>,
    /// Last use by resource.
    activity: Option<std::collections::BTreeMap<String, String>>,
    /// Whether activity was read: if not, a missing date means nothing.
    activity_read: Option<bool>,
    /// When they were added to the organization.
    added_at: Option<String>,
    /// Job title.
    job_title: Option<String>,
    /// Department.
    department: Option<String>,
}

/// How many people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    /// The generation that was asked.
    generation: u64,
    /// The past day that was asked about; null for now.
    as_of: Option<String>,
    /// The filter in its canonical form.
    filter: String,
    /// How many people it finds.
    count: u64,
    /// Of how many it is not known whether the filter holds. They are not counted.
    unknown: u64,
    /// What is to be said about the filter.
    warnings: Vec<Diagnostic>,
}

/// How the people whom a filter finds are spread.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// The generation that was asked.
    generation: u64,
    /// The past day that was asked about; null for now.
    as_of: Option<String>,
    /// The filter in its canonical form.
    filter: String,
    /// How many people it finds.
    count: u64,
    /// By field.
    facets: Vec<Facet>,
}

/// The values of one field among the people. Somebody with several values is counted at each.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Facet {
    /// The field's name in the filter language.
    field: String,
    /// Its values, the most frequent first.
    values: Vec<FacetValue>,
    /// Whether there are values beside these.
    more: bool,
    /// How many of the people have no value, or an unknown one.
    without: u64,
}

/// A value of a field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FacetValue {
    /// As a filter names it, unquoted.
    value: String,
    /// As it is shown.
    label: String,
    /// How many of the people have it.
    count: u64,
}

/// The properties of a person in a list, as `fields` names them.
const FIELDS: [&str; 16] = [
    "account_id",
    "name",
    "email",
    "status",
    "account_status",
    "claim",
    "platform_roles",
    "sites",
    "apps",
    "groups",
    "last_active",
    "activity",
    "activity_read",
    "added_at",
    "job_title",
    "department",
];

/// List people
///
/// Everybody whom a filter finds, by page. Who is there from the first page to the last, under an unchanged sort key,
/// is listed exactly once, whatever is sealed in between.
#[utoipa::path(get, path = "/people", tag = "people", operation_id = "list_people", params(Listed),
    responses((status = 200, description = "A page of people", body = People)))]
pub(crate) async fn list(asked: Asked, Parameters(listed): Parameters<Listed>) -> Result<Json<People>, Problem> {
    let snapshot = asked.sealed()?;
    let answer = ask(&asked, listed.filter.as_deref())?;
    let order = order(&answer, listed.order.as_deref())?;
    let fields = fields(listed.fields.as_deref())?;
    let asks = Query { expression: answer.query.expression.clone(), order };
    let question = asked.question(&filter::show(&asks, find::catalogue()));
    let place = page::read_keyed(&question, listed.cursor.as_deref())?;
    let ranking = Ranking::of(snapshot, &asks.order);
    let limit = page::limit(listed.limit)?;
    let (rows, next) = listing::after(&ranking, &answer.found.matching, place.as_ref(), limit);
    Ok(Json(People {
        generation: snapshot.generation(),
        as_of: asked.as_of(),
        sealed_at: snapshot.sealed_at().to_string(),
        filter: answer.canonical(),
        total: answer.found.matching.len(),
        unknown: answer.found.unknown.len(),
        warnings: warnings(listed.filter.as_deref(), &answer),
        people: rows_of(snapshot, &rows, &fields),
        next: next.map(|next| page::write(&question, &next.to_text())),
    }))
}

/// Count people
///
/// How many people a filter finds.
#[utoipa::path(get, path = "/people/count", tag = "people", operation_id = "count_people", params(Which),
    responses((status = 200, description = "How many", body = Counted)))]
pub(crate) async fn count(asked: Asked, Parameters(which): Parameters<Which>) -> Result<Json<Counted>, Problem> {
    let snapshot = asked.sealed()?;
    let answer = ask(&asked, which.filter.as_deref())?;
    Ok(Json(Counted {
        generation: snapshot.generation(),
        as_of: asked.as_of(),
        filter: answer.canonical(),
        count: answer.found.matching.len(),
        unknown: answer.found.unknown.len(),
        warnings: warnings(which.filter.as_deref(), &answer),
    }))
}

/// Spread people
///
/// How the people whom a filter finds are spread over apps, sites, groups, statuses, domains, roles and claims.
#[utoipa::path(get, path = "/people/facets", tag = "people", operation_id = "spread_people", params(Spread),
    responses((status = 200, description = "Counts by value", body = Facets)))]
pub(crate) async fn facets(asked: Asked, Parameters(spread): Parameters<Spread>) -> Result<Json<Facets>, Problem> {
    let snapshot = asked.sealed()?;
    let most = match spread.most {
        None => 20,
        Some(most @ 1..=500) => most,
        Some(_) => {
            let detail = "The parameter “most” is a number from 1 to 500.";
            return Err(Problem::new(Kind::Parameter, detail, "Narrow the filter instead."));
        }
    };
    let answer = ask(&asked, spread.filter.as_deref())?;
    let people = &answer.found.matching;
    let spread = breakdowns(snapshot, people, most);
    let all = [spread.apps, spread.sites, spread.groups, spread.statuses, spread.domains, spread.roles, spread.claims];
    Ok(Json(Facets {
        generation: snapshot.generation(),
        as_of: asked.as_of(),
        filter: answer.canonical(),
        count: people.len(),
        facets: all.into_iter().map(Facet::of).collect(),
    }))
}

impl Facet {
    fn of(breakdown: Breakdown) -> Facet {
        let values = breakdown.values.into_iter();
        Facet {
            field: breakdown.field.to_owned(),
            values: values.map(|one| FacetValue { value: one.value, label: one.label, count: one.count }).collect(),
            more: breakdown.more,
            without: breakdown.without,
        }
    }
}

/// Answers a filter, which must be without errors: with one it would be another question.
pub(crate) fn ask(asked: &Asked, text: Option<&str>) -> Result<Answer, Problem> {
    ask_by(answer, asked, text)
}

/// How a filter about people, or one about groups, is answered.
type Answering = fn(&Snapshot, &str, (Timestamp, &TimeZone)) -> Answer;

/// The same by what answers filters about people, or those about groups.
pub(crate) fn ask_by(answering: Answering, asked: &Asked, text: Option<&str>) -> Result<Answer, Problem> {
    let text = text.unwrap_or_default();
    let (now, zone) = asked.moment();
    let answer = answering(asked.sealed()?, text, (now, &zone));
    if answer.has_errors {
        return Err(wrong(text, &answer.diagnostics));
    }
    Ok(answer)
}

/// A filter with errors.
pub(crate) fn wrong(text: &str, diagnostics: &[filter::Diagnostic]) -> Problem {
    let diagnostics = Diagnostic::of_all(text, diagnostics);
    let detail = "A part of the filter is not understood, so it would find others than you ask for.";
    Problem::new(Kind::Filter, detail, "Mend what `diagnostics` names.").with_diagnostics(diagnostics)
}

/// What is to be said about a filter that can be answered.
pub(crate) fn warnings(text: Option<&str>, answer: &Answer) -> Vec<Diagnostic> {
    Diagnostic::of_all(text.unwrap_or_default(), &answer.diagnostics)
}

/// The order that filter or parameter asks for.
pub(crate) fn order(answer: &Answer, text: Option<&str>) -> Result<Vec<Order>, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(answer.query.order.clone());
    };
    if !answer.query.order.is_empty() {
        let detail = "The filter says an order, and the parameter “order” another.";
        return Err(Problem::new(Kind::Parameter, detail, "Leave one of them out."));
    }
    let parsed = filter::parse_order(text, answer.catalogue);
    if parsed.has_errors() || parsed.query.expression.is_some() {
        let detail = "The parameter “order” is not understood.";
        let problem =
            Problem::new(Kind::Parameter, detail, "Name fields of the filter language, as in: lastActive desc, name.");
        return Err(problem.with_diagnostics(Diagnostic::of_all(text, &parsed.diagnostics)));
    }
    Ok(parsed.query.order)
}

/// The properties that are asked for; the id is always among them.
pub(crate) fn fields(text: Option<&str>) -> Result<Vec<&'static str>, Problem> {
    let Some(text) = text else { return Ok(FIELDS.to_vec()) };
    let mut fields = vec![FIELDS[0]];
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let Some(field) = FIELDS.into_iter().find(|field| *field == name) else {
            let detail = format!("A person has no property “{name}”.");
            let problem = Problem::new(Kind::Parameter, detail, "The properties there are stand in `names`.");
            return Err(problem.with_names(FIELDS));
        };
        fields.push(field);
    }
    Ok(fields)
}

/// People as a list shows them: as an export writes them, with the properties that were asked for.
pub(crate) fn rows_of(snapshot: &Snapshot, rows: &[Ordinal], fields: &[&str]) -> Vec<Map<String, Value>> {
    let objects = rows.iter().filter_map(|account| export::object_of(snapshot, *account));
    objects
        .map(|mut object| {
            object.retain(|name, _| fields.contains(&name.as_str()));
            object
        })
        .collect()
}

/// Everybody whom a filter finds.
pub(crate) fn matching(asked: &Asked, text: Option<&str>) -> Result<RoaringBitmap, Problem> {
    Ok(ask(asked, text)?.found.matching)
}
