//! The opening handshake, which Autobahn does not test: the requests and responses of ws-core's tests, sent over TCP to
//! any server and any client.

mod args;
#[path = "../../../ws-core/tests/handshake/case.rs"]
mod case;
mod client;
mod http;
mod judge;
mod ours;
mod server;
mod table;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use self::args::{Subject, USAGE};
use self::case::{requests, responses};
use self::client::Start;
use self::judge::{Judge, Verdict};
use self::table::{Row, Table};

/// Runs `ws-autobahn handshake` with the arguments behind that word.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let subject = match args::parse(arguments) {
        Ok(Some(subject)) => subject,
        Ok(None) => {
            let printed = writeln!(io::stdout(), "{USAGE}");
            return if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Err(error) => {
            eprintln!("ws-autobahn handshake: {error}\n\n{USAGE}");
            return ExitCode::from(CANNOT_TEST);
        }
    };
    match run(&subject, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ws-autobahn handshake: {error}");
            ExitCode::from(CANNOT_TEST)
        }
    }
}

/// Tries the subject with every case, and prints a row for each; says whether all are right.
fn run(subject: &Subject, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let tables = match subject {
        Subject::Ours { adapters } => {
            let mut tables = Vec::new();
            for &adapter in adapters {
                let server = ours::serve(adapter)?;
                let mut table = Table::new(&format!("server: {adapter}"));
                try_server(&server.to_string(), Judge::Exact, &mut table, out)?;
                tables.push(table);
                let mut table = Table::new(&format!("client: {adapter}"));
                try_client(&Start::Thread(adapter), None, Judge::Exact, &mut table, out)?;
                tables.push(table);
            }
            tables
        }
        Subject::Server { addr } => {
            let mut table = Table::new(&format!("server: {addr}"));
            try_server(addr, Judge::Standards, &mut table, out)?;
            vec![table]
        }
        Subject::Client { command } => {
            let mut table = Table::new(&format!("client: {command}"));
            try_client(&Start::Command(command.clone()), None, Judge::Standards, &mut table, out)?;
            vec![table]
        }
        Subject::Listen { addr } => {
            let mut table = Table::new("client: whoever connects");
            try_client(&Start::ByHand, Some(addr), Judge::Standards, &mut table, out)?;
            vec![table]
        }
    };
    for table in &tables {
        table.write_sums(out)?;
    }
    let passed: usize = tables.iter().map(Table::passed_count).sum();
    let failed: usize = tables.iter().map(Table::failed_count).sum();
    writeln!(out, "\nhandshake: {passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

fn try_server(
    addr: &str,
    judge: Judge,
    table: &mut Table,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    table.write_head(out)?;
    server::wait_listening(addr)?;
    for case in requests()? {
        let row = if case.storage_len.is_some() {
            Row::not_applicable(&case, "it is about a storage of ws-core's")
        } else {
            let outcome = server::play(addr, &case)?;
            Row::new(&case, &outcome, judge.request(&case, &outcome))
        };
        table.add(row, out)?;
    }
    // What has brought a server down shows here, where no case comes behind it.
    server::wait_listening(addr)?;
    Ok(())
}

fn try_client(
    start: &Start,
    addr: Option<&str>,
    judge: Judge,
    table: &mut Table,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    table.write_head(out)?;
    let stage = client::Stage::new(addr)?;
    if matches!(start, Start::ByHand) {
        writeln!(out, "  connect to ws://{}, once for each case", stage.addr())?;
    }
    for case in responses()? {
        let row = if case.storage_len.is_some() {
            Row::not_applicable(&case, "it is about a storage of ws-core's")
        } else {
            let (outcome, missing) = stage.play(start, &case)?;
            match (missing, judge.response(&case, &outcome)) {
                (Some(missing), Verdict::Wrong(_)) => {
                    Row::not_applicable(&case, &format!("the client does not offer {missing}"))
                }
                (_, verdict) => Row::new(&case, &outcome, verdict),
            }
        };
        table.add(row, out)?;
    }
    Ok(())
}

const CANNOT_TEST: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Adapter;

    fn are_right_in_both_roles(adapter: Adapter) {
        let mut out = Vec::new();
        let all_right = run(&Subject::Ours { adapters: vec![adapter] }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(all_right, "{text}");
        // None is passed over but those that TCP has no place for.
        let right = text.lines().filter(|line| line.starts_with("  right ")).count();
        assert!(right >= 220, "only {right} are right: {text}");
    }

    #[test]
    fn those_of_ws_std_are_right_in_both_roles() {
        are_right_in_both_roles(Adapter::Std);
    }

    #[test]
    fn those_of_ws_tokio_are_right_in_both_roles() {
        are_right_in_both_roles(Adapter::Tokio);
    }
}
