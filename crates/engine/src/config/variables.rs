//! The variables that templates see: one table, from which the checks, the compiler and the
//! language reference are made. Which of them an operation sees, its descriptor says.

/// What is below a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text, number or boolean; nothing is below it.
    Scalar,
    /// Whatever the client or the CRM put there: every path below it is accepted.
    Open,
    /// An object with exactly these members.
    Members(&'static [Member]),
}

/// A member of a variable with [`Shape::Members`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Key.
    pub name: &'static str,
    /// What is below it.
    pub shape: Shape,
}

const fn scalar(name: &'static str) -> Member {
    Member { name, shape: Shape::Scalar }
}

const fn open(name: &'static str) -> Member {
    Member { name, shape: Shape::Open }
}

macro_rules! variables {
    ($($variant:ident $name:literal $shape:expr, $secret:literal, $doc:literal, $example:literal;)*) => {
        /// A variable at the root of the template context.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Variable { $(#[doc = $doc] $variant,)* }

        impl Variable {
            /// All variables.
            pub const ALL: &'static [Variable] = &[$(Variable::$variant,)*];

            /// The name in templates. Members of `user` have their dotted name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What is below it.
            pub fn shape(self) -> Shape {
                match self { $(Self::$variant => $shape,)* }
            }

            /// Whether its value is a credential: masked wherever a request is shown.
            pub fn is_secret(self) -> bool {
                match self { $(Self::$variant => $secret,)* }
            }

            /// What it holds.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// An example value, as JSON.
            pub fn example(self) -> &'static str {
                match self { $(Self::$variant => $example,)* }
            }
        }
    };
}

const PHONE_FORMATS: &[Member] = &[
    scalar("input"),
    scalar("international"),
    scalar("national"),
    scalar("e164"),
    scalar("rfc3966"),
    scalar("significant"),
];

const PARSED_PHONE_NUMBER: &[Member] = &[
    Member { name: "number", shape: Shape::Members(PHONE_FORMATS) },
    scalar("regionCode"),
    scalar("valid"),
    scalar("possible"),
    scalar("canBeInternationallyDialled"),
    scalar("possibility"),
    scalar("type"),
    scalar("typeIsMobile"),
    scalar("typeIsFixedLine"),
    scalar("countryCode"),
];

const CONTACT_INFO: &[Member] =
    &[scalar("id"), scalar("phoneNumber"), scalar("type"), scalar("name"), open("additionalInfo")];

const RANGE: &[Member] = &[scalar("startDate"), scalar("endDate")];

