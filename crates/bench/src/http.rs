//! A connection to Headwater: HTTP/1.1, kept alive, in as few words as it needs.

use headwater_event::limits::READ_EVENTS_MAX;
use headwater_load::{
    Answer, Appended, EVENT_TYPE, Failure, Order, Session, Unless, Which, digits,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection, and the buffers that it uses again and again.
pub(crate) struct HttpSession {
    stream: TcpStream,
    database: String,
    request: Vec<u8>,
    body: Vec<u8>,
    answer: Vec<u8>,
}

/// An answer: its head, and where the body is in the buffer.
struct Head {
    status: u16,
    /// Where the body begins.
    end: usize,
    /// Its length; without one it comes in chunks.
    length: Option<usize>,
    /// The position to read on from.
    next: u64,
    head: u64,
}

impl Session for HttpSession {
    /// The address is `127.0.0.1:4280/name-of-the-database`.
    async fn connect(address: &str) -> Result<HttpSession, Failure> {
        let (host, database) = address.split_once('/').ok_or("an address without a name")?;
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(HttpSession {
            stream,
            database: database.to_owned(),
            request: Vec::new(),
            body: Vec::new(),
            answer: Vec::new(),
        })
    }

    async fn append(
        &mut self,
        orders: &[Order],
        unless: Option<&Unless>,
    ) -> Result<Appended, Failure> {
        self.body.clear();
        write_append(&mut self.body, orders, unless);
        self.post_append();
        self.stream.write_all(&self.request).await?;
        let head = self.head().await?;
        let end = head.end + head.length.ok_or("an answer to an append has no length")?;
        while self.answer.len() < end {
            self.fill().await?;
        }
        let body = &self.answer[head.end..end];
        if head.status != 201 {
            return Err(self.refused(&head));
        }
        let last = number_after(body, b"\"last\":").ok_or("an answer without a position")?;
        Ok(Appended { last })
    }

    async fn read(&mut self, which: &Which) -> Result<Answer, Failure> {
        let filter = match which {
            Which::All => String::new(),
            Which::Stream(name) => format!("&stream={}", escaped(name)),
            Which::Tag(name) => format!("&tag={}", escaped(name)),
        };
        let mut total = Answer::default();
        let mut after = 0;
        loop {
            let request = format!(
                "GET /v1/databases/{}/events?after={after}&limit={READ_EVENTS_MAX}{filter} HTTP/1.1\r\n\
                 host: localhost\r\naccept: application/x-ndjson\r\n\r\n",
                self.database
            );
            self.stream.write_all(request.as_bytes()).await?;
            let head = self.head().await?;
            if head.status != 200 {
                return Err(self.refused(&head));
            }
            let page = self.page(&head).await?;
            total.events += page.events;
            total.bytes += page.bytes;
            if head.next >= head.head || head.next <= after {
                return Ok(total);
            }
            after = head.next;
        }
    }
}

impl HttpSession {
    /// Puts the head of an append and its body into one buffer: one write, one packet.
    fn post_append(&mut self) {
        self.request.clear();
        self.request.extend_from_slice(b"POST /v1/databases/");
        self.request.extend_from_slice(self.database.as_bytes());
        self.request.extend_from_slice(
            b"/append HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
              content-length: ",
        );
        digits(&mut self.request, self.body.len() as u64, 1);
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(&self.body);
    }

    /// Reads what has come.
    async fn fill(&mut self) -> Result<(), Failure> {
        self.answer.reserve(64 << 10);
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }

    /// Reads until the head of the next answer is whole.
    async fn head(&mut self) -> Result<Head, Failure> {
        self.answer.clear();
        loop {
            self.fill().await?;
            if let Some(head) = Head::find(&self.answer)? {
                return Ok(head);
            }
        }
    }

    /// Reads the body of a page, counting lines; it is not kept.
    async fn page(&mut self, head: &Head) -> Result<Answer, Failure> {
        let mut answer = Answer::default();
        let mut count = |bytes: &[u8]| {
            answer.bytes += bytes.len() as u64;
            answer.events += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        };
        self.answer.drain(..head.end);
        if let Some(length) = head.length {
            while self.answer.len() < length {
                self.fill().await?;
            }
            count(&self.answer[..length]);
            return Ok(answer);
        }
        loop {
            let size_end = loop {
                match self.answer.windows(2).position(|two| two == b"\r\n") {
                    Some(at) => break at,
                    None => self.fill().await?,
                }
            };
            let size = std::str::from_utf8(&self.answer[..size_end])?;
            let size = usize::from_str_radix(size, 16)?;
            let end = size_end + 2 + size + 2;
            while self.answer.len() < end {
                self.fill().await?;
            }
            count(&self.answer[size_end + 2..end - 2]);
            self.answer.drain(..end);
            if size == 0 {
                return Ok(answer);
            }
        }
    }

    /// An answer that is no success, for people.
    fn refused(&self, head: &Head) -> Failure {
        let body = String::from_utf8_lossy(&self.answer[head.end.min(self.answer.len())..]);
        format!("the server answered {}: {body}", head.status).into()
    }
}

impl Head {
    /// The head at the start of `bytes`, once it is whole.
    fn find(bytes: &[u8]) -> Result<Option<Head>, Failure> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes[..end])?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let mut head = Head {
            status: status.unwrap_or_default().parse()?,
            end: end + 4,
            length: None,
            next: 0,
            head: 0,
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = Some(value.parse()?),
                "headwater-next" => head.next = value.parse()?,
                "headwater-head" => head.head = value.parse()?,
                _ => {}
            }
        }
        Ok(Some(head))
    }
}

