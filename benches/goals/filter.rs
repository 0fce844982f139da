//! Thirty filters (`filters.sql`) over synthetic people, each with its count and first page: in the snapshot, in SQLite
//! and in PostgreSQL, which must answer the same; then the facets of what they find, and the dashboard.
//!
//! It measures what a page asks of a snapshot in memory, from the filter's text on, and no store, page or network.

use std::hint::black_box;
use std::time::Duration;

use directory::find::{self, Ranking};
use directory::tiles::{self, Threshold};
use directory::{Ordinal, Snapshot};
use filter::Query;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;
use rollcall::mirror::answer::answer;

use crate::meter::{Spent, show, spent};
use crate::people::{now, organization};
use crate::rivals::{Answered, Postgres, Question, Rival, Sqlite, questions};

/// How often the snapshot is asked each filter.
const ROUNDS: usize = 40;
/// How often a database is: at least and at most, and no longer than this unless it has to.
const RIVAL_ROUNDS: (usize, usize) = (3, 20);
const RIVAL_TIME: Duration = Duration::from_secs(1);
const PAGE: usize = 50;
/// Lists of so few are sorted on their own, as the pages do.
const FEW: u64 = 2_000;

/// What every round of one piece of work took, sorted.
#[derive(Clone, Debug, Default)]
struct Rounds(Vec<f64>);

impl Rounds {
    fn of(mut all: Vec<f64>) -> Rounds {
        all.sort_by(f64::total_cmp);
        Rounds(all)
    }

