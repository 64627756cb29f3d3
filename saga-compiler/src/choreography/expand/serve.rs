//! `serve_…`, which makes a consumer of a participant's service and its store, and the constants of its commands.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Item, ItemMod};

use crate::choreography::contract;
use crate::choreography::ir::{
    Choreography, Participant, Reaction, ReactionErrorKind, ReactionParam, Start,
};
use crate::choreography::lower;
use crate::choreography::roles::{self, Source};
use crate::expand::items;
use crate::names;

/// `pub const ORDERS_PLACE: Command<PlaceOrder>`
pub(super) fn expand_commands(
    choreography: &Choreography, participant: &Participant, of_contract: &contract::Participant,
) -> TokenStream {
    let krate = &choreography.krate;
    let reactions = participant.reactions.iter().zip(&of_contract.reactions);
    let commands = reactions.filter(|(reaction, _)| matches!(reaction.start, Start::Command));
    let commands = commands.filter_map(|(command, of_contract)| {
        let input = &command.params.first()?.param.owned;
        let constant = names::command_const(&participant.name, &command.ident);
        let name = &of_contract.name;
        let doc = match &of_contract.comment {
            Some(comment) => comment.clone(),
            None => format!("The command `{name}`."),
        };
        Some(quote! {
            #[doc = #doc]
            pub const #constant: #krate::Command<#input> = #krate::Command::new(#name);
        })
    });
    quote!(#(#commands)*)
}

pub(super) fn expand_serve(
    module: &ItemMod, choreography: &Choreography, participant: &Participant,
) -> TokenStream {
    let mut traits = items(module).iter().filter_map(|item| match item {
        Item::Trait(item) => Some(item),
        _ => None,
    });
    let Some(item) = traits.find(|item| item.ident == participant.ident) else {
        return TokenStream::new();
    };
    let (krate, name, vis) = (&choreography.krate, &participant.ident, &item.vis);
    let serve = names::serve_fn(name);
    let (name_text, prefix) = (names::plain(name), &participant.name);
    let first = lower::reactions(choreography)
        .take_while(|(other, _)| other.ident != *name)
        .count();
    let reactions = participant.reactions.iter().enumerate();
    let reactions = reactions.map(|(index, reaction)| {
        let constant = names::saga_const(&choreography.ident);
        let index = first + index;
        let react = expand_react(choreography, participant, reaction);
        quote! {
            let consumer = #krate::__private::ConsumerBuilder::reaction(consumer, &#constant.reactions()[#index], #react);
        }
    });
    let doc = format!(
        "Serves the participant [`{name_text}`]: decodes each event and each command, passes the barrier in `store`, calls the service and publishes what it returns."
    );
    quote! {
        #[doc = #doc]
        #vis fn #serve<__S>(service: __S, store: impl #krate::Store) -> #krate::Consumer
        where
            __S: #name + ::core::marker::Send + ::core::marker::Sync + 'static,
        {
            let service = ::std::sync::Arc::new(service);
            let consumer = #krate::__private::ConsumerBuilder::new(#name_text, #prefix, store);
            #(#reactions)*
            consumer.build()
        }
    }
}

fn expand_react(
    choreography: &Choreography, participant: &Participant, reaction: &Reaction,
) -> TokenStream {
    match roles::action_of(participant, reaction) {
        Some(action) => expand_compensation(choreography, participant, action, reaction),
        None => expand_action(choreography, participant, reaction),
    }
}

fn expand_action(
    choreography: &Choreography, participant: &Participant, reaction: &Reaction,
) -> TokenStream {
    let krate = &choreography.krate;
    let output = &reaction.output.tokens;
    let error = match reaction.error.kind {
        ReactionErrorKind::Retry => quote!(#krate::Retry),
        ReactionErrorKind::Type(index) => {
            let error = &choreography.errors[index].ident;
            quote!(#error)
        }
    };
    let constructor = match reaction.start {
        Start::Command => quote!(command),
        Start::On(_) => quote!(event),
    };
    let param = reaction.params.first();
    let input = param.map_or_else(|| ignored(krate), |param| param.param.owned.clone());
    let argument = param.map(|param| argument(param, &quote!(input)));
    let call = call(participant, reaction);
    quote! {{
        let service = ::core::clone::Clone::clone(&service);
        #krate::__private::React::#constructor::<#input, #output, #error>(move |tx, input| {
            let service = ::core::clone::Clone::clone(&service);
            let _ = &input;
            ::std::boxed::Box::pin(async move { #call(&*service, tx, #argument).await })
        })
    }}
}

fn expand_compensation(
    choreography: &Choreography, participant: &Participant, action: &Reaction, reaction: &Reaction,
) -> TokenStream {
    let krate = &choreography.krate;
    let sources = roles::sources(action, reaction);
    let source_of = |param: &ReactionParam| {
        let sources = roles::sources_of(&sources, param);
        sources.first().copied().unwrap_or(Source::Trigger)
    };
    let type_of = |source: Source| {
        let mut params = reaction.params.iter();
        let param = params.find(|param| source_of(param) == source);
        param.map_or_else(|| ignored(krate), |param| param.param.owned.clone())
    };
    let (trigger, input, output) = (
        type_of(Source::Trigger),
        type_of(Source::Input),
        type_of(Source::Output),
    );
    let arguments = reaction.params.iter().map(|param| {
        let given = match source_of(param) {
            Source::Trigger => quote!(trigger),
            Source::Input => quote!(input),
            Source::Output => quote!(output),
        };
        argument(param, &given)
    });
    let (call, published) = (call(participant, reaction), &reaction.output.tokens);
    quote! {{
        let service = ::core::clone::Clone::clone(&service);
        #krate::__private::React::compensation::<#trigger, #input, #output, #published>(move |tx, trigger, input, output| {
            let service = ::core::clone::Clone::clone(&service);
            let _ = (&trigger, &input, &output);
            ::std::boxed::Box::pin(async move { #call(&*service, tx, #(#arguments),*).await })
        })
    }}
}

/// What nobody takes is not decoded.
fn ignored(krate: &TokenStream) -> TokenStream {
    quote!(#krate::__private::serde::de::IgnoredAny)
}

/// The user's span: a type that does not fit is shown at the parameter.
fn argument(param: &ReactionParam, given: &TokenStream) -> TokenStream {
    let span = param.param.ident.span();
    let given: TokenStream = given
        .clone()
        .into_iter()
        .map(|mut token| {
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect();
    if param.param.by_reference {
        quote_spanned!(span=> &#given)
    } else {
        given
    }
}

/// The method by its trait, so that an inherent one of that name is not called instead.
fn call(participant: &Participant, reaction: &Reaction) -> TokenStream {
    let (name, method) = (&participant.ident, &reaction.ident);
    quote!(<__S as #name>::#method)
}
