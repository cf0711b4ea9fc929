"""
Writes openapi/openai-2.3.0.json.gz and openapi/llama-stack-0.7.1.json.gz: of two published OpenAPI documents, the
operations in question and the schemas they lead to, without words: no descriptions, examples, titles, defaults.
Both documents are under the MIT licence; openapi/LICENSE has their notices.

  openai.json             github.com/openai/openai-openapi, 2.3.0
  llama-stack-spec.yaml   github.com/llamastack/llama-stack, tag v0.7.1, docs/static

  python -m venv venv && venv/bin/pip install pyyaml==6.0.3
  venv/bin/python tests/golden/make_openapi_extracts.py openai.json llama-stack-spec.yaml
"""

import gzip
import json
import re
import sys
from pathlib import Path

import yaml

OUT = Path(__file__).parent / "openapi"

EXTRACTS = {
    "openai-2.3.0": {
        "prefix": "/v1",
        "paths": r"/(chat/completions|completions|embeddings|models|files|batches|responses|conversations|moderations)(/[^?]*)?",
    },
    "llama-stack-0.7.1": {
        "prefix": "",
        "paths": r"/v1/(health|version|inspect/routes|providers|models|moderations|shields|safety/run-shield)(/[^?]*)?",
    },
}
METHODS = {"get", "post", "put", "patch", "delete"}
WORDS = {
    *("description", "summary", "title", "tags", "operationId", "externalDocs"),
    *("$recursiveAnchor", "example", "examples", "default", "deprecated", "discriminator", "security"),
}


def bare(node):
    """Without words. The keys of `properties` are names, whatever they spell."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if key == "properties" and isinstance(value, dict):
            kept[key] = {name: bare(schema) for name, schema in value.items()}
        elif key not in WORDS and not key.startswith("x-"):
            kept[key] = bare(value)
    nullable = kept.pop("nullable", False)  # OpenAPI 3.0's, in documents of 3.1
    return {"anyOf": [kept, {"type": "null"}]} if nullable else kept


def extract(name, document):
    wanted = EXTRACTS[name]
    paths, others = {}, []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in METHODS or "?" in path:
                continue
            if not re.fullmatch(wanted["paths"], path):
                others.append(f"{method.upper()} {wanted['prefix']}{path}")
                continue
            responses = {
                status: document["components"]["responses"][reply["$ref"].rsplit("/", 1)[1]] if "$ref" in reply else reply
                for status, reply in operation["responses"].items()
            }
            paths.setdefault(wanted["prefix"] + path, {})[method] = bare({**operation, "responses": responses})

    schemas, left = {}, [paths]
    while left:
        for ref in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(left.pop())):
            if ref not in schemas:
                schema = json.dumps(document["components"]["schemas"][ref])
                itself = f'"$ref": "#/components/schemas/{ref}"'
                schemas[ref] = bare(json.loads(schema.replace('"$recursiveRef": "#"', itself)))
                left.append(schemas[ref])
    return {
        "openapi": document["openapi"],
        "otherOperations": sorted(others),
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items()))},
    }


openai, llama_stack = sys.argv[1:]
documents = {
    "openai-2.3.0": json.loads(Path(openai).read_text()),
    "llama-stack-0.7.1": yaml.safe_load(Path(llama_stack).read_text()),
}
for name, document in documents.items():
    text = json.dumps(extract(name, document), separators=(",", ":"))
    (OUT / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(name, len(text))
