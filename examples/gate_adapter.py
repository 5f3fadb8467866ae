"""Fine-tune an adapter and gate it, from Python.

The project is in ``tickets/``; the base is the small chat model that comes with EvalGuard, so that
nothing is downloaded and no GPU is needed.

Run it with ``python examples/gate_adapter.py``.
"""

from pathlib import Path

import evalguard
from evalguard.demo import model_path

PROJECT = Path(__file__).parent / "tickets"


def main() -> evalguard.ExitCode:
    """Train where there is no adapter yet, check, and print what was decided."""
    if not (PROJECT / "adapters" / "tickets").exists():
        training = PROJECT / "training" / "tickets.yaml"
        evalguard.train(training, overrides=[f"base.model={model_path()}"])

    project = PROJECT / "evalguard.yaml"
    result = evalguard.check(project, overrides=[f"baseline.model={model_path()}"])

    for gate in result.gates:
        print(f"{gate.verdict:<13}{gate.name:<24}{gate.reason}")
    for finding in result.findings:
        print(f"{finding.title}: {finding.repair}")
    print("report:", evalguard.write_html(result, PROJECT / "reports" / "index.html"))
    return evalguard.exit_code(result)


if __name__ == "__main__":
    raise SystemExit(main())
