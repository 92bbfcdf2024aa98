//! The measured processes: started on a core of their own, watched from outside.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of whatever is measured.
const MEASURED: &str = "0";
/// The core of the load and the CRM.
const LOAD: &str = "1";

/// Where the reference server is installed, for its script.
const PEER_MODULES: &str = "PEER_MODULES";

/// A running process that printed its address.
pub struct Measured {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its address.
    pub startup: Duration,
}

/// Starts a command on the core of what is measured and waits for its `listening on` line.
///
/// # Errors
/// Where it does not start; its log goes to standard error.
pub fn start(command: &[&str]) -> Result<Measured, String> {
    let pinned = ["taskset", "-c", MEASURED];
    let words: Vec<&str> =
        if can_pin() { pinned.iter().chain(command).copied().collect() } else { command.to_vec() };
    let started = Instant::now();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .env_clear()
        .env("APP_SERVER_SECRET_KEY", crate::seed::SECRET)
        .env("LOG", "warn")
        // What is measured is how much the server can do.
        .env("DEFAULT_RATE_LIMIT", "off")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(std::env::var_os(PEER_MODULES).map(|folder| (PEER_MODULES, folder)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} did not start: {error}", words[0]))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    let startup = started.elapsed();
    match line.trim().strip_prefix("listening on http://").and_then(|address| address.parse().ok()) {
        Some(address) => Ok(Measured { child, address, startup }),
        None => {
            let _ = child.kill();
            Err(format!("{} printed {line:?}, not its address", words[0]))
        }
    }
}

/// Moves this process, which is the load and the CRM, to a core of its own.
pub fn pin_the_load() {
    let pinned = can_pin()
        && Command::new("taskset")
            .args(["-a", "-c", "-p", LOAD, &std::process::id().to_string()])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !pinned {
        println!("not pinned to cores (needs two of them, and taskset of util-linux): expect noise");
    }
}

fn can_pin() -> bool {
    let cores = Command::new("taskset").args(["-c", "0,1", "true"]).stderr(Stdio::null()).status();
    cores.is_ok_and(|status| status.success())
}

impl Measured {
    /// Time on the processor so far, of all threads.
    pub fn cpu(&self) -> Duration {
        let threads = std::fs::read_dir(self.proc("task")).into_iter().flatten().flatten();
        let nanoseconds = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Resident memory in MiB; 0 where the system does not tell.
    pub fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0.0) / 1024.0
    }

    /// Waits until the process has had nothing to do for a moment.
    pub async fn settle(&self) {
        const MOMENT: Duration = Duration::from_millis(200);
        for _ in 0..300 {
            let before = self.cpu();
            tokio::time::sleep(MOMENT).await;
            if self.cpu().saturating_sub(before) < MOMENT / 50 {
                return;
            }
        }
    }

    fn proc(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
