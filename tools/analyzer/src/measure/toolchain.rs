//! The runtimes of this machine: which there are, how each builds and runs a program.

use std::time::Duration;

use tokio::process::Command;

use super::child::{self, Limits};
use crate::rule::{Host, Runtime};

const ASKING: Limits = Limits { time: Duration::from_secs(20), bytes: 64 * 1024 };

/// A runtime that was found.
#[derive(Debug, Clone)]
pub struct Toolchain {
    pub runtime: Runtime,
    /// As `CPython 3.11.2`.
    pub version: String,
    /// What compiles or runs a program.
    command: &'static str,
}

impl Toolchain {
    /// The runtime as `PATH` has it.
    pub async fn find(runtime: Runtime) -> Option<Self> {
        for &command in commands(runtime.host()) {
            if let Some(version) = version(runtime, command).await {
                return Some(Self { runtime, version, command });
            }
        }
        None
    }

    /// What would have to be on the machine.
    pub fn needs(runtime: Runtime) -> String {
        let programs = commands(runtime.host()).join(" or ");
        match runtime {
            Runtime::Sqlite => format!("{programs} with sqlite3"),
            Runtime::Numpy
            | Runtime::Pandas
            | Runtime::Requests
            | Runtime::Django
            | Runtime::Boto3 => format!("{programs} with {}", runtime.name()),
            Runtime::ActiveRecord => format!("{programs} with activerecord and sqlite3"),
            Runtime::React => format!("{programs} with react and react-test-renderer"),
            _ => programs,
        }
    }

    /// What makes a program in the current folder ready, where there is something to do.
    pub(crate) fn build(&self) -> Option<Command> {
        let arguments: &[&str] = match self.runtime.host() {
            Host::Java => &["-nowarn", "-d", ".", "Main.java"],
            Host::Kotlin => &["-nowarn", "-include-runtime", "-d", "main.jar", "main.kt"],
            Host::Go => &["build", "-o", "main", "."],
            Host::Rust => &["-O", "--edition", "2024", "-o", "main", "main.rs"],
            Host::Cpp => &["-O2", "-std=c++20", "-pthread", "-o", "main", "main.cpp"],
            Host::Python | Host::Node | Host::Ruby | Host::Php => return None,
        };
        let mut command = Command::new(self.command);
        command.args(arguments);
        if self.runtime == Runtime::Go {
            // Nothing is fetched, whatever a benchmark imports.
            command.env("GOPROXY", "off").env("GOTOOLCHAIN", "local").env("GOFLAGS", "-mod=mod");
        }
        Some(command)
    }

    /// Runs a program in the current folder; its arguments follow.
    pub(crate) fn start(&self) -> Command {
        let (program, arguments): (&str, &[&str]) = match self.runtime.host() {
            Host::Python => (self.command, &["main.py"]),
            Host::Node => (self.command, &["main.js"]),
            Host::Java => ("java", &["-Xmx1g", "-cp", ".", "Main"]),
            Host::Kotlin => ("java", &["-Xmx1g", "-jar", "main.jar"]),
            Host::Ruby => (self.command, &["main.rb"]),
            Host::Php => (self.command, &["-d", "memory_limit=1G", "main.php"]),
            Host::Go | Host::Rust | Host::Cpp => ("./main", &[]),
        };
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }
}

/// The programs that will do, the usual one first.
fn commands(host: Host) -> &'static [&'static str] {
    match host {
        Host::Python => &["python3", "python"],
        Host::Node => &["node"],
        Host::Java => &["javac"],
        Host::Kotlin => &["kotlinc"],
        Host::Go => &["go"],
        Host::Rust => &["rustc"],
        Host::Ruby => &["ruby"],
        Host::Php => &["php"],
        Host::Cpp => &["g++", "clang++"],
    }
}

