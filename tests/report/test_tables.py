"""Tables of the report page: what a metric tells is left out of a record's own tables, and nothing else is."""

import pytest

from sbp_brian.report import tables


def metric(name, value, spread=0.02, n=20, verdict="within", **more):
    row = {"name": name, "value": value, "unit": "", "spread": spread, "spread_kind": "sd", "n": n, "paper_value": None}
    return row | {"band": None, "provenance": "", "verdict": verdict, **more}


METRICS = [metric("A->B", 0.418, 0.056), metric("I->A, blocked", -0.009, 0.036, verdict="outside")]
COLUMNS = ["observable", "mean (%)", "SD (points)", "n", "without noise (%)", "verdict"]
ROWS = [["A->B", 41.8, 5.6, 20, 42.7, "within"], ["I->A, blocked", -0.9, 3.6, 20, 0.0, "outside"]]


def told(columns, rows, metrics=METRICS):
    table = tables.further({"name": "controls", "columns": columns, "rows": rows}, metrics)
    return table and (table.columns, [[cell.text for cell in row] for row in table.rows])


def test_columns_that_the_values_have_are_left_out():
    assert told(COLUMNS, ROWS) == (
        ["observable", "without noise (%)"],
        [["A\u2192B", "42.7"], ["I\u2192A, blocked", "0"]],
    )
    assert told(COLUMNS[:4], [row[:4] for row in ROWS]) is None, "nothing is left"


@pytest.mark.parametrize("column", [1, 2, 3, 5])
def test_a_column_of_which_one_number_differs_stays(column):
    changed = [list(row) for row in ROWS]
    changed[1][column] = "within" if column == 5 else changed[1][column] + 1
    assert COLUMNS[column] in told(COLUMNS, changed)[0]


def test_a_table_of_other_things_stays_whole():
    rows = [["A->B", 41.8], ["somewhere else", 1.0]]
    assert told(["observable", "mean (%)"], rows)[0] == ["observable", "mean (%)"]


def test_a_mean_and_its_spread_are_one_column_and_n_is_said_once_where_it_is_the_same():
    columns = ["lambda_p", "score", "SD", "n"]
    rows = [[0.1, 0.9123, 0.0011, 3], [1.0, 0.95, 0.002, 3], [2.0, None, None, 0]]
    table = tables.further({"name": "sweep", "columns": columns, "rows": rows}, [])
    assert table.columns == ["lambda p", "score"]
    assert [row[1].text for row in table.rows] == ["0.9123 \u00b1\u00a00.0011", "0.95 \u00b1\u00a00.002", "\u2013"]
    assert "n\u00a0=\u00a03 runs" in table.caption
    rows[1][3] = 2
    table = tables.further({"name": "sweep", "columns": columns, "rows": rows}, [])
    assert [row[1].text.partition("(")[2] for row in table.rows[:2]] == ["n\u00a0=\u00a03)", "n\u00a0=\u00a02)"]
    assert table.caption == ""


def test_a_spread_that_many_share_is_said_once():
    rows, words = tables.shared_spread([*METRICS, metric("C->D", 0.1), metric("x", 1.0, n=5)])
    assert [row["n"] for row in rows] == [None, None, None, 5]
    assert words == "Mean \u00b1\u00a0standard deviation, n\u00a0=\u00a020 runs, where a row says nothing else."
    assert tables.shared_spread(METRICS) == (METRICS, "")


def test_notes_have_letters_and_each_text_one():
    notes = tables.Notes("s1n")
    assert notes.refer("") is None
    letters = [notes.refer(f"source {k}")[0] for k in range(28)]
    assert letters[:2] + letters[25:] == ["a", "b", "z", "aa", "ab"]
    assert notes.refer("source 1") == ("b", "s1nb", "source 1")
    assert len(notes.all()) == 28
