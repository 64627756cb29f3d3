//! Compiles an annotated Rust module to AWS Step Functions state machines.
//!
//! A pure function of its tokens: it reads and writes no file. The `#[saga]` attribute of `saga-macros` hands tokens
//! over and writes the definitions; tests and tools call [`compile`] as well.
//!
//! ```text
//! tokens --parse--> ir::Saga --check--> same --lower--> asl::StateMachine --to_json--> text
//!                                 \------------ expand (IR + text) ---------------> tokens
//! ```
//!
//! # Example
//!
//! ```
//! let module: proc_macro2::TokenStream = r#"
//!     pub mod greet {
//!         use saga_runtime::prelude::*;
//!
//!         pub trait Greeter {
//!             #[step(retriable)]
//!             async fn greet(&self, cx: &Context, name: &str) -> Result<String, Retry>;
//!         }
//!         pub async fn greet(greeter: &impl Greeter, name: String) -> Result<String, Rejection> {
//!             Ok(greeter.greet(&name).await?)
//!         }
//!     }
//! "#.parse().unwrap();
//! let compiled = saga_compiler::compile("".parse().unwrap(), module).unwrap();
//! assert_eq!(compiled.definitions()[0].name(), "greet");
//! assert!(compiled.definitions()[0].text().contains(r#""StartAt": "greeter.greet""#));
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::needless_raw_string_hashes,
        reason = "`UPDATE_EXPECT=1` writes them"
    ),
    allow(
        clippy::needless_pass_by_value,
        reason = "an `expect!` reads best as an argument"
    )
)]

mod budget;
mod called;
mod check;
pub mod choreography;
mod contract;
mod errors;
mod expand;
mod ir;
mod lower;
mod names;
mod nesting;
mod parse;
mod walk;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Item, ItemMod};

pub use budget::{Budget, Count};
use called::Called;
pub use contract::{
    Contract, FORMAT, Form, Kind, Mode, OnStuck, Participant, StartedFlow, Step, Type, Unreadable,
};
use errors::Errors;
pub use names::participant_name;

/// A module that compiled.
pub struct Compiled {
    item: ItemMod,
    saga: ir::Saga,
    definitions: Vec<Definition>,
}

/// One state machine.
pub struct Definition {
    ident: Ident,
    unresolved: bool,
    text: String,
    contract: Contract,
    budget: Budget,
    warnings: Vec<String>,
}

/// A module that did not compile.
#[derive(Debug)]
pub struct Failed {
    errors: syn::Error,
    fallback: TokenStream,
}

/// Compiles one annotated module; `options` are what stands in the attribute's parentheses.
///
/// # Errors
///
/// Every mistake, each at its own tokens, with a stand-in for the module.
pub fn compile(options: TokenStream, module: TokenStream) -> Result<Compiled, Failed> {
    let krate = quote!(::saga_runtime);
    let item = annotated_module("#[saga]", "place_order", &options, module)?;
    if parse::lacks_imports(&item) {
        return Err(without_imports(&item));
    }
    if choreography::is_choreography(&item) {
        return Err(meant_as_choreography(&item));
    }
    let errors = &mut Errors::default();
    let saga = parse::parse(errors, options, krate, &item);
    match analyze(errors, &saga) {
        Ok(definitions) => Ok(Compiled {
            item,
            saga,
            definitions,
        }),
        Err(errors) => Err(Failed {
            errors,
            fallback: expand::fallback(&item, &saga.krate),
        }),
    }
}

/// The module that an attribute stands on; `example` is one's name.
pub(crate) fn annotated_module(
    attribute: &str, example: &str, options: &TokenStream, module: TokenStream,
) -> Result<ItemMod, Failed> {
    let all = [options, &module];
    if let Some(span) = all.into_iter().cloned().find_map(nesting::too_deep) {
        let message =
            "this nests too deeply; put a part of it into a `let`, a type or a function of its own";
        return Err(Failed {
            errors: syn::Error::new(span, message),
            fallback: TokenStream::new(),
        });
    }
    match syn::parse2(module) {
        Ok(Item::Mod(item)) => Ok(item),
        Ok(other) => {
            let message = format!("`{attribute}` stands on a module: `pub mod {example} {{ … }}`");
            let errors = syn::Error::new(Span::call_site(), message);
            let fallback = other.into_token_stream();
            Err(Failed { errors, fallback })
        }
        // rustc itself reports what is no Rust, before it hands a module over.
        Err(errors) => {
            let fallback = TokenStream::new();
            Err(Failed { errors, fallback })
        }
    }
}

