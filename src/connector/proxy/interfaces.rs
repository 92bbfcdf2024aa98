//! The interfaces that a document fulfils: each fills the variables of its operation, runs it and
//! takes the mapped result.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ProxyConnector;
use super::variables::{member, of_this_run, ring_sense};
use crate::config::operations::OperationName;
use crate::connector::contract::{Call, CallError, Connector, Interface, Reply};
use crate::connector::inputs;
use crate::connector::message::ReturnMessage;
use crate::engine;
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::inputs::Inputs;
use crate::engine::mapped::{
    Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License, Mapped,
    UserInfo,
};
use crate::engine::operation::{AuthType, LogFormat, OAuth};
use crate::engine::variables::Variable;

/// Why a colleague's number is not looked for: searched as a part of phone numbers it finds strangers.
const EXTENSION: &str =
    "this is the extension of a colleague, and the connector does not look for extensions";

/// The mapping of an operation is fixed by its name, so another variant cannot come back.
macro_rules! expect_mapped {
    ($reply:expr, $pattern:pat => $value:expr, $interface:expr) => {{
        let Reply { value, message, mapping_problems } = $reply;
        match value {
            $pattern => Ok(Reply { value: $value, message, mapping_problems }),
            _ => Err(CallError::NotSupported($interface)),
        }
    }};
}

#[async_trait]
impl Connector for ProxyConnector {
    fn interfaces(&self) -> Vec<Interface> {
        self.interfaces.clone()
    }

    async fn get_auth_type(&self, _call: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Ok(Reply::new(self.config.auth_type))
    }

    async fn get_oauth_info(&self, _call: &Call<'_>) -> Result<Reply<OAuth>, CallError> {
        Ok(Reply::new(self.config.oauth.clone()))
    }

    async fn get_basic_auth(&self, _call: &Call<'_>, api_key: &str) -> Result<Reply<String>, CallError> {
        Ok(Reply::new(STANDARD.encode(format!("{api_key}:"))))
    }

    async fn get_log_format_type(&self, _call: &Call<'_>) -> Result<Reply<LogFormat>, CallError> {
        Ok(Reply::new(self.config.log_format))
    }

    async fn get_user_info(
        &self,
        call: &Call<'_>,
        input: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        let additional_info = input.additional_info.clone().map(Value::Object);
        let inputs = self.sign_in_inputs(call, input, additional_info.as_ref());
        let reply = self.run(OperationName::GetUserInfo, Interface::GetUserInfo, call, &inputs).await?;
        expect_mapped!(reply, Mapped::UserInfo(info) => info, Interface::GetUserInfo)
    }

    async fn refresh_user_info(&self, call: &Call<'_>) -> Result<Reply<UserInfo>, CallError> {
        let inputs = self.inputs(call);
        let reply =
            self.run(OperationName::RefreshUserInfo, Interface::RefreshUserInfo, call, &inputs).await?;
        expect_mapped!(reply, Mapped::UserInfo(info) => info, Interface::RefreshUserInfo)
    }

    async fn auth_validation(&self, call: &Call<'_>) -> Result<Reply<AuthValidation>, CallError> {
        let mut inputs = self.inputs(call);
        if self.config.operation(OperationName::AuthValidation).is_some() {
            let reply =
                self.run(OperationName::AuthValidation, Interface::AuthValidation, call, &inputs).await?;
            return expect_mapped!(reply, Mapped::AuthValidation(validation) => validation, Interface::AuthValidation);
        }
        inputs.text(Variable::Platform, call.platform);
        inputs.text_if(Variable::Hostname, call.user.and_then(|user| user.hostname.as_deref()));
        let reply = self.run(OperationName::GetUserInfo, Interface::AuthValidation, call, &inputs).await?;
        Ok(reply.map(|_| AuthValidation { successful: true, message: None, status: 200 }))
    }

