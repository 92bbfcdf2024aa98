//! Comparing what a filter finds.

use std::ptr;

use serde_json::Value;

use super::found::Found;
use crate::budget::{self, Spent, spend};

/// Whether both are the same; nothing is the same as nothing.
pub(super) fn equal(left: &Found<'_>, right: &Found<'_>) -> Result<bool, Spent> {
    Ok(match (left, right) {
        (Found::Nothing, Found::Nothing) => true,
        // Several values are the same only if they are the very same ones.
        (Found::Many(left), Found::Many(right)) => {
            spend(left.len() as u64)?;
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| ptr::eq(*left, *right))
        }
        (Found::One(Value::Array(items)), Found::Many(values)) => {
            if items.len() != values.len() {
                return Ok(false);
            }
            for (item, value) in items.iter().zip(values) {
                if !same(item, value)? {
                    return Ok(false);
                }
            }
            true
        }
        (left, right) => match (left.value(), right.value()) {
            (Some(left), Some(right)) => same(left, right)?,
            _ => false,
        },
    })
}

fn same(left: &Value, right: &Value) -> Result<bool, Spent> {
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        return Ok((left - right).abs() < f64::EPSILON);
    }
    spend(match (left, right) {
        (Value::String(left), Value::String(right)) => budget::text(left.len().min(right.len())),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            budget::weight(left).min(budget::weight(right))
        }
        _ => 1,
    })?;
    Ok(left == right)
}

/// Whether the left is less: a number of a number, a text of a text.
pub(super) fn less(left: &Found<'_>, right: &Found<'_>) -> Result<bool, Spent> {
    let (Some(left), Some(right)) = (left.value(), right.value()) else { return Ok(false) };
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        return Ok(left < right);
    }
    let (Some(left), Some(right)) = (left.as_str(), right.as_str()) else { return Ok(false) };
    spend(budget::text(left.len().min(right.len())))?;
    Ok(left < right)
}
