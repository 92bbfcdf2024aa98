//! What people copy into CI and onto servers: every command in it is one that this version understands, and
//! every path in it is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use app_connect::cli;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks every `app-connect …` line of a script. What a variable holds is taken for `1`.
fn check_script(place: &str, script: &str) -> usize {
    let joined = script.replace("\\\n", " ");
    let mut checked = 0;
    for line in joined.lines().map(str::trim) {
        let Some(command) = line.strip_prefix("app-connect ") else { continue };
        let words = shlex::split(command).unwrap_or_else(|| panic!("{place}: {line}"));
        let end = words.iter().position(|word| [">", "|", "||", "&&"].contains(&word.as_str()));
        let words = &words[..end.unwrap_or(words.len())];
        let words: Vec<&str> = words.iter().map(|word| if word.contains('$') { "1" } else { word }).collect();
        check(place, &words);
        checked += 1;
    }
    checked
}

fn check(place: &str, arguments: &[&str]) {
    if let Err(problem) = cli::check_arguments(arguments) {
        panic!("{place}: app-connect {}\n{problem}", arguments.join(" "));
    }
}

/// The shell code in a page.
fn shell_blocks(page: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line.trim_start()) {
            (_, fence) if fence.starts_with("```") => inside = fence == "```sh",
            (true, _) => code.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    code
}

#[test]
fn a_command_that_is_none_is_refused() {
    assert!(cli::check_arguments(&["test", "proxy-configs"]).is_ok());
    for wrong in [&["tset", "x"][..], &["test"], &["validate", "x", "--frobnicate"]] {
        assert!(cli::check_arguments(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn pages_show_commands_that_there_are() {
    for (page, least) in [("README.md", 8), ("docs/ci.md", 3), ("docs/sandbox.md", 5)] {
        let checked = check_script(page, &shell_blocks(&read(page)));
        assert!(checked >= least, "{page}: only {checked} commands were found");
    }
    let readme = read("proxy-configs/README.md");
    assert!(check_script("proxy-configs/README.md", &readme) >= 2);
}

#[test]
fn links_of_the_page_lead_somewhere() {
    let page = read("docs/ci.md");
    let mut links = 0;
    for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root().join("docs").join(link).exists(), "{link}");
        links += 1;
    }
    assert!(links >= 4);
}

#[test]
fn the_action_runs_commands_that_there_are() {
    let path = "integrations/github-action/action.yml";
    let action = yaml(path);
    assert_eq!(action["runs"]["using"], "composite");
    let inputs = action["inputs"].as_object().unwrap();
    let mut used = BTreeSet::new();
    let mut checked = 0;
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "bash", "a composite step names its shell: {step}");
        let run = step["run"].as_str().unwrap();
        checked += check_script(path, run);
        // An input inside a script is code of whoever sets it; a variable is not.
        assert!(!run.contains("${{"), "{run}");
        let condition = step["if"].as_str().unwrap_or_default();
        let env = step["env"].as_object().into_iter().flatten();
        for (name, value) in env {
            assert!(run.contains(&format!("${name}")), "{name} is not used by {run}");
            used.extend(value.as_str().unwrap().split("inputs.").nth(1).map(|rest| rest.replace(" }}", "")));
        }
        let words = condition.split("inputs.").nth(1).and_then(|rest| rest.split(' ').next());
        used.extend(words.map(str::to_owned));
    }
    assert_eq!(checked, 4);
    assert_eq!(used.iter().collect::<Vec<_>>(), {
        let mut names: Vec<&String> = inputs.keys().collect();
        names.sort();
        names
    });
    // The action installs from the repository that it is in.
    assert!(root().join("integrations/github-action/../../Cargo.toml").exists());
    let example = yaml("integrations/github-action/example-workflow.yml");
    let steps = example["jobs"]["connectors"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["uses"].as_str().unwrap().contains("github-action")).unwrap();
    for name in step["with"].as_object().unwrap().keys() {
        assert!(inputs.contains_key(name), "the action has no input {name}");
    }
    let upload = steps.iter().find(|step| step["uses"].as_str().unwrap().contains("upload-sarif")).unwrap();
    assert_eq!(upload["with"]["sarif_file"], step["with"]["sarif"]);
    assert_eq!(example["permissions"]["security-events"], "write");
}

