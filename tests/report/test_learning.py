"""Which runs of a learning task are compared: with values left to a model, and with the values in force."""

import pytest

from sbp_brian import figures
from sbp_brian.figures import style
from sbp_brian.figures.learning import artificial, replacement
from sbp_brian.report.learning import NETWORKS, by_depth, by_learning, hidden_cells, learning
from tests.helpers.made_records import run


def in_force(folder, seed=0, **given):
    """A record that holds the values in force, of what has an effect alone."""
    record = run(folder, 0.9 + 0.001 * seed, seed, **given)
    record.parameters = {name: p for name, p in record.parameters.items() if p["value"] is not None}
    return record


def test_a_way_of_learning_is_that_of_its_model_where_none_is_named(tmp_path):
    for name, network in NETWORKS.items():
        assert learning(run(tmp_path / name, model=name)) == network.learning
    assert learning(run(tmp_path, model="stdbp", learning="sbp")) == "sbp"
    assert learning(run(tmp_path, learning="own")) == "weighted/activity", "as old records say it"
    assert hidden_cells(run(tmp_path, model="stdbp")) == 400
    assert hidden_cells(run(tmp_path, hidden=120)) == 120


def test_ways_of_learning_may_differ_in_what_is_their_own(tmp_path):
    own = [
        in_force(tmp_path, seed, rate_hidden=20.0, rate_output=5e-4, homeostasis=1e-5, hidden=500) for seed in (0, 1)
    ]
    frozen = [in_force(tmp_path, seed, learning="frozen", rate_output=1e-3, lambda_p=None) for seed in (0, 1)]
    other = in_force(tmp_path, 2, rate_hidden=3.0, rate_output=5e-4, homeostasis=1e-5)
    swept = in_force(tmp_path, 3, learning="frozen", rate_output=1e-3, jitter=1)
    found = by_learning([other, swept, *own, *frozen], "mnist", "sbp_network")
    assert found == {"weighted/activity": own, "frozen": frozen}, "the choice of most seeds; images at rest"


def test_the_share_of_the_gains_is_part_of_the_released_model_s_setting(tmp_path):
    own, swept = (
        in_force(tmp_path, seed, model="sbp_published", lambda_f=f, lambda_p=None) for seed, f in ((0, 0.2), (1, 0.5))
    )
    old = run(tmp_path, seed=2, model="sbp_published", lambda_f=1.0, released_lambda_f=0.2)
    assert by_learning([swept, own, old], "mnist", "sbp_published")["sbp-released"] == [own, old]


def test_depths_belong_together_though_networks_settle_a_parameter_by_their_depth(tmp_path):
    runs = {d: in_force(tmp_path, depth=d, first_taught=4 if d == 1 else 10, rate_hidden=1.0) for d in (1, 2, 3)}
    elsewhere = in_force(tmp_path, 1, depth=2, first_taught=10, rate_hidden=0.1)
    found = by_depth([*runs.values(), elsewhere], "mnist", "sbp_network", "weighted/activity")
    assert found == {d: [r] for d, r in runs.items()}, "all at one rate"


def test_controls_without_a_rate_stand_beside_what_learns(tmp_path):
    given = {"model": "sbp_spiking_perceptron", "rate_output": 1e-3}
    zero = [
        in_force(tmp_path, learning="zero", learning_share=share, rate_hidden=1e-3 if share < 1 else None, **given)
        for share in (0.0, 0.5, 1.0)
    ]
    sbp = [in_force(tmp_path, learning_share=share, rate_hidden=1e-3, **given) for share in (0.5, 1.0)]
    ((_, (lines, _)),) = replacement.curves([*zero, *sbp]).items()
    assert {name: sorted(line) for name, line in lines.items()} == {"zero": [0, 0.5, 1], "pseudo-bp": [0, 0.5, 1]}
    ((_, rows),) = artificial.gains([zero[-1], sbp[-1]]).items()
    assert [row[0] for row in rows] == ["pseudo-bp"]


def test_every_way_of_learning_has_a_look_of_its_own_in_each_network():
    for network in NETWORKS.values():
        assert network.learning in style.LOOKS or network.learning == "cd"
        assert set(network.controls) <= set(style.LOOKS)
    assert style.look("unheard of")["marker"] == "*"
    assert style.label("unheard of") == style.short("unheard of") == "unheard of"
    assert style.rank("unheard of") == len(style.LOOKS)


@pytest.mark.parametrize("name", ["circuits", "trials", "spread-panels", "sweep-grids", "base"])
def test_parts_of_figures_are_no_figures(name):
    assert name not in figures.names()
