//! The user's module, given back with what was promised: `serve_…` for each participant, and the choreography as a constant.
//! Decides nothing: rustc checks what the user wrote, at the user's own tokens.

mod fallback;
mod serve;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Item, ItemMod, Variant};

use super::contract::{Contract, Early, Kind, Reaction, Repeat};
use super::parse::is_participant;
use super::{ir, lower};
use crate::expand::{self, ErrorItem, expand_trait, foreign_attributes, items};
use crate::names;

pub(crate) use fallback::fallback;

/// What only we understand, on items, on variants and on methods.
const OURS: [&str; 4] = ["event", "transient", "command", "on"];

/// The module with its contract implemented; the texts are expressions.
pub(crate) fn expand(
    item: &ItemMod, choreography: &ir::Choreography, contract: &Contract,
    contract_text: &TokenStream, asyncapi_text: &TokenStream,
) -> TokenStream {
    let mut generated = Vec::new();
    for event in &choreography.events {
        generated.push(expand_event(choreography, event));
    }
    for error in &choreography.errors {
        if is_returned(choreography, error) {
            generated.push(expand_error(item, choreography, error));
        }
    }
    for (participant, of_contract) in choreography.participants.iter().zip(&contract.participants) {
        generated.push(serve::expand_serve(item, choreography, participant));
        generated.push(serve::expand_commands(
            choreography,
            participant,
            of_contract,
        ));
    }
    generated.push(expand_const(
        choreography,
        contract,
        contract_text,
        asyncapi_text,
    ));
    expand::module(item, &quote!(#(#generated)*), expand_item)
}

/// An item without what only we understand.
fn expand_item(item: &Item) -> TokenStream {
    let strip = |attributes: &mut Vec<syn::Attribute>| {
        *attributes = foreign_attributes(attributes, &OURS).cloned().collect();
    };
    match item {
        Item::Trait(item) if is_participant(item) => expand_trait(item, &OURS),
        Item::Struct(item) => {
            let mut item = item.clone();
            strip(&mut item.attrs);
            item.into_token_stream()
        }
        Item::Enum(item) => {
            let mut item = item.clone();
            strip(&mut item.attrs);
            let variants = item.variants.iter_mut();
            variants.for_each(|variant: &mut Variant| strip(&mut variant.attrs));
            item.into_token_stream()
        }
        other => other.to_token_stream(),
    }
}

fn expand_event(choreography: &ir::Choreography, event: &ir::Event) -> TokenStream {
    let (krate, name, text) = (
        &choreography.krate,
        &event.ident,
        names::plain(&event.ident),
    );
    quote! {
        #[automatically_derived]
        impl #krate::Event for #name {
            const TYPE: &'static str = #text;
        }
    }
}

fn is_returned(choreography: &ir::Choreography, error: &ir::ErrorType) -> bool {
    lower::rejecter(choreography, &error.ident).is_some()
}

fn expand_error(
    module: &ItemMod, choreography: &ir::Choreography, error: &ir::ErrorType,
) -> TokenStream {
    let mut items = items(module).iter().filter_map(ErrorItem::of);
    let Some(item) = items.find(|item| *item.ident() == error.ident) else {
        return TokenStream::new();
    };
    let mut events = choreography.events.iter();
    let is_event = events.any(|event| event.ident == error.ident);
    let variants = error.variants.as_deref().unwrap_or_default();
    let krate = &choreography.krate;
    let event = is_event.then(|| {
        quote! {
            fn event(&self) -> ::core::option::Option<#krate::__private::Outgoing> {
                ::core::option::Option::Some(#krate::__private::Outgoing::of(self))
            }
        }
    });
    expand::expand_error(krate, item, variants, event.as_ref())
}

/// `pub const ORDER_EVENTS: Choreography`
fn expand_const(
    choreography: &ir::Choreography, contract: &Contract, contract_text: &TokenStream,
    asyncapi_text: &TokenStream,
) -> TokenStream {
    let (krate, name) = (&choreography.krate, &contract.name);
    let constant = names::saga_const(&choreography.ident);
    let doc = match &contract.comment {
        Some(comment) => comment.clone(),
        None => format!("The choreography `{name}`."),
    };
    let reactions = contract.participants.iter().flat_map(|participant| {
        let reactions = participant.reactions.iter();
        reactions.map(|reaction| expand_info(krate, &participant.name, reaction))
    });
    quote! {
        #[doc = #doc]
        pub const #constant: #krate::Choreography =
            #krate::Choreography::new(#name, #contract_text, #asyncapi_text, &[#(#reactions),*]);
    }
}

fn expand_info(krate: &TokenStream, participant: &str, reaction: &Reaction) -> TokenStream {
    let Reaction {
        name,
        on,
        publishes,
        optional,
        several,
        rejects,
        ..
    } = reaction;
    let kind = match reaction.kind {
        Kind::Compensatable => quote!(Compensatable),
        Kind::Pivot => quote!(Pivot),
        Kind::Retriable => quote!(Retriable),
        Kind::Observer => quote!(Observer),
        Kind::Compensation => quote!(Compensation),
    };
    let repeat = match reaction.repeat {
        Repeat::Never => quote!(Never),
        Repeat::Once => quote!(Once),
        Repeat::Each => quote!(Each),
    };
    let early = match reaction.early {
        Some(Early::Refuse) => quote!(Refuse),
        Some(Early::Park) | None => quote!(Park),
    };
    let counterpart = reaction.compensation.as_ref();
    let counterpart = option(counterpart.or(reaction.compensates.as_ref()));
    let after = option(reaction.after.as_ref());
    quote! {
        #krate::ReactionInfo {
            name: #name,
            participant: #participant,
            on: &[#(#on),*],
            kind: #krate::ReactionKind::#kind,
            counterpart: #counterpart,
            publishes: &[#(#publishes),*],
            optional: &[#(#optional),*],
            several: &[#(#several),*],
            rejects: &[#(#rejects),*],
            repeat: #krate::Repeat::#repeat,
            after: #after,
            early: #krate::Early::#early,
        }
    }
}

fn option(text: Option<&String>) -> TokenStream {
    if let Some(text) = text {
        quote!(::core::option::Option::Some(#text))
    } else {
        quote!(::core::option::Option::None)
    }
}
