//! How quickly a server answers while something is done to it, next to an idle server on the same machine.
use super::server::{Options, Server};
use super::test_server::{TestServer, try_send};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two probes.
const PAUSE: Duration = Duration::from_millis(10);

/// No answer of an idle server counts as shorter than this: below, the ratio is noise.
const NOISE: Duration = Duration::from_millis(50);

/// How much slower than the idle server the worst answer may be. What blocks a worker takes seconds, and what
/// shares the processor with others takes a few times the usual.
const MOST: f64 = 20.0;

/// The longest answers of `GET /isAlive` in the same time.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    pub attacked: Duration,
    pub idle: Duration,
    pub probes: usize,
}

impl Pulse {
    /// The ratio of the two.
    pub fn ratio(self) -> f64 {
        self.attacked.as_secs_f64() / self.idle.max(NOISE).as_secs_f64()
    }
}

/// Does something to the server and asserts that it goes on answering others meanwhile. A server that does not
/// answer at all fails.
pub fn while_others_are_served<T: Send>(server: &TestServer, attack: impl FnOnce() -> T + Send) -> T {
    let (result, pulse) = pulse_during(server, attack);
    eprintln!("{pulse:?}, ratio {:.1}", pulse.ratio());
    assert!(
        pulse.ratio() <= MOST,
        "others waited: {pulse:?}, ratio {:.1}\n{}",
        pulse.ratio(),
        server.server.log()
    );
    server.assert_alive();
    result
}

/// As [`while_others_are_served`], and leaves the judgement to the caller.
pub fn pulse_during<T: Send>(server: &TestServer, attack: impl FnOnce() -> T + Send) -> (T, Pulse) {
    let folder = tempfile::tempdir().unwrap();
    let configs = folder.path().join("configs");
    std::fs::create_dir(&configs).unwrap();
    let idle = Server::start(&Options::new(configs, folder.path().join("data"))).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (attacked, idle, ended) = (server.server.address(), idle.address(), &ended);
        let prober = scope.spawn(move || {
            let mut pulse = Pulse { attacked: Duration::ZERO, idle: Duration::ZERO, probes: 0 };
            while pulse.probes == 0 || !ended.load(Ordering::Acquire) {
                pulse.attacked = pulse.attacked.max(probe(attacked));
                pulse.idle = pulse.idle.max(probe(idle));
                pulse.probes += 1;
                std::thread::sleep(PAUSE);
            }
            pulse
        });
        let result = attack();
        ended.store(true, Ordering::Release);
        (result, prober.join().expect("the probes are answered"))
    })
}

fn probe(address: SocketAddr) -> Duration {
    let started = Instant::now();
    let reply = try_send(address, "GET", "/isAlive", &[], None).expect("an answer");
    assert_eq!(reply.status, 200, "{}", reply.text());
    started.elapsed()
}
