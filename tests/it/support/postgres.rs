//! A PostgreSQL server of the tests' own: made in a temporary folder, started once per test process on a private port,
//! and ended with it, however it ends. It must never be a server that somebody else uses.

#![expect(clippy::panic, reason = "without a server no test can go on")]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rollcall::store::db::Location;

const MISSING: &str = "these tests need PostgreSQL's server programs (initdb and postgres) in PATH or in \
                       /usr/lib/postgresql/*/bin: install the package postgresql (Debian, Ubuntu), postgresql-server \
                       (Fedora) or postgresql (Homebrew)";

/// Waits until its standard input closes, which the kernel does when the test process ends; then ends the server and
/// removes the folder. Arguments: the folder, the `postgres` program, the port, `on` or `off` for fsync, its own memory.
const WATCHDOG: &str = r#"
cd "$1"
"$2" -D "$1/data" -p "$3" -c "fsync=$4" -c "listen_addresses=127.0.0.1" -c "unix_socket_directories=$1" \
    -c max_connections=200 -c "shared_buffers=$5" -c max_wal_size=2GB -c autovacuum=off >"$1/log" 2>&1 &
server=$!
read -r _
kill -INT "$server"
wait "$server"
cd /
rm -rf "$1"
"#;

/// A running server.
pub(crate) struct Server {
    port: u16,
    /// Held open as long as this process lives.
    _lifeline: ChildStdin,
    _watchdog: Child,
    schemas: AtomicU32,
}

/// The server that loses data in a power cut, and is fast: for everything but measuring commits.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("off", "64MB"))
}

/// A server that waits for the disk, as in production.
#[expect(dead_code, reason = "for measurements of durable commits")]
pub(crate) fn durable_server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("on", "64MB"))
}

impl Server {
    /// The database's URL.
    pub(crate) fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The database's URL when something on another port of this machine stands before the server.
    pub(crate) fn url_through(&self, port: u16) -> String {
        format!("postgres://rollcall@127.0.0.1:{port}/postgres")
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A new, empty database that no other test uses, for a process of its own.
    pub(crate) fn database(&self) -> String {
        self.database_from("template0")
    }

    /// A new database that holds what another one holds.
    pub(crate) fn database_from(&self, template: &str) -> String {
        let name = format!("database_{}", self.schemas.fetch_add(1, Ordering::Relaxed));
        let template = template.rsplit('/').next().unwrap_or(template);
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let url = self.url();
        // The client keeps a runtime of its own, which must not live on a test's thread.
        std::thread::spawn(move || {
            let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).expect("the server answers");
            client.batch_execute(&statement).expect("a database can be made");
        })
        .join()
        .expect("the thread that makes a database ends");
        format!("postgres://rollcall@127.0.0.1:{}/{name}", self.port)
    }

    /// A schema that no other test uses; it does not exist yet.
    pub(crate) fn schema(&self) -> Location {
        let number = self.schemas.fetch_add(1, Ordering::Relaxed);
        Location::Postgres { url: self.url(), schema: format!("test_{number}") }
    }

    /// Starts one that waits for the disk (`on`) or not (`off`), with so many shared buffers.
    pub(crate) fn start(fsync: &str, buffers: &str) -> Server {
        let programs = find_programs().expect(MISSING);
        let runner = Runner::find();
        let folder = tempfile::Builder::new().prefix("rollcall-postgres-").tempdir().expect("a temporary folder");
        // The watchdog removes it, because it outlives this process.
        let folder = folder.keep();
        runner.give(&folder);
        make_data(&runner, &programs, &folder.join("data"));
        for _ in 0..5 {
            let port = free_port();
            let mut watchdog = runner
                .command("sh")
                .arg("-c")
                .arg(WATCHDOG)
                .arg("sh")
                .arg(&folder)
                .arg(programs.join("postgres"))
                .args([&port.to_string(), fsync, buffers])
                .stdin(Stdio::piped())
                .spawn()
                .expect("sh can be started");
            let lifeline = watchdog.stdin.take().expect("its input is a pipe");
            if answers(&programs, &folder, port) {
                return Server { port, _lifeline: lifeline, _watchdog: watchdog, schemas: AtomicU32::new(0) };
            }
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(log.contains("Address already in use"), "PostgreSQL did not start:\n{log}");
            // Somebody was faster to take the port. This watchdog would remove the folder, so it ends without.
            watchdog.kill().expect("the watchdog can be ended");
            watchdog.wait().expect("the watchdog has ended");
        }
        panic!("PostgreSQL found no free port");
    }
}

