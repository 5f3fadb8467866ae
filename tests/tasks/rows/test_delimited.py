"""CSV: separators where they are certain, long and odd values, columns without a name."""

import csv
import io

import pytest

ROWS = [
    {"question": "What, or; who | why?", "answer": "1,5"},
    {"question": 'He said "no"\nand\r\nleft', "answer": "2;5"},
    {"question": "x\x00y", "answer": "a\tb"},
]


def written(separator, rows=ROWS, **options):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=separator, **options)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_separators_are_told_from_the_lines(read, name, separator, quoting):
    found = read(name, written(separator, quoting=quoting))
    assert found == list(zip([2, 3, 6], ROWS, strict=True))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("menge;preis\n1,5;2,5\n3,5;4,5\n", [{"menge": "1,5", "preis": "2,5"}]),
        ("Name, Vorname;Alter\nMüller, Ada;5\nMaier;6\n", [{"Name, Vorname": "Müller, Ada"}]),
        ("text\nHello there\nWhat; why\n", [{"text": "Hello there"}, {"text": "What; why"}]),
        ("text\nOne\nTwo\n", [{"text": "One"}, {"text": "Two"}]),
        ("question,answer\nWhat; why?,x\na|b,y\n", [{"question": "What; why?", "answer": "x"}]),
        ("sep=;\nq;a\n1,5;2\n", [{"q": "1,5", "a": "2"}]),
        ('"sep=|"\r\nq|a\r\n1|2\r\n', [{"q": "1", "a": "2"}]),
        ('q, a\n1, "2, 3"\n', [{"q": "1", "a": "2, 3"}]),  # a blank behind every name
        ("q,a, b\n1, 2, 3\n", [{"q": "1", "a": " 2", "b": " 3"}]),
        ("\nq,a\n1,2\n", [{"q": "1", "a": "2"}]),
        ("q|a\n1|2\n", [{"q": "1", "a": "2"}]),
    ],
)
def test_a_separator_is_only_taken_where_it_makes_a_table(read, text, rows):
    found = [row for _, row in read("a.csv", text)]
    assert len(found) == len(text.split()) - 1 or len(found) >= len(rows)
    for row, expected in zip(found, rows, strict=False):
        assert expected.items() <= row.items()


def test_lines_after_the_one_of_excel_keep_their_numbers(read):
    assert read("a.csv", "sep=;\nq;a\n1;2\n") == [(3, {"q": "1", "a": "2"})]


def test_two_separators_that_both_fit_are_refused(read, refused):
    text = "Menge, kg;Preis, EUR\n1,5;2,5\n"
    assert "may be separated by ',' or ';'" in refused("a.csv", text)
    assert read("a.csv", "sep=;\n" + text) == [(3, {"Menge, kg": "1,5", "Preis, EUR": "2,5"})]


@pytest.mark.parametrize("length", [131_073, 3_000_000])
def test_long_values_are_read_and_the_limit_of_the_process_stays(read, length):
    before = csv.field_size_limit(1234)
    try:
        rows = read("a.csv", f"q,a\n{'x' * length},1\ny,2\n")
        assert csv.field_size_limit() == 1234
    finally:
        csv.field_size_limit(before)
    assert [len(row["q"]) for _, row in rows] == [length, 1]


def test_the_index_of_pandas_and_blank_columns(read):
    rows = read("a.csv", ",q,a,,\n0,x,y,,\n1,z,w,,note\n")
    assert rows == [
        (2, {"Unnamed: 0": "0", "q": "x", "a": "y"}),
        (3, {"Unnamed: 0": "1", "q": "z", "a": "w", "Unnamed: 4": "note"}),
    ]


def test_empty_values_behind_the_last_column_are_no_values(read, refused):
    assert read("a.csv", "q,a\n1,2,\n3,4,,\n") == [
        (2, {"q": "1", "a": "2"}),
        (3, {"q": "3", "a": "4"}),
    ]
    assert "a.csv:2: has 4 values for 2 columns" in refused("a.csv", "q,a\n1,2,,x\n3,4\n")


def test_a_row_of_another_length_is_named_under_every_separator(refused):
    lines = ["q;a", *["1;2"] * 300, "1;2;3", "4;5"]
    assert "a.csv:302: has 3 values for 2 columns (q, a)" in refused("a.csv", "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",,\n1,2,3\n", "must name every column once"),
        ("yes,yes\nno,yes\n", "If the file has no header, write one"),
        ('q,a\n"say \\"no\\"",b\n', "Write quotes inside a quoted value twice"),
        ('q,a\n1,2\n"open,b\n3,4\n', "a.csv:3: not readable from here on: unexpected end of data"),
        (",Unnamed: 0\n1,2\n", "unnamed columns would clash"),
    ],
)
def test_broken_files_say_why(refused, text, message):
    assert message in refused("a.csv", text)
