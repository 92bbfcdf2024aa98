//! Appointments: listed, created, changed, read again, confirmed and cancelled at the CRM. Nothing of
//! them is kept here.

pub mod input;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::session::Session;
use super::wording::{self, Refusal, store_failed};
use super::{ResolvedPlatform, Services};
use crate::connector::inputs::{AppointmentById, CreateAppointment, ListAppointments, UpdateAppointment};
use crate::connector::invocation;
use crate::connector::invocation::Invocation;
use crate::connector::{CallError, Interface, Reply, ReturnMessage};
use crate::engine::results::Appointment;
use crate::store::User;

/// The appointments of a range of days.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ListedAppointments")]
pub struct Listed {
    /// Always true.
    pub successful: bool,
    /// The appointments, as the CRM sorts them.
    pub appointments: Vec<Appointment>,
    /// What the connector has to say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

/// What became of one appointment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppointmentOutcome")]
pub struct Done {
    /// Always true.
    pub successful: bool,
    /// The appointment's id, text or number.
    pub appointment_id: Value,
    /// The appointment as it is now; absent if the CRM did not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<Appointment>,
    /// What to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_message: Option<ReturnMessage>,
}

/// A user who is signed in, and the connector that serves an interface for them.
struct Connected<'s> {
    user: User,
    platform: ResolvedPlatform<'s>,
    interface: Interface,
}

impl<'s> Connected<'s> {
    async fn of(services: &'s Services, session: &Session, interface: Interface) -> Result<Self, Refusal> {
        let user = match services.connected_user(session).await {
            Ok(Some(user)) => user,
            Ok(None) => return Err(Refusal::new(ReturnMessage::warning("User not found", 5000))),
            Err(error) => return Err(Refusal::new(store_failed(&error))),
        };
        let platform = services.platform_for(session, &user);
        platform.in_service()?;
        let refused = |error: CallError| {
            Refusal::new(match error {
                // In the words of a failure, as recorded (17, `appointments`).
                CallError::NotSupported(_) => wording::general_failure(interface, &platform.name),
                error => wording::message(&error, interface, &platform.name),
            })
        };
        platform.serving(interface).map_err(refused)?;
        Ok(Self { user, platform, interface })
    }

    async fn invoke<I: Invocation>(&self, input: &I::Input) -> Result<Reply<I::Output>, CallError> {
        self.platform.invoke::<I>(&self.user, input).await
    }

    fn refusal(&self, error: &CallError) -> Refusal {
        Refusal::new(wording::message(error, self.interface, &self.platform.name))
    }

    /// An answer about an appointment whose id the client named; what the CRM did not show is absent.
    fn done(&self, id: &str, reply: Reply<Appointment>) -> Done {
        let mut appointment = Some(reply.value).filter(shows_something);
        if let Some(appointment) = &mut appointment {
            appointment.id.get_or_insert_with(|| id.into());
        }
        Done { successful: true, appointment_id: id.into(), appointment, return_message: reply.message }
    }
}

/// Whether a reply told more of an appointment than its id.
fn shows_something(appointment: &Appointment) -> bool {
    let Appointment {
        id: _,
        third_party_appointment_id: _,
        title,
        description,
        participant_name,
        start_time_utc,
        duration_minutes,
        status,
        contact_id,
        contact_type,
        attendees,
    } = appointment;
    let fields = [
        title,
        description,
        participant_name,
        start_time_utc,
        duration_minutes,
        status,
        contact_id,
        contact_type,
    ];
    !attendees.is_empty() || fields.into_iter().flatten().any(|value| !value.is_null())
}

/// Lists the appointments of a range of days; the connector chooses one where none is given.
///
/// # Errors
/// If the user is unknown, or the CRM cannot be asked.
pub async fn list(
    services: &Services,
    session: &Session,
    range: &ListAppointments,
) -> Result<Listed, Refusal> {
    let connected = Connected::of(services, session, Interface::LIST_APPOINTMENTS).await?;
    let reply = connected.invoke::<invocation::ListAppointments>(range).await;
    let reply = reply.map_err(|error| connected.refusal(&error))?;
    let of_items = reply.of_items();
    let return_message = reply.message.or_else(|| {
        let shown = reply.value.len();
        let message = ReturnMessage::success(format!("Found {shown} appointments"), 3000);
        of_items.map(|all| {
            message.detail(format!(
                "The CRM answered with {all} appointments, and only the first {shown} are shown. Ask for a shorter \
                 range."
            ))
        })
    });
    Ok(Listed { successful: true, appointments: reply.value, return_message })
}

