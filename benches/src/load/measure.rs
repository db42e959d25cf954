use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::process::{Cores, Process, raise_file_limit};
use super::server::Server;
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
    let (mut rows, mut processes) = (Vec::new(), Vec::new());
    for &server in servers {
        let idle_len = idle_len(server, cores).map_err(|error| named(server, &*error))?;
        rows.push(Row { server, costs: Default::default(), idle_len });
        processes.push(Process::start(server, cores)?);
    }
    for (at, message_len) in MESSAGE_LENS.into_iter().enumerate() {
        eprintln!("messages of {message_len} bytes");
        let mut clients = Vec::new();
        for (row, process) in rows.iter().zip(&processes) {
            let client = connect(process, row.server, CONNECTION_COUNT, message_len);
            clients.push(client.map_err(|error| named(row.server, &*error))?);
        }
        for _ in 0..ROUND_COUNT {
            for ((row, process), client) in rows.iter_mut().zip(&processes).zip(&mut clients) {
                let added = add(&mut row.costs[at], process, client, time);
                added.map_err(|error| named(row.server, &*error))?;
            }
        }
    }
    Ok(rows)
}

fn connect(process: &Process, server: Server, count: usize, message_len: usize) -> Result<Client> {
    Client::connect(process.address, server.protocol(), count, message_len)
}

/// Measures once more.
fn add(cost: &mut Cost, process: &Process, client: &mut Client, time: Duration) -> Result<()> {
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
        let mut client = connect(&process, server, count, MESSAGE_LENS[0])?;
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
        let mut client = connect(&process, server, 3, message_len)?;
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

pub(crate) const ROUND_COUNT: usize = 20;

/// How long each server is kept busy before it is timed.
const WARM_UP: Duration = Duration::from_millis(50);

/// How long a server may take to become idle.
const SETTLING: Duration = Duration::from_millis(300);
