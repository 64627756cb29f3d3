//! A participant: its trait for implementers, and `serve_…`, which decodes, passes the barrier, calls and encodes.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Item, ItemMod, ItemTrait, ReturnType, TraitItem, TraitItemFn};

use super::flow::find;
use super::{cfgs, foreign_attributes, items};
use crate::lower::required_input;
use crate::parse::DEFAULT_TIMEOUT;
use crate::{ir, names, walk};

pub(super) const OURS: [&str; 2] = ["step", "compensation"];

/// The trait with futures that can be sent, and without the attributes that only we understand; implementers still write
/// `async fn`.
pub(crate) fn expand_trait(item: &ItemTrait, ours: &[&str]) -> TokenStream {
    let mut item = item.clone();
    for method in &mut item.items {
        if let TraitItem::Fn(method) = method {
            method.attrs = foreign_attributes(&method.attrs, ours).cloned().collect();
            // The fallback passes mistakes through here, and they have been reported.
            method.default = None;
            method.semi_token.get_or_insert_default();
            if method.sig.asyncness.take().is_some() {
                let output = match &method.sig.output {
                    ReturnType::Default => quote!(()),
                    ReturnType::Type(_, ty) => ty.to_token_stream(),
                };
                method.sig.output = syn::parse_quote!(
                    -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
                );
            }
        }
    }
    item.into_token_stream()
}

/// The trait as the user wrote it.
pub(super) fn source<'a>(module: &'a ItemMod, name: &Ident) -> Option<&'a ItemTrait> {
    items(module).iter().find_map(|item| match item {
        Item::Trait(item) if item.ident == *name => Some(item),
        _ => None,
    })
}

pub(super) fn method<'a>(item: &'a ItemTrait, name: &Ident) -> Option<&'a TraitItemFn> {
    item.items.iter().find_map(|item| match item {
        TraitItem::Fn(method) if method.sig.ident == *name => Some(method),
        _ => None,
    })
}

pub(super) fn expand_serve(
    module: &ItemMod, saga: &ir::Saga, participant: &ir::Participant,
) -> TokenStream {
    let Some(item) = source(module, &participant.ident) else {
        return TokenStream::new();
    };
    let (krate, name, vis) = (&saga.krate, &participant.ident, &item.vis);
    let serve = names::serve_fn(name);
    let (name_text, prefix) = (names::plain(name), &participant.name);
    let function = names::function_placeholder(name);
    let starts = starts(module, saga, participant);
    let steps = participant
        .steps
        .iter()
        .map(|step| expand_step(saga, participant, item, step));
    let doc = format!(
        "Serves the participant [`{name_text}`]: decodes each delivery, passes the barrier in `store`, calls the service and encodes its answer."
    );
    let cfgs = cfgs(&item.attrs);
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #vis fn #serve<__S>(service: __S, store: impl #krate::Store) -> #krate::Handler
        where
            __S: #name + ::core::marker::Send + ::core::marker::Sync + 'static,
        {
            let service = ::std::sync::Arc::new(service);
            let handler = #krate::__private::HandlerBuilder::new(#name_text, #prefix, #function, store);
            #(#starts)*
            #(#steps)*
            handler.build()
        }
    }
}

/// The flows that may begin with this participant check their whole input here.
fn starts(module: &ItemMod, saga: &ir::Saga, participant: &ir::Participant) -> Vec<TokenStream> {
    let mut starts = Vec::new();
    for flow in &saga.flows {
        let Some(input) = &flow.input else { continue };
        let begins = walk::first_calls(flow)
            .iter()
            .any(|call| saga.participants[call.participant].ident == participant.ident);
        if begins {
            let name = names::plain(&flow.ident);
            let cfgs = find(module, &flow.ident).map(|item| cfgs(&item.attrs).collect::<Vec<_>>());
            let cfgs = cfgs.unwrap_or_default();
            let required = required_input(flow);
            starts.push(quote! {
                #(#cfgs)*
                let handler = handler.start::<#input>(#name, &[#(#required),*]);
            });
        }
    }
    starts
}

