//! The community's own colour, and the tones of it that can be read on light and dark pages.

use std::fmt::{self, Display};
use std::str::FromStr;

/// WCAG 2's least contrast of text.
const READABLE: f64 = 4.5;
/// Thin text of a bright tone on dark is harder to read.
const READABLE_ON_DARK: f64 = 6.0;
/// For readers who ask for more contrast.
const MORE_CONTRAST: f64 = 9.0;

const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(255, 255, 255);
/// `--sunk` of the style sheet, on which the accent has the least contrast.
const LIGHT_GROUND: Rgb = Rgb(0xf0, 0xf3, 0xf2);
const DARK_GROUND: Rgb = Rgb(0x1e, 0x24, 0x26);

/// An sRGB colour, written as `#0b6e5f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #0b6e5f")]
pub struct ColourError;

impl Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl FromStr for Rgb {
    type Err = ColourError;

    /// Reads `#0b6e5f` and `#0b6`, with or without the `#`.
    fn from_str(text: &str) -> Result<Rgb, ColourError> {
        let text = text.trim();
        let digits = text.strip_prefix('#').unwrap_or(text).chars().map(|c| c.to_digit(16));
        let digits: Vec<u8> = digits
            .map(|digit| digit.and_then(|digit| u8::try_from(digit).ok()).ok_or(ColourError))
            .collect::<Result<_, _>>()?;
        match digits[..] {
            [r, g, b] => Ok(Rgb(r * 17, g * 17, b * 17)),
            [r, r2, g, g2, b, b2] => Ok(Rgb(r * 16 + r2, g * 16 + g2, b * 16 + b2)),
            _ => Err(ColourError),
        }
    }
}

impl Rgb {
    /// WCAG 2's relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// WCAG 2's contrast ratio, 1 to 21.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(two) / one.min(two)
    }

    /// So many 255ths of the way to another colour.
    pub fn mixed(self, other: Rgb, step: u8) -> Rgb {
        let mix = |from: u8, to: u8| {
            let sum = u32::from(from) * u32::from(255 - step) + u32::from(to) * u32::from(step);
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        Rgb(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// The nearest tone on the way to `end` with this contrast to `ground`.
    fn readable(self, end: Rgb, ground: Rgb, contrast: f64) -> Rgb {
        let mut tones = (0..=255).map(|step| self.mixed(end, step));
        tones.find(|tone| tone.contrast(ground) >= contrast).unwrap_or(end)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent(pub Rgb);

impl Default for Accent {
    fn default() -> Accent {
        Accent(Rgb(0x0b, 0x6e, 0x5f))
    }
}

impl Accent {
    /// The nearest tone that can be read on light pages, and under white text.
    pub fn on_light(self) -> Rgb {
        self.0.readable(BLACK, LIGHT_GROUND, READABLE)
    }

    /// The nearest tone that can be read on dark pages, and under black text.
    pub fn on_dark(self) -> Rgb {
        if self == Accent::default() {
            // More vivid than the tone that is computed.
            return Rgb(0x63, 0xc9, 0xb4);
        }
        self.0.readable(WHITE, DARK_GROUND, READABLE_ON_DARK)
    }

    /// The same for readers who ask for more contrast: on white, and on black.
    pub fn with_more_contrast(self) -> (Rgb, Rgb) {
        (self.0.readable(BLACK, WHITE, MORE_CONTRAST), self.0.readable(WHITE, BLACK, MORE_CONTRAST))
    }

    /// What is wrong with the colour that was chosen, and which tone is used instead.
    pub fn warning(self) -> Option<String> {
        let Accent(chosen) = self;
        let used = self.on_light();
        (used != chosen).then(|| {
            format!(
                "{chosen} is too pale to be read on a light page, so the nearest tone that can be read is \
                 used there: {used}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(text: &str) -> Rgb {
        text.parse().expect(text)
    }

    #[test]
    fn a_colour_is_written_in_hexadecimal_digits() {
        for (typed, read) in
            [("#0b6e5f", "#0b6e5f"), (" 0B6E5F ", "#0b6e5f"), ("#fa0", "#ffaa00"), ("000", "#000000")]
        {
            assert_eq!(rgb(typed).to_string(), read);
        }
        for wrong in ["", "#", "red", "#0b6e5", "#0b6e5f0", "#0b6e5g", "rgb(1,2,3)", "##0b6e5", "０ｂ６"] {
            assert_eq!(wrong.parse::<Rgb>(), Err(ColourError), "{wrong}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let near = |one: &str, two: &str, expected: f64| {
            let contrast = rgb(one).contrast(rgb(two));
            assert!((contrast - expected).abs() < 0.01, "{one} on {two}: {contrast}");
        };
        near("#000000", "#ffffff", 21.0);
        near("#ffffff", "#ffffff", 1.0);
        near("#777777", "#ffffff", 4.48);
        near("#ffffff", "#0000ff", 8.59);
    }

    #[test]
    fn every_colour_has_tones_that_can_be_read() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let accent = Accent(Rgb(red, green, blue));
                    let (light, dark) = (accent.on_light(), accent.on_dark());
                    assert!(light.contrast(LIGHT_GROUND) >= 4.5 && light.contrast(WHITE) >= 4.5, "{light}");
                    assert!(dark.contrast(DARK_GROUND) >= 4.5 && dark.contrast(rgb("#0e1a18")) >= 4.5);
                    let (light, dark) = accent.with_more_contrast();
                    assert!(light.contrast(WHITE) >= 9.0 && dark.contrast(BLACK) >= 9.0, "{light} {dark}");
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_is_used_as_it_is() {
        let default = Accent::default();
        assert_eq!((default.on_light(), default.warning()), (default.0, None));
        assert_eq!(Accent(rgb("#a8261c")).on_light(), rgb("#a8261c"));
        assert_eq!(Accent(rgb("#ffd400")).on_dark(), rgb("#ffd400"));
        let used = Accent(rgb("#ffd400")).on_light();
        assert!(used.0 > used.1 && used.1 > used.2, "it stays yellow: {used}");
        assert!(Accent(rgb("#ffd400")).warning().is_some_and(|said| said.ends_with(&used.to_string())));
    }
}
