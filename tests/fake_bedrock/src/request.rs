//! Reads one HTTP/1.1 request from a connection, within limits.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const LARGEST_HEAD: usize = 64 << 10;
/// More than Bedrock takes, so that what is too large for it can be told apart from what is not sent at all.
const LARGEST_BODY: usize = 64 << 20;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: String,
    /// Percent-encoded as it was sent, without the query.
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, percent-decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, text)| crate::api::percent_decoded(text))
    }
}

/// The next request of a connection; `None` where the client has gone. `buffer` holds what was read ahead.
pub(crate) async fn next(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut BytesMut,
) -> io::Result<Option<Request>> {
    let (mut request, head, length) = loop {
        if let Some(parsed) = parse(buffer)? {
            break parsed;
        }
        if buffer.len() > LARGEST_HEAD {
            return Err(io::Error::other("the head of a request is too large"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    if length > LARGEST_BODY {
        return Err(io::Error::other("the body of a request is too large"));
    }
    if request.header("expect").is_some() && buffer.len() < head + length {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    buffer.reserve((head + length).saturating_sub(buffer.len()));
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let whole = buffer.split_to(head + length).freeze();
    request.body = whole.slice(head..);
    Ok(Some(request))
}

/// The head, its size and the size of the body; `None` as long as the head is not whole.
fn parse(buffer: &[u8]) -> io::Result<Option<(Request, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(size) = head.parse(buffer).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let target = head.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        (header.name.to_ascii_lowercase(), value)
    });
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
        body: Bytes::new(),
    };
    if request.header("transfer-encoding").is_some() {
        return Err(io::Error::other("the body of a request has no length"));
    }
    let length = request.header("content-length").unwrap_or("0").parse();
    Ok(Some((request, size, length.map_err(io::Error::other)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_that_follow_each_other_are_told_apart() {
        let (mut client, mut server) = tokio::io::duplex(1024);
        client
            .write_all(b"POST /a?x=1%2F2 HTTP/1.1\r\nContent-Length: 3\r\nX-One:  y \r\n\r\nabcGET /b HTTP/1.1\r\n\r\n")
            .await
            .unwrap();
        let mut buffer = BytesMut::new();
        let first = next(&mut server, &mut buffer).await.unwrap().unwrap();
        assert_eq!((first.path.as_str(), &first.body[..]), ("/a", &b"abc"[..]));
        assert_eq!(first.header("x-one"), Some("y"));
        assert_eq!(first.parameter("x").as_deref(), Some("1/2"));
        let second = next(&mut server, &mut buffer).await.unwrap().unwrap();
        assert_eq!((second.method.as_str(), second.path.as_str()), ("GET", "/b"));
        drop(client);
        assert!(next(&mut server, &mut buffer).await.unwrap().is_none());
    }
}
