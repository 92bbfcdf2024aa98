//! Hundreds of connections that send or read slowly.
use crate::support::pulse::while_others_are_served;
use crate::support::test_server::{TestServer, try_send};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What a server holds, in MiB.
fn resident(app: &TestServer) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() / 1024
}

fn connect(app: &TestServer, count: usize, first: &[u8]) -> Vec<TcpStream> {
    (0..count)
        .map(|_| {
            let mut stream = TcpStream::connect(app.server.address()).unwrap();
            stream.write_all(first).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        })
        .collect()
}

/// Whether the server has closed a connection; what it sent before is read.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

fn wait_until_closed(
    streams: &mut Vec<TcpStream>,
    patience: Duration,
    mut meanwhile: impl FnMut(&mut TcpStream),
) {
    let started = Instant::now();
    while !streams.is_empty() {
        streams.retain_mut(|stream| !is_closed(stream));
        assert!(started.elapsed() < patience, "{} are open after {patience:?}", streams.len());
        streams.iter_mut().for_each(&mut meanwhile);
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn server() -> TestServer {
    TestServer::start_with(&[], |options| options.arg("--workers").arg("2"))
}

#[test]
fn many_large_bodies_that_stop_take_little_memory() {
    let app = server();
    let before = resident(&app);
    while_others_are_served(&app, || {
        let announced = b"POST /apiKeyLogin HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n";
        let mut streams = connect(&app, 500, announced);
        let mut sent = 0;
        wait_until_closed(&mut streams, Duration::from_secs(20), |stream| {
            sent += stream.write(&[b' '; 64 * 1024]).unwrap_or_default();
        });
        // A length that is allowed, all of it but the last byte.
        let mut begun = b"POST /apiKeyLogin HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n".to_vec();
        begun.resize(begun.len() + 65_535, b' ');
        let mut streams = connect(&app, 500, &begun);
        wait_until_closed(&mut streams, Duration::from_secs(40), |_| {});
    });
    let grown = resident(&app).saturating_sub(before);
    assert!(grown < 150, "{grown} MiB");
}

#[test]
fn slow_bodies_are_closed_and_leave_room_for_others() {
    let app = TestServer::start_with(&[], |options| {
        let mut options = options.arg("--workers").arg("2");
        let limited = ["sh", "-c", "ulimit -n 512 && exec \"$0\" \"$@\""].map(str::to_owned);
        options.command.splice(0..0, limited);
        options
    });
    assert!(
        app.server.log().contains("the limit of open files allows 384 connections"),
        "{}",
        app.server.log()
    );
    let slow = b"POST /apiKeyLogin HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{";
    let mut streams = connect(&app, 600, slow);
    // Each byte would prolong a time-out that began anew.
    wait_until_closed(&mut streams, Duration::from_secs(45), |stream| {
        let _ = stream.write(b" ");
    });
    app.assert_alive();
}

#[test]
fn slow_heads_are_closed() {
    let app = server();
    let mut streams = connect(&app, 200, b"GET /isAlive HTTP/1.1\r\nHost: x\r\nX-A: ");
    wait_until_closed(&mut streams, Duration::from_secs(20), |stream| {
        let _ = stream.write(b"a");
    });
}

#[test]
fn who_does_not_read_is_closed_and_takes_little_memory() {
    let app = server();
    // Once, so that what is made at the first request is there.
    try_send(app.server.address(), "GET", "/openapi.json", &[], None).unwrap();
    let before = resident(&app);
    let requests = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    let streams = connect(&app, 300, &requests);
    while_others_are_served(&app, || std::thread::sleep(Duration::from_secs(3)));
    let grown = resident(&app).saturating_sub(before);
    assert!(grown < 100, "{grown} MiB");
    // The system closes them; the server learns it and forgets them.
    let sockets = || std::fs::read_dir(format!("/proc/{}/fd", app.server.id())).unwrap().count();
    let started = Instant::now();
    while sockets() > 100 {
        assert!(started.elapsed() < Duration::from_secs(60), "{} files are open", sockets());
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(streams);
}
