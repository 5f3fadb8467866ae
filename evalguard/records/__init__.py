"""The frozen records that flow from one stage to the next.

plan → run (:class:`ScoredSample`) → :class:`Comparison` → :class:`GateResult` →
:class:`Finding` → :class:`CheckResult` → report. Each record goes to JSON and back through
:func:`to_json` and :func:`from_json`, so that any stage can restart from the file of the one
before.
"""

from evalguard.records.gates import (
    POOLED,
    Ability,
    Demanded,
    Gate,
    Margin,
    OnInconclusive,
    Role,
    Verdict,
    node_name,
    one_sided_error,
)
from evalguard.records.json_form import SCHEMA_VERSION, RecordT, from_json, to_json
from evalguard.records.metrics import DetectorRates, Metric, ScoreKind
from evalguard.records.results import (
    HEALTHY,
    CheckResult,
    CorrectedRates,
    Finding,
    GateResult,
    ModelInfo,
    PoolMember,
    Severity,
    Stage,
    TaskRun,
    in_reach,
)
from evalguard.records.samples import (
    Comparison,
    CorpusValues,
    PairedColumns,
    SamplePair,
    ScoredSample,
    paired_clusters,
    paired_tasks,
    paired_values,
)
from evalguard.records.training import (
    TRAINING_RECORD,
    LossPoint,
    ProbePoint,
    RowCounts,
    StageRecord,
    TrainingRecord,
)

__all__ = [
    "HEALTHY",
    "POOLED",
    "SCHEMA_VERSION",
    "TRAINING_RECORD",
    "Ability",
    "CheckResult",
    "Comparison",
    "CorpusValues",
    "CorrectedRates",
    "Demanded",
    "DetectorRates",
    "Finding",
    "Gate",
    "GateResult",
    "LossPoint",
    "Margin",
    "Metric",
    "ModelInfo",
    "OnInconclusive",
    "PairedColumns",
    "PoolMember",
    "ProbePoint",
    "RecordT",
    "Role",
    "RowCounts",
    "SamplePair",
    "ScoreKind",
    "ScoredSample",
    "Severity",
    "Stage",
    "StageRecord",
    "TaskRun",
    "TrainingRecord",
    "Verdict",
    "from_json",
    "in_reach",
    "node_name",
    "one_sided_error",
    "paired_clusters",
    "paired_tasks",
    "paired_values",
    "to_json",
]