    fn half(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    fn most(&self) -> f64 {
        self.0[self.0.len() * 99 / 100]
    }
}

/// What the snapshot took for one filter, in milliseconds.
struct Ours {
    wall: Rounds,
    cpu: Rounds,
    facets: Rounds,
    found: Answered,
}

pub(crate) fn measure(people: usize, (postgres, without_rivals): (Option<String>, bool)) {
    let (snapshot, built) = spent(|| organization(people));
    let memory = snapshot.memory() as f64 / 1e6;
    let ((), prepared) = spent(|| find::prepare(&snapshot));
    println!(
        "{people} people, snapshot of {memory:.0} MB made in {:.1} s, prepared for questions in {:.0} ms and {:.0} MB more",
        built.wall / 1e3,
        prepared.wall,
        snapshot.memory() as f64 / 1e6 - memory,
    );
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let questions = questions();
    assert_eq!(questions.len(), 30, "the filters are kept in one place");
    let ours: Vec<Ours> = questions.iter().map(|question| ask(&snapshot, &question.filter, &zone)).collect();
    let mut rivals: Vec<Box<dyn Rival>> = Vec::new();
    if !without_rivals {
        let (rival, took) = spent(|| Sqlite::fill(&snapshot));
        println!("SQLite filled in {:.0} s", took.wall / 1e3);
        rivals.push(Box::new(rival));
        let (rival, took) = spent(|| Postgres::fill(&snapshot, postgres));
        println!("PostgreSQL filled in {:.0} s", took.wall / 1e3);
        rivals.push(Box::new(rival));
    }
    let theirs: Vec<Vec<Rounds>> = rivals
        .iter_mut()
        .map(|rival| {
            questions.iter().zip(&ours).map(|(asked, ours)| compare(&mut **rival, asked, ours, &zone)).collect()
        })
        .collect();

    println!(
        "\np50 and p99 in ms: snapshot{}, people found",
        rivals.iter().map(|rival| format!(", {}", rival.name())).collect::<String>()
    );
    for (place, (question, ours)) in questions.iter().zip(&ours).enumerate() {
        print!("{:8.3} {:8.3}", ours.wall.half(), ours.wall.most());
        for theirs in &theirs {
            print!(" | {:8.2} {:8.2}", theirs[place].half(), theirs[place].most());
        }
        println!(" | {:8}  {}", ours.found.count, question.filter);
    }
    println!();
    report(people, &ours);
    let sum = |rounds: &mut dyn Iterator<Item = f64>| rounds.sum::<f64>();
    let all = sum(&mut ours.iter().map(|ours| ours.wall.half()));
    for (rival, theirs) in rivals.iter().zip(&theirs) {
        let theirs_all = sum(&mut theirs.iter().map(Rounds::half));
        let ratio = theirs_all / all;
        let figure = format!("sum of p50 {all:.1} ms, {} {theirs_all:.0} ms", rival.name());
        show(&figure, format!("{ratio:.0} x"), "10 x", ratio >= 10.0);
        let slower = ours.iter().zip(theirs).map(|(ours, theirs)| ours.wall.half() - theirs.half());
        let slower = slower.fold(f64::MIN, f64::max);
        show(&format!("furthest behind {}", rival.name()), format!("{slower:.2} ms"), "2 ms", slower <= 2.0);
    }
    dashboard(&snapshot, &zone);
}

/// Asks the snapshot one filter, from its text on, again and again.
fn ask(snapshot: &Snapshot, text: &str, zone: &TimeZone) -> Ours {
    let (mut all, mut facets) = (Vec::new(), Vec::new());
    let mut found = Answered::default();
    for _ in 0..ROUNDS {
        let (matching, took) = spent(|| {
            let answer = answer(snapshot, text, (now(), zone));
            assert!(!answer.has_errors, "{text}: {:?}", answer.diagnostics);
            let page = first_page(snapshot, &answer.query, &answer.found.matching);
            found = Answered { count: answer.found.matching.len(), page };
            answer.found.matching
        });
        all.push(took);
        facets.push(spent(|| black_box(find::facets(snapshot, &matching, 20))).1.cpu);
    }
    Ours {
        wall: Rounds::of(all.iter().map(|took| took.wall).collect()),
        cpu: Rounds::of(all.iter().map(|took| took.cpu).collect()),
        facets: Rounds::of(facets),
        found,
    }
}

fn first_page(snapshot: &Snapshot, query: &Query, matching: &RoaringBitmap) -> Vec<Ordinal> {
    let ranking = Ranking::of(snapshot, &query.order);
    if matching.len() <= FEW {
        let mut rows: Vec<Ordinal> = matching.iter().collect();
        rows.sort_by(|a, b| ranking.key(*a).cmp(&ranking.key(*b)).then(a.cmp(b)));
        if ranking.descending() {
            rows.reverse();
        }
        rows.truncate(PAGE);
        return rows;
    }
    let order = ranking.order();
    if ranking.descending() {
        return order.iter().rev().filter(|row| matching.contains(*row)).take(PAGE).collect();
    }
    order.iter().filter(|row| matching.contains(*row)).take(PAGE).collect()
}

/// Asks a database the same, and ends the benchmark where it answers something else.
fn compare(rival: &mut dyn Rival, question: &Question, ours: &Ours, zone: &TimeZone) -> Rounds {
    let (count, page) = question.statements(rival, &|mark| moment(mark, zone).as_microsecond());
    let mut rounds = Vec::new();
    let mut total = 0.0;
    while rounds.len() < RIVAL_ROUNDS.0 || rounds.len() < RIVAL_ROUNDS.1 && total < RIVAL_TIME.as_secs_f64() * 1e3 {
        let (answered, took) = spent(|| rival.ask(&count, &page));
        assert_eq!(answered, ours.found, "{} answers otherwise: {}\n{count}\n{page}", rival.name(), question.filter);
        rounds.push(took.wall);
        total += took.wall;
    }
    Rounds::of(rounds)
}

/// A moment as `filters.sql` marks it: so many days or months before now, the beginning of the month or of a day.
fn moment(mark: &str, zone: &TimeZone) -> Timestamp {
    let here = now().to_zoned(zone.clone());
    if mark == "startOfMonth" {
        return here.first_of_month().unwrap().start_of_day().unwrap().timestamp();
    }
    if let Ok(day) = mark.parse::<jiff::civil::Date>() {
        return day.to_zoned(zone.clone()).unwrap().timestamp();
    }
    let (amount, unit) = mark.split_at(mark.len() - 1);
    let amount: i64 = amount.parse().unwrap();
    match unit {
        "d" => now() + jiff::SignedDuration::from_hours(24 * amount),
        "M" => here.checked_add(jiff::Span::new().months(amount)).unwrap().timestamp(),
        other => panic!("no unit {other}"),
    }
}

fn report(people: usize, ours: &[Ours]) {
    let all = |of: fn(&Ours) -> &Rounds| Rounds::of(ours.iter().flat_map(|ours| of(ours).0.iter().copied()).collect());
    let (wall, cpu, facets) = (all(|ours| &ours.wall), all(|ours| &ours.cpu), all(|ours| &ours.facets));
    let goal = if people > 300_000 { 20.0 } else { 2.0 };
    println!("filter + count + first page: p50 {:.3} ms, p99 {:.3} ms on the wall", wall.half(), wall.most());
    let most = cpu.most();
    show("filter + count + first page, processor, p99", format!("{most:.2} ms"), format!("{goal} ms"), most <= goal);
    let (half, most) = (facets.half(), facets.most());
    show("facets, processor, p50", format!("{half:.2} ms"), "15 ms", half <= 15.0);
    show("facets, processor, p99", format!("{most:.2} ms"), "30 ms", most <= 30.0);
}

fn dashboard(snapshot: &Snapshot, zone: &TimeZone) {
    let asked = || tiles::Asked { threshold: Threshold::days(90).unwrap(), now: now(), zone };
    let rounds = (0..ROUNDS).map(|_| spent(|| black_box(tiles::tiles(snapshot, None, asked()))).1);
    let Spent { cpu, .. } = rounds.max_by(|a, b| a.cpu.total_cmp(&b.cpu)).unwrap();
    show("dashboard's counts, processor, slowest", format!("{cpu:.2} ms"), "25 ms", cpu <= 25.0);
}
