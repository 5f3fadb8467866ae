"""The figures that docs/statistics.md states outside its benchmark."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalguard.cli.decide import command
from evalguard.stats import fewest_samples, levels, required_n, required_n_exact

PAGE = (Path(__file__).parents[2] / "docs/statistics.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_shows():
    asked, _, shown = PAGE.partition("$ evalguard decide ")[2].partition("\n")
    done = CliRunner().invoke(command, asked.split(), standalone_mode=False)
    assert done.output.strip() == shown.partition("```")[0].strip()


def test_levels_of_ten_looks():
    printed = re.search(r"^`(\.0[\d .]+)`$", PAGE, re.MULTILINE)
    assert printed is not None
    stated = [float(level) for level in printed[1].split()]
    assert [round(level, 5) for level in levels([k / 10 for k in range(1, 11)])] == stated


def test_least_n_without_a_discordant_pair():
    least = [fewest_samples(margin) for margin in (0.02, 0.05, 0.1)]
    assert "{}, {} and {} for margins of 2, 5 and 10 points".format(*least) in PAGE


@pytest.mark.slow
def test_table_of_required_samples():
    rows = re.findall(r"^\| (\.\d\d) \|(.+)\|$", PAGE, re.MULTILINE)
    assert len(rows) == 3
    for margin, cells in rows:
        for psi, cell in zip((0.05, 0.1, 0.2), cells.split("|"), strict=True):
            for power, stated in zip((0.8, 0.9), cell.split("/"), strict=True):
                assert required_n_exact(float(margin), psi, power=power) == int(stated)
                near = required_n(float(margin), psi, power=power)
                assert near == pytest.approx(int(stated), rel=0.07)
