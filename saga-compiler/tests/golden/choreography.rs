::core::compile_error! {
    "`Placed` may come before `log` took effect, and the saga would go on without `b.keep`; write `early = park`"
}
#[allow(unused_imports, dead_code)]
pub mod small {
    use saga_runtime::prelude::*;
    pub trait A {
        fn begin(
            &self,
            tx: &mut Tx,
            cmd: &str,
        ) -> impl ::core::future::Future<
            Output = Result<Placed, Retry>,
        > + ::core::marker::Send;
        fn undo(
            &self,
            tx: &mut Tx,
            placed: Placed,
            full: &Full,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    pub trait B {
        fn log(
            &self,
            tx: &mut Tx,
            placed: &Placed,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
        fn keep(
            &self,
            tx: &mut Tx,
        ) -> impl ::core::future::Future<
            Output = Result<Option<Kept>, Full>,
        > + ::core::marker::Send;
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Placed;
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Kept;
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub struct Full;
    #[doc(hidden)]
    pub const SMALL: ::saga_runtime::Choreography = ::saga_runtime::Choreography::new(
        "small",
        "",
        "",
        &[],
    );
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_a<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
    #[doc(hidden)]
    pub const A_BEGIN: ::saga_runtime::Command<::std::string::String> = ::saga_runtime::Command::new(
        "",
    );
    #[doc(hidden)]
    #[allow(unused_variables)]
    pub fn serve_b<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Consumer {
        ::saga_runtime::__private::never_run()
    }
    impl ::saga_runtime::Event for Placed {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for Kept {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::Event for Full {
        const TYPE: &'static str = "";
    }
    impl ::saga_runtime::StepError for Full {
        const TYPES: &'static [&'static str] = &[];
        fn error_type(&self) -> &'static str {
            ::saga_runtime::__private::never_run()
        }
        fn is_transient(&self) -> bool {
            ::saga_runtime::__private::never_run()
        }
        fn message(&self) -> ::std::string::String {
            ::saga_runtime::__private::never_run()
        }
        fn data(
            &self,
        ) -> ::core::result::Result<
            ::saga_runtime::__private::serde_json::Value,
            ::saga_runtime::__private::serde_json::Error,
        > {
            ::saga_runtime::__private::never_run()
        }
    }
}
