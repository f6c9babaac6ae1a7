"""The embedded store through the aws command line (Debian's awscli)."""
import json
import os
import subprocess
from pathlib import Path

import pytest
from pixgate_server import PixgateServer


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        yield running


@pytest.fixture(scope="module")
def aws(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("aws")
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(*arguments, fails=False):
        done = subprocess.run(
            ["/usr/bin/aws", "--endpoint-url", server.store_url, *map(str, arguments)],
            capture_output=True, text=True, timeout=60, env=environment,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + (done.stderr if fails else "")

    run("s3", "mb", "s3://cli-bucket")
    return run


def test_a_folder_goes_up_and_comes_back(aws, tmp_path):
    source, target = tmp_path / "up", tmp_path / "down"
    (source / "하위 폴더").mkdir(parents=True)
    for name in ["a.txt", "하위 폴더/휴가 사진+1.jpg", "empty"]:
        (source / name).write_bytes(b"" if name == "empty" else os.urandom(3000))
    aws("s3", "sync", source, "s3://cli-bucket/folder/")
    listing = aws("s3", "ls", "--recursive", "s3://cli-bucket/folder/")
    assert "folder/하위 폴더/휴가 사진+1.jpg" in listing and listing.count("\n") == 3
    aws("s3", "cp", "--recursive", "s3://cli-bucket/folder/", target)
    for path in source.rglob("*"):
        if path.is_file():
            assert (target / path.relative_to(source)).read_bytes() == path.read_bytes()
    assert aws("s3", "sync", source, "s3://cli-bucket/folder/") == "", "nothing is left to send"


def test_the_content_type_follows_the_name(aws, tmp_path):
    picture = tmp_path / "p.png"
    picture.write_bytes(b"\x89PNG")
    aws("s3", "cp", picture, "s3://cli-bucket/p.png")
    head = json.loads(aws("s3api", "head-object", "--bucket", "cli-bucket", "--key", "p.png"))
    assert head["ContentType"] == "image/png" and head["ContentLength"] == 4


def test_buckets_are_listed_and_found(aws):
    assert "cli-bucket" in aws("s3", "ls")
    aws("s3api", "head-bucket", "--bucket", "cli-bucket")
    assert "404" in aws("s3api", "head-bucket", "--bucket", "no-such-bucket", fails=True)
    assert json.loads(aws("s3api", "get-bucket-location", "--bucket", "cli-bucket"))["LocationConstraint"] is None


def test_a_range_is_fetched(aws, tmp_path):
    whole, part = tmp_path / "whole", tmp_path / "part"
    whole.write_bytes(b"0123456789")
    aws("s3api", "put-object", "--bucket", "cli-bucket", "--key", "r", "--body", whole)
    aws("s3api", "get-object", "--bucket", "cli-bucket", "--key", "r", "--range", "bytes=3-5", part)
    assert part.read_bytes() == b"345"


def test_pages_are_joined(aws, tmp_path):
    for n in range(5):
        (tmp_path / str(n)).write_bytes(b"1")
    aws("s3", "sync", tmp_path, "s3://cli-bucket/page/")
    listed = json.loads(
        aws("s3api", "list-objects-v2", "--bucket", "cli-bucket", "--prefix", "page/", "--page-size", "2"))
    assert [o["Key"] for o in listed["Contents"]] == [f"page/{n}" for n in range(5)]


def test_a_presigned_url_is_fetched_by_others(aws, server, tmp_path):
    import urllib.request

    one = tmp_path / "one"
    one.write_bytes(b"shared")
    aws("s3", "cp", one, "s3://cli-bucket/shared file")
    url = aws("s3", "presign", "s3://cli-bucket/shared file", "--expires-in", "60").strip()
    assert "X-Amz-Signature=" in url
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"shared"


def test_moving_away_and_removing(aws, tmp_path):
    here = tmp_path / "here"
    here.write_bytes(b"x")
    aws("s3", "mv", here, "s3://cli-bucket/moved")
    assert not here.exists()
    aws("s3", "rm", "s3://cli-bucket/moved")
    assert "404" in aws("s3api", "head-object", "--bucket", "cli-bucket", "--key", "moved", fails=True)


def test_a_wrong_secret_is_refused(server):
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", server.store_url, "s3", "ls"], capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path("/nonexistent")), "AWS_ACCESS_KEY_ID": server.access_key,
             "AWS_SECRET_ACCESS_KEY": "wrong", "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"},
    )
    assert done.returncode != 0 and "SignatureDoesNotMatch" in done.stderr
