//! A PostgreSQL of the tests' own: in a temporary folder, on a free port, gone with its owner.
//!
//! It is looked for in `PATH` and where Debian keeps it. Without one the tests that need it say so
//! and pass, unless `REQUIRE_POSTGRES=1` says that it has to be there.
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Longer than a start takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Holds the server: ends it and removes its folder when its input ends, whatever becomes of the
/// process that wrote there. Says `ready` with the folder after the start, and after each order.
const KEEPER: &str = r#"
set -eu
bin=$1 port=$2
root=$(mktemp -d "${TMPDIR:-/tmp}/app-connect-postgres.XXXXXX")
trap 'rm -rf "$root"' EXIT
cd "$root"
"$bin/initdb" -D "$root/data" -U postgres -A trust -E UTF8 --no-sync >"$root/log" 2>&1 || { cat "$root/log" >&2; exit 1; }
start() {
  "$bin/postgres" -D "$root/data" -p "$port" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$root" \
    -c fsync=off -c max_connections=300 -c shared_buffers=32MB -c log_line_prefix='%d ' </dev/null >>"$root/log" 2>&1 &
  server=$!
}
stop() {
  kill "-$1" "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
start
echo "ready $root"
while read -r order; do
  case $order in
    crash)
      # All at once, so that nobody finishes anything.
      kill -9 "$server" $(cat "/proc/$server/task/$server/children" 2>/dev/null) 2>/dev/null || true
      wait "$server" 2>/dev/null || true ;;
    stop) stop INT ;;
    start) start ;;
  esac
  echo "ready $root"
done
stop QUIT
"#;

/// A running server.
pub struct Cluster {
    keeper: Mutex<Child>,
    answers: Mutex<BufReader<std::process::ChildStdout>>,
    bin: PathBuf,
    root: PathBuf,
    port: u16,
    databases: AtomicU32,
}

/// The server that the tests of this process share; `None`, after saying why, where there is none.
pub fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref()
}

impl Cluster {
    /// A server of its own, for tests that stop it.
    pub fn start() -> Option<Self> {
        match Self::try_start() {
            Ok(cluster) => Some(cluster),
            Err(why) if std::env::var("REQUIRE_POSTGRES").is_ok_and(|value| value == "1") => {
                panic!("REQUIRE_POSTGRES=1, and {why}")
            }
            Err(why) => {
                // Past the harness, which would hide it.
                let _ = writeln!(std::io::stderr(), "skipped, because {why}");
                None
            }
        }
    }

    fn try_start() -> Result<Self, String> {
        let bin = binaries()
            .ok_or("there is no PostgreSQL (initdb, postgres) in PATH or in /usr/lib/postgresql")?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.map_err(|error| format!("there is no free port: {error}"))?.port();
        let mut keeper = as_ordinary_user()?
            .args(["/bin/sh", "-c", KEEPER, "keeper"])
            .arg(&bin)
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("PostgreSQL cannot be started: {error}"))?;
        let answers = BufReader::new(keeper.stdout.take().expect("a pipe"));
        let mut cluster = Self {
            keeper: Mutex::new(keeper),
            answers: Mutex::new(answers),
            bin,
            root: PathBuf::new(),
            port,
            databases: AtomicU32::new(0),
        };
        cluster.root = cluster.answer()?.into();
        cluster.wait()?;
        Ok(cluster)
    }

    /// The address of a new and empty database.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&self.url("postgres"), &format!("create database {name}"));
        self.url(&name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL with psql; rows as lines, columns with `|` between them.
    #[track_caller]
    pub fn sql(&self, url: &str, sql: &str) -> String {
        self.try_sql(url, sql).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn try_sql(&self, url: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.program("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("psql: {error}"))?;
        let written = psql.stdin.take().expect("a pipe").write_all(sql.as_bytes());
        let output = psql.wait_with_output().map_err(|error| format!("psql: {error}"))?;
        if output.status.success() && written.is_ok() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Kills every process of the server (`SIGKILL`).
    pub fn crash(&self) {
        self.order("crash");
    }

    /// Stops it in order, with its connections broken.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Starts it again and waits until it answers.
    pub fn restart(&self) {
        self.order("start");
        self.wait().unwrap();
    }

    /// What the server wrote so far.
    pub fn log(&self) -> String {
        std::fs::read(self.root.join("log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// A program of this PostgreSQL, or the one in `PATH`.
    fn program(&self, name: &str) -> PathBuf {
        let own = self.bin.join(name);
        if own.exists() { own } else { name.into() }
    }

    fn order(&self, order: &str) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(keeper.stdin.as_mut().expect("a pipe"), "{order}").unwrap();
        drop(keeper);
        self.answer().unwrap();
    }

    /// The folder, once the keeper has done what it was told.
    fn answer(&self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.answers.lock().unwrap_or_else(PoisonError::into_inner).read_line(&mut line);
        match (read, line.trim_end().strip_prefix("ready ")) {
            (Ok(_), Some(root)) => Ok(root.to_owned()),
            _ => Err("PostgreSQL did not start; what it says is above".to_owned()),
        }
    }

    fn wait(&self) -> Result<(), String> {
        let started = Instant::now();
        loop {
            match self.try_sql(&self.url("postgres"), "select 1") {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > PATIENCE => {
                    return Err(format!("PostgreSQL does not answer: {error}\n{}", self.log()));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }
}

/// The folder of `initdb` and `postgres`.
fn binaries() -> Option<PathBuf> {
    let of_debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut of_debian: Vec<PathBuf> = of_debian.map(|entry| entry.path().join("bin")).collect();
    // The newest first; 9 is no more in use.
    of_debian.sort_by(|one, other| other.cmp(one));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_both = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).exists());
    std::env::split_paths(&path).chain(of_debian).find(has_both)
}

/// PostgreSQL refuses to run as root: a command that runs another one as somebody else, where needed.
fn as_ordinary_user() -> Result<Command, String> {
    let id = Command::new("id").arg("-u").output().map_err(|error| format!("`id -u` failed: {error}"))?;
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return Ok(Command::new("env"));
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = ["postgres", "nobody"]
        .iter()
        .find_map(|name| accounts.lines().find(|line| line.starts_with(&format!("{name}:"))))
        .ok_or("PostgreSQL refuses to run as root, and there is no user postgres or nobody")?;
    let fields: Vec<&str> = account.split(':').collect();
    let in_path = |name: &str| {
        ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].iter().any(|at| Path::new(at).join(name).exists())
    };
    if let (Some(uid), Some(gid), true) = (fields.get(2), fields.get(3), in_path("setpriv")) {
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]);
        return Ok(command);
    }
    if in_path("runuser") {
        let mut command = Command::new("runuser");
        command.args(["-u", fields[0], "--"]);
        return Ok(command);
    }
    Err("PostgreSQL refuses to run as root, and there is neither setpriv nor runuser to run it as somebody else".to_owned())
}
