//! The support bundle names nobody and opens nothing, whatever runs have noted.

use std::io::Read as _;

use directory::{Ordinal, fold_text};
use rollcall::nouns::run::{NoteKind, RunNote};
use rollcall::store::{runs, settings};
use rollcall::sync::bundle::{self, Fault, Surrounding};
use simulator::{FaultKind, Options};

use crate::support::app::{ENGINES, TestApp, population};

/// Every text of the archive.
fn unpacked(packed: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(packed)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut file = archive.by_index(at).unwrap();
            let mut text = String::new();
            let name = file.name().unwrap().into_owned();
            file.read_to_string(&mut text).unwrap();
            (name, text)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_named_in_a_bundle_and_no_secret_is_in_it() {
    for engine in ENGINES {
        let app = TestApp::start_with(engine, &population(60, 71), Options::default()).await;
        app.work().await.unwrap();
        let somebody = app.now().present().min().unwrap();
        let (name, email, id) = {
            let snapshot = app.now();
            let row = (0..snapshot.accounts_len() as Ordinal)
                .filter_map(|account| snapshot.account_row(account).filter(|row| row.email.is_some()))
                .next()
                .unwrap();
            (row.name.to_owned(), row.email.unwrap().to_owned(), row.id.to_owned())
        };
        // A run that fails, with notes that name somebody in every way.
        let path = "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";
        app.simulator.set_faults(vec![simulator::Fault::on(path, FaultKind::status(400)).always()]);
        let _ = app.sync().await;
        let (run, at) = (app.run().await.id, app.clock.now());
        let detail = format!("{name} <{email}> ({id}) was not read; {} neither.", name.to_uppercase());
        let note = RunNote { at, kind: NoteKind::Warning, subject: id.clone(), detail: detail.clone() };
        app.mirror.store().write(move |tx| runs::add_notes(tx, &run, &[note])).await.unwrap();
        let chosen = settings::Setting { value: "5".to_owned(), changed_by: email.clone(), changed_at: at };
        app.mirror.store().write(move |tx| settings::put(tx, "daily_sync_slot", &chosen)).await.unwrap();

        let fault = Fault { at, id: "err_abc".to_owned(), route: "/people/{id}".to_owned(), error: detail };
        let surrounding = Surrounding { faults: vec![fault], configured: vec![("proxy", "set".to_owned())] };
        let packed = bundle::pack(&app.mirrors, &surrounding, at).await.unwrap();
        let files = unpacked(packed);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let of_organization =
            ["mirror", "settings", "runs", "gaps", "limits"].map(|name| format!("organization-1/{name}.json"));
        assert!(of_organization.iter().all(|name| names.contains(&name.as_str())), "{names:?}");
        let all: String = files.into_iter().map(|(_, text)| text).collect();
        for told in ["err_abc", "/people/{id}", "daily_sync_slot", "was not read", "requests_floor", "rollcall"] {
            assert!(all.contains(told), "{told}: {all}");
        }
        let folded = fold_text(&all);
        let snapshot = app.now();
        for account in 0..snapshot.accounts_len() as Ordinal {
            let row = snapshot.account_row(account).unwrap();
            for text in [Some(row.name), row.email, Some(row.id)].into_iter().flatten().filter(|text| !text.is_empty())
            {
                assert!(!folded.contains(&fold_text(text)), "{text} of {somebody}");
            }
        }
        let organization = app.mirror.organization();
        let secrets = [app.simulator.api_key(), organization.name.clone(), organization.atlassian_id.clone()];
        for text in secrets {
            assert!(!all.contains(&text), "{text}");
        }
        assert!(!all.contains("last_four") && !all.contains("asked_by") && !all.contains('@'), "{all}");
        app.stop().await;
    }
}