/// Creates an appointment. One without an id was not created as far as anybody can tell.
///
/// # Errors
/// If the user is unknown, or no appointment was created.
pub async fn create(services: &Services, session: &Session, payload: Value) -> Result<Done, Refusal> {
    let connected = Connected::of(services, session, Interface::CREATE_APPOINTMENT).await?;
    let name = &connected.platform.name;
    let input = CreateAppointment { payload };
    let reply = connected.invoke::<invocation::CreateAppointment>(&input).await.map_err(|error| {
        let in_doubt = error.is_in_doubt();
        let mut refusal = connected.refusal(&error);
        if in_doubt {
            refusal.return_message = refusal.return_message.detail(format!(
                "The appointment may have been created all the same: look for it in {name} first."
            ));
        }
        refusal
    })?;
    let Some(appointment_id) = reply.value.id.clone() else {
        return Err(Refusal::new(ReturnMessage::warning(
            format!(
                "{name} answered without an id for the new appointment (createAppointment.responseMapping.idPath). Check there whether it was created."
            ),
            5000,
        )));
    };
    let appointment = Some(reply.value).filter(shows_something);
    Ok(Done { successful: true, appointment_id, appointment, return_message: reply.message })
}

/// Changes fields of an appointment; the others stay.
///
/// # Errors
/// If the user is unknown, or the appointment was not changed.
pub async fn update(
    services: &Services,
    session: &Session,
    id: &str,
    patch_body: Value,
) -> Result<Done, Refusal> {
    let connected = Connected::of(services, session, Interface::UPDATE_APPOINTMENT).await?;
    let input = UpdateAppointment { appointment_id: id.to_owned(), patch_body };
    let reply = connected.invoke::<invocation::UpdateAppointment>(&input).await;
    let reply = reply.map_err(|error| connected.refusal(&error))?;
    let mut done = connected.done(id, reply);
    // The contract promises an appointment, be it no more than its id.
    done.appointment.get_or_insert_with(|| Appointment { id: Some(id.into()), ..Appointment::default() });
    Ok(done)
}

/// Changes the status of an appointment, in lower case.
///
/// # Errors
/// As [`update`].
pub async fn set_status(
    services: &Services,
    session: &Session,
    id: &str,
    status: &str,
) -> Result<Done, Refusal> {
    update(services, session, id, json!({"status": status.to_lowercase()})).await
}

/// Reads an appointment again.
///
/// # Errors
/// If the user is unknown, or the CRM does not show the appointment.
pub async fn refresh(services: &Services, session: &Session, id: &str) -> Result<Done, Refusal> {
    let connected = Connected::of(services, session, Interface::REFRESH_APPOINTMENT).await?;
    let input = AppointmentById { appointment_id: id.to_owned() };
    let reply = connected.invoke::<invocation::RefreshAppointment>(&input).await;
    let done = connected.done(id, reply.map_err(|error| connected.refusal(&error))?);
    if done.appointment.is_some() {
        return Ok(done);
    }
    Err(Refusal::new(ReturnMessage::warning(
        format!(
            "{} answered without an appointment (refreshAppointment.responseMapping).",
            connected.platform.name
        ),
        5000,
    )))
}

/// Marks an appointment as confirmed.
///
/// # Errors
/// If the user is unknown, or the CRM refuses.
pub async fn confirm(services: &Services, session: &Session, id: &str) -> Result<Done, Refusal> {
    let connected = Connected::of(services, session, Interface::CONFIRM_APPOINTMENT).await?;
    let input = AppointmentById { appointment_id: id.to_owned() };
    let reply = connected.invoke::<invocation::ConfirmAppointment>(&input).await;
    Ok(acted(connected.done(id, reply.map_err(|error| connected.refusal(&error))?), "Appointment confirmed"))
}

/// Cancels an appointment.
///
/// # Errors
/// If the user is unknown, or the CRM refuses.
pub async fn cancel(services: &Services, session: &Session, id: &str) -> Result<Done, Refusal> {
    let connected = Connected::of(services, session, Interface::CANCEL_APPOINTMENT).await?;
    let input = AppointmentById { appointment_id: id.to_owned() };
    let reply = connected.invoke::<invocation::CancelAppointment>(&input).await;
    Ok(acted(connected.done(id, reply.map_err(|error| connected.refusal(&error))?), "Appointment cancelled"))
}

/// The contract promises the appointment or a message.
fn acted(mut done: Done, message: &str) -> Done {
    if done.appointment.is_none() && done.return_message.is_none() {
        done.return_message = Some(ReturnMessage::success(message, 5000));
    }
    done
}
