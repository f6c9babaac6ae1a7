"""docs/api/openapi.yaml as a checker of answers: which operation a request is, and whether an answer is as described.

Only the part of JSON Schema that the document uses; a keyword it does not know is an error, so that nothing is
silently unchecked.
"""
import datetime
import re
import uuid
from pathlib import Path

import yaml

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "api" / "openapi.yaml"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "format", "pattern", "minimum",
         "maximum", "minLength", "maxLength", "minItems", "maxItems", "description", "default", "$ref",
         "contentMediaType", "example"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
FORMATS = {
    "uuid": uuid.UUID,
    "date-time": lambda text: datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ"),
    "uri": lambda text: re.fullmatch(r"https?://[^/]+/.*", text) or 1 / 0,
}


class OpenApi:
    def __init__(self, text: str | None = None):
        self.document = yaml.safe_load(text if text is not None else DOCUMENT.read_text())

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operations(self):
        """(method, path, operation) of each."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in METHODS:
                    yield method.upper(), path, operation

    def operation(self, method: str, path: str):
        for known_method, pattern, operation in self.operations():
            shape = re.sub(r"\{[a-z_]+\}", "[^/]+", pattern)
            if known_method == method and re.fullmatch(shape, path):
                return operation
        raise AssertionError(f"{method} {path} is not in the document")

    def check_answer(self, method: str, path: str, status: int, content_type: str, body):
        """Raises AssertionError where the answer is not described so. body: parsed JSON, or None."""
        responses = self.operation(method, path)["responses"]
        assert str(status) in responses, f"{method} {path}: {status} is not described"
        content = self.resolve(responses[str(status)]).get("content")
        if content is None:
            assert body is None, f"{method} {path}: {status} is described without a body"
            return
        media = content_type.split(";")[0]
        assert media in content, f"{method} {path}: {status} is described as {list(content)}, not {media}"
        if media.endswith("json"):
            self.check(content[media]["schema"], body, f"{method} {path} {status}")

    def check(self, schema, value, where: str):
        schema = self.resolve(schema)
        unknown = set(schema) - KNOWN
        assert not unknown, f"{where}: the checker does not know {unknown}"
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types:
            is_one = any(isinstance(value, TYPES[t]) and not (t == "integer" and isinstance(value, bool)) for t in types)
            assert is_one, f"{where}: {value!r} is not {types}"
        if "enum" in schema:
            assert value in schema["enum"], f"{where}: {value!r} is not in {schema['enum']}"
        if isinstance(value, str):
            self._check_text(schema, value, where)
        if isinstance(value, int) and "minimum" in schema:
            assert value >= schema["minimum"], where
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.check(schema["items"], item, f"{where}[{i}]")
        if isinstance(value, dict):
            self._check_object(schema, value, where)

    def _check_text(self, schema, value, where):
        if "format" in schema:
            try:
                FORMATS[schema["format"]](value)
            except (ValueError, ZeroDivisionError):
                raise AssertionError(f"{where}: {value!r} is not {schema['format']}") from None
        if "pattern" in schema:
            assert re.search(schema["pattern"], value), f"{where}: {value!r}"

    def _check_object(self, schema, value, where):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            assert name in value, f"{where}: {name} is missing"
        for name, item in value.items():
            if name in properties:
                self.check(properties[name], item, f"{where}.{name}")
            else:
                more = schema.get("additionalProperties", True)
                assert more is not False, f"{where}: {name} is not described"
                if isinstance(more, dict):
                    self.check(more, item, f"{where}.{name}")
