//! The shape of the two crates: no files that need each other in a circle, and no module that knows one of a
//! floor above it. Read from the paths of `use` lines and of expressions, tests not included.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regex::Regex;

/// A module, and those that it may know besides what its crate has in common.
type Floor = (&'static str, &'static [&'static str]);

/// A crate's modules from below, and which of them every module may know.
struct Floors {
    list: &'static [Floor],
    common: &'static [&'static str],
    /// Stands for every module that the list does not name.
    others: Option<Floor>,
}

/// The engine: documents know nothing of what runs them, and what runs them knows no operation.
const ENGINE: Floors = Floors {
    list: &[
        ("atomic_file", &[]),
        ("cancel", &[]),
        ("hex", &[]),
        ("json_kind", &[]),
        ("secret", &[]),
        ("config", &[]),
        ("app_connect", &["config", "engine"]),
        ("load", &["config", "engine", "app_connect"]),
        ("cases", &["config", "engine", "load"]),
    ],
    common: &["atomic_file", "cancel", "hex", "json_kind", "secret"],
    others: Some(("engine", &["config"])),
};

/// The server and the command line.
const SERVER: Floors = Floors {
    list: SERVER_FLOORS,
    common: &[
        "atomic_file",
        "hex",
        "json_kind",
        "random_id",
        "small_cache",
        "durations",
        "secret",
        "members",
    ],
    others: None,
};

/// What the root crate shows of the engine.
const SHOWN: &[&str] = &["engine", "config", "secret", "atomic_file", "hex", "json_kind"];

const SERVER_FLOORS: &[Floor] = &[
    ("atomic_file", &[]),
    ("hex", &[]),
    ("json_kind", &[]),
    ("random_id", &[]),
    ("small_cache", &[]),
    ("durations", &[]),
    ("otel", &[]),
    ("secret", &[]),
    ("members", &[]),
    ("credential", &[]),
    ("user", &["credential"]),
    ("config", &[]),
    ("engine", &["config"]),
    ("store", &["credential", "user"]),
    ("metrics", &["config", "engine", "store"]),
    ("connector", &["config", "engine", "metrics", "credential", "user"]),
    ("service", &["config", "engine", "store", "credential", "user", "metrics", "connector"]),
    ("import", &["engine", "store", "credential", "user", "service"]),
    ("server", &["config", "engine", "store", "metrics", "connector", "service", "otel"]),
    ("sandbox", &[]),
    ("generators", &["config", "engine", "server"]),
    (
        "cli",
        &[
            "config",
            "engine",
            "store",
            "connector",
            "service",
            "import",
            "server",
            "sandbox",
            "generators",
            "otel",
        ],
    ),
    ("main", &["cli"]),
];

/// A module's path: `engine::blocks::check`.
type Module = Vec<String>;

/// The source of every module.
type Sources = BTreeMap<Module, String>;

/// Which modules each one names, and a line that does.
type Uses = BTreeMap<Module, BTreeMap<Module, String>>;

fn sources(root: &Path) -> Sources {
    let mut found = Sources::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Module =
                    name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                    module.pop();
                }
                if !module.iter().any(|part| part == "tests" || part.ends_with("_tests")) {
                    found.insert(module, fs::read_to_string(&path).unwrap());
                }
            }
        }
    }
    found
}

/// The source without its tests, comments and texts.
fn bare(source: &str) -> String {
    let tests = Regex::new(r"\n#\[cfg\(test\)\]\nmod \w+ \{").unwrap();
    let source = tests.find(source).map_or(source, |at| &source[..at.start()]);
    let noise = Regex::new(r#"//[^\n]*|"(?:[^"\\]|\\.)*""#).unwrap();
    noise.replace_all(source, "").into_owned()
}

/// The paths of a `use`, its braces written out.
fn paths(tree: &str) -> Vec<String> {
    let Some((front, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split_whitespace().collect()];
    };
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in inner.chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        match character {
            ',' if depth == 0 => parts.push(String::new()),
            character => parts.last_mut().unwrap().push(character),
        }
    }
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| paths(&format!("{front}{part}")))
        .collect()
}

/// The module that a path in another module leads into, as far as there are modules.
fn target(sources: &Sources, from: &Module, path: &str) -> Option<Module> {
    let mut names = path.split("::").peekable();
    let mut module = match *names.peek()? {
        "crate" => {
            names.next();
            Module::new()
        }
        "self" | "super" => {
            let mut module = from.clone();
            while matches!(names.peek(), Some(&"self" | &"super")) {
                if names.next() == Some("super") {
                    module.pop()?;
                }
            }
            module
        }
        child => {
            let module: Module = from.iter().map(String::as_str).chain([child]).map(str::to_owned).collect();
            sources.get(&module)?;
            from.clone()
        }
    };
    for name in names {
        module.push(name.to_owned());
        if !sources.contains_key(&module) {
            module.pop();
            break;
        }
    }
    (sources.contains_key(&module) && module != *from).then_some(module)
}

fn uses(sources: &Sources) -> Uses {
    let statements = Regex::new(r"\buse ([^;]+);").unwrap();
    let expressions = Regex::new(r"\b(?:crate|super|self)(?:::\w+)+").unwrap();
    let mut all = Uses::new();
    for (module, source) in sources {
        let source = bare(source);
        let named = statements.captures_iter(&source).flat_map(|found| paths(&found[1]));
        let named = named.chain(expressions.find_iter(&source).map(|found| found.as_str().to_owned()));
        for path in named {
            if let Some(target) = target(sources, module, &path) {
                all.entry(module.clone()).or_default().entry(target).or_insert(path);
            }
        }
    }
    all
}

