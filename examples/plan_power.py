"""Plan a gate before anything is measured: how many questions does a margin need?

python examples/plan_power.py
"""

import evalguard

MARGINS = ("3pp", "5pp")
SIZES = (200, 500)


def main(discordance: float = 0.08) -> None:
    """Print the chance that an unchanged model passes, and what 80 % of it takes.

    Args:
        discordance: Share of the questions on which two models differ that are equally good; two
            runs of the same recipe with other seeds tell.
    """
    print("max_drop", *(f"n = {n:,}".rjust(10) for n in SIZES), "   n for 80 %")
    for margin in MARGINS:
        plans = [evalguard.power(n, max_drop=margin, discordance=discordance) for n in SIZES]
        cells = [f"{plan.power:.0%}".rjust(10) for plan in plans]
        print(f"{margin:<8}", *cells, f"{plans[0].required_n:>13,}")


if __name__ == "__main__":
    main()
