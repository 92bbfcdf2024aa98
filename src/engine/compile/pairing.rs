//! Operations that the interface contract pairs.

use super::super::problem::{Part, Problem};
use crate::config::diagnostic::Code;
use crate::config::operations::{OperationName, Operations};

/// Operation, the one it is paired with, and what is lost without it.
const PAIRS: &[(OperationName, OperationName, &str)] = {
    use OperationName::*;
    &[
        (UpdateCallLog, GetCallLog, "updates cannot see edits made in the CRM and overwrite them"),
        (UpdateCallLog, CreateCallLog, "there is never a record to update"),
        (CreateCallLog, UpdateCallLog, "recordings and notes that arrive after the call are never logged"),
        (CreateCallLog, FindContact, "calls cannot be matched to contacts"),
        (GetCallLog, CreateCallLog, "there is never a record to read"),
        (UpsertCallDisposition, CreateCallLog, "there is never a record to set the disposition of"),
        (
            CreateMessageLog,
            UpdateMessageLog,
            "later messages of a conversation cannot be added to its record",
        ),
        (UpdateMessageLog, CreateMessageLog, "there is never a record to update"),
        (CreateMessageLog, FindContact, "messages cannot be matched to contacts"),
        (UpdateServerLoggingSettings, GetServerLoggingSettings, "saved settings cannot be shown again"),
        (UpdateAppointment, ListAppointments, "there is no appointment to choose"),
        (ConfirmAppointment, ListAppointments, "there is no appointment to choose"),
        (CancelAppointment, ListAppointments, "there is no appointment to choose"),
    ]
};

/// Reports the operations that are missing, each once with all that would need it.
pub(super) fn check(operations: &Operations, problems: &mut Vec<Problem>) {
    let defined: Vec<OperationName> = operations.defined().map(|operation| operation.name).collect();
    let mut reported = Vec::new();
    for (operation, partner, loss) in PAIRS {
        if !defined.contains(operation) || defined.contains(partner) || reported.contains(partner) {
            continue;
        }
        reported.push(*partner);
        let needing = PAIRS.iter().filter(|(other, wanted, _)| wanted == partner && defined.contains(other));
        let names: Vec<String> = needing.map(|(other, _, _)| format!("`{other}`")).collect();
        problems.push(
            Problem::new(
                Code::UnpairedOperation,
                format!("/operations/{operation}"),
                format!("{} without `{partner}`: {loss}", names.join(" and ")),
            )
            .part(Part::Key)
            .help(format!("add `{partner}` if the CRM offers it")),
        );
    }
}
