//! Whatever a CRM, a client or a person writes: the work grows with the length of the text and not with its
//! square. What is measured is the processor time of this thread, which others do not change.

use std::time::Duration;

use super::*;
use rustix::time::{ClockId, clock_gettime};

/// Lengths in bytes. A square makes the longer text sixty-four times the work, and a line eight times.
const SHORT: usize = 4 * 1024;
const LONG: usize = 8 * SHORT;

/// How many times the work the longer text may take. Caches and allocators make it more than eight.
const MOST: f64 = 24.0;

/// Less than this says nothing about growth.
const NOISE: Duration = Duration::from_millis(10);

fn work(of: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let began = now();
    of();
    now() - began
}

/// What texts are made of that pretend to be ours, again and again.
const UNITS: &[&str] = &[
    "- Note: a\n",
    "- Note: \n",
    "- Agent notes: a\n",
    "- Summary: x\n",
    "- AI Note:\n",
    "- AI Note:\n\n",
    "- Transcript:\na\n\n",
    "- Call journey:\n",
    "--- END\n",
    "---------",
    "-",
    "- ",
    "- \n",
    "\n- \n",
    "- Duration: 1\n",
    "- Note: x\n\n",
    "- Follow up: x\n",
    "a\n",
    "a\n\n",
    "\n",
    "\n\n",
    " ",
    " \n",
    "\r",
    "\r\n",
    "- Result: x\r\n",
    "x",
    "END",
    " END",
    "- END",
    "JOURNEY END ",
    "- AI Note:\nEND\n",
    "Note\n",
    "Note:",
    "Result: ",
    "Session Id: ",
    "Agent notes",
    "Agent notes Call details",
    "Call details",
    "Result:\nSummary\n",
    "Transcript",
    "… (shortened)",
    "- AI Note:\n… (shortened)\n",
    "<b>Note</b>: ",
    "<br>",
    "<b>",
    "</b>",
    "<li><b>Note</b>: a</li>",
    "<li><b>Result</b>: a",
    "<b>Result</b>: ",
    "<",
    ">",
    "&",
    "&amp;",
    "&amp;amp;",
    "amp;",
    "&lt;",
    "&lt;b&gt;",
    "&lt;b ",
    "&amp;lt;b&amp;gt;",
    "&#60;",
    "&quot;",
    "&nbsp;",
    "<b>Agent notes</b><br>x",
    "<b>Agent notes</b>",
    "Call details</b>",
    "<ul>",
    "</ul>",
    "<ul><li>",
    "</div>",
    "<div>",
    "<b>Summary</b>",
    "<!--",
    "-->",
    "<div><b>AI Note</b><br>",
    "<div><b>AI Note</b><br>x</div>",
    "<div><b>Transcript</b>",
    "<a href=\"",
    "<a ",
    "<span style=\"font-weight:bold\">",
    "<span ",
    "<p>",
    "<p></p>",
    "</p>",
    "<h1>Transcript</h1>",
    "<h1>",
    "<strong>Result:</strong> x<br>",
    "<p><strong>Result</strong>: x</p>\n",
    "**Note**: a\n",
    "*",
    "**",
    "__",
    "_",
    "## Agent notes\n",
    "## Agent notes",
    "## Call details\n",
    "### Note\n\n",
    "### Transcript\n",
    "### Transcript\n\nx\n\n",
    "### Mine\n",
    "- **x**: y\n",
    "**Result**: y\n",
    "**Result**: ",
    "#",
    "# ",
    "## ",
    "Transferred to x\n",
    "### Call journey\nx\n",
    "\\",
    "\\*\\*",
    "\\*",
    "\u{200b}",
    "\u{1}",
    "\u{2}",
    "[",
    "[x] ",
    "[]",
    "é",
    "\u{2028}",
    "👩\u{200d}",
    "<i><b>",
    "<li>",
    "- - - - - Note:",
    "• ",
    "> ",
    "Date/Time: 1 2 3\n",
    "jan 1 ",
];

