//! The real binary as a child process: started with a clean environment, ready when it has
//! printed its address, killed when dropped.
use super::agreement;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How to start a server. Its folders are chosen by the caller, so that a second start can find
/// what the first one stored.
#[derive(Debug, Clone)]
pub struct Options {
    /// The words before `serve`: the binary of this package, unless a test puts something else
    /// in its place or in front of it.
    pub command: Vec<String>,
    /// `--proxy-configs`: `<proxyId>.json` each.
    pub proxy_configs: PathBuf,
    /// `--data-dir`.
    pub data_dir: PathBuf,
    /// `--listen`; port 0 takes a free one.
    pub listen: String,
    /// Further arguments of `serve`.
    pub args: Vec<String>,
    /// The whole environment of the process.
    pub env: Vec<(String, String)>,
}

impl Options {
    /// A free port, private networks allowed (the scripted CRM is on one), nothing in the
    /// environment.
    pub fn new(proxy_configs: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            command: vec![env!("CARGO_BIN_EXE_app-connect").to_owned()],
            proxy_configs: proxy_configs.into(),
            data_dir: data_dir.into(),
            listen: "127.0.0.1:0".to_owned(),
            args: vec!["--allow-private-network".to_owned()],
            env: Vec::new(),
        }
    }

    /// Adds an environment variable.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// A running server process.
pub struct Server {
    child: Child,
    address: SocketAddr,
    stdout: Arc<Mutex<Vec<String>>>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<JoinHandle<()>>,
}

/// Long enough for a debug build on a loaded machine; a start normally takes milliseconds.
const START: Duration = Duration::from_secs(60);

impl Server {
    /// Starts the server and waits for its address. `Err` says what went wrong, with its log.
    pub fn start(options: &Options) -> Result<Self, String> {
        let mut child = Command::new(&options.command[0])
            .args(&options.command[1..])
            .arg("serve")
            .args(["--listen", &options.listen])
            .arg("--proxy-configs")
            .arg(&options.proxy_configs)
            .arg("--data-dir")
            .arg(&options.data_dir)
            .args(&options.args)
            .env_clear()
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the server binary did not start: {error}"))?;
        let (stderr, stderr_reader) = collect(child.stderr.take().expect("stderr is piped"));
        let (lines, first_line) = mpsc::channel();
        let stdout = Arc::default();
        let pipe = child.stdout.take().expect("stdout is piped");
        std::thread::spawn({
            let stdout: Arc<Mutex<Vec<String>>> = Arc::clone(&stdout);
            move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    stdout.lock().unwrap().push(line.clone());
                    // Only the first line is waited for.
                    let _ = lines.send(line);
                }
            }
        });
        let mut server = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            stdout,
            stderr,
            stderr_reader: Some(stderr_reader),
        };
        let line = first_line.recv_timeout(START).map_err(|error| match error {
            RecvTimeoutError::Timeout => server.failure("printed no address"),
            RecvTimeoutError::Disconnected => server.failure("ended before it was ready"),
        })?;
        server.address =
            address_in(&line).ok_or_else(|| server.failure(&format!("printed {line:?}, not its address")))?;
        agreement::begin(server.address);
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All lines of standard output so far; the contract is exactly one.
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.lock().unwrap().clone()
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// The process id, for tests that send it signals.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process to stop (`SIGTERM`).
    #[cfg(unix)]
    pub fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill -TERM failed");
    }

    /// Waits for the process to end by itself and reads the rest of its log. `None`: it still runs
    /// after `patience`.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                self.kill();
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Ends the process at once (`SIGKILL`), waits for its end and reads the rest of its log.
    pub fn kill(&mut self) {
        agreement::end(self.address);
        // Both fail only where the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.stderr_reader.take() {
            // The pipe is closed now: the rest of the log is read, then the thread ends.
            let _ = reader.join();
        }
    }

    fn failure(&mut self, what: &str) -> String {
        self.kill();
        format!("the server {what}; its log:\n{}", self.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listening on http://")?.parse().ok()
}

fn collect(mut pipe: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let text = Arc::new(Mutex::new(String::new()));
    let reader = std::thread::spawn({
        let text = Arc::clone(&text);
        move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        }
    });
    (text, reader)
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Options, Server};
    /// Starts a shell script in place of the server.
    fn start(script: &str) -> (tempfile::TempDir, Result<Server, String>) {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path(), folder.path()).env("GIVEN", "yes").arg("--more");
        options.command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let server = Server::start(&options);
        (folder, server)
    }

    #[test]
    fn a_server_is_ready_when_it_has_printed_its_address() {
        let (_folder, server) = start(
            "echo given $GIVEN, home ${HOME-none}, last ${8} >&2\n\
             echo listening on http://127.0.0.1:4312\nexec cat /dev/zero >/dev/null",
        );
        let mut server = server.unwrap();
        assert_eq!(server.origin(), "http://127.0.0.1:4312");
        assert_eq!(server.stdout(), ["listening on http://127.0.0.1:4312"]);
        server.kill();
        assert_eq!(server.log(), "given yes, home none, last --more\n");
    }

    #[test]
    fn a_server_that_ends_or_prints_something_else_is_no_server() {
        let (_folder, ended) = start("echo bad configuration >&2");
        let error = ended.err().unwrap();
        assert_eq!(error, "the server ended before it was ready; its log:\nbad configuration\n");
        let (_folder, chatty) = start("echo hello; exec cat /dev/zero >/dev/null");
        assert!(chatty.err().unwrap().contains(r#"printed "hello", not its address"#));
    }
}
