"""Error rates where the data are awkward: clusters, judges, margins, rare losses, small samples."""
