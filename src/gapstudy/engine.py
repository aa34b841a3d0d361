"""Map a function over partitions: in this machine's processes, or on a Dask cluster by address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gapstudy.errors import StudyError

Part = TypeVar("Part")
Result = TypeVar("Result")


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
        StudyError: the cluster cannot be reached, or its library is not installed.
    """
    if engine.startswith("dask://"):
        return _on_cluster(function, partitions, engine.removeprefix("dask://"))
    if workers == 1 or len(partitions) < 2:
        return [function(part) for part in partitions]
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # Spawn: forking a process that already runs threads (Arrow, BLAS) can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(partitions)), mp_context=context) as pool:
        return list(pool.map(function, partitions))


def _on_cluster(
    function: Callable[[Part], Result], partitions: Sequence[Part], address: str
) -> list[Result]:
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
        futures = client.map(function, list(partitions), pure=False)
        results: list[Result] = client.gather(futures)  # type: ignore[no-untyped-call]  # no types
    return results
