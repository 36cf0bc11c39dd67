//! The kinds of values that settings have, as they are typed and as `stoa.toml` has them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::domain::signup::SignUp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub fn is_on(self) -> bool {
        self == Switch::On
    }
}

impl clap::ValueEnum for SignUp {
    fn value_variants<'a>() -> &'a [SignUp] {
        &SignUp::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

/// Who may read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    Public,
    Members,
    Moderators,
}

/// Address ranges, written with commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Nets(pub Vec<IpNet>);

impl Nets {
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&ip.to_canonical()))
    }
}

impl FromStr for Nets {
    type Err = String;

    fn from_str(s: &str) -> Result<Nets, String> {
        let parts = s.split(',').map(str::trim).filter(|part| !part.is_empty());
        let net = |part: &str| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| format!("“{part}” is not an address range such as 172.16.0.0/12"))
        };
        parts.map(net).collect::<Result<_, _>>().map(Nets)
    }
}

impl TryFrom<String> for Nets {
    type Error = String;

    fn try_from(s: String) -> Result<Nets, String> {
        s.parse()
    }
}

/// How a setting is written in `stoa.toml`.
pub(super) trait Setting {
    fn to_toml(&self) -> String;
}

fn quoted(s: &str) -> String {
    toml::Value::String(s.to_owned()).to_string()
}

impl Setting for String {
    fn to_toml(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    fn to_toml(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for SocketAddr {
    fn to_toml(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for Nets {
    fn to_toml(&self) -> String {
        let nets: Vec<String> = self.0.iter().map(IpNet::to_string).collect();
        quoted(&nets.join(", "))
    }
}

impl Setting for Switch {
    fn to_toml(&self) -> String {
        quoted(if self.is_on() { "on" } else { "off" })
    }
}

impl Setting for SignUp {
    fn to_toml(&self) -> String {
        quoted(self.as_str())
    }
}

impl Setting for Audience {
    fn to_toml(&self) -> String {
        quoted(match self {
            Audience::Public => "public",
            Audience::Members => "members",
            Audience::Moderators => "moderators",
        })
    }
}

impl Setting for i64 {
    fn to_toml(&self) -> String {
        self.to_string()
    }
}

impl Setting for u32 {
    fn to_toml(&self) -> String {
        self.to_string()
    }
}
