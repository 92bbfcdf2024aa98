//! The command line as people and scripts see it: what is printed, and the exit code.

mod authoring;
mod demo;
mod importing;
mod recording;
mod requests;
mod serving;
mod sign_in;
mod store;
mod testing;
mod validate;

use crate::support::test_server::{PATIENCE, document, pretty};
use serde_json::json;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const PUBLIC: &str = "https://crm.example.com";

struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs a command in a folder, with nothing in its environment but what is given.
fn run_with(folder: &Path, arguments: &[&str], env: &[(&str, &str)], input: &str) -> Run {
    let mut child = start(folder, arguments, env);
    // A command that does not read its input has closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text)
        })
    };
    let out = read(Box::new(child.stdout.take().unwrap()));
    let err = read(Box::new(child.stderr.take().unwrap()));
    let code = wait(&mut child, arguments);
    Run { code, out: out.join().unwrap().unwrap(), err: err.join().unwrap().unwrap() }
}

fn start(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_app-connect"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait(child: &mut Child, arguments: &[&str]) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("{arguments:?} did not end");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    run_with(folder, arguments, &[], "")
}

/// A folder with documents: clean, with a warning, with a mistake, with an error, with cases.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let clean = document(PUBLIC);
    write("clean/crm.json", &pretty(&clean));
    write("clean/crm.cases/finds.json", "{ this is a case, and no document");
    write("clean/.hidden/other.json", "{");
    write("clean/readme.md", "{");
    write("clean/below/deeper.json", &pretty(&clean));
    let mut warned = clean.clone();
    warned["operations"].as_object_mut().unwrap().shift_remove("getCallLog");
    write("warned.json", &pretty(&warned));
    let mut mistaken = clean.clone();
    mistaken["operations"]["findContact"]["query"]["phone"] = "{{phoneNumbr}}".into();
    mistaken["operations"]["findContact"]["querry"] = json!({});
    write("mistaken.json", &pretty(&mistaken));
    write("broken.json", "{\n  \"meta\": {\"name\": \"x\",}\n}\n");
    folder
}
