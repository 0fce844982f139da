//! The tables of the house rules: the layers, who may name which dependency, what is long or made on purpose.
//!
//! A change here is a change of the architecture: ARCHITECTURE.md and a decision go with it.

/// A module of `src/`, what it may import of ours, and of our crates.
pub(super) struct Layer {
    pub(super) module: &'static str,
    pub(super) modules: &'static [&'static str],
    pub(super) crates: &'static [&'static str],
}

/// Lower rows first. A module may import itself and what stands beside it here; nothing else.
#[rustfmt::skip]
pub(super) const LAYERS: &[Layer] = &[
    Layer { module: "id",     modules: &[], crates: &[] },
    Layer { module: "nouns",  modules: &["id"], crates: &["directory", "columns", "contact"] },
    Layer { module: "store",  modules: &["id", "nouns"], crates: &["clock", "directory", "columns", "contact"] },
    Layer { module: "mirror", modules: &["id", "nouns", "store"], crates: &["clock", "directory", "filter", "columns", "contact"] },
    Layer { module: "notify", modules: &["id", "nouns", "store", "mirror"], crates: &["clock"] },
    Layer { module: "sync",   modules: &["id", "nouns", "store", "mirror"], crates: &["clock", "directory", "columns", "atlassian"] },
    Layer { module: "operations", modules: &["id", "nouns", "store", "mirror", "sync"], crates: &["clock", "directory", "columns", "atlassian"] },
    Layer { module: "tasks",  modules: &["id", "nouns", "store", "mirror", "sync", "operations"], crates: &["clock", "directory", "columns"] },
    Layer { module: "feeds",  modules: &["id", "nouns", "store", "mirror", "sync", "operations"], crates: &["clock", "directory", "columns", "feed"] },
    Layer { module: "contacts", modules: &["id", "nouns", "store", "mirror", "sync"], crates: &["clock", "directory", "columns", "contact", "filter"] },
    Layer { module: "reports", modules: &["id", "nouns", "store", "mirror", "sync"], crates: &["clock", "directory"] },
    Layer { module: "personal", modules: &["id", "nouns", "store", "mirror", "contacts"], crates: &["directory"] },
    Layer { module: "config", modules: &["id", "nouns", "store", "mirror", "notify", "sync"], crates: &["clock"] },
    Layer { module: "auth",   modules: &["id", "nouns", "store", "mirror"], crates: &["clock", "directory"] },
    Layer { module: "http",   modules: &["id", "nouns", "auth"], crates: &[] },
    Layer { module: "api",    modules: &["id", "nouns", "store", "mirror", "notify", "sync", "operations", "tasks", "feeds", "contacts", "reports", "personal", "auth", "http"], crates: &["clock", "directory", "columns", "contact", "feed", "filter"] },
    Layer { module: "web",    modules: &["id", "config", "nouns", "store", "mirror", "notify", "sync", "operations", "tasks", "feeds", "contacts", "reports", "personal", "auth", "http"], crates: &["clock", "directory", "columns", "contact", "feed", "filter"] },
    Layer { module: "cli",    modules: &["id", "config", "nouns", "store", "mirror", "notify", "sync", "operations", "tasks", "feeds", "contacts", "reports", "personal", "auth"], crates: &["clock", "directory", "columns", "contact", "feed", "filter", "simulator"] },
    Layer { module: "app",    modules: &["id", "config", "nouns", "store", "mirror", "notify", "sync", "operations", "tasks", "feeds", "contacts", "reports", "auth", "api", "web", "cli"], crates: &["clock", "directory", "columns", "contact", "simulator"] },
    Layer { module: "main",   modules: &["id", "config", "nouns", "store", "mirror", "sync", "auth", "web", "cli", "app"], crates: &["clock"] },
];

/// Which of our crates each of our crates may name.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("columns", &[]),
    ("contact", &["columns", "directory", "filter"]),
    ("directory", &["columns", "filter"]),
    ("feed", &["directory"]),
    ("filter", &[]),
    ("atlassian", &["clock"]),
    ("simulator", &["clock"]),
];

