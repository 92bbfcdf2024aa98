//! Our own text after what CRMs do to it: whatever the sequence of updates, every field is there once with
//! its last value, and what people wrote survives.

use super::*;
use proptest::prelude::*;

/// What a CRM does to a text when it keeps it.
type Normaliser = (&'static str, fn(&str) -> String);

fn lines_of(text: &str) -> Vec<&str> {
    text.split('\n').collect()
}

fn in_each(text: &str, open: &str, close: &str) -> String {
    lines_of(text).iter().filter(|line| !line.is_empty()).map(|line| format!("{open}{line}{close}")).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without its tags, with something else in their place.
fn without_tags(text: &str, block: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if !matches!(name, "b" | "strong" | "span" | "a" | "i" | "em") && !plain.ends_with(block) {
            plain.push_str(block);
        }
        rest = after;
    }
    (plain + rest).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().to_owned()
}

const PLAIN: &[Normaliser] = &[
    ("as it is", str::to_owned),
    ("trimmed", |text| text.trim().to_owned()),
    ("carriage returns and line feeds", |text| text.replace("\r\n", "\n").replace('\n', "\r\n")),
    ("carriage returns", |text| text.replace("\r\n", "\n").replace('\n', "\r")),
    ("one line", collapsed),
    ("line ends removed", |text| text.replace('\n', "")),
    ("<br />", |text| text.trim_end().replace("<br />", "").replace('\n', "<br />\n")),
    ("<br>", |text| text.trim_end().replace('\n', "<br>")),
    ("<p>", |text| in_each(text, "<p>", "</p>")),
    ("<p> on lines", |text| in_each(text, "<p>", "</p>\n")),
    ("<div> with attributes", |text| in_each(text, "<div dir=\"ltr\">", "</div>")),
    ("a list", |text| {
        let text = text.lines().filter(|line| !line.is_empty()).map(|line| match line.strip_prefix("- ") {
            Some(item) => format!("<li>{item}</li>"),
            None => format!("<p>{line}</p>"),
        });
        text.collect()
    }),
    ("escaped <br>", |text| text.trim_end().replace('\n', "&lt;br&gt;")),
    ("twice escaped <br/>", |text| text.trim_end().replace('\n', "&amp;lt;br/&amp;gt;")),
    ("escaped", escaped),
    ("no-break spaces", |text| text.replace(' ', "\u{a0}")),
    ("escaped no-break spaces", |text| text.replace("- ", "-&nbsp;").replace(": ", ":&#160;")),
    ("spaces at line ends", |text| text.lines().map(|line| format!("{}  \n", line.trim_end())).collect()),
    ("two spaces", |text| text.replace("- ", "-  ").replace(": ", ":  ")),
    ("bullets", |text| {
        text.lines()
            .map(|line| format!("{}\n", line.replacen("- ", "• ", usize::from(line.starts_with("- ")))))
            .collect()
    }),
    ("stars", |text| {
        text.lines()
            .map(|line| format!("{}\n", line.replacen("- ", "* ", usize::from(line.starts_with("- ")))))
            .collect()
    }),
    ("smart", |text| text.replace("---", "—").replace("- ", "– ").replace("...", "…").replace('\'', "’")),
    ("Markdown escapes", |text| text.replace("\n- ", "\n\\- ").replace('_', "\\_")),
    ("blank lines", |text| {
        text.lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n\n")).collect()
    }),
];

const HTML: &[Normaliser] = &[
    ("as it is", str::to_owned),
    ("<strong>", |text| text.replace("<b>", "<strong>").replace("</b>", "</strong>")),
    ("<B>", |text| {
        text.replace("<b>", "<B>").replace("</b>", "</B>").replace("<li>", "<LI>").replace("</li>", "</LI>")
    }),
    ("<b style>", |text| text.replace("<b>", "<b style=\"font-size: 12px\">")),
    ("<span style>", |text| {
        text.replace("<b>", "<span style=\"font-weight: bold;\">").replace("</b>", "</span>")
    }),
    ("nested spans", |text| text.replace("<b>", "<span><strong>").replace("</b>", "</strong></span>")),
    ("attributes", |text| {
        let text =
            text.replace("<li>", "<li class=\"a\" style='margin:0'>").replace("<div>", "<div data-x=\"1\">");
        text.replace("<b>", "<b class=\"x\">").replace("<br>", "<br class=\"y\">")
    }),
    ("<br />", |text| text.replace("<br>", "<br />")),
    ("line ends", |text| {
        let text = text.replace("\r\n", "").replace("</li>", "</li>\r\n").replace("</div>", "</div>\r\n");
        text.replace("<br>", "<br>\r\n").replace("<b>", "<strong>").replace("</b>", "</strong>")
    }),
    ("colons within", |text| text.replace("</b>:", ":</b>")),
    ("<p> for <li>", |text| {
        text.replace("<b>", "<strong>")
            .replace("</b>", "</strong>")
            .replace("<li>", "<p>")
            .replace("</li>", "</p>")
    }),
    ("<p> for <div>", |text| {
        text.replace("<b>", "<strong>")
            .replace("</b>", "</strong>")
            .replace("<div>", "<p>")
            .replace("</div>", "</p>")
    }),
    ("a list around", |text| {
        let text = text.replace("<b>", "<strong>").replace("</b>", "</strong>");
        match (text.find("<li>"), text.rfind("</li>")) {
            (Some(from), Some(to)) if !text.contains("<ul>") => {
                format!("{}<ul>{}</ul>{}", &text[..from], &text[from..to + 5], &text[to + 5..])
            }
            _ => text,
        }
    }),
    ("a page around", |text| match text.starts_with("<html>") {
        true => text.to_owned(),
        false => format!(
            "<html><head></head><body><div>{}</div></body></html>",
            text.replace("<b>", "<strong>").replace("</b>", "</strong>")
        ),
    }),
    ("escaped", escaped),
    ("twice escaped", |text| escaped(&escaped(text))),
    ("no-break spaces", |text| {
        text.replace("</b>: ", "</b>:&nbsp;")
            .replace("Agent notes", "Agent&nbsp;notes")
            .replace("<b>", "<strong>")
            .replace("</b>", "</strong>")
    }),
    ("tags to line ends", |text| without_tags(text, "\n")),
    ("tags to blanks", |text| collapsed(&without_tags(text, " "))),
    ("tags removed", |text| without_tags(text, "")),
    ("Markdown", |text| without_tags(&text.replace("<b>", "**").replace("</b>", "**"), "\n")),
];

const MARKDOWN: &[Normaliser] = &[
    ("as it is", str::to_owned),
    ("carriage returns and line feeds", |text| text.replace("\r\n", "\n").replace('\n', "\r\n")),
    ("__ for **", |text| text.replace("**", "__")),
    ("blank lines", |text| {
        text.lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n\n")).collect()
    }),
    ("no blank lines", |text| {
        text.lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
    }),
    ("blank lines behind headings", |text| {
        text.lines()
            .filter(|line| !line.is_empty())
            .map(|line| format!("{line}\n{}", if line.starts_with('#') { "\n" } else { "" }))
            .collect()
    }),
    ("escaped marks", |text| text.replace("**", "\\*\\*")),
    ("deeper headings", |text| text.replace("### ", "#### ").replace("## ", "### ")),
    ("closed headings", |text| {
        text.lines()
            .map(|line| if line.starts_with('#') { format!("{line} ##\n") } else { format!("{line}\n") })
            .collect()
    }),
    ("underlined headings", |text| {
        let line = |line: &str| match line.strip_prefix("## ") {
            Some(heading) => format!("{heading}\n-----\n"),
            None => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }),
    ("items", |text| {
        text.lines()
            .map(|line| format!("{}{line}\n", if line.starts_with("**") { "* " } else { "" }))
            .collect()
    }),
    ("colons within", |text| text.replace("**:", ":**")),
    ("spaces at line ends", |text| text.lines().map(|line| format!("{}  \n", line.trim_end())).collect()),
    ("one line", collapsed),
    ("line ends removed", |text| text.replace('\n', "")),
    ("HTML", |text| {
        let line = |line: &str| {
            let line = line.trim();
            if line.is_empty() || line.starts_with('<') {
                return line.to_owned();
            }
            if let Some(heading) = line.strip_prefix("### ") {
                return format!("<h3>{heading}</h3>");
            }
            if let Some(heading) = line.strip_prefix("## ") {
                return format!("<h2>{heading}</h2>");
            }
            format!("<p>{}</p>", line.replacen("**", "<strong>", 1).replacen("**", "</strong>", 1))
        };
        text.lines().map(line).collect()
    }),
    ("marks removed", |text| text.replace("**", "").replace("### ", "").replace("## ", "")),
];

/// Field, member of the request, and how the log may call it.
const FIELDS: [(&str, &[&str]); 8] = [
    ("note", &["Agent notes", "- Note:", "Note: "]),
    ("subject", &["Summary"]),
    ("result", &["Result"]),
    ("recordingLink", &["Call recording link"]),
    ("aiNote", &["AI Note"]),
    ("transcript", &["Transcript"]),
    ("ringSenseSummary", &["ACE summary"]),
    ("duration", &["Duration"]),
];

/// The request of an update: the named fields with values that nothing else has.
fn request(members: &[usize], number: usize) -> Value {
    let mut request = json!({});
    for (index, (member, _)) in members.iter().map(|index| (*index, FIELDS[*index])) {
        request[member] = match member {
            "duration" => json!(60 * (number + 1)),
            "recordingLink" => json!(format!("https://r.example/{number}?a={index}")),
            "result" => {
                json!(["Call connected", "Voicemail", "Missed", "No Answer", "Busy", "Stopped"][number % 6])
            }
            "transcript" => json!(format!("transcript{number} it's one.\ntranscript{number} two.")),
            _ => json!(format!("f{index}value{number}x of it's kind.")),
        };
    }
    request
}

/// How often a text has one of these labels.
fn count(text: &str, format: LogFormat, (member, labels): (&str, &[&str])) -> usize {
    match (member, format) {
        ("note", LogFormat::Plain) => text.matches("- Note:").count(),
        ("note", _) => text.matches("Agent notes").count(),
        _ => text.matches(labels[0]).count(),
    }
}

fn check(
    format: LogFormat,
    normaliser: Normaliser,
    updates: &[Vec<usize>],
    foreign: &[(usize, bool)],
) -> Result<(), TestCaseError> {
    let (name, normalised) = normaliser;
    let mut text = String::new();
    let mut last: Vec<Option<usize>> = vec![None; FIELDS.len()];
    let mut people: Vec<String> = Vec::new();
    for (number, members) in updates.iter().enumerate() {
        let request = request(members, number);
        let sent = updated(&text, &request, format);
        let stored = normalised(&sent);
        let again = updated(&stored, &request, format);
        for member in members {
            last[*member] = Some(number);
        }
        for text in [&sent, &again] {
            for (index, field) in FIELDS.into_iter().enumerate() {
                let expected = usize::from(last[index].is_some());
                prop_assert_eq!(
                    count(text, format, field),
                    expected,
                    "{:?} {}: {} in {}\nstored {}",
                    format,
                    name,
                    field.0,
                    text,
                    stored
                );
                for old in 0..=number {
                    let wanted = usize::from(last[index] == Some(old));
                    let value = match field.0 {
                        "duration" | "result" => continue,
                        // The CRM loses the link, and keeps its text.
                        "recordingLink" if name.starts_with("tags") || name == "Markdown" => continue,
                        "recordingLink" => format!("r.example/{old}?"),
                        "transcript" => format!("transcript{old} two"),
                        _ => format!("f{index}value{old}x"),
                    };
                    let found = text.replace('\u{a0}', " ").matches(&value).count();
                    prop_assert_eq!(
                        found,
                        wanted,
                        "{:?} {}: {} in {:?}\nstored {:?}",
                        format,
                        name,
                        value,
                        text,
                        stored
                    );
                }
            }
            for words in &people {
                let is_there = text.replace('\u{a0}', " ").contains(words.as_str());
                prop_assert!(is_there, "{:?} {}: {} in {:?}\nstored {:?}", format, name, words, text, stored);
            }
        }
        let third = updated(&normalised(&again), &request, format);
        let fourth = updated(&normalised(&third), &request, format);
        // What a CRM does to the texts of people it does again each time.
        prop_assert!(
            !people.is_empty() || fourth.len() <= third.len(),
            "{:?} {}: it grows: {:?}\n{:?}",
            format,
            name,
            third,
            fourth
        );
        text = again;
        if let Some((_, in_front)) = foreign.iter().find(|(at, _)| *at == number) {
            let words = format!("Person{number} wrote this");
            let end = if format == LogFormat::Html { "<br>" } else { "\n" };
            text = match in_front {
                true => format!("{words}.{end}{text}"),
                // Of a line alone nobody knows who wrote which part of it; a paragraph is a person's.
                false if format == LogFormat::Html => format!("{text}<p>{words}.</p>"),
                false => format!("{}\n\n{words}.\n", text.trim_end()),
            };
            people.push(words);
        }
        text = normalised(&text);
    }
    Ok(())
}

/// Each of these took, or would take, as long as the square of its length.
#[test]
fn no_text_takes_longer_than_its_length() {
    let update = request(&(0..FIELDS.len()).collect::<Vec<_>>(), 0);
    let parts = [
        "&amp;",
        "amp;",
        "&#38;",
        "&lt;",
        "<b",
        "<b>",
        "</b>",
        "<li>",
        "<div>",
        "</div>",
        "<span style=\"font-weight:bold\">",
        "**",
        "**Result**: ",
        "### Transcript\n",
        "- Transcript:\n",
        "- Note: x ",
        "Result: ",
        "Agent notes ",
        "END",
        "--- ",
        "- ",
        "\\*",
        "<b>Agent notes</b>",
        "<div><b>AI Note</b><br>",
        "<b>Result</b>: ",
        "&lt;b&gt;Result&lt;/b&gt;: ",
        "\n\n",
    ];
    for part in parts {
        for format in FORMATS {
            for front in ["", "- Result: x\n- Note: a&"] {
                let text = format!("{front}{}", part.repeat(20_000 / part.len()));
                assert!(!updated(&text, &update, format).is_empty());
            }
        }
    }
}

fn all() -> Vec<(LogFormat, Normaliser)> {
    let of = |format, all: &[Normaliser]| all.iter().map(|one| (format, *one)).collect::<Vec<_>>();
    [of(LogFormat::Plain, PLAIN), of(LogFormat::Html, HTML), of(LogFormat::Markdown, MARKDOWN)].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn every_field_is_there_once_with_its_last_value(
        updates in prop::collection::vec(prop::sample::subsequence((0..FIELDS.len()).collect::<Vec<_>>(), 2..=FIELDS.len()), 1..5),
    ) {
        for (format, normaliser) in all() {
            // What nothing says is ours is not known again.
            let mut updates = updates.clone();
            updates[0] = (0..FIELDS.len()).collect();
            check(format, normaliser, &updates, &[])?;
        }
    }
}

/// Where a text keeps its lines or its blocks, what people wrote stays in them.
#[test]
fn what_people_wrote_survives_every_normaliser() {
    let mut failures = Vec::new();
    for (format, normaliser) in all() {
        let updates: Vec<Vec<usize>> =
            vec![(0..FIELDS.len()).collect(), vec![0, 2, 3], vec![1, 4, 5, 7], vec![0, 6]];
        for foreign in [vec![(0, true)], vec![(0, false)], vec![(0, true), (1, false)]] {
            // On one line, and in Markdown without blank lines, nothing says where the last field ends.
            let open =
                ["one line", "removed", "tags to blanks", "no blank lines", "blank lines behind headings"];
            if open.iter().any(|name| normaliser.0.contains(name))
                && foreign.iter().any(|(_, in_front)| !in_front)
            {
                continue;
            }
            if let Err(error) = check(format, normaliser, &updates, &foreign) {
                failures.push(error.to_string());
            }
        }
    }
    assert!(failures.is_empty(), "{} failures: {}", failures.len(), failures.join("\n\n"));
}

/// As [`every_field_is_there_once_with_its_last_value`], all at once, to see every normaliser that fails.
#[test]
fn each_normaliser_alone() {
    let mut failures = Vec::new();
    for (format, normaliser) in all() {
        let updates: Vec<Vec<usize>> =
            vec![(0..FIELDS.len()).collect(), vec![0, 2], vec![3, 4, 5], vec![1, 6, 7], vec![0, 5]];
        if let Err(error) = check(format, normaliser, &updates, &[]) {
            failures.push(error.to_string());
        }
    }
    assert!(failures.is_empty(), "{} failures: {}", failures.len(), failures.join("\n\n"));
}
