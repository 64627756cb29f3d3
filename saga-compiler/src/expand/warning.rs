//! What is near a limit, as a warning of rustc's: stable Rust lets a macro report errors only, but it warns of what is
//! deprecated.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, ItemFn};

use crate::names;

/// A warning at the flow's name.
pub(super) fn expand_warning(item: &ItemFn, text: &str) -> TokenStream {
    let span = item.sig.ident.span();
    let name = format_ident!("{}", names::WARNING, span = span);
    let kept = item.attrs.iter().filter(|attribute| is_kept(attribute));
    let warning = quote_spanned! {span=>
        const _: () = {
            #[allow(non_upper_case_globals)]
            #[deprecated(note = #text)]
            const #name: () = ();
            #name
        };
    };
    quote!(#(#kept)* #warning)
}

/// Whether there is the flow at all, and what the user wants to hear of it.
fn is_kept(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.is_ident("cfg") || path.is_ident("allow")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use quote::quote;

    use super::expand_warning;

    #[test]
    fn a_warning_at_the_name_of_the_flow() {
        let item = syn::parse_quote! {
            /// Sends letters.
            #[cfg(feature = "mail")]
            #[allow(deprecated)]
            #[flow(compensate = unsend)]
            pub async fn letters(mail: &impl Mail) -> Result<(), Rejection> {}
        };
        let warning = expand_warning(&item, "with 9 items it is full");
        let file = syn::parse2(quote!(#warning)).unwrap();
        expect![[r##"
            #[cfg(feature = "mail")]
            #[allow(deprecated)]
            const _: () = {
                #[allow(non_upper_case_globals)]
                #[deprecated(note = "with 9 items it is full")]
                const near_a_limit: () = ();
                near_a_limit
            };
        "##]]
        .assert_eq(&prettyplease::unparse(&file));
    }
}
