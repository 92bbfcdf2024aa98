//! Operations that the interface contract pairs.

use crate::config::diagnostic::Code;
use crate::config::operations::{OperationName, Operations};
use crate::config::problem::{Part, Problem};
use crate::operation::Operation;

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

/// Reports records without an id that the document would have to find again and cannot.
pub(super) fn check_no_id(operations: &[Operation], problems: &mut Vec<Problem>) {
    use OperationName::{
        CreateCallLog, CreateContact, CreateMessageLog, FindContact, GetCallLog, UpdateCallLog,
        UpdateMessageLog, UpsertCallDisposition,
    };
    let operation = |name: OperationName| operations.iter().find(|operation| operation.name == name);
    let gives_none = |name| operation(name).is_some_and(Operation::gives_no_id);
    let mut report = |name: OperationName, needs: &str, help: &str| {
        problems.push(
            Problem::new(
                Code::NoId,
                format!("/operations/{name}/responseMapping/noId"),
                format!("{needs} needs the id of the record, and `noId` says that there is none"),
            )
            .part(Part::Key)
            .help(help),
        );
    };
    let updates = [UpdateCallLog, UpsertCallDisposition].into_iter().find(|name| operation(*name).is_some());
    if gives_none(CreateCallLog)
        && let Some(needs) = updates
        && !operation(GetCallLog).is_some_and(Operation::finds_by_session)
    {
        report(
            CreateCallLog,
            &format!("`{needs}`"),
            "let `getCallLog` ask by `sessionId` and name the id in its `responseMapping.idPath`",
        );
    }
    if gives_none(CreateMessageLog) && operation(UpdateMessageLog).is_some() {
        report(
            CreateMessageLog,
            "`updateMessageLog`",
            "remove `updateMessageLog`: each message then makes a record of its own",
        );
    }
    if gives_none(CreateContact) && operation(FindContact).is_none() {
        report(
            CreateContact,
            "logging a call of the new contact",
            "add `findContact`: it finds the new contact, and with it the id",
        );
    }
}

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
