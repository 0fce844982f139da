//! The faults of a day, drawn from the whole catalogue: at any list, on any page, for any number of requests.

use fastrand::Rng;
use serde_json::json;
use simulator::{Fault, FaultKind, Shape};

const PATHS: [&str; 7] = [
    "*",
    "/admin/v2/orgs/{o}/directories/{d}/users/search",
    "/admin/v2/orgs/{o}/directories/{d}/users/count",
    "/admin/v2/orgs/{o}/directories/{d}/groups/search",
    "/admin/v2/orgs/{o}/directories/{d}/groups/count",
    "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments",
    "/admin/v2/orgs/{o}/directories/{d}/users/{id}/role-assignments",
];

/// One to three faults.
pub(super) fn draw(rng: &mut Rng) -> Vec<Fault> {
    (0..rng.u8(1..4)).map(|_| one(rng)).collect()
}

fn one(rng: &mut Rng) -> Fault {
    let path = PATHS[rng.usize(..PATHS.len())];
    let kind = kind(rng);
    let from = if path == "*" { rng.u32(1..60) } else { rng.u32(1..6) };
    let times = if rng.u8(0..5) == 0 { rng.u32(20..200) } else { rng.u32(1..6) };
    let fault = Fault::on(path, kind).attempts(from..=from + times - 1);
    if rng.u8(0..4) == 0 { fault.page(rng.u32(0..3)) } else { fault }
}

fn kind(rng: &mut Rng) -> FaultKind {
    let limited = |retry_after: Option<&str>, reset: &str| FaultKind::RateLimited {
        retry_after: retry_after.map(str::to_owned),
        reset: Some(reset.to_owned()),
    };
    let field =
        ["name", "email", "status", "membershipStatus", "groups", "productAccess", "platformRoles", "accountId"];
    let field = field[rng.usize(..field.len())].to_owned();
    match rng.u8(0..29) {
        0..4 => FaultKind::status(*rng.choice(&[500, 502, 503, 504]).unwrap_or(&500)),
        4 => FaultKind::Status { code: 403, shape: Shape::Errors, headers: Vec::new() },
        5 => FaultKind::status(404),
        6 => limited(Some("40"), "soon"),
        7 => limited(None, "2020-01-01T00:00:00Z"),
        8 => limited(Some("3600"), "2031-01-01T00:00:00Z"),
        9 => FaultKind::Delay { milliseconds: 700 },
        10 => FaultKind::Delay { milliseconds: 45_000 },
        11 => FaultKind::CloseBeforeEffect,
        12 => FaultKind::CloseAfterEffect,
        13 => FaultKind::Truncate { bytes: rng.usize(0..400) },
        14 => FaultKind::CutChunks { bytes: rng.usize(0..400) },
        15 => FaultKind::WrongContentLength,
        16 => FaultKind::Html,
        17 => FaultKind::EmptyList,
        18 => FaultKind::EmptyPageWithNext,
        19 => FaultKind::RepeatPage,
        20 => FaultKind::CycleCursor,
        21 => FaultKind::ExpireCursor,
        22 => FaultKind::CapGroups { n: rng.usize(0..4) },
        23 => FaultKind::DropField { field },
        24 => FaultKind::NullField { field },
        25 => FaultKind::UnknownValue { field, value: json!("dormant") },
        26 => FaultKind::CountOffBy { n: rng.i64(-3..4) },
        27 => FaultKind::Date { skew: rng.i64(-9_000..9_000) },
        _ => FaultKind::Garbage,
    }
}

/// Whether a run may end for good under these: not every fault is one that passes by itself.
pub(super) fn may_fail(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| {
        matches!(fault.kind, FaultKind::CycleCursor | FaultKind::RepeatPage | FaultKind::Garbage | FaultKind::Gone)
            || matches!(&fault.kind, FaultKind::Status { code: 400..=499, .. } | FaultKind::Html)
            || matches!(&fault.kind, FaultKind::EmptyList | FaultKind::DropField { .. } | FaultKind::NullField { .. })
    })
}
