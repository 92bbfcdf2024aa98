//! Sets of statuses, as documents write them: `404`, `"4xx"`, `"500-599"`.

use std::fmt;

/// A set of statuses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusSet(Vec<(u16, u16)>);

impl StatusSet {
    /// Adds all statuses between two, both included.
    pub fn add(&mut self, (first, last): (u16, u16)) {
        self.0.push((first, last));
    }

    /// Whether a status is in it.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// Reads `404`, `4xx` or `500-599`: the first and the last status.
pub fn parse_range(text: &str) -> Option<(u16, u16)> {
    let text = text.trim();
    let number = |text: &str| text.trim().parse().ok().filter(|status| (100..600).contains(status));
    let lower = text.to_ascii_lowercase();
    if let Some(class) = lower.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..6).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (number(first)?, number(last)?);
        return (first <= last).then_some((first, last));
    }
    number(text).map(|status| (status, status))
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            match (first, last) {
                (first, last) if first == last => write!(f, "{first}")?,
                (first, last) if first % 100 == 0 && *last == first + 99 => write!(f, "{}xx", first / 100)?,
                (first, last) => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (text, expected) in [
            ("404", Some((404, 404))),
            (" 4xx ", Some((400, 499))),
            ("5XX", Some((500, 599))),
            ("500-599", Some((500, 599))),
            ("500 - 503", Some((500, 503))),
            ("503-500", None),
            ("6xx", None),
            ("xx", None),
            ("99", None),
            ("600", None),
            ("4x", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(parse_range(text), expected, "{text:?}");
        }
    }

    #[test]
    fn sets_are_shown_as_they_are_written() {
        let mut set = StatusSet::default();
        for text in ["404", "5xx", "409-412"] {
            set.add(parse_range(text).unwrap());
        }
        assert_eq!(set.to_string(), "404, 5xx, 409-412");
        assert!(set.contains(404) && set.contains(599) && set.contains(409));
        assert!(!set.contains(403) && !set.contains(413));
    }
}
