//! The text of a log, `composedLogDetails`.

pub mod call_log;
pub mod settings;
pub mod shared_sms;

pub use self::settings::Settings;
