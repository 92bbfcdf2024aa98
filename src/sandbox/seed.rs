//! The records that every sandbox starts with: obviously fictional people, numbers that the
//! numbering plans reserve for fiction (+1 415 555 01xx, +44 20 7946 0xxx) and example.com.

use jiff::{Timestamp, ToSpan};

use super::model::{Appointment, Contact, License, LoggingSettings, Table, User};

/// The day that the seeded appointments and contacts are dated from: 2 March 2026, 09:00 UTC.
const SEED_SECOND: i64 = 1_772_442_000;

fn seed_time() -> Timestamp {
    Timestamp::from_second(SEED_SECOND).unwrap_or_default()
}

pub(super) fn users() -> Table<User> {
    let mut users = Table::new("user", "usr");
    let rows = [
        ("Alex Sandbox", "alex@example.com", "admin", "101", "America/Los_Angeles", super::API_KEY),
        ("Billie Sandbox", "billie@example.com", "agent", "102", "America/New_York", "sandbox-key-2"),
        ("Charlie Sandbox", "charlie@example.com", "agent", "103", "Europe/London", "sandbox-key-3"),
    ];
    for (name, email, role, extension, time_zone, api_key) in rows {
        let id = users.next_id();
        let user = User {
            id: id.clone(),
            name: name.to_owned(),
            email: email.to_owned(),
            role: role.to_owned(),
            extension: extension.to_owned(),
            time_zone: time_zone.to_owned(),
            api_key: api_key.to_owned(),
        };
        users.put(&id, user);
    }
    users
}

/// Name, numbers, type, title and company.
type ContactRow =
    (&'static str, &'static [&'static str], &'static str, Option<&'static str>, Option<&'static str>);

pub(super) fn contacts() -> Table<Contact> {
    let mut contacts = Table::new("contact", "con");
    // Wanda and Victor share a number: a caller with more than one match.
    let rows: [ContactRow; 6] = [
        (
            "Wanda Widget",
            &["+14155550101", "+14155550102"],
            "Contact",
            Some("Head of Buying"),
            Some("Imaginary Widgets"),
        ),
        ("Victor Widget", &["+14155550101"], "Contact", Some("Bookkeeper"), Some("Imaginary Widgets")),
        ("Lena Lead", &["+14155550103"], "Lead", None, Some("Nowhere Bakery")),
        ("Make-Believe Motors", &["+14155550104"], "Account", None, None),
        ("Óscar O'Placeholder", &["+14155550105"], "Contact", Some("Engineer & Owner"), Some("Fable <Labs>")),
        ("Imogen Fiction", &["+442079460123"], "Contact", Some("Editor"), Some("Storybook House")),
    ];
    for (days, (name, phones, kind, title, company)) in (0_i64..).zip(rows) {
        let id = contacts.next_id();
        let contact = Contact {
            id: id.clone(),
            name: name.to_owned(),
            phones: phones.iter().map(|&phone| phone.to_owned()).collect(),
            kind: kind.to_owned(),
            title: title.map(str::to_owned),
            company: company.map(str::to_owned),
            email: None,
            created_at: seed_time() - (24 * (60 - days)).hours(),
            last_activity_at: None,
        };
        contacts.put(&id, contact);
    }
    contacts
}

pub(super) fn appointments() -> Table<Appointment> {
    let mut appointments = Table::new("appointment", "apt");
    let rows = [
        ("Widget demonstration", "con-1", "usr-1", 0, "scheduled"),
        ("Yearly contract review", "con-2", "usr-1", 5, "confirmed"),
        ("First talk", "con-3", "usr-2", 26, "scheduled"),
        ("Test drive", "con-4", "usr-2", 48, "cancelled"),
        ("Manuscript meeting", "con-6", "usr-3", 169, "scheduled"),
    ];
    for (title, contact_id, owner_id, hours, status) in rows {
        let id = appointments.next_id();
        let starts_at = seed_time() + i64::from(hours).hours();
        let appointment = Appointment {
            id: id.clone(),
            contact_id: contact_id.to_owned(),
            owner_id: owner_id.to_owned(),
            title: title.to_owned(),
            description: None,
            location: Some("Room 1, Example Street".to_owned()),
            starts_at,
            ends_at: starts_at + 45.minutes(),
            duration_minutes: 45,
            status: status.to_owned(),
            created_at: seed_time(),
            updated_at: seed_time(),
        };
        appointments.put(&id, appointment);
    }
    appointments
}

pub(super) fn license() -> License {
    License {
        is_valid: true,
        status: "active".to_owned(),
        plan: "Sandbox".to_owned(),
        seats: 3,
        // 31 December 2099, so that no test or demo outlives it.
        expires_at: Timestamp::from_second(4_102_358_400).unwrap_or(Timestamp::MAX),
    }
}

pub(super) fn logging() -> LoggingSettings {
    LoggingSettings {
        enabled: false,
        logged_as: "user".to_owned(),
        excluded_numbers: Vec::new(),
        updated_at: seed_time(),
    }
}
