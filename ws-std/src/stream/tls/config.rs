// Read first: RFC 6455 §10.6.

use alloc::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::provider::default_provider;
use crate::error::Error;

/// TLS configuration of a client: the certificate authorities that it trusts, and its own certificate. This is what most programs need
/// of a [`ClientConfig`] of rustls. For more, make a `ClientConfig` yourself.
///
/// # Provider
///
/// The cryptography comes from the provider that you pass to a constructor. Without one, it comes from the default of the
/// process ([`CryptoProvider::install_default`]); without a default, from the feature `rustls-ring`, or else
/// `rustls-aws-lc-rs`. Where there is none of these, constructors return [`Error::NoCryptoProvider`]. No default is installed
/// here.
///
/// ALPN offers `http/1.1`, the protocol of the opening handshake.
///
/// ```no_run
/// use ws_std::{Client, ClientTls};
///
/// let tls = ClientTls::from_roots(&std::fs::read("ca.pem")?)?;
/// let client = Client::new().with_tls(tls);
/// let socket = client.connect("wss://chat.internal/")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: ClientConfig,
}

impl ClientTls {
    /// Trusts the certificate authorities of the platform. They are loaded now, which takes a while: call it once.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the platform has no certificate authorities; [`Error::NoCryptoProvider`].
    pub fn platform() -> Result<Self, Error> {
        Self::platform_with_provider(default_provider()?)
    }

    /// Trusts the certificate authorities of the platform, and takes cryptography from this provider. The authorities are loaded now,
    /// which takes a while: call it once.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the platform has no certificate authorities, or the provider has no cipher suite for TLS 1.2 or 1.3.
    pub fn platform_with_provider(provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self { config: builder.with_platform_verifier()?.with_no_client_auth() })
    }

    /// Trusts these certificate authorities and no others. `certificates` is PEM with one or more, or one in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where there is no certificate, or one cannot be read; [`Error::NoCryptoProvider`].
    pub fn from_roots(certificates: &[u8]) -> Result<Self, Error> {
        Self::from_roots_with_provider(certificates, default_provider()?)
    }

    /// Trusts these certificate authorities and no others, and takes cryptography from this provider. `certificates` is PEM with one or
    /// more, or one in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where there is no certificate, one cannot be read, or the provider has no cipher suite for TLS 1.2 or
    /// 1.3.
    pub fn from_roots_with_provider(
        certificates: &[u8],
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let roots = roots(certificates)?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self { config: builder.with_root_certificates(roots).with_no_client_auth() })
    }

    /// Sets the client's certificate, which is sent to servers that ask for one. `chain` is PEM with the client's own certificate
    /// first, or one in DER. `key` is its private key, in PEM, or in DER as PKCS #8, SEC 1 or PKCS #1.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where they cannot be read, or the key is not that of the certificate.
    pub fn with_certificate(mut self, chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        self.config.client_auth_cert_resolver = certified(chain, key, self.config.crypto_provider())?;
        // A session is not resumed under another certificate.
        self.config.resumption = Resumption::default();
        Ok(self)
    }
}

impl From<ClientTls> for Arc<ClientConfig> {
    fn from(mut tls: ClientTls) -> Self {
        tls.config.alpn_protocols = vec![ALPN.to_vec()];
        Self::new(tls.config)
    }
}

/// TLS configuration of a server: its certificate, and the clients that it trusts. This is what most programs need of a
/// [`ServerConfig`] of rustls. For more, such as several names, make a `ServerConfig` yourself.
///
/// # Provider
///
/// The cryptography comes from the provider that you pass to [`new_with_provider`](Self::new_with_provider). Without one, it
/// comes from the default of the process ([`CryptoProvider::install_default`]); without a default, from the feature
/// `rustls-ring`, or else `rustls-aws-lc-rs`. Where there is none of these, [`new`](Self::new) returns
/// [`Error::NoCryptoProvider`]. No default is installed here.
///
/// ALPN chooses `http/1.1`; clients that offer only other protocols are refused.
///
/// ```no_run
/// use ws_std::{Server, ServerTls};
///
/// let tls = ServerTls::new(&std::fs::read("chain.pem")?, &std::fs::read("key.pem")?)?.build();
/// let listener = std::net::TcpListener::bind("127.0.0.1:9443")?;
/// for stream in listener.incoming() {
///     let mut socket = Server::new().accept_tls(stream?, &tls)?;
///     socket.send("welcome")?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: ServerConfig,
}

impl ServerTls {
    /// Makes a configuration with this certificate. `chain` is PEM with the server's own certificate first, or one in DER. `key` is
    /// its private key, in PEM, or in DER as PKCS #8, SEC 1 or PKCS #1.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where they cannot be read, or the key is not that of the certificate; [`Error::NoCryptoProvider`].
    pub fn new(chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        Self::new_with_provider(chain, key, default_provider()?)
    }

    /// Makes a configuration with this certificate, and takes cryptography from this provider. `chain` is PEM with the server's own
    /// certificate first, or one in DER. `key` is its private key, in PEM, or in DER as PKCS #8, SEC 1 or PKCS #1.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where they cannot be read, the key is not that of the certificate, or the provider does not support its kind.
    pub fn new_with_provider(chain: &[u8], key: &[u8], provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let certified = certified(chain, key, &provider)?;
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self { config: builder.with_no_client_auth().with_cert_resolver(certified) })
    }

    /// Requires clients to have a certificate of one of these authorities. `certificates` is PEM with one or more, or one in DER.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where there is no certificate, or one cannot be read.
    pub fn with_client_roots(self, certificates: &[u8]) -> Result<Self, Error> {
        let provider = Arc::clone(self.config.crypto_provider());
        let roots = Arc::new(roots(certificates)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| fault(error.to_string()))?;
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.with_client_cert_verifier(verifier);
        Ok(Self { config: builder.with_cert_resolver(self.config.cert_resolver) })
    }

    /// Returns the configuration for [`Server::receive_tls`](crate::Server::receive_tls).
    #[must_use]
    pub fn build(mut self) -> Arc<ServerConfig> {
        self.config.alpn_protocols = vec![ALPN.to_vec()];
        Arc::new(self.config)
    }
}

impl From<ServerTls> for Arc<ServerConfig> {
    fn from(tls: ServerTls) -> Self {
        tls.build()
    }
}

/// A certificate and its key, for either side.
fn certified(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Arc<SingleCertAndKey>, Error> {
    let certified = CertifiedKey::from_der(read_certificates(chain)?, read_key(key)?, provider)?;
    Ok(Arc::new(certified.into()))
}

fn roots(certificates: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(certificates)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// At least one certificate.
fn read_certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    if !is_pem(bytes) {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(fault("no certificate in the PEM")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(fault(error.to_string())),
    }
}

fn read_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    if is_pem(bytes) {
        PrivateKeyDer::from_pem_slice(bytes).map_err(|error| fault(format!("private key: {error}")))
    } else {
        PrivateKeyDer::try_from(bytes.to_vec()).map_err(|problem| fault(format!("private key: {problem}")))
    }
}

/// Whether the bytes are PEM. It has a line that begins it, perhaps after a text; DER of certificates and keys never has one.
fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(PEM_START.len()).any(|window| window == PEM_START)
}

/// An error about the certificates or the key that the program passed.
fn fault(what: impl Into<String>) -> Error {
    rustls::Error::General(what.into()).into()
}

const ALPN: &[u8] = b"http/1.1";

const PEM_START: &[u8] = b"-----BEGIN";