variables! {
    ApiKey "apiKey" Shape::Scalar, true, "The user's API key or access token.", "\"key-1\"";
    AuthHeader "authHeader" Shape::Scalar, true, "The `Authorization` value that the server prepared.", "\"Basic a2V5LTE6\"";
    SecretKey "secretKey" Shape::Scalar, true, "The connector's own secret.", "\"s3cr3t\"";
    IdempotencyKey "idempotencyKey" Shape::Scalar, false, "Names this run of the operation, the same for all its attempts: by it a CRM knows a repeated request again.", "\"5f0c6a1e9b7d4c2f8a3e1d0b9c8f7e6a\"";
    Now "now" Shape::Scalar, false, "When this run of the operation began, ISO 8601 in UTC, the same for all its attempts.", "\"2026-01-15T09:30:00.000Z\"";
    UserId "user.id" Shape::Scalar, false, "The user's id in the CRM.", "\"77\"";
    UserAccessToken "user.accessToken" Shape::Scalar, true, "The stored API key or access token.", "\"key-1\"";
    UserRefreshToken "user.refreshToken" Shape::Scalar, true, "The stored OAuth refresh token.", "\"rt-1\"";
    UserTokenExpiry "user.tokenExpiry" Shape::Scalar, false, "When the access token expires, ISO 8601.", "\"2026-01-01T00:00:00.000Z\"";
    UserHostname "user.hostname" Shape::Scalar, false, "The CRM host the user signed in to.", "\"acme.example.com\"";
    UserTimezoneName "user.timezoneName" Shape::Scalar, false, "The user's time zone, as the CRM names it; missing where the name is not known.", "\"America/New_York\"";
    UserTimezoneOffset "user.timezoneOffset" Shape::Scalar, false, "The user's offset from UTC.", "\"-05:00\"";
    UserRegion "user.region" Shape::Scalar, false, "The country of the user's RingCentral account, two letters; missing where the account is not known.", "\"US\"";
    UserPlatform "user.platform" Shape::Scalar, false, "The platform name.", "\"myCrm\"";
    UserPlatformAdditionalInfo "user.platformAdditionalInfo" Shape::Open, false, "What `getUserInfo` kept with the user.", "{\"tenantId\": 9}";
    AdditionalInfo "additionalInfo" Shape::Open, true, "The fields of the sign-in page.", "{\"username\": \"ada\"}";
    Hostname "hostname" Shape::Scalar, false, "The CRM host the user signs in to.", "\"acme.example.com\"";
    Platform "platform" Shape::Scalar, false, "The platform name.", "\"myCrm\"";
    UserEmail "userEmail" Shape::Scalar, false, "The RingCentral user's email address.", "\"ada@example.com\"";
    UserIdArgument "userId" Shape::Scalar, false, "The user's id in App Connect.", "\"77-myCrm\"";
    PhoneNumber "phoneNumber" Shape::Scalar, false, "The phone number as the client sent it.", "\"+14155550123\"";
    ParsedPhoneNumber "parsedPhoneNumber" Shape::Members(PARSED_PHONE_NUMBER), false, "The phone number, parsed.", "{\"number\": {\"e164\": \"+14155550123\", \"national\": \"(415) 555-0123\"}, \"valid\": true}";
    OverridingFormat "overridingFormat" Shape::Open, false, "Number formats that the user asked to search by.", "\"(***) ***-****\"";
    IsExtension "isExtension" Shape::Scalar, false, "Whether the number is an extension.", "false";
    Name "name" Shape::Scalar, false, "The name to search for.", "\"Carol\"";
    NewContactName "newContactName" Shape::Scalar, false, "Name of the contact to create.", "\"Carol Customer\"";
    NewContactType "newContactType" Shape::Scalar, false, "Type of the contact to create.", "\"Lead\"";
    AdditionalSubmission "additionalSubmission" Shape::Open, false, "The extra fields of the client's form.", "{\"dealId\": 5}";
    ContactInfo "contactInfo" Shape::Members(CONTACT_INFO), false, "The contact of the call or message.", "{\"id\": \"c-1\", \"name\": \"Carol\", \"type\": \"Contact\", \"phoneNumber\": \"+14155550123\"}";
    ContactId "contactId" Shape::Scalar, false, "The contact of the logged call.", "\"c-1\"";
    CallLog "callLog" Shape::Open, false, "The call as RingCentral reports it.", "{\"sessionId\": \"s1\", \"direction\": \"Outbound\", \"duration\": 65}";
    Subject "subject" Shape::Scalar, false, "Subject of the record.", "\"Outbound Call to Carol\"";
    StartTime "startTime" Shape::Scalar, false, "Start of the call, ISO 8601 in UTC.", "\"2023-11-14T22:13:20.000Z\"";
    EndTime "endTime" Shape::Scalar, false, "End of the call, ISO 8601 in UTC.", "\"2023-11-14T22:14:25.000Z\"";
    Duration "duration" Shape::Scalar, false, "Length of the call in seconds.", "65";
    CallResult "result" Shape::Scalar, false, "How the call ended.", "\"Call connected\"";
    Note "note" Shape::Scalar, false, "The note that the user typed.", "\"Called about renewal\"";
    AiNote "aiNote" Shape::Scalar, false, "The note that RingCentral's AI wrote.", "\"Customer wants a quote\"";
    Transcript "transcript" Shape::Scalar, false, "Transcript of the call.", "\"Hello …\"";
    RecordingLink "recordingLink" Shape::Scalar, false, "Link that plays the recording.", "\"https://recording.example.com/1\"";
    RecordingDownloadLink "recordingDownloadLink" Shape::Scalar, false, "Link that downloads the recording.", "\"https://recording.example.com/1.mp3\"";
    VoicemailLink "voicemailLink" Shape::Scalar, false, "Link to the voicemail.", "\"https://voicemail.example.com/1\"";
    VoicemailMessageId "voicemailMessageId" Shape::Scalar, false, "RingCentral's id of the voicemail.", "\"m2\"";
    ComposedLogDetails "composedLogDetails" Shape::Scalar, false, "The log text, composed in `meta.logFormat`.", "\"- Note: Called about renewal\\n\"";
    HashedAccountId "hashedAccountId" Shape::Scalar, false, "Keyed hash of the RingCentral account id.", "\"eb76fb55\"";
    IsFromSscl "isFromSSCL" Shape::Scalar, false, "Whether server-side logging sent the call.", "false";
    RingSenseTranscript "ringSenseTranscript" Shape::Scalar, false, "ACE transcript of the call.", "\"\"";
    RingSenseSummary "ringSenseSummary" Shape::Scalar, false, "ACE summary of the call.", "\"\"";
    RingSenseAiScore "ringSenseAIScore" Shape::Scalar, false, "ACE score of the call.", "\"\"";
    RingSenseBulletedSummary "ringSenseBulletedSummary" Shape::Scalar, false, "ACE summary in bullets.", "\"\"";
    RingSenseLink "ringSenseLink" Shape::Scalar, false, "Link to the call in ACE.", "\"\"";
    SessionId "sessionId" Shape::Scalar, false, "RingCentral's session id of the call.", "\"s-1\"";
    ThirdPartyLogId "thirdPartyLogId" Shape::Scalar, false, "Id of the record in the CRM.", "\"act-1\"";
    ExistingCallLog "existingCallLog" Shape::Open, false, "What the server keeps about the logged call.", "{\"thirdPartyLogId\": \"act-1\", \"sessionId\": \"s1\"}";
    ExistingCallLogDetails "existingCallLogDetails" Shape::Open, false, "The record as `getCallLog` read it.", "{\"subject\": \"Outbound Call to Carol\"}";
    Legs "legs" Shape::Open, false, "The legs of the call.", "[{\"direction\": \"Outbound\"}]";
    Dispositions "dispositions" Shape::Open, false, "The dispositions that the user chose.", "{\"result\": \"Interested\"}";
    Message "message" Shape::Open, false, "The message as RingCentral reports it.", "{\"subject\": \"Hi\", \"direction\": \"Inbound\"}";
    CreationTime "creationTime" Shape::Scalar, false, "When the message was sent, ISO 8601 in UTC.", "\"2023-11-14T22:13:20.000Z\"";
    FaxDocLink "faxDocLink" Shape::Scalar, false, "Link that shows the fax.", "\"https://fax.example.com/1\"";
    FaxDownloadLink "faxDownloadLink" Shape::Scalar, false, "Link that downloads the fax.", "\"https://fax.example.com/1.pdf\"";
    ImageLink "imageLink" Shape::Scalar, false, "Link to the first image of an MMS.", "\"https://media.example.com/1\"";
    ImageLinks "imageLinks" Shape::Open, false, "Links to all images of an MMS.", "[\"https://media.example.com/1\"]";
    VideoLink "videoLink" Shape::Scalar, false, "Link to the first video of an MMS.", "\"https://media.example.com/2\"";
    VideoLinks "videoLinks" Shape::Open, false, "Links to all videos of an MMS.", "[\"https://media.example.com/2\"]";
    Correspondents "correspondents" Shape::Open, false, "The contacts of the other parties of a group conversation, as far as the account has looked them up.", "[{\"id\": \"c-2\", \"name\": \"Dan\", \"type\": \"Contact\", \"phoneNumber\": \"+14155550124\"}]";
    SharedSmsLogContent "sharedSMSLogContent" Shape::Open, false, "The composed text of a shared SMS conversation, or of the messages that a user selected: one record for all of them.", "{\"subject\": \"Shared SMS\", \"body\": \"…\"}";
    ExistingMessageLog "existingMessageLog" Shape::Open, false, "What the server keeps about the logged conversation.", "{\"thirdPartyLogId\": \"msg-1\"}";
    AdditionalFieldValues "additionalFieldValues" Shape::Open, false, "The settings to save.", "{\"apiUsername\": \"ada\"}";
    Range "range" Shape::Members(RANGE), false, "The days to list, `YYYY-MM-DD`.", "{\"startDate\": \"2026-07-01\", \"endDate\": \"2026-07-31\"}";
    AppointmentId "appointmentId" Shape::Scalar, false, "Id of the appointment.", "\"888\"";
    Payload "payload" Shape::Open, false, "The appointment to create.", "{\"title\": \"Strategy Call\", \"startTimeUtc\": \"2026-07-20T19:00:00.000Z\", \"durationMinutes\": 30}";
    PatchBody "patchBody" Shape::Open, false, "The appointment's fields to change.", "{\"title\": \"Updated Strategy Call\"}";
}

