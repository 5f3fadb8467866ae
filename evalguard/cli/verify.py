"""``evalguard verify``: is this, byte by byte, what was released?"""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)


@click.command(name="verify")
@click.argument("receipt", type=_PATH)
@click.argument("adapter", type=_PATH)
@click.option("--key", type=_PATH, help="Ed25519 public key (PEM) that must have signed it.")
def command(receipt: Path, adapter: Path, key: Path | None) -> None:
    """Check ADAPTER, a folder, against the RECEIPT of its release.

    \b
    Examples:
      evalguard verify adapters/v2/evalguard_receipt.json adapters/v2
      evalguard verify receipt.json adapters/v2 --key release.pub

    Exit codes: 0 every byte is as released, 1 something is not, 4 a file cannot be read.
    """
    from evalguard.pipeline.receipt import verify

    signer = verify(receipt, adapter, key=key)
    click.secho("✓ ", fg="green", nl=False)
    click.echo(f"{adapter}: as released. {signer}")
