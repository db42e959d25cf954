/// An echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    TcpMio,
    WsCoreMio,
    WsCoreMioSession,
    WsTokio,
    Fastwebsockets,
    TokioWebsockets,
    TokioTungstenite,
    NodeWs,
    TcpThreads,
    WsStdThreads,
    TungsteniteThreads,
}

/// What is spoken over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The bytes come back as they are.
    None,
    WebSocket,
}

impl Server {
    pub(crate) const ALL: [Self; 11] = [
        Self::TcpMio,
        Self::WsCoreMio,
        Self::WsCoreMioSession,
        Self::WsTokio,
        Self::Fastwebsockets,
        Self::TokioWebsockets,
        Self::TokioTungstenite,
        Self::NodeWs,
        Self::TcpThreads,
        Self::WsStdThreads,
        Self::TungsteniteThreads,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::TcpMio => "tcp-mio",
            Self::WsCoreMio => "ws-core-mio",
            Self::WsCoreMioSession => "ws-core-mio-session",
            Self::WsTokio => "ws-tokio",
            Self::Fastwebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
            Self::TokioTungstenite => "tokio-tungstenite",
            Self::NodeWs => "node-ws",
            Self::TcpThreads => "tcp-threads",
            Self::WsStdThreads => "ws-std-threads",
            Self::TungsteniteThreads => "tungstenite-threads",
        }
    }

    /// What the table calls it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::TcpMio => "TCP alone, on mio",
            Self::WsCoreMio => "**`ws-core`, the example `mio_echo`**",
            Self::WsCoreMioSession => "**`ws-core`, the example `mio_session`**",
            Self::WsTokio => "**`ws-tokio`**",
            Self::Fastwebsockets => "fastwebsockets, on tokio",
            Self::TokioWebsockets => "tokio-websockets, on tokio",
            Self::TokioTungstenite => "tokio-tungstenite",
            Self::NodeWs => "`ws`, on Node",
            Self::TcpThreads => "TCP alone, a thread a connection",
            Self::WsStdThreads => "**`ws-std`, a thread a connection**",
            Self::TungsteniteThreads => "tungstenite, a thread a connection",
        }
    }

    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::TcpMio | Self::TcpThreads => Protocol::None,
            _ => Protocol::WebSocket,
        }
    }

    /// TCP alone in the same manner.
    pub(crate) const fn floor(self) -> Self {
        match self {
            Self::TcpThreads | Self::WsStdThreads | Self::TungsteniteThreads => Self::TcpThreads,
            _ => Self::TcpMio,
        }
    }
}
