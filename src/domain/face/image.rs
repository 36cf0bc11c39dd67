//! A community's logo and icon: known by their content, never by their name.

pub const MAX_IMAGE_BYTES: usize = 100 * 1024;
/// The smallest icon for a phone's home screen, in pixels.
const MIN_ICON_SIDE: u32 = 180;
const MAX_SIDE: u32 = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ImageKind {
    Logo,
    Icon,
}

impl ImageKind {
    pub const ALL: [ImageKind; 2] = [ImageKind::Logo, ImageKind::Icon];

    pub const fn as_str(self) -> &'static str {
        match self {
            ImageKind::Logo => "logo",
            ImageKind::Icon => "icon",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ImageFormat {
    Svg,
    Png,
    Jpeg,
    Webp,
}

impl ImageFormat {
    pub const fn extension(self) -> &'static str {
        match self {
            ImageFormat::Svg => "svg",
            ImageFormat::Png => "png",
            ImageFormat::Jpeg => "jpg",
            ImageFormat::Webp => "webp",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            ImageFormat::Svg => "image/svg+xml",
            ImageFormat::Png => "image/png",
            ImageFormat::Jpeg => "image/jpeg",
            ImageFormat::Webp => "image/webp",
        }
    }

    fn of(bytes: &[u8]) -> Option<ImageFormat> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(ImageFormat::Png),
            [0xff, 0xd8, 0xff, ..] => Some(ImageFormat::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::Webp),
            _ => std::str::from_utf8(bytes).ok().filter(|text| is_svg(text)).map(|_| ImageFormat::Svg),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("Please choose a file.")]
    Missing,
    #[error("This file has {0} KB; the limit is 100 KB.")]
    Large(usize),
    #[error("This is not an SVG, PNG, JPEG or WebP image. Please choose another file.")]
    Format,
    #[error("An icon must be a PNG image. Please choose another file.")]
    IconFormat,
    #[error("This icon is {0} × {1} pixels; it must be a square of at least 180 × 180.")]
    IconSize(u32, u32),
    #[error("This image is {0} × {1} pixels; the limit is 4096 × 4096.")]
    Huge(u32, u32),
    #[error("This SVG declares entities, which are not allowed. Please export it without them.")]
    Entities,
}

/// The format of an image that may be used so.
pub fn check(kind: ImageKind, bytes: &[u8]) -> Result<ImageFormat, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Missing);
    }
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(ImageError::Large(bytes.len().div_ceil(1024)));
    }
    let format = ImageFormat::of(bytes).ok_or(ImageError::Format)?;
    if kind == ImageKind::Icon && format != ImageFormat::Png {
        return Err(ImageError::IconFormat);
    }
    match format {
        ImageFormat::Png => {
            let (width, height) = png_size(bytes).ok_or(ImageError::Format)?;
            if width.max(height) > MAX_SIDE {
                return Err(ImageError::Huge(width, height));
            }
            if kind == ImageKind::Icon && (width != height || width < MIN_ICON_SIDE) {
                return Err(ImageError::IconSize(width, height));
            }
        }
        // Their expansion can take any amount of memory.
        ImageFormat::Svg if has_entities(bytes) => return Err(ImageError::Entities),
        ImageFormat::Svg | ImageFormat::Jpeg | ImageFormat::Webp => {}
    }
    Ok(format)
}

/// Width and height, from the header that begins every PNG.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    (bytes.get(12..16)? == b"IHDR").then_some((number(16)?, number(20)?))
}

/// Whether the first element is `svg`, after a declaration, a document type and comments.
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            comment if comment.starts_with("<!--") => "-->",
            instruction if instruction.starts_with("<?") => "?>",
            doctype if doctype.starts_with("<!DOCTYPE svg") => ">",
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    rest.strip_prefix("<svg").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '>']))
}

fn has_entities(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| window.eq_ignore_ascii_case(b"<!ENTITY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()];
        header.concat()
    }

    #[test]
    fn an_image_is_known_by_its_content() {
        let logo = |bytes: &[u8]| check(ImageKind::Logo, bytes);
        let svg = "\u{feff}<?xml version=\"1.0\"?>\n<!-- > --><!DOCTYPE svg PUBLIC \"a\" \"b\">\n<svg></svg>";
        assert_eq!(logo(svg.as_bytes()), Ok(ImageFormat::Svg));
        assert_eq!(logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Ok(ImageFormat::Svg));
        assert_eq!(logo(&png(64, 32)), Ok(ImageFormat::Png));
        assert_eq!(logo(b"\xff\xd8\xff\xe0"), Ok(ImageFormat::Jpeg));
        assert_eq!(logo(b"RIFF\0\0\0\0WEBPVP8 "), Ok(ImageFormat::Webp));
        for wrong in [
            &b"GIF89a"[..],
            b"<html><svg></svg></html>",
            b"<svgx>",
            b"<!-- <svg>",
            b"\x89PNG\r\n\x1a\n",
            b"x",
        ] {
            assert_eq!(logo(wrong), Err(ImageError::Format), "{}", String::from_utf8_lossy(wrong));
        }
        assert_eq!(logo(b""), Err(ImageError::Missing));
        assert_eq!(logo(&vec![b' '; MAX_IMAGE_BYTES + 1]), Err(ImageError::Large(101)));
        assert_eq!(logo(&png(5_000, 10)), Err(ImageError::Huge(5_000, 10)));
        assert_eq!(logo(b"<svg><!entity x 'y'></svg>"), Err(ImageError::Entities));
    }

    #[test]
    fn an_icon_is_a_square_png_that_a_home_screen_can_show() {
        let icon = |bytes: &[u8]| check(ImageKind::Icon, bytes);
        assert_eq!(icon(&png(180, 180)), Ok(ImageFormat::Png));
        assert_eq!(icon(&png(179, 179)), Err(ImageError::IconSize(179, 179)));
        assert_eq!(icon(&png(512, 256)), Err(ImageError::IconSize(512, 256)));
        assert_eq!(icon(b"<svg></svg>"), Err(ImageError::IconFormat));
    }
}
