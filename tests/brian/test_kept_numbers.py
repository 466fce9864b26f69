"""What a loop keeps of one cell: arrays that its code names by that cell alone."""

import pytest

from sbp_brian.brian.kept_numbers import kept_at, with_kept

CODE = """
const double x_pre = _ptr_x[_presynaptic_idx];
double sum_pre = _ptr_sum[_presynaptic_idx];
double both = _ptr_both[_presynaptic_idx] + _ptr_both[_postsynaptic_idx];
double w = _ptr_w[_idx];
sum_pre += w*x_pre*(_ptr_x[_presynaptic_idx] == 1);
_ptr_sum[_presynaptic_idx] = sum_pre;
_ptr_w[_idx] = w + _ptr_longer_x[_presynaptic_idx];
"""


def test_arrays_named_by_the_cell_alone_are_kept():
    assert [(one.array, one.written) for one in kept_at(CODE, "_presynaptic_idx")] == [
        ("_ptr_longer_x", False),
        ("_ptr_sum", True),
        ("_ptr_x", False),
    ]
    assert kept_at(CODE, "_postsynaptic_idx") == []


@pytest.mark.parametrize("written", ["= 1", "+= 1", "-=1", "*= 2", "/= 2", "|= 1", "++"])
def test_what_is_written_is_written_back(written):
    (one,) = kept_at(f"a[_k] {written};", "_k")
    assert one.begin("kept_%d", "3") == "auto kept_0 = a[3];"
    assert one.end("kept_%d", "3") == "a[3] = kept_0;"


@pytest.mark.parametrize("read", ["== 1", "<= 1", "+ 1", "!= 1"])
def test_what_is_only_read_is_not(read):
    (one,) = kept_at(f"b = a[_k] {read};", "_k")
    assert one.begin("kept_%d", "3").startswith("const ")
    assert one.end("kept_%d", "3") == ""


def test_what_is_kept_stands_in_the_place_of_the_array_and_of_no_other():
    code = with_kept(CODE, kept_at(CODE, "_presynaptic_idx"), "kept_%d")
    assert "_ptr_sum" not in code
    assert "_ptr_w[_idx] = w + kept_0;" in code
    assert "_ptr_both[_presynaptic_idx] + _ptr_both[_postsynaptic_idx]" in code
