//! Replays the recordings of `fixtures/recordings/` against the real server binary and a
//! scripted CRM, with the deviations of `fixtures/deviations.json` and what is still to come of
//! `fixtures/replay-pending.json`, both checked in both directions.
//!
//! - `REPLAY_STEP=name` (or `REPLAY_STEP=group/name`) plays up to that step, prints it and
//!   judges it alone.
//! - `REPLAY_REPORT=1` prints every difference and fails nothing.
//!
//! Both print only with `--nocapture`. A new group is one more file there and one more line in
//! `replay_groups!` below.

use crate::support::player::{self, Rules};
use crate::support::{recording, report};

macro_rules! replay_groups {
    ($($test:ident = $group:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            replay($group);
        })+

        const GROUPS: &[&str] = &[$($group),+];
    };
}

replay_groups! {
    group_01_login = "01-login",
    group_02_auth_headers = "02-auth-headers",
    group_03_templates = "03-templates",
    group_04_query = "04-query",
    group_05_url_method_body = "05-url-method-body",
    group_06_contact_find = "06-contact-find",
    group_07_contact_create_search = "07-contact-create-search",
    group_08_calllog_create = "08-calllog-create",
    group_09_compose_create = "09-compose-create",
    group_10_calllog_get = "10-calllog-get",
    group_11_calllog_update = "11-calllog-update",
    group_12_disposition = "12-disposition",
    group_13_messages = "13-messages",
    group_14_crm_failures = "14-crm-failures",
    group_15_license_logout = "15-license-logout",
    group_16_jwt = "16-jwt",
    group_17_settings_misc = "17-settings-misc",
    group_18_calldown = "18-calldown",
    group_20_oauth = "20-oauth",
    group_21_identity = "21-identity",
    group_22_managed_oauth = "22-managed-oauth",
    group_23_managed_apikey = "23-managed-apikey",
    group_24_user_mapping = "24-user-mapping",
    group_25_server_logging = "25-server-logging",
    group_26_reports = "26-reports",
    group_29_unconfigured = "29-unconfigured",
}

#[test]
fn every_recording_is_replayed() {
    assert_eq!(recording::groups(), GROUPS, "files of fixtures/recordings and replay_groups!");
}

fn replay(group: &str) {
    let recording = recording::load(group);
    let wanted = std::env::var("REPLAY_STEP").ok();
    let only = match wanted.as_deref().map(|wanted| step_in(group, wanted)) {
        Some(Some(step)) if recording.steps.iter().any(|known| known.name == step) => Some(step),
        Some(_) => return println!("{group} is left out: REPLAY_STEP names a step it lacks"),
        None => None,
    };
    let outcome = player::play_against_binary(&recording, &Rules::load(), only);
    if only.is_some() {
        outcome.steps.iter().for_each(|step| println!("{}", step.full()));
    } else {
        report::print_line(&outcome);
    }
    let details = outcome.details();
    if std::env::var_os("REPLAY_REPORT").is_some() {
        println!("{details}");
    } else {
        assert!(!outcome.is_defective(), "\n{}\n\n{details}", outcome.line());
    }
}

/// The step that `REPLAY_STEP` names, where it does not name another group.
fn step_in<'a>(group: &str, wanted: &'a str) -> Option<&'a str> {
    match wanted.split_once('/') {
        Some((named, step)) if GROUPS.contains(&named) => (named == group).then_some(step),
        _ => Some(wanted),
    }
}
