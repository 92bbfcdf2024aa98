//! What a real App Connect client sends, in its order, and what it needs of each reply.
//!
//! A journey is a file of this folder: the events that the client sees, the request that it makes of each, and the
//! shape that the reply must have, or the client throws. Each one is played against the real server: behind a document
//! with an API key and behind one with OAuth, both below their base, and as clients of version 1.6 do, without a base
//! and with the session in the query. `docs/client.md` lists them; a test keeps its table true.

mod crm;
mod journey;
mod page;
mod refusals;
mod shape;
mod world;

use journey::{Journey, Step};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use world::{Variant, World};

/// Plays a journey; says at which step it went wrong.
fn play(journey: &Journey, variant: Variant) -> Result<(), String> {
    let mut world = World::start(variant, journey.document);
    if journey.begins_signed_in {
        world.sign_in();
    }
    for (number, step) in journey.steps.iter().enumerate() {
        if step.waits_for().is_some() {
            continue;
        }
        let played = catch_unwind(AssertUnwindSafe(|| play_step(&mut world, step)));
        let played = played.unwrap_or_else(|_| Err("it panicked".to_owned()));
        played.map_err(|wrong| {
            format!(
                "{} ({variant:?}), step {}, {:?}: {wrong}\n{}",
                journey.name,
                number + 1,
                step.request,
                world.log()
            )
        })?;
    }
    Ok(())
}

fn play_step(world: &mut World, step: &Step) -> Result<(), String> {
    let reply = world.send(step);
    let told = || format!("{}: {}", reply.status, reply.text());
    if reply.status != step.reply.status {
        return Err(format!("not {}, but {}", step.reply.status, told()));
    }
    if let Some(text) = &step.reply.text
        && reply.text() != world.filled(text)
    {
        return Err(format!("not the text {text:?}, but {}", told()));
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if let Some(shape) = &step.reply.body {
        shape::check(&world.filled_json(shape), &body, "").map_err(|wrong| format!("{wrong}\n{}", told()))?;
    }
    let asked = world.take_asked();
    if let Some(expected) = &step.crm {
        let expected: Vec<String> = expected.iter().map(|request| world.filled(request)).collect();
        let is_asked = asked.len() == expected.len()
            && asked.iter().zip(&expected).all(|(asked, wanted)| asked.starts_with(wanted.as_str()));
        if !is_asked {
            return Err(format!("the CRM was asked {asked:?}, and not {expected:?}"));
        }
    }
    for (name, pointer) in &step.keep {
        let kept = match body.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => return Err(format!("{pointer} is not there\n{}", told())),
            Some(other) => other.to_string(),
        };
        world.keep(name, kept);
    }
    Ok(())
}

fn play_all(variant: Variant) {
    let journeys = journey::all();
    assert!(journeys.len() >= 15, "only {} journeys were found", journeys.len());
    let played = journeys.iter().filter(|journey| journey.takes(variant));
    let wrong: Vec<String> = played.filter_map(|journey| play(journey, variant).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_journey_ends_well_with_an_api_key() {
    play_all(Variant::Keyed);
}

#[test]
fn every_journey_ends_well_with_oauth() {
    play_all(Variant::Granted);
}

#[test]
fn every_journey_ends_well_for_a_client_of_version_1_6() {
    play_all(Variant::Old);
}
