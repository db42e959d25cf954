//! nginx as a reverse proxy, plain and with TLS, and the authority that its certificate is of.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::tools::{self, Tools};
use crate::agent::{free_addrs, wait_listening};
use crate::process::{Result, Running};

/// A running nginx, which is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens without TLS.
    pub(crate) plain: SocketAddr,
    /// Where it listens with TLS.
    pub(crate) tls: SocketAddr,
    /// The certificate to trust.
    pub(crate) ca: PathBuf,
    _running: Running,
}

impl Proxy {
    /// Starts it in a folder of its own, with what [`certify`] has put there.
    pub(crate) fn start(tools: &Tools, folder: &Path) -> Result<Self> {
        let [plain, tls] = *free_addrs(2)? else { return Err("no ports for nginx".to_owned()) };
        let config = fs::read_to_string(tools::folder().join("nginx.conf"))
            .map_err(|error| format!("nginx.conf: {error}"))?
            .replace("{plain}", &plain.port().to_string())
            .replace("{tls}", &tls.port().to_string())
            .replace("{folder}", &folder.display().to_string());
        let path = folder.join("nginx.conf");
        fs::write(&path, config).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut command = Command::new(tools.path("nginx"));
        command.arg("-p").arg(folder).arg("-c").arg(path).arg("-e").arg("stderr");
        let mut running = Running::start_logged("nginx", &mut command, &folder.join("nginx.log"))?;
        wait_listening(&mut running, plain)?;
        wait_listening(&mut running, tls)?;
        Ok(Self { plain, tls, ca: folder.join("ca.pem"), _running: running })
    }
}

/// Makes an authority, and a certificate of its for this machine: `ca.pem`, `server.pem` and `server.key`.
pub(crate) fn certify(folder: &Path) -> std::result::Result<(), Box<dyn Error>> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "ws-autobahn interop");
    let key = KeyPair::generate()?;
    let ca = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let server = params.signed_by(&key, &issuer)?;

    fs::write(folder.join("ca.pem"), ca.pem())?;
    fs::write(folder.join("server.pem"), [server.pem(), ca.pem()].concat())?;
    fs::write(folder.join("server.key"), key.serialize_pem())?;
    Ok(())
}
