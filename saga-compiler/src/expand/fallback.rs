//! What stands for a module with mistakes: everything that other code mentions, so that rustc has no false followers.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{
    Attribute, FnArg, Item, ItemEnum, ItemFn, ItemMod, ItemTrait, ReturnType, Type, Variant,
};

use super::{cfgs, expand_item, items, module};
use crate::names;
use crate::parse::{
    attribute, input_type, is_flow, is_local, is_participant, ok_type, referent, step_errors,
};

/// The module with empty implementations.
pub(crate) fn fallback(item: &ItemMod, krate: &TokenStream) -> TokenStream {
    let item = &without_followers(item);
    let generated = items(item).iter().map(|generated| match generated {
        Item::Trait(item) if is_participant(item) => empty_serve(item, krate),
        Item::Fn(item) if is_flow(item) => empty_saga(item, krate),
        Item::Enum(error) if is_error(item, error) => {
            empty_error(&error.ident, &error.attrs, krate)
        }
        _ => TokenStream::new(),
    });
    let generated = quote!(#(#generated)*);
    let module = module(item, &generated, expand_item);
    // What only the missing parts use is not unused.
    quote!(#[allow(unused_imports, dead_code)] #module)
}

/// The module without what rustc would complain about as well: would-be flows, the second of one name, and `#[flow]`
/// where it does not belong.
fn without_followers(item: &ItemMod) -> ItemMod {
    let mut item = item.clone();
    let mut constants = Vec::new();
    if let Some((_, items)) = &mut item.content {
        items.retain_mut(|item| match item {
            Item::Fn(item) if is_flow(item) => {
                let constant = names::saga_const(&item.sig.ident);
                let is_first = !constants.contains(&constant);
                constants.push(constant);
                is_first
            }
            Item::Fn(item) => {
                item.attrs
                    .retain(|attribute| !attribute.path().is_ident("flow"));
                !takes_impl(item)
            }
            _ => true,
        });
    }
    item
}

/// Whether the function looks as if it took participants.
fn takes_impl(item: &ItemFn) -> bool {
    item.sig.inputs.iter().any(|param| match param {
        FnArg::Typed(param) => matches!(referent(&param.ty), Type::ImplTrait(_)),
        FnArg::Receiver(_) => false,
    })
}

/// Whether an enum stands as a step's error, as far as one can tell.
fn is_error(module: &ItemMod, item: &ItemEnum) -> bool {
    let is_transient = |variant: &Variant| attribute(&variant.attrs, "transient").is_some();
    let is_used = items(module).iter().any(|other| match other {
        Item::Trait(participant) if is_participant(participant) => {
            step_errors(participant).any(|ty| is_local(ty, &item.ident))
        }
        _ => false,
    });
    item.generics.params.is_empty() && (is_used || item.variants.iter().any(is_transient))
}

pub(crate) fn empty_error(
    name: &Ident, attributes: &[Attribute], krate: &TokenStream,
) -> TokenStream {
    let cfgs = cfgs(attributes);
    let private = quote!(#krate::__private);
    quote! {
        #(#cfgs)*
        impl #krate::StepError for #name {
            const TYPES: &'static [&'static str] = &[];
            fn error_type(&self) -> &'static str { #private::never_run() }
            fn is_transient(&self) -> bool { #private::never_run() }
            fn message(&self) -> ::std::string::String { #private::never_run() }
            fn data(&self) -> ::core::result::Result<#private::serde_json::Value, #private::serde_json::Error> {
                #private::never_run()
            }
        }
    }
}

fn empty_serve(item: &ItemTrait, krate: &TokenStream) -> TokenStream {
    let (vis, serve, cfgs) = (&item.vis, names::serve_fn(&item.ident), cfgs(&item.attrs));
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(unused_variables)]
        #vis fn #serve<__S>(service: __S, store: impl #krate::Store) -> #krate::Handler {
            #krate::__private::never_run()
        }
    }
}

fn empty_saga(item: &ItemFn, krate: &TokenStream) -> TokenStream {
    let (vis, ident, cfgs) = (&item.vis, &item.sig.ident, cfgs(&item.attrs));
    let (constant, name) = (names::saga_const(ident), names::plain(ident));
    let input = input_type(item).unwrap_or_else(|| quote!(()));
    let output = match &item.sig.output {
        ReturnType::Type(_, ty) => ok_type(ty).unwrap_or_else(|| quote!(())),
        ReturnType::Default => quote!(()),
    };
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #vis const #constant: #krate::Saga<#input, #output> = #krate::Saga::new(#name, "", &[], &[]);
    }
}
