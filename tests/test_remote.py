"""Remote corpora: servers started here give what the local file gives, over HTTP and over S3's protocol."""

import gzip
import http.server
import json
import threading
from functools import partial

import numpy as np
import pytest

from w2vplus import Word2Vec
from w2vplus.corpus import LineSentence, encode, open_corpus

ROWS = [{"text": f"Row {n}: the naïve cat, number {n % 7}.", "walk": [n, n % 5]} for n in range(500)]
LINES = "".join(row["text"] + "\n" for row in ROWS).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "text.txt").write_bytes(LINES)
    (folder / "text.txt.gz").write_bytes(gzip.compress(LINES))
    (folder / "broken.txt.gz").write_bytes(gzip.compress(LINES)[:-20])
    (folder / "rows.jsonl.gz").write_bytes(
        gzip.compress("".join(json.dumps(r) + "\n" for r in ROWS).encode())
    )
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def http_base(folder):
    pytest.importorskip("requests", reason="smart_open reads HTTP through requests")
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def s3_base(folder):
    """A bucket of a local server that speaks S3, with the same files; the environment points boto3 there."""
    boto3 = pytest.importorskip("boto3", reason="S3 needs smart_open[s3]")
    servers = pytest.importorskip("moto.server", reason="needs moto[server], a local S3")
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3")
        client.create_bucket(Bucket="corpora")
        for file in folder.iterdir():
            client.upload_file(str(file), "corpora", file.name)
        yield "s3://corpora/"
    server.stop()


@pytest.fixture(params=["http_base", "s3_base"])
def base(request):
    return request.getfixturevalue(request.param)


def content(corpus):
    return (
        corpus.types,
        corpus.counts.tolist(),
        corpus.store.ids.tolist(),
        corpus.store.sentence_starts.tolist(),
    )


@pytest.mark.parametrize("name", ["text.txt", "text.txt.gz"])
@pytest.mark.parametrize("options", [{}, {"normalize": "simple", "sentences": "simple"}])
@pytest.mark.parametrize("workers", [1, 2])
def test_remote_text_is_the_local_text(base, folder, name, options, workers):
    local = content(encode(str(folder / name), **options))
    assert content(encode(base + name, workers=workers, **options)) == local
    assert content(encode([base + name, base + name], **options))[2] == local[2] * 2


def test_remote_columns_are_the_local_columns(base, folder):
    for fields in ("text", "walk"):
        local = encode(str(folder / "rows.jsonl.gz"), fields=fields)
        assert content(encode(base + "rows.jsonl.gz", fields=fields)) == content(local)


def test_remote_parquet_is_read_more_than_once_and_fetched_once(base, folder, monkeypatch):
    pa = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), folder / "rows.parquet")
    if base.startswith("s3"):
        import boto3

        boto3.client("s3").upload_file(str(folder / "rows.parquet"), "corpora", "rows.parquet")
    corpus = open_corpus(base + "rows.parquet", fields="walk")
    expected = [row["walk"] for row in ROWS]
    assert list(corpus) == expected
    (folder / "rows.parquet").unlink()
    assert list(corpus) == expected


def test_a_model_trains_from_remote_lines_as_from_local_ones(base, folder):
    options = {"min_count": 1, "vector_size": 8, "workers": 1}
    remote = Word2Vec(LineSentence(base + "text.txt.gz"), **options)
    local = Word2Vec(LineSentence(str(folder / "text.txt.gz")), **options)
    assert np.array_equal(remote.wv.vectors, local.wv.vectors)


def test_what_goes_wrong_far_away_is_named(base):
    with pytest.raises(OSError, match=r"cannot read the corpus .*absent\.txt"):
        encode(base + "absent.txt")
    with pytest.raises(ValueError, match=r"broken.txt.gz is truncated"):
        encode(base + "broken.txt.gz")
