"""``evalguard merge``: an adapter into its base, or several adapters into one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalguard.errors import UsageError
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet

_WAYS = ("cat", "svd", "linear", "ties", "dare_linear", "dare_ties")


@click.command(name="merge")
@click.argument(
    "adapters", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the result.",
)
@click.option("--base", help="Folder or hub name of the base; overrides the one the adapter names.")
@click.option(
    "--dtype", help="Data type of the merged model, such as bfloat16; default: as stored."
)
@click.option(
    "--method", type=click.Choice(_WAYS), help="How to combine several adapters; default: cat."
)
@click.option(
    "--weight",
    "weights",
    type=float,
    multiple=True,
    help="Weight of an adapter; give one per adapter.",
)
@click.option(
    "--density", type=float, help="Fraction of entries that TIES and DARE keep; default: 0.5."
)
@click.option("--seed", type=int, help="Random seed for DARE; default: 0.")
def command(
    adapters: tuple[Path, ...],
    output: Path,
    base: str | None,
    dtype: str | None,
    method: str | None,
    weights: tuple[float, ...],
    density: float | None,
    seed: int | None,
) -> None:
    """Merge one adapter into its base, or combine several ADAPTERS into one.

    The result is written to its folder only if the merge succeeds. A merge can change behaviour:
    gate the result.

    \b
    Examples:
      evalguard merge adapters/tickets --output models/tickets-merged
      evalguard merge adapters/a adapters/b --weight 0.7 --weight 0.3 --output adapters/ab
      evalguard merge adapters/a adapters/b --method ties --density 0.3 --output adapters/ab
    """
    with prerequisites("Merging", extra="train"), quiet():
        from evalguard.training.merge import RECORD, combine, merge_into_base

    for_several = {"method": method, "weight": weights, "density": density, "seed": seed}
    given = [f"--{name}" for name, value in for_several.items() if value not in (None, ())]
    if len(adapters) == 1:
        if given:
            raise UsageError(f"{given[0]} needs several adapters, but only one is given")
        merge_into_base(adapters[0], output, base=base, dtype=dtype or "auto")
        click.echo(f"✓ merged {adapters[0]} into its base: {output}")
        key = "model"
    else:
        if dtype is not None:
            raise UsageError("--dtype is for merging one adapter into its base")
        combine(
            adapters,
            output,
            weights=weights or None,
            combination=method or "cat",  # type: ignore[arg-type]
            density=0.5 if density is None else density,
            base=base,
            seed=seed or 0,
        )
        click.echo(f"✓ combined {len(adapters)} adapters by {method or 'cat'}: {output}")
        key = "adapter"
    difference = json.loads((output / RECORD).read_text(encoding="utf-8"))["relative_difference"]
    if key == "model":
        said = f"the logits by {difference:.2g} of their spread, from the unmerged model"
    else:
        said = f"the update by {difference:.2g} of its largest entry, from the exact sum"
    click.echo(f"  greatest difference: {said}")
    click.echo(
        f"  next: list it in evalguard.yaml under candidates: as NAME: {{{key}: {output}}}, "
        "then run `evalguard check`"
    )
