//! `app-connect test`

use std::path::PathBuf;

use super::{CliError, FOUND, print};
use crate::atomic_file;
use crate::engine::cases::report::{Format, falls_short, junit, render};
use crate::engine::cases::suite::{Selection, Suite, select};
use crate::service::wording::CASE_WORDING;

/// Runs fixture cases. Exits with 0 where all pass, with 1 where one fails, its document cannot run or
/// coverage is too low, and with 2 where nothing could be run.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// proxyConfig files, folders that hold them, or single cases: `crm.cases/find-contact`.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write what comes out of the failing cases as what is expected from now on.
    #[arg(long)]
    update: bool,
    /// Run only cases with this text in `<proxyId>/<case>` or in their operation. Can be repeated.
    #[arg(long = "filter", value_name = "TEXT", conflicts_with = "min_coverage")]
    filters: Vec<String>,
    /// How outcomes are written.
    #[arg(long, default_value = "human", value_name = "human|json|github", value_parser = |name: &str| name.parse::<Format>())]
    format: Format,
    /// Also write a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail where fewer of a document's operations and error rules have a case.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
}

pub(super) fn run(arguments: &Arguments) -> Result<u8, CliError> {
    let selections = selections(arguments)?;
    let mut suites: Vec<Suite> = selections.iter().map(|selection| selection.run(CASE_WORDING)).collect();
    if arguments.update && rewrite(&suites)? {
        suites = self::selections(arguments)?.iter().map(|selection| selection.run(CASE_WORDING)).collect();
    }
    print::text(&render(arguments.format, &suites, arguments.min_coverage));
    if let Some(path) = &arguments.junit {
        let written = atomic_file::replace(path, junit(&suites).as_bytes());
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let fails = |suite: &Suite| !suite.passed() || falls_short(suite, arguments.min_coverage);
    if arguments.format == Format::Human && suites.iter().any(differs) {
        print::error(
            "Where what came out is right, the same command with --update writes it down; read the changes \
             before you commit them.",
        );
    }
    Ok(if suites.iter().any(fails) { FOUND } else { 0 })
}

fn differs(suite: &Suite) -> bool {
    suite.outcomes.iter().any(|outcome| !outcome.differences.is_empty())
}

fn selections(arguments: &Arguments) -> Result<Vec<Selection>, CliError> {
    let mut selections: Vec<Selection> = Vec::new();
    for path in &arguments.paths {
        for selection in select(path)? {
            add(&mut selections, selection);
        }
    }
    if selections.iter().all(|selection| selection.cases.is_empty()) {
        return Err(CliError(
            "no cases are at these paths; a case is a folder in <proxyId>.cases beside <proxyId>.json, and \
             `app-connect record` makes one"
                .to_owned(),
        ));
    }
    if !arguments.filters.is_empty() {
        selections.iter_mut().for_each(|selection| selection.filter(&arguments.filters));
        selections.retain(|selection| !selection.cases.is_empty());
        if selections.is_empty() {
            let texts = arguments.filters.join("` or `");
            return Err(CliError(format!("no case has `{texts}` in its name or operation")));
        }
    }
    Ok(selections)
}

/// Paths may overlap: a document has one place in the report, and each of its cases runs once.
fn add(selections: &mut Vec<Selection>, selection: Selection) {
    let Some(known) = selections.iter_mut().find(|known| known.document == selection.document) else {
        selections.push(selection);
        return;
    };
    known.is_whole |= selection.is_whole;
    for case in selection.cases {
        if known.cases.iter().all(|other| other.name != case.name) {
            known.cases.push(case);
        }
    }
}

/// Writes expectations anew; whether any changed. On standard error, so that a report stays whole.
fn rewrite(suites: &[Suite]) -> Result<bool, CliError> {
    let mut any = false;
    for suite in suites {
        for path in suite.rewrite()? {
            any = true;
            print::error(&format!("wrote {}", path.display()));
        }
    }
    Ok(any)
}
