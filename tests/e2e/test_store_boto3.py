"""The embedded store through boto3 (Debian's), a client that nobody here wrote."""
import base64
import hashlib
import threading
import urllib.error
import urllib.request
import zlib

import pytest
from botocore.exceptions import ClientError
from pixgate_server import PixgateServer

BUCKET = "photos"
KOREAN_KEY = "사진/휴가 2026+서울~final//원본 (1).jpg"
ODD_KEYS = [
    KOREAN_KEY, "a/../b/./c", "..", "/leading", "trailing/", "a b&c=d@e,f;g:h!i'j*k$l#m?n%o\"p[q]^`{|}<>.txt", "~", "%2F", "+",
    "tab\tnewline\n", "\u00e9", "e\u0301", "k" * 1024,
]


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        running.boto3_client().create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(scope="module")
def s3(server):
    return server.boto3_client()


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]


def send(url, method="GET", body=None, headers=None):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_an_object_comes_back_with_its_headers_and_metadata(s3):
    body = b"\x89PNG" + bytes(range(256)) * 1000
    put = s3.put_object(
        Bucket=BUCKET, Key=KOREAN_KEY, Body=body, ContentType="image/png", CacheControl="max-age=60",
        ContentDisposition='inline; filename="a.png"', Metadata={"owner": "u-1", "note": "two  spaces"},
    )
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=BUCKET, Key=KOREAN_KEY)
    assert got["Body"].read() == body
    assert (got["ContentType"], got["CacheControl"]) == ("image/png", "max-age=60")
    assert got["ContentDisposition"] == 'inline; filename="a.png"'
    assert got["Metadata"]["owner"] == "u-1"
    assert got["ResponseMetadata"]["RequestId"]
    head = s3.head_object(Bucket=BUCKET, Key=KOREAN_KEY)
    assert head["ContentLength"] == len(body) and head["ETag"] == put["ETag"]


def test_odd_keys_are_different_objects(s3):
    s3.create_bucket(Bucket="odd-keys")
    for n, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket="odd-keys", Key=key, Body=str(n).encode())
    for n, key in enumerate(ODD_KEYS):
        assert s3.get_object(Bucket="odd-keys", Key=key)["Body"].read() == str(n).encode(), key
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket="odd-keys")["Contents"]]
    assert listed == sorted(ODD_KEYS, key=lambda k: k.encode())


def test_an_empty_object_and_a_large_one(s3):
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    assert s3.get_object(Bucket=BUCKET, Key="empty")["Body"].read() == b""
    large = bytes(range(256)) * (20 * 4096)
    s3.put_object(Bucket=BUCKET, Key="large", Body=large)
    assert hashlib.sha256(s3.get_object(Bucket=BUCKET, Key="large")["Body"].read()).digest() == hashlib.sha256(large).digest()


def test_ranges_and_conditions(s3):
    etag = s3.put_object(Bucket=BUCKET, Key="range", Body=b"0123456789")["ETag"]

    def get(**conditions):
        return s3.get_object(Bucket=BUCKET, Key="range", **conditions)

    part = get(Range="bytes=2-4")
    assert part["Body"].read() == b"234" and part["ContentRange"] == "bytes 2-4/10"
    assert get(Range="bytes=-3")["Body"].read() == b"789"
    assert refused(get, Range="bytes=10-") == (416, "InvalidRange")
    assert refused(get, IfNoneMatch=etag)[0] == 304
    assert refused(get, IfMatch='"other"')[0] == 412
    assert get(IfMatch=etag)["Body"].read() == b"0123456789"
    assert s3.head_object(Bucket=BUCKET, Key="range", Range="bytes=0-3")["ContentLength"] in (4, 10)


def test_signed_overrides_of_the_answers_headers(s3):
    s3.put_object(Bucket=BUCKET, Key="override", Body=b"x")
    got = s3.get_object(Bucket=BUCKET, Key="override", ResponseContentDisposition="attachment; filename*=UTF-8''%ED%95%9C.jpg")
    assert got["ContentDisposition"] == "attachment; filename*=UTF-8''%ED%95%9C.jpg"


def test_checksums_are_held_and_wrong_ones_store_nothing(s3):
    body = b"hello"
    right = {
        "ChecksumSHA256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "ChecksumSHA1": base64.b64encode(hashlib.sha1(body).digest()).decode(),
        "ChecksumCRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
    }
    for name, value in right.items():
        assert s3.put_object(Bucket=BUCKET, Key=f"sum-{name}", Body=body, **{name: value})[name] == value
        assert refused(s3.put_object, Bucket=BUCKET, Key="wrong-sum", Body=b"jello", **{name: value}) == (400, "BadDigest")
    wrong_md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refused(s3.put_object, Bucket=BUCKET, Key="wrong-sum", Body=body, ContentMD5=wrong_md5) == (400, "BadDigest")
    assert refused(s3.head_object, Bucket=BUCKET, Key="wrong-sum")[0] == 404


def test_listing_pages_and_prefixes(s3):
    s3.create_bucket(Bucket="listing")
    for n in range(25):
        s3.put_object(Bucket="listing", Key=f"일/{n:02}", Body=b"x")
    s3.put_object(Bucket="listing", Key="top", Body=b"xyz")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="listing", PaginationConfig={"PageSize": 7})
    keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
    assert keys == sorted([f"일/{n:02}" for n in range(25)] + ["top"], key=lambda k: k.encode())
    top = s3.list_objects_v2(Bucket="listing", Delimiter="/")
    assert [p["Prefix"] for p in top["CommonPrefixes"]] == ["일/"]
    assert [(o["Key"], o["Size"]) for o in top["Contents"]] == [("top", 3)]
    assert s3.list_objects_v2(Bucket="listing", Prefix="일/1")["KeyCount"] == 10
    assert s3.list_objects_v2(Bucket="listing", StartAfter="일/23")["KeyCount"] == 1
    assert "Owner" in s3.list_objects_v2(Bucket="listing", FetchOwner=True, MaxKeys=1)["Contents"][0]


