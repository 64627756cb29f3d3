//! What stands for a module with mistakes: everything that other code mentions, so that rustc has no false followers.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, FnArg, Item, ItemMod, ItemTrait};

use super::expand_item;
use crate::choreography::parse::{event::is_event, is_participant};
use crate::errors::Errors;
use crate::expand::{self, items};
use crate::names;
use crate::parse::params::parse_passed;
use crate::parse::serde::derives;
use crate::parse::types::{attribute, is_local};
use crate::parse::{participant, step_errors};

/// The module with empty implementations.
pub(crate) fn fallback(item: &ItemMod, krate: &TokenStream) -> TokenStream {
    let mut generated = vec![empty_const(item, krate)];
    for each in items(item) {
        match each {
            Item::Trait(item) if is_participant(item) => {
                generated.push(empty_serve(item, krate));
                generated.push(empty_commands(item, krate));
            }
            Item::Struct(data) => generated.push(empty_data(
                item,
                each,
                krate,
                (&data.ident, &data.attrs, &data.generics),
            )),
            Item::Enum(data) => generated.push(empty_data(
                item,
                each,
                krate,
                (&data.ident, &data.attrs, &data.generics),
            )),
            _ => {}
        }
    }
    let module = expand::module(item, &quote!(#(#generated)*), expand_item);
    // What only the missing parts use is not unused.
    quote!(#[allow(unused_imports, dead_code)] #module)
}

fn empty_const(item: &ItemMod, krate: &TokenStream) -> TokenStream {
    let (constant, name) = (names::saga_const(&item.ident), names::plain(&item.ident));
    quote! {
        #[doc(hidden)]
        pub const #constant: #krate::Choreography = #krate::Choreography::new(#name, "", "", &[]);
    }
}

fn empty_serve(item: &ItemTrait, krate: &TokenStream) -> TokenStream {
    let (vis, serve) = (&item.vis, names::serve_fn(&item.ident));
    quote! {
        #[doc(hidden)]
        #[allow(unused_variables)]
        #vis fn #serve<__S>(service: __S, store: impl #krate::Store) -> #krate::Consumer {
            #krate::__private::never_run()
        }
    }
}

fn empty_commands(item: &ItemTrait, krate: &TokenStream) -> TokenStream {
    let prefix = names::participant(&item.ident);
    let methods = participant::methods(item);
    let commands = methods.filter(|method| attribute(&method.attrs, "command").is_some());
    let commands = commands.map(|method| {
        let constant = names::command_const(&prefix, &method.sig.ident);
        let input = if let Some(FnArg::Typed(param)) = method.sig.inputs.iter().nth(2) {
            // Its mistakes have been reported.
            parse_passed(&mut Errors::default(), &param.ty).0
        } else {
            quote!(())
        };
        quote! {
            #[doc(hidden)]
            pub const #constant: #krate::Command<#input> = #krate::Command::new("");
        }
    });
    quote!(#(#commands)*)
}

fn empty_data(
    module: &ItemMod, item: &Item, krate: &TokenStream,
    (name, attributes, generics): (&Ident, &[Attribute], &syn::Generics),
) -> TokenStream {
    if !generics.params.is_empty() {
        return TokenStream::new();
    }
    // Without it, rustc would ask for what has been asked for.
    let event = (is_event(item) && derives(attributes, "Serialize"))
        .then(|| quote!(impl #krate::Event for #name { const TYPE: &'static str = ""; }));
    let is_returned = items(module).iter().any(|other| match other {
        Item::Trait(participant) if is_participant(participant) => {
            step_errors(participant).any(|ty| is_local(ty, name))
        }
        _ => false,
    });
    let error = is_returned.then(|| expand::empty_error(name, &[], krate));
    quote!(#event #error)
}
