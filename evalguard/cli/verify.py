"""``evalguard verify``: is this, byte by byte, what was released?"""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)


@click.command(name="verify")
@click.argument("receipt", type=_PATH)
@click.argument("adapter", type=_PATH)
@click.option("--key", type=_PATH, help="Ed25519 public key (PEM) of the required signer.")
def command(receipt: Path, adapter: Path, key: Path | None) -> None:
    """Verify the folder ADAPTER against its release RECEIPT.

    \b
    Examples:
      evalguard verify adapters/v2/evalguard_receipt.json adapters/v2
      evalguard verify receipt.json adapters/v2 --key release.pub

    Exit codes: 0 identical to the release, 1 something differs, 4 a file cannot be read.
    """
    from evalguard.pipeline.receipt import verify

    signer = verify(receipt, adapter, key=key)
    click.secho("✓ ", fg="green", nl=False)
    click.echo(f"{adapter}: as released. {signer}")
