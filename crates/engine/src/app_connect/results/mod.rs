//! What replies are mapped to: the results of the interface contract, one file each.

mod acknowledgement;
mod appointments;
mod attendees;
mod auth_validation;
mod call_log;
mod contacts;
mod created_contact;
mod created_log;
mod license;
mod logging_settings;
mod new_contact;
mod user_info;
mod users;

pub use acknowledgement::Acknowledged;
pub use appointments::{Appointment, AppointmentListPaths, AppointmentPaths};
pub use attendees::Attendee;
pub use auth_validation::{AuthValidation, AuthValidationPaths};
pub use call_log::{CallLogInfo, CallLogPaths, RecordText};
pub use contacts::{Contact, ContactListPaths};
pub use created_contact::{CreatedContact, CreatedContactPaths};
pub use created_log::{CreatedLog, LogPaths};
pub use license::{License, LicensePaths};
pub use logging_settings::SettingsPath;
pub use new_contact::NewContact;
pub use user_info::{UserInfo, UserInfoPaths};
pub use users::{CrmUser, UserPaths};
