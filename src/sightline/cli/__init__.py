"""The command line: verbs imported when called, one sentence per error, exit codes 0, 1 and 2."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version

from sightline.cli.messages import say

COMMANDS = {  # words: (module, class, what it does)
    "predict": ("predict", "Predict", "say where the people of pictures and films look"),
    "train": ("train", "Train", "train a model by a recipe"),
    "evaluate": ("evaluate", "Evaluate", "score a model by a benchmark's published protocol"),
    "reproduce": ("reproduce", "Reproduce", "put a paper's claim to the test on rendered data"),
    "events": ("events", "Events", "turn the table of a film into behavioural events"),
    "agreement": ("agreement", "Compare", "compare two codings of a film"),
    "data check": ("data", "Check", "look a copy of a dataset over"),
    "data convert": ("data", "Convert", "write a dataset in a faster form, as COCO or as VOC"),
    "data statistics": ("data", "Statistics", "measure people, heads, targets and objects"),
    "data synthesize gazefollow": (
        "data",
        "SynthesizeGazeFollow",
        "render pictures in the released layout",
    ),
    "data synthesize videoattentiontarget": (
        "data",
        "SynthesizeVideoAttentionTarget",
        "render clips in the released layout",
    ),
    "data synthesize goo": (
        "data",
        "SynthesizeGoo",
        "render shelves and a shopper in the released layout",
    ),
    "data synthesize gazefollow360": (
        "data",
        "SynthesizeGazeFollow360",
        "render panoramas in the released layout",
    ),
    "models list": ("models", "List", "models, and known weights: here or to be had"),
    "models pull": ("models", "Pull", "fetch known weights"),
    "models add": ("models", "Add", "register known weights copied by hand"),
    "models card": ("models", "Card", "the model card of known weights"),
    "models convert": ("models", "Convert", "turn an official checkpoint into a file of ours"),
    "models export": ("export", "Export", "write a model as ONNX, which runs without torch"),
    "info": ("info", "Info", "versions, devices, head detectors, licences"),
}


def main() -> None:
    """Entry point of `sightline`."""
    words = [word for word in sys.argv[1:] if word != "--debug"]
    sys.exit(run(words, debug="--debug" in sys.argv))


def run(words: list[str], *, debug: bool = False) -> int:
    """Run the command that `words` begin with; returns the exit code.

    0 done, 1 failed at run time, 2 wrong usage. With `debug` errors keep their traceback.
    """
    command = next((c for c in COMMANDS if words[: len(c.split())] == c.split()), None)
    if command is None:
        return _overview(words)
    try:
        return _run(command, words[len(command.split()) :])
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "stopped; what was finished is kept", 1)
    except Exception as error:
        if debug:
            raise
        return _complain(_sentence(error), _exit_code(error))


def _run(command: str, words: list[str]) -> int:
    import tyro  # imported here: the overview alone takes a tenth of its time

    from sightline.cli.options import UsageError

    module, name, _ = COMMANDS[command]
    kind = getattr(import_module(f"sightline.cli.{module}"), name)
    markers = tyro.conf
    plain = (markers.FlagCreatePairsOff, markers.HelptextFromCommentsOff, markers.DisallowNone)
    try:
        options = tyro.cli(kind, args=words, prog=f"sightline {command}", config=plain)
    except ValueError as error:  # of a class of ours that refuses a value
        raise UsageError(str(error)) from error
    return options.run()


def _overview(words: list[str]) -> int:
    if words == ["--version"]:
        print(f"sightline {version('sightline')}")
        return 0
    if words and words[0] not in ("-h", "--help"):
        known = [c for c in COMMANDS if c.split()[0] == words[0]] or list(COMMANDS)
        longest = max(len(c.split()) for c in known)
        wrong = " ".join(words[:longest] if len(known) < len(COMMANDS) else words[:1])
        return _complain(f"there is no command {wrong!r}; known: {', '.join(known)}", 2)
    print("usage: sightline COMMAND [OPTIONS]\n\nGaze following: who looks at what in pictures.\n")
    width = max(map(len, COMMANDS)) + 2
    for command, (*_, help_text) in COMMANDS.items():
        print(f"  {command:<{width}}{help_text}")
    print("\nsightline COMMAND --help shows its options; --debug shows where an error comes from;")
    print("sightline --version says which this is.")
    return 0 if words else 2


def _sentence(error: Exception) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError) and error.filename:
        return f"{error.filename}: a file is where a folder should be; name another one"
    if isinstance(error, OSError) and error.filename and error.strerror:
        reason = error.strerror[:1].lower() + error.strerror[1:]
        return f"{error.filename}: {reason}; check the path, its permissions and the disk"
    return str(error) or type(error).__name__


def _exit_code(error: Exception) -> int:
    from sightline.cli.options import UsageError
    from sightline.registry import UnknownNameError

    wrong_use = UsageError | UnknownNameError | FileNotFoundError | FileExistsError
    wrong_use |= NotADirectoryError
    return 2 if isinstance(error, wrong_use) else 1


def _complain(message: str, code: int) -> int:
    say(message)
    return code
