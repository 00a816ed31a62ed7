//! Reads server-sent events from bytes as they come, however the network cut them.
//!
//! The format: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>. `id` and
//! `retry` serve reconnecting, which no model's service offers, and are passed over.

use crate::error::{Cause, ModelError};

/// The longest event; what a model says at once is a few bytes, an encrypted thought some thousands.
const LONGEST: usize = 4 << 20;

/// One event: what it is called, where the service says so, and what it carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerEvent {
    pub name: String,
    pub data: String,
}

/// What was read of a stream so far.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    name: Vec<u8>,
    /// `None`: no line of data yet, and then an empty line ends nothing.
    data: Option<Vec<u8>>,
    /// The last byte was CR: a LF after it belongs to the same end of line.
    after_return: bool,
    begun: bool,
}

impl Parser {
    /// Reads on, and adds each event that is complete. An event that the stream ends within is no event.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        events: &mut Vec<ServerEvent>,
    ) -> Result<(), ModelError> {
        if std::mem::take(&mut self.after_return) {
            match bytes.split_first() {
                Some((b'\n', rest)) => bytes = rest,
                Some(_) => {}
                None => self.after_return = true,
            }
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.add(&bytes[..end])?;
            let returns = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            match bytes.split_first() {
                Some((b'\n', rest)) if returns => bytes = rest,
                None => self.after_return = returns,
                Some(_) => {}
            }
            self.end_line(events);
        }
        self.add(bytes)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let held = self.line.len() + self.name.len() + self.data.as_ref().map_or(0, Vec::len);
        if held + bytes.len() > LONGEST {
            let message = format!("an event of the stream is longer than {LONGEST} bytes");
            return Err(ModelError::new(Cause::Unreadable, message));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<ServerEvent>) {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            if let Some(data) = self.data.take() {
                events.push(ServerEvent { name: text(&name), data: text(&data) });
            }
        } else {
            self.field(&line);
        }
        // The room is kept for the next line.
        line.clear();
        self.line = line;
    }

    /// A line without a colon is a field without a value, and one that begins with a colon is a comment.
    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                none => *none = Some(value.to_vec()),
            },
            b"event" => self.name = value.to_vec(),
            _ => {}
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<ServerEvent> {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for chunk in chunks {
            parser.push(chunk, &mut events).unwrap();
        }
        events
    }

    fn event(name: &str, data: &str) -> ServerEvent {
        ServerEvent { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn names_data_of_several_lines_comments_and_every_end_of_line_are_read() {
        let stream = "\u{feff}: a comment\nevent: first\ndata: one\rdata:two\r\ndata\r\n\r\nid: 7\nretry: 1\n\n\
                      data:  {\"a\": 1}\n\nevent: without data\n\n\ndata: [DONE]\n\ndata: cut off";
        assert_eq!(
            read(&[stream.as_bytes()]),
            [event("first", "one\ntwo\n"), event("", " {\"a\": 1}"), event("", "[DONE]")]
        );
    }

    #[test]
    fn a_character_split_over_chunks_is_whole_and_bytes_that_are_no_text_are_marked() {
        assert_eq!(read(&[b"data: \xE2\x82", b"\xAC \xFF\n", b"\n"]), [event("", "€ \u{fffd}")]);
    }

    #[test]
    fn an_event_without_an_end_is_refused_before_it_fills_the_memory() {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        let chunk = vec![b'x'; 1 << 20];
        let refused = (0..10).find_map(|_| parser.push(&chunk, &mut events).err()).unwrap();
        assert_eq!(refused.cause, Cause::Unreadable);
        assert!(parser.line.len() <= LONGEST);

        let mut parser = Parser::default();
        let line = [b"data: ".as_slice(), &vec![b'x'; 1 << 20], b"\n"].concat();
        assert!((0..10).any(|_| parser.push(&line, &mut events).is_err()), "many lines, one event");
    }

    /// Pieces of the format, so that most of what is made up is nearly a stream.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"data".to_vec()),
            Just(b"event".to_vec()),
            Just(b":".to_vec()),
            Just(b" ".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\r\n".to_vec()),
            Just("é€😀".as_bytes().to_vec()),
            Just(b"\xEF\xBB\xBF".to_vec()),
            prop::collection::vec(any::<u8>(), 0..4),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            stream in stream(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let mut cuts: Vec<usize> =
                cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> =
                cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&chunks), read(&[&stream]));
        }
    }
}
