//! The choreography as an [AsyncAPI 3.0](https://www.asyncapi.com/docs/reference/specification/v3.0.0) document: a channel for
//! each participant's topic, a message for each event, an operation for each reaction. Decides nothing.

mod schema;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contract::{Contract, Event, Participant, Reaction};
use super::ir;
use crate::parse::types::Types;
use schema::Schemas;

/// The version of the document itself, which must be there; the contract has none.
const VERSION: &str = "1.0.0";

pub(super) fn write(choreography: &ir::Choreography, types: &Types, contract: &Contract) -> String {
    let mut schemas = Schemas::new(types, &choreography.errors);
    let messages = messages(contract, &mut schemas);
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": described(json!({ "title": contract.name, "version": VERSION }), contract.comment.as_ref()),
        "defaultContentType": "application/json",
        "channels": channels(contract),
        "operations": operations(contract),
        "components": { "messages": messages, "schemas": schemas.finish() },
    });
    // Whether another crate of the build has objects keep their order must not show.
    document.sort_all_objects();
    let text = serde_json::to_string_pretty(&document);
    // Text and numbers: there is nothing that could not be written.
    text.map(|text| text + "\n").unwrap_or_default()
}

/// `orders` -> `orders.commands`
fn commands_channel(participant: &Participant) -> String {
    format!("{}.commands", participant.prefix)
}

fn channels(contract: &Contract) -> BTreeMap<String, Value> {
    let mut channels = BTreeMap::new();
    for participant in &contract.participants {
        let events = participant.reactions.iter().flat_map(published);
        let messages = events.map(|event| (event.to_owned(), message_ref(event)));
        let messages: BTreeMap<String, Value> = messages.collect();
        if !messages.is_empty() {
            let channel = json!({
                // Deployment chooses it.
                "address": null,
                "title": format!("The topic of {}", participant.name),
                "messages": messages,
            });
            let channel = described(channel, participant.comment.as_ref());
            channels.insert(participant.prefix.clone(), channel);
        }
        let commands = participant.reactions.iter();
        let commands = commands.filter(|reaction| reaction.command);
        let messages: BTreeMap<String, Value> = commands
            .map(|command| (command.name.clone(), message_ref(&command.name)))
            .collect();
        if !messages.is_empty() {
            let channel = json!({
                "address": null,
                "title": format!("The commands of {}", participant.name),
                "messages": messages,
            });
            channels.insert(commands_channel(participant), channel);
        }
    }
    channels
}

fn message_ref(name: &str) -> Value {
    json!({ "$ref": format!("#/components/messages/{name}") })
}

fn published(reaction: &Reaction) -> impl Iterator<Item = &str> {
    let events = reaction.publishes.iter().chain(&reaction.rejects);
    events.map(String::as_str)
}

/// What a reaction takes from each topic, and what it publishes on its own.
fn operations(contract: &Contract) -> BTreeMap<String, Value> {
    let mut operations = BTreeMap::new();
    for (participant, reaction) in contract.reactions() {
        let name = &reaction.name;
        if reaction.command {
            let channel = commands_channel(participant);
            let receive = operation(participant, reaction, "receive", &channel, [name.as_str()]);
            operations.insert(format!("{name}.receive"), receive);
        }
        for publisher in &contract.participants {
            let is_of_publisher = |event: &&str| {
                let reactions = publisher.reactions.iter();
                reactions.flat_map(published).any(|own| own == *event)
            };
            let events = reaction.on.iter().map(String::as_str);
            let events: Vec<&str> = events.filter(is_of_publisher).collect();
            if !events.is_empty() {
                let receive =
                    operation(participant, reaction, "receive", &publisher.prefix, events);
                operations.insert(format!("{name}.receive.{}", publisher.prefix), receive);
            }
        }
        if published(reaction).next().is_some() {
            let channel = &participant.prefix;
            let send = operation(participant, reaction, "send", channel, published(reaction));
            operations.insert(format!("{name}.send"), send);
        }
    }
    operations
}

fn operation<'a>(
    participant: &Participant, reaction: &Reaction, action: &str, channel: &str,
    messages: impl IntoIterator<Item = &'a str>,
) -> Value {
    let messages = messages.into_iter().map(|message| {
        let path = format!("#/channels/{channel}/messages/{message}");
        json!({ "$ref": path })
    });
    let operation = json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": messages.collect::<Vec<Value>>(),
        "tags": [{ "name": participant.name }],
    });
    described(operation, reaction.comment.as_ref())
}

fn messages(contract: &Contract, schemas: &mut Schemas<'_>) -> BTreeMap<String, Value> {
    let events = contract.events.iter();
    let mut messages: BTreeMap<String, Value> = events
        .map(|event| (event.name.clone(), event_message(contract, schemas, event)))
        .collect();
    for (_, command) in contract.reactions().filter(|(_, each)| each.command) {
        let payload = json!({
            "type": "object",
            "properties": {
                "saga": saga_schema(),
                "command": { "const": command.name },
                "input": schemas.of_input(command.input.as_deref().unwrap_or("()")),
            },
            "required": ["saga", "command", "input"],
        });
        let message = json!({ "name": command.name, "payload": payload });
        let message = described(message, command.comment.as_ref());
        messages.insert(command.name.clone(), message);
    }
    messages
}

/// The event in its envelope, a [CloudEvent](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
fn event_message(contract: &Contract, schemas: &mut Schemas<'_>, event: &Event) -> Value {
    let publishers = contract.reactions();
    let publishers = publishers.filter(|(_, each)| published(each).any(|own| own == event.name));
    let sources: Vec<&str> = publishers.map(|(_, each)| each.name.as_str()).collect();
    let text = json!({ "type": "string" });
    let payload = json!({
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text,
            "source": { "enum": sources },
            "type": { "const": event.name },
            "subject": saga_schema(),
            "time": { "type": "string", "format": "date-time" },
            "causationid": { "type": "string", "description": "the id of the event, or of the command, that led to it" },
            "datacontenttype": { "const": "application/json" },
            "data": schemas.of_event(&event.name),
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
    });
    let message = json!({
        "name": event.name,
        "contentType": "application/cloudevents+json",
        "correlationId": { "location": "$message.payload#/subject" },
        "headers": {
            "type": "object",
            "properties": { "type": { "const": event.name }, "saga": text, "cause": text, "id": text },
        },
        "payload": payload,
    });
    described(message, event.comment.as_ref())
}

fn saga_schema() -> Value {
    json!({ "type": "string", "minLength": 1, "description": "the saga's id" })
}

/// With what its doc comment says.
fn described(mut object: Value, comment: Option<&String>) -> Value {
    if let Some(comment) = comment {
        object["description"] = json!(comment);
    }
    object
}
