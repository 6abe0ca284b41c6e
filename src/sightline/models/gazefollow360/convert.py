"""Official GazeFollow360 checkpoints, ImageNet's classifiers and our trunks into ours, by name.

The release trains in three stages, and the file of each holds what the stages so far have learnt.
"""

from __future__ import annotations

from sightline.models.gazefollow360.model import GazeFollow360, GazeFollow360Config
from sightline.models.names import rename
from sightline.models.weights import State, WeightsError, load_part, require_match

DIRECTION = {  # official beginning: ours; the second is misspelt in the files
    "resnet": "direction.backbone",
    "fc_headpostion": "direction.position",
    "fc_to_gaze": "direction.head",
}
REGIONS = {"dp.distant_conv": "distant", "dp.local_conv": "local"}
TWO_STAGES = {f"gde.{official}": ours for official, ours in DIRECTION.items()} | REGIONS
STAGES = {  # stage: the names of its file
    1: DIRECTION,
    2: TWO_STAGES,
    3: {f"gde_dp.{official}": ours for official, ours in TWO_STAGES.items()} | {"df": "fusion"},
}
CLASSIFIERS = ("layer1.0.conv1.weight", "stage0.rbr_dense.conv.weight")  # ResNet, RepVGG


def convert(official: State) -> tuple[GazeFollow360, list[str]]:
    """The model, as released, of a complete official checkpoint, and notes on what it lacks.

    Of a file of the first or second stage, the parts that are trained later keep random values.
    Raises WeightsError, listing the names, when anything else is missing, unknown or of another
    shape.
    """
    stage = _stage(official)
    if stage is None:
        raise WeightsError(
            "this is not a GazeFollow360 checkpoint: it has neither resnet.conv1.weight nor that "
            "after gde. or gde_dp.gde."
        )
    model = GazeFollow360(GazeFollow360Config(as_released=True))
    ours, rest = rename(official, STAGES[stage])
    later = sorted(set(STAGES[3].values()) - set(STAGES[stage].values()))
    untrained = {name for name in model.state_dict() if name.startswith(tuple(later))}
    require_match(model, ours | rest, missing_ok=untrained)
    model.load_state_dict(model.state_dict() | ours)
    if not later:
        return model, []
    return model, [f"not in a file of stage {stage}, random values kept: {', '.join(later)}"]


def initialise(model: GazeFollow360, state: State) -> list[str]:
    """Start `model` from official weights, an ImageNet classifier, or a two-trunk model of ours.

    A classifier and a face trunk become the backbone that sees heads. A corrected model takes of
    official weights the direction network alone, its position without x and y.
    """
    if (stage := _stage(state)) is not None:
        ours, rest = rename(state, STAGES[stage])
        if model.config.as_released:
            return load_part(model, ours | rest)
        return _load_direction(model, ours | rest)
    if any(name in state for name in CLASSIFIERS):
        return load_part(model, {f"direction.backbone.{n}": t for n, t in state.items()})
    if "face_trunk.stem.0.weight" in state:
        ours, _ = rename(state, {"face_trunk": "direction.backbone.trunk"})
        return load_part(model, ours)
    return load_part(model, state)


def _stage(official: State) -> int | None:
    """The stage whose names a file has; None for another model's."""
    for stage, names in STAGES.items():
        if f"{next(iter(names))}.conv1.weight" in official:
            return stage
    return None


def _load_direction(model: GazeFollow360, ours: State) -> list[str]:
    """The released direction network in a corrected model."""
    towers = sorted(n for n in ours if n.startswith(("distant.", "local.", "fusion.")))
    kept = {name: ours[name] for name in ours.keys() - set(towers)}
    position = "direction.position.0.weight"
    if position in kept:
        kept[position] = kept[position][:, 2:]
    notes = ["left out the columns of x and y of the head's position: the model is given z alone"]
    if towers:
        notes.append(f"left out the towers, which have no non-linearities: {', '.join(towers)}")
    return notes + load_part(model, kept)