/// A module that does not see the names around it.
pub(crate) fn without_imports(item: &ItemMod) -> Failed {
    let ident = &item.ident;
    let message = format!(
        "module `{ident}` does not see the names around it; write `use saga_runtime::prelude::*;` as its first line"
    );
    failed_as_a_whole(item, message)
}

fn meant_as_choreography(item: &ItemMod) -> Failed {
    let ident = &item.ident;
    let message = format!(
        "the participants of `{ident}` react to events, so it is no saga with a flow; write `#[choreography]` instead of `#[saga]`"
    );
    failed_as_a_whole(item, message)
}

fn failed_as_a_whole(item: &ItemMod, message: String) -> Failed {
    let (vis, ident) = (&item.vis, &item.ident);
    let errors = syn::Error::new(ident.span(), message);
    // With its items, every name in them would be an error of its own.
    let fallback = quote!(#vis mod #ident {});
    Failed { errors, fallback }
}

/// What follows parsing. What was parsed is checked even when something could not be, so that a mistake in one item does
/// not hide that in another; nothing is lowered after a mistake.
fn analyze(errors: &mut Errors, saga: &ir::Saga) -> syn::Result<Vec<Definition>> {
    check::check(errors, saga);
    errors.finish()?;
    let called = Called::of(saga);
    let definitions = saga
        .flows
        .iter()
        .map(|flow| define(errors, saga, &called, flow))
        .collect();
    errors.finish()?;
    Ok(definitions)
}

/// States up to which a definition is written to be read; beyond, blanks would cost more than they give.
const READABLE: usize = 500;

/// Readable while that helps and fits, compact otherwise.
fn define(errors: &mut Errors, saga: &ir::Saga, called: &Called, flow: &ir::Flow) -> Definition {
    let ident = flow.ident.clone();
    if flow.unresolved.is_some() {
        return Definition {
            ident,
            unresolved: true,
            text: String::new(),
            contract: contract::of(saga, flow),
            budget: Budget::default(),
            warnings: Vec::new(),
        };
    }
    let machine = lower::lower(saga, called, flow);
    let mut text = String::new();
    let is_readable = machine.graph.states.len() <= READABLE;
    if is_readable {
        text = saga_asl::to_json(&machine);
    }
    // What is near the limit without blanks is near it.
    if !is_readable || text.len() >= budget::NEAR_DEFINITION {
        text = saga_asl::to_json_compact(&machine);
    }
    let budget = Budget::of(&machine, text.len());
    budget::check(errors, &ident, &budget);
    Definition {
        unresolved: false,
        warnings: budget::warnings(&ident, &budget),
        ident,
        text,
        contract: contract::of(saga, flow),
        budget,
    }
}

impl Definition {
    /// The state machine's name, which is the flow's.
    #[must_use]
    pub fn name(&self) -> String {
        names::plain(&self.ident)
    }

    /// Where the flow's name stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.ident.span()
    }

    /// The definition in the Amazon States Language.
    ///
    /// Empty when a name in the flow is not known here, which rustc will report.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What tools must know beside the definition.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// What the state machine costs, at worst. Nothing when there is no text.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// What is near one of Step Functions' limits. The expanded module warns of it at the flow's name, which
    /// `#[allow(deprecated)]` on the flow silences.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether a name in the flow is not known here: rustc will say so, and nothing may be written.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.unresolved
    }
}

impl Compiled {
    /// The state machines, in source order.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The module for rustc. `text` gives the expression that stands for a definition's text, such as `include_str!(..)`.
    pub fn expand(&self, text: impl FnMut(&Definition) -> TokenStream) -> TokenStream {
        let texts: Vec<TokenStream> = self.definitions.iter().map(text).collect();
        let warnings: Vec<&[String]> = self.definitions.iter().map(Definition::warnings).collect();
        expand::expand(&self.item, &self.saga, &texts, &warnings)
    }
}

impl Failed {
    /// The messages.
    #[must_use]
    pub fn errors(&self) -> &syn::Error {
        &self.errors
    }

    /// The messages, and what other code mentions of the module.
    #[must_use]
    pub fn expand(&self) -> TokenStream {
        let (errors, fallback) = (self.errors.to_compile_error(), &self.fallback);
        quote!(#errors #fallback)
    }
}
