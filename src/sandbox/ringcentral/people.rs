//! The account and its extensions. They are the first two users of the CRM, with the same emails.

/// The id of the account.
pub(crate) const ACCOUNT_ID: &str = "400100200";

/// The name of the company.
pub(super) const COMPANY: &str = "Sandbox Company";

/// An extension of the account.
pub(super) struct Person {
    pub id: u64,
    pub number: &'static str,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: &'static str,
    /// E.164.
    pub phone: &'static str,
    pub is_admin: bool,
    /// Works always, without a sign-in.
    pub token: &'static str,
}

pub(super) const PEOPLE: [Person; 2] = [
    Person {
        id: 400_100_201,
        number: "101",
        first_name: "Alex",
        last_name: "Sandbox",
        email: "alex@example.com",
        phone: "+14155550100",
        is_admin: true,
        token: crate::sandbox::RINGCENTRAL_ADMIN,
    },
    Person {
        id: 400_100_202,
        number: "102",
        first_name: "Billie",
        last_name: "Sandbox",
        email: "billie@example.com",
        phone: "+14155550109",
        is_admin: false,
        token: crate::sandbox::RINGCENTRAL_USER,
    },
];

impl Person {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The one with an id, in digits.
    pub(super) fn with_id(id: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.id.to_string() == id)
    }
}
