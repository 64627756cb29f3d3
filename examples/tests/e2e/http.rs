//! HTTP/1.1 as far as this suite needs it: whole messages, read from a socket and written to one. Knows no service.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request or a reply.
#[derive(Clone, Debug)]
pub struct Message {
    /// `POST / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub first: String,
    /// Names in lower case. Without those that say how the body is framed.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Message {
    /// A reply with this JSON.
    pub fn reply(status: u16, body: &str) -> Self {
        Self {
            first: format!("HTTP/1.1 {status} Said"),
            headers: vec![(
                "content-type".to_owned(),
                "application/x-amz-json-1.0".to_owned(),
            )],
            body: body.as_bytes().to_vec(),
        }
    }

    /// The header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The status of a reply.
    pub fn status(&self) -> u16 {
        let status = self.first.split(' ').nth(1);
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Writes it, with the length of its body.
    pub async fn write(&self, socket: &mut TcpStream) -> Result<()> {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(&self.body).await?;
        socket.flush().await
    }

    /// Reads one; `None` where the other side is done.
    pub async fn read(socket: &mut TcpStream) -> Result<Option<Self>> {
        let mut buffer = Buffer::default();
        let Some(head) = buffer.until(socket, b"\r\n\r\n").await? else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let mut message = Self {
            first: lines.next().unwrap_or_default().to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let (mut length, mut chunked) = (0, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "content-length" => length = value.parse().map_err(|_| malformed())?,
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => {}
                _ => message.headers.push((name, value.to_owned())),
            }
        }
        message.body = if chunked {
            buffer.chunks(socket).await?
        } else {
            buffer.exactly(socket, length).await?
        };
        Ok(Some(message))
    }
}

/// One request to `address`, and its reply, on a connection of its own.
pub async fn exchange(address: &str, request: &Message) -> Result<Message> {
    let mut socket = TcpStream::connect(address).await?;
    let mut request = request.clone();
    request
        .headers
        .push(("connection".to_owned(), "close".to_owned()));
    request.write(&mut socket).await?;
    Message::read(&mut socket).await?.ok_or_else(malformed)
}

fn malformed() -> Error {
    Error::new(ErrorKind::InvalidData, "no whole HTTP message")
}

/// What was read and not yet used.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Buffer {
    async fn more(&mut self, socket: &mut TcpStream) -> Result<bool> {
        Ok(socket.read_buf(&mut self.0).await? > 0)
    }

    /// Everything before the mark, which is used up too.
    async fn until(&mut self, socket: &mut TcpStream, mark: &[u8]) -> Result<Option<Vec<u8>>> {
        loop {
            let found = self.0.windows(mark.len()).position(|bytes| bytes == mark);
            if let Some(at) = found {
                let rest = self.0.split_off(at + mark.len());
                let mut before = std::mem::replace(&mut self.0, rest);
                before.truncate(at);
                return Ok(Some(before));
            }
            if !self.more(socket).await? {
                return if self.0.is_empty() {
                    Ok(None)
                } else {
                    Err(malformed())
                };
            }
        }
    }

    async fn exactly(&mut self, socket: &mut TcpStream, length: usize) -> Result<Vec<u8>> {
        while self.0.len() < length {
            if !self.more(socket).await? {
                return Err(malformed());
            }
        }
        let rest = self.0.split_off(length);
        Ok(std::mem::replace(&mut self.0, rest))
    }

    async fn chunks(&mut self, socket: &mut TcpStream) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.until(socket, b"\r\n").await?.ok_or_else(malformed)?;
            let size = String::from_utf8_lossy(&size).trim().to_owned();
            let size = usize::from_str_radix(&size, 16).map_err(|_| malformed())?;
            body.extend(self.exactly(socket, size).await?);
            self.until(socket, b"\r\n").await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}
