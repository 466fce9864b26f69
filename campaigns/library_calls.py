"""Bad calls of the library: each callable with arguments that are right, and one of them made wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, Quantity, ms, mV, nS

import sbp_brian as sbp
from campaigns.bad_values import VALUES, misspelled, value
from sbp_brian import datasets
from sbp_brian.datasets.yin_yang import yin_yang
from sbp_brian.models.artificial.energy import SBPEnergy
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.artificial.rbm import RBM
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.stdbp import STDBP
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot

__all__ = ["CALLS", "Call", "calls"]

RNG = np.random.default_rng(5)
IMAGES = (255 * (RNG.random((30, 16)) < 0.4)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 30)
ROWS = {"training": np.arange(20), "validation": np.arange(20, 25), "test": np.arange(25, 30)}


@dataclass(frozen=True)
class Call:
    """One callable.

    Attributes
    ----------
    name : str
    act : callable
        Called with keywords; what it gives is thrown away.
    good : mapping
        Arguments with which it is accepted.
    sorts : mapping of str to str
        Parameter -> its sort in `campaigns.bad_values`, with ``sort:unit`` where it has one.
    wrong : mapping of str to values
        Parameter -> further values that it cannot have, made here.
    called : mapping of str to str
        Parameter -> what a message may call it in the place of its name.
    """

    name: str
    act: Callable[..., Any]
    good: Mapping[str, Any] = field(default_factory=dict)
    sorts: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, tuple] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


def _circuit() -> Network:
    cells = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1\nbias : volt", name="cells", method="exact")
    return Network(cells)


def _simulate(**given: Any) -> None:
    """A simulation is made and run, with arguments of both."""
    running = {name: given.pop(name) for name in ("values", "names", "progress") if name in given}
    sbp.Simulation(**given).run(**running)


def _train(folder: str = "checkpoints", **given: Any) -> None:
    network = SBPNetwork(16, 8, 3, width=4).trial_model()
    sbp.Training(network, sbp.Samples(IMAGES, LABELS, 3, **ROWS), Path(folder), target="numpy", **given)


def _train_in_numpy(**given: Any) -> None:
    patterns = Patterns(IMAGES, one_hot(LABELS, 3), **ROWS, scale=1 / 255)
    NumpyTraining(SBPPerceptron((16, 8, 3)), patterns, Path("checkpoints"), **given)


def _changed(array: np.ndarray, place, to) -> np.ndarray:
    array = np.array(array)
    array[place] = to
    return array


_WRONG_ROWS = (
    np.arange(-5, 0),
    np.arange(28, 32),
    np.array([0.5]),
    np.ones(30, bool),
    np.array([0, 0]),
    np.array([[1, 2]]),
    np.array(["a"]),
)

CALLS: tuple[Call, ...] = (
    Call(
        "RetrogradeSBP",
        sbp.RetrogradeSBP,
        {},
        {
            "lambda_p": "share above 0",
            "lambda_f": "share",
            "emission": "choice",
            "expression": "choice",
            "draw": "choice",
            "gain_ltp": "not negative",
            "gain_ltd": "not negative",
            "rate": "not negative",
            "upper": "positive",
            "lower": "share above 0",
            "lateral_ltp": "not negative",
            "lateral_ltd": "not negative",
            "postlateral_ltd": "not negative",
            "persistence": "time",
            "cascade": "switch",
            "seed": "seed",
            "w_min": "weight",
            "w_max": "weight",
        },
        {
            "transport": ("slow", 5, 5 * ms, object(), sbp.Delay),
            "gate": ("", "  ", 5, -5 * ms, 5 * mV),
            "activity": ("two words", 5, 0.5, ["v"]),
            "unit": ("nS", 1, object()),
        },
    ),
    Call(
        "RetrogradeSBP with units",
        sbp.RetrogradeSBP,
        {"unit": nS, "w_max": 5 * nS, "w_min": 0 * nS},
        {},
        {"w_max": (5, 5 * mV, -1 * nS, float("nan") * nS, [1, 2] * nS), "w_min": (0, 6 * nS, 0 * mV)},
    ),
    Call("Delay", sbp.Delay, {"time": 50 * ms}, {"time": "time", "slots": "count"}),
    Call(
        "Chain",
        sbp.Chain,
        {},
        {
            "length": "length",
            "velocity": "speed",
            "stages": "count",
            "dt": "time",
            "pool": "time",
            "velocity_ltd": "speed",
        },
    ),
    Call("Window", sbp.Window, {}, {"time": "time"}),
    Call(
        "pair_stdp",
        sbp.pair_stdp,
        {},
        {
            "A_plus": "amplitude",
            "A_minus": "amplitude",
            "tau_plus": "time",
            "tau_minus": "time",
            "w_max": "bound",
            "w_min": "amplitude",
            "dependence": "choice",
            "pairing": "choice",
        },
        {"A_plus": (-0.1,), "A_minus": (0.1,), "w_max": (-1.0, 0.0), "w_min": (3.0, 4.0)},
    ),
    Call(
        "triplet_stdp",
        sbp.triplet_stdp,
        {},
        {
            "A2_plus": "amplitude",
            "A3_plus": "amplitude",
            "A2_minus": "amplitude",
            "A3_minus": "amplitude",
            "tau_plus": "time",
            "tau_minus": "time",
            "tau_x": "time",
            "tau_y": "time",
            "pairing": "choice",
        },
        {"A2_plus": (-0.1,), "A3_minus": (-0.1,), "tau_x": (None,)},
    ),
    Call(
        "teacher_stdp",
        sbp.teacher_stdp,
        {"w_min": -1.0, "w_max": 1.0},
        {"learning_rate": "amplitude", "tau_teach": "time", "w_max": "bound", "w_min": "amplitude"},
        {"learning_rate": (-0.1,), "w_max": (None, -1.0), "w_min": (None, 1.0)},
    ),
    Call(
        "short_term_plasticity",
        sbp.short_term_plasticity,
        {},
        {"U": "share above 0", "tau_rec": "time", "tau_facil": "time"},
    ),
    Call(
        "synaptic_scaling",
        sbp.synaptic_scaling,
        {},
        {"target_rate": "rate", "tau_scaling": "time", "dt_scaling": "time", "w_max": "positive, any unit"},
        {"dt_scaling": (1e6 * ms * 1000,)},
    ),
    Call("homeostatic_v", sbp.homeostatic_v, {}, {"tau_pull": "time", "tau_homeo": "time"}),
    Call("threshold_homeostasis", sbp.threshold_homeostasis, {}, {"step": "positive, any unit", "target_rate": "rate"}),
    Call(
        "lif_current",
        sbp.lif_current,
        {},
        {
            "tau_m": "time",
            "tau_syn": "time",
            "E_L": "potential",
            "V_th": "potential",
            "V_reset": "potential",
            "R_m": "positive with a unit:Mohm",
            "t_ref": "time or 0",
        },
        {"V_reset": (-50 * mV, -40 * mV)},
    ),
    Call(
        "lif_conductance",
        sbp.lif_conductance,
        {},
        {
            "C_m": "positive with a unit:pF",
            "g_L": "positive with a unit:nS",
            "E_L": "potential",
            "E_e": "potential",
            "E_i": "potential",
            "tau_e": "time",
            "tau_i": "time",
            "V_th": "potential",
            "V_reset": "potential",
            "t_ref": "time or 0",
        },
    ),
    Call("soft_reset", sbp.soft_reset, {}, {"theta": "positive", "tau_g": "time", "tau_m": "time"}),
    Call("firing_rate", sbp.firing_rate, {}, {"tau_rate": "time"}),
    Call("relpsp", sbp.relpsp, {}, {"tau": "time", "threshold": "positive"}),
    Call(
        "SynapseRule",
        sbp.SynapseRule,
        {"model": "w : 1", "on_pre": {"pre": "w += 1"}},
        {},
        {
            "model": (5, None, ["w : 1"], "w == 1", "w : nonesuch"),
            "on_pre": (5, ["w += 1"], {"pre": 5}),
            "on_post": (5, {"post": None}),
            "weight": ("v", 5, ""),
            "namespace": (5, ["tau"]),
        },
        {"on_pre": "pathway", "on_post": "pathway"},
    ),
    Call(
        "Regular",
        sbp.Regular,
        {"code": "w = 0", "dt": 5 * ms},
        {"dt": "time"},
        {"when": (5, None), "order": ("a", 0.5)},
    ),
    Call(
        "Simulation",
        _simulate,
        {"make": _circuit, "duration": 1 * ms, "target": "numpy"},
        {"duration": "time", "target": "choice", "seed": "seed", "dt": "time"},
        {
            "make": (None, 5, "make", lambda: None, lambda: 5, lambda: [1, 2]),
            "seed": (2**32,),
            "arch": ("sm_90",),
            "key": (5, ["a"]),
            "values": (
                5,
                {"cells.w": 1},
                {"cell.v": 1},
                {"cells.v": "a"},
                {"cells.v": [1, 2]},
                {"cells.v": 1 * mV},
                {"cells.bias": 1},
                {"cells.N": 4},
                {"": 1},
                {5: 1},
            ),
            "names": ("cells.v", ["cells.w"], 5, [5]),
            "progress": (5, "bar"),
        },
    ),
    Call("use", sbp.use, {"target": "numpy"}, {"target": "choice"}, {"arch": ("sm_90",)}),
    Call(
        "Samples",
        sbp.Samples,
        {"images": IMAGES, "labels": LABELS, "classes": 3, **ROWS},
        {"classes": "count"},
        {
            "images": (
                IMAGES.astype(float),
                IMAGES[0],
                IMAGES[:20],
                IMAGES.astype(object),
                IMAGES.astype("U3"),
                _changed(IMAGES.astype(float), (3, 3), np.nan),
                None,
                [[1, 2]],
            ),
            "labels": (
                LABELS[:20],
                LABELS.astype(float) + 0.5,
                _changed(LABELS, 4, 3),
                _changed(LABELS, 4, -1),
                LABELS.astype(str),
                None,
                "labels",
                _changed(LABELS.astype(float), 4, np.nan),
            ),
            "training": _WRONG_ROWS,
            "validation": _WRONG_ROWS,
            "test": _WRONG_ROWS,
            "targets": (np.zeros((30, 3)), np.zeros((20, 3), np.uint8), np.full((30, 3), 2, np.uint8), "targets", 5),
        },
        {"labels": "label", "images": "image", "training": "row", "validation": "row", "test": "row"},
    ),
    Call(
        "Patterns",
        Patterns,
        {"inputs": IMAGES, "targets": one_hot(LABELS, 3), **ROWS},
        {},
        {
            "inputs": (
                IMAGES[0],
                IMAGES[:20],
                IMAGES.astype(object),
                _changed(IMAGES.astype(float), (3, 3), np.nan),
                _changed(IMAGES.astype(float), (3, 3), np.inf),
                IMAGES.astype(complex),
                None,
                [[1, 2]],
            ),
            "targets": (LABELS, 2 * one_hot(LABELS, 3), -one_hot(LABELS, 3), one_hot(LABELS, 3)[:20], None, "targets"),
            "training": _WRONG_ROWS,
            "test": _WRONG_ROWS,
            "scale": (float("nan"), float("inf"), "1", None),
        },
        {"training": "row", "test": "row"},
    ),
    Call(
        "Training",
        _train,
        {},
        {"seed": "seed", "decay": "share above 0", "shuffle": "switch", "take_over": "switch"},
        {"facts": (5, "note")},
    ),
    Call(
        "NumpyTraining",
        _train_in_numpy,
        {},
        {"seed": "seed", "batch": "count", "decay": "share above 0", "take_over": "switch"},
        {
            "running_mean": (-0.1, 1, 1.5, "half", float("nan")),
            "jitter": (-1, 1.5, "1", float("nan")),
            "facts": (5, "x"),
        },
    ),
    Call(
        "SBPNetwork",
        SBPNetwork,
        {"n_input": 16, "n_hidden": 8, "n_output": 3, "width": 4},
        {
            "n_input": "count",
            "n_output": "count",
            "learning": "choice",
            "rate_hidden": "not negative",
            "rate_output": "not negative",
            "lambda_p": "share above 0",
            "lambda_f": "share",
            "width": "count",
        },
        {"options": (5, (5,), ("Dropout",)), "n_hidden": ((), (8, 0), (8, -1), 0, -1, "8", 8.5, None)},
        {"options": "option"},
    ),
    Call(
        "SBPPerceptron",
        SBPPerceptron,
        {"layers": (16, 8, 3)},
        {
            "layers": "layers",
            "learning": "choice",
            "learning_share": "share",
            "lambda_p": "share above 0",
            "lambda_f": "share",
            "rate_hidden": "not negative",
            "rate_output": "not negative",
            "activation": "choice",
            "precision": "choice",
        },
        {"momentum": (-0.1, 1, 1.5, "a"), "drop_hidden": (-0.1, 1, 1.5), "relative_floor": (-1, float("nan"), "a")},
    ),
    Call(
        "SBPEnergy",
        SBPEnergy,
        {"layers": (16, 8, 3)},
        {
            "layers": "layers",
            "learning": "choice",
            "free_steps": "count",
            "nudged_steps": "count",
            "persistent": "switch",
            "rate_hidden": "not negative",
            "rate_output": "not negative",
            "precision": "choice",
        },
    ),
    Call(
        "RBM",
        RBM,
        {"layers": (16, 8, 3)},
        {"learning": "choice", "labels": "choice", "steps": "count", "rate": "not negative", "settle_steps": "count"},
        {"layers": ((16, 8), (16, 0, 3), (16, 8.5, 3), "16", 5, None)},
    ),
    Call(
        "STDBP",
        STDBP,
        {"layers": (16, 8, 3), "width": 4},
        {
            "layers": "layers",
            "learning": "choice",
            "rate_hidden": "not negative",
            "rate_output": "not negative",
            "optimiser": "choice",
            "batch": "count",
            "width": "count",
        },
        {"cells": (5, None, "cells"), "weights": (5, None), "options": (5, ("Dropout",))},
        {"options": "option"},
    ),
    Call("load_mnist", datasets.load_mnist, {"embedded": True}, {"split": "choice"}),
    Call("load_nettalk", datasets.load_nettalk, {"split": "test"}, {}, {"source": ("nonesuch", 5, "")}),
    Call("yin_yang", yin_yang, {"n": 3, "seed": 0}, {"n": "count", "seed": "seed"}),
    Call(
        "Parameter",
        sbp.Parameter,
        {"default": 1.0},
        {},
        {
            "default": (object(), {}, float, None),
            "unit": ("nonesuch", "m s v"),
            "minimum": (2.0,),
            "maximum": (0.5,),
            "choices": ((2.0, 3.0),),
        },
        dict.fromkeys(("minimum", "maximum", "choices"), "default"),
    ),
    Call("read_records", sbp.read_records, {"folder": "."}, {}, {"folder": ("nonesuch", "/dev/null", 5, None)}),
    Call(
        "one_hot",
        one_hot,
        {"labels": LABELS, "classes": 3},
        {},
        {
            "labels": (LABELS.astype(float), LABELS - 1, LABELS + 1, LABELS.reshape(2, -1), ["a"]),
            "classes": (2, 0, -1),
        },
        {"classes": "class"},
    ),
)


@dataclass(frozen=True)
class BadCall:
    """A call with one argument that is wrong."""

    call: Call
    parameter: str
    told: str
    given: Callable[[], Any]
    unknown: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """What a message must hold, one of these: the parameter's name, or what it is called."""
        return self.parameter, self.call.called.get(self.parameter, self.parameter)

    def act(self) -> None:
        """Make the call."""
        self.call.act(**{**self.call.good, self.parameter: self.given()})


def calls() -> list[BadCall]:
    """All bad calls, in a fixed order."""
    found = []
    for call in CALLS:
        for parameter, sort in call.sorts.items():
            name, _, unit = sort.partition(":")
            for text in (text.format(unit) if unit else text for text in VALUES[name]):
                found.append(BadCall(call, parameter, text, lambda text=text: value(text)))
        for parameter, wrong in call.wrong.items():
            found += [BadCall(call, parameter, _told(given), lambda given=given: given) for given in wrong]
        for parameter in {**call.sorts, **call.wrong}:
            found.append(BadCall(call, misspelled(parameter), "1 (a name that it has not)", lambda: 1, unknown=True))
    return found


def _told(given: Any) -> str:
    if isinstance(given, np.ndarray) and not isinstance(given, Quantity):
        ends = f", {given.min()} to {given.max()}" if given.dtype.kind in "biuf" and given.size else ""
        return f"{given.dtype} of shape {given.shape}{ends}"
    return repr(given).split(" at 0x")[0]
