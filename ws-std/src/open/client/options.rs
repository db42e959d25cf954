use ws_core::handshake::RequestConfig;

use crate::open::settings::Settings;

/// The settings of a client's opening handshakes, and of the WebSockets that they open.
#[derive(Clone, Debug)]
pub(crate) struct HandshakeOptions {
    pub(crate) request: RequestConfig,
    pub(crate) settings: Settings,
    /// The longest head of a response, in bytes.
    pub(crate) head_len_max: usize,
}

impl Default for HandshakeOptions {
    fn default() -> Self {
        Self { request: RequestConfig::new(), settings: Settings::default(), head_len_max: 16 * 1024 }
    }
}