/// What every operation sees.
pub const COMMON: &[Variable] = {
    use Variable::*;
    &[
        ApiKey,
        AuthHeader,
        SecretKey,
        IdempotencyKey,
        Now,
        UserId,
        UserAccessToken,
        UserRefreshToken,
        UserTokenExpiry,
        UserHostname,
        UserTimezoneName,
        UserTimezoneOffset,
        UserRegion,
        UserPlatform,
        UserPlatformAdditionalInfo,
    ]
};

/// All variables that an operation sees.
pub fn visible(own: &'static [Variable]) -> impl Iterator<Item = Variable> {
    COMMON.iter().chain(own).copied()
}

/// How a dotted expression relates to the variables of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It names this variable, and the given number of its segments are the variable's name.
    Known(Variable, usize),
    /// `user` as a whole.
    User,
    /// The variable exists for this operation, the member does not.
    UnknownMember(Variable),
    /// No variable of this operation.
    Unknown,
}

/// Finds the variable that a dotted expression names.
pub fn resolve(own: &'static [Variable], segments: &[&str]) -> Resolution {
    let (first, rest) = match segments {
        [] => return Resolution::Unknown,
        ["user"] => return Resolution::User,
        ["user", member, rest @ ..] => (format!("user.{member}"), rest),
        [first, rest @ ..] => ((*first).to_owned(), rest),
    };
    let Some(variable) = visible(own).find(|variable| variable.name() == first) else {
        return Resolution::Unknown;
    };
    if has_member(variable.shape(), rest) {
        Resolution::Known(variable, segments.len() - rest.len())
    } else {
        Resolution::UnknownMember(variable)
    }
}

