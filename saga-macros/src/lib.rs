//! The `#[saga]` and `#[choreography]` attributes: they hand tokens to `saga-compiler`, and what it makes of them to `emit.rs`.
//!
//! They are documented where users find them, at their re-exports in `saga-runtime`.

mod emit;

use proc_macro::TokenStream;

#[allow(
    missing_docs,
    reason = "documented at its re-export, where its examples compile"
)]
#[proc_macro_attribute]
pub fn saga(options: TokenStream, module: TokenStream) -> TokenStream {
    let compiled = match saga_compiler::compile(options.into(), module.into()) {
        Ok(compiled) => compiled,
        Err(failed) => return failed.expand().into(),
    };
    let mut errors: Vec<proc_macro2::TokenStream> = Vec::new();
    let module = compiled.expand(|definition| match emit::emit(definition) {
        Ok(text) => text,
        Err(message) => {
            errors.push(error_at(definition.span(), &message));
            emit::literal(definition)
        }
    });
    errors
        .into_iter()
        .chain([module])
        .collect::<proc_macro2::TokenStream>()
        .into()
}

#[allow(
    missing_docs,
    reason = "documented at its re-export, where its examples compile"
)]
#[proc_macro_attribute]
pub fn choreography(options: TokenStream, module: TokenStream) -> TokenStream {
    let compiled = match saga_compiler::choreography::compile(options.into(), module.into()) {
        Ok(compiled) => compiled,
        Err(failed) => return failed.expand().into(),
    };
    let (error, contract, asyncapi) = match emit::emit_choreography(&compiled) {
        Ok((contract, asyncapi)) => (None, contract, asyncapi),
        Err(message) => {
            let (contract, asyncapi) = emit::choreography_literals(&compiled);
            (
                Some(error_at(compiled.span(), &message)),
                contract,
                asyncapi,
            )
        }
    };
    let module = compiled.expand(&contract, &asyncapi);
    quote::quote!(#error #module).into()
}

/// `compile_error!` at the flow's or the module's name.
fn error_at(span: proc_macro2::Span, message: &str) -> proc_macro2::TokenStream {
    quote::quote_spanned!(span=> ::core::compile_error! { #message })
}
