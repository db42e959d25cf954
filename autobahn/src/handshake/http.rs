//! The heads that are read here, by another parser than the one that is tried.

/// A request or a response up to its empty line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Of a response.
    pub(super) status: Option<u16>,
    headers: Vec<(String, Vec<u8>)>,
    /// What it takes, in bytes.
    pub(super) len: usize,
}

impl Head {
    /// Reads a response; `None` is one that has not come yet.
    pub(super) fn response(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut slots = [httparse::EMPTY_HEADER; HEADER_COUNT_MAX];
        let mut response = httparse::Response::new(&mut slots);
        match response.parse(bytes).map_err(|error| format!("no HTTP: {error}"))? {
            httparse::Status::Partial => Ok(None),
            httparse::Status::Complete(len) => {
                Ok(Some(Self { status: response.code, headers: own(response.headers), len }))
            }
        }
    }

    /// Reads a request; `None` is one that has not come yet.
    pub(super) fn request(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut slots = [httparse::EMPTY_HEADER; HEADER_COUNT_MAX];
        let mut request = httparse::Request::new(&mut slots);
        match request.parse(bytes).map_err(|error| format!("no HTTP: {error}"))? {
            httparse::Status::Partial => Ok(None),
            httparse::Status::Complete(len) => {
                Ok(Some(Self { status: None, headers: own(request.headers), len }))
            }
        }
    }

    /// The values of a header, a line each.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.headers
            .iter()
            .filter(move |(theirs, _)| theirs.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
    }

    /// The names of a list over all its lines, without what follows a semicolon.
    pub(super) fn names(&self, header: &str) -> Vec<String> {
        let lines: Vec<String> = self.values(header).collect();
        let elements = lines.iter().flat_map(|line| line.split(','));
        let names = elements.map(|element| element.split(';').next().unwrap_or_default().trim().to_owned());
        names.filter(|name| !name.is_empty()).collect()
    }
}

fn own(headers: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|header| (header.name.to_owned(), header.value.to_owned())).collect()
}

const HEADER_COUNT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_go_over_lines_and_have_parameters() {
        let head = Head::response(b"HTTP/1.1 101 x\r\nA: b;c, d\r\na:\t e\r\n\r\nbehind").unwrap().unwrap();
        assert_eq!(head.status, Some(101));
        assert_eq!(head.names("A"), ["b", "d", "e"]);
        assert_eq!(head.len, 36);
        assert_eq!(Head::response(b"HTTP/1.1 101 x\r\n"), Ok(None));
        assert!(Head::response(b"SSH-2.0").is_err());
    }
}
