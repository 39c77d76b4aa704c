"""A program that Postfix's pipe can run as any user, and that has the tests run the real command.

Postfix runs pipes as an unprivileged user, who may not even see this checkout. So the pipe's program is a few lines of
Perl, which every Debian has; it hands standard input to a socket, and ends with the exit code that comes back.
"""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = """#!/usr/bin/perl
use IO::Socket::UNIX;
my $there = IO::Socket::UNIX->new(Peer => "{socket}") or exit 75;
local $/;
print $there <STDIN>;
$there->flush; shutdown($there, 1);
my $said = <$there>;
my ($code, $text) = split(/\\n/, $said, 2);
print STDERR $text;
exit($code);
"""


@contextmanager
def relay(folder: Path, command: Callable[[], tuple[list[str], dict[str, str]]]) -> Iterator[Path]:
    """Return the program; for each call the command is run with that standard input, and what it ended with kept."""
    place = folder / "relay.socket"
    program = folder / "relay"
    program.write_text(PROGRAM.format(socket=place))
    program.chmod(0o755)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place))
    place.chmod(0o666)
    listening.listen()

    def serve() -> None:
        while True:
            try:
                line, _address = listening.accept()
            except OSError:
                return
            with line, line.makefile("rb") as given:
                words, env = command()
                ended = subprocess.run(words, input=given.read(), env=env, capture_output=True, check=False)
                line.sendall(f"{ended.returncode}\n".encode() + ended.stderr)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield program
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(60)
