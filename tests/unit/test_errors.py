"""The tree of errors."""

import pickle

import pytest

from gapstudy import errors
from gapstudy.errors import GapstudyError, UnknownNameError, nearest

KINDS = sorted(
    (kind for kind in vars(errors).values()
     if isinstance(kind, type) and issubclass(kind, GapstudyError)),
    key=lambda kind: kind.__name__,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_documented_and_has_an_exit_code(kind: type[GapstudyError]) -> None:
    assert kind.__doc__
    assert kind.exit_code in {2, 3, 4}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_survives_a_process_boundary(kind: type[GapstudyError]) -> None:
    before = kind("It broke.", where="there", remedy="Mend it")
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is kind
    assert (after.what, after.where, after.remedy) == (before.what, before.where, before.remedy)
    assert str(after) == str(before) == "It broke (there). Mend it."


def test_a_message_says_only_what_is_known() -> None:
    assert str(GapstudyError("It broke")) == "It broke."
    assert str(GapstudyError("It broke", remedy="Mend it.")) == "It broke. Mend it."


def test_the_nearest_name_is_offered() -> None:
    error = UnknownNameError.of("table", "paper", ["papers", "patents"], where="study")
    assert str(error).startswith("no table is called 'paper' (study). Did you mean 'papers'?")
    assert nearest("zzz", ["b", "a"]) == "Known: a, b"
    assert nearest("zzz", []) == ""
