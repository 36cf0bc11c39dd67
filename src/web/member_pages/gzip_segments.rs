//! Responses of shared and private segments. Shared ones are compressed once and sent without copying.
//!
//! A segment's compressed form is a run of deflate blocks without outside references, ending on a byte
//! boundary (zlib's "full flush"). Such runs can be concatenated to one gzip file, whose checksum is combined
//! from theirs (RFC 1951, RFC 1952).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};

use crate::web::admission::{CachedPart, SharedReservation, Workers};
use crate::web::cache::encoding::takes;
use crate::web::error::Error;

/// Compression levels: high for shared segments, fast for private ones.
const WELL: u32 = 6;
const FAST: u32 = 1;

/// Shared bytes, compressed on first use.
#[derive(Debug)]
pub struct SharedSegment {
    plain: Bytes,
    deflated: OnceLock<DeflateSegment>,
}

impl SharedSegment {
    pub fn new(plain: Bytes) -> SharedSegment {
        SharedSegment { plain, deflated: OnceLock::new() }
    }

    pub fn plain(&self) -> &Bytes {
        &self.plain
    }
}

#[derive(Debug)]
struct DeflateSegment {
    blocks: Bytes,
    crc: Crc,
}

pub enum Segment {
    Own(Bytes),
    Shared(Arc<SharedSegment>),
}

impl Segment {
    /// Bytes that still have to be compressed.
    fn uncompressed(&self) -> usize {
        match self {
            Segment::Own(bytes) => bytes.len(),
            Segment::Shared(part) if part.deflated.get().is_none() => part.plain.len(),
            Segment::Shared(_) => 0,
        }
    }
}

/// The memory reservations of shared segments, plain and compressed.
#[derive(Default)]
pub struct SegmentReservations {
    plain: Arc<SharedReservation>,
    compressed: Arc<SharedReservation>,
}

/// Above this size in bytes (about 10 ms per megabyte), compression moves to the worker pool.
const WITHIN: usize = 64 * 1024;
/// Bytes compressed per chunk of pool work.
const TURN: usize = 256 * 1024;

/// A page of these segments, gzip-compressed if the client accepts it.
pub async fn page(
    pieces: Vec<Segment>,
    rooms: &SegmentReservations,
    request: &HeaderMap,
    workers: Workers<'_>,
) -> Result<Response, Error> {
    let zipped = takes(request, "gzip");
    let (pieces, room) = if zipped {
        (gzip(pieces, workers).await?, &rooms.compressed)
    } else {
        (plain(pieces), &rooms.plain)
    };
    let kept = pieces.iter().filter(|piece| piece.is_kept).map(|piece| piece.bytes.len()).sum();
    let mut response = as_page(chained(pieces.into_iter().map(|piece| piece.bytes)));
    response.extensions_mut().insert(CachedPart { bytes: kept, reservation: Arc::clone(room) });
    if zipped {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
    }
    Ok(response)
}

/// Private: browsers revalidate, and shared caches must not store it.
pub fn as_page(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (VARY, HeaderValue::from_static("Cookie")),
    ];
    (headers, body).into_response()
}

/// A body that sends the chunks in order, without copying.
pub fn chained(bytes: impl Iterator<Item = Bytes>) -> Body {
    Body::new(SegmentsBody(bytes.collect()))
}

struct EncodedSegment {
    bytes: Bytes,
    is_kept: bool,
}

fn plain(pieces: Vec<Segment>) -> Vec<EncodedSegment> {
    let ready = pieces.into_iter().map(|piece| match piece {
        Segment::Own(bytes) => EncodedSegment { bytes, is_kept: false },
        Segment::Shared(part) => EncodedSegment { bytes: part.plain.clone(), is_kept: true },
    });
    ready.filter(|piece| !piece.bytes.is_empty()).collect()
}

/// No name, time or flags; OS Unix (RFC 1952, 2.3).
const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
/// A final empty deflate block with fixed codes.
const LAST_BLOCK: &[u8] = &[3, 0];

async fn gzip(pieces: Vec<Segment>, workers: Workers<'_>) -> Result<Vec<EncodedSegment>, Error> {
    let mut file = Gzip::new(pieces.len());
    let small = pieces.iter().map(Segment::uncompressed).sum::<usize>() <= WITHIN;
    let mut pieces = pieces.into_iter().peekable();
    while pieces.peek().is_some() {
        let turn = next_turn(&mut pieces);
        let add = move || turn.into_iter().fold(file, Gzip::add);
        file = if small { add() } else { workers.run(add).await? };
    }
    Ok(file.end())
}

fn next_turn(pieces: &mut impl Iterator<Item = Segment>) -> Vec<Segment> {
    let (mut turn, mut bytes) = (Vec::new(), 0);
    for piece in pieces {
        bytes += piece.uncompressed();
        turn.push(piece);
        if bytes >= TURN {
            break;
        }
    }
    turn
}

