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
        let request = RequestConfig::new().with_user_agent(Some(USER_AGENT));
        Self { request, settings: Settings::default(), head_len_max: 16 * 1024 }
    }
}

/// What a client says that it is, unless the program says it.
const USER_AGENT: &str = concat!("ws-std/", env!("CARGO_PKG_VERSION"));
