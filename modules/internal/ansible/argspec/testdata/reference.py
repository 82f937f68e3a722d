# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer argument spec cases as ansible-core does.

Standard input has one case per line, {"spec": {...}, "rules": {...},
"args": {...}}, in the form of ansible-core's own argument_spec. The first
line of the output is the version of ansible-core; then there is one line per
case: {"ok", "values", "unknown", "secrets", "failed"} or {"crash"}.
"""
import json
import re
import sys

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.release import __version__


def only_options(spec, values):
    """Drop the copies under alias names; an int given as a boolean becomes its number."""
    kept = {}
    for name, option in spec.items():
        if name not in values:
            continue
        value = values[name]
        if option.get("type") == "int" and isinstance(value, bool):
            value = int(value)
        if option.get("elements") == "int" and isinstance(value, list):
            value = [int(item) if isinstance(item, bool) else item for item in value]
        is_dict = option.get("type") == "dict" or (option.get("type"), option.get("elements")) == ("list", "dict")
        sub_spec = option.get("options") if is_dict else None
        if sub_spec and isinstance(value, dict):
            value = only_options(sub_spec, value)
        elif sub_spec and isinstance(value, list):
            value = [only_options(sub_spec, item) if isinstance(item, dict) else item for item in value]
        kept[name] = value
    return kept


PATTERNS = {
    "ArgumentTypeError": ("invalid", r"(?:argument|for option) '?([^' ]*)'? "),
    "ElementError": ("invalid", r"for option '([^']*)'"),
    "ArgumentValueError": ("choice", r"value of (\S+) must be one"),
}
RULES = {
    "MutuallyExclusiveError": "exclusive",
    "RequiredTogetherError": "together",
    "RequiredOneOfError": "one of",
    "RequiredIfError": "if",
    "RequiredByError": "by",
}


def failed(errors):
    """Tell what failed: the kind and the option, without positions in lists."""
    found = set()
    for error in errors:
        kind, text = type(error).__name__, str(error)
        inside = re.findall(r"found in '?([\w>. -]*?)(?:'|$)", text)
        prefix = "".join(part + "." for part in inside[-1].split(" -> ")) if inside else ""
        if kind in PATTERNS:
            label, pattern = PATTERNS[kind]
            match = re.search(pattern, text)
            found.add(label + " " + prefix + match.group(1))
        elif kind == "RequiredError":
            names = re.match(r"missing required arguments: (.*?)(?: found in .*)?$", text).group(1)
            found.update("required " + prefix + name for name in names.split(", "))
        elif kind in RULES:
            found.add("rule " + RULES[kind] + " " + prefix)
    return sorted(found)


def dump(values):
    """Write JSON; the detour makes strings of all keys before they are sorted."""
    try:
        return json.dumps(json.loads(json.dumps(values)), sort_keys=True)
    except TypeError as error:
        return f"no JSON: {error}"


def answer(case):
    rules = case.get("rules") or {}
    try:
        result = ArgumentSpecValidator(case["spec"], **rules).validate(case["args"])
        return {
            "ok": not result.errors.errors,
            "values": dump(only_options(case["spec"], result.validated_parameters)),
            "unknown": sorted(".".join(name) if isinstance(name, tuple) else name for name in result.unsupported_parameters),
            "secrets": sorted({str(value) for value in result._no_log_values}),
            "failed": failed(result.errors.errors),
        }
    except Exception as error:  # what AnsibleModule would end in a traceback with
        return {"crash": f"{type(error).__name__}: {error}"[:200]}


def main():
    print(json.dumps(__version__))
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


main()