struct Gzip {
    file: Vec<EncodedSegment>,
    crc: Crc,
    fast: Compress,
}

impl Gzip {
    fn new(pieces: usize) -> Gzip {
        let mut file = Vec::with_capacity(pieces + 2);
        file.push(EncodedSegment { bytes: Bytes::from_static(GZIP_HEAD), is_kept: false });
        Gzip { file, crc: Crc::new(), fast: Compress::new(Compression::new(FAST), false) }
    }

    fn add(mut self, piece: Segment) -> Gzip {
        match piece {
            Segment::Own(bytes) => {
                let deflated = deflate(&bytes, &mut self.fast);
                self.crc.combine(&deflated.crc);
                self.file.push(EncodedSegment { bytes: deflated.blocks, is_kept: false });
            }
            Segment::Shared(part) => {
                let mut well = || deflate(&part.plain, &mut Compress::new(Compression::new(WELL), false));
                let deflated = part.deflated.get_or_init(&mut well);
                self.crc.combine(&deflated.crc);
                self.file.push(EncodedSegment { bytes: deflated.blocks.clone(), is_kept: true });
            }
        }
        self
    }

    fn end(mut self) -> Vec<EncodedSegment> {
        let mut end = Vec::with_capacity(LAST_BLOCK.len() + 8);
        end.extend_from_slice(LAST_BLOCK);
        end.extend_from_slice(&self.crc.sum().to_le_bytes());
        end.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.file.push(EncodedSegment { bytes: Bytes::from(end), is_kept: false });
        self.file
    }
}

/// Compresses a segment independently, as whole blocks.
fn deflate(plain: &[u8], with: &mut Compress) -> DeflateSegment {
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
        // Cannot fail: the output is in memory and has spare capacity.
        let failed = with.compress_vec(rest, &mut blocks, FlushCompress::Full).is_err();
        if failed {
            tracing::error!("a part of a page could not be compressed");
            return DeflateSegment { blocks: Bytes::from(stored(plain)), crc };
        }
        // Spare capacity means that all input is flushed.
        if blocks.len() < blocks.capacity() {
            return DeflateSegment { blocks: Bytes::from(blocks), crc };
        }
    }
}

/// Stored (uncompressed) blocks (RFC 1951, 3.2.4).
fn stored(plain: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(plain.len() + plain.len() / 1_000 + 8);
    for chunk in plain.chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        // Header byte: not final, type 0, padding.
        blocks.push(0);
        blocks.extend_from_slice(&length.to_le_bytes());
        blocks.extend_from_slice(&(!length).to_le_bytes());
        blocks.extend_from_slice(chunk);
    }
    blocks
}

struct SegmentsBody(VecDeque<Bytes>);

impl HttpBody for SegmentsBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|bytes| bytes.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::web::admission::WorkerPool;

    async fn packed(pieces: Vec<Segment>) -> Vec<u8> {
        let pool = WorkerPool::new(true);
        let file = gzip(pieces, pool.of(None)).await.expect("compressed");
        file.into_iter().flat_map(|piece| piece.bytes).collect()
    }

    #[tokio::test]
    async fn parts_compressed_apart_unpack_as_one_page() {
        for lengths in [vec![], vec![0], vec![5, 0, 70_000, 1, 3_000], vec![200_000; 7]] {
            let text = |length: usize| {
                "a comment, and <b>another</b> ".chars().cycle().take(length).collect::<String>()
            };
            let whole: String = lengths.iter().map(|length| text(*length)).collect();
            let pieces = lengths.iter().enumerate().map(|(at, length)| match at % 2 {
                0 => Segment::Own(Bytes::from(text(*length))),
                _ => Segment::Shared(Arc::new(SharedSegment::new(Bytes::from(text(*length))))),
            });
            let packed = packed(pieces.collect()).await;
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(&packed[..])
                .read_to_string(&mut unpacked)
                .expect("one whole gzip file");
            assert_eq!(unpacked, whole);
        }
    }

    #[test]
    fn a_part_that_cannot_be_compressed_goes_out_as_it_is() {
        for length in [0, 1, 65_535, 65_536, 200_000] {
            let text: String = "some words ".chars().cycle().take(length).collect();
            let packed: Vec<u8> = [stored(text.as_bytes()), LAST_BLOCK.to_vec()].concat();
            let mut unpacked = String::new();
            flate2::read::DeflateDecoder::new(&packed[..])
                .read_to_string(&mut unpacked)
                .expect("whole blocks");
            assert_eq!(unpacked, text);
        }
    }

    #[tokio::test]
    async fn random_bytes_of_any_length_unpack_again() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let length = rng.usize(0..20_000);
            let text: String = (0..length).map(|_| char::from(rng.u8(32..127))).collect();
            let packed = packed(vec![Segment::Own(Bytes::from(text.clone()))]).await;
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("a gzip file");
            assert_eq!(unpacked, text);
        }
    }
}