fn has_member(shape: Shape, path: &[&str]) -> bool {
    match (shape, path) {
        (_, []) | (Shape::Open, _) => true,
        // Texts have a length and characters, as in JavaScript.
        (Shape::Scalar, [only]) => *only == "length" || only.parse::<usize>().is_ok(),
        (Shape::Scalar, _) => false,
        (Shape::Members(members), [first, rest @ ..]) => members
            .iter()
            .find(|member| member.name == *first)
            .is_some_and(|member| has_member(member.shape, rest)),
    }
}

/// Every dotted name that could have been meant in an operation, for suggestions.
pub fn names(own: &'static [Variable]) -> Vec<String> {
    fn below(prefix: &str, shape: Shape, names: &mut Vec<String>) {
        names.push(prefix.to_owned());
        if let Shape::Members(members) = shape {
            for member in members {
                below(&format!("{prefix}.{}", member.name), member.shape, names);
            }
        }
    }
    let mut names = vec!["user".to_owned()];
    for variable in visible(own) {
        below(variable.name(), variable.shape(), &mut names);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolution_knows_open_and_closed_subtrees() {
        let of = |text: &str| {
            let segments: Vec<&str> = text.split('.').collect();
            resolve(&[Variable::ContactInfo, Variable::Subject], &segments)
        };
        assert_eq!(of("contactInfo.id"), Resolution::Known(Variable::ContactInfo, 1));
        assert_eq!(of("user.accessToken"), Resolution::Known(Variable::UserAccessToken, 2));
        assert_eq!(
            of("user.platformAdditionalInfo.a.b"),
            Resolution::Known(Variable::UserPlatformAdditionalInfo, 2)
        );
        assert_eq!(of("user"), Resolution::User);
        assert_eq!(of("contactInfo.ID"), Resolution::UnknownMember(Variable::ContactInfo));
        assert_eq!(of("subject.length"), Resolution::Known(Variable::Subject, 1));
        assert_eq!(of("subject.text"), Resolution::UnknownMember(Variable::Subject));
        assert_eq!(of("phoneNumber"), Resolution::Unknown);
        assert_eq!(of("user.name"), Resolution::Unknown);
    }

    #[test]
    fn examples_are_json_and_names_are_unique() {
        for variable in Variable::ALL {
            serde_json::from_str::<serde_json::Value>(variable.example()).unwrap();
            assert_eq!(Variable::ALL.iter().filter(|other| other.name() == variable.name()).count(), 1);
        }
    }
}
