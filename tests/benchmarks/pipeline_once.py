"""What a user of the pipeline runs for one policy: load, label its clauses, write them, end.

python tests/benchmarks/pipeline_once.py FOLDER CLAUSES.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from transformers import pipeline

if __name__ == "__main__":
    folder, clauses = sys.argv[1:]
    classify = pipeline("text-classification", model=folder, device="cpu")
    texts = json.loads(Path(clauses).read_text(encoding="utf-8"))
    json.dump(classify(texts, truncation=True, top_k=None), sys.stdout)
