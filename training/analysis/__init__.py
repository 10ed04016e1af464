"""The numbers behind an evaluation report, counted from scores, decisions and records.

`analyse` gives what metrics.json may hold: figures only. `mistakes` and `suspects` quote texts, for
reports that stay on the machine that made them.
"""

from training.analysis.mistakes import mistakes
from training.analysis.speed import timed
from training.analysis.summary import analyse
from training.analysis.suspects import out_of_fold, suspects

__all__ = ["analyse", "mistakes", "out_of_fold", "suspects", "timed"]