def test_buckets(s3):
    s3.create_bucket(Bucket="made-here")
    s3.head_bucket(Bucket="made-here")
    assert "made-here" in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket="made-here")["LocationConstraint"] is None
    assert refused(s3.head_bucket, Bucket="never-made")[0] == 404
    assert refused(s3.list_objects_v2, Bucket="never-made") == (404, "NoSuchBucket")
    assert refused(s3.put_object, Bucket="never-made", Key="k", Body=b"x") == (404, "NoSuchBucket")


def test_deleting_is_the_same_whether_it_was_there(s3):
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"x")
    for _ in range(2):
        assert s3.delete_object(Bucket=BUCKET, Key="gone")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_object, Bucket=BUCKET, Key="gone") == (404, "NoSuchKey")


def test_what_the_store_has_not_is_said_so(s3):
    assert refused(s3.get_bucket_policy, Bucket=BUCKET) == (501, "NotImplemented")
    assert refused(s3.get_object_tagging, Bucket=BUCKET, Key="range") == (501, "NotImplemented")
    assert refused(s3.create_multipart_upload, Bucket=BUCKET, Key="m")[0] == 501
    assert refused(s3.put_object, Bucket=BUCKET, Key="p", Body=b"x", ACL="public-read")[0] == 400
    assert refused(s3.copy_object, Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/range")[0] == 501


def test_other_keys_are_refused(server):
    import boto3
    from botocore.config import Config

    for access_key, secret, code in [
        (server.access_key, "wrong", "SignatureDoesNotMatch"), ("AKIAUNKNOWN", server.secret_key, "InvalidAccessKeyId"),
    ]:
        other = boto3.client(
            "s3", endpoint_url=server.store_url, region_name="us-east-1", aws_access_key_id=access_key,
            aws_secret_access_key=secret, config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
        )
        assert refused(other.list_objects_v2, Bucket=BUCKET) == (403, code)


def test_temporary_tokens_are_refused_not_ignored(server):
    import boto3
    from botocore.config import Config

    other = boto3.client(
        "s3", endpoint_url=server.store_url, region_name="us-east-1", aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key, aws_session_token="made-up",
        config=Config(signature_version="s3v4", retries={"max_attempts": 0}),
    )
    assert refused(other.list_objects_v2, Bucket=BUCKET) == (400, "InvalidToken")


def test_a_bounded_presigned_put_is_taken_once_and_only_as_signed(s3):
    body = b"hello"
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    url = s3.generate_presigned_url(
        "put_object", ExpiresIn=60,
        Params={"Bucket": BUCKET, "Key": "presigned/한.png", "ContentType": "image/png", "ContentLength": 5,
                "ChecksumSHA256": checksum},
    )
    headers = {"Content-Type": "image/png", "x-amz-checksum-sha256": checksum}
    assert send(url, "PUT", b"hello!", headers)[0] == 403
    assert send(url, "PUT", body, {**headers, "Content-Type": "text/html"})[0] == 403
    assert send(url, "PUT", body, {**headers, "x-amz-acl": "public-read"})[0] == 403
    assert send(url, "PUT", b"jello", headers)[0] == 400
    assert send(url + "&tagging", "PUT", body, headers)[0] == 403
    assert send(url, "GET")[0] == 403
    assert refused(s3.head_object, Bucket=BUCKET, Key="presigned/한.png")[0] == 404
    assert send(url, "PUT", body, headers)[0] == 200
    assert s3.get_object(Bucket=BUCKET, Key="presigned/한.png")["Body"].read() == body


def test_presigned_gets_expire_and_cannot_be_extended(s3):
    s3.put_object(Bucket=BUCKET, Key="shown", Body=b"x")
    url = s3.generate_presigned_url("get_object", ExpiresIn=60, Params={"Bucket": BUCKET, "Key": "shown"})
    assert send(url)[2] == b"x"
    assert send(url.replace("Expires=60", "Expires=6000"))[0] == 403
    assert send(url + "&response-content-type=text/html")[0] == 403
    status, headers, body = send(f"{url.split('?')[0]}")
    assert status == 403 and b"<Code>AccessDenied</Code>" in body and headers["Content-Type"] == "application/xml"


def test_signature_version_2_is_refused(server):
    import boto3
    from botocore.config import Config

    old = boto3.client("s3", endpoint_url=server.store_url, region_name="us-east-1", aws_access_key_id=server.access_key,
                       aws_secret_access_key=server.secret_key, config=Config(signature_version="s3"))
    url = old.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "shown"})
    status, _, body = send(url)
    assert status == 400 and b"AWS4-HMAC-SHA256" in body


def test_many_writers_of_one_key_leave_one_whole_object(server):
    bodies = [bytes([n]) * 50_000 for n in range(8)]
    clients = [server.boto3_client() for _ in bodies]
    threads = [
        threading.Thread(target=lambda c=c, b=b: c.put_object(Bucket=BUCKET, Key="raced", Body=b))
        for c, b in zip(clients, bodies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert server.boto3_client().get_object(Bucket=BUCKET, Key="raced")["Body"].read() in bodies


def test_objects_outlive_the_process():
    with PixgateServer() as first:
        first.boto3_client().create_bucket(Bucket="kept")
        first.boto3_client().put_object(Bucket="kept", Key=KOREAN_KEY, Body=b"hello")
        first.kill()
        first.start()
        assert first.boto3_client().get_object(Bucket="kept", Key=KOREAN_KEY)["Body"].read() == b"hello"
