//! QR codes as SVG.

use std::fmt::Write;

/// Modules of white around the code, as the standard asks for.
const MARGIN: i32 = 4;

pub struct QrCode {
    /// With its margin, in modules.
    pub size: i32,
    /// The dark modules, as the data of an SVG path.
    pub path: String,
}

impl QrCode {
    /// `None` if the text is too long.
    pub fn new(text: &str) -> Option<QrCode> {
        let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).ok()?;
        let (size, mut path) = (code.size(), String::new());
        for y in 0..size {
            for x in (0..size).filter(|x| code.get_module(*x, y)) {
                let (left, top) = (x.saturating_add(MARGIN), y.saturating_add(MARGIN));
                let _ = write!(path, "M{left} {top}h1v1h-1z");
            }
        }
        Some(QrCode { size: size.saturating_add(2 * MARGIN), path })
    }
}