/// PostgreSQL refuses to run as root; then it runs as a user without rights.
struct Runner {
    user: Option<&'static str>,
}

impl Runner {
    fn find() -> Runner {
        if output("id", &["-u"]) != "0" {
            return Runner { user: None };
        }
        let known = |user: &&str| !output("id", &["-u", user]).is_empty();
        let user = ["postgres", "nobody"].into_iter().find(known);
        Runner { user: Some(user.expect("root needs a user postgres or nobody to run PostgreSQL as")) }
    }

    fn command(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", &output("id", &["-g", user]), "--clear-groups", program]);
                command
            }
        };
        // An interrupt from the terminal is for the tests; the watchdog notices their end.
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn give(&self, folder: &Path) {
        if let Some(user) = self.user {
            let given = Command::new("chown").arg(user).arg(folder).status();
            assert!(given.is_ok_and(|status| status.success()), "the temporary folder cannot be given to {user}");
        }
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().expect("a standard program");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The folder with `initdb` and `postgres`, the newest version first.
fn find_programs() -> Option<PathBuf> {
    let complete =
        |folder: &PathBuf| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).exists());
    let versions = |root: &str| -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
        let mut found: Vec<(u32, PathBuf)> = entries
            .flatten()
            .map(|entry| (entry.file_name().to_string_lossy().parse().unwrap_or(0), entry.path().join("bin")))
            .collect();
        found.sort();
        found.into_iter().rev().map(|(_, folder)| folder).collect()
    };
    let mut candidates = versions("/usr/lib/postgresql");
    #[expect(clippy::disallowed_methods, reason = "where programs are is not the product's configuration")]
    candidates.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    candidates.into_iter().find(complete)
}

/// A database whose own collation is not byte order, so that a missing COLLATE "C" is noticed.
fn make_data(runner: &Runner, programs: &Path, data: &Path) {
    let initdb = programs.join("initdb");
    let made = |locale: &[&str]| {
        let mut command = runner.command(initdb.to_str().expect("a path in UTF-8"));
        command.args(["-A", "trust", "-U", "rollcall", "-E", "UTF8", "--no-sync", "--no-instructions"]);
        command.args(locale).arg("-D").arg(data).current_dir("/");
        match command.status() {
            Ok(status) => status.success(),
            Err(error) if error.kind() == ErrorKind::NotFound => panic!("{MISSING}; as root also util-linux (setpriv)"),
            Err(error) => panic!("initdb: {error}"),
        }
    };
    let international = ["--locale=C", "--locale-provider=icu", "--icu-locale=en"];
    assert!(made(&international) || made(&["--no-locale"]), "initdb failed in {}", data.display());
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Waits until the server answers on the socket in its own folder, where nobody else's can be; false if it gave up.
#[expect(clippy::disallowed_methods, reason = "a starting server tells nobody when it is ready")]
fn answers(programs: &Path, folder: &Path, port: u16) -> bool {
    for _ in 0..600 {
        let ready = Command::new(programs.join("pg_isready"))
            .arg("-q")
            .arg("-h")
            .arg(folder)
            .args(["-p", &port.to_string()])
            .status()
            .is_ok_and(|status| status.success());
        if ready {
            return true;
        }
        if std::fs::read_to_string(folder.join("log")).is_ok_and(|log| log.contains("FATAL:  could not create")) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
