use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

use super::{Result, Server, node};

/// A server that is running, and ends with this.
pub(crate) struct Process {
    child: Child,
    clock: ClockId,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start(server: Server, cores: Cores) -> Result<Self> {
        if server == Server::NodeWs {
            node::install()?;
        }
        // A process stays where it was started.
        pin(cores.server)?;
        let spawned = Command::new(env::current_exe()?)
            .args(["--serve", server.name()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        pin(cores.client)?;
        let mut child = spawned?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let clock = clock_getcpuclockid(Pid::from_raw(child.id().try_into()?))?;
        let address = BufReader::new(stdout).read_line(&mut line).map_err(Into::into).and_then(|_| {
            let address = line.trim_end().strip_prefix("listening on ");
            address.ok_or("the server does not start")?.parse().map_err(Into::into)
        });
        match address {
            Ok(address) => Ok(Self { child, clock, address }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// The time that all its threads have had on a core, in the kernel too.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        Ok(self.clock.now()?.into())
    }

    /// The memory that is its own or shared, and not only promised, in bytes.
    pub(crate) fn resident_len(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).ok_or("no Rss in smaps_rollup")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    drop(child.kill());
    drop(child.wait());
}

/// Which core whom belongs to, so that one does not have the other wait.
#[derive(Clone, Copy)]
pub(crate) struct Cores {
    server: usize,
    client: usize,
}

impl Cores {
    /// The first and the last that there are.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cores = (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false));
        let client = cores.next().ok_or("no core to run on")?;
        Ok(Self { client, server: cores.next_back().unwrap_or(client) })
    }
}

fn pin(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Lets this process and the servers have as many connections as they may.
pub(crate) fn raise_file_limit() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if hard < FILE_COUNT_MIN {
        return Err(format!("{FILE_COUNT_MIN} open files are needed, {hard} are allowed").into());
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// A thousand connections to one server, or a hundred to each, and all else.
const FILE_COUNT_MIN: u64 = 1200;
