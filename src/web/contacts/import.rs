//! Importing a file: uploaded, its columns taken for something, looked at, carried out as a run. Nothing is written before
//! the last step.

use axum::Form;
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::{Entity, Field};
use maud::{Markup, html};

use crate::contacts::define;
use crate::contacts::import::meaning::{Meaning, Same, Target};
use crate::contacts::import::rows::Outcome;
use crate::contacts::import::{self, Held, LARGEST, Tried};
use crate::contacts::trouble::NotDone;
use crate::web::Served;
use crate::web::contacts::{failed, home, run, strip, told};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// Where a file is uploaded.
pub(crate) const HERE: &str = "/contacts/import";
/// The largest form that is read, in bytes.
pub(crate) const LARGEST_FORM: usize = LARGEST + (64 << 10);

/// GET /contacts/import
pub(crate) async fn show(visit: Visit) -> Page {
    upload_page(&visit, html! {})
}

/// POST /contacts/import
pub(crate) async fn upload(State(served): State<Served>, visit: Visit, request: Request) -> Result<Response, Failure> {
    let unreadable = || Failure::Unreadable(StatusCode::BAD_REQUEST);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let (mut entity, mut name, mut bytes) = (Entity::Contact, String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|error| Failure::Unreadable(error.status()))? {
        match part.name() {
            Some("entity") => {
                let text = part.text().await.map_err(|error| Failure::Unreadable(error.status()))?;
                entity = Entity::parse(text.trim()).unwrap_or(Entity::Contact);
            }
            Some("file") => {
                name = part.file_name().unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                bytes = part.bytes().await.map_err(|error| Failure::Unreadable(error.status()))?.to_vec();
            }
            _ => {}
        }
    }
    let kept = import::keep_file(&visit.entered.context, &visit.mirror, (entity, &name, &bytes), &served.entropy).await;
    match kept {
        Ok(id) => Ok(see(Address::new(HERE).below(id.as_str()).as_str())),
        Err(why) => {
            let refusal = told("The file was not taken.", why)?;
            let page = upload_page(&visit, notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// GET /contacts/import/{id}
pub(crate) async fn look(State(served): State<Served>, visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    page(&served, &visit, &id, html! {}).await
}

/// POST /contacts/import/{id}
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let of = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let here = Address::new(HERE).below(&id);
    let done: Result<Address, NotDone> = if of("do") == Some("start") {
        let started = import::start(&visit.entered.context, &visit.mirror, &id, &served.entropy).await;
        started.map(|run| Address::new(run::HERE).below(run.as_str()))
    } else {
        let held = import::held(&visit.mirror, &id).await.map_err(|why| failed("The file was not found.", why))?;
        let column = |place: usize| of(&format!("column{place}")).map_or(Target::Nothing, Target::parse);
        let meaning = Meaning {
            entity: held.meaning.entity,
            columns: (0..held.headings.len()).map(column).collect(),
            same: match of("same") {
                None | Some("") => Same::Never,
                Some(word) => Same::By(Target::parse(word)),
            },
            update: of("update") == Some("yes"),
        };
        import::mean(&visit.mirror, (&id, meaning)).await.map(|()| here)
    };
    match done {
        Ok(next) => Ok(see(next.as_str())),
        Err(why) => {
            let refusal = told("It was not done.", why)?;
            let page = page(&served, &visit, &id, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

fn upload_page(visit: &Visit, said: Markup) -> Page {
    let content = html! {
        div.headline { h1 { "Import" } }
        (strip(HERE))
        p.lead { "A file of comma-separated values, with a row of headings. First its columns are named, then it is shown what it would do; nothing is written before." }
        (said)
        form.fields method="post" action=(HERE) enctype="multipart/form-data" {
            label { "It holds" select name="entity" { option value="contact" { "Contacts" } option value="company" { "Companies" } } }
            label { "File" span.hint id="file-hint" { "At most " (LARGEST >> 20) " MiB, in UTF-8. Comma, semicolon or tab between the columns." }
                input type="file" name="file" accept=".csv,.tsv,.txt,text/csv" required aria-describedby="file-hint"; }
            button.primary type="submit" { "Look at it" }
        }
    };
    Page::framed(&visit.frame("Import", Place::Contacts), content)
}

async fn page(served: &Served, visit: &Visit, id: &str, said: Markup) -> Result<Page, Failure> {
    let held = import::held(&visit.mirror, id).await.map_err(|why| failed("The file was not found.", why))?;
    let fields = define::list(&visit.mirror).await?;
    let own: Vec<Field> = fields.into_iter().filter(|field| field.entity == held.meaning.entity).collect();
    let tried = import::try_out(&visit.entered.context, &visit.mirror, id, &served.entropy).await;
    let tried = tried.map_err(|why| failed("The file cannot be read.", why))?;
    let here = Address::new(HERE).below(id);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Import" } }
        div.headline { h1 { "Import " bdi { (held.file_name) } } span.sub { (counted(held.rows, "row", "rows")) } }
        (said)
        section aria-labelledby="columns" { h2 id="columns" { "What its columns are" } (columns(&held, &own, &here)) }
        section aria-labelledby="preview" { h2 id="preview" { "What it would do" } (preview(&tried, &here)) }
    };
    Ok(Page::framed(&visit.frame("Import", Place::Contacts), content))
}

/// What a column may be taken for.
fn targets(entity: Entity, fields: &[Field]) -> Vec<(Target, String)> {
    let mut targets = vec![
        (Target::Nothing, "Not read".to_owned()),
        (Target::Id, "Rollcall's id".to_owned()),
        (Target::Name, "Name".to_owned()),
    ];
    match entity {
        Entity::Contact => targets.extend([
            (Target::Email, "E-mail".to_owned()),
            (Target::Companies, "Companies, with semicolons".to_owned()),
            (Target::Role, "Role in the company".to_owned()),
        ]),
        Entity::Company => targets.push((Target::Domains, "Domains".to_owned())),
    }
    targets.push((Target::Tags, "Tags, with commas".to_owned()));
    targets.extend(fields.iter().map(|field| (Target::Field(field.number), field.label.clone())));
    targets
}

fn columns(held: &Held, fields: &[Field], here: &Address) -> Markup {
    let targets = targets(held.meaning.entity, fields);
    let same = match &held.meaning.same {
        Same::Never => Target::Nothing,
        Same::By(target) => target.clone(),
    };
    let tells = |target: &Target| {
        matches!(target, Target::Id | Target::Email | Target::Name | Target::Domains | Target::Field(_))
    };
    html! {
        form.fields method="post" action=(here) {
            @for (place, heading) in held.headings.iter().enumerate() {
                label { bdi { (heading) }
                    select name=(format!("column{place}")) {
                        @for (target, title) in &targets {
                            option value=(target.word()) selected[held.meaning.columns.get(place) == Some(target)] { (title) }
                        }
                    }
                }
            }
            label { "The same record is one with the same"
                span.hint id="same-hint" { "Where several could be meant, the row is left out." }
                select name="same" aria-describedby="same-hint" {
                    option value="" selected[same == Target::Nothing] { "Nothing: each row is new" }
                    @for (target, title) in targets.iter().filter(|(target, _)| tells(target)) {
                        option value=(target.word()) selected[same == *target] { (title) }
                    }
                }
            }
            label.choice { input type="checkbox" name="update" value="yes" checked[held.meaning.update]; span { "Change records that are there" span.sub { "Otherwise their rows are left alone." } } }
            button type="submit" name="do" value="mean" { "Look again" }
        }
    }
}

fn preview(tried: &Tried, here: &Address) -> Markup {
    html! {
        div.sum {
            div { b { (number(tried.new)) } span { "to make" } }
            div { b { (number(tried.changed)) } span { "to change" } }
            div { b { (number(tried.same)) } span { "as they are" } }
            div { b { (number(tried.refused)) } span { "left out" } }
        }
        div.scroll tabindex="0" role="region" aria-label="Rows" { table {
            thead { tr { th.num scope="col" { "Line" } th scope="col" { "Name" } th scope="col" { "What" } } }
            tbody { @for (line, name, outcome) in &tried.rows { tr {
                td.num { (line) }
                th.breaks scope="row" { bdi { (name) } }
                td.long { @match outcome {
                    Outcome::New => { span.tag.good { "To make" } }
                    Outcome::Changed(record) => { span.tag.key { "To change" } " " bdi { (record) } }
                    Outcome::Same(record) => { span.tag { "As it is" } " " bdi { (record) } }
                    Outcome::Refused(why) => { span.tag.warn { "Left out" } " " (why) }
                } }
            } } }
        } }
        form.row method="post" action=(here) {
            button.primary type="submit" name="do" value="start" { "Import" }
            a.button.quiet href=(home(Entity::Contact)) { "Leave it" }
        }
    }
}
