//! Serves the built page on this machine, as a plain static host would: files, MIME types, compressed copies.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use tiny_http::{Header, Method, Request, Response, Server};

/// How many ports are tried from the wanted one on.
const N_PORTS: u16 = 50;
/// Requests answered at the same time.
const N_THREADS: usize = 4;

/// Serves that folder until the program is ended.
pub(crate) fn serve(dist: &Path, port: u16) -> Result<()> {
    let dist = fs::canonicalize(dist).with_context(|| format!("{} is not built", dist.display()))?;
    let (server, port) = listen(port)?;
    let server = Arc::new(server);
    let threads: Vec<_> = (0..N_THREADS)
        .map(|_| {
            let (server, dist) = (Arc::clone(&server), dist.clone());
            thread::spawn(move || {
                for request in server.incoming_requests() {
                    // A reader that went away in the middle of an answer is no fault of this side.
                    let _ = answer(&dist, request);
                }
            })
        })
        .collect();
    check_answers(port)?;
    println!("Lesionlens answers at http://127.0.0.1:{port}/ (Ctrl-C ends it)");
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread of the server failed"))?;
    }
    Ok(())
}

/// Binds the first free port from the wanted one on.
fn listen(wanted: u16) -> Result<(Server, u16)> {
    let mut refusal = anyhow!("no port was tried");
    for port in (wanted..=u16::MAX).take(usize::from(N_PORTS)) {
        match Server::http(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            Ok(server) => {
                let port = server.server_addr().to_ip().context("the server has no address")?.port();
                return Ok((server, port));
            }
            Err(error) => {
                println!("port {port}: {error}");
                refusal = anyhow!(error);
            }
        }
    }
    Err(refusal.context(format!("no free port from {wanted} on")))
}

/// Asks for the page once, so that the address is printed only when it answers.
fn check_answers(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    let first = String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_string();
    if !first.contains(" 200 ") {
        bail!("the server answered {first:?}");
    }
    Ok(())
}

fn answer(dist: &Path, request: Request) -> Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return Ok(request.respond(Response::empty(405))?);
    }
    let Some(path) = file_of(dist, request.url()) else {
        return Ok(request.respond(Response::from_string("not found\n").with_status_code(404))?);
    };
    let accepted = request.headers().iter().find(|header| header.field.equiv("Accept-Encoding"));
    let accepted = accepted.map(|header| header.value.as_str().to_string()).unwrap_or_default();
    let (file, encoding) = best_copy(&path, &accepted);
    let mut response = Response::from_file(File::open(file)?)
        .with_header(header("Content-Type", mime_type(&path))?)
        .with_header(header("X-Content-Type-Options", "nosniff")?)
        .with_header(header("Vary", "Accept-Encoding")?)
        .with_header(header("Cache-Control", "no-cache")?);
    if let Some(encoding) = encoding {
        response = response.with_header(header("Content-Encoding", encoding)?);
    }
    Ok(request.respond(response)?)
}

fn header(name: &str, value: &str) -> Result<Header> {
    Header::from_bytes(name, value).map_err(|()| anyhow!("{name}: {value} is no header"))
}

/// The file that a URL means, if it lies inside the folder; a folder means its index.html.
fn file_of(dist: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?;
    let path = percent_decoded(path)?;
    let mut file = dist.to_path_buf();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." || part.contains(['\\', '\0', ':']) {
            return None;
        }
        file.push(part);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    // Resolved once more, so that no symbolic link leads out of the folder.
    let file = fs::canonicalize(file).ok()?;
    (file.starts_with(dist) && file.is_file()).then_some(file)
}

fn percent_decoded(path: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            decoded.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            decoded.push(first);
        }
    }
    String::from_utf8(decoded).ok()
}

/// The smallest copy of a file that the reader takes, and its encoding.
fn best_copy(path: &Path, accepted: &str) -> (PathBuf, Option<&'static str>) {
    for (encoding, extension) in [("br", "br"), ("gzip", "gz")] {
        let mut copy = path.as_os_str().to_os_string();
        copy.push(format!(".{extension}"));
        if accepts(accepted, encoding) && Path::new(&copy).is_file() {
            return (copy.into(), Some(encoding));
        }
    }
    (path.to_path_buf(), None)
}

/// Whether an Accept-Encoding header names the encoding without refusing it by `q=0`.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let refused = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        parts.next() == Some(encoding) && !parts.any(refused)
    })
}

fn mime_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "md" | "txt" | "ts" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::write;

    fn page() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for name in ["dist/index.html", "dist/index.html.br", "dist/index.html.gz", "dist/a b.js", "secret.txt"] {
            write(&root.join(name), name.as_bytes()).unwrap();
        }
        let dist = root.join("dist");
        (folder, dist)
    }

    #[test]
    fn urls_name_files_inside_the_folder() {
        let (_folder, dist) = page();
        assert_eq!(file_of(&dist, "/"), Some(dist.join("index.html")));
        assert_eq!(file_of(&dist, "/index.html?x=1#y"), Some(dist.join("index.html")));
        assert_eq!(file_of(&dist, "/a%20b.js"), Some(dist.join("a b.js")));
        assert_eq!(file_of(&dist, "/missing.js"), None);
    }

    #[test]
    fn no_url_leads_out_of_the_folder() {
        let (_folder, dist) = page();
        for url in
            ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/x/../../secret.txt", "/..\\secret.txt"]
        {
            assert_eq!(file_of(&dist, url), None, "{url}");
        }
        for url in ["/%", "/%4", "/%zz", "/%ff", "/a%00"] {
            assert_eq!(file_of(&dist, url), None, "{url}");
        }
        std::os::unix::fs::symlink(dist.join("../secret.txt"), dist.join("link.txt")).unwrap();
        assert_eq!(file_of(&dist, "/link.txt"), None);
    }

    #[test]
    fn a_compressed_copy_is_sent_to_those_who_take_it() {
        let (_folder, dist) = page();
        let encoding = |accepted: &str| best_copy(&dist.join("index.html"), accepted).1;
        assert_eq!(encoding("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(encoding("gzip;q=1.0, br;q=0"), Some("gzip"));
        assert_eq!(encoding("identity"), None);
        assert_eq!(encoding(""), None);
        assert_eq!(best_copy(&dist.join("a b.js"), "br"), (dist.join("a b.js"), None));
    }

    #[test]
    fn the_next_port_is_taken_when_one_is_in_use_and_the_page_answers() {
        let (_folder, dist) = page();
        let (first, port) = listen(0).unwrap();
        let (second, next) = listen(port).unwrap();
        assert!(next > port);
        drop(first);
        let server = thread::spawn(move || answer(&dist, second.recv().unwrap()).unwrap());
        check_answers(next).unwrap();
        server.join().unwrap();
    }

    #[test]
    fn modules_and_scripts_have_the_types_that_browsers_insist_on() {
        assert_eq!(mime_type(Path::new("a_bg.wasm")), "application/wasm");
        assert!(mime_type(Path::new("a.js")).starts_with("text/javascript"));
        assert_eq!(mime_type(Path::new("a.onnx")), "application/octet-stream");
    }
}
