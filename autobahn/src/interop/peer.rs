//! The peers: which they are, how their programs are started, and what they cannot do.

use std::ffi::OsStr;
use std::process::Command;

use super::feature::Feature;
use super::tools::{self, Tools};
use crate::role::Role;

/// An implementation of somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Chromium,
    Ws,
    Undici,
    Websockets,
    Aiohttp,
    Libwebsockets,
}

impl Peer {
    pub(crate) const CLIENTS: [Self; 6] =
        [Self::Chromium, Self::Ws, Self::Undici, Self::Websockets, Self::Aiohttp, Self::Libwebsockets];
    pub(crate) const SERVERS: [Self; 4] = [Self::Ws, Self::Websockets, Self::Aiohttp, Self::Libwebsockets];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Ws => "Node ws",
            Self::Undici => "undici",
            Self::Websockets => "websockets",
            Self::Aiohttp => "aiohttp",
            Self::Libwebsockets => "libwebsockets",
        }
    }

    /// Its program in the role, to which a client's configuration is still to be added.
    pub(crate) fn command(self, role: Role, tools: &Tools) -> Command {
        let scripts = tools::folder();
        let node = |script: &str, argument: &OsStr| {
            let mut command = Command::new(tools.path("node"));
            command.arg(scripts.join(script)).arg(argument).env("NODE_PATH", tools.path("modules"));
            command
        };
        let python = |script: &str| {
            let mut command = Command::new(tools.path("python"));
            command.arg(scripts.join(script)).arg(role.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        };
        match (self, role) {
            (Self::Chromium, _) => node("node/chromium.mjs", tools.path("chromium").as_os_str()),
            (Self::Ws, Role::Server) => node("node/ws-server.mjs", "".as_ref()),
            (Self::Ws, Role::Client) => node("node/client.mjs", "ws".as_ref()),
            (Self::Undici, _) => node("node/client.mjs", "undici".as_ref()),
            (Self::Websockets, _) => python("python/websockets_peer.py"),
            (Self::Aiohttp, _) => python("python/aiohttp_peer.py"),
            (Self::Libwebsockets, _) => {
                let mut command = Command::new(tools.path("lws"));
                command.arg(role.to_string());
                command
            }
        }
    }

    /// Whether it compresses what it sends, where that was agreed on.
    pub(crate) const fn compresses(self) -> bool {
        !matches!(self, Self::Undici)
    }

    /// What it cannot do in this role.
    pub(crate) fn lacks(self, role: Role) -> &'static [Feature] {
        match (self, role) {
            // The WebSocket class of browsers has neither.
            (Self::Chromium | Self::Undici, _) => &[Feature::FragmentsToServer, Feature::PingToServer],
            (Self::Ws, _) => &[],
            // What closes takes a code, and has 1000 for none.
            (Self::Websockets, Role::Server) => &[Feature::NoCodeToClient],
            (Self::Websockets, Role::Client) => &[Feature::NoCodeToServer],
            // The same, and what sends takes a whole message.
            (Self::Aiohttp, Role::Server) => &[Feature::FragmentsToClient, Feature::NoCodeToClient],
            (Self::Aiohttp, Role::Client) => &[Feature::FragmentsToServer, Feature::NoCodeToServer],
            // Without a code it sends no Close at all. Over an empty message that it is to compress it ends the
            // program, by an assertion (libwebsockets 4.1.6, extension-permessage-deflate.c).
            (Self::Libwebsockets, Role::Server) => &[Feature::NoCodeToClient, Feature::EmptyDeflated],
            (Self::Libwebsockets, Role::Client) => &[Feature::NoCodeToServer, Feature::EmptyDeflated],
        }
    }
}
