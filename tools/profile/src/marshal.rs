//! Python's marshal, as far as `pstats` files go: dictionaries, short tuples, texts and numbers.
//!
//! Nothing of a file decides how much is set aside: tuples are short, dictionaries are walked and not kept, and what is
//! read once is shared where the file refers to it again.

use std::rc::Rc;

use crate::format::Fault;

/// Objects that one file may hold; a program of fifty thousand functions takes about two million.
const MAX_OBJECTS: usize = 8_000_000;
/// `pstats` nests five deep.
const MAX_DEPTH: usize = 8;
/// Items of a tuple; `pstats` has five at most.
const MAX_ITEMS: usize = 8;
/// Set on an object that the file may refer to again.
const REFERABLE: u8 = 0x80;

/// An object, cheap to share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Text(Rc<str>),
    Number(f64),
    Tuple(Rc<[Object]>),
    /// A dictionary within another object: walked, not kept.
    Dictionary,
    Nothing,
}

/// Reads objects one after another.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What the file may refer to; `None` while it is still being read.
    shared: Vec<Option<Object>>,
    /// Interned texts of Python 2, which has references of its own.
    interned: Vec<Object>,
    objects: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, shared: Vec::new(), interned: Vec::new(), objects: 0 }
    }

    /// Begins the dictionary that the whole file is.
    pub(crate) fn open_dictionary(&mut self) -> Result<(), Fault> {
        let code = self.byte()?;
        if code & !REFERABLE != b'{' {
            return Err(Fault::at("byte 0", "expected a dictionary"));
        }
        if code & REFERABLE != 0 {
            self.shared.push(None);
        }
        Ok(())
    }

    /// The next key and value of the dictionary; `None` at its end.
    pub(crate) fn entry(&mut self) -> Result<Option<(Object, Object)>, Fault> {
        if self.ends_dictionary()? {
            return Ok(None);
        }
        Ok(Some((self.object(0)?, self.object(0)?)))
    }

    /// Where the reader stands.
    pub(crate) fn place(&self) -> String {
        format!("byte {}", self.at)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn ends_dictionary(&mut self) -> Result<bool, Fault> {
        let ends = *self.bytes.get(self.at).ok_or_else(|| self.ended())? == b'0';
        self.at += usize::from(ends);
        Ok(ends)
    }

    fn object(&mut self, depth: usize) -> Result<Object, Fault> {
        let start = self.at;
        let code = self.byte()?;
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            return Err(Fault::too_large(format!("more than {MAX_OBJECTS} objects")));
        }
        if depth > MAX_DEPTH {
            return Err(Fault::at(format!("byte {start}"), "nested deeper than any pstats file"));
        }
        // The place is taken before what is inside the object takes its own.
        let slot = (code & REFERABLE != 0).then(|| {
            self.shared.push(None);
            self.shared.len() - 1
        });
        let object = self.content(code & !REFERABLE, start, depth)?;
        if let Some(place) = slot.and_then(|slot| self.shared.get_mut(slot)) {
            *place = Some(object.clone());
        }
        Ok(object)
    }

    fn content(&mut self, code: u8, start: usize, depth: usize) -> Result<Object, Fault> {
        match code {
            b'N' => Ok(Object::Nothing),
            b'F' => Ok(Object::Number(0.0)),
            b'T' => Ok(Object::Number(1.0)),
            b'i' => Ok(Object::Number(f64::from(i32::from_le_bytes(self.array()?)))),
            b'I' => Ok(Object::Number(i64::from_le_bytes(self.array()?) as f64)),
            b'l' => self.long(),
            b'g' => Ok(Object::Number(f64::from_le_bytes(self.array()?))),
            b'f' => self.written_float(),
            b'z' | b'Z' => {
                let length = usize::from(self.byte()?);
                self.text(length)
            }
            b's' | b'u' | b'a' | b'A' => {
                let length = self.length()?;
                self.text(length)
            }
            b't' => {
                let length = self.length()?;
                let text = self.text(length)?;
                self.interned.push(text.clone());
                Ok(text)
            }
            b'R' => {
                let index = self.length()?;
                self.interned.get(index).cloned().ok_or_else(|| dangling(start, index))
            }
            b'r' => {
                let index = self.length()?;
                self.shared.get(index).cloned().flatten().ok_or_else(|| dangling(start, index))
            }
            b')' => {
                let items = usize::from(self.byte()?);
                self.tuple(items, start, depth)
            }
            b'(' => {
                let items = self.length()?;
                self.tuple(items, start, depth)
            }
            b'{' => {
                while !self.ends_dictionary()? {
                    self.object(depth + 1)?;
                    self.object(depth + 1)?;
                }
                Ok(Object::Dictionary)
            }
            other => Err(Fault::at(
                format!("byte {start}"),
                format!("an object of type {:?}, which no pstats file holds", char::from(other)),
            )),
        }
    }

    fn tuple(&mut self, items: usize, start: usize, depth: usize) -> Result<Object, Fault> {
        if items > MAX_ITEMS {
            return Err(Fault::at(format!("byte {start}"), format!("a tuple of {items} items")));
        }
        let items: Vec<_> = (0..items).map(|_| self.object(depth + 1)).collect::<Result<_, _>>()?;
        Ok(Object::Tuple(items.into()))
    }

    /// A whole number in digits of 15 bits, lowest first; a negative length makes it negative.
    fn long(&mut self) -> Result<Object, Fault> {
        let digits = i32::from_le_bytes(self.array()?);
        // Numbers of calls fit into five digits; what is longer is walked over as infinite.
        let mut value = 0.0_f64;
        let mut unit = 1.0_f64;
        for _ in 0..digits.unsigned_abs() {
            value += f64::from(u16::from_le_bytes(self.array()?)) * unit;
            unit *= 32_768.0;
        }
        Ok(Object::Number(if digits < 0 { -value } else { value }))
    }

    fn written_float(&mut self) -> Result<Object, Fault> {
        let place = self.place();
        let length = usize::from(self.byte()?);
        let written = std::str::from_utf8(self.take(length)?).ok();
        let number = written.and_then(|written| written.parse().ok());
        number.map(Object::Number).ok_or_else(|| Fault::at(place, "not a number"))
    }

    fn text(&mut self, length: usize) -> Result<Object, Fault> {
        Ok(Object::Text(String::from_utf8_lossy(self.take(length)?).into()))
    }

    fn length(&mut self) -> Result<usize, Fault> {
        let place = self.place();
        usize::try_from(i32::from_le_bytes(self.array()?))
            .map_err(|_| Fault::at(place, "a negative length"))
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let array = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>().copied());
        self.at += N;
        array.ok_or_else(|| self.ended())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..length));
        self.at += length;
        taken.ok_or_else(|| self.ended())
    }

    fn ended(&self) -> Fault {
        Fault::at(format!("byte {}", self.bytes.len()), "the file ends within an object")
    }
}