    async fn un_authorize(&self, call: &Call<'_>) -> Result<Reply<()>, CallError> {
        let inputs = self.inputs(call);
        Ok(self.run(OperationName::UnAuthorize, Interface::UnAuthorize, call, &inputs).await?.map(drop))
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let operation = self.operation(OperationName::FindContact, Interface::FindContact)?;
        if input.asks_for_extension() && !operation.asks_for_extensions() {
            return Err(Failure::new(FailureKind::Missing, EXTENSION).into());
        }
        let mut inputs = self.inputs(call);
        inputs.text(Variable::PhoneNumber, input.phone_number.as_str());
        inputs.phone(Variable::ParsedPhoneNumber, &input.phone_number, self.region(call));
        inputs.json_if(Variable::OverridingFormat, input.overriding_format.as_ref());
        inputs.json(Variable::IsExtension, &input.is_extension);
        let reply = self.run(OperationName::FindContact, Interface::FindContact, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Contacts(contacts) => contacts, Interface::FindContact)
    }

    async fn find_contact_with_name(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text_if(Variable::Name, input.name.as_deref());
        let reply = self
            .run(OperationName::FindContactWithName, Interface::FindContactWithName, call, &inputs)
            .await?;
        expect_mapped!(reply, Mapped::Contacts(contacts) => contacts, Interface::FindContactWithName)
    }