/// Adds the body of an append.
pub(crate) fn write_append(out: &mut Vec<u8>, orders: &[Order], unless: Option<&Unless>) {
    out.extend_from_slice(b"{\"events\":[");
    for (at, order) in orders.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(EVENT_TYPE.as_bytes());
        out.extend_from_slice(b"\",\"stream\":\"order/");
        digits(out, order.stream, 1);
        out.extend_from_slice(b"\",\"tags\":[\"customer:");
        digits(out, order.customer, 1);
        out.extend_from_slice(b"\",\"sku:");
        digits(out, order.sku, 1);
        out.extend_from_slice(b"\"],\"data\":");
        order.write_data(out);
        out.push(b'}');
    }
    out.push(b']');
    if let Some(unless) = unless {
        let tags: Vec<String> = unless.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let query = format!(
            ",\"fail_if_events_match\":[{{\"tags\":[{}]}}]",
            tags.join(",")
        );
        out.extend_from_slice(query.as_bytes());
        if let Some(after) = unless.after {
            out.extend_from_slice(b",\"after\":");
            digits(out, after, 1);
        }
    }
    out.push(b'}');
}

/// The number behind a text.
fn number_after(bytes: &[u8], before: &[u8]) -> Option<u64> {
    let at = bytes
        .windows(before.len())
        .position(|here| here == before)?;
    let rest = &bytes[at + before.len()..];
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

/// A name as it stands in a query: those of this crate hold no other bytes that mean something.
fn escaped(name: &str) -> String {
    name.replace('/', "%2F").replace(':', "%3A")
}

#[cfg(test)]
mod tests {
    use headwater_event::json::parse_append;

    use super::*;
    use headwater_load::Orders;

    #[test]
    fn an_append_is_what_the_server_takes() {
        let orders: Vec<Order> = (0..3)
            .map(|number| Orders::default().order(number))
            .collect();
        let unless = Unless {
            tags: vec!["customer:7".to_owned(), "sku:1".to_owned()],
            after: Some(4711),
        };
        let mut body = Vec::new();
        write_append(&mut body, &orders, Some(&unless));
        let append = parse_append(&body).unwrap();
        append.check().unwrap();
        assert_eq!(append.events.len(), 3);
        assert_eq!(append.condition.boundary.unwrap().after.0, 4711);
    }

    #[test]
    fn heads_tell_what_must_be_known() {
        let bytes = b"HTTP/1.1 200 OK\r\nHeadwater-Next: 12\r\nheadwater-head: 30\r\n\r\n{}";
        assert!(Head::find(&bytes[..20]).unwrap().is_none());
        let head = Head::find(bytes).unwrap().unwrap();
        assert_eq!((head.status, head.next, head.head), (200, 12, 30));
        assert_eq!((head.end, head.length), (bytes.len() - 2, None));
    }

    #[test]
    fn positions_are_found() {
        assert_eq!(
            number_after(b"{\"first\":1,\"last\":45,", b"\"last\":"),
            Some(45)
        );
        assert_eq!(number_after(b"{\"first\":1}", b"\"last\":"), None);
    }
}
