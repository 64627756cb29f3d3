//! Choreographies: participants that react to each other's events, checked as a whole.
//!
//! ```text
//! tokens --parse--> ir::Choreography --check--> same --lower--> Contract --check--> runs::Graph
//!                                \------- expand (IR + texts) ------> tokens
//! ```

mod asyncapi;
mod check;
mod contract;
mod expand;
mod ir;
mod lower;
mod parse;
mod roles;
pub mod runs;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ItemMod;

pub use contract::{Contract, Early, Event, FORMAT, Kind, Participant, Reaction, Repeat};

use crate::errors::Errors;
use crate::expand::items;
use crate::parse::types::Types;
use crate::{Failed, names};

/// A choreography that compiled.
pub struct Compiled {
    item: ItemMod,
    choreography: ir::Choreography,
    contract: Contract,
    asyncapi: String,
}

/// Compiles one annotated module; `options` are what stands in the attribute's parentheses.
///
/// # Errors
///
/// Every mistake, each at its own tokens, with a stand-in for the module.
pub fn compile(options: TokenStream, module: TokenStream) -> Result<Compiled, Failed> {
    let item = crate::annotated_module("#[choreography]", "order_events", &options, module)?;
    if parse::lacks_imports(&item) {
        return Err(crate::without_imports(&item));
    }
    let errors = &mut Errors::default();
    let krate = quote!(::saga_runtime);
    let choreography = parse::parse(errors, options, krate, &item);
    let contract = match analyze(errors, &choreography) {
        Ok(contract) => contract,
        Err(errors) => {
            let fallback = expand::fallback(&item, &choreography.krate);
            return Err(Failed { errors, fallback });
        }
    };
    let types = Types::parse(items(&item));
    Ok(Compiled {
        asyncapi: asyncapi::write(&choreography, &types, &contract),
        item,
        choreography,
        contract,
    })
}

/// Whether a module is one, whatever attribute stands on it: it has participants that react to events, and no flow.
pub(crate) fn is_choreography(item: &ItemMod) -> bool {
    let all = items(item);
    let reacts =
        |item: &syn::Item| matches!(item, syn::Item::Trait(item) if parse::is_participant(item));
    let flows =
        |item: &syn::Item| matches!(item, syn::Item::Fn(item) if crate::parse::is_flow(item));
    all.iter().any(reacts) && !all.iter().any(flows)
}

/// What follows parsing. What was parsed is checked even when something could not be; the graph only when it is whole.
fn analyze(errors: &mut Errors, choreography: &ir::Choreography) -> syn::Result<Contract> {
    check::check(errors, choreography);
    errors.finish()?;
    let contract = lower::lower(choreography);
    check::check_graph(errors, choreography, &contract);
    errors.finish()?;
    Ok(contract)
}

impl Compiled {
    /// The choreography's name, which is the module's.
    #[must_use]
    pub fn name(&self) -> String {
        names::plain(&self.choreography.ident)
    }

    /// Where that name stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.choreography.ident.span()
    }

    /// What tools must know.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }
    /// The choreography as an AsyncAPI document.
    #[must_use]
    pub fn asyncapi(&self) -> &str {
        &self.asyncapi
    }

    /// The module for rustc. The arguments are the expressions that stand for the text of the contract and for that of the
    /// AsyncAPI document, such as `include_str!(..)`.
    #[must_use]
    pub fn expand(&self, contract: &TokenStream, asyncapi: &TokenStream) -> TokenStream {
        expand::expand(
            &self.item,
            &self.choreography,
            &self.contract,
            contract,
            asyncapi,
        )
    }
}