    async fn create_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateContact,
    ) -> Result<Reply<Option<CreatedContact>>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.json_if(Variable::PhoneNumber, input.phone_number.as_ref());
        if let Some(number) = input.phone_number.as_ref().and_then(Value::as_str) {
            inputs.phone(Variable::ParsedPhoneNumber, number, self.region(call));
        }
        inputs.json_if(Variable::NewContactName, input.new_contact_name.as_ref());
        inputs.json_if(Variable::NewContactType, input.new_contact_type.as_ref());
        inputs.json_if(Variable::AdditionalSubmission, input.additional_submission.as_ref());
        inputs.text_if(Variable::IdempotencyKey, input.idempotency_key.as_deref());
        let reply = self.run(OperationName::CreateContact, Interface::CreateContact, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Contact(contact) => contact, Interface::CreateContact)
    }

    async fn create_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateCallLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        use Variable::*;
        let mut inputs = self.inputs(call);
        inputs
            .json(ContactInfo, &input.contact_info)
            .json(CallLog, &input.call_log)
            .text(Subject, input.subject.as_str());
        for (variable, time) in [(StartTime, &input.start_time), (EndTime, &input.end_time)] {
            match time {
                Some(time) => inputs.text(variable, time.as_str()),
                // Null, where an update has no value (recordings 08, `start-null`).
                None => inputs.owned(variable, Value::Null),
            };
        }
        inputs.text(ComposedLogDetails, input.composed_log_details.as_str());
        inputs.text_if(HashedAccountId, input.hashed_account_id.as_deref());
        inputs.owned(IsFromSscl, input.is_from_sscl);
        inputs.text_if(IdempotencyKey, input.idempotency_key.as_deref());
        for variable in [
            Note,
            AdditionalSubmission,
            AiNote,
            Transcript,
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
        ] {
            member(&mut inputs, variable, &input.request);
        }
        ring_sense(&mut inputs, &input.request);
        let reply = self.run(OperationName::CreateCallLog, Interface::CreateCallLog, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Log(log) => log, Interface::CreateCallLog)
    }

    async fn get_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::GetCallLog,
    ) -> Result<Reply<CallLogInfo>, CallError> {
        let mut inputs = self.inputs(call);
        let log_id = Some(input.log_id.as_str()).filter(|id| !id.is_empty());
        inputs.text_if(Variable::ThirdPartyLogId, log_id);
        inputs.text(Variable::SessionId, input.session_id.as_str());
        inputs.text_if(Variable::ContactId, input.contact_id.as_deref());
        let reply = self.run(OperationName::GetCallLog, Interface::GetCallLog, call, &inputs).await?;
        expect_mapped!(reply, Mapped::CallLog(log) => log, Interface::GetCallLog)
    }

    async fn update_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateCallLog,
    ) -> Result<Reply<()>, CallError> {
        use Variable::*;
        let mut inputs = self.inputs(call);
        inputs.text(ThirdPartyLogId, input.log_id.as_str()).json(ExistingCallLog, &input.existing_call_log);
        inputs.json_if(ExistingCallLogDetails, input.existing_call_log_details.as_ref());
        inputs.text_if(StartTime, input.start_time.as_deref()).text_if(EndTime, input.end_time.as_deref());
        inputs.text(ComposedLogDetails, input.composed_log_details.as_str());
        inputs.text_if(HashedAccountId, input.hashed_account_id.as_deref());
        inputs.owned(IsFromSscl, input.is_from_sscl);
        for variable in [
            RecordingLink,
            RecordingDownloadLink,
            VoicemailLink,
            VoicemailMessageId,
            Subject,
            Note,
            Duration,
            CallResult,
            AiNote,
            Transcript,
            Legs,
            AdditionalSubmission,
        ] {
            member(&mut inputs, variable, &input.request);
        }
        ring_sense(&mut inputs, &input.request);
        Ok(self.run(OperationName::UpdateCallLog, Interface::UpdateCallLog, call, &inputs).await?.map(drop))
    }

    async fn upsert_call_disposition(
        &self,
        call: &Call<'_>,
        input: &inputs::UpsertCallDisposition,
    ) -> Result<Reply<()>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text(Variable::ThirdPartyLogId, input.log_id.as_str());
        inputs.json(Variable::ExistingCallLog, &input.existing_call_log);
        inputs.json_if(Variable::Dispositions, input.dispositions.as_ref());
        let reply =
            self.run(OperationName::UpsertCallDisposition, Interface::UpsertCallDisposition, call, &inputs);
        Ok(reply.await?.map(drop))
    }

    async fn create_message_log(
        &self,
        call: &Call<'_>,
        input: &inputs::MessageLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        let inputs = self.message_inputs(call, input);
        let reply =
            self.run(OperationName::CreateMessageLog, Interface::CreateMessageLog, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Log(log) => log, Interface::CreateMessageLog)
    }

    async fn update_message_log(
        &self,
        call: &Call<'_>,
        input: &inputs::MessageLog,
    ) -> Result<Reply<()>, CallError> {
        let inputs = self.message_inputs(call, input);
        Ok(self
            .run(OperationName::UpdateMessageLog, Interface::UpdateMessageLog, call, &inputs)
            .await?
            .map(drop))
    }

    async fn get_user_list(&self, call: &Call<'_>) -> Result<Reply<Vec<CrmUser>>, CallError> {
        let inputs = self.inputs(call);
        let reply = self.run(OperationName::GetUserList, Interface::GetUserList, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Users(users) => users, Interface::GetUserList)
    }

    async fn get_license_status(
        &self,
        call: &Call<'_>,
        input: &inputs::GetLicenseStatus,
    ) -> Result<Reply<License>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text(Variable::UserIdArgument, input.user_id.as_str()).text(Variable::Platform, call.platform);
        let reply =
            self.run(OperationName::GetLicenseStatus, Interface::GetLicenseStatus, call, &inputs).await?;
        expect_mapped!(reply, Mapped::License(license) => license, Interface::GetLicenseStatus)
    }

    async fn get_server_logging_settings(&self, call: &Call<'_>) -> Result<Reply<Value>, CallError> {
        let inputs = self.inputs(call);
        let interface = Interface::GetServerLoggingSettings;
        let reply = self.run(OperationName::GetServerLoggingSettings, interface, call, &inputs).await?;
        expect_mapped!(reply, Mapped::ServerLoggingSettings(settings) => settings, interface)
    }

    async fn update_server_logging_settings(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateServerLoggingSettings,
    ) -> Result<Reply<()>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.json(Variable::AdditionalFieldValues, &input.additional_field_values);
        let interface = Interface::UpdateServerLoggingSettings;
        Ok(self.run(OperationName::UpdateServerLoggingSettings, interface, call, &inputs).await?.map(drop))
    }

    async fn list_appointments(
        &self,
        call: &Call<'_>,
        input: &inputs::ListAppointments,
    ) -> Result<Reply<Vec<Appointment>>, CallError> {
        let mut inputs = self.inputs(call);
        let days = [("startDate", &input.start_date), ("endDate", &input.end_date)];
        let range =
            days.into_iter().filter_map(|(key, day)| Some((key.to_owned(), Value::from(day.clone()?))));
        inputs.owned(Variable::Range, Value::Object(range.collect()));
        let reply =
            self.run(OperationName::ListAppointments, Interface::ListAppointments, call, &inputs).await?;
        expect_mapped!(reply, Mapped::Appointments(appointments) => appointments, Interface::ListAppointments)
    }

    async fn create_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.json(Variable::Payload, &input.payload);
        self.appointment(OperationName::CreateAppointment, Interface::CreateAppointment, call, &inputs).await
    }

    async fn update_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        let mut inputs = self.inputs(call);
        inputs
            .text(Variable::AppointmentId, input.appointment_id.as_str())
            .json(Variable::PatchBody, &input.patch_body);
        if input.patch_body.get("status").is_some() && !self.tells_status(&inputs, &input.patch_body)? {
            let text = format!("{} does not take a status of appointments.", call.platform);
            return Err(ReturnMessage::warning(text, 5000).into());
        }
        self.appointment(OperationName::UpdateAppointment, Interface::UpdateAppointment, call, &inputs).await
    }

    async fn refresh_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text(Variable::AppointmentId, input.appointment_id.as_str());
        self.appointment(OperationName::RefreshAppointment, Interface::RefreshAppointment, call, &inputs)
            .await
    }

    async fn confirm_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text(Variable::AppointmentId, input.appointment_id.as_str());
        self.appointment(OperationName::ConfirmAppointment, Interface::ConfirmAppointment, call, &inputs)
            .await
    }

    async fn cancel_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        let mut inputs = self.inputs(call);
        inputs.text(Variable::AppointmentId, input.appointment_id.as_str());
        self.appointment(OperationName::CancelAppointment, Interface::CancelAppointment, call, &inputs).await
    }
}