/// What stands around them.
const FRAMES: &[(&str, &str)] = &[
    ("", ""),
    ("- Note: a\n- Result: x\n\n- AI Note:\n", "\n--- END\n"),
    ("- Note: ", ""),
    ("- AI Note:\n", ""),
    ("- Note: a\n- Result: x\n- Date/Time: 1\n", "- Duration: 1"),
    ("<b>Agent notes</b><br>", "<br><br><b>Call details</b><br><ul><li><b>Result</b>: x</li></ul>"),
    ("<div><b>AI Note</b><br>", "</div>"),
    ("<li><b>Result</b>: ", ""),
    ("&lt;b&gt;Agent notes&lt;/b&gt;", ""),
    ("## Agent notes\n", "\n\n## Call details\n**Result**: x\n"),
    ("### Transcript\n", "\n### AI Note\nx\n"),
    ("Result: x Duration: 5 seconds Summary: ", ""),
];

fn filled((front, behind): (&str, &str), unit: &str, length: usize) -> String {
    format!("{front}{}{behind}", unit.repeat(length / unit.len()))
}

/// Requests that say little, the text itself, a part of it, and what is nearly it.
fn requests(text: &str) -> Vec<(&'static str, Value)> {
    let middle = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
    let half = &text[..middle];
    let all = |value: &str| {
        json!({"note": value, "aiNote": value, "transcript": value, "subject": value, "result": value,
            "ringSenseSummary": value, "startTime": 1_700_000_000_000_i64, "duration": 7,
            "legs": [{"direction": "Inbound", "to": {"name": value}}]})
    };
    vec![
        (
            "little",
            json!({"note": "hello", "aiNote": "x", "result": "r", "transcript": "a\n\nb", "duration": 7}),
        ),
        ("note only", json!({"note": "hello"})),
        ("all of it", all(text)),
        ("half", all(half)),
        ("nearly, with an end mark", all(&format!("{half}zz\n--- END\n--- JOURNEY END\n{half}"))),
        ("one line", all(&format!("{}--- END", half.replace(['\n', '\r'], " ")))),
    ]
}

/// Texts that were slow, or are made to be, and two requests for each.
const KNOWN: &[(&str, (&str, &str))] = &[
    ("- Note: a\n", ("- AI Note:\n", "")),
    ("- AI Note:\n", ("", "")),
    ("a\n\n", ("- Note: ", "")),
    (" \n", ("- Note: a\n\nbbbbbbbbb\n\n", "")),
    ("<br>", ("<b>Agent notes</b><br>", "<br><br><b>Call details</b>")),
    ("&amp;", ("", "")),
    ("## Agent notes\n", ("", "")),
    ("### Transcript\n\nx\n\n", ("", "")),
    ("Result:\nSummary\n", ("", "")),
];

fn check(texts: impl Iterator<Item = (&'static str, (&'static str, &'static str))>, wanted: &[&str]) {
    let mut slow = Vec::new();
    for (unit, frame) in texts {
        let texts = [SHORT, LONG].map(|length| filled(frame, unit, length));
        let both: Vec<_> = texts.iter().map(|text| requests(text)).collect();
        let both =
            both[0].iter().zip(&both[1]).filter(|((name, _), _)| wanted.is_empty() || wanted.contains(name));
        for ((name, short), (_, long)) in both {
            for format in FORMATS {
                let of_long = work(|| drop(updated(&texts[1], long, format)));
                if of_long < NOISE * 2 {
                    continue;
                }
                let ratio = || {
                    let of_short = work(|| drop(updated(&texts[0], short, format))).max(NOISE / 8);
                    work(|| drop(updated(&texts[1], long, format))).as_secs_f64() / of_short.as_secs_f64()
                };
                let ratio = (0..3).map(|_| ratio()).fold(f64::INFINITY, f64::min);
                if ratio > MOST {
                    slow.push(format!(
                        "{format:?} {unit:?} in {frame:?}, {name}: {ratio:.0} times, {of_long:?}"
                    ));
                }
            }
        }
    }
    assert!(slow.is_empty(), "{}\n{}", slow.len(), slow.join("\n"));
}

#[test]
fn the_work_on_a_text_grows_with_its_length() {
    check(KNOWN.iter().copied(), &["little", "one line"]);
}

#[test]
#[ignore = "an hour: for whoever changes how texts are read"]
fn the_work_on_any_of_these_texts_grows_with_its_length() {
    let frames = |unit: &'static &'static str| FRAMES.iter().map(|frame| (*unit, *frame));
    check(UNITS.iter().flat_map(frames), &[]);
}
