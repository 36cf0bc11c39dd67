//! Icons for tabs and home screens and a picture for shared links: the mark, in white, on the accent. They
//! are made when they are first asked for.

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::domain::accent::{Accent, Rgb};

/// What is drawn of the mark; its name in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Picture {
    /// For tabs, as SVG.
    Icon,
    /// The size that iOS asks for.
    Icon180,
    /// The sizes that a web app manifest needs.
    Icon192,
    Icon512,
    /// The shape that sites show of a shared link.
    Share,
}

impl Picture {
    const ALL: [Picture; 5] =
        [Picture::Icon, Picture::Icon180, Picture::Icon192, Picture::Icon512, Picture::Share];

    const fn file(self) -> &'static str {
        match self {
            Picture::Icon => "icon.svg",
            Picture::Icon180 => "icon-180.png",
            Picture::Icon192 => "icon-192.png",
            Picture::Icon512 => "icon-512.png",
            Picture::Share => "share.png",
        }
    }

    /// In pixels.
    const fn size(self) -> (u32, u32) {
        match self {
            Picture::Icon | Picture::Icon180 => (180, 180),
            Picture::Icon192 => (192, 192),
            Picture::Icon512 => (512, 512),
            Picture::Share => (1_200, 630),
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Picture::Icon => "image/svg+xml",
            Picture::Icon180 | Picture::Icon192 | Picture::Icon512 | Picture::Share => "image/png",
        }
    }

    /// An address that names the colour, so that it can be kept for ever.
    fn address(self, ground: Rgb) -> String {
        let Rgb(red, green, blue) = ground;
        format!("/icons/{red:02x}{green:02x}{blue:02x}-{}", self.file())
    }

    /// The picture that an address ends on, in whatever colour.
    pub fn named(name: &str) -> Option<Picture> {
        let (_, file) = name.split_once('-')?;
        Picture::ALL.into_iter().find(|picture| picture.file() == file)
    }
}

/// The bars of the mark, left, top, width and height in a square of 16.
const MARK: [[f64; 4]; 5] = [
    [2.5, 3.5, 11.0, 2.0],
    [3.5, 6.5, 2.0, 5.0],
    [7.0, 6.5, 2.0, 5.0],
    [10.5, 6.5, 2.0, 5.0],
    [2.5, 12.5, 11.0, 1.5],
];
const SQUARE: f64 = 16.0;
/// The part of the shorter side that the square has: phones cut off up to a tenth at each edge of an icon.
const SHARE_OF_SIDE: f64 = 0.8;

/// The pictures of one accent.
pub struct Icons {
    ground: Rgb,
    addresses: [String; Picture::ALL.len()],
    made: [OnceCell<Bytes>; Picture::ALL.len()],
}

impl Icons {
    pub fn new(accent: Accent) -> Icons {
        let ground = accent.on_light();
        Icons {
            ground,
            addresses: Picture::ALL.map(|picture| picture.address(ground)),
            made: Default::default(),
        }
    }

    pub fn address(&self, picture: Picture) -> &str {
        self.addresses.get(picture as usize).map_or("", String::as_str)
    }

    /// The content of the file, which is drawn once, off the async threads.
    pub async fn bytes(&self, picture: Picture) -> std::io::Result<Bytes> {
        let (ground, Some(made)) = (self.ground, self.made.get(picture as usize)) else {
            return Ok(Bytes::new());
        };
        let draw = || async move {
            match picture {
                Picture::Icon => Ok(Bytes::from(svg(ground))),
                _ => tokio::task::spawn_blocking(move || encoded(picture.size(), ground))
                    .await?
                    .map(Bytes::from)
                    .map_err(std::io::Error::other),
            }
        };
        made.get_or_try_init(draw).await.cloned()
    }
}

fn svg(ground: Rgb) -> String {
    let bar = |[left, top, width, height]: &[f64; 4]| {
        format!(r#"<rect x="{left}" y="{top}" width="{width}" height="{height}"/>"#)
    };
    let bars: String = MARK.iter().map(bar).collect();
    let square = format!(r#"<rect width="{SQUARE}" height="{SQUARE}" rx="3" fill="{ground}"/>"#);
    let view = format!(r#"viewBox="0 0 {SQUARE} {SQUARE}""#);
    format!(r##"<svg xmlns="http://www.w3.org/2000/svg" {view}>{square}<g fill="#fff">{bars}</g></svg>"##)
}

/// How much of the pixel from `at` to `at + 1` lies between `start` and `start + length`.
fn overlap(at: f64, start: f64, length: f64) -> f64 {
    ((at + 1.0).min(start + length) - at.max(start)).max(0.0)
}

/// How much of each pixel the mark covers, in 255ths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
fn coverage((width, height): (u32, u32)) -> Vec<u8> {
    let side = f64::from(width.min(height)) * SHARE_OF_SIDE;
    let (left, top) = ((f64::from(width) - side) / 2.0, (f64::from(height) - side) / 2.0);
    let scale = side / SQUARE;
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(x), f64::from(y))));
    let covered = pixels.map(|(x, y)| {
        let bars = MARK.iter().map(|[bar_left, bar_top, bar_width, bar_height]| {
            overlap(x, left + bar_left * scale, bar_width * scale)
                * overlap(y, top + bar_top * scale, bar_height * scale)
        });
        (bars.sum::<f64>().min(1.0) * 255.0).round() as u8
    });
    covered.collect()
}

/// A PNG with a palette from the ground to white.
fn encoded((width, height): (u32, u32), ground: Rgb) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    let palette = (0..=u8::MAX).flat_map(|step| {
        let Rgb(red, green, blue) = ground.mixed(Rgb(255, 255, 255), step);
        [red, green, blue]
    });
    encoder.set_palette(palette.collect::<Vec<u8>>());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&coverage((width, height)))?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &Bytes) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes.as_ref()));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut pixels).expect("an image");
        (reader.info().width, reader.info().height, pixels)
    }

    #[tokio::test]
    async fn each_picture_is_the_mark_on_the_accent() {
        let icons = Icons::new(Accent(Rgb(0x80, 0x10, 0x20)));
        for picture in [Picture::Icon180, Picture::Icon192, Picture::Icon512, Picture::Share] {
            let (width, height, pixels) = decoded(&icons.bytes(picture).await.expect("a picture"));
            assert_eq!((width, height), picture.size());
            assert_eq!(&pixels[..3], [0x80, 0x10, 0x20], "the corner is the ground");
            let middle = usize::try_from((height / 2 * width + width / 2) * 3).expect("an index");
            assert_eq!(&pixels[middle..middle + 3], [255, 255, 255], "the middle bar of {picture:?}");
        }
        let tab = icons.bytes(Picture::Icon).await.expect("drawn");
        assert!(String::from_utf8_lossy(&tab).contains(r##"fill="#801020""##));
    }

    #[test]
    fn an_address_names_the_colour_and_leads_to_its_picture() {
        let icons = Icons::new(Accent::default());
        for picture in Picture::ALL {
            let name = icons.address(picture).strip_prefix("/icons/").expect("a folder of their own");
            assert!(name.starts_with("0b6e5f-"), "{name}");
            assert_eq!(Picture::named(name), Some(picture));
        }
        for wrong in ["", "0b6e5f", "0b6e5f-", "0b6e5f-icon.ico", "icon.svg"] {
            assert_eq!(Picture::named(wrong), None, "{wrong}");
        }
    }
}
