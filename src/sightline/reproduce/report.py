"""An experiment's results as a section of a Markdown page, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from sightline.provenance import commit, versions, write_json
from sightline.reproduce.curves import draw_curves
from sightline.reproduce.examples import draw_examples
from sightline.reproduce.experiment import Experiment, Row, Runs, Test
from sightline.reproduce.running import cost
from sightline.reproduce.scores import OVERALL, BySeed, score_test, spread, summary
from sightline.reproduce.verdict import Verdict, judge


def report(experiment: Experiment, runs: Runs, folder: Path) -> str:
    """Score all runs, draw the figures into `folder`, write results.json; returns the section."""
    folder.mkdir(parents=True, exist_ok=True)
    scored = {t.benchmark: score_test(experiment, t, runs) for t in experiment.tests}
    verdicts = [judge(claim, scored) for claim in experiment.claims]
    further = {title: rows(runs) for title, rows in experiment.extra.items()}
    minutes = _minutes(experiment, runs)
    facts = {
        "versions": versions(),
        "commit": commit(),
        "experiment": experiment.name,
        "seeds": runs.seeds,
        "processor_minutes": minutes,
        "scores": scored,
        "verdicts": [asdict(verdict) | {"word": verdict.word} for verdict in verdicts],
        "further": further,
    }
    write_json(folder / f"{experiment.name}.json", facts)
    parts = [f"## {experiment.title}", experiment.about, _cost_sentence(minutes)]
    parts += [_verdict_table(verdicts)] if verdicts else []
    for test in experiment.tests:
        parts += _test_part(test, scored[test.benchmark])
    for title, rows in further.items():
        parts += [f"**{title}**", table(rows)]
    parts += _figures(experiment, runs, folder)
    return "\n\n".join(parts)


def _minutes(experiment: Experiment, runs: Runs) -> dict[str, float]:
    """Of the seed in the middle: what a run has computed that was killed is not known."""
    return {
        system.name: median(cost(runs.run(system.name, seed)) for seed in runs.seeds) / 60
        for system in experiment.systems
    }


def _figures(experiment: Experiment, runs: Runs, folder: Path) -> list[str]:
    curves = folder / f"{experiment.name}-curves.png"
    draw_curves(experiment, runs, curves)
    parts = [f"![Learning curves]({folder.name}/{curves.name})"]
    if experiment.examples is None:
        return parts
    benchmark, system = experiment.examples
    sheet = folder / f"{experiment.name}-examples.jpg"
    draw_examples(experiment, runs, benchmark, system, sheet)
    text = (
        f"*Answers of {system}, seed {runs.seeds[0]}, to `{benchmark}`: the best four, four from "
        "the middle, the worst four; white rings are the truth.*"
    )
    return [*parts, f"![Best, middle and worst answers]({folder.name}/{sheet.name})", text]


def _cost_sentence(minutes: dict[str, float]) -> str:
    each = ", ".join(f"{name} {value:.0f}" for name, value in minutes.items())
    return f"Minutes of one processor core that a training took: {each}."


def _verdict_table(verdicts: Sequence[Verdict]) -> str:
    rows = [
        {
            "claim": verdict.claim.text,
            "gain, by seed": ", ".join(f"{gain:+.3f}" for gain in verdict.gains),
            "mean, 95 %": f"{verdict.gain:+.3f} [{verdict.low:+.3f}, {verdict.high:+.3f}]",
            "verdict": f"**{verdict.word}**",
        }
        for verdict in verdicts
    ]
    return table(rows)


def _test_part(test: Test, scored: dict[str, BySeed]) -> list[str]:
    parts = [f"`{test.benchmark}`, mean and standard deviation over seeds:"]
    parts.append(table(summary(scored[OVERALL], test.shown)))
    if test.grouping is not None:
        parts += [f"{test.grouping.title}:", table(_group_rows(test, scored))]
    return parts


def _group_rows(test: Test, scored: dict[str, BySeed]) -> list[Row]:
    """One row per system and metric, one column per group."""
    groups = [group for group in scored if group != OVERALL]
    return [
        {"system": system, "score": column}
        | {g: spread([v[metric] for v in scored[g][system].values()]) for g in groups}
        for system in scored[OVERALL]
        for metric, column in test.shown.items()
        if all(metric in v for g in groups for v in scored[g][system].values())
    ]


def table(rows: Sequence[Row]) -> str:
    """Rows of equal keys as a Markdown table."""
    cells = [[_cell(value) for value in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str | int | float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write_section(page: Path, name: str, text: str) -> None:
    """Put a section between its marks on a Markdown page; a new one goes to the end."""
    begin, end = f"<!-- sightline reproduce {name} -->", f"<!-- end of {name} -->"
    section = f"{begin}\n\n{text}\n\n{end}"
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if pattern.search(before):
        after = pattern.sub(lambda _: section, before)
    else:
        after = f"{before.rstrip()}\n\n{section}\n".lstrip()
    page.write_text(after, encoding="utf-8")
