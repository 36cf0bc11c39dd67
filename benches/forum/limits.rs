//! The limits: the same bytes from a bare axum handler, and from nginx where it is installed.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;

use crate::load::{Answer, Request, fetch};
use crate::server::{Server, free_port};

/// Headers that each server sets itself.
const OWN: [&str; 4] = ["transfer-encoding", "content-length", "date", "connection"];

/// A server of one page; the folder holds its files.
pub struct Limit {
    pub server: Server,
    _folder: tempfile::TempDir,
}

/// Starts this program as a server that sends the same head and body from memory: the cost of the stack
/// itself.
pub fn bare(answer: &Answer) -> Limit {
    let folder = tempfile::tempdir().unwrap();
    let mut head = format!("{}\r\n", answer.status);
    for (name, value) in answer.headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    std::fs::write(folder.path().join("head"), head).unwrap();
    std::fs::write(folder.path().join("body"), &answer.body).unwrap();
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--bare").arg(port.to_string()).arg(folder.path());
    Limit { server: Server::start(&mut command, port), _folder: folder }
}

/// The `main` of the bare server.
pub fn serve_bare(port: u16, folder: &Path) {
    let head = std::fs::read_to_string(folder.join("head")).unwrap();
    let body = Bytes::from(std::fs::read(folder.join("body")).unwrap());
    let mut lines = head.lines();
    let status: StatusCode = lines.next().unwrap().parse().unwrap();
    let headers: Vec<(HeaderName, HeaderValue)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let page = get(move || {
        let (headers, body) = (headers.clone(), body.clone());
        async move {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            response.headers_mut().extend(headers);
            response
        }
    });
    let router = Router::new().fallback_service(page);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}

/// The path of nginx.
fn nginx_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let folders = std::env::split_paths(&path).chain(usual);
    folders.map(|folder| folder.join("nginx")).find(|program| program.exists())
}

/// nginx with two workers, which sends the body as a static file with the same headers; and the request for
/// it.
pub fn nginx(
    answer: &Answer,
    request: &Request,
    conditional: impl FnOnce(&str) -> Request,
) -> Option<(Limit, Request)> {
    let program = nginx_program()?;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    // A 304 has no body, and nginx compares `If-None-Match` with an `ETag` of its own.
    let body = if answer.body.is_empty() { b"not sent".as_slice() } else { &answer.body };
    std::fs::write(folder.path().join("page"), body).unwrap();
    std::fs::write(folder.path().join("nginx.conf"), settings(folder.path(), answer, port)).unwrap();
    let mut command = Command::new(program);
    command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf"]).stderr(Stdio::null());
    let server = Server::start(&mut command, port);
    let request = if answer.status == 304 {
        let tagged = fetch(port, request);
        conditional(tagged.header("etag").unwrap())
    } else {
        request.clone()
    };
    Some((Limit { server, _folder: folder }, request))
}

fn settings(folder: &Path, answer: &Answer, port: u16) -> String {
    let mut headers = String::new();
    for (name, value) in &answer.headers {
        if !OWN.contains(&name.as_str()) && name != "content-type" && name != "etag" {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(headers, "add_header {name} \"{value}\";");
        }
    }
    let kind = answer.header("content-type").unwrap_or("text/html; charset=utf-8");
    // Started by root, nginx runs its workers as a user who cannot read the folder.
    let user = if std::fs::metadata(folder).unwrap().uid() == 0 { "user root;" } else { "" };
    format!(
        "{user}
worker_processes 2;
daemon off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    open_file_cache max=16;
    client_body_temp_path .;
    proxy_temp_path .;
    fastcgi_temp_path .;
    uwsgi_temp_path .;
    scgi_temp_path .;
    default_type \"{kind}\";
    {headers}
    server {{
        listen 127.0.0.1:{port};
        root .;
        location / {{ try_files /page =404; }}
    }}
}}
"
    )
}