fn dangling(start: usize, index: usize) -> Fault {
    Fault::at(format!("byte {start}"), format!("refers to object {index}, which is not there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: &[u8]) -> Result<Option<(Object, Object)>, String> {
        let mut reader = Reader::new(bytes);
        reader.open_dictionary().and_then(|()| reader.entry()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_reference_stands_for_what_was_read_before() {
        let (key, value) = entry(b"{\xfa\x01ar\x00\x00\x00\x000").unwrap().unwrap();
        assert_eq!(key, Object::Text("a".into()));
        assert_eq!(key, value);
        assert_eq!(
            entry(b"{t\x01\0\0\0aR\x00\x00\x00\x000").unwrap().unwrap().1,
            Object::Text("a".into()),
            "Python 2"
        );
    }

    #[test]
    fn numbers_are_read_in_every_form() {
        let forms: [(&[u8], f64); 5] = [
            (b"i\xff\xff\xff\xff", -1.0),
            (b"l\x02\0\0\0\x01\0\x01\0", 32_769.0),
            (b"l\xff\xff\xff\xff\x07\0", -7.0),
            (b"f\x031.5", 1.5),
            (b"g\0\0\0\0\0\0\xf8\x3f", 1.5),
        ];
        for (bytes, number) in forms {
            let bytes = [b"{N", bytes, b"0"].concat();
            assert_eq!(entry(&bytes).unwrap().unwrap().1, Object::Number(number), "{bytes:?}");
        }
    }

    #[test]
    fn what_no_pstats_file_holds_is_refused_with_its_place() {
        let cases: [(&[u8], &str); 8] = [
            (b"[", "byte 0: expected a dictionary"),
            (b"{c", "byte 1: an object of type 'c', which no pstats file holds"),
            (b"{(\xff\xff\xff\x7f", "byte 1: a tuple of 2147483647 items"),
            (b"{s\xff\xff\xff\xff", "byte 2: a negative length"),
            (b"{s\xff\xff\xff\x7f", "byte 6: the file ends within an object"),
            (b"{r\x05\0\0\0", "byte 1: refers to object 5, which is not there"),
            // A tuple that holds itself.
            (b"{\xa9\x01r\0\0\0\0", "byte 3: refers to object 0, which is not there"),
            (
                b"{)\x01)\x01)\x01)\x01)\x01)\x01)\x01)\x01)\x01)\x01N",
                "byte 19: nested deeper than any pstats file",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(entry(bytes).unwrap_err(), expected);
        }
    }

    #[test]
    fn objects_that_double_at_each_reference_take_no_memory() {
        // Each tuple holds the one before it twice: written out, 2^60 items.
        let mut bytes = b"{\xa9\0N".to_vec();
        for index in 0..60_u32 {
            bytes.extend(b"\xa9\x02");
            for _ in 0..2 {
                bytes.push(b'r');
                bytes.extend(index.to_le_bytes());
            }
            bytes.push(b'N');
        }
        bytes.push(b'0');
        let mut reader = Reader::new(&bytes);
        reader.open_dictionary().unwrap();
        let mut entries = 0;
        while reader.entry().unwrap().is_some() {
            entries += 1;
        }
        assert!(reader.is_at_end());
        assert_eq!(entries, 61);
    }
}