pub(super) const EVERYWHERE: &[&str] = &[
    "id",
    "config",
    "nouns",
    "store",
    "mirror",
    "notify",
    "sync",
    "operations",
    "tasks",
    "feeds",
    "personal",
    "contacts",
    "reports",
    "auth",
    "api",
    "web",
    "cli",
    "app",
    "main",
];
pub(super) const WITH_EFFECTS: &[&str] = &[
    "store",
    "mirror",
    "notify",
    "sync",
    "operations",
    "tasks",
    "feeds",
    "personal",
    "contacts",
    "reports",
    "auth",
    "http",
    "api",
    "web",
    "cli",
    "app",
    "main",
];

/// Which modules of `src/` may name which crate that is not ours. Every dependency has a row.
pub(super) const OTHERS: &[(&str, &[&str])] = &[
    ("argon2", &["auth"]),
    ("axum", &["http", "api", "web", "app"]),
    ("base64", &["notify", "api"]),
    ("chacha20poly1305", &["store"]),
    ("clap", &["cli", "main"]),
    ("csv", &["mirror", "operations", "tasks", "feeds", "contacts", "reports"]),
    ("fastrand", &["id"]),
    ("foldhash", &["store", "mirror", "sync"]),
    ("futures_core", &["http", "api", "web"]),
    ("getrandom", &["id", "store"]),
    ("hmac", &["notify", "sync"]),
    ("jiff", EVERYWHERE),
    ("lettre", &["notify"]),
    ("maud", &["notify", "web"]),
    ("plotters", &["web"]),
    ("postgres", &["store"]),
    ("pulldown_cmark", &["web"]),
    ("reqwest", &["notify", "cli"]),
    (
        "roaring",
        &["nouns", "store", "mirror", "sync", "operations", "tasks", "contacts", "reports", "api", "web", "cli"],
    ),
    ("rusqlite", &["store"]),
    ("rustls", &["notify"]),
    ("serde", &["api", "web", "cli"]),
    (
        "serde_json",
        &[
            "store",
            "mirror",
            "notify",
            "sync",
            "operations",
            "tasks",
            "feeds",
            "personal",
            "contacts",
            "reports",
            "auth",
            "api",
            "web",
            "cli",
            "app",
        ],
    ),
    ("sha2", &["store", "notify", "sync", "operations", "tasks", "feeds", "contacts", "auth", "api", "web"]),
    ("tempfile", &["app"]),
    ("thiserror", EVERYWHERE),
    ("tokio", WITH_EFFECTS),
    ("tracing", WITH_EFFECTS),
    ("tracing_subscriber", &["app", "main"]),
    ("unicode_width", &["cli"]),
    ("utoipa", &["api"]),
    ("utoipa_axum", &["api"]),
    ("zip", &["sync"]),
    ("zstd", &["store"]),
];

/// Where nothing may be read, written, waited for or started.
pub(super) const PURE: &[&str] = &[
    "crates/columns/src/",
    "crates/contact/src/",
    "crates/directory/src/",
    "crates/filter/src/",
    "src/nouns/",
    "src/id.rs",
];
pub(super) const WORLD: &[[&str; 2]] = &[
    ["std", "fs"],
    ["std", "io"],
    ["std", "net"],
    ["std", "process"],
    ["std", "thread"],
    ["std", "env"],
    ["tokio", "spawn"],
];

/// Statements that `store` makes at run time, outside `dialect`: names that cannot be bound.
pub(super) const MADE_STATEMENTS: &[(&str, &str, &str)] = &[
    ("src/store/postgres.rs", "SET search_path", "settings take no arguments; the schema's name was checked when read"),
    ("src/store/postgres.rs", "DROP SCHEMA", "a schema's name cannot be an argument; it was checked when read"),
    ("src/store/postgres.rs", "CREATE SCHEMA", "a schema's name cannot be an argument; it was checked when read"),
    ("src/store/sqlite.rs", "CREATE TEMP VIEW described", "asks SQLite for a statement's types; never on a stored row"),
];

/// Where words of SQL stand for something else.
pub(super) const OTHER_LANGUAGES: &[(&str, &str)] =
    &[("crates/filter/", "the filter language has ORDER BY too; the crate knows no database")];

pub(super) const LONGEST: usize = 500;

/// Files that may be longer than that: how long, and why they are not split.
pub(super) const LONG: &[(&str, usize, &str)] = &[];
