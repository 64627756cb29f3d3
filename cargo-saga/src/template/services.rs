//! What a deployment of a choreography needs: a service for each participant, with its queue, its topic and whom it listens to,
//! whatever format says so. Reads the contract and the user's options; knows no template.

use saga_compiler::choreography::{Contract, Early, Participant, Reaction};

use super::definition::check_letters;
use super::names::pascal;
use super::needs::{Function, add_tables, check_prefixes, one_name, unused};
use super::options::Options;
use crate::choreography::published;

/// How often a message may fail before its consumer puts it aside; and where an event may come early and waits for its time so, which
/// takes a minute each.
const RECEIVES: u32 = 5;
const PARKED_RECEIVES: u32 = 30;
/// How much more often SQS gives a message out before it puts it aside itself: a consumer says why.
const SILENT_RECEIVES: u32 = 5;
/// A queue's visibility timeout by its function's: [Lambda's
/// rule](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
const VISIBILITY: u64 = 6;
/// How long a relay may take for a hundred records: ten calls, tried again within.
pub(super) const RELAY_SECONDS: u64 = 30;
/// How many values [a filter policy](https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html) may have.
const FILTER_VALUES: usize = 150;

/// All that a deployment has.
#[derive(Debug)]
pub(super) struct Deployment {
    /// `order_events`
    pub(super) name: String,
    pub(super) fifo: bool,
    /// The cargo binary that publishes, the same for all.
    pub(super) relay: String,
    pub(super) services: Vec<Service>,
}

/// A function that takes messages from a queue of its own; with what it publishes, by a topic of its own.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) function: Function,
    /// It has commands, which may come by its queue or by a call.
    pub(super) has_commands: bool,
    pub(super) publishes: bool,
    /// An event may come early, and then comes back.
    parks: bool,
    /// Whom it listens to.
    pub(super) subscriptions: Vec<Subscription>,
}

/// What a service hears of another one, or of itself.
#[derive(Debug)]
pub(super) struct Subscription {
    /// The id of the function whose topic it is.
    pub(super) to: String,
    pub(super) types: Vec<String>,
}

impl Service {
    /// Six times the function's timeout.
    pub(super) fn visibility(&self) -> u64 {
        self.function.timeout() * VISIBILITY
    }

    /// How often a message may fail before the function puts it aside.
    pub(super) fn receives(&self) -> u32 {
        if self.parks {
            PARKED_RECEIVES
        } else {
            RECEIVES
        }
    }

    /// And before SQS does.
    pub(super) fn silent_receives(&self) -> u32 {
        self.receives() + SILENT_RECEIVES
    }
}

impl Deployment {
    pub(super) fn read(contract: &Contract, options: &Options) -> Result<Self, String> {
        let mut functions = functions(contract, options)?;
        unused(&functions, options)?;
        add_tables(&mut functions, options)?;
        check_prefixes(&functions)?;
        let served: Vec<Vec<&Participant>> = functions
            .iter()
            .map(|function| serves(contract, function))
            .collect();
        let mut subscriptions = Vec::new();
        for (function, own) in functions.iter().zip(&served) {
            let topics = functions.iter().zip(&served);
            subscriptions.push(subscriptions_of(function, own, topics)?);
        }
        let services = functions.iter().cloned().zip(subscriptions).zip(&served);
        let services = services.map(|((function, subscriptions), own)| Service {
            function,
            has_commands: reactions(own).any(|reaction| reaction.command),
            publishes: reactions(own).any(|reaction| published(reaction).next().is_some()),
            parks: reactions(own).any(parks),
            subscriptions,
        });
        let relay = || format!("{}_relay", contract.name);
        Ok(Self {
            name: contract.name.clone(),
            fifo: options.fifo,
            relay: options.relay.clone().unwrap_or_else(relay),
            services: services.collect(),
        })
    }
}

fn subscriptions_of<'f, 'c: 'f>(
    function: &Function, own: &[&Participant],
    topics: impl Iterator<Item = (&'f Function, &'f Vec<&'c Participant>)>,
) -> Result<Vec<Subscription>, String> {
    let mut subscriptions = Vec::new();
    for (topic, others) in topics {
        let types = heard(own, others);
        if types.len() > FILTER_VALUES {
            return Err(format!(
                "`{}` reacts to {} events of `{}`, and a subscription's filter names {FILTER_VALUES} at most; serve its participants by several functions",
                function.name,
                types.len(),
                topic.name
            ));
        }
        if !types.is_empty() {
            let to = topic.id.clone();
            subscriptions.push(Subscription { to, types });
        }
    }
    Ok(subscriptions)
}

/// One function a participant, unless the options say that it serves more.
fn functions(contract: &Contract, options: &Options) -> Result<Vec<Function>, String> {
    let mut functions: Vec<Function> = Vec::new();
    for participant in &contract.participants {
        let name = &participant.prefix;
        check_letters(&participant.name, &contract.name)?;
        let serving = options.serving(name);
        let (id, whole) = match serving {
            Some(serving) if serving.participants.len() > 1 => {
                (pascal(&serving.binary), serving.binary.clone())
            }
            _ => (pascal(&participant.name), name.clone()),
        };
        let binary = match serving {
            None => format!("{}_{name}", contract.name),
            Some(serving) => serving.binary.clone(),
        };
        match functions.iter_mut().find(|function| function.id == id) {
            None => functions.push(Function {
                id,
                name: whole,
                binary,
                serves: vec![name.clone()],
                task_seconds: None,
                prefix: None,
                tables: Vec::new(),
            }),
            Some(known) if (&known.name, &known.binary) != (&whole, &binary) => {
                return Err(one_name(&known.binary, &binary, &id));
            }
            Some(known) => known.serves.push(name.clone()),
        }
    }
    Ok(functions)
}

fn serves<'c>(contract: &'c Contract, function: &Function) -> Vec<&'c Participant> {
    let participants = contract.participants.iter();
    participants
        .filter(|participant| function.serves.contains(&participant.prefix))
        .collect()
}

fn reactions<'c>(of: &[&'c Participant]) -> impl Iterator<Item = &'c Reaction> {
    of.iter().flat_map(|participant| &participant.reactions)
}

fn parks(reaction: &Reaction) -> bool {
    reaction.after.is_some() && reaction.early != Some(Early::Refuse)
}

/// The events of `others` that somebody of `own` reacts to, each once, in the order of the source.
fn heard(own: &[&Participant], others: &[&Participant]) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    for event in reactions(others).flat_map(published) {
        let is_wanted = reactions(own).any(|reaction| reaction.on.iter().any(|on| on == event));
        if is_wanted && !heard.iter().any(|known| known == event) {
            heard.push(event.to_owned());
        }
    }
    heard
}
