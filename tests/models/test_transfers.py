import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from small_models import FileServer, serve

from assistant.models.catalogue import ModelFile
from assistant.models.folder import no_progress
from assistant.models.transfers import SourceError, receive

CONTENT = Random(1).randbytes(3_000_000)
FILE = ModelFile("x.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({"/x": CONTENT}) as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.gguf.part"


def refusal(server: FileServer, path: Path) -> str:
    with pytest.raises(SourceError) as refused:
        receive(f"{server.url}/x", FILE, path, no_progress)
    return str(refused.value)


def test_a_file_comes_whole_and_tells_how_far_it_is(server: FileServer, path: Path) -> None:
    told: list[tuple[int, int]] = []
    receive(f"{server.url}/x", FILE, path, lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == (FILE.n_bytes, FILE.n_bytes)
    assert server.asked == [("/x", None)]


def test_an_interrupted_file_goes_on_where_it_was(server: FileServer, path: Path) -> None:
    path.write_bytes(CONTENT[:1_000_000])
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT
    assert server.asked == [("/x", "bytes=1000000-")]


def test_a_dropped_line_is_taken_up_again_at_once(server: FileServer, path: Path) -> None:
    server.cuts = [1_000_000, 500_000]
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_line_that_brings_nothing_is_given_up_and_what_came_is_kept(server: FileServer, path: Path) -> None:
    server.cuts = [1_000_000, 0]
    assert refusal(server, path).endswith("after 1,000,000 of 3,000,000 bytes")
    assert path.read_bytes() == CONTENT[:1_000_000]
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_all_again(server: FileServer, path: Path) -> None:
    server.ranges = False
    path.write_bytes(b"?" * 1_000_000)
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT


def test_a_whole_part_needs_no_server(path: Path) -> None:
    path.write_bytes(CONTENT)
    receive("http://127.0.0.1:9/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(server: FileServer, path: Path) -> None:
    path.write_bytes(CONTENT + b"?")
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT


def test_a_wrong_hash_removes_the_part_and_says_so(server: FileServer, path: Path) -> None:
    server.files["/x"] = bytes(FILE.n_bytes)
    assert "has the wrong checksum and was removed" in refusal(server, path)
    assert not path.exists()


def test_a_damaged_part_is_found_at_the_end_and_the_next_attempt_succeeds(server: FileServer, path: Path) -> None:
    path.write_bytes(b"?" + CONTENT[1:1_000_000])
    assert "has the wrong checksum and was removed" in refusal(server, path)
    receive(f"{server.url}/x", FILE, path, no_progress)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("kept", [0, 1_000_000])
def test_another_file_is_refused_by_its_length_before_it_comes(server: FileServer, path: Path, kept: int) -> None:
    path.write_bytes(CONTENT[:kept])
    server.files["/x"] = CONTENT + b"more"
    assert refusal(server, path) == "the server has another file: 3000004 bytes instead of 3000000"
    assert path.read_bytes() == CONTENT[:kept]


def test_a_shorter_file_on_the_server_is_refused_too(server: FileServer, path: Path) -> None:
    path.write_bytes(CONTENT[:1_000_000])
    server.files["/x"] = CONTENT[:500_000]  # the range cannot be satisfied, so it is asked for all of it
    assert refusal(server, path) == "the server has another file: 500000 bytes instead of 3000000"
    assert [wanted for _, wanted in server.asked] == ["bytes=1000000-", None]


def test_a_redirect_is_followed_with_the_range(server: FileServer, path: Path) -> None:
    server.redirects["/y"] = f"{server.url}/x"
    path.write_bytes(CONTENT[:1_000_000])
    receive(f"{server.url}/y", FILE, path, no_progress)
    assert server.asked == [("/y", "bytes=1000000-"), ("/x", "bytes=1000000-")]


def test_a_file_that_is_not_there_is_named_by_the_answer(server: FileServer, path: Path) -> None:
    del server.files["/x"]
    assert refusal(server, path) == "the server answered 404 Not Found, after 0 of 3,000,000 bytes"


def test_a_server_that_is_not_there_is_an_error_of_one_line(path: Path) -> None:
    with pytest.raises(SourceError, match=r"^the connection failed \(.*refused\), after 0 of 3,000,000 bytes$"):
        receive("http://127.0.0.1:9/x", FILE, path, no_progress)


RECEIVE = """
import sys
from pathlib import Path
from test_transfers import FILE
from assistant.models.folder import no_progress
from assistant.models.transfers import SourceError, receive
try:
    receive(sys.argv[1], FILE, Path(sys.argv[2]), no_progress)
except SourceError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key."""
    path = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(tmp_path / "public.pem")]
    subprocess.run(command, check=True, capture_output=True)
    with path.open("ab") as file:
        file.write((tmp_path / "public.pem").read_bytes())
    return path


def receive_trusting(certificate: Path, url: str, path: Path) -> str:
    """What is wrong with this transfer in a process that trusts the certificate; nothing if it is well."""
    environment = os.environ | {"SSL_CERT_FILE": str(certificate), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RECEIVE, url, str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stderr.strip()


def test_a_secure_address_may_not_lead_to_an_open_one(server: FileServer, path: Path, certificate: Path) -> None:
    with serve({"/x": CONTENT}, certificate) as secure:
        secure.redirects["/y"] = f"{server.url}/x"
        assert receive_trusting(certificate, f"{secure.url}/x", path) == ""
        path.unlink()
        fault = receive_trusting(certificate, f"{secure.url}/y", path)
    assert fault == f"the server leads to {server.url}/x, which anyone on the way could change"
    assert path.read_bytes() == b""


def test_a_server_with_a_strange_certificate_is_not_believed(path: Path, certificate: Path) -> None:
    with serve({"/x": CONTENT}, certificate) as secure, pytest.raises(SourceError, match="CERTIFICATE_VERIFY_FAILED"):
        receive(f"{secure.url}/x", FILE, path, no_progress)
