use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::process::{Cores, Process, raise_file_limit};
use super::server::{Protocol, Server};
use super::{Result, node};

/// What was measured of a server.
pub(crate) struct Row {
    pub(crate) server: Server,
    /// For each length of messages.
    pub(crate) costs: [Cost; MESSAGE_LENS.len()],
    /// What an idle connection takes, in bytes.
    pub(crate) idle_len: u64,
}

/// What messages of one length cost, in each round.
#[derive(Default)]
pub(crate) struct Cost {
    /// The time of the processor that a million echoes take, in seconds.
    pub(crate) cpu: Vec<f64>,
    /// Echoes in a second.
    pub(crate) rate: Vec<f64>,
}

/// Measures all servers in turn, so that what disturbs the machine for a while does not disturb one of them alone.
pub(crate) fn measure(servers: &[Server], time: Duration) -> Result<Vec<Row>> {
    raise_file_limit()?;
    if servers.contains(&Server::NodeWs) {
        node::install()?;
    }
    let cores = Cores::choose()?;
    let mut rows = Vec::new();
    for &server in servers {
        let idle_len = idle_len(server, cores).map_err(|error| named(server, &*error))?;
        rows.push(Row { server, costs: Default::default(), idle_len });
    }
    let processes =
        servers.iter().map(|&server| Process::start(server, cores)).collect::<Result<Vec<_>>>()?;
    for round in 1..=ROUND_COUNT {
        eprintln!("round {round} of {ROUND_COUNT}");
        for (at, message_len) in MESSAGE_LENS.into_iter().enumerate() {
            for (row, process) in rows.iter_mut().zip(&processes) {
                let cost = &mut row.costs[at];
                add(cost, row.server.protocol(), process, message_len, time)
                    .map_err(|error| named(row.server, &*error))?;
            }
        }
    }
    Ok(rows)
}

/// Measures once more.
fn add(
    cost: &mut Cost,
    protocol: Protocol,
    process: &Process,
    message_len: usize,
    time: Duration,
) -> Result<()> {
    let mut client = Client::connect(process.address, protocol, CONNECTION_COUNT, message_len)?;
    client.echo_for(WARM_UP)?;
    let (begun, cpu_time) = (Instant::now(), process.cpu_time()?);
    let count = client.echo_for(time)? as f64;
    let cpu_time = process.cpu_time()? - cpu_time;
    cost.rate.push(count / begun.elapsed().as_secs_f64());
    cost.cpu.push(cpu_time.as_secs_f64() / count * 1e6);
    Ok(())
}

/// How much more memory is resident with idle connections than before them, for each, in bytes. Each has had an echo; and so
/// had others before the first look, so that what the server needs only once does not count.
fn idle_len(server: Server, cores: Cores) -> Result<u64> {
    let process = Process::start(server, cores)?;
    let connect = |count| -> Result<Client> {
        let mut client = Client::connect(process.address, server.protocol(), count, MESSAGE_LENS[0])?;
        client.echo_each(1)?;
        thread::sleep(SETTLING);
        Ok(client)
    };
    let _few = connect(10)?;
    let before = process.resident_len()?;
    let _many = connect(IDLE_COUNT)?;
    Ok(process.resident_len()?.saturating_sub(before) / IDLE_COUNT as u64)
}

/// Tries that a server echoes right: short and long messages, and such as do not fit into its buffers.
pub(crate) fn check(server: Server) -> Result<()> {
    let process = Process::start(server, Cores::choose()?)?;
    for message_len in [0, 20, 125, 126, 16 * 1024, 65_536, 300_000] {
        let mut client = Client::connect(process.address, server.protocol(), 3, message_len)?;
        client.echo_each(20)?;
    }
    Ok(())
}

fn named(server: Server, error: &dyn std::error::Error) -> String {
    format!("{}: {error}", server.name())
}

/// The lengths of the messages that are timed, in bytes.
pub(crate) const MESSAGE_LENS: [usize; 2] = [20, 16 * 1024];

/// How many connections there are while messages are timed.
pub(crate) const CONNECTION_COUNT: usize = 100;

/// How many connections are idle.
pub(crate) const IDLE_COUNT: usize = 1000;

pub(crate) const ROUND_COUNT: usize = 5;

/// How long each server is kept busy before it is timed.
const WARM_UP: Duration = Duration::from_millis(250);

/// How long a server may take to become idle.
const SETTLING: Duration = Duration::from_millis(300);
