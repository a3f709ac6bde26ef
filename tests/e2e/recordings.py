"""Recordings of real frameworks as OTLP messages, and changes that must not change what they
tell. No test lives here."""

import hashlib
import json
import random
import re

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from harness import ROOT

FOLDER = ROOT / "tests/golden/frameworks"
IDS = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-f])")


def names():
    return sorted(p.name for p in FOLDER.iterdir() if (p / "truth.json").exists())


def truth(name):
    return json.loads((FOLDER / name / "truth.json").read_text(encoding="utf-8"))


def requests(name):
    out = []
    for path in sorted((FOLDER / name).glob("*.traces.pb")):
        out.append(ExportTraceServiceRequest.FromString(path.read_bytes()))
    return out


def spans(request):
    """(resource group, scope group, span) of every span."""
    for group in request.resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                yield group, scope, span


def change_texts(message, change):
    """Replaces every text of a message, also the keys of attributes, by change(text)."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for item in value if field.is_repeated else [value]:
                change_texts(item, change)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                value[:] = [change(item) for item in value]
            else:
                setattr(message, field.name, change(value))


def renamer(table):
    """A change that gives agents and tools other names, in every spelling of theirs."""
    forms = {}
    for old, new in table.items():
        forms.update({old: new, old.lower(): new.lower(), old.replace("_", " "): new})
    pattern = re.compile("|".join(re.escape(f) for f in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda m: forms[m.group()], text)


def renamed(name, table):
    change = renamer(table)
    changed = requests(name)
    for request in changed:
        change_texts(request, change)
    return changed, json.loads(change(json.dumps(truth(name))))


def with_other_ids(name, salt):
    """The same run with other trace, span and message ids."""
    def digest(data, size):
        return hashlib.sha256(salt + data).digest()[:size]

    def text(match):
        old = match.group()
        new = digest(bytes.fromhex(old.replace("-", "")), 16).hex()
        if "-" in old:
            new = "-".join((new[:8], new[8:12], new[12:16], new[16:20], new[20:]))
        return new

    changed = requests(name)
    for request in changed:
        change_texts(request, lambda value: IDS.sub(text, value))
        for _, _, span in spans(request):
            for part in [span, *span.links]:
                part.trace_id = digest(part.trace_id, 16)
                part.span_id = digest(part.span_id, 8)
            if span.parent_span_id:
                span.parent_span_id = digest(span.parent_span_id, 8)
    return changed, json.loads(IDS.sub(text, json.dumps(truth(name))))


def one_by_one(some_requests, seed, repeat=0.3):
    """Every span in a request of its own, in any order, some of them twice."""
    alone = []
    for request in some_requests:
        for group, scope, span in spans(request):
            single = ExportTraceServiceRequest()
            out_group = single.resource_spans.add(resource=group.resource)
            out_scope = out_group.scope_spans.add(scope=scope.scope)
            out_scope.spans.append(span)
            alone.append(single)
    dice = random.Random(seed)
    alone += dice.sample(alone, int(len(alone) * repeat))
    dice.shuffle(alone)
    return alone


def write(some_requests, folder):
    """The requests as files; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    merged = ExportTraceServiceRequest()
    for i, request in enumerate(some_requests):
        if len(some_requests) > 60:  # one file, still in this order
            merged.MergeFrom(request)
        else:
            (folder / f"{i:05}.traces.pb").write_bytes(request.SerializeToString())
    if merged.resource_spans:
        (folder / "00000.traces.pb").write_bytes(merged.SerializeToString())
    return folder
