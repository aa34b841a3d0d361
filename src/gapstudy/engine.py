"""Map a function over partitions: in this machine's processes, or on a Dask cluster by address."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gapstudy import pickles
from gapstudy.errors import StudyError

Part = TypeVar("Part")
Result = TypeVar("Result")

#: Gives what all partitions look at.
Shared = Callable[[], Any] | None
#: How often a partition whose worker was lost is sent again.
TRIES = 3
#: What a worker process of the local engine shares among its partitions.
_shared: Any = None


def map_partitions(
    function: Callable[[Part], Result],
    partitions: Sequence[Part],
    *,
    engine: str = "local",
    workers: int = 2,
) -> list[Result]:
    """Apply a function to every partition; the results are the same wherever it runs.

    Args:
        function: a function of a module (it must be importable by the workers), deterministic in
            its argument.
        partitions: its arguments; each must fit in one worker's memory.
        engine: "local", or "dask://HOST:PORT" for a running Dask scheduler.
        workers: processes of the local engine; with one, or one partition, no process is started.

    Returns:
        The results in the order of the partitions.

    Raises:
        StudyError: the cluster cannot be reached or loses its workers, a process was ended, or a
            library is not installed.
    """
    few = 1 if len(partitions) < 2 else workers
    found = dict(each(function, partitions, engine=engine, workers=few))
    return [found[at] for at in range(len(partitions))]


def each(
    function: Callable[..., Result],
    partitions: Iterable[Any],
    *,
    shared: Shared = None,
    engine: str = "local",
    workers: int = 2,
) -> Iterator[tuple[int, Result]]:
    """Apply a function to partitions and give each result as soon as it is there.

    Partitions are drawn only as workers become free, so neither they nor the results need to fit in
    memory together. A caller that keeps each result goes on from there after an interruption.

    Args:
        function: as for `map_partitions`; called with a partition, and with `shared` if given.
        partitions: its arguments, which may be made on the fly.
        shared: gives something large that all calls look at (and never change). It is sent to each
            worker once and not kept here; arrays in it are mapped from one file by all processes of
            this machine.
        engine: "local", or "dask://HOST:PORT".
        workers: processes of the local engine; with one, no process is started.

    Yields:
        Position of the partition and its result, in no particular order.

    Raises:
        StudyError: as for `map_partitions`.
    """
    if engine.startswith("dask://"):
        yield from _on_cluster(function, partitions, shared, engine.removeprefix("dask://"))
    elif workers == 1:
        extra = () if shared is None else (shared(),)
        for at, part in enumerate(partitions):
            yield at, function(part, *extra)
    else:
        yield from _in_processes(function, partitions, shared, workers)


def _in_processes(
    function: Callable[..., Result], partitions: Iterable[Any], shared: Shared, workers: int
) -> Iterator[tuple[int, Result]]:
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    with contextlib.ExitStack() as stack:
        path = None
        if shared is not None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "shared"
            pickles.dump(shared(), path)
        # Spawn: forking a process that already runs threads (Arrow, BLAS) can hang.
        pool = stack.enter_context(
            ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), initializer=_load, initargs=(path,)
            )
        )
        waiting = enumerate(partitions)
        running: dict[Future[Result], int] = {}
        try:
            while True:
                # One more than there are workers: the next is at hand when one ends.
                for at, part in itertools.islice(waiting, workers + 1 - len(running)):
                    running[pool.submit(_call, function, part, path is not None)] = at
                if not running:
                    return
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise StudyError(
                "a worker process was ended from outside, most likely for want of memory",
                where="study.toml, workers",
                remedy="Run again: finished parts are kept. Set fewer workers if it comes back",
            ) from error
        finally:
            for future in running:
                future.cancel()


def _load(path: Path | None) -> None:
    global _shared
    if path is not None:
        _shared = pickles.load(path)


def _call(function: Callable[..., Result], part: Any, with_shared: bool) -> Result:
    return function(part, _shared) if with_shared else function(part)


def _on_cluster(
    function: Callable[..., Result], partitions: Iterable[Any], shared: Shared, address: str
) -> Iterator[tuple[int, Result]]:
    with _client(address) as client:
        from distributed import as_completed

        extra = _send(client, shared, address)
        waiting = enumerate(partitions)
        running: dict[Any, tuple[int, Any, int]] = {}
        done: Any = as_completed([], with_results=False)  # type: ignore[no-untyped-call]

        def submit(at: int, part: Any, tries: int) -> None:
            future = client.submit(function, part, *extra, pure=False)
            running[future] = (at, part, tries)
            done.add(future)

        def fill() -> None:
            room = 2 * max(1, len(client.scheduler_info(n_workers=-1)["workers"])) - len(running)
            for at, part in itertools.islice(waiting, max(room, 0)):
                submit(at, part, 1)

        fill()
        for future in done:
            at, part, tries = running.pop(future)
            if _lost(future):
                # Its worker ended, or what it shared went with the worker: both are sent again.
                if tries >= TRIES:
                    raise StudyError(
                        f"part {at + 1} was lost {TRIES} times with the worker that it ran on",
                        where=f"Dask cluster at {address}",
                        remedy="Give the workers more memory, or smaller partitions; "
                        "finished parts are kept",
                    )
                extra = _send(client, shared, address)
                submit(at, part, tries + 1)
                continue
            yield at, future.result()
            fill()


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise StudyError(
            "the engine is a Dask cluster, but Dask is not installed",
            where="study.toml, engine",
            remedy="Install it with `pip install gapstudy[cluster]`, or set engine = 'local'",
        ) from error
    try:
        client = Client(f"tcp://{address}", timeout="10s")  # type: ignore[no-untyped-call]  # no types
    except (OSError, ValueError) as error:
        raise StudyError(
            f"no Dask scheduler answers at {address}",
            where="study.toml, engine",
            remedy="Start it, correct the address, or set engine = 'local'",
        ) from error
    with client:
        yield client


def _send(client: Any, shared: Shared, address: str) -> tuple[Any, ...]:
    """What is shared, on every worker.

    Raises:
        StudyError: workers went away whenever it was sent.
    """
    if shared is None:
        return ()
    given = shared()
    for turn in range(TRIES):
        # A worker that ended is known to the scheduler only a moment later.
        time.sleep(turn)
        with contextlib.suppress(OSError):
            return (client.scatter(given, broadcast=True, hash=False),)
    raise StudyError(
        f"what all parts need could not be sent to the workers {TRIES} times",
        where=f"Dask cluster at {address}",
        remedy="Give the workers more memory, or start others; finished parts are kept",
    )


def _lost(future: Any) -> bool:
    """Whether a task ended without a result or an error of its own."""
    from distributed.scheduler import KilledWorker

    if future.status in {"cancelled", "lost"}:
        return True
    return future.status == "error" and isinstance(future.exception(), KilledWorker)
