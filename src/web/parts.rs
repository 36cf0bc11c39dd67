//! Pages made of parts: those that many members' pages share are kept, compressed too, and sent without being copied together.
//!
//! A part's compressed form is a run of deflate blocks that refers to nothing outside itself and ends on a whole byte (zlib's “full
//! flush”). Such runs can be put one behind another in one gzip file, whose check sum is combined from theirs (RFC 1951 and 1952).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use http::header::{CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::web::cache::takes;
use crate::web::crowd::Room;
use crate::web::error::Error;
use crate::web::page::as_page;

/// A part that is compressed once is compressed well; one that is of this answer alone, fast.
const WELL: u32 = 6;
const FAST: u32 = 1;

/// Bytes that many answers share, and their compressed form once one of them needs it.
#[derive(Debug)]
pub struct Part {
    plain: Bytes,
    deflated: OnceLock<Deflated>,
}

impl Part {
    pub fn new(plain: Bytes) -> Part {
        Part { plain, deflated: OnceLock::new() }
    }

    pub fn plain(&self) -> &Bytes {
        &self.plain
    }
}

#[derive(Debug)]
struct Deflated {
    blocks: Bytes,
    crc: Crc,
}

/// One piece of an answer.
pub enum Piece {
    Own(Bytes),
    Shared(Arc<Part>),
}

/// A page of these pieces, compressed where the request takes gzip. Those of this answer alone take room until they are sent.
///
/// # Errors
/// `Busy` where there is none.
pub fn page(pieces: Vec<Piece>, request: &HeaderMap, room: &Room) -> Result<Response, Error> {
    let own = pieces.iter().map(|piece| match piece {
        Piece::Own(bytes) => bytes.len(),
        Piece::Shared(_) => 0,
    });
    let _room = room.reserve(own.sum())?;
    if takes(request, "gzip") {
        let mut response = as_page(Body::new(Chain { bytes: gzip(pieces), _room }));
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
        return Ok(response);
    }
    let plain = pieces.into_iter().map(|piece| match piece {
        Piece::Own(bytes) => bytes,
        Piece::Shared(part) => part.plain.clone(),
    });
    let bytes = plain.filter(|bytes| !bytes.is_empty()).collect();
    Ok(as_page(Body::new(Chain { bytes, _room })))
}

/// Without a name, a time or flags, from a Unix (RFC 1952, 2.3).
const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/// The last deflate block, empty, with the codes that need no table.
const LAST_BLOCK: &[u8] = &[3, 0];

fn gzip(pieces: Vec<Piece>) -> VecDeque<Bytes> {
    let mut file = VecDeque::with_capacity(pieces.len() + 2);
    file.push_back(Bytes::from_static(GZIP_HEAD));
    let mut crc = Crc::new();
    let mut fast = Compress::new(Compression::new(FAST), false);
    for piece in pieces {
        match piece {
            Piece::Own(bytes) => {
                let deflated = deflate(&bytes, &mut fast);
                crc.combine(&deflated.crc);
                file.push_back(deflated.blocks);
            }
            Piece::Shared(part) => {
                let mut well = || deflate(&part.plain, &mut Compress::new(Compression::new(WELL), false));
                let deflated = part.deflated.get_or_init(&mut well);
                crc.combine(&deflated.crc);
                file.push_back(deflated.blocks.clone());
            }
        }
    }
    let mut end = Vec::with_capacity(LAST_BLOCK.len() + 8);
    end.extend_from_slice(LAST_BLOCK);
    end.extend_from_slice(&crc.sum().to_le_bytes());
    end.extend_from_slice(&crc.amount().to_le_bytes());
    file.push_back(Bytes::from(end));
    file
}

/// Compresses a part by itself, as a run of whole blocks.
fn deflate(plain: &[u8], with: &mut Compress) -> Deflated {
    let mut crc = Crc::new();
    crc.update(plain);
    with.reset();
    let mut blocks = Vec::with_capacity(plain.len() / 4 + 64);
    loop {
        let read = usize::try_from(with.total_in()).unwrap_or(usize::MAX);
        let rest = plain.get(read..).unwrap_or_default();
        let full = blocks.len() == blocks.capacity();
        if full {
            blocks.reserve(plain.len() / 4 + 64);
        }
        // Into memory and with room left, it cannot fail; all is read and flushed once room is left over.
        let done = with.compress_vec(rest, &mut blocks, FlushCompress::Full).is_err();
        if done || blocks.len() < blocks.capacity() {
            return Deflated { blocks: Bytes::from(blocks), crc };
        }
    }
}

/// A body that sends its bytes one after another.
struct Chain {
    bytes: VecDeque<Bytes>,
    _room: Option<OwnedSemaphorePermit>,
}

impl HttpBody for Chain {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.iter().map(|bytes| bytes.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn parts_compressed_apart_unpack_as_one_page() {
        for lengths in [vec![], vec![0], vec![5, 0, 70_000, 1, 3_000]] {
            let text =
                |length: usize| "a comment, and <b>another</b> ".chars().cycle().take(length).collect::<String>();
            let whole: String = lengths.iter().map(|length| text(*length)).collect();
            let pieces = lengths.iter().enumerate().map(|(at, length)| match at % 2 {
                0 => Piece::Own(Bytes::from(text(*length))),
                _ => Piece::Shared(Arc::new(Part::new(Bytes::from(text(*length))))),
            });
            let packed: Vec<u8> = gzip(pieces.collect()).into_iter().flatten().collect();
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("one whole gzip file");
            assert_eq!(unpacked, whole);
        }
    }

    #[test]
    fn random_bytes_of_any_length_unpack_again() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let length = rng.usize(0..20_000);
            let text: String = (0..length).map(|_| char::from(rng.u8(32..127))).collect();
            let packed: Vec<u8> = gzip(vec![Piece::Own(Bytes::from(text.clone()))]).into_iter().flatten().collect();
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("a gzip file");
            assert_eq!(unpacked, text);
        }
    }
}
