pub mod shop {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)]
    pub struct Cmd {
        pub id: String,
        pub lines: Vec<String>,
        pub total: u64,
        pub note: Option<String>,
        pub to: Address,
    }
    #[derive(Serialize, Deserialize)]
    pub struct Address {
        pub city: String,
    }
    #[derive(Serialize, Deserialize)]
    pub struct Hold {
        pub id: String,
    }
    pub enum StockError {
        OutOfStock { sku: String },
        Busy,
    }
    pub trait Stock {
        fn reserve(
            &self,
            tx: &mut Tx,
            order: &str,
            lines: &[String],
        ) -> impl ::core::future::Future<
            Output = Result<Hold, StockError>,
        > + ::core::marker::Send;
        fn release(
            &self,
            tx: &mut Tx,
            order: &str,
            hold: Hold,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    pub trait Payments {
        fn charge(
            &self,
            cx: &Context,
            order: &str,
            total: u64,
        ) -> impl ::core::future::Future<
            Output = Result<String, StockError>,
        > + ::core::marker::Send;
    }
    pub trait Mail {
        fn send(
            &self,
            cx: &Context,
            text: &str,
        ) -> impl ::core::future::Future<
            Output = Result<(), Retry>,
        > + ::core::marker::Send;
    }
    #[automatically_derived]
    impl ::saga_runtime::StepError for StockError {
        const TYPES: &'static [&'static str] = &[
            "StockError.OutOfStock",
            "StockError.Busy",
        ];
        fn error_type(&self) -> &'static str {
            match self {
                Self::OutOfStock { .. } => "StockError.OutOfStock",
                Self::Busy { .. } => "StockError.Busy",
            }
        }
        fn is_transient(&self) -> bool {
            #[allow(unreachable_patterns, clippy::match_like_matches_macro)]
            match self {
                Self::Busy { .. } => true,
                _ => false,
            }
        }
        fn message(&self) -> ::std::string::String {
            ::saga_runtime::__private::Message::text(self)
        }
        fn data(
            &self,
        ) -> ::core::result::Result<
            ::saga_runtime::__private::serde_json::Value,
            ::saga_runtime::__private::serde_json::Error,
        > {
            match self {
                Self::OutOfStock { sku, .. } => {
                    ::core::result::Result::Ok(
                        ::saga_runtime::__private::serde_json::Value::Object(
                            ::core::iter::FromIterator::from_iter(
                                [
                                    (
                                        ::core::convert::From::from("sku"),
                                        ::saga_runtime::__private::serde_json::to_value(sku)?,
                                    ),
                                ]
                                    as [(
                                        ::std::string::String,
                                        ::saga_runtime::__private::serde_json::Value,
                                    ); _],
                            ),
                        ),
                    )
                }
                Self::Busy => {
                    ::core::result::Result::Ok(
                        ::saga_runtime::__private::serde_json::Value::Null,
                    )
                }
            }
        }
    }
    ///Serves the participant [`Stock`]: decodes each delivery, passes the barrier in `store`, calls the service and encodes its answer.
    pub fn serve_stock<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler
    where
        __S: Stock + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        let service = ::std::sync::Arc::new(service);
        let handler = ::saga_runtime::__private::HandlerBuilder::new(
            "Stock",
            "stock",
            "StockFunctionArn",
            store,
        );
        let handler = handler.start::<Cmd>("hold", &["/id", "/lines"]);
        let handler = ::saga_runtime::__private::HandlerBuilder::step(
            handler,
            "reserve",
            {
                #[derive(::saga_runtime::__private::serde::Deserialize)]
                #[serde(crate = "::saga_runtime::__private::serde")]
                #[allow(non_camel_case_types)]
                struct __reserve_input {
                    order: ::std::string::String,
                    lines: ::std::vec::Vec<String>,
                }
                let service = ::std::sync::Arc::clone(&service);
                ::saga_runtime::__private::Action::tx(
                        ::saga_runtime::Kind::Compensatable,
                        &["order"],
                        move |tx, input: __reserve_input| {
                            let service = ::std::sync::Arc::clone(&service);
                            let _ = &input;
                            ::std::boxed::Box::pin(async move {
                                <__S as Stock>::reserve(
                                        &*service,
                                        tx,
                                        &input.order,
                                        &input.lines,
                                    )
                                    .await
                            })
                        },
                    )
                    .timeout(30u64)
            },
            ::core::option::Option::Some({
                #[derive(::saga_runtime::__private::serde::Deserialize)]
                #[serde(crate = "::saga_runtime::__private::serde")]
                #[allow(non_camel_case_types)]
                struct __release_input {
                    order: ::std::string::String,
                }
                let service = ::std::sync::Arc::clone(&service);
                ::saga_runtime::__private::Compensation::tx(move |
                        tx,
                        input: __release_input,
                        output: Hold|
                    {
                        let service = ::std::sync::Arc::clone(&service);
                        let _ = (&input, &output);
                        ::std::boxed::Box::pin(async move {
                            <__S as Stock>::release(&*service, tx, &input.order, output)
                                .await
                        })
                    })
                    .timeout(30u64)
            }),
        );
        handler.build()
    }
    ///Serves the participant [`Payments`]: decodes each delivery, passes the barrier in `store`, calls the service and encodes its answer.
    pub fn serve_payments<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler
    where
        __S: Payments + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        let service = ::std::sync::Arc::new(service);
        let handler = ::saga_runtime::__private::HandlerBuilder::new(
            "Payments",
            "payments",
            "PaymentsFunctionArn",
            store,
        );
        let handler = handler.start::<Cmd>("shop", &["/total"]);
        let handler = ::saga_runtime::__private::HandlerBuilder::step(
            handler,
            "charge",
            {
                #[derive(::saga_runtime::__private::serde::Deserialize)]
                #[serde(crate = "::saga_runtime::__private::serde")]
                #[allow(non_camel_case_types)]
                struct __charge_input {
                    order: ::std::string::String,
                    total: u64,
                }
                let service = ::std::sync::Arc::clone(&service);
                ::saga_runtime::__private::Action::cx(
                        ::saga_runtime::Kind::Pivot,
                        &[],
                        move |cx, input: __charge_input| {
                            let service = ::std::sync::Arc::clone(&service);
                            let _ = &input;
                            ::std::boxed::Box::pin(async move {
                                <__S as Payments>::charge(
                                        &*service,
                                        cx,
                                        &input.order,
                                        input.total,
                                    )
                                    .await
                            })
                        },
                    )
                    .timeout(30u64)
            },
            ::core::option::Option::None,
        );
        handler.build()
    }
    ///Serves the participant [`Mail`]: decodes each delivery, passes the barrier in `store`, calls the service and encodes its answer.
    pub fn serve_mail<__S>(
        service: __S,
        store: impl ::saga_runtime::Store,
    ) -> ::saga_runtime::Handler
    where
        __S: Mail + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        let service = ::std::sync::Arc::new(service);
        let handler = ::saga_runtime::__private::HandlerBuilder::new(
            "Mail",
            "mail",
            "MailFunctionArn",
            store,
        );
        let handler = handler.start::<Hold>("drop_hold", &["/id"]);
        let handler = ::saga_runtime::__private::HandlerBuilder::step(
            handler,
            "send",
            {
                #[derive(::saga_runtime::__private::serde::Deserialize)]
                #[serde(crate = "::saga_runtime::__private::serde")]
                #[allow(non_camel_case_types)]
                struct __send_input {
                    text: ::std::string::String,
                }
                let service = ::std::sync::Arc::clone(&service);
                ::saga_runtime::__private::Action::cx(
                        ::saga_runtime::Kind::Retriable,
                        &[],
                        move |cx, input: __send_input| {
                            let service = ::std::sync::Arc::clone(&service);
                            let _ = &input;
                            ::std::boxed::Box::pin(async move {
                                <__S as Mail>::send(&*service, cx, &input.text).await
                            })
                        },
                    )
                    .timeout(30u64)
            },
            ::core::option::Option::None,
        );
        handler.build()
    }
    const _: () = {
        #[allow(dead_code)]
        struct Stock {}
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        impl Stock {
            async fn reserve(
                &self,
                order: &str,
                lines: &[String],
            ) -> Result<Hold, StockError> {
                ::saga_runtime::__private::never_run()
            }
        }
        #[allow(dead_code)]
        struct Payments {}
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        impl Payments {
            async fn charge(
                &self,
                order: &str,
                total: u64,
            ) -> Result<String, StockError> {
                ::saga_runtime::__private::never_run()
            }
        }
        #[allow(dead_code)]
        struct Mail {}
        #[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]
        impl Mail {
            async fn send(&self, text: &str) -> Result<(), Retry> {
                ::saga_runtime::__private::never_run()
            }
        }
        #[allow(dead_code, let_underscore_drop, clippy::all, clippy::pedantic)]
        #[allow(unused_variables)]
        async fn hold(stock: &Stock, cmd: Cmd) -> Result<Hold, Rejection> {
            let unused = cmd.total;
            Ok(stock.reserve(&cmd.id, &cmd.lines).await?)
        }
        #[allow(
            dead_code,
            let_underscore_drop,
            unused_variables,
            clippy::all,
            clippy::pedantic
        )]
        async fn __undo_hold(mail: &Mail, __output: Hold) {
            let _ = drop_hold(mail, &__output).await;
        }
        #[allow(dead_code, let_underscore_drop, clippy::all, clippy::pedantic)]
        async fn drop_hold(mail: &Mail, hold: &Hold) -> Result<(), Rejection> {
            mail.send(&hold.id).await?;
            Ok(())
        }
        #[allow(dead_code, let_underscore_drop, clippy::all, clippy::pedantic)]
        async fn shop(
            stock: &Stock,
            payments: &Payments,
            mail: &Mail,
            cmd: Cmd,
        ) -> Result<Hold, Rejection> {
            let total = cmd.total;
            let hold = hold(stock, cmd).await?;
            payments.charge(&hold.id, total).await?;
            mail.send("done").await?;
            Ok(hold)
        }
    };
    ///The saga `hold`.
    pub const HOLD: ::saga_runtime::Saga<Cmd, Hold> = ::saga_runtime::Saga::new(
        "hold",
        include_str!("hold"),
        &[
            ::saga_runtime::StepInfo {
                name: "stock.reserve",
                participant: "Stock",
                kind: ::saga_runtime::Kind::Compensatable,
                mode: ::saga_runtime::Mode::Transactional,
                compensation: ::core::option::Option::Some("release"),
                rejections: &["StockError.OutOfStock"],
                transients: &["StockError.Busy"],
            },
        ],
        &[],
    );
    ///The saga `drop_hold`.
    pub const DROP_HOLD: ::saga_runtime::Saga<Hold, ()> = ::saga_runtime::Saga::new(
        "drop_hold",
        include_str!("drop_hold"),
        &[
            ::saga_runtime::StepInfo {
                name: "mail.send",
                participant: "Mail",
                kind: ::saga_runtime::Kind::Retriable,
                mode: ::saga_runtime::Mode::External,
                compensation: ::core::option::Option::None,
                rejections: &[],
                transients: &["Saga.Retry"],
            },
        ],
        &[],
    );
    ///The saga `shop`.
    pub const SHOP: ::saga_runtime::Saga<Cmd, Hold> = ::saga_runtime::Saga::new(
        "shop",
        include_str!("shop"),
        &[
            ::saga_runtime::StepInfo {
                name: "payments.charge",
                participant: "Payments",
                kind: ::saga_runtime::Kind::Pivot,
                mode: ::saga_runtime::Mode::External,
                compensation: ::core::option::Option::None,
                rejections: &["StockError.OutOfStock"],
                transients: &["StockError.Busy"],
            },
            ::saga_runtime::StepInfo {
                name: "mail.send",
                participant: "Mail",
                kind: ::saga_runtime::Kind::Retriable,
                mode: ::saga_runtime::Mode::External,
                compensation: ::core::option::Option::None,
                rejections: &[],
                transients: &["Saga.Retry"],
            },
        ],
        &["hold", "drop_hold"],
    );
}
