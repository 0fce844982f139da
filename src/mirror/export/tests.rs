//! Exports: whom they hold, in which order, in which pieces, and what a spreadsheet makes of them.

use directory::{
    AccountId, Activity, Builder, DirectRole, DirectoryId, Grant, Group, GroupCounts, GroupId, Presence, Profile,
    Resource, ResourceId, Role, RoleMethod,
};
use serde_json::{Value, json};

use super::*;
use crate::mirror::answer::answer;

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// People by name and address, all present, one site with two apps; the first was active, the second never, and of the
/// others it is not known.
fn people(people: &[(&str, Option<&str>)]) -> Arc<Snapshot> {
    let mut builder = Builder::new(1, now());
    builder.directory(DirectoryId::new("d-1").unwrap(), "Main");
    for app in ["jira-software", "confluence"] {
        let id = ResourceId::new(&format!("ari:cloud:{app}::site/acme-cloud")).unwrap();
        builder.resource(Resource { host_url: Some("https://acme.atlassian.net".into()), ..Resource::unnamed(id) });
    }
    for (place, (name, email)) in (0..).zip(people) {
        let profile = Profile {
            email: email.map(Into::into),
            added_at: Some("2024-03-02T10:00:00Z".parse().unwrap()),
            ..Profile::named(name)
        };
        builder.account(AccountId::new(&format!("acc-{place}")).unwrap(), Some(&profile), None);
        builder.presence(0, place, Presence { membership: None, status: Some(Status::Active) });
    }
    for (name, grants) in [("zoo; \"keepers\"", true), ("=HYPERLINK()", false)] {
        let id = GroupId::new(&format!("g-{grants}")).unwrap();
        builder.group(id, Some(0), Some(Group::named(name)), GroupCounts::default());
    }
    builder.grant(0, Grant { resource: 0, role: Role::User, default: false });
    builder.membership(0, 0);
    builder.membership(0, 1);
    builder.direct_role(0, DirectRole { resource: 1, role: Role::Admin, method: RoleMethod::Direct });
    let used = "2026-08-14T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    builder.activity(0, Activity { resource: 0, at: used });
    builder.activity_read([0, 1].into_iter().collect());
    Arc::new(builder.finish())
}

fn export(snapshot: &Arc<Snapshot>, filter: &str, form: Form) -> Vec<Vec<u8>> {
    let answer = answer(snapshot, filter, (now(), &TimeZone::UTC));
    assert!(!answer.has_errors, "{:?}", answer.diagnostics);
    let people = in_order(&answer.found.matching, &Ranking::of(snapshot, &answer.query.order));
    Export::new(Arc::clone(snapshot), people, form).collect()
}

fn text(pieces: &[Vec<u8>]) -> String {
    String::from_utf8(pieces.concat()).unwrap()
}

fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_row_tells_everything_once_and_never_from_unknown() {
    let snapshot = people(&[("Ines \"Inky\" Okafor, Dr.", Some("ines@acme.example")), ("Noor", None), ("Hána", None)]);
    let csv = text(&export(&snapshot, "", Form::Csv));
    assert!(csv.ends_with("\r\n"));
    let rows = records(&csv);
    assert_eq!(
        rows.iter().map(|row| [&row[0], &row[8]]).collect::<Vec<_>>(),
        [["Hána", "unknown"], ["Ines \"Inky\" Okafor, Dr.", "2026-08-14"], ["Noor", "never"]]
    );
    assert_eq!(
        rows[1][1..],
        [
            "ines@acme.example",
            "acc-0",
            "active",
            "unknown",
            "acme",
            "Confluence; Jira",
            "'=HYPERLINK(); zoo; \"keepers\"",
            "2026-08-14",
            "2024-03-02"
        ]
    );
    let objects: Vec<Value> = serde_json::from_str(&text(&export(&snapshot, "", Form::Json))).unwrap();
    let told: Vec<_> = objects.iter().map(|object| (&object["last_active"], &object["activity_read"])).collect();
    assert_eq!(
        told,
        [(&Value::Null, &json!(false)), (&json!("2026-08-14T00:00:00Z"), &json!(true)), (&Value::Null, &json!(true))]
    );
    assert_eq!(objects[1]["groups"], json!(["=HYPERLINK()", "zoo; \"keepers\""]));
    assert_eq!(objects[1]["apps"], json!(["Confluence", "Jira"]));
}

