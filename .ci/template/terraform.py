"""Checks Terraform files against the AWS provider's schema: the names of arguments and blocks, what is required, and what other
resources are asked for.

The provider itself is had from a registry of its own; its schema is also in the type declarations of the npm package
`@cdktf/provider-aws`, which were generated from it. The first argument is that package, the others are the files.
"""

import re
import sys
import tarfile

import hcl2

META = {"for_each", "count", "depends_on", "lifecycle", "provider"}
FIELD = re.compile(r"\{@link [^ }]*#(\w+) [^}]*\}(?:(?!\*/).)*\*/\s*readonly \w+(\??): ([^;]+);", re.S)
REFERENCE = re.compile(r"(?<![\w.])(data\.)?(aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)")


class Schema:
    """The declarations of some kinds: `aws_sfn_alias`, `data.aws_region`."""

    def __init__(self, package, kinds):
        folders = {}
        for kind in kinds:
            folder = kind.replace("data.aws_", "data-aws-").removeprefix("aws_").replace("_", "-")
            folders[f"package/lib/{folder}/index.d.ts"] = kind
        self.declarations = {}
        # From the front to the end, once: the package is compressed as a whole.
        with tarfile.open(package, "r|gz") as files:
            for file in files:
                if file.name in folders:
                    self.declarations[folders[file.name]] = files.extractfile(file).read().decode()
                    if len(self.declarations) == len(folders):
                        return
        sys.exit(f"the provider has no {sorted(set(kinds) - set(self.declarations))}")

    def interface(self, kind, name):
        """The fields: name in Terraform -> (required, the interface of the block, if it is one)."""
        text = self.declarations[kind]
        head = re.search(r"export interface (%s)\b[^{]*\{" % name, text)
        body = text[head.end() : text.index("\n}", head.end())]
        fields = {}
        for field, optional, type_name in FIELD.findall(body):
            block = re.match(r"([A-Z]\w*)(\[\])?( \||$)", type_name)
            fields[field] = (not optional, block and block[1])
        return fields

    def top(self, kind):
        return re.search(r"export interface (\w+Config) extends cdktf\.TerraformMetaArguments", self.declarations[kind])[1]

    def has_attribute(self, kind, attribute):
        camel = re.sub(r"_(\w)", lambda found: found[1].upper(), attribute)
        return re.search(r"\bget %s\(" % camel, self.declarations[kind]) is not None


def bare(name):
    return name.strip('"')


def check(schema, kind, where, interface, body):
    """The problems of one resource, or of one block in it."""
    fields = schema.interface(kind, interface)
    given = {}
    for name, found in body.items():
        if name.startswith("__") or (where.count(".") == 1 and name in META):
            continue
        if name == "dynamic":
            for block in found:
                for dynamic, settings in block.items():
                    given.setdefault(bare(dynamic), []).extend(settings["content"])
        else:
            given.setdefault(name, []).extend(found if isinstance(found, list) else [found])
    for name, (required, _) in fields.items():
        if required and name not in given:
            yield f"{where}: `{name}` is missing"
    for name, values in given.items():
        if name not in fields:
            yield f"{where}: there is no `{name}`"
            continue
        block = fields[name][1]
        for value in values:
            if block and isinstance(value, dict):
                yield from check(schema, kind, f"{where}.{name}", block, value)


def problems(schema, path, text):
    for resource in hcl2.loads(text)["resource"]:
        for kind, named in resource.items():
            kind = bare(kind)
            for name, body in named.items():
                yield from check(schema, kind, f"{kind}.{bare(name)}", schema.top(kind), body)
    for data, kind, attribute in set(REFERENCE.findall(text)):
        if not schema.has_attribute(data + kind, attribute):
            yield f"{data}{kind} has no `{attribute}`"


texts = {path: open(path, encoding="utf-8").read() for path in sys.argv[2:]}
kinds = set()
for text in texts.values():
    kinds.update(re.findall(r'^resource "(\w+)"', text, re.M))
    kinds.update("data." + kind for kind in re.findall(r'^data "(\w+)"', text, re.M))
schema = Schema(sys.argv[1], kinds)
found = [f"{path}: {problem}" for path, text in texts.items() for problem in problems(schema, path, text)]
for line in found:
    print(line, file=sys.stderr)
if found:
    sys.exit(f"{len(found)} problems")
print(f"{len(texts)} Terraform files keep to the provider's schema")
