//! The database behind TLS, as on AWS: a front with a certificate made here, and functions that trust it or do not.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::beside;
use crate::database::action;
use crate::stage::Stage;

/// Takes TLS away from what goes to the emulator. Gives its port, and where its certificate lies.
async fn front(emulator: String) -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = format!("{}/front.pem", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    // Named, because the client of Step Functions brings another one along.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let (acceptor, emulator) = (acceptor.clone(), emulator.clone());
            tokio::spawn(async move {
                // A caller that does not know the certificate goes away.
                if let Ok(mut caller) = acceptor.accept(caller).await {
                    let mut emulator = TcpStream::connect(emulator).await.unwrap();
                    let _ = copy_bidirectional(&mut caller, &mut emulator).await;
                }
            });
        }
    });
    (port, file)
}

/// Reserves two of ten, by a function of its own.
async fn reserve(
    stage: &Stage, name: &str, settings: BTreeMap<&str, String>,
) -> Result<Value, Value> {
    stage.add("Stock", name, settings).await;
    stage
        .put(name, "shelves", ["sku", "tea"], ("on_hand", 10))
        .await;
    let input = json!({ "order": "o", "lines": [{ "sku": "tea", "quantity": 2 }] });
    let payload = action("tls", "stock.reserve", &input);
    stage.emulator.invoke(name, &payload).await
}

#[tokio::test]
async fn a_function_calls_its_database_over_tls() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    let (port, certificate) = front(stage.emulator.address().to_owned()).await;
    let settings = |certificate: &str| {
        BTreeMap::from([
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                format!("https://localhost:{port}"),
            ),
            ("SSL_CERT_FILE", certificate.to_owned()),
        ])
    };
    let done = reserve(stage, "Trusting", settings(&certificate)).await;
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(stage.table("Trusting", "shelves").await[0]["on_hand"], 8);

    let refused = reserve(stage, "Wary", settings("/dev/null"))
        .await
        .unwrap_err();
    assert_eq!(refused["errorType"], "Saga.Busy", "{refused}");
    assert_eq!(stage.table("Wary", "shelves").await[0]["on_hand"], 10);
}
