"""What is different between two answers, by the place in them rather than by the byte."""

import csv
import io
import json
import re
from decimal import Decimal


def media_type(answer):
    return dict(answer["headers"]).get("content-type", "").split(";")[0]


def parse(answer):
    """The answer's body as values; text where it is nothing else. Numbers keep their digits."""
    kind, text = media_type(answer), answer["body"]
    if kind == "application/x-ndjson":
        return [parse_json(line) for line in text.splitlines()]
    if kind.endswith("json") and text:
        return parse_json(text)
    if kind == "text/csv":
        return [{name: number_of(cell) for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]
    if kind == "text/event-stream":
        return [parse_json(line[6:]) if line.startswith("data: ") else line for line in text.split("\n")]
    return text.splitlines()


def parse_json(text):
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def number_of(cell):
    return Decimal(cell) if re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", cell or "") else cell


def is_rounded(old, new):
    """Whether `new` is `old` to fewer digits: at most half a unit of its last digit away."""
    unit = Decimal(1).scaleb(new.normalize().as_tuple().exponent)
    if unit > 1 and abs(new) >= 1:  # 1200 may mean 1.2e3 or 1200: a whole number counts to its last digit
        unit = Decimal(1)
    return digits(new) <= digits(old) and abs(old - new) <= unit / 2


def digits(number):
    return len(number.normalize().as_tuple().digits)


def differences(old, new, place=""):
    """(place with [] for any index, kind, old, new)."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old:
            if name not in new:
                yield f"{place}.{name}", "gone", old[name], None
            else:
                yield from differences(old[name], new[name], f"{place}.{name}")
        for name in new:
            if name not in old:
                yield f"{place}.{name}", "new", None, new[name]
        common = [name for name in old if name in new]
        if common != [name for name in new if name in old]:
            yield place, "in another order", common, [name for name in new if name in old]
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield place, "another length", len(old), len(new)
        for before, after in zip(old, new):
            yield from differences(before, after, f"{place}[]")
    elif isinstance(old, Decimal) and isinstance(new, Decimal):
        if old != new:
            yield place, "rounded" if is_rounded(old, new) else "another value", old, new
        elif str(old) != str(new):
            yield place, "written differently", old, new
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield place, "another value", old, new


class Report:
    """Collects the differences of all answers by route, place and kind."""

    def __init__(self, by_value):
        self.by_value = by_value
        self.equal = self.rounded = 0
        self.different = []  # questions
        self.places = {}  # (route, place, kind): [count, question, old, new, digits before, digits after, largest share]

    def compare(self, route, question, old, new):
        found = list(self.of_answer(old, new))
        failures = [entry for entry in found if not (self.by_value and entry[1] in ("rounded", "written differently"))]
        if failures:
            self.different.append(question)
        elif found:
            self.rounded += 1
        else:
            self.equal += 1
        for place, kind, before, after in found:
            self.note(route, place, kind, question, before, after)

    def of_answer(self, old, new):
        if old["status"] != new["status"]:
            yield "status", "another value", old["status"], new["status"]
        same_body = old["body"] == new["body"]
        before, after = dict(old["headers"]), dict(new["headers"])
        if self.by_value:  # these follow from the bytes, also where there is no body (HEAD, 304)
            for name in ("etag", "content-length"):
                before.pop(name, None), after.pop(name, None)
        yield from differences(before, after, "header")
        if same_body:
            return
        if old["status"] == new["status"] and media_type(old) == media_type(new):
            found = list(differences(parse(old), parse(new), "body"))
            yield from found or [("body", "the same values in other bytes", old["body"], new["body"])]
        else:
            yield "body", "another value", old["body"], new["body"]

    def note(self, route, place, kind, question, before, after):
        entry = self.places.setdefault((route, place, kind), [0, question, before, after, 0, 0, Decimal(0)])
        entry[0] += 1
        if kind == "rounded":
            entry[4], entry[5] = max(entry[4], digits(before)), max(entry[5], digits(after))
            entry[6] = max(entry[6], abs((after - before) / before) if before else Decimal(1))

    def print(self, out):
        total = self.equal + self.rounded + len(self.different)
        print(f"{total} answers: {self.equal} the same bytes, {self.rounded} rounded only, "
              f"{len(self.different)} different", file=out)
        for (route, place, kind), entry in sorted(self.places.items()):
            count, question, before, after, digits_before, digits_after, share = entry
            detail = (f"{digits_before} to {digits_after} digits, by up to {share * 100:.2g} %" if kind == "rounded"
                      else f"{short(before)} → {short(after)}")
            print(f"  {route}  {place}: {kind} ({count} times): {detail}   e.g. {question}", file=out)


def short(value):
    text = str(value)
    return text if len(text) <= 90 else text[:60] + " … " + text[-25:]
