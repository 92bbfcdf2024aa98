use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The offsets in winter and in summer (of the northern half), in minutes.
fn offsets(value: &Value) -> Result<(i32, i32), ZoneProblem> {
    let zone = read_zone(value)?;
    let at = |text: &str| zone.to_offset(text.parse::<Timestamp>().unwrap()).seconds() / 60;
    Ok((at("2026-01-15T12:00:00Z"), at("2026-07-15T12:00:00Z")))
}

#[test]
fn zones_in_every_form() {
    let eastern = (-300, -240);
    let table: &[(Value, (i32, i32))] = &[
        (json!("America/New_York"), eastern),
        (json!(" america/new_york\n"), eastern),
        (json!("America/New York"), eastern),
        (json!("us_slash_eastern"), eastern),
        (json!("US/Eastern"), eastern),
        (json!("EST5EDT"), eastern),
        (json!("Eastern Standard Time"), eastern),
        (json!("EASTERN STANDARD TIME"), eastern),
        (json!("Eastern Daylight Time"), eastern),
        (json!("Eastern Time"), eastern),
        (json!("Eastern Time (US & Canada)"), eastern),
        (json!("(GMT-05:00) Eastern Time (US & Canada)"), eastern),
        (json!("(UTC-05:00) Eastern Time (US & Canada)"), eastern),
        (json!("(GMT-05:00) Eastern Time"), eastern),
        (json!("(GMT-05:00) Eastern Standard Time (America/New_York)"), eastern),
        (json!("(GMT-04:00) Eastern Daylight Time (America/New_York)"), eastern),
        (json!("GMT-0500 (Eastern Standard Time)"), eastern),
        (json!("America/New_York (UTC-05:00)"), eastern),
        (json!("America/New_York (EST)"), eastern),
        (json!("[UTC-5] Eastern Time"), eastern),
        (json!("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"), (60, 120)),
        (json!("Central European Summer Time"), (60, 120)),
        (json!("Nuku'alofa"), (780, 780)),
        (json!("India Standard Time"), (330, 330)),
        (json!("Asia/Kolkata"), (330, 330)),
        (json!("(GMT-05:00) Somewhere"), (-300, -300)),
        // A name that does not agree with what people see beside it.
        (json!("(GMT-05:00) Paris"), (-300, -300)),
        (json!("UTC"), (0, 0)),
        (json!("Z"), (0, 0)),
        (json!("gmt"), (0, 0)),
        (json!("UTC±00:00"), (0, 0)),
        (json!("Etc/GMT+5"), (-300, -300)),
        (json!("UTC-5"), (-300, -300)),
        (json!("UTC - 5"), (-300, -300)),
        (json!("utc-05"), (-300, -300)),
        (json!("UTC\u{2212}05:00"), (-300, -300)),
        (json!("GMT+5:30"), (330, 330)),
        (json!("GMT+530"), (330, 330)),
        (json!("(GMT+05:30)"), (330, 330)),
        (json!("+05:30"), (330, 330)),
        (json!("+5.30"), (330, 330)),
        (json!("+5.5"), (330, 330)),
        (json!("5.75"), (345, 345)),
        (json!("-05:00:00"), (-300, -300)),
        (json!("-0800"), (-480, -480)),
        (json!("-8"), (-480, -480)),
        (json!(-8), (-480, -480)),
        (json!(5.5), (330, 330)),
        (json!(330), (330, 330)),
        (json!("-300"), (-300, -300)),
        (json!(-18000), (-300, -300)),
        (json!("-18000"), (-300, -300)),
        (json!(19800), (330, 330)),
        (json!(-18000000), (-300, -300)),
        (json!("EST"), (-300, -300)),
        (json!("EDT"), (-240, -240)),
        (json!("CEST"), (120, 120)),
        (json!("jst"), (540, 540)),
        (json!("NST"), (-210, -210)),
    ];
    for (value, expected) in table {
        assert_eq!(offsets(value), Ok(*expected), "{value}");
    }
    // Winter time is the same by all its names.
    assert_eq!(offsets(&json!("CET")).unwrap().0, 60);
}

#[test]
fn what_is_no_zone() {
    for value in [
        json!(null),
        json!(true),
        json!(""),
        json!(" "),
        json!("Mars/Olympus"),
        json!("Etc/Unknown"),
        json!("Customized Time Zone"),
        json!("London, Paris"),
        json!("+05:99"),
        json!("+1:2:3:4"),
        json!("UTC5"),
        json!("UTC+x"),
        json!("+25:00"),
        json!("5000"),
        json!("5.5.5"),
        json!(1e9),
        json!(5000),
        json!("+é"),
        json!("+14155550123"),
        json!("()"),
        json!("../../etc/passwd"),
    ] {
        assert_eq!(read_zone(&value).err(), Some(ZoneProblem::Unknown), "{value}");
    }
}

#[test]
fn an_abbreviation_of_several_zones_is_named() {
    for name in ["IST", "cst", "BST", "AST"] {
        let problem = read_zone(&json!(name)).unwrap_err();
        assert!(problem.to_string().starts_with(&name.to_uppercase()), "{problem}");
    }
    // Beside an offset or a name it is clear whose it is.
    assert_eq!(offsets(&json!("GMT+0530 (IST)")), Ok((330, 330)));
    assert_eq!(offsets(&json!("America/Chicago (CST)")), Ok((-360, -300)));
}

/// Also where a container image has no `/usr/share/zoneinfo`.
#[test]
fn every_listed_name_is_sorted_and_in_the_built_in_database() {
    let bundled = TimeZoneDatabase::bundled();
    for names in [WINDOWS, RAILS] {
        for (name, zone) in names {
            assert!(bundled.get(zone).is_ok(), "{name}: {zone}");
            assert!(read_zone(&json!(name)).is_ok(), "{name}");
        }
        let lower: Vec<String> = names.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert!(lower.is_sorted());
    }
    for (name, _) in ABBREVIATIONS {
        assert!(bundled.get(name).is_err(), "{name} is in the database");
        assert!(AMBIGUOUS.iter().all(|(other, _)| other != name), "{name}");
    }
}

proptest! {
    #[test]
    fn any_text_and_number_are_handled(
        text in "[-+0-9:.A-Za-z()/ ,]{0,24}|\\PC*",
        number in proptest::num::f64::ANY,
    ) {
        let _ = read_zone(&json!(text));
        let _ = read_zone(&json!(number));
    }

    #[test]
    fn an_offset_is_read_back_from_each_of_its_forms(quarters in -56..=56_i32) {
        let seconds = quarters * 900;
        let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
        let (hours, minutes) = (size / 3600, size % 3600 / 60);
        for text in [
            format!("{sign}{hours:02}:{minutes:02}"),
            format!("{sign}{hours:02}{minutes:02}"),
            format!("UTC{sign}{hours}:{minutes:02}"),
            format!("(GMT{sign}{hours:02}:{minutes:02}) Nowhere"),
            format!("{sign}{hours:02}:{minutes:02}:00"),
        ] {
            let zone = read_zone(&json!(text));
            prop_assert_eq!(zone.map(|zone| zone.to_offset(Timestamp::UNIX_EPOCH).seconds()), Ok(seconds), "{}", text);
        }
    }
}
