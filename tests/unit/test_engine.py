"""The same function over the same partitions gives the same results wherever it runs."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gapstudy.engine import TRIES, _send, each, map_partitions
from gapstudy.errors import ContractError, StudyError


def total(seed: int) -> float:
    return float(np.random.default_rng(seed).normal(size=1000).sum())


def broken(part: int) -> int:
    raise ContractError(f"part {part} is broken", where="here", remedy="Mend it")


def beside(part: int, shared: np.ndarray) -> float:
    return float(shared[part] * 2)


def dies_once(part: tuple[int, str], shared: np.ndarray) -> float:
    number, folder = part
    seen = Path(folder, str(number))
    if number == 2 and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(shared[number] * 2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]  # no types
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield str(running.scheduler_address).removeprefix("tcp://")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # Workers find the functions of this file by value: it is no installed module.
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])


def test_inline_and_processes_agree() -> None:
    parts = [1, 2, 3]
    inline = map_partitions(total, parts, workers=1)
    assert inline == [total(part) for part in parts]


def test_processes_keep_the_order() -> None:
    assert map_partitions(abs, [-3, 2, -1], workers=2) == [3, 2, 1]


def test_cluster_agrees_with_local(cluster: str) -> None:
    parts = list(range(6))
    assert map_partitions(total, parts, engine=f"dask://{cluster}") == map_partitions(
        total, parts, workers=1
    )


def test_an_error_of_a_partition_keeps_its_message(cluster: str) -> None:
    with pytest.raises(ContractError, match=r"part 1 is broken \(here\)\. Mend it"):
        map_partitions(broken, [1], engine=f"dask://{cluster}")


def test_an_error_survives_a_process_boundary() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ContractError("bad", where="t", remedy="Mend it")))
    assert (str(error), error.remedy) == ("bad (t). Mend it.", "Mend it")


def test_no_scheduler_is_explained() -> None:
    with pytest.raises(StudyError, match=r"no Dask scheduler answers at 127\.0\.0\.1:1"):
        map_partitions(total, [1], engine="dask://127.0.0.1:1")


def test_what_is_shared_reaches_every_partition(cluster: str) -> None:
    shared = np.arange(10.0)
    right = {part: part * 2.0 for part in range(10)}
    for engine, workers in (("local", 1), ("local", 2), (f"dask://{cluster}", 1)):
        found = dict(
            each(beside, iter(range(10)), shared=lambda: shared, engine=engine, workers=workers)
        )
        assert found == right


def test_partitions_are_drawn_only_as_workers_become_free() -> None:
    drawn: list[int] = []

    def parts() -> Iterator[int]:
        for part in range(50):
            drawn.append(part)
            yield part

    results = each(beside, parts(), shared=lambda: np.arange(50.0), workers=2)
    next(results)
    assert len(drawn) <= 6
    assert len(list(results)) == 49


def test_a_killed_worker_of_a_cluster_changes_nothing(cluster: str, tmp_path: Path) -> None:
    parts = [(number, str(tmp_path)) for number in range(6)]
    found = dict(each(dies_once, parts, shared=lambda: np.arange(6.0), engine=f"dask://{cluster}"))
    assert found == {number: number * 2.0 for number in range(6)}
    assert (tmp_path / "2").exists()


def test_a_killed_process_is_told() -> None:
    with pytest.raises(StudyError, match="a worker process was ended from outside"):
        list(each(signal.raise_signal, [signal.SIGKILL], workers=2))


class Leaving:
    """A client some of whose workers go away while something is sent to them."""

    def __init__(self, times: int) -> None:
        self.times = times

    def scatter(self, shared: object, **how: object) -> object:
        self.times -= 1
        if self.times >= 0:
            raise OSError("Stream is closed")
        return shared


def test_what_is_shared_is_sent_again_when_a_worker_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert _send(Leaving(TRIES - 1), lambda: "x", "host:1") == ("x",)
    with pytest.raises(StudyError, match="could not be sent") as raised:
        _send(Leaving(TRIES), lambda: "x", "host:1")
    assert "host:1" in str(raised.value)
