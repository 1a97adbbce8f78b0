"""The front end's generated files: `python -m tests.explorer.typescript` writes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from persona_assets.base.queries import orders
from persona_assets.base.slips import ARGUMENTS, IS_A_MACRO, TAKES_OTHERS
from persona_assets.drift.confounds import CALLED
from persona_assets.explorer.contract import ANSWERS
from persona_assets.explorer.resources.registry import NUMBERS, RESOURCES, Resource
from persona_assets.lake.schema import (
    CONTRAST_FEATURES,
    CONTRASTS,
    FEATURES,
    LENGTH_CONTRASTS,
    PLAYED_ROLES,
    ROLE_ADHERENCE,
    ROLE_BASELINES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_FINDINGS,
    SAE_FIT,
)
from tests.places import PROJECT

FOLDER = PROJECT / "persona_assets" / "explorer" / "web" / "src" / "generated"
HEAD = "// Written by `make generated`; change {source} instead.\n\n"
# Tables whose columns the pages explain.
SAID = (
    CONTRAST_FEATURES,
    CONTRASTS,
    FEATURES,
    LENGTH_CONTRASTS,
    PLAYED_ROLES,
    ROLE_ADHERENCE,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_BASELINES,
    ROLE_FINDINGS,
    SAE_FIT,
)

_PLAIN = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null",
}  # fmt: skip

Schema = dict[str, Any]


@lru_cache
def definitions() -> dict[str, Schema]:
    """Return the JSON schema of every answer by its name."""
    adapters = [(name, "validation", TypeAdapter(type_)) for name, type_ in ANSWERS.items()]
    _, schema = TypeAdapter.json_schemas(adapters)  # type: ignore[arg-type]
    return dict(schema["$defs"])


def contract() -> str:
    """Return contract.ts: the types of the answers."""
    types = "\n".join(_declared(name, definitions()[name]) for name in ANSWERS)
    return HEAD.format(source="persona_assets/explorer/contract") + types


def paths() -> str:
    """Return paths.ts: where each resource is."""
    lines = [f"  {_camel(resource.name)}: {_path(resource)},\n" for resource in RESOURCES]
    head = HEAD.format(source="persona_assets/explorer/resources/registry.py")
    return f"{head}export const paths = {{\n{''.join(lines)}}};\n"


def columns() -> str:
    """Return columns.ts: what the schema says of columns that the pages show."""
    said = {
        table.name: {column.name: column.says for column in table.columns if column.says} for table in SAID
    }
    head = HEAD.format(source="persona_assets/lake/schema")
    orders_of = f"export const FEATURE_ORDERS = {json.dumps(orders('top_features'))} as const;\n"
    return (
        f"{head}{orders_of}\nexport const SAYS = {json.dumps(said, indent=2, ensure_ascii=False)} as const;\n"
    )


def slips() -> str:
    """Return slips.ts: DuckDB's complaint of a macro's arguments, and what is said in its place."""
    said = {"ARGUMENTS": ARGUMENTS, "TAKES_OTHERS": TAKES_OTHERS, "IS_A_MACRO": IS_A_MACRO}
    lines = [f"export const {name} = {json.dumps(text)};\n" for name, text in said.items()]
    return HEAD.format(source="persona_assets/base/slips.py") + "".join(lines)


def verdicts() -> str:
    """Return verdicts.ts: what the verdicts on a confound are called."""
    head = HEAD.format(source="persona_assets/drift/confounds.py")
    return f"{head}export const VERDICT_WORDS = {json.dumps(CALLED, indent=2)} as const;\n"


FILES = {
    "contract.ts": contract,
    "paths.ts": paths,
    "columns.ts": columns,
    "slips.ts": slips,
    "verdicts.ts": verdicts,
}


def _declared(name: str, schema: Schema) -> str:
    about = _comment(schema.get("description"), "")
    if "properties" not in schema:
        return f"{about}export type {name} = {_type(schema)};\n"
    members = "".join(_members(schema))
    return f"{about}export interface {name} {{\n{members}}}\n"


def _members(schema: Schema) -> Iterator[str]:
    for key, member in schema["properties"].items():
        says = member.get("description") or member.get("items", {}).get("description")
        optional = "" if key in schema["required"] else "?"
        yield f"{_comment(says, '  ')}  {key}{optional}: {_type(member)};\n"


def _comment(says: str | None, indent: str) -> str:
    """Nothing that a comment or a column holds ends the comment."""
    lines = [line.strip() for line in (says or "").replace("*/", "* /").strip().splitlines()]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix("#/$defs/")
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " | ".join(map(_type, choices))
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        item = _type(schema["items"])
        return f"({item})[]" if " " in item else f"{item}[]"
    if schema.get("type") == "object":
        key = _type(schema["propertyNames"]) if "propertyNames" in schema else "string"
        return f"Record<{key}, {_type(schema['additionalProperties'])}>"
    return _PLAIN[schema["type"]] if "type" in schema else "unknown"


def _path(resource: Resource) -> str:
    kinds = [f"{_camel(part)}: {'number' if part in NUMBERS else 'string'}" for part in resource.parts]
    text = re.sub(r"\{(\w+)\}", lambda part: f"${{{_camel(part[1])}}}", resource.template)
    return f"({', '.join(kinds)}) => `data/{text}`" if kinds else f'() => "data/{text}"'


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in FILES.items():
        (FOLDER / file).write_text(text(), encoding="utf-8")
