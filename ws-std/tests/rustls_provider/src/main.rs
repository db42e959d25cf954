//! Prints which provider of cryptography is used, step by step: `rustls-provider CA.pem [install]`.

use std::sync::Arc;
use std::{env, fs};

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use ws_std::{ClientTls, Error};

fn main() {
    let mut arguments = env::args().skip(1);
    let authority = fs::read(arguments.next().expect("an authority")).expect("an authority");
    let from_roots = || ClientTls::from_roots(&authority);

    println!("by default: {}", provider(from_roots()));
    let given = Arc::new(aws_lc_rs::default_provider());
    println!("given: {}", provider(ClientTls::from_roots_with_provider(&authority, given)));
    if arguments.next().is_some() {
        aws_lc_rs::default_provider().install_default().expect("no default yet");
        println!("installed: {}", provider(from_roots()));
    }
    // Panics where rustls cannot choose a default, and otherwise installs it.
    let _builder = ClientConfig::builder();
    println!("chosen by rustls: {}", provider(from_roots()));
}

/// The name of the provider that a configuration uses, by what it loads private keys with, or why there is none.
fn provider(tls: Result<ClientTls, Error>) -> String {
    match tls.map(Arc::<ClientConfig>::from) {
        Ok(config) => format!("{:?}", config.crypto_provider().key_provider),
        Err(error) => error.to_string(),
    }
}
