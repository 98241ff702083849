"""An OpenAPI document as a judge of answers, and the record of what it has judged."""

import json
import re

import jsonschema

from service import match_path, request

JSON = [("Content-Type", "application/json")]


class Document:
    def __init__(self, document):
        self.document = document
        self.strict = strict(document)
        self.formats = jsonschema.FormatChecker(formats=())

        @self.formats.checks("date-time")
        def is_time(text):
            return not isinstance(text, str) or re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) is not None

    def operations(self):
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                yield method.upper(), path, operation

    def find(self, method, path):
        """The template that a request's path belongs to: a literal one before one with a variable."""
        path = path.rstrip("/")
        templates = sorted(self.document["paths"], key=lambda template: ("{" in template, -len(template)))
        for template in templates:
            if match_path(template, path) and method.lower() in self.document["paths"][template]:
                return template
        return None

    def resolve(self, node):
        while "$ref" in node:
            found = self.strict
            for part in node["$ref"][2:].split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def response(self, method, template, status):
        """The description of that answer, and whether it is described by its number."""
        responses = self.strict["paths"][template][method.lower()]["responses"]
        if str(status) in responses:
            return self.resolve(responses[str(status)]), True
        return self.resolve(responses["default"]), False

    def errors(self, schema, value):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
                  "components": self.strict["components"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=self.formats)
        return [describe(error) for error in validator.iter_errors(value)]


def describe(error):
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=lambda inner: len(inner.absolute_path))
    return f"{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:300]}"


def strict(node):
    """The same with every undocumented member refused: the document leaves room, the server must not use it."""
    if isinstance(node, list):
        return [strict(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    result = {name: value if name in ("example", "examples") else strict(value) for name, value in node.items()}
    if isinstance(node.get("properties"), dict) and "object" in node.get("type", ()) and "$ref" not in node:
        result.setdefault("additionalProperties", False)
    return result


class Suite:
    def __init__(self, binaries):
        self.binaries = binaries
        self.failures = []
        self.reached = set()  # "GET /rankings 200"
        self.validated = 0
        self.document = None
        self.scanner = None

    def fail(self, message):
        self.failures.append(message)
        print("FAILED:", message, flush=True)

    def expect(self, condition, message):
        if not condition:
            self.fail(message)

    def check(self, method, target, answer, expected=None):
        """Holds an answer to the document."""
        template = self.document.find(method, target.split("?")[0])
        what = f"{method} {target[:120]} → {answer.status}"
        if expected is not None and answer.status != expected:
            self.fail(f"{what}, expected {expected}: {answer.body[:400]!r}")
        if template is None:
            return self.fail(f"{what}: no such operation in the document")
        description, by_number = self.document.response(method, template, answer.status)
        if by_number:
            self.reached.add(f"{method} {template} {answer.status}")
        self.validated += 1
        self.check_headers(what, description, answer)
        content = description.get("content", {})
        media_type = (answer.header("content-type") or "").split(";")[0]
        if not content:
            return self.expect(not answer.body, f"{what}: an undocumented body")
        if media_type not in content:
            return self.fail(f"{what}: {media_type!r} is not among {list(content)}")
        if media_type.endswith("json") and media_type != "application/x-ndjson":
            try:
                value = answer.json()
            except ValueError as error:
                return self.fail(f"{what}: {error}")
            for error in self.document.errors(content[media_type]["schema"], value):
                self.fail(f"{what}: {error}")
            if media_type == "application/problem+json":
                self.expect(value.get("status") == answer.status, f"{what}: another status in the body")
            return value
        if media_type != "application/vnd.market-scanner.recording":
            answer.body.decode("utf-8")
        return None

    def check_headers(self, what, description, answer):
        for name in description.get("headers", {}):
            optional = name in ("Link", "X-Next-Cursor", "ETag", "X-Data-Age-Ms", "X-Scan-Seq", "X-Scan-Ts")
            if name == "X-Market" or (answer.status == 200 and optional):
                continue
            self.expect(answer.header(name) is not None, f"{what}: the header {name} is missing")

    def ask(self, method, target, expected=None, body=None, headers=(), scanner=None):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = [*headers] + (JSON if body is not None and not any(name == "Content-Type" for name, _ in headers)
                                else [])
        answer = request((scanner or self.scanner).port, method, target, headers, data)
        answer.value = self.check(method, target, answer, expected)
        return answer


def values_of(schema):
    """Values and whether the document allows them."""
    kind = schema.get("type")
    if "enum" in schema:
        yield from ((value, True) for value in schema["enum"])
        yield "no-such-value", False
    elif kind in ("integer", "number"):
        yield "1e999", False
        yield "nan", False
        yield "0x10", False
        if kind == "integer":
            yield "1.5", False
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None:
            yield low, True
            yield low - 1, False
        if high is not None:
            yield high, True
            yield high + 1, False
        else:
            yield 1000, True
    elif kind == "boolean":
        yield from (("true", True), ("0", True), ("maybe", False))
    elif kind == "array" and "$ref" in schema.get("items", {}):
        yield "scam_wick", True
        yield "no_such_flag", False
    elif kind == "array" and "enum" in schema.get("items", {}):
        yield ",".join(entry for entry in schema["items"]["enum"] if entry != "rank_delta"), True
        yield "no_such_field", False
    elif kind == "string" and schema.get("minLength"):
        yield "", False
