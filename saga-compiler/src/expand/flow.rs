//! A flow's constant: its name, its definition, and what it calls. Its body is re-emitted elsewhere, for rustc to check.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Item, ItemFn, ItemMod};

use super::participant::{docs, expand_kind};
use super::{cfgs, items};
use crate::lower::error_names;
use crate::{ir, names, walk};

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
    let steps = walk::calls(flow)
        .into_iter()
        .map(|call| expand_step_info(saga, call));
    let flows = started(saga, flow);
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
        #vis const #constant: #krate::Saga<#input, #output> = #krate::Saga::new(#name, #text, &[#(#steps),*], &[#(#flows),*]);
    }
}

/// The type that starts the saga.
pub(super) fn input_or_unit(flow: &ir::Flow) -> TokenStream {
    flow.input.clone().unwrap_or_else(|| quote!(()))
}

/// The flows that it starts, each once: those that it calls, each with the one that undoes it.
fn started(saga: &ir::Saga, flow: &ir::Flow) -> Vec<String> {
    let mut started = Vec::new();
    for call in walk::nested(flow) {
        let called = saga.flows.iter().find(|other| other.ident == call.flow);
        let undo = called.and_then(|called| called.compensation.as_ref());
        for ident in [Some(&call.flow), undo].into_iter().flatten() {
            let name = names::plain(ident);
            if !started.contains(&name) {
                started.push(name);
            }
        }
    }
    started
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

pub(super) fn find<'a>(module: &'a ItemMod, name: &Ident) -> Option<&'a ItemFn> {
    items(module).iter().find_map(|item| match item {
        Item::Fn(item) if item.sig.ident == *name => Some(item),
        _ => None,
    })
}
