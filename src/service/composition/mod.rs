//! The text of a log, `composedLogDetails`.

pub mod call_log;
pub mod settings;

pub use self::settings::Settings;
