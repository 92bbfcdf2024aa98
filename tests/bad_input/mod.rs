//! Bad input from both sides: clients that send nonsense, CRMs that answer nonsense. Everybody gets
//! words, the server lives, and nothing private is written down.

mod clients;
mod crms;
mod uploads;

const JSON: (&str, &str) = ("Content-Type", "application/json");
