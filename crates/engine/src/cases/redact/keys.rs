//! What the name of a member says about its value.

/// What a member holds, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A credential.
    Secret,
    /// A phone number.
    Phone,
    /// The name of a person, or a part of it.
    Name,
    /// The name of a company.
    Company,
    /// A word that programs read: a type, a state.
    Word,
    /// A field of a person that gets this text instead.
    Personal(&'static str),
    /// Anything.
    Other,
}

const SECRETS: &[&str] = &["token", "secret", "password", "apikey", "credential", "cookie", "privatekey"];
const PHONES: &[&str] = &["phone", "mobile", "fax", "cell", "telephone", "msisdn", "callerid", "tel"];
const COMPANIES: &[&str] =
    &["company", "companyname", "organization", "organisation", "employer", "accountname", "businessname"];
/// Names of things: everything else that ends in `name` is taken for a person's.
const THINGS: &[&str] = &[
    "hostname",
    "filename",
    "timezonename",
    "typename",
    "fieldname",
    "objectname",
    "tablename",
    "modulename",
    "propertyname",
    "eventname",
    "domainname",
    "statusname",
    "stagename",
    "pipelinename",
    "planname",
    "platformname",
    "appname",
    "productname",
    "groupname",
    "queuename",
    "rolename",
    "classname",
];
const WORDS: &[&str] =
    &["type", "status", "state", "kind", "category", "stage", "role", "direction", "result"];

pub(super) fn kind(key: &str) -> Kind {
    let plain: String = key.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    let ends =
        |list: &[&str]| list.iter().any(|end| plain.ends_with(end) || plain.ends_with(&format!("{end}s")));
    // `tokenExpiry` and `timezoneName` are no secrets and no names.
    if ends(SECRETS) {
        return Kind::Secret;
    }
    if PHONES.iter().any(|word| plain.starts_with(word)) || ends(PHONES) || plain.ends_with("phonenumber") {
        return Kind::Phone;
    }
    if COMPANIES.contains(&plain.as_str()) {
        return Kind::Company;
    }
    if THINGS.contains(&plain.as_str()) || ends(WORDS) {
        return Kind::Word;
    }
    if ends(&["name"]) {
        return Kind::Name;
    }
    match plain.as_str() {
        _ if plain.contains("street") || plain.ends_with("address1") || plain.ends_with("address2") => {
            Kind::Personal("1 Example Street")
        }
        "address" | "mailingaddress" | "billingaddress" => Kind::Personal("1 Example Street, Exampletown"),
        "city" | "mailingcity" | "town" => Kind::Personal("Exampletown"),
        "zip" | "zipcode" | "postcode" | "postalcode" => Kind::Personal("00000"),
        "birthday" | "birthdate" | "dateofbirth" | "dob" => Kind::Personal("2000-01-01"),
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_however_they_are_written() {
        for (key, expected) in [
            ("phone", Kind::Phone),
            ("Mobile_Phone__c", Kind::Phone),
            ("phones", Kind::Phone),
            ("phoneNumber", Kind::Phone),
            ("homePhone", Kind::Phone),
            ("access_token", Kind::Secret),
            ("tokenExpiry", Kind::Other),
            ("X-Api-Key", Kind::Secret),
            ("firstName", Kind::Name),
            ("contact_name", Kind::Name),
            ("names", Kind::Name),
            ("timezoneName", Kind::Word),
            ("hostname", Kind::Word),
            ("type", Kind::Word),
            ("company", Kind::Company),
            ("mailing_street", Kind::Personal("1 Example Street")),
            ("id", Kind::Other),
            ("subject", Kind::Other),
        ] {
            assert_eq!(kind(key), expected, "{key}");
        }
    }
}
