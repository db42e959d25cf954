//! The servers, each as its documentation writes an echo.

mod on_mio;
mod on_threads;
mod on_tokio;

#[path = "../../../../ws-core/examples/mio_echo.rs"]
#[allow(dead_code, reason = "its main is not needed here")]
mod mio_echo;

#[path = "../../../../ws-core/examples/mio_session.rs"]
#[allow(dead_code, reason = "its main is not needed here")]
mod mio_session;

use std::net::TcpListener;

use super::{Result, Server, node};

/// Serves on a free port, which is printed, until the process is killed.
pub(crate) fn serve(server: Server) -> Result<()> {
    if server == Server::NodeWs {
        return node::exec();
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    match server {
        Server::TcpMio => on_mio::tcp(non_blocking(listener)?)?,
        Server::WsCoreMio => mio_echo::serve(non_blocking(listener)?)?,
        Server::WsCoreMioSession => mio_session::serve(non_blocking(listener)?)?,
        Server::Fastwebsockets => on_tokio::serve(listener, on_tokio::fastwebsockets)?,
        Server::TokioWebsockets => on_tokio::serve(listener, on_tokio::tokio_websockets)?,
        Server::TokioTungstenite => on_tokio::serve(listener, on_tokio::tokio_tungstenite)?,
        Server::WsTokio => on_tokio::serve(listener, on_tokio::ws_tokio)?,
        Server::TcpThreads => on_threads::serve(listener, on_threads::tcp),
        Server::WsStdThreads => on_threads::serve(listener, on_threads::ws_std),
        Server::TungsteniteThreads => on_threads::serve(listener, on_threads::tungstenite),
        Server::NodeWs => {}
    }
    Ok(())
}

fn non_blocking(listener: TcpListener) -> Result<mio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    Ok(mio::net::TcpListener::from_std(listener))
}