async fn version(runtime: Runtime, program: &str) -> Option<String> {
    let arguments: &[&str] = match runtime {
        Runtime::Python => &[
            "-c",
            "import platform; print(platform.python_implementation(), platform.python_version())",
        ],
        Runtime::Sqlite => &["-c", "import sqlite3; print('SQLite', sqlite3.sqlite_version)"],
        Runtime::Numpy => &["-c", "import numpy; print('NumPy', numpy.__version__)"],
        Runtime::Pandas => &["-c", "import pandas; print('pandas', pandas.__version__)"],
        Runtime::Requests => &["-c", "import requests; print('Requests', requests.__version__)"],
        Runtime::Django => &["-c", "import django; print('Django', django.__version__)"],
        Runtime::Boto3 => &["-c", "import boto3; print('Boto3', boto3.__version__)"],
        Runtime::ActiveRecord => &[
            "-e",
            "require 'active_record'; require 'sqlite3'; puts 'ActiveRecord', ActiveRecord.version",
        ],
        Runtime::Ruby => {
            &["-e", "puts RUBY_ENGINE == 'ruby' ? 'CRuby' : RUBY_ENGINE, RUBY_VERSION"]
        }
        Runtime::React => &[
            "-e",
            "require('react-test-renderer'); console.log('React', require('react').version)",
        ],
        Runtime::Php => &["-r", "echo PHP_VERSION;"],
        Runtime::Go => &["env", "GOVERSION"],
        Runtime::Java | Runtime::Kotlin => &["-version"],
        Runtime::Node | Runtime::Rust | Runtime::Cpp => &["--version"],
    };
    let mut command = Command::new(program);
    if runtime == Runtime::Kotlin {
        // It says its version where others complain.
        command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 2>&1", program]);
    }
    command.args(arguments);
    let said = child::run(command, ASKING).await.ok()?;
    name_version(runtime, &said)
}

/// What programs say of themselves, evened out.
fn name_version(runtime: Runtime, said: &str) -> Option<String> {
    // Before it the Java that runs it may have its say.
    let said = said.split_once("kotlinc-jvm").map_or(said, |(_, version)| version);
    let words: Vec<&str> = said.split_whitespace().collect();
    let number = words.iter().find_map(|word| {
        let number = word.trim_start_matches("go").trim_start_matches('v');
        number.starts_with(|letter: char| letter.is_ascii_digit()).then_some(number)
    })?;
    let name = match runtime.host() {
        // They say their name, and so do libraries.
        Host::Python | Host::Ruby => words.first()?,
        _ if runtime == Runtime::React => words.first()?,
        Host::Node => "Node.js",
        Host::Java => "Java",
        Host::Kotlin => "Kotlin",
        Host::Go => "Go",
        Host::Rust => "rustc",
        Host::Php => "PHP",
        Host::Cpp if said.contains("clang") => "Clang",
        Host::Cpp => "GCC",
    };
    Some(format!("{name} {}", number.split(['-', '+']).next().unwrap_or(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_alike() {
        for (runtime, said, expected) in [
            (Runtime::Python, "CPython 3.11.9\n", "CPython 3.11.9"),
            (Runtime::Sqlite, "SQLite 3.40.1\n", "SQLite 3.40.1"),
            (Runtime::Node, "v18.19.0\n", "Node.js 18.19.0"),
            (Runtime::Java, "javac 17.0.15\n", "Java 17.0.15"),
            (
                Runtime::Kotlin,
                "OpenJDK 64-Bit VM warning: deprecated in JDK 13\ninfo: kotlinc-jvm 1.9.22 (JRE 17.0.15)\n",
                "Kotlin 1.9.22",
            ),
            (Runtime::Go, "go1.19.8\n", "Go 1.19.8"),
            (Runtime::Rust, "rustc 1.95.0 (59807616e 2026-04-14)\n", "rustc 1.95.0"),
            (Runtime::Ruby, "CRuby\n3.1.2\n", "CRuby 3.1.2"),
            (Runtime::Django, "Django 5.2.19\n", "Django 5.2.19"),
            (Runtime::Boto3, "Boto3 1.43.11\n", "Boto3 1.43.11"),
            (Runtime::ActiveRecord, "ActiveRecord\n6.1.7.10\n", "ActiveRecord 6.1.7.10"),
            (Runtime::Php, "8.2.36-1+deb", "PHP 8.2.36"),
            (Runtime::Cpp, "g++ (Debian 12.2.0-14) 12.2.0\n", "GCC 12.2.0"),
            (Runtime::Cpp, "Debian clang version 14.0.6\n", "Clang 14.0.6"),
        ] {
            assert_eq!(name_version(runtime, said).as_deref(), Some(expected), "{said}");
        }
        assert_eq!(name_version(Runtime::Node, "command not found"), None);
    }
}
