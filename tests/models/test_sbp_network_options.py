"""Options of the flagship network: what is refused, how they are found, and that each does something."""

from dataclasses import fields

import pytest
from brian2 import ms

from sbp_brian.errors import ModelError, RetrogradeError
from sbp_brian.models import stdbp
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.equations import HIDDEN, INPUTS, OUTPUT, OUTPUTS, PIXELS
from sbp_brian.models.sbp_network.options import (
    Dale,
    Displacement,
    Dropout,
    Graded,
    Homeostasis,
    Late,
    Latency,
    MembraneHomeostasis,
    OneHop,
    Poisson,
    Precision,
    SeveralRight,
    ShortTerm,
    Spikes,
    SpikeTiming,
    SteadyHiddenRate,
    Subset,
    Tag,
    Timing,
)


def network(learning, *options, n_hidden=12, **kwds):
    return SBPNetwork(20, n_hidden, 3, learning, **kwds, options=options)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: network("wieghted"), "learning must be one of weighted/activity"),
        (lambda: network("weighted", n_hidden=0), "n_hidden must be a whole number of at least 1"),
        (lambda: Timing(steps=10, first_taught=10), "first_taught must be a step of the sample, 0 to 9"),
        (lambda: network("weighted", rate_output=float("nan")), "rate_output must be a number of at least 0"),
        (lambda: network("weighted", lambda_p=0.0), "lambda_p must be a number above 0 and at most 1"),
        (lambda: network("weighted", n_hidden=(500, 0)), "n_hidden must be a whole number of at least 1"),
        (lambda: network("weighted", n_hidden=()), "n_hidden must be a whole number of at least 1"),
        (lambda: Dropout(input=1.0), "input of Dropout must be a number from 0 to below 1"),
        (lambda: Homeostasis(-1.0), "rate of Homeostasis must be a number above 0"),
        (lambda: network("weighted", "latency"), "SBPNetwork has no such option: 'latency'; Known: "),
        (lambda: network("weighted", Poisson(), Dropout(0.1)), "input=0.1 of Dropout needs graded pixels"),
        (
            lambda: network("weighted", Spikes(), Displacement(1)),
            r"Displacement\(pixels=1\) displaces pixels of graded",
        ),
        (lambda: Precision("half"), "floats of Precision must be one of double, single"),
        (lambda: Subset(alike=0), "alike of Subset must be a whole number of at least 1"),
        (lambda: Poisson(rate=2.0), "rate of the input must be a number above 0 and at most 1"),
        (lambda: ShortTerm(release=1.0), "release must be a number from 0 to below 1"),
        (lambda: ShortTerm(tau_rec=-1 * ms), "tau_rec must be positive"),
        (lambda: network("weighted", lambda_f=1.5), "lambda_f must be a number from 0 to 1"),
        (lambda: network("weighted", Latency(), Graded()), r"more than one InputCoding, Latency\(\), Graded\(\); keep"),
        (lambda: network("weighted", Dropout), r"has no such option: Dropout is a class; give Dropout\(...\)"),
        (
            lambda: network("weighted", stdbp.options.Dropout(0.1)),
            "this Dropout is of sbp_brian.models.stdbp.options",
        ),
        (lambda: network("weighted", OneHop()), "OneHop is for several hidden layers"),
        (lambda: Late(0), "samples of Late must be a whole number of at least 1, got 0; leave the option out for none"),
        (lambda: Late(-3), "samples of Late must be a whole number of at least 1"),
        (lambda: Late(2.5), "samples of Late must be a whole number of at least 1"),
        (lambda: Late(5, 0), "stages of Late must be a whole number of at least 1"),
        (lambda: Late(5, 5), "each of stages=5 takes more than a sample on average, so they cannot take samples=5"),
        (lambda: Tag(0), "delay of Tag must be a whole number of at least 1"),
        (lambda: Tag(5, 1.5), "stages of Tag must be a whole number of at least 1"),
        (lambda: Tag(stages=True), "stages of Tag must be a whole number of at least 1"),
        (lambda: Tag(5, centred=2), "centred must be True or False, got 2"),
        (lambda: network("weighted", Late(3), Tag(stages=3)), "Tag: each of stages=3 takes more than a sample"),
        (lambda: network("weighted", Tag(3)), "waits for a signal that comes late; add Late"),
        (lambda: network("weighted", Late(3), n_hidden=(9, 8)), r"is for one hidden layer, not for n_hidden=\(9, 8\)"),
        (lambda: Dropout(hiden=0.2), "unknown parameter 'hiden'; did you mean 'hidden'"),
        (lambda: SBPNetwork(options=Dropout(0.1)), "options must be a tuple of options"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises((ModelError, RetrogradeError, ValueError, TypeError), match=message):
        wrong()


def test_options_are_found_in_any_order_and_have_defaults():
    made = network("weighted", ShortTerm(), Latency(), n_hidden=(12, 9), lambda_p=0.5)
    assert made == network("weighted", Latency(), ShortTerm(), n_hidden=(12, 9), lambda_p=0.5)
    assert made.option(Dropout) == Dropout(0.0, 0.0)
    assert made.option(Dale) is None
    assert made.with_options(Graded()).without(ShortTerm) == network(
        "weighted", Graded(), n_hidden=(12, 9), lambda_p=0.5
    )
    assert made.option(Latency) == Latency()
    assert network("weighted", Dropout(), Graded(), Timing(), Subset()) == network("weighted"), (
        "defaults are no options"
    )
    assert network("weighted", Dropout(0.1)).option(Dropout) == Dropout(input=0.1)
    assert made.option(Poisson) is None
    assert Timing(steps=50).first_taught == 10
    assert len(fields(SBPNetwork)) <= 10
    assert SBPNetwork(16, 8, 3, width=4).hidden_sizes == (8,)


def test_the_default_network_is_the_text_that_can_be_read():
    texts = SBPNetwork().texts
    read = {"pixels": PIXELS, "inputs": INPUTS, "hidden": HIDDEN, "outputs": OUTPUTS, "output": OUTPUT}
    assert {text.name: str(text) for text in texts} == {name: text.strip() for name, text in read.items()}


def test_the_text_shows_the_network_as_chosen():
    plain = SBPNetwork().text
    for line in ("v += clip(drive + bias, 0, 1)", "drive_post += w*x_pre", "bias += bias_rate*(retro_ltp_now - "):
        assert line in plain
    for line in ("w = w + rate*s_pre/(phase_post + 1)", "on_pre 'retrograde' at 'sample_end' (start, 1):", "x > 0"):
        assert line in plain
    deep = network("weighted", ShortTerm(), Dale(), Dropout(hidden=0.2), SpikeTiming(4 * ms), n_hidden=(12, 9)).text
    for line in ("arriving_post += w*resource_pre", "v += gain*arriving + bias", "polarity : 1", "hidden2", "inputs2"):
        assert line in deep
        assert line not in plain
    assert "polarity_pre*clip(polarity_pre*(w + rate*trace_pre), 0, inf)" in deep


@pytest.mark.parametrize(
    "option",
    [
        Timing(steps=10, first_taught=2, hidden_start=0.5),
        Timing(steps=10, first_taught=2, random_start=True),
        Latency(),
        Poisson(),
        Spikes(),
        Displacement(1),
        Dropout(input=0.1),
        Dropout(hidden=0.1),
        Homeostasis(0.1),
        Dale(),
        ShortTerm(),
        SpikeTiming(4 * ms),
        MembraneHomeostasis(0.1),
        SeveralRight(),
        OneHop(),
    ],
    ids=repr,
)
def test_every_option_changes_the_network(option):
    without = network("weighted", n_hidden=(12, 9), width=5)
    assert without.with_options(option).text != without.text


@pytest.mark.parametrize("option", [Tag(), Tag(7), Tag(stages=2), Tag(centred=True), Late(6), Late(5, 2)], ids=repr)
def test_lateness_and_tags_change_the_network(option):
    late = network("weighted", Late(5))
    others = [late] if option == Tag() else [late, late.with_options(Tag())]
    assert all(late.with_options(option).text != other.text for other in others)
    assert late.text != network("weighted").text


@pytest.mark.parametrize("option", [SteadyHiddenRate(), Homeostasis(0.1, target_spikes=2.0), Subset(seed=3)], ids=repr)
def test_options_that_change_no_text_change_what_runs(option):
    without = network("weighted", lambda_p=0.5)
    changed = without.with_options(option)
    models = without.trial_model(), changed.trial_model()
    assert models[0].by_epoch(1) != models[1].by_epoch(1) or without.retrograde != changed.retrograde
