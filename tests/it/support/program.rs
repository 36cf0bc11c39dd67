//! The program, as a person runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use stoa::database_address::DatabaseAddress;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::database::empty_postgres;

/// The password that commands read.
pub const PASSWORD: &str = "four unrelated words here\n";

/// A folder with a forum's files; its database may be on PostgreSQL.
pub struct Folder {
    folder: TempDir,
    pub database: DatabaseAddress,
}

/// What a command said, and the code it ended with.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    /// Without a database, or with an empty one on PostgreSQL.
    pub fn new() -> Folder {
        let folder = Folder::with_file();
        // A test may run on a runtime, which cannot wait for another.
        let made = std::thread::spawn(|| Runtime::new().expect("a runtime").block_on(empty_postgres()));
        let database = made.join().expect("a database").unwrap_or_else(|| folder.database.clone());
        Folder { database, ..folder }
    }

    /// With the default database, which is a file.
    pub fn with_file() -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        let database = DatabaseAddress::File(folder.path().join("stoa.db"));
        Folder { folder, database }
    }

    /// With an empty forum's database, as the commands that need one find it.
    pub fn with_database() -> Folder {
        Folder::new().having_database()
    }

    /// The same, and it is a file.
    pub fn with_database_file() -> Folder {
        Folder::with_file().having_database()
    }

    fn having_database(self) -> Folder {
        self.write("none.jsonl", "");
        self.works("import none.jsonl");
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    /// Names the database, unless it is the default.
    pub fn environment(&self) -> Option<(&'static str, String)> {
        self.database.file().is_none().then(|| ("STOA_DATABASE", self.database.as_given()))
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stoa"));
        command.current_dir(self.folder.path()).env_clear().args(arguments.split_whitespace());
        command.envs(self.environment());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, with this on its standard input.
    pub fn run_with(&self, arguments: &str, input: &str) -> Said {
        let mut child = self.command(arguments).spawn().expect("the program");
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("its end");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn run(&self, arguments: &str) -> Said {
        self.run_with(arguments, PASSWORD)
    }

    pub fn works(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments}: {said:?}");
        said.out
    }

    /// A command that is refused with a sentence and the code 1, and shows nobody a stack of causes.
    pub fn refuses(&self, arguments: &str, input: &str, words: &str) {
        self.refuses_with(1, arguments, input, words);
    }

    pub fn refuses_with(&self, code: i32, arguments: &str, input: &str, words: &str) {
        let said = self.run_with(arguments, input);
        assert_eq!(said.code, Some(code), "{arguments}: {said:?}");
        assert!(said.err.contains(words) && said.err.starts_with("stoa: "), "{arguments}: {said:?}");
        assert!(!said.err.contains("panicked") && said.err.lines().count() == 1, "{arguments}: {said:?}");
    }

    pub fn serve(&self) -> Running {
        self.serve_with("")
    }

    /// Runs a forum with these flags too.
    pub fn serve_with(&self, flags: &str) -> Running {
        self.start("127.0.0.1", flags)
    }

    /// Runs a forum that listens on an address of this machine which has this name.
    pub fn serve_named(&self, host: &str) -> Running {
        self.start(host, "")
    }

    fn start(&self, host: &str, flags: &str) -> Running {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut child =
            self.command(&format!("serve --listen {host}:{port} {flags}")).spawn().expect("the program");
        let (said, heard) = (Arc::<Mutex<String>>::default(), child.stderr.take().expect("its voice"));
        let ear = Arc::clone(&said);
        let listening = std::thread::spawn(move || {
            for line in BufReader::new(heard).lines().map_while(Result::ok) {
                ear.lock().expect("heard").push_str(&format!("{line}\n"));
            }
        });
        let running = Running {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            said,
            listening: Some(listening),
        };
        for _ in 0..200 {
            if TcpStream::connect(running.address).is_ok() {
                // Connections queue while the database is being opened; a response shows that it is open.
                running.get("/healthz");
                return running;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the forum does not answer: {}", running.said.lock().expect("heard"));
    }
}

/// A whole answer, with its head.
pub fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// A forum that answers.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    said: Arc<Mutex<String>>,
    listening: Option<JoinHandle<()>>,
}

impl Running {
    pub fn get(&self, path: &str) -> String {
        get(self.address, path)
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
    }

    /// Sends SIGHUP; returns what the log says then.
    pub fn reload(&self) -> String {
        let begin = self.said.lock().expect("heard").len();
        self.signal("-HUP");
        for _ in 0..200 {
            let said = self.said.lock().expect("heard")[begin..].to_owned();
            if said.contains("reloaded") {
                return said;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nothing is reloaded: {}", self.said.lock().expect("heard"));
    }

    /// Stops it with SIGTERM; returns the exit code, stderr and stdout.
    pub fn stop(mut self) -> (Option<i32>, String, String) {
        self.signal("-TERM");
        let code = self.child.wait().expect("its end").code();
        self.listening.take().expect("a listener").join().expect("heard to the end");
        let mut out = String::new();
        self.child.stdout.take().expect("its output").read_to_string(&mut out).expect("UTF-8");
        let err = self.said.lock().expect("heard").clone();
        (code, err, out)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