fn expand_step(
    saga: &ir::Saga, participant: &ir::Participant, item: &ItemTrait, step: &ir::Step,
) -> TokenStream {
    let krate = &saga.krate;
    let method_name = names::plain(&step.ident);
    let cfgs = method(item, &step.ident)
        .map(|method| cfgs(&method.attrs).collect::<Vec<_>>())
        .unwrap_or_default();
    let pair = match &step.kind {
        ir::Kind::Compensatable(name) => participant
            .compensations
            .iter()
            .find(|candidate| candidate.ident == *name)
            .map(|pair| (name, pair)),
        _ => None,
    };
    let keep: Vec<String> = pair.map(|(_, pair)| kept(step, pair)).unwrap_or_default();
    let action = expand_action(saga, participant, step, &keep);
    let compensation = if let Some((name, pair)) = pair {
        let compensation = expand_compensation(saga, participant, step, name, pair);
        quote!(::core::option::Option::Some(#compensation))
    } else {
        quote!(::core::option::Option::None)
    };
    quote! {
        #(#cfgs)*
        let handler = #krate::__private::HandlerBuilder::step(handler, #method_name, #action, #compensation);
    }
}

/// The action's arguments that its compensation takes.
pub(crate) fn kept(step: &ir::Step, compensation: &ir::Compensation) -> Vec<String> {
    let takes = |param: &ir::Param| {
        compensation
            .params
            .iter()
            .any(|taken| taken.param.ident == param.ident)
    };
    step.params
        .iter()
        .filter(|param| takes(param))
        .map(|param| names::plain(&param.ident))
        .collect()
}

fn expand_action(
    saga: &ir::Saga, participant: &ir::Participant, step: &ir::Step, keep: &[String],
) -> TokenStream {
    let (krate, name) = (&saga.krate, &step.ident);
    let input = names::input_struct(&step.ident);
    let fields = expand_input(krate, &input, step.params.iter());
    let args = step.params.iter().map(expand_argument);
    let (kind, constructor, first) = (
        expand_kind(krate, &step.kind),
        constructor(step.mode),
        first(step.mode),
    );
    let (call, timeout) = (call(participant, name), timeout(&step.policy));
    quote! {{
        #fields
        let service = ::std::sync::Arc::clone(&service);
        #krate::__private::Action::#constructor(#kind, &[#(#keep),*], move |#first, input: #input| {
            let service = ::std::sync::Arc::clone(&service);
            let _ = &input;
            ::std::boxed::Box::pin(async move { #call(&*service, #first, #(#args),*).await })
        })
        .timeout(#timeout)
    }}
}

fn expand_compensation(
    saga: &ir::Saga, participant: &ir::Participant, step: &ir::Step, name: &Ident,
    compensation: &ir::Compensation,
) -> TokenStream {
    let krate = &saga.krate;
    let input = names::input_struct(name);
    let is_kept = |taken: &&ir::CompensationParam| {
        step.params
            .iter()
            .any(|param| param.ident == taken.param.ident)
    };
    let fields = expand_input(
        krate,
        &input,
        compensation
            .params
            .iter()
            .filter(is_kept)
            .map(|taken| &taken.param),
    );
    let args = compensation.params.iter().map(|taken| {
        if is_kept(&taken) {
            expand_argument(&taken.param)
        } else if taken.param.by_reference {
            quote!(&output)
        } else {
            quote!(output)
        }
    });
    let (constructor, first) = (constructor(step.mode), first(step.mode));
    let (output, call) = (&step.output.tokens, call(participant, name));
    let timeout = timeout(&compensation.policy);
    let output = match step.mode {
        ir::Mode::Transactional => quote!(#output),
        ir::Mode::External => quote!(#krate::Outcome<#output>),
    };
    quote! {{
        #fields
        let service = ::std::sync::Arc::clone(&service);
        #krate::__private::Compensation::#constructor(move |#first, input: #input, output: #output| {
            let service = ::std::sync::Arc::clone(&service);
            let _ = (&input, &output);
            ::std::boxed::Box::pin(async move { #call(&*service, #first, #(#args),*).await })
        })
        .timeout(#timeout)
    }}
}

/// The `TimeoutSeconds` of the task.
fn timeout(policy: &ir::Policy) -> u64 {
    policy.timeout.unwrap_or(DEFAULT_TIMEOUT)
}

/// The method by its trait, so that an inherent one of that name is not called instead.
fn call(participant: &ir::Participant, method: &Ident) -> TokenStream {
    let name = &participant.ident;
    quote!(<__S as #name>::#method)
}

fn expand_input<'a>(
    krate: &TokenStream, name: &Ident, params: impl Iterator<Item = &'a ir::Param>,
) -> TokenStream {
    let serde = format!("{krate}::__private::serde").replace(' ', "");
    let fields = params.map(|param| {
        let (ident, ty) = (&param.ident, &param.owned);
        quote!(#ident: #ty)
    });
    quote! {
        #[derive(#krate::__private::serde::Deserialize)]
        #[serde(crate = #serde)]
        #[allow(non_camel_case_types)]
        struct #name { #(#fields,)* }
    }
}

fn expand_argument(param: &ir::Param) -> TokenStream {
    let ident = &param.ident;
    // The user's span: a type that does not fit is shown at the parameter.
    let span = ident.span();
    if param.by_reference {
        quote_spanned!(span=> &input.#ident)
    } else {
        quote_spanned!(span=> input.#ident)
    }
}

fn constructor(mode: ir::Mode) -> Ident {
    match mode {
        ir::Mode::Transactional => format_ident!("tx"),
        ir::Mode::External => format_ident!("cx"),
    }
}

fn first(mode: ir::Mode) -> Ident {
    constructor(mode)
}

pub(super) fn expand_kind(krate: &TokenStream, kind: &ir::Kind) -> TokenStream {
    match kind {
        ir::Kind::Compensatable(_) => quote!(#krate::Kind::Compensatable),
        ir::Kind::Pivot => quote!(#krate::Kind::Pivot),
        ir::Kind::Retriable => quote!(#krate::Kind::Retriable),
        ir::Kind::ReadOnly => quote!(#krate::Kind::ReadOnly),
    }
}

/// Doc comments, for what stands in for an item.
pub(super) fn docs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
}
