//! How long it takes, and how much memory: `cargo run --release -p feed --example pace -- PART FOLDER`. The part `json`
//! makes people of 100,000 records; `first` writes two nights of a million people and imports the first; `second`
//! compares the second night with it. It measures only; the figures to reach are not judged here.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::Read as _;
use std::time::Instant;

use feed::control::{ControlFile, check};
use feed::difference::{
    Baseline, Delivery, Force, Guards, Known, Line, Past, Standing, Totals, email_digest, preview, username_digest,
};
use feed::digest::Digest;
use feed::read::Input;

const PEOPLE: usize = 1_000_000;
const COLUMNS: usize = 20;

fn control(read: &str) -> ControlFile {
    let mut text = format!(
        r#"{{"dataImportControlFileVersion":0,"model":"haplo:user-sync","files":{{"users":{{"read":"{read}"}}}},"instructions":[
        {{"source":"id","destination":"user","name":"username"}},{{"source":"first","destination":"user","name":"nameFirst"}},
        {{"source":"last","destination":"user","name":"nameLast"}},{{"source":"mail","destination":"user","name":"email","filters":["haplo:to-lower-case"]}},
        {{"source":"class","destination":"user","name":"groups","mapInputValue":{{"A":"g:a","B":"g:b"}},"mapInputValueDefault":"g:o"}}"#
    );
    for column in 5..COLUMNS {
        let _ = write!(text, r#",{{"source":"c{column}","destination":"profile","name":"x:c{column}"}}"#);
    }
    text.push_str("]}");
    check(&text).control.expect("the control file is good")
}

/// A night's file: 1 % changed, 0.5 % gone and 0.5 % new in the second.
fn table(night: usize) -> String {
    let mut text = String::from("id,first,last,mail,class");
    (5..COLUMNS).for_each(|column| text.push_str(&format!(",c{column}")));
    text.push('\n');
    for person in 0..PEOPLE + PEOPLE / 200 {
        let gone = night == 1 && person % 200 == 7;
        let early = night == 0 && person >= PEOPLE;
        if gone || early {
            continue;
        }
        let _ = write!(text, "p{person:07},First{person},Last{person},P{person}@example.org,A");
        for column in 5..COLUMNS {
            let changed = usize::from(night == 1 && column == 9 && person % 100 == 3);
            let _ = write!(text, ",value {} {}", person % 1000 + changed, column);
        }
        text.push('\n');
    }
    text
}

fn records() -> String {
    let people: Vec<String> = (0..100_000)
        .map(|n| format!(r#"{{"id":"p{n}","first":"First{n}","last":"Last","mail":"p{n}@example.org","class":"B","c5":"x","c6":"y {n}"}}"#))
        .collect();
    format!("[{}]", people.join(","))
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.trim_start_matches("VmHWM:").trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let made = run();
    println!("{what}: {:.2} s, peak {}", begin.elapsed().as_secs_f64(), peak());
    made
}

fn compare(
    control: &ControlFile,
    baseline: &Baseline,
    bytes: impl std::io::Read + Send,
    known: &mut Vec<Known>,
) -> feed::difference::Counts {
    let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
    let totals = Totals { people: baseline.present(), fields: BTreeMap::new() };
    let (guards, force) = (Guards::default(), Force::Unforced);
    let delivery = Delivery { control, groups: &groups, baseline, totals: &totals, guards, force };
    let mut bytes = Some(bytes);
    let open = |_: &_| Ok::<_, Infallible>(Input::stream(bytes.take().expect("there is one file")));
    let past = |numbers: &[u32]| Ok(numbers.iter().map(|_| Past::default()).collect());
    let mut number = 0;
    let line = |line: Line<'_>| {
        if let Line::Person { candidate, .. } = line {
            known.push(Known {
                number,
                username: username_digest(&candidate.person.key),
                email: email_digest(&candidate.person.email_key()),
                raw: candidate.raw,
                canonical: candidate.canonical,
                standing: Standing::Present,
                in_error: false,
            });
            number += 1;
        }
        Ok(())
    };
    preview(&delivery, open, past, line, || Ok(BTreeMap::new())).unwrap_or_else(|_| std::process::exit(1)).counts
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_else(|| "json".to_owned());
    let folder = arguments.next().map_or_else(std::env::temp_dir, std::path::PathBuf::from);
    let night = |night: usize| folder.join(format!("night-{night}.csv"));
    let open = |at: usize| std::fs::File::open(night(at)).expect("the part \"first\" wrote it");
    let control = control(if part == "json" { "json" } else { "csv" });
    let mut known = Vec::new();
    let counts = match part.as_str() {
        "first" => {
            for at in [0, 1] {
                std::fs::write(night(at), table(at)).expect("there is room for the table");
            }
            let counts = timed("first import", || compare(&control, &Baseline::default(), open(0), &mut known));
            let digests = known.iter().flat_map(|known| [known.username, known.email, known.raw, known.canonical]);
            let digests: Vec<u8> = digests.flat_map(|digest| digest.0).collect();
            std::fs::write(folder.join("digests"), digests).expect("there is room for the digests");
            counts
        }
        "second" => {
            let mut people = Vec::with_capacity(PEOPLE);
            let mut digests =
                std::io::BufReader::new(std::fs::File::open(folder.join("digests")).expect("they are there"));
            let mut four = [0; 64];
            while digests.read_exact(&mut four).is_ok() {
                let digest = |at: usize| Digest(four[at..at + 16].try_into().expect("it is 16 bytes long"));
                let number = u32::try_from(people.len()).unwrap_or_default();
                let (username, email, raw, canonical) = (digest(0), digest(16), digest(32), digest(48));
                let standing = Standing::Present;
                people.push(Known { number, username, email, raw, canonical, standing, in_error: false });
            }
            let baseline = Baseline::of(Some(control.digest()), vec![people]);
            timed("second night", || compare(&control, &baseline, open(1), &mut known))
        }
        _ => {
            let text = records();
            timed("100,000 JSON records", || compare(&control, &Baseline::default(), text.as_bytes(), &mut known))
        }
    };
    println!("{counts:?}");
}
