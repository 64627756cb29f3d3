// Asks validators that nobody here wrote about every file given, and fails if one objects: two about definitions, AsyncAPI's own about
// the documents of choreographies. Their warnings count too.
const { readFileSync } = require("node:fs");
const aslValidator = require("asl-validator");
const { getLanguageService } = require("amazon-states-language-service");
const { Parser, DiagnosticSeverity } = require("@asyncapi/parser");
const { TextDocument } = require("vscode-languageserver-textdocument");

async function ofDefinition(path, text) {
  const found = [];
  const { isValid, errorsText } = aslValidator(JSON.parse(text));
  if (!isValid) found.push(`asl-validator: ${errorsText("; ")}`);
  const service = getLanguageService({});
  const document = TextDocument.create(`file://${path}`, "asl", 1, text);
  const diagnostics = await service.doValidation(document, service.parseJSONDocument(document));
  for (const { message, range } of diagnostics) {
    found.push(`amazon-states-language-service: line ${range.start.line + 1}: ${message}`);
  }
  return found;
}

// What the parser only remarks on is left alone: that there is no `tags`, no `contact`, or a later version of AsyncAPI.
async function ofDocument(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics
    .filter(({ severity }) => severity <= DiagnosticSeverity.Warning)
    .map(({ code, message, path }) => `@asyncapi/parser: ${code}: ${path.join(".")}: ${message}`);
  if (document === undefined && found.length === 0) found.push("@asyncapi/parser: it reads no document");
  return found;
}

async function main(paths) {
  if (paths.length === 0) throw new Error("name the files to validate");
  const kinds = [
    { suffix: ".asyncapi.json", problems: (_, text) => ofDocument(text), said: "documents accepted by @asyncapi/parser" },
    { suffix: "", problems: ofDefinition, said: "definitions accepted by both validators" },
  ];
  const counts = new Map(kinds.map((kind) => [kind, { all: 0, failed: 0 }]));
  for (const path of paths) {
    const kind = kinds.find(({ suffix }) => path.endsWith(suffix));
    const found = await kind.problems(path, readFileSync(path, "utf8"));
    found.forEach((problem) => console.error(`${path}: ${problem}`));
    const count = counts.get(kind);
    count.all += 1;
    if (found.length > 0) count.failed += 1;
  }
  let failed = 0;
  for (const [{ said }, count] of counts) {
    if (count.all > 0) console.log(`${count.all - count.failed} of ${count.all} ${said}`);
    failed += count.failed;
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
