//! The `#[saga]` attribute: hands tokens to `saga-compiler`, and definitions to `emit.rs`.
//!
//! It is documented where users find it, at its re-export in `saga-runtime`.

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

/// `compile_error!` at the flow's name.
fn error_at(span: proc_macro2::Span, message: &str) -> proc_macro2::TokenStream {
    quote::quote_spanned!(span=> ::core::compile_error! { #message })
}
