"""HTTP as servers really speak it, byte by byte, over real sockets."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from ipaas_dagster.source.lines import LineBroken, Lines, NotConnected

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def _with_server(answers: Sequence[bytes | None], ask: Callable[[Lines, str], Awaitable[Any]]) -> tuple[Any, int]:
    """What `ask` gives, and how many connections were made. An answer for each request; None: the line is closed."""
    left, made = list(answers), 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                answer = left.pop(0) if left else b""
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"\r\n\r\n" in answer and b"Length" not in answer and b"chunked" not in answer:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    lines = Lines(None, 5, 0.3)
    try:
        return await ask(lines, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a?b=1"), made
    finally:
        await lines.aclose()
        server.close()


def ask(*answers: bytes | None, times: int = 1) -> tuple[Any, int]:
    async def every(lines: Lines, url: str) -> Any:
        found = None
        for _ in range(times):
            found = await lines.get(url, {"Accept": "*/*"})
        return found

    return asyncio.run(_with_server(answers, every))


def test_a_line_is_kept_for_the_next_request() -> None:
    assert ask(OK, OK, OK, times=3) == ((200, {"content-length": "2"}, b"ok"), 1)


def test_a_line_that_is_to_be_closed_is_not_kept() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert ask(closing, OK, times=2)[1] == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 102 Processing\r\n\r\n" + OK,
    ],
    ids=["chunked", "until the end of the line", "announced"],
)
def test_every_way_to_end_an_answer(answer: bytes) -> None:
    (status, _, body), _ = ask(answer)
    assert (status, body) == (200, b"ok")


def test_compressed_answers_are_read_and_cut_ones_refused() -> None:
    raw = zlib.compressobj(wbits=-15)
    forms = {
        "gzip": zlib.compress(b"ok" * 99, wbits=31),
        "deflate": zlib.compress(b"ok" * 99),
        "Deflate": raw.compress(b"ok" * 99) + raw.flush(),
    }
    for name, body in forms.items():
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
        assert ask(head % (name.encode(), len(body)) + body)[0][2] == b"ok" * 99
        with pytest.raises(LineBroken, match="compression"):
            ask(head % (name.encode(), len(body) - 3) + body[:-3])


@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", b"SMTP ready\r\n\r\n"])
def test_an_answer_that_does_not_come_whole_is_a_fault_of_the_line(answer: bytes | None) -> None:
    with pytest.raises((LineBroken, TimeoutError)):
        ask(answer)


def test_a_silent_server_is_not_waited_for() -> None:
    with pytest.raises(TimeoutError, match="no byte came"):
        ask(b"")


def test_nobody_there_is_told_from_a_broken_line() -> None:
    with pytest.raises(NotConnected):
        asyncio.run(Lines(None, 5, 5).get("http://127.0.0.1:1/", {}))


def test_an_answer_that_nobody_waits_for_is_never_taken_for_the_next_one() -> None:
    async def cancelled(lines: Lines, url: str) -> Any:
        first = asyncio.create_task(lines.get(url, {}))
        with pytest.raises(TimeoutError):  # only half an answer ever comes
            await first
        return await lines.get(url, {})

    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno"
    (_, _, body), made = asyncio.run(_with_server([half, OK], cancelled))
    assert (body, made) == (b"ok", 2)
