//! The flows' bodies against stand-ins of the participants: for rustc to check, and nobody to run.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, ExprForLoop, FnArg, ItemFn, ItemMod, Macro, Token, Type};

use super::flow::find;
use super::participant::{method, source};
use super::{cfgs, foreign_attributes};
use crate::parse::peel;
use crate::{ir, names};

/// The flows as they were written, under their own names, so that one finds another; against structs that stand in for
/// the participants' traits.
pub(super) fn expand_checks(module: &ItemMod, saga: &ir::Saga) -> TokenStream {
    let stand_ins = saga
        .participants
        .iter()
        .map(|participant| expand_stand_in(module, saga, participant));
    let flows = saga.flows.iter().filter_map(|flow| {
        let body = expand_body(find(module, &flow.ident)?);
        let undo = flow
            .compensation
            .as_ref()
            .and_then(|undo| expand_undo(module, saga, flow, undo));
        let unresolved = flow
            .unresolved
            .as_ref()
            .map(|name| expand_unresolved(flow, name));
        Some(quote!(#body #undo #unresolved))
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

/// A struct with the participant's name, and no value of that name, whose steps take neither `tx` nor `cx`, as flows call them.
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
        struct #name {}
        #(#cfgs)*
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        impl #name { #(#methods)* }
    }
}

fn expand_body(item: &ItemFn) -> TokenStream {
    let mut item = item.clone();
    ParallelStripper.visit_block_mut(&mut item.block);
    let (name, output, body) = (&item.sig.ident, &item.sig.output, &item.block);
    let params = item.sig.inputs.iter().map(expand_param);
    let (cfgs, lints) = (cfgs(&item.attrs), lints(&item.attrs));
    // What rustc says of names, types, borrows and unused variables is of use here. What clippy says of style is not, nor
    // that `let _ = ..` drops something: the language leaves no choice.
    quote! {
        #(#cfgs)*
        #[allow(dead_code, let_underscore_drop, clippy::all, clippy::pedantic)]
        #(#lints)*
        async fn #name(#(#params),*) #output #body
    }
}

/// What the user says about lints, which stands behind what we say.
fn lints(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    const LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    attributes
        .iter()
        .filter(|attribute| LEVELS.iter().any(|level| attribute.path().is_ident(level)))
}

/// Takes `#[parallel(..)]`, which only we understand, from loops.
struct ParallelStripper;

impl VisitMut for ParallelStripper {
    fn visit_expr_for_loop_mut(&mut self, expr: &mut ExprForLoop) {
        expr.attrs = foreign_attributes(&expr.attrs, &["parallel"])
            .cloned()
            .collect();
        visit_mut::visit_expr_for_loop_mut(self, expr);
    }

    /// The branches of `join!` are tokens until they are read.
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let branches = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(mut branches) = mac.parse_body_with(branches) {
            for branch in &mut branches {
                self.visit_expr_mut(branch);
            }
            mac.tokens = branches.into_token_stream();
        }
    }
}

/// A call of the flow that undoes another, with what that one gives: rustc compares the types.
fn expand_undo(
    module: &ItemMod, saga: &ir::Saga, flow: &ir::Flow, undo: &Ident,
) -> Option<TokenStream> {
    let called = saga.flows.iter().find(|other| other.ident == *undo)?;
    let item = find(module, &called.ident)?;
    let (name, output) = (names::undo_check(&flow.ident), &flow.output);
    // No parameter of the user's is called so.
    let given = Ident::new("__output", undo.span());
    let mut participants = Vec::new();
    let mut args = Vec::new();
    for param in &item.sig.inputs {
        let FnArg::Typed(typed) = param else { continue };
        match peel(&typed.ty) {
            Type::Reference(reference) if matches!(peel(&reference.elem), Type::ImplTrait(_)) => {
                let pattern = &typed.pat;
                participants.push(expand_param(param));
                args.push(quote!(#pattern));
            }
            Type::Reference(_) => args.push(quote_spanned!(undo.span()=> &#given)),
            _ => args.push(quote!(#given)),
        }
    }
    let both = find(module, &flow.ident).into_iter().chain([item]);
    let cfgs = both.flat_map(|item| cfgs(&item.attrs));
    // The name in the attribute is where the two types meet.
    let call = quote_spanned!(undo.span()=> #undo(#(#args),*));
    Some(quote! {
        #(#cfgs)*
        #[allow(dead_code, let_underscore_drop, unused_variables, clippy::all, clippy::pedantic)]
        async fn #name(#(#participants,)* #given: #output) {
            let _ = #call.await;
        }
    })
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
