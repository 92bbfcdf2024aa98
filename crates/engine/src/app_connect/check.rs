//! What the operations of a document lack of each other.

use std::any::Any;

use super::results::ContactListPaths;
use crate::config::diagnostic::Code;
use crate::config::operations::OperationName;
use crate::config::problem::{Part, Problem, Problems};
use crate::operation::Operation;

/// Reports what is missing.
pub(super) fn check(operations: &[Operation], problems: &mut Problems) {
    check_sign_in(operations, problems);
    check_partners(operations, problems);
    check_no_id(operations, problems);
    check_new_contact(operations, problems);
}

fn check_sign_in(operations: &[Operation], problems: &mut Problems) {
    if operations.iter().any(|operation| operation.name.descriptor().signs_in) {
        return;
    }
    problems.push(
        Problem::new(Code::MissingOperation, "/operations", "the document has no `getUserInfo`, so nobody can sign in")
            .part(Part::Key)
            .help("add `getUserInfo` with the request that answers who owns a credential, and its `responseMapping.idPath`"),
    );
}

/// Reports the operations that are missing, each once with all that would need it.
fn check_partners(operations: &[Operation], problems: &mut Problems) {
    let is_defined = |name: &str| operations.iter().any(|operation| operation.name.as_str() == name);
    let needs = |operation: &Operation| operation.name.descriptor().partners.iter();
    let mut reported = Vec::new();
    for operation in operations {
        for partner in needs(operation) {
            if is_defined(partner.name) || reported.contains(&partner.name) {
                continue;
            }
            reported.push(partner.name);
            let needing = operations.iter().filter(|other| needs(other).any(|one| one.name == partner.name));
            let names: Vec<String> = needing.map(|other| format!("`{}`", other.name)).collect();
            let (names, name, loss) = (names.join(" and "), partner.name, partner.loss);
            problems.push(
                Problem::new(
                    Code::UnpairedOperation,
                    format!("/operations/{}", operation.name),
                    format!("{names} without `{name}`: {loss}"),
                )
                .part(Part::Key)
                .help(format!("add `{name}` if the CRM offers it")),
            );
        }
    }
}

/// Reports an entry for new contacts that is never shown.
fn check_new_contact(operations: &[Operation], problems: &mut Problems) {
    let operation = |name: OperationName| operations.iter().find(|operation| operation.name == name);
    let describes = |operation: &Operation| {
        let mapping: &dyn Any = &*operation.mapping;
        mapping.downcast_ref::<ContactListPaths>().is_some_and(|mapping| mapping.new_contact().is_some())
    };
    let (find, create) = (OperationName::FIND_CONTACT, OperationName::CREATE_CONTACT);
    if operation(find).is_some_and(describes) && operation(create).is_none() {
        problems.push(
            Problem::new(
                Code::UnpairedOperation,
                format!("/operations/{find}/responseMapping/newContact"),
                format!("`newContact` without `{create}`: no client offers to create a contact"),
            )
            .part(Part::Key)
            .help(format!("add `{create}`, or remove `newContact`")),
        );
    }
}

/// Reports records without an id that the document would have to find again and cannot.
fn check_no_id(operations: &[Operation], problems: &mut Problems) {
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
    let updates = [OperationName::UPDATE_CALL_LOG, OperationName::UPSERT_CALL_DISPOSITION]
        .into_iter()
        .find(|name| operation(*name).is_some());
    if gives_none(OperationName::CREATE_CALL_LOG)
        && let Some(needs) = updates
        && !operation(OperationName::GET_CALL_LOG).is_some_and(Operation::finds_by_session)
    {
        report(
            OperationName::CREATE_CALL_LOG,
            &format!("`{needs}`"),
            "let `getCallLog` ask by `sessionId` and name the id in its `responseMapping.idPath`",
        );
    }
    if gives_none(OperationName::CREATE_MESSAGE_LOG) && operation(OperationName::UPDATE_MESSAGE_LOG).is_some()
    {
        report(
            OperationName::CREATE_MESSAGE_LOG,
            "`updateMessageLog`",
            "remove `updateMessageLog`: each message then makes a record of its own",
        );
    }
    if gives_none(OperationName::CREATE_CONTACT) && operation(OperationName::FIND_CONTACT).is_none() {
        report(
            OperationName::CREATE_CONTACT,
            "logging a call of the new contact",
            "add `findContact`: it finds the new contact, and with it the id",
        );
    }
}
