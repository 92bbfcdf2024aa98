//! The sandbox CRM over real HTTP.

mod auth;
mod client;
mod contract;
mod faults;
mod oauth;
mod portal;
mod resources;
mod ringcentral;
