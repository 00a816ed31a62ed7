//! What a pull request changes, read from GitHub.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use contract::ChangedFile;
use github::{ArtifactCaps, GitHubError, Limits};

use crate::fake::{FakeGitHub, PullRequestSpec, REPOSITORY};
use crate::{client, small, texts};

fn file<'a>(files: &'a [ChangedFile], path: &str) -> &'a ChangedFile {
    files
        .iter()
        .find(|file| file.path == path)
        .unwrap_or_else(|| panic!("{path} is not in the change"))
}

fn text(bytes: Option<&Vec<u8>>) -> Option<&str> {
    bytes.map(|bytes| std::str::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn base_is_rebuilt_from_head_and_patch_without_a_request() {
    let fake = FakeGitHub::start().await;
    let base = texts(&[
        ("a.py", "one\ntwo\nthree"),
        ("gone.py", "x\ny\n"),
        ("old.py", "1\n2\n3\n4\n5\n"),
        ("same.py", "same\n"),
        ("crlf.py", "a\r\nb\r\n"),
    ]);
    let head = texts(&[
        ("a.py", "one\n2\nthree\n"),
        ("new.py", "fresh\n"),
        ("new/name.py", "1\n2\n3\n4\n6\n"),
        ("moved.py", "same\n"),
        ("crlf.py", "a\r\nc\r\n"),
    ]);
    let spec = PullRequestSpec {
        base: base.clone(),
        head: head.clone(),
        renames: vec![("old.py".into(), "new/name.py".into())],
        ..PullRequestSpec::default()
    };
    let number = fake.open_pull_request(spec);
    let github = client(&fake);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    let change = github.change(REPOSITORY, &pull_request, Limits::default()).await.unwrap().change;
    assert_eq!(
        (change.base_sha, change.head_sha),
        (fake.merge_base(number), fake.head_sha(number))
    );
    for (path, before, previous) in [
        ("a.py", Some("a.py"), None),
        ("new.py", None, None),
        ("new/name.py", Some("old.py"), Some("old.py")),
        ("moved.py", Some("same.py"), Some("same.py")),
        ("crlf.py", Some("crlf.py"), None),
    ] {
        let file = file(&change.files, path);
        assert_eq!(file.base.as_ref(), before.map(|path| &base[path]), "{path}");
        assert_eq!(file.head.as_ref(), Some(&head[path]), "{path}");
        assert_eq!(file.previous_path.as_deref(), previous, "{path}");
    }
    let gone = file(&change.files, "gone.py");
    assert_eq!((text(gone.base.as_ref()), gone.head.as_ref()), (Some("x\ny\n"), None));
    assert_eq!(
        fake.count("GET", &fake.merge_base(number)),
        1,
        "one comparison, and no content of base"
    );
    assert_eq!(fake.unexpected(), [""; 0]);
}

#[tokio::test]
async fn base_is_fetched_at_the_merge_base_where_there_is_no_patch() {
    let fake = FakeGitHub::start().await;
    let spec = PullRequestSpec {
        base: texts(&[("a.py", "old\n")]),
        base_tip: Some(texts(&[("a.py", "moved on\n")])),
        head: texts(&[("a.py", "new\n")]),
        without_patch: BTreeSet::from(["a.py".to_owned()]),
        ..PullRequestSpec::default()
    };
    let number = fake.open_pull_request(spec);
    let github = client(&fake);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    let change = github.change(REPOSITORY, &pull_request, Limits::default()).await.unwrap().change;
    assert_eq!(text(file(&change.files, "a.py").base.as_ref()), Some("old\n"));
    assert_eq!(change.base_sha, fake.merge_base(number));
    assert_ne!(change.base_sha, pull_request.base.sha);
}

#[tokio::test]
async fn a_path_may_have_any_name() {
    let fake = FakeGitHub::start().await;
    let paths = [
        "src/a b.py",
        "src/#c.py",
        "what?.py",
        "100%.py",
        "ünï/コード.py",
        "a&b=c+d.py",
        "semi;colon\"quote'.py",
    ];
    let (base, head): (Vec<_>, Vec<_>) =
        paths.iter().map(|path| ((*path, "one\n"), (*path, "two\n"))).unzip();
    let spec = PullRequestSpec {
        base: texts(&base),
        head: texts(&head),
        without_patch: paths.iter().map(ToString::to_string).collect(),
        ..PullRequestSpec::default()
    };
    let number = fake.open_pull_request(spec);
    let github = client(&fake);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    let change = github.change(REPOSITORY, &pull_request, Limits::default()).await.unwrap().change;
    assert_eq!(change.files.len(), paths.len());
    for path in paths {
        let file = file(&change.files, path);
        assert_eq!(
            (text(file.base.as_ref()), text(file.head.as_ref())),
            (Some("one\n"), Some("two\n")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let fake = FakeGitHub::start().await;
    let large = "x\n".repeat(600);
    let head = texts(&[
        ("logo.png", "\u{0}PNG"),
        ("large.py", &large),
        ("z.py", "fine\n"),
        ("vendor/lib", "Subproject commit 2222\n"),
    ]);
    let spec = PullRequestSpec {
        base: texts(&[("vendor/lib", "Subproject commit 1111\n")]),
        head,
        ..PullRequestSpec::default()
    };
    let number = fake.open_pull_request(spec);
    let github = client(&fake);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    let limits = Limits { files: 4, file_bytes: 1024, total_bytes: 1 << 20 };
    let change = github.change(REPOSITORY, &pull_request, limits).await.unwrap().change;
    let reasons: Vec<_> = change
        .files
        .iter()
        .map(|file| format!("{}: {}", file.path, file.unreadable.as_deref().unwrap_or("read")))
        .collect();
    insta::assert_snapshot!(reasons.join("\n"), @"
    large.py: larger than 1 KiB
    logo.png: binary
    vendor/lib: a submodule
    z.py: read
    ");
    let few = github
        .change(REPOSITORY, &pull_request, Limits { files: 1, ..limits })
        .await
        .unwrap()
        .change;
    assert_eq!(few.files.len(), 4);
    assert_eq!(few.files[3].unreadable.as_deref(), Some("the change has too many files"));
    let little = github
        .change(REPOSITORY, &pull_request, Limits { total_bytes: 3, ..limits })
        .await
        .unwrap()
        .change;
    assert_eq!(
        little.files[3].unreadable.as_deref(),
        Some("the change is too large to read whole")
    );
}

#[tokio::test]
async fn a_deleted_fork_changes_nothing() {
    let fake = FakeGitHub::start().await;
    let number =
        fake.open_pull_request(PullRequestSpec { head_repository: None, draft: true, ..small() });
    let github = client(&fake);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    assert_eq!(
        (pull_request.head_repository.as_deref(), pull_request.draft, pull_request.author.as_str()),
        (None, true, "mona")
    );
    let change = github.change(REPOSITORY, &pull_request, Limits::default()).await.unwrap().change;
    assert_eq!(text(change.files[0].base.as_ref()), Some("one\ntwo\n"));
}

#[tokio::test]
async fn a_long_list_of_files_is_read_whole_and_in_order() {
    let fake = FakeGitHub::start().await;
    let paths: Vec<String> = (0..250).map(|index| format!("f{index:03}.py")).collect();
    let head = paths.iter().map(|path| (path.clone(), b"x\n".to_vec())).collect();
    let number = fake.open_pull_request(PullRequestSpec { head, ..PullRequestSpec::default() });
    let github = client(&fake);
    let listed = github.changed_files(REPOSITORY, number).await.unwrap();
    assert!(!listed.truncated);
    assert_eq!(listed.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), paths);
    let pull_request = github.pull_request(REPOSITORY, number).await.unwrap();
    let change = github.change(REPOSITORY, &pull_request, Limits::default()).await.unwrap().change;
    assert_eq!(change.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), paths);
}

#[tokio::test]
async fn more_files_than_github_lists_are_said_to_be_cut() {
    let fake = FakeGitHub::start().await;
    let head = (0..3001).map(|index| (format!("f{index:04}.py"), Vec::new())).collect();
    let number = fake.open_pull_request(PullRequestSpec { head, ..PullRequestSpec::default() });
    let listed = client(&fake).changed_files(REPOSITORY, number).await.unwrap();
    assert_eq!((listed.files.len(), listed.truncated), (3000, true));
}

#[tokio::test]
async fn a_file_is_read_or_missing_or_too_large() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let github = client(&fake);
    let sha = fake.base_sha(number);
    assert_eq!(
        github.content(REPOSITORY, "a.py", &sha, 100).await.unwrap().unwrap(),
        b"one\ntwo\n"
    );
    assert_eq!(github.content(REPOSITORY, "none.py", &sha, 100).await.unwrap(), None);
    let error = github.content(REPOSITORY, "a.py", &sha, 3).await.unwrap_err();
    assert_eq!(error, GitHubError::TooLarge("a.py in octo-org/shop is larger than 3 bytes".into()));
    assert!(matches!(
        github.content(REPOSITORY, "../../../user", &sha, 100).await,
        Err(GitHubError::Invalid(_))
    ));
    assert!(matches!(
        github.content("octo-org/shop/../..", "a.py", &sha, 100).await,
        Err(GitHubError::Invalid(_))
    ));
}

#[tokio::test]
async fn a_read_is_repeated_after_a_502_and_a_lost_connection() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next("GET", "/pulls/", 502, &[], 2);
    assert!(client(&fake).pull_request(REPOSITORY, number).await.is_ok());
    let mut hold = fake.hold("GET", "/pulls/", crate::fake::When::BeforeEffect);
    let github = client(&fake);
    let read = tokio::spawn(async move { github.pull_request(REPOSITORY, number).await });
    hold.arrived().await;
    hold.drop_connection();
    assert!(read.await.unwrap().is_ok());
    fake.fail_next("GET", "/pulls/", 503, &[], 99);
    let error = client(&fake).pull_request(REPOSITORY, number).await.unwrap_err();
    insta::assert_snapshot!(error, @"GitHub cannot be reached: it answered 503 Service Unavailable");
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn profiles_are_found_in_the_artifacts_of_the_commit() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let sha = fake.head_sha(number);
    fake.add_artifact(REPOSITORY, &sha, "profile-linux", zip(&[("cpu.folded", b"older")]));
    fake.add_artifact(REPOSITORY, &sha, "coverage", zip(&[("lcov.info", b"no")]));
    fake.add_artifact(
        REPOSITORY,
        &sha,
        "profile-linux",
        zip(&[("cpu.folded", b"main;f 3"), ("../../etc/x", b"a label only")]),
    );
    fake.add_artifact(
        REPOSITORY,
        &fake.base_sha(number),
        "profile-mac",
        zip(&[("cpu.folded", b"base")]),
    );
    let files = client(&fake)
        .profile_artifacts(REPOSITORY, &sha, "profile-", ArtifactCaps::default())
        .await
        .unwrap();
    assert_eq!(
        files,
        [
            ("profile-linux/cpu.folded".to_owned(), b"main;f 3".to_vec()),
            ("profile-linux/../../etc/x".to_owned(), b"a label only".to_vec())
        ]
    );
}

#[tokio::test]
async fn an_archive_cannot_unpack_without_end() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let sha = fake.head_sha(number);
    fake.add_artifact(
        REPOSITORY,
        &sha,
        "profile-a",
        zip(&[("zeros", &vec![0; 1 << 20]), ("b", b"x")]),
    );
    let read = |caps| {
        let (github, sha) = (client(&fake), sha.clone());
        async move {
            github
                .profile_artifacts(REPOSITORY, &sha, "profile-", caps)
                .await
                .unwrap_err()
                .to_string()
        }
    };
    let caps = ArtifactCaps::default();
    insta::assert_snapshot!(read(ArtifactCaps { bytes: 1000, ..caps }).await, @"the artifacts unpack to more than 1000 bytes");
    insta::assert_snapshot!(read(ArtifactCaps { entries: 1, ..caps }).await, @"the artifacts hold more than 1 files");
    insta::assert_snapshot!(read(ArtifactCaps { compressed_bytes: 10, ..caps }).await, @"the artifact profile-a is larger than 10 bytes");
    let other = fake.push(number, texts(&[("b.py", "x\n")]));
    fake.add_artifact(REPOSITORY, &other, "profile-b", b"PK but not a zip".to_vec());
    let error =
        client(&fake).profile_artifacts(REPOSITORY, &other, "profile-", caps).await.unwrap_err();
    insta::assert_snapshot!(error, @"the artifact profile-b is not a readable zip archive");
}
