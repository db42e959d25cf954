//! The emulated board: QEMU with an image, and with what the image is told before it starts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Result, Running, TICK};

/// A board that is not switched on yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Board {
    image: PathBuf,
    parameters: PathBuf,
}

impl Board {
    /// A board with this image, which connects to nobody. Files are kept in `folder`.
    pub(super) fn new(image: PathBuf, folder: &Path) -> Result<Self> {
        Self::with_port(image, folder, 0)
    }

    /// The same, with the port of a server on this machine.
    pub(super) fn with_port(image: PathBuf, folder: &Path, port: u16) -> Result<Self> {
        let name = image.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parameters = folder.join(format!("{name}.parameters"));
        let said = |error| format!("{}: {error}", parameters.display());
        fs::write(&parameters, parameter_bytes(port, entropy()?)).map_err(said)?;
        Ok(Self { image, parameters })
    }

    /// What starts it. Its UART is standard output; connections to `forwarded` reach its port 80.
    ///
    /// It ends when this program does, in whatever way that ends: `setpriv` has the system see to it, and makes way for
    /// QEMU, so that the process is QEMU's.
    pub(crate) fn command(&self, forwarded: Option<SocketAddr>) -> Command {
        let mut network = "user".to_owned();
        if let Some(addr) = forwarded {
            network = format!("{network},hostfwd=tcp:{}:{}-10.0.2.15:80", addr.ip(), addr.port());
        }
        let parameters = self.parameters.display();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "qemu-system-arm", "-machine", "lm3s6965evb"]);
        command.args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", &network]);
        command.arg("-device").arg(format!("loader,file={parameters},addr={PARAMETERS},force-raw=on"));
        command.arg("-kernel").arg(&self.image);
        command
    }
}

/// As the firmware's src/board/parameters.rs has it.
fn parameter_bytes(port: u16, entropy: [u8; 32]) -> Vec<u8> {
    let mut bytes = b"ws-1".to_vec();
    bytes.extend(u32::from(port).to_le_bytes());
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend(entropy);
    bytes.resize(64, 0);
    bytes
}

/// From the operating system.
fn entropy() -> Result<[u8; 32]> {
    let mut entropy = [0; 32];
    fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut entropy))
        .map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(entropy)
}

/// Waits until the server on the board answers a GET. QEMU itself takes connections long before.
pub(crate) fn wait_answering(board: &mut Running, addr: SocketAddr) -> Result<()> {
    let deadline = Instant::now().checked_add(BOOT_LIMIT);
    loop {
        if let Some(status) = board.ended()? {
            return Err(format!("{board:?} ended before it answered: {status}"));
        }
        match ask(addr) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => return Ok(()),
            Ok(answer) if !answer.is_empty() => {
                return Err(format!("{board:?} answers a GET with {answer:?}"));
            }
            // It does not listen yet, or the network does not know it yet.
            Ok(_) | Err(_) => {}
        }
        if deadline.is_none_or(|deadline| Instant::now() >= deadline) {
            return Err(format!("{board:?} does not answer at {addr}"));
        }
        thread::sleep(TICK);
    }
}

fn ask(addr: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&addr, ASK_LIMIT)?;
    stream.set_read_timeout(Some(ASK_LIMIT))?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {addr}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Behind what the firmware's memory.x gives to the linker.
const PARAMETERS: &str = "0x2000ffc0";
const BOOT_LIMIT: Duration = Duration::from_secs(60);
const ASK_LIMIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_fill_the_memory_that_is_kept_for_them() {
        let bytes = parameter_bytes(0x1234, [7; 32]);
        assert_eq!(bytes.len(), 64);
        assert_eq!(bytes[..13], *b"ws-1\x34\x12\0\0\x20\0\0\0\x07");
        assert_ne!(entropy().unwrap(), entropy().unwrap());
    }
}