#[test]
fn hooks_run_commands_that_there_are() {
    let path = ".pre-commit-hooks.yaml";
    let hooks = yaml(path);
    for hook in hooks.as_array().unwrap() {
        let mut words = shlex::split(hook["entry"].as_str().unwrap()).unwrap();
        assert_eq!(words.remove(0), "app-connect");
        words.extend(
            hook["args"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap().to_owned()),
        );
        if hook["pass_filenames"] != false {
            words.push("proxy-configs/sandbox.json".to_owned());
        }
        check(path, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let files = regex::Regex::new(hook["files"].as_str().unwrap()).unwrap();
        assert!(files.is_match("proxy-configs/crm.json") && files.is_match("a/proxy-configs/crm.json"));
        let is_case = files.is_match("proxy-configs/crm.cases/find-contact/input.json");
        assert_eq!(is_case, hook["id"] == "app-connect-test", "cases are no documents");
    }
    let page = read("docs/ci.md");
    for hook in hooks.as_array().unwrap() {
        assert!(page.contains(&format!("- id: {}", hook["id"].as_str().unwrap())));
    }
}

#[test]
fn the_image_has_what_it_builds_and_starts() {
    let file = read("Dockerfile");
    let instructions: Vec<(&str, &str)> =
        file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' ')).collect();
    let of = |name: &str| -> Vec<&str> {
        instructions.iter().filter(|(instruction, _)| *instruction == name).map(|(_, rest)| *rest).collect()
    };
    let mut copied: Vec<PathBuf> = Vec::new();
    for copy in of("COPY").into_iter().filter(|copy| !copy.starts_with("--from")) {
        let words: Vec<&str> = copy.split(' ').collect();
        for source in &words[..words.len() - 1] {
            assert!(root().join(source).exists(), "COPY {copy}");
            copied.push(source.into());
        }
    }
    // What the sources include is in the build, and nothing that the build needs is left out of it.
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        for included in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let target = fs::canonicalize(file.parent().unwrap().join(included)).unwrap();
            let target = target.strip_prefix(fs::canonicalize(root()).unwrap()).unwrap().to_owned();
            assert!(copied.iter().any(|path| target.starts_with(path)), "{} is not copied", target.display());
        }
    }
    let manifest = read("Cargo.toml");
    assert!(!manifest.contains("[[bench]]") || copied.contains(&"benches".into()));
    let version = manifest.split("rust-version = \"").nth(1).unwrap().split('"').next().unwrap();
    let images = of("FROM");
    assert!(images[0].starts_with(&format!("rust:{version}-slim")), "{} and Rust {version}", images[0]);
    let ignored = read(".dockerignore");
    for line in ignored.lines() {
        assert!(!copied.contains(&line.into()), "{line} is copied and ignored");
    }
    let words = |instruction: &str| -> Vec<String> { serde_json::from_str(of(instruction)[0]).unwrap() };
    assert!(words("ENTRYPOINT")[0].ends_with("/app-connect"));
    let command = words("CMD");
    check("Dockerfile", &command.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(of("USER").iter().all(|user| !user.starts_with("root") && !user.starts_with('0')));
    assert_eq!(of("USER").len(), 1);
}

#[test]
fn the_unit_starts_a_command_that_there_is() {
    let unit = read("packaging/app-connect.service");
    let value =
        |key: &str| unit.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).unwrap_or_default();
    let words: Vec<&str> = value("ExecStart").split(' ').collect();
    assert_eq!(words[0], "/usr/local/bin/app-connect");
    check("packaging/app-connect.service", &words[1..]);
    let data = words.iter().position(|word| *word == "--data-dir").map(|at| words[at + 1]);
    assert_eq!(
        data,
        Some(format!("/var/lib/{}", value("StateDirectory")).as_str()),
        "the only place it may write"
    );
    for (key, wanted) in [("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("DynamicUser", "yes")] {
        assert_eq!(value(key), wanted);
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
    found
}
