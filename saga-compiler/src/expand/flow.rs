//! A flow: its constant, and its body against stand-ins of the participants, for rustc to check and nobody to run.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{FnArg, Item, ItemFn, ItemMod, Type};

use super::participant::{docs, expand_kind, method, source};
use super::{cfgs, items};
use crate::lower::error_names;
use crate::parse::peel;
use crate::{ir, names};

/// `pub const PLACE_ORDER: Saga<PlaceOrder, Receipt>`
pub(super) fn expand_const(
    module: &ItemMod, saga: &ir::Saga, flow: &ir::Flow, text: &TokenStream,
) -> TokenStream {
    let Some(item) = find(module, &flow.ident) else {
        return TokenStream::new();
    };
    let krate = &saga.krate;
    let (constant, vis, docs) = (names::saga_const(&flow.ident), &item.vis, docs(&item.attrs));
    let (output, name, cfgs) = (&flow.output, names::plain(&flow.ident), cfgs(&item.attrs));
    let input = input_or_unit(flow);
    let steps = flow.body.nodes.iter().map(|node| match node {
        ir::Node::Call(call) => expand_step_info(saga, call),
    });
    let fallback_doc = (!item
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("doc")))
    .then(|| {
        let text = format!("The saga `{name}`.");
        quote!(#[doc = #text])
    });
    quote! {
        #(#cfgs)*
        #fallback_doc
        #(#docs)*
        #vis const #constant: #krate::Saga<#input, #output> = #krate::Saga::new(#name, #text, &[#(#steps),*]);
    }
}

/// The type that starts the saga.
pub(super) fn input_or_unit(flow: &ir::Flow) -> TokenStream {
    flow.input.clone().unwrap_or_else(|| quote!(()))
}

fn expand_step_info(saga: &ir::Saga, call: &ir::Call) -> TokenStream {
    let krate = &saga.krate;
    let participant = &saga.participants[call.participant];
    let step = &participant.steps[call.step];
    let (state, participant) = (&call.state, names::plain(&participant.ident));
    let kind = expand_kind(krate, &step.kind);
    let mode = match step.mode {
        ir::Mode::Transactional => quote!(#krate::Mode::Transactional),
        ir::Mode::External => quote!(#krate::Mode::External),
    };
    let compensation = if let ir::Kind::Compensatable(name) = &step.kind {
        let name = names::plain(name);
        quote!(::core::option::Option::Some(#name))
    } else {
        quote!(::core::option::Option::None)
    };
    let (transients, rejections) = error_names(saga, step);
    quote! {
        #krate::StepInfo {
            name: #state,
            participant: #participant,
            kind: #kind,
            mode: #mode,
            compensation: #compensation,
            rejections: &[#(#rejections),*],
            transients: &[#(#transients),*],
        }
    }
}

/// The flows as they were written, against structs that stand in for the participants' traits.
pub(super) fn expand_checks(module: &ItemMod, saga: &ir::Saga) -> TokenStream {
    let stand_ins = saga
        .participants
        .iter()
        .map(|participant| expand_stand_in(module, saga, participant));
    let flows = saga.flows.iter().filter_map(|flow| {
        let body = expand_body(find(module, &flow.ident)?);
        let unresolved = flow
            .unresolved
            .as_ref()
            .map(|name| expand_unresolved(flow, name));
        Some(quote!(#body #unresolved))
    });
    quote! {
        const _: () = {
            #(#stand_ins)*
            #(#flows)*
        };
    }
}

/// What stops the build should rustc accept a name that is not known here: nothing was emitted.
///
/// A lint, because lints speak only where there are no errors, and rustc's own message is the better one.
fn expand_unresolved(flow: &ir::Flow, name: &Ident) -> TokenStream {
    let (warning, check) = (
        names::unresolved_fn(name),
        names::unresolved_check(&flow.ident),
    );
    let message = format!(
        "`{name}` comes from outside flow `{}`, so its JSON is not known and no definition was emitted; let a step return it",
        flow.ident
    );
    quote_spanned! {name.span()=>
        #[allow(dead_code, non_snake_case)]
        #[deny(unused_must_use)]
        fn #check() {
            #[must_use = #message]
            fn #warning() -> bool { true }
            #warning();
        }
    }
}

/// A struct with the participant's name, whose steps take neither `tx` nor `cx`, as flows call them.
fn expand_stand_in(
    module: &ItemMod, saga: &ir::Saga, participant: &ir::Participant,
) -> TokenStream {
    let Some(item) = source(module, &participant.ident) else {
        return TokenStream::new();
    };
    let name = &participant.ident;
    let krate = &saga.krate;
    let methods = participant
        .steps
        .iter()
        .filter_map(|step| method(item, &step.ident))
        .map(|method| {
            let cfgs = cfgs(&method.attrs);
            let (ident, output) = (&method.sig.ident, &method.sig.output);
            let params = method.sig.inputs.iter().skip(2);
            quote! {
                #(#cfgs)*
                async fn #ident(&self, #(#params),*) #output {
                    #krate::__private::never_run()
                }
            }
        });
    let cfgs: Vec<_> = cfgs(&item.attrs).collect();
    quote! {
        #(#cfgs)*
        #[allow(dead_code)]
        struct #name;
        #(#cfgs)*
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        impl #name { #(#methods)* }
    }
}

fn expand_body(item: &ItemFn) -> TokenStream {
    let (name, output, body) = (check_name(&item.sig.ident), &item.sig.output, &item.block);
    let params = item.sig.inputs.iter().map(expand_param);
    let cfgs = cfgs(&item.attrs);
    quote! {
        #(#cfgs)*
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        async fn #name(#(#params),*) #output #body
    }
}

/// `stock: &impl Stock` -> `stock: &Stock`, where `Stock` is the stand-in.
fn expand_param(param: &FnArg) -> TokenStream {
    if let FnArg::Typed(param) = param
        && let Type::Reference(reference) = peel(&param.ty)
        && let Type::ImplTrait(ty) = peel(&reference.elem)
    {
        let (pattern, and, bounds) = (&param.pat, &reference.and_token, &ty.bounds);
        return quote!(#pattern: #and #bounds);
    }
    quote!(#param)
}

/// Not the flow's own name, which a call of another flow must find.
fn check_name(flow: &Ident) -> Ident {
    format_ident!("__check_{}", names::plain(flow), span = flow.span())
}

pub(super) fn find<'a>(module: &'a ItemMod, name: &Ident) -> Option<&'a ItemFn> {
    items(module).iter().find_map(|item| match item {
        Item::Fn(item) if item.sig.ident == *name => Some(item),
        _ => None,
    })
}
