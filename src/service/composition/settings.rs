//! What a user wants in a log.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::fields::Field;
use crate::engine::date_format::DateFormat;
use crate::engine::mapping::is_truthy;
use crate::engine::time::parse_zone;
use crate::store::User;

/// How the reference writes the time of a call unless the user chose otherwise.
const DEFAULT_DATE_FORMAT: &str = "YYYY-MM-DD hh:mm:ss A";

/// A user's choices: which fields are logged, how a time is written and in which zone.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    user_settings: Option<&'a Value>,
    zone: TimeZone,
}

impl<'a> Settings<'a> {
    /// The settings of a user. The zone is the one with the user's IANA name, else the user's
    /// offset, else UTC (Q48).
    pub fn of(user: &'a User) -> Self {
        let named = user.timezone_name.as_deref().and_then(|name| parse_zone(&name.into()));
        let zone = named.or_else(|| parse_zone(user.timezone_offset.as_ref()?)).unwrap_or(TimeZone::UTC);
        Self::new(user.user_settings.as_ref(), zone)
    }

    /// Settings as clients store them, `{"addCallLogNote": {"value": true}, …}`, and a zone.
    pub fn new(user_settings: Option<&'a Value>, zone: TimeZone) -> Self {
        Self { user_settings, zone }
    }

    /// Whether a field is logged: the setting, where it has a value, else the field's default.
    pub(super) fn wants(&self, field: Field) -> bool {
        let (name, default) = field.setting();
        self.value(name).map_or(default, is_truthy)
    }

    /// A time as the user wants to read it.
    pub(super) fn date_time(&self, instant: Timestamp) -> String {
        let pattern =
            self.value("logDateFormat").and_then(Value::as_str).filter(|pattern| !pattern.is_empty());
        DateFormat::moment(pattern.unwrap_or(DEFAULT_DATE_FORMAT)).format(instant, &self.zone)
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.user_settings?.get(name)?.get("value").filter(|value| !value.is_null())
    }
}
