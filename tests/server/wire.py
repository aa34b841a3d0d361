"""How an answer goes over the wire: whole and in order, or broken in a named way."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache

from aiohttp import web

from tests.server.kinds import Sending

_PACK_FROM = 500
_BLOCK = 1 << 20
Way = Callable[[web.Request, Sending], Awaitable[int]]


async def send(request: web.Request, sending: Sending, date: str) -> tuple[web.StreamResponse, int]:
    """Send an answer.

    Args:
        request: what it answers.
        sending: the answer and its way.
        date: value of the Date header, where the answer names none.

    Returns:
        The response for aiohttp to finish, and the bytes of the body sent.
    """
    reply = sending.reply
    headers = {"Date": date, **reply.headers}
    names = {name.lower() for name in headers}
    body = reply.body
    takes = "gzip" in request.headers.get("Accept-Encoding", "").lower()
    if takes and len(body) >= _PACK_FROM and "content-encoding" not in names:
        body = gzip.compress(body, 1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    if sending.way == "plain":
        response = web.Response(status=reply.status, body=body or None, headers=headers)
        # Sent here and not by aiohttp afterwards, so that the end of the answer is measured.
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            await response.write_eof()
        return response, len(body)
    if sending.way == "bomb":
        headers["Content-Encoding"] = "gzip"
        body = await asyncio.to_thread(zeros, int(sending.amount))
    sent = await _broken(request, sending, body, headers)
    # The connection is ours alone now; aiohttp finds it closed.
    response = web.Response(status=reply.status or 500)
    response.force_close()
    return response, sent


async def _broken(
    request: web.Request, sending: Sending, body: bytes, headers: dict[str, str]
) -> int:
    transport = request.transport
    if transport is None:
        return 0
    way, half = sending.way, len(body) // 2
    if way == "reset":
        _reset(transport)
        return 0
    length = len(body) + (int(sending.amount) if way == "length_too_long" else 0)
    chunked = way == "chunks_cut"
    extent = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    lines = [f"HTTP/1.1 {sending.reply.status} -", extent, "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    sent = half
    if way == "drip":
        sent = await _drip(transport, body, sending.amount)
    elif chunked:
        transport.write(f"{max(half, 1):x}\r\n".encode() + (body[:half] or b" ") + b"\r\n")
    elif way in {"half_a_body", "reset_half_way"}:
        transport.write(body[:half])
    else:
        transport.write(body)
        sent = len(body)
    if way == "reset_half_way":
        await asyncio.sleep(0.02)  # so that the half arrives before the reset
        _reset(transport)
    else:
        await _close(transport)
    return sent


async def _drip(transport: asyncio.Transport, body: bytes, seconds: float) -> int:
    pieces = 20
    size = max(-(-len(body) // pieces), 1)
    sent = 0
    for start in range(0, len(body), size):
        if transport.is_closing():
            break
        if start:
            await asyncio.sleep(seconds / (pieces - 1))
        transport.write(body[start : start + size])
        sent += len(body[start : start + size])
    return sent


def _reset(transport: asyncio.Transport) -> None:
    """End a connection by RST in place of FIN."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        # A client that is gone already needs no reset.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _close(transport: asyncio.Transport) -> None:
    transport.close()
    # What is still unsent goes first; a client that does not read is left after a while.
    for _ in range(200):
        if transport.get_write_buffer_size() == 0:
            return
        await asyncio.sleep(0.05)


@lru_cache(maxsize=4)
def zeros(size: int) -> bytes:
    """A gzip file of `size` zeros, made without ever holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b"\0" * _BLOCK
    # After a full flush each block packs to the same bytes: it is packed once and repeated.
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    whole, rest = divmod(size, _BLOCK)
    check = 0
    for _ in range(whole):
        check = zlib.crc32(block, check)
    check = zlib.crc32(block[:rest], check)
    parts = [once] + [again] * (whole - 1) if whole else []
    tail = packer.compress(block[:rest]) + packer.flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return head + b"".join(parts) + tail + struct.pack("<II", check, size & 0xFFFFFFFF)
