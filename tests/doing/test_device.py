"""What the kernel tells, as it is on this machine."""

import platform
import socket
import subprocess
import sys
import time

from assistant.doing import device


def test_a_process_knows_how_old_it_is() -> None:
    code = "from assistant.doing.device import process_age_s; print(process_age_s())"
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert 0.0 <= float(done.stdout) <= time.monotonic() - began_s + 0.1


def test_network_sockets_are_counted_of_every_kind_and_of_children_too_but_not_those_of_unix() -> None:
    n_before = device.n_network_sockets()
    with socket.socket(socket.AF_UNIX):
        assert device.n_network_sockets() == n_before
    with socket.socket(socket.AF_INET), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM):
        assert device.n_network_sockets() == n_before + 2
    listens = "import socket; s = socket.socket(); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", listens], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert device.n_network_sockets() == n_before + 1
        child.kill()


def test_the_filter_of_system_calls_is_that_of_the_kernel() -> None:
    code = "from assistant.doing.device import filters_system_calls; print(filters_system_calls())"
    # PR_SET_SECCOMP with a filter of one rule, which allows everything (seccomp(2)).
    filtered = (
        "import ctypes, struct\n"
        "libc = ctypes.CDLL(None)\n"
        "rule = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))\n"
        "program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', 1, ctypes.addressof(rule)))\n"
        "assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0\n"
    )
    told = [
        subprocess.run([sys.executable, "-c", before + code], check=True, capture_output=True, text=True).stdout.strip()
        for before in ("", filtered)
    ]
    assert told[1] == "True"
    assert told[0] in {"False", "True"}  # True where the tests themselves run under a filter


def test_the_network_is_locked_where_the_kernel_refuses_a_socket() -> None:
    code = "from assistant.doing.device import network_is_locked; print(network_is_locked())"
    # As above, with the rules: load the number of the call; if it is that of socket(2), fail with EAFNOSUPPORT.
    number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
    locked = (
        "import ctypes, struct\n"
        "libc = ctypes.CDLL(None)\n"
        f"rules = [(0x20, 0, 0, 0), (0x15, 0, 1, {number}), (6, 0, 0, 0x50000 | 97), (6, 0, 0, 0x7fff0000)]\n"
        "packed = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *rule) for rule in rules))\n"
        "program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(rules), ctypes.addressof(packed)))\n"
        "assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0\n"
    )
    done = subprocess.run([sys.executable, "-c", locked + code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "True"
