"""The checks of parameters: what passes unchanged, what is refused and in which words, and units as text."""

import numpy as np
import pytest
from brian2 import (
    Quantity,
    amp,
    coulomb,
    farad,
    get_dimensions,
    hertz,
    kelvin,
    metre,
    mole,
    ms,
    mV,
    nS,
    ohm,
    second,
    siemens,
    volt,
)
from brian2.units.fundamentalunits import DIMENSIONLESS, get_or_create_dimension

from sbp_brian.errors import RuleError
from sbp_brian.rules import quantities


def message(check, *given):
    with pytest.raises(RuleError) as caught:
        check(*given)
    return str(caught.value)


@pytest.mark.parametrize(("value", "like"), [(0, 1), (-2.5, 1), (3 * mV, volt), (np.float32(2), 1), (0 * nS, siemens)])
def test_one_finite_value_passes_as_it_is(value, like):
    assert quantities.scalar("x", value, like) is value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -np.inf, [1, 2], [1], None, "1", 1 * mV, True, np.True_, np.array([1.0])]
)
def test_what_is_no_plain_number(value):
    assert message(quantities.scalar, "x", value) == f"x = {value} must be a plain number, one and finite"


@pytest.mark.parametrize("value", [1, [1, 2] * mV, [1] * mV, np.nan * volt, 1 * ms, "1"])
def test_what_is_no_quantity_of_the_unit(value):
    said = message(quantities.scalar, "v_th", value, mV)
    assert said == f"v_th = {value} must be a quantity in {volt!r}, one and finite"


def test_positive_values():
    assert quantities.positive("g", 2 * nS, siemens) == 2 * nS
    assert quantities.positive("k", 1e-300) == 1e-300
    assert message(quantities.positive, "k", 0) == "k = 0 must be positive"
    assert message(quantities.positive, "g", -1 * nS, siemens) == f"g = {-1 * nS} must be positive"
    assert message(quantities.positive, "g", 1, siemens) == f"g = 1 must be a quantity in {siemens!r}, one and finite"


def test_a_duration_is_a_time_above_zero():
    assert quantities.duration("tau", 20 * ms) == 20 * ms
    assert message(quantities.duration, "tau", 20) == f"tau = 20 must be a quantity in {second!r}, one and finite"
    assert message(quantities.duration, "tau", 0 * ms).endswith("must be positive")


def test_a_share_lies_above_zero_and_at_most_at_one():
    assert [quantities.share("p", value) for value in (1e-9, 0.5, 1)] == [1e-9, 0.5, 1]
    for value in (0, -0.1, 1.0000001):
        assert message(quantities.share, "p", value) == f"p = {value} must lie above 0 and at most at 1"
    assert message(quantities.share, "p", 0.5 * mV).endswith("must be a plain number, one and finite")


def test_bounds_are_in_order_and_of_one_unit():
    assert quantities.bounds(-1, 2) == (-1, 2)
    assert quantities.bounds(1 * nS, 3 * nS) == (1 * nS, 3 * nS)
    for low, high in ((2, 2), (3, 2)):
        assert message(quantities.bounds, low, high) == f"w_min = {low} must be below w_max = {high}"
    assert message(quantities.bounds, 1, 2 * nS) == f"w_min = 1 must be a quantity in {siemens!r}, one and finite"
    assert message(quantities.bounds, 0 * mV, 2 * nS).startswith(f"w_min = {0 * mV} must be a quantity in")
    assert message(quantities.bounds, 0, [1, 2]) == "w_max = [1, 2] must be a plain number, one and finite"
    assert message(quantities.bounds, 0, "1") == "w_max = 1 must be a plain number, one and finite"
    assert message(quantities.bounds, "0", 1) == "w_min = 0 must be a plain number, one and finite"
    assert message(quantities.bounds, [0, 0], 1) == "w_min = [0, 0] must be a plain number, one and finite"


def test_a_bare_zero_takes_the_unit_of_the_upper_bound():
    low, high = quantities.bounds(0, 2 * nS)
    assert isinstance(low, Quantity)
    assert get_dimensions(low) == siemens.dim
    assert (float(low), high) == (0, 2 * nS)


def test_one_of_a_few_words():
    assert quantities.one_of("pairs", "all", ("all", "nearest")) == "all"
    assert message(quantities.one_of, "pairs", "neerest", ("all", "nearest")) == (
        "pairs must be one of all, nearest, got 'neerest'; did you mean 'nearest'?"
    )


@pytest.mark.parametrize("unit", [second, hertz, amp, volt, siemens, ohm, coulomb, farad, metre, kelvin, mole])
def test_the_text_of_a_unit_is_that_unit(unit):
    import brian2

    assert eval(quantities.unit_text(3 * unit), vars(brian2)).dim == unit.dim
    assert quantities.unit_text(unit.dim) == quantities.unit_text(3 * unit)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (DIMENSIONLESS, "1"),
        (2 * mV, "volt"),
        (1 / ms, "hertz"),
        (1 * second**2, "second**2"),
        (1 * amp / metre, "metre**-1*amp**1"),
        (1 * second**0.5, "second**0.5"),
        (1 * volt**2, "metre**4*kilogram**2*second**-6*amp**-2"),
        (1 * mole * kelvin, "kelvin**1*mole**1"),
        (get_or_create_dimension(luminosity=1), "candela**1"),
    ],
)
def test_units_as_the_text_of_an_equation(value, text):
    assert quantities.unit_text(value) == text
