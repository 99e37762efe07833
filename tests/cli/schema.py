# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds what commands printed against their schemas: schema.py SCHEMAS FOLDER.

In FOLDER there is N, which was printed, and N.args, the arguments, each on a
line.  A line for each that does not fit; status 1 if there is one, and 77 where
there is no validator.
"""
import json
import pathlib
import re
import sys

try:
    from jsonschema import Draft202012Validator as Validator
except ImportError:
    sys.exit(77)

DRY = re.compile("--dry-run$|-[a-eg-z]*n", re.I)


def no_constant(word):
    """Python's reader takes NaN, and JSON has none."""
    raise json.JSONDecodeError(word, "", 0)


def command(args):
    """Whose schema it is: the command's, but that of create -n is its own."""
    words = iter(args)
    for word in words:
        if word == "--host":
            next(words)
        elif not word.startswith("-"):
            break
    else:
        return None
    dry = word == "create" and any(DRY.match(arg) for arg in args)
    return word + "-n" if dry else word


def documents(name, text):
    if name not in ("events", "migrate"):
        text = [text]
    else:
        text = text.splitlines()
    return [json.loads(one, parse_constant=no_constant) for one in text]


def faults(schemas, printed):
    """Yields what is wrong about one of the files."""
    args = printed.with_name(printed.name + ".args").read_text().splitlines()
    name = command(args)
    text = printed.read_text()
    if name is None or text.startswith("usage: "):
        return
    schema = schemas / (name + ".json")
    if not schema.exists():
        yield f"{' '.join(args)}: {name} has no schema"
        return
    validator = Validator(json.loads(schema.read_text()))
    try:
        found = documents(name, text)
    except json.JSONDecodeError as error:
        yield f"{' '.join(args)}: no JSON: {error}"
        return
    for error in (e for d in found for e in validator.iter_errors(d)):
        where = "/".join(str(part) for part in error.absolute_path)
        yield f"{' '.join(args)}: {where or 'all of it'}: {error.message[:300]}"


def main():
    schemas, folder = map(pathlib.Path, sys.argv[1:])
    for schema in schemas.glob("*.json"):
        Validator.check_schema(json.loads(schema.read_text()))
    lines = [line for printed in sorted(folder.iterdir())
             if not printed.name.endswith(".args")
             for line in faults(schemas, printed)]
    print("\n".join(lines))
    sys.exit(1 if lines else 0)


main()
