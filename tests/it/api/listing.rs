//! Lists by page: all pages together are the set, nobody twice and nobody lost, also when a sync is sealed in between.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Served;
use crate::support::app::Engine;

/// Follows cursors from the first page to the last, doing something after the first.
async fn all_pages(served: &Served, query: &[(&str, &str)], meanwhile: impl AsyncFnOnce()) -> Vec<String> {
    let mut meanwhile = Some(meanwhile);
    let (mut ids, mut cursor): (Vec<String>, Option<String>) = (Vec::new(), None);
    for _ in 0..1_000 {
        let mut asked = query.to_vec();
        if let Some(cursor) = &cursor {
            asked.push(("cursor", cursor));
        }
        let page = served.get("/people", &asked).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(page.header("rollcall-generation"), page.body["generation"].to_string());
        ids.extend(page.body["people"].as_array().unwrap().iter().map(id));
        cursor = page.body["next"].as_str().map(str::to_owned);
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile().await;
        }
        if cursor.is_none() {
            return ids;
        }
    }
    panic!("the pages have no end");
}

fn id(person: &Value) -> String {
    person["account_id"].as_str().unwrap().to_owned()
}

async fn nothing() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pages_together_are_whom_the_filter_finds_in_every_order() {
    let served = Served::start(Engine::Sqlite, 120, 91).await;
    for (filter, order) in [
        ("", ""),
        ("", "email desc"),
        ("status = active", "lastActive desc"),
        ("status = active ORDER BY status, added desc", ""),
        ("lastActive IS EMPTY", "lastActive"),
    ] {
        let mut query = vec![("filter", filter), ("limit", "7"), ("fields", "name")];
        if !order.is_empty() {
            query.push(("order", order));
        }
        let ids = all_pages(&served, &query, nothing).await;
        let counted = served.get("/people/count", &[("filter", filter)]).await.body["count"].as_u64().unwrap();
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!((distinct.len(), ids.len()), (counted as usize, counted as usize), "{filter} {order}");
        // The export is the same people in the same order.
        let mut query = vec![("filter", filter)];
        if !order.is_empty() {
            query.push(("order", order));
        }
        let exported = served.get("/people.ndjson", &query).await.text;
        let exported: Vec<String> =
            exported.lines().map(|line| id(&serde_json::from_str::<Value>(line).unwrap())).collect();
        assert_eq!(exported, ids, "{filter} {order}");
    }
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stays_is_listed_once_when_others_come_and_go_between_pages() {
    let served = Served::start(Engine::Sqlite, 60, 92).await;
    let before: BTreeSet<String> = all_pages(&served, &[("limit", "9")], nothing).await.into_iter().collect();
    let first_page = served.get("/people", &[("limit", "9")]).await;
    let gone: Vec<String> = first_page.body["people"].as_array().unwrap().iter().take(2).map(id).collect();
    let change = async || {
        for account in &gone {
            served.app.simulator.change(|organization| organization.delete_account(account)).unwrap();
        }
        served.app.sync().await.unwrap();
    };
    let ids = all_pages(&served, &[("limit", "9")], change).await;
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "nobody twice");
    let stayed: BTreeSet<String> = before.iter().filter(|id| !gone.contains(id)).cloned().collect();
    assert!(stayed.is_subset(&distinct), "nobody lost");
    let now: BTreeSet<String> = all_pages(&served, &[("limit", "9")], nothing).await.into_iter().collect();
    assert!(gone.iter().all(|id| !now.contains(id)), "a sync was sealed in between");
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_behind_everybody_who_is_left_ends_the_list() {
    let served = Served::start(Engine::Sqlite, 40, 93).await;
    let all = served.get("/people", &[("fields", "name"), ("limit", "1000")]).await.body["total"].as_u64().unwrap();
    let limit = (all - 2).to_string();
    let page = served.get("/people", &[("limit", &limit)]).await;
    let next = page.body["next"].as_str().unwrap().to_owned();
    let rest = served.get("/people", &[("limit", &limit), ("cursor", &next)]).await;
    for account in rest.body["people"].as_array().unwrap() {
        served.app.simulator.change(|organization| organization.delete_account(&id(account))).unwrap();
    }
    served.app.sync().await.unwrap();
    let end = served.get("/people", &[("limit", &limit), ("cursor", &next)]).await;
    assert_eq!((end.body["people"].as_array().unwrap().len(), &end.body["next"]), (0, &Value::Null));
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_their_members_and_runs_are_paged_too() {
    let served = Served::start(Engine::Sqlite, 80, 94).await;
    let pages = async |path: &str, list: &str| {
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..1_000 {
            let mut query = vec![("limit", "3")];
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let page = served.get(path, &query).await;
            let id = |row: &Value| row["id"].as_str().or(row["account_id"].as_str()).unwrap().to_owned();
            ids.extend(page.body[list].as_array().unwrap().iter().map(id));
            cursor = page.body["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return ids;
            }
        }
        panic!("the pages of {path} have no end");
    };
    let found = served.get("/groups", &[("filter", "members > 3"), ("order", "members desc")]).await.body;
    let sizes: Vec<u64> =
        found["groups"].as_array().unwrap().iter().map(|group| group["members"].as_u64().unwrap()).collect();
    assert!(sizes.iter().all(|size| *size > 3) && sizes.is_sorted_by(|a, b| a >= b) && !sizes.is_empty(), "{sizes:?}");
    assert_eq!(served.get("/groups", &[("filter", "membrs > 3")]).await.problem(), "filter");
    let groups = pages("/groups", "groups").await;
    let distinct: BTreeSet<&String> = groups.iter().collect();
    assert_eq!((distinct.len(), groups.len()), (served.app.now().groups_by_name().len(), groups.len()));
    let snapshot = served.app.now();
    let size = |id: &&String| snapshot.memberships().members(snapshot.group(id).unwrap()).len();
    let largest = groups.iter().max_by_key(size).unwrap();
    let members = pages(&format!("/groups/{largest}/members"), "people").await;
    assert!(members.len() as u64 == size(&largest) && members.len() > 3);
    for _ in 0..4 {
        served.app.sync().await.unwrap();
    }
    assert_eq!(pages("/runs", "runs").await.len(), 5);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_past_day_is_asked_by_every_answer_about_people() {
    let served = Served::start(Engine::Sqlite, 50, 95).await;
    let zone = served.app.mirror.zone();
    let day = served.app.clock.now().to_zoned(zone).date().to_string();
    let then = served.get("/people/count", &[]).await.body["count"].as_u64().unwrap();
    served.app.clock.advance(std::time::Duration::from_secs(3 * 86_400));
    let gone = id(&served.get("/people", &[]).await.body["people"][0]);
    served.app.simulator.change(|organization| organization.delete_account(&gone)).unwrap();
    served.app.sync().await.unwrap();
    let of_then = [("as_of", day.as_str())];
    assert_eq!(served.get("/people/count", &[]).await.body["count"], then - 1);
    let counted = served.get("/people/count", &of_then).await;
    assert_eq!((&counted.body["count"], &counted.body["as_of"]), (&Value::from(then), &Value::from(day.as_str())));
    assert_eq!(counted.header("rollcall-generation"), counted.body["generation"].to_string());
    assert_eq!(served.get("/people/facets", &of_then).await.body["count"], then);
    assert_eq!(served.get("/groups", &of_then).await.body["as_of"], day.as_str());
    assert!(served.get("/people.ndjson", &of_then).await.text.contains(&gone));
    assert!(!served.get("/people.ndjson", &[]).await.text.contains(&gone));
    let ids = all_pages(&served, &[("limit", "7"), of_then[0]], nothing).await;
    assert!(ids.contains(&gone) && ids.len() as u64 == then);

    // A cursor of then is none of now, days that cannot be shown are refused, and so is the day where it is not taken.
    let next = served.get("/people", &[("limit", "7"), of_then[0]]).await.body["next"].as_str().unwrap().to_owned();
    assert_eq!(served.get("/people", &[("limit", "7"), ("cursor", &next)]).await.problem(), "cursor");
    for wrong in ["2001-01-01", "2999-01-01", "yesterday"] {
        assert_eq!(served.get("/people/count", &[("as_of", wrong)]).await.problem(), "parameter", "{wrong}");
    }
    assert_eq!(served.get("/runs", &of_then).await.problem(), "parameter");
    served.end().await;
}
