"""What a network reads from bytes: times, spikes, tables, displacements, and what is refused."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms, mV

from sbp_brian.errors import ModelError, TableError
from sbp_brian.training.encoding import BitTable, ByteTable, check_displacement, latency_bytes, spike_bytes


def test_the_bytes_stand_for_the_times():
    rng = np.random.default_rng(1)
    times = rng.uniform(0, 10, (50, 7))
    found = latency_bytes(times * ms, 10 * ms)
    assert found.dtype == np.uint8
    assert (found > 0).all()
    error = 10 * (1 - found / 255) - times
    early = times < 10 * 254 / 255
    assert np.abs(error[early]).max() <= 10 / 510 + 1e-12
    assert np.abs(error).max() <= 10 / 255 + 1e-12


def test_no_spike_is_zero_and_the_ends_belong_to_the_window():
    found = latency_bytes([[0, 10, np.inf, np.nan]] * ms, 10 * ms)
    np.testing.assert_array_equal(found, [[255, 1, 0, 0]])


@pytest.mark.parametrize(
    ("times", "error", "message"),
    [
        ([[1, 2], [3, 11]] * ms, ValueError, r"input 1 of sample 1 spikes at 11. ms, outside the window of 0 to 10"),
        ([[1, -2]] * ms, ValueError, r"input 1 of sample 0 spikes at -2. ms, outside"),
        ([[1, -np.inf]] * ms, ValueError, "input 1 of sample 0 spikes at -inf"),
        ([1, 2] * ms, ValueError, "one row a sample"),
        ([[1, 2]] * mV, TypeError, "times must be in units of time"),
        ([[1, 2]], TypeError, "times must be in units of time"),
    ],
)
def test_times_outside_the_window_are_refused(times, error, message):
    with pytest.raises(error, match=message):
        latency_bytes(times, 10 * ms)


def test_a_window_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match=r"tau = -10. ms must be positive"):
        latency_bytes([[1, 2]] * ms, -10 * ms)


@pytest.mark.parametrize(
    ("times", "tau", "message"),
    [
        ([[1, 2]], 10 * ms, "times must be in units of time, e.g. values*ms, got list"),
        ([[1, 2]] * ms, 10, "tau must be in units of time, e.g. values*ms, got int"),
        ([[1, 2]] * ms, 10 * mV, "tau must be in units of time, e.g. values*ms, got Quantity"),
        ([[1, 2]] * ms, 0 * ms, "tau = 0. s must be positive"),
        ([1, 2] * ms, 10 * ms, "times must have one row a sample, shape (samples, inputs), got shape (2,)"),
        (
            [[1, 2], [11, 12]] * ms,
            10 * ms,
            "input 0 of sample 1 spikes at 11. ms, outside the window of 0 to 10. ms (2 such spikes); scale the "
            "times, or mark inputs that do not spike by an infinite time",
        ),
    ],
)
def test_refusals_of_times_word_by_word(times, tau, message):
    with pytest.raises(TableError) as caught:
        latency_bytes(times, tau)
    assert str(caught.value) == message


# ------------------------------------------------------------------------------------------------------------- spikes
def test_a_bit_of_a_row_is_a_step_and_an_input():
    spikes = np.random.default_rng(2).random((3, 5, 7)) < 0.4
    found = spike_bytes(spikes)
    assert (found.dtype, found.shape) == (np.uint8, (3, 5))  # 35 bits in 5 bytes
    for sample, step, cell in np.ndindex(spikes.shape):
        byte, bit = divmod(step * 7 + cell, 8)
        assert bool(found[sample, byte] & (128 >> bit)) == spikes[sample, step, cell]
    np.testing.assert_array_equal(spike_bytes(spikes.astype(float)), found)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            2,
            "spikes must be 0 or 1; input 1 of sample 0 has 2 in step 2: where they are counts of events, give",
        ),
        (-1, "input 1 of sample 0 has -1 in step 2"),
        (np.nan, "input 1 of sample 0 has nan in step 2"),
    ],
)
def test_spikes_are_zeros_and_ones(value, message):
    spikes = np.zeros((2, 3, 5), type(value))
    spikes[1, 0, 4] = 1
    assert np.unpackbits(spike_bytes(spikes), axis=1).nonzero() == (np.array([1]), np.array([4]))
    spikes[0, 2, 1] = value
    with pytest.raises(TableError, match=message):
        spike_bytes(spikes)


def test_spikes_of_another_shape_are_refused():
    with pytest.raises(TableError) as caught:
        spike_bytes(np.zeros((4, 5)))
    assert str(caught.value) == "spikes must have the shape (samples, steps, inputs), got (4, 5)"


# ------------------------------------------------------------------------------------------------------------- tables
def read_out(table, rows, columns):
    """What numpy code that calls the table gives, a value for each of the rows and columns."""
    cells = NeuronGroup(len(rows), "x : 1\nrow : 1\ncolumn : integer", namespace={"table": table})
    cells.row, cells.column = rows, columns
    cells.run_regularly("x = table(row, column)", dt=1 * ms)
    Network(cells).run(1 * ms)
    return np.array(cells.x[:])


def test_a_table_of_bytes_gives_bytes_by_its_scale(numpy_target):
    values = np.random.default_rng(0).integers(0, 256, (6, 4)).astype(np.uint8)
    rows, columns = np.indices(values.shape).reshape(2, -1)
    near = rows + np.where(columns % 2, 0.49, -0.49)  # a row that was counted up in floats
    np.testing.assert_allclose(read_out(ByteTable(values), near, columns), values.ravel() / 255, rtol=1e-15)
    np.testing.assert_allclose(ByteTable(values)(near, columns), values.ravel() / 255, rtol=1e-15)  # as Python, too
    np.testing.assert_array_equal(read_out(ByteTable(values, scale=2), rows, columns), 2.0 * values.ravel())


def test_a_table_of_bits_gives_the_bits(numpy_target):
    bits = np.random.default_rng(0).random((3, 21)) < 0.5
    rows, columns = np.indices(bits.shape).reshape(2, -1)
    near = rows + np.where(columns % 2, 0.49, -0.49)
    np.testing.assert_array_equal(read_out(BitTable(np.packbits(bits, axis=1)), near, columns), bits.ravel())


@pytest.mark.parametrize("kind", [ByteTable, BitTable])
def test_code_of_a_table_is_whole_and_holds_its_bytes(kind):
    values = np.arange(128, 140, dtype=np.uint8).reshape(3, 4)
    table = kind(values, name="a_table")
    assert table.values is values, "what is contiguous is not copied"
    for target, modifier in (("cpp", ""), ("cuda", "__host__ __device__ "), ("cython", None)):
        made = table.implementations[target]
        code = made.get_code(None)
        assert "%" not in code
        assert "_namespacea_table_bytes[" in code
        assert "a_table(const double row, const int column)" in code
        assert "*4 + (" in code or "*4 + <" in code  # columns of a row
        if modifier is not None:
            assert code.strip().startswith(f"{modifier}static inline double")
        assert made.name == "a_table"
        ((name, held),) = made.get_namespace(None).items()
        assert (name, held.dtype) == ("a_table_bytes", np.uint8 if target == "cython" else np.int8)
        np.testing.assert_array_equal(held.view(np.uint8), values.ravel())


def test_tables_have_names_of_their_own():
    values = np.zeros((1, 1), np.uint8)
    assert ByteTable(values).name.startswith("sample_table")
    assert BitTable(values).name.startswith("bit_table")
    assert ByteTable(values[:, ::-1]).values.flags.c_contiguous


@pytest.mark.parametrize("kind", [ByteTable, BitTable])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((2, 2)),
            "needs values of type uint8 (0 to 255), got float64; scale and convert them: "
            "np.round(255*x).astype(np.uint8)",
        ),
        (np.zeros(4, np.uint8), "needs one row a sample, shape (rows, columns), got shape (4,)"),
        (np.zeros((4, 0), np.uint8), "needs one row a sample, shape (rows, columns), got shape (4, 0)"),
    ],
)
def test_what_is_no_table(kind, values, message):
    with pytest.raises(TableError) as caught:
        kind(values)
    assert str(caught.value) == f"{kind.__name__} {message}"


@pytest.mark.parametrize(("pixels", "width"), [(0, 28), (0, 0), (1, 28), (2, 1), (5, 784)])
def test_a_displacement_that_rows_can_have(pixels, width):
    check_displacement("jitter", pixels, width, 784)


@pytest.mark.parametrize(("pixels", "width"), [(-1, 28), (1, 27), (1, 0), (1, -28)])
def test_a_displacement_that_rows_cannot_have(pixels, width):
    with pytest.raises(ModelError) as caught:
        check_displacement("jitter", pixels, width, 784)
    assert str(caught.value) == (
        "jitter needs 0 or more pixels, and rows of a width that divides the 784 inputs; got "
        f"jitter={pixels}, width={width}"
    )