/// Whether a module is another one's, or below it: a module may know its own parts.
fn holds(module: &Module, other: &Module) -> bool {
    other.starts_with(module)
}

/// Every circle, each once, with the lines that close it.
fn circles(uses: &Uses) -> Vec<String> {
    let reachable = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.clone()];
        while let Some(module) = next.pop() {
            for target in uses.get(&module).into_iter().flatten().map(|(target, _)| target) {
                if !holds(&module, target) && seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&Module, BTreeSet<Module>> =
        uses.keys().map(|module| (module, reachable(module))).collect();
    let mut found = Vec::new();
    let mut told: BTreeSet<&Module> = BTreeSet::new();
    for (module, reached) in &reach {
        if !reached.contains(*module) || told.contains(*module) {
            continue;
        }
        let members: Vec<&Module> = reach
            .iter()
            .filter(|(other, back)| reached.contains(**other) && back.contains(*module))
            .map(|(other, _)| *other)
            .collect();
        let mut text = String::from("a circle:\n");
        for member in &members {
            for (target, line) in uses[*member].iter().filter(|(target, _)| members.contains(target)) {
                if !holds(member, target) {
                    let _ = writeln!(text, "  {} names {} ({line})", member.join("::"), target.join("::"));
                }
            }
        }
        told.extend(members);
        found.push(text);
    }
    found
}

impl Floors {
    /// The floor of a module, and what it may know.
    fn of(&self, module: &Module) -> Option<Floor> {
        let name = module.first()?;
        self.list.iter().find(|(floor, _)| floor == name).copied().or(self.others)
    }
}

/// Every use of a module of a floor above.
fn climbs(uses: &Uses, floors: &Floors) -> Vec<String> {
    let mut found = Vec::new();
    for (module, targets) in uses.iter().filter(|(module, _)| !module.is_empty()) {
        let Some((floor, allowed)) = floors.of(module) else {
            found.push(format!("{} has no floor: add it to the list", module[0]));
            continue;
        };
        for (target, line) in targets {
            let Some((known, _)) = floors.of(target) else { continue };
            if known != floor && !allowed.contains(&known) && !floors.common.contains(&known) {
                found.push(format!("{} may not know {known}: {line}", module.join("::")));
            }
        }
    }
    found.dedup();
    found
}

#[test]
fn no_files_need_each_other_and_none_knows_a_floor_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let engine = sources(&root.join("crates/engine/src"));
    let mut server = sources(&root.join("src"));
    server.extend(SHOWN.iter().map(|module| (vec![(*module).to_owned()], String::new())));
    let mut wrong = Vec::new();
    for (sources, floors) in [(&engine, &ENGINE), (&server, &SERVER)] {
        let uses = uses(sources);
        assert!(uses.len() > 100, "only {} modules were read", uses.len());
        wrong.extend(circles(&uses));
        wrong.extend(climbs(&uses, floors));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The operations are files of `app_connect`; no other file of the engine names one of them.
#[test]
fn the_engine_names_no_operation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = Regex::new(r"OperationName::[A-Z]+_[A-Z_]+").unwrap();
    let named: Vec<String> = sources(&root.join("crates/engine/src"))
        .iter()
        .filter(|(module, _)| module.first().is_some_and(|first| first != "app_connect"))
        .flat_map(|(module, source)| {
            let source = bare(source);
            let found: Vec<String> = name
                .find_iter(&source)
                .map(|found| format!("{}: {}", module.join("::"), found.as_str()))
                .collect();
            found
        })
        .collect();
    assert!(named.is_empty(), "{}", named.join("\n"));
}

/// The floors are a list from below: each knows only what stands before it.
#[test]
fn the_floors_are_in_order() {
    for (at, (name, allowed)) in SERVER_FLOORS.iter().enumerate() {
        for known in *allowed {
            let below = SERVER_FLOORS[..at].iter().any(|(below, _)| below == known);
            assert!(below, "{name} may know {known}, which does not stand below it");
        }
    }
}

#[test]
fn a_circle_and_a_climb_are_found() {
    let planted = |files: &[(&str, &str)]| -> Sources {
        let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
        files.iter().map(|(path, source)| (module(path), (*source).to_owned())).collect()
    };
    let sound = planted(&[
        ("engine", "mod a;\nmod b;\nuse a::A;"),
        ("engine::a", "use super::b::{self, B as Other};\n// use crate::service::X;"),
        (
            "engine::b",
            "use crate::config::Document;\n#[cfg(test)]\nmod tests {\n    use super::super::a::A;\n}",
        ),
        ("config", "const TEXT: &str = \"crate::engine::a\";"),
        ("service", ""),
    ]);
    assert_eq!((circles(&uses(&sound)), climbs(&uses(&sound), &SERVER)), (Vec::new(), Vec::new()));

    let mut wrong = sound.clone();
    wrong.insert(vec!["engine".to_owned(), "b".to_owned()], "fn f() { super::a::run() }".to_owned());
    wrong.insert(vec!["config".to_owned()], "use crate::{engine::{b::C, a}, secret};".to_owned());
    let uses = uses(&wrong);
    assert_eq!(
        circles(&uses),
        [
            "a circle:\n  engine::a names engine::b (super::b::self)\n  engine::b names engine::a (super::a::run)\n"
        ]
    );
    assert_eq!(
        climbs(&uses, &SERVER),
        ["config may not know engine: crate::engine::a", "config may not know engine: crate::engine::b::C"]
    );
}
