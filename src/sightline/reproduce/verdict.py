"""Whether a claim holds, told by the differences between two systems seed by seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.stats import t

from sightline.benchmark import find_benchmark
from sightline.reproduce.experiment import Claim
from sightline.reproduce.scores import BySeed

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Verdict:
    """By how much one system is better than the other; `low` and `high` are its interval's ends.

    The interval is Student's, over seeds, and NaN with one seed.
    """

    claim: Claim
    gains: tuple[float, ...]
    low: float
    high: float

    @property
    def gain(self) -> float:
        """The mean over seeds; above zero the claim's side is better."""
        return mean(self.gains)

    @property
    def word(self) -> str:
        """The verdict: "holds", "does not hold", or what lies between."""
        if len(self.gains) < 2:
            return "one seed tells nothing"
        if self.low > 0:
            return "holds"
        if self.high < 0:
            return "does not hold: the other is better"
        if all(gain > 0 for gain in self.gains):
            return "leans that way: better with every seed, but chance could do as much"
        if all(gain < 0 for gain in self.gains):
            return "does not hold: the other is better with every seed"
        return "does not hold: no difference beyond that between seeds"


def judge(claim: Claim, scored: dict[str, dict[str, BySeed]]) -> Verdict:
    """The verdict on a claim from scores by benchmark, group, system and seed."""
    systems = scored[claim.benchmark][claim.group]
    sign = _sign(claim)
    one, other = systems[claim.better], systems[claim.than]
    seeds = sorted(set(one) & set(other))
    metric, other_metric = claim.metric, claim.than_metric or claim.metric
    gains = tuple(sign * (one[s][metric] - other[s][other_metric]) for s in seeds)
    reach = math.nan
    if len(gains) > 1:
        quantile = float(t.ppf((1 + CONFIDENCE) / 2, len(gains) - 1))
        reach = quantile * stdev(gains) / math.sqrt(len(gains))
    return Verdict(claim, gains, mean(gains) - reach, mean(gains) + reach)


def _sign(claim: Claim) -> int:
    """1 where a high value of the claim's metric is good, else -1."""
    better = find_benchmark(claim.benchmark).definitions()[claim.metric]["better"]
    return 1 if better == "higher" else -1
