//! What people read of a replay: the differences of each defective step, and one line per group.
use super::player::{GroupReport, StepReport, Verdict};
use indexmap::IndexMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Once;

impl GroupReport {
    /// Whether anything is neither as recorded nor as the lists say.
    pub fn is_defective(&self) -> bool {
        !self.problems.is_empty() || self.defects().next().is_some()
    }

    /// The defective steps.
    pub fn defects(&self) -> impl Iterator<Item = &StepReport> {
        self.steps.iter().filter(|step| step.verdict == Verdict::Defect)
    }

    fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.steps.iter().filter(|step| is(&step.verdict)).count()
    }

    /// One line: how many steps agree, deviate, wait or fail, and which routes are missing.
    pub fn line(&self) -> String {
        let waiting = self.count(|v| matches!(v, Verdict::NeedsRoute(_) | Verdict::NeedsPart(_)));
        let mut line = format!(
            "{:<26} {:>5} {:>6} {:>8} {:>8} {:>7}",
            self.group,
            self.steps.len(),
            self.count(|v| *v == Verdict::Agrees),
            self.count(|v| matches!(v, Verdict::Deviates(_))),
            waiting,
            self.count(|v| *v == Verdict::Defect),
        );
        let mut listed: IndexMap<String, usize> = IndexMap::new();
        for step in &self.steps {
            match &step.verdict {
                Verdict::Deviates(ids) => {
                    ids.iter().for_each(|id| *listed.entry(id.clone()).or_default() += 1);
                }
                Verdict::NeedsPart(part) => *listed.entry(format!("needs {part}")).or_default() += 1,
                _ => {}
            }
        }
        let routes = self.unserved.iter().map(|(route, count)| (format!("needs {route}"), *count));
        let remarks = listed.into_iter().chain(routes);
        for (remark, count) in remarks {
            let plural = if count == 1 { "" } else { "s" };
            let _ = write!(line, "\n    {remark}: {count} step{plural}");
        }
        line
    }

    /// Every difference of every defective step, and what is wrong with the group as a whole.
    pub fn details(&self) -> String {
        let mut text = String::new();
        for step in self.defects() {
            text.push_str(&step.details());
        }
        for problem in &self.problems {
            let _ = writeln!(text, "{}: {problem}", self.group);
        }
        text
    }
}

impl StepReport {
    /// The differences of the step, one field after the other.
    pub fn details(&self) -> String {
        let mut text = format!("step {:?}", self.name);
        if !self.note.is_empty() {
            let _ = write!(text, " ({})", self.note);
        }
        text.push('\n');
        for problem in &self.problems {
            let _ = writeln!(text, "  {problem}");
        }
        for difference in &self.differences {
            let _ = writeln!(text, "  {}", difference.field);
            let _ = writeln!(text, "    expected  {}", visible(&difference.expected));
            let _ = writeln!(text, "    got       {}", visible(&difference.got));
        }
        text
    }

    /// What was sent and what happened.
    pub fn full(&self) -> String {
        format!("{:?}\n{}\n{}", self.verdict, self.trace.join("\n"), self.details())
    }
}

/// Control characters made visible, so that a difference in them can be seen.
fn visible(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Prints a group's line where it is seen even if the test passes (the test runner captures
/// `print!` only), under a heading before the first.
pub fn print_line(report: &GroupReport) {
    static HEADING: Once = Once::new();
    let heading = format!(
        "{:<26} {:>5} {:>6} {:>8} {:>8} {:>7}",
        "group", "steps", "agree", "deviate", "waiting", "defects"
    );
    let mut terminal = std::io::stderr().lock();
    HEADING.call_once(|| drop(writeln!(terminal, "\n{heading}")));
    // A closed terminal is no reason to fail.
    let _ = writeln!(terminal, "{}", report.line());
}