impl ProxyConnector {
    /// Whether the request of `updateAppointment` depends on the status that it is to set. One that does
    /// not would be answered as done, and change nothing.
    fn tells_status(&self, inputs: &Inputs<'_>, patch_body: &Value) -> Result<bool, CallError> {
        let operation = self.operation(OperationName::UpdateAppointment, Interface::UpdateAppointment)?;
        let inputs = of_this_run(operation, inputs);
        let mut changed = patch_body.clone();
        changed["status"] = "another status".into();
        let mut others = inputs.clone().into_owned();
        others.json(Variable::PatchBody, &changed);
        match (engine::render(operation, &inputs), engine::render(operation, &others)) {
            (Ok(request), Ok(other)) => Ok(request != other),
            // What cannot be rendered is explained where it is run.
            _ => Ok(true),
        }
    }

    async fn appointment(
        &self,
        operation: OperationName,
        interface: Interface,
        call: &Call<'_>,
        inputs: &Inputs<'_>,
    ) -> Result<Reply<Appointment>, CallError> {
        let reply = self.run(operation, interface, call, inputs).await?;
        expect_mapped!(reply, Mapped::Appointment(appointment) => *appointment, interface)
    }

    fn message_inputs<'a>(&'a self, call: &'a Call<'_>, input: &'a inputs::MessageLog) -> Inputs<'a> {
        use Variable::*;
        let mut inputs = self.inputs(call);
        inputs.text_if(ThirdPartyLogId, input.log_id.as_deref());
        inputs.json_if(ExistingMessageLog, input.existing_message_log.as_ref());
        inputs.json(ContactInfo, &input.contact_info).json(Message, &input.message);
        inputs.text_if(IdempotencyKey, input.idempotency_key.as_deref());
        match &input.creation_time {
            Some(at) => inputs.text(CreationTime, at.as_str()),
            // A time that cannot be read is null (recordings 13, `creation-time-invalid`).
            None => inputs.owned(CreationTime, Value::Null),
        };
        for variable in [
            AdditionalSubmission,
            RecordingLink,
            FaxDocLink,
            FaxDownloadLink,
            ImageLink,
            ImageLinks,
            VideoLink,
            VideoLinks,
            Correspondents,
            SharedSmsLogContent,
        ] {
            member(&mut inputs, variable, &input.request);
        }
        inputs
    }
}
