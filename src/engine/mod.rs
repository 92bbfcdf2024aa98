//! The template language: rendering requests, mapping replies.

pub mod date_format;
pub mod helper_functions;
pub mod helpers;
pub mod phone;
pub mod render;
pub mod template;
mod template_check;
pub mod template_problem;
pub mod text;
pub mod time;
