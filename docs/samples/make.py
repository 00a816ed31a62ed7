#!/usr/bin/env python3
"""Writes the sample reports: fetches two releases of each package, commits one after the other, and reviews the difference.

    python3 docs/samples/make.py [--binary PATH] [SAMPLE ...]

Needs Python 3.11, git, pip, npm and cargo, and a built eco-coder. Nothing of the packages is run or installed.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LARGEST_PACKAGE = 200 * 1024 * 1024
MOST_FILES = 20_000


@dataclass(frozen=True)
class Release:
    version: str
    sha256: str


@dataclass(frozen=True)
class Sample:
    name: str
    package: str
    registry: str
    before: Release
    after: Release
    note: str
    profile: str | None = None
    html: bool = False


SAMPLES = [
    Sample(
        name="scrapy",
        package="scrapy",
        registry="pypi",
        before=Release("2.11.2", "4be353d6abbb942a9f7e7614ca8b5f3d9037381176ac8d8859c8cac676e74fa0"),
        after=Release("2.12.0", "c33e2dc7da42e727390bacb32dd9938a54ac210fa71972b5c392754f478669cd"),
        note="Python: a release that modernizes type annotations all over the code",
    ),
    Sample(
        name="networkx",
        package="networkx",
        registry="pypi",
        before=Release("2.8.8", "e435dfa75b1d7195c7b8378c3859f0445cd88c6b0375c181ed66823a9ceb7524"),
        after=Release("3.0", "58058d66b1818043527244fab9d41a51fcd7dcc271748015f3c181b8a90c8e2e"),
        note="Python: a major release, with a profile of a program that uses it",
        profile="profiles/networkx.speedscope.json",
        html=True,
    ),
    Sample(
        name="axios",
        package="axios",
        registry="npm",
        before=Release("0.27.2", "2689697961a5f35de9b26d853bd9ac613b002926d2b39896428994cbb3534ddf"),
        after=Release("1.7.2", "ee0d6056e1ea34aef4979f1b68c64fb978d4f8f667cdc985d739ea70caeb6ba6"),
        note="JavaScript: a rewrite to modules, with built files beside the sources",
    ),
    Sample(
        name="mongoose",
        package="mongoose",
        registry="npm",
        before=Release("6.13.0", "de9a5cbd1ac2b0bb83fb4f0976c64a69a8d49d7ac2651c27e88e5151e070f6f7"),
        after=Release("7.8.0", "fe65160a079e8ec73a1dd0089a439522b0b4d2d8bb97d2c9890300378fae0929"),
        note="JavaScript and TypeScript: a major release of a database library",
    ),
    Sample(
        name="reqwest",
        package="reqwest",
        registry="crates",
        before=Release("0.11.27", "dd67538700a17451e7cba03ac727fb961abb7607553461627b97de0b89cf4a62"),
        after=Release("0.12.9", "a77c62af46e79de0a562e1a9849205ffcb7fc1238876e9bd743357570e04046f"),
        note="Rust: an HTTP client moves to the next major release of its foundation",
    ),
    Sample(
        name="react-native-maps",
        package="react-native-maps",
        registry="npm",
        before=Release("0.31.1", "823637ea0048ec93e2989bfbe3a770d634e7684692e6ce57b01e276dd6e20417"),
        after=Release("1.7.1", "14ae1ad00d0e47d82b3340ed49abb2720009d3ddf5ba1a6aec9e5e97e6630e25"),
        note="Java (and TypeScript, Objective-C): a package moved to another namespace",
    ),
]


class Problem(Exception):
    """Something the person at the terminal can act on."""


def main() -> int:
    arguments = parse_arguments()
    try:
        binary = find_binary(arguments.binary)
        for sample in chosen(arguments.samples):
            make(sample, binary)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--binary", type=Path, help="eco-coder [default: target/release, else target/debug]")
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="only these, by name")
    return parser.parse_args()


def find_binary(given: Path | None) -> Path:
    places = [given] if given else [ROOT / "target" / kind / "eco-coder" for kind in ("release", "debug")]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise Problem(f"no eco-coder at {', '.join(map(str, places))}: run `cargo build --release`, or name it with --binary")


def chosen(names: list[str]) -> list[Sample]:
    known = {sample.name: sample for sample in SAMPLES}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise Problem(f"no sample named {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else SAMPLES


def make(sample: Sample, binary: Path) -> None:
    print(f"{sample.name}: {sample.package} {sample.before.version} to {sample.after.version}")
    with tempfile.TemporaryDirectory(prefix="eco-coder-sample-") as folder:
        repository = Path(folder, sample.name)
        repository.mkdir()
        git(repository, "init", "--quiet", "--initial-branch", "main")
        base = commit_release(sample, sample.before, repository, Path(folder))
        head = commit_release(sample, sample.after, repository, Path(folder))
        for extension in ["md", "html"] if sample.html else ["md"]:
            review(sample, binary, repository, (base, head), HERE / f"{sample.name}.{extension}")


def commit_release(sample: Sample, release: Release, repository: Path, scratch: Path) -> str:
    downloads = Path(tempfile.mkdtemp(dir=scratch))
    archive = FETCHERS[sample.registry](sample.package, release.version, downloads)
    verify(archive, release)
    for entry in repository.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    unpack(archive, repository)
    git(repository, "add", "--all", "--force")
    git(repository, "commit", "--quiet", "--message", f"{sample.package} {release.version}")
    return git(repository, "rev-parse", "HEAD").strip()


def review(sample: Sample, binary: Path, repository: Path, revisions: tuple[str, str], out: Path) -> None:
    command = [str(binary), "review", "--repo", str(repository), "--out", str(out)]
    command += ["--base", revisions[0], "--head", revisions[1]]
    command += ["--format", "html" if out.suffix == ".html" else "markdown"]
    if sample.profile:
        # By a name that is the same on every machine, since the report says it.
        profile = Path(shutil.copy(HERE / sample.profile, repository.parent))
        command += ["--profile", profile.name]
    # In the scratch folder, so that no eco-coder.toml of this one counts.
    run(command, repository.parent)
    print(f"  {out.relative_to(ROOT)}")


# Fetching: each client with its own settings, by package name and exact version.


def fetch_from_pypi(package: str, version: str, folder: Path) -> Path:
    # A wheel, because to download a source archive pip runs the package's own build code.
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--only-binary", ":all:", "--dest", str(folder), f"{package}=={version}"], folder)
    return the_only_file(folder)


def fetch_from_npm(package: str, version: str, folder: Path) -> Path:
    run([client("npm"), "pack", "--silent", "--ignore-scripts", f"{package}@{version}"], folder)
    return the_only_file(folder)


def fetch_from_crates(package: str, version: str, folder: Path) -> Path:
    manifest = folder / "Cargo.toml"
    dependency = f'{package} = {{ version = "={version}", default-features = false }}'
    manifest.write_text(
        '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n'
        f"[lib]\npath = \"lib.rs\"\n[dependencies]\n{dependency}\n[workspace]\n"
    )
    (folder / "lib.rs").touch()
    run([client("cargo"), "fetch", "--quiet", "--manifest-path", str(manifest)], folder)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    archives = sorted(home.glob(f"registry/cache/*/{package}-{version}.crate"))
    if not archives:
        raise Problem(f"cargo fetched {package} {version}, but {home}/registry/cache has no archive of it")
    return archives[0]


FETCHERS = {"pypi": fetch_from_pypi, "npm": fetch_from_npm, "crates": fetch_from_crates}


def client(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Problem(f"{name} is not installed, or not on PATH")
    return found


def the_only_file(folder: Path) -> Path:
    files = [entry for entry in folder.iterdir() if entry.is_file()]
    if len(files) != 1:
        raise Problem(f"expected one archive, and got {sorted(file.name for file in files)}")
    return files[0]


def verify(archive: Path, release: Release) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != release.sha256:
        raise Problem(f"{archive.name} has SHA-256 {found}, not {release.sha256}")


# Unpacking: plain files only, inside the folder, up to a size.


def unpack(archive: Path, folder: Path) -> None:
    size = 0
    for number, (name, length, read) in enumerate(members(archive)):
        size += length
        if size > LARGEST_PACKAGE or number >= MOST_FILES:
            raise Problem(f"{archive.name} unpacks to more than a sample should")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ".git" in path.parts:
            raise Problem(f"{archive.name} holds a file that would land elsewhere: {name!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(read())


def members(archive: Path):
    """Name, size and reader of each plain file; the folder around a package's files is left off."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                # What pip records about a wheel is not source.
                if not entry.is_dir() and ".dist-info/" not in entry.filename:
                    yield entry.filename, entry.file_size, lambda: wheel.read(entry)
        return
    with tarfile.open(archive, "r:gz") as tarball:
        for entry in tarball:
            if entry.isfile():
                yield entry.name.partition("/")[2], entry.size, lambda: tarball.extractfile(entry).read()


# Running other programs.


def git(repository: Path, *arguments: str) -> str:
    # Fixed identity, date and settings: whoever runs this gets the same commits.
    fixed = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Eco-Coder samples" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "samples@example.invalid" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_DATE": "2026-01-01T00:00:00+00:00" for who in ("AUTHOR", "COMMITTER")},
    }
    return run([client("git"), "-C", str(repository), *arguments], repository, {**os.environ, **fixed})


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        raise Problem(f"`{' '.join(command)}` ended with {done.returncode}:\n{words}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