#[test]
fn no_cell_is_a_formula_and_objects_hold_names_as_they_are() {
    let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "plain", "a=b", "'=1"];
    let snapshot = people(&hostile.map(|name| (name, None)));
    let rows = records(&text(&export(&snapshot, "", Form::Csv)));
    let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    for name in hostile {
        let expected = if "=+-@\t\r".contains(&name[..1]) { format!("'{name}") } else { name.to_owned() };
        assert!(names.contains(&expected.as_str()), "{expected:?} of {names:?}");
    }
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{rows:?}");
    let lines = text(&export(&snapshot, "name = '=1+1'", Form::JsonLines));
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["name"], "=1+1");
}

#[test]
fn exactly_whom_the_filter_finds_in_pieces_of_bounded_size() {
    let named: Vec<(String, Option<String>)> = (0..9_000)
        .map(|number| (format!("Person {number:05}"), (number % 3 > 0).then(|| format!("p{number}@acme.example"))))
        .collect();
    let named: Vec<(&str, Option<&str>)> =
        named.iter().map(|(name, email)| (name.as_str(), email.as_deref())).collect();
    let snapshot = people(&named);
    for filter in ["", "domain = acme.example", "email IS EMPTY OR name ~ 00001", "name = nobody"] {
        let found = answer(&snapshot, filter, (now(), &TimeZone::UTC)).found.matching;
        let expected: Vec<&str> = found.iter().map(|account| snapshot.account_row(account).unwrap().id).collect();
        let pieces = export(&snapshot, filter, Form::Csv);
        assert!(pieces.iter().all(|piece| piece.len() < 2 * PIECE));
        assert_eq!(pieces.len() > 1, expected.len() > 2_000, "{filter}");
        let mut ids: Vec<String> = records(&text(&pieces)).into_iter().map(|row| row[2].clone()).collect();
        ids.sort_by_key(|id| id[4..].parse::<u32>().unwrap());
        assert_eq!(ids, expected, "{filter}");

        let objects: Vec<Value> = serde_json::from_str(&text(&export(&snapshot, filter, Form::Json))).unwrap();
        let lines = text(&export(&snapshot, filter, Form::JsonLines));
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((objects.len(), &lines), (expected.len(), &objects), "{filter}");
    }
}

#[test]
fn the_order_is_the_filters_and_who_has_no_key_comes_last() {
    let some = [("c", Some("a@x.example")), ("a", None), ("b", Some("b@x.example"))];
    let many: Vec<(String, Option<String>)> =
        (0..3_000).map(|number| (format!("n{number:04}"), Some(format!("m{number:04}@x.example")))).collect();
    let many: Vec<(&str, Option<&str>)> = many.iter().map(|(name, email)| (name.as_str(), email.as_deref())).collect();
    // A few people are sorted on their own, many are walked in the order of everybody.
    for rest in [&[][..], &many] {
        let snapshot = people(&[&some[..], rest].concat());
        let names = |filter: &str| -> Vec<String> {
            let rows = records(&text(&export(&snapshot, filter, Form::Csv)));
            rows.into_iter().map(|row| row[0].clone()).filter(|name| name.len() == 1).collect()
        };
        assert_eq!(names(""), ["a", "b", "c"]);
        assert_eq!(names("order by name desc"), ["c", "b", "a"]);
        assert_eq!(names("order by email"), ["c", "b", "a"]);
        assert_eq!(names("order by email desc"), ["b", "c", "a"]);
    }
}
