"""Which records belong together, whatever they are of."""

import pytest

from sbp_brian.report.together import common_seeds, groups, one_a_seed, setting, value
from tests.helpers.made_records import run


def test_what_is_missing_none_or_usual_makes_no_setting(tmp_path):
    plain, missing, chosen = (run(tmp_path / str(k), jitter=jitter) for k, jitter in enumerate((0, None, 1)))
    del missing.parameters["jitter"]
    left = run(tmp_path / "left", jitter=None)
    usual = {"jitter": 0, "depth": 1}
    assert setting(plain, usual=usual) == setting(missing, usual=usual) == setting(left, usual=usual)
    assert setting(chosen, usual=usual) != setting(plain, usual=usual)
    assert setting(plain) != setting(missing), "what is usual has to be said"
    assert setting(chosen, ("jitter",)) == setting(missing)
    assert setting(chosen, only=("depth",)) == setting(plain, only=("depth",))
    assert (value(left, "jitter", 3), value(missing, "jitter", 3), value(chosen, "jitter", 3)) == (3, 3, 1)


def test_runs_are_grouped_by_setting_and_key_and_the_newest_of_a_seed_stays(tmp_path):
    runs = [run(tmp_path / str(k), seed=seed, depth=depth) for k, (seed, depth) in enumerate(((1, 1), (0, 1), (0, 2)))]
    again = run(tmp_path / "again", 0.5, seed=0)
    again.started = "2027"
    found = groups([*runs, again], key=lambda r: r.parameters["depth"]["value"], of=lambda r: r.protocol)
    assert list(found) == ["mnist"]
    assert {depth: len(same) for depth, same in found["mnist"].items()} == {1: 3, 2: 1}
    assert one_a_seed(found["mnist"][1]) == [again, runs[0]]


@pytest.mark.parametrize(("seeds", "kept"), [(((2, 0, 1), (1, 2)), [1, 2]), (((0,), (1,)), []), (((1,),), [1])])
def test_common_seeds_pair_runs(tmp_path, seeds, kept):
    compared = {str(k): [run(tmp_path / str(k), seed=seed) for seed in own] for k, own in enumerate(seeds)}
    assert [[r.seed for r in same] for same in common_seeds(compared).values()] == [kept] * len(seeds)
    assert common_seeds({}) == {}
