// Asks two validators that nobody here wrote about every definition given, and fails if one objects.
const { readFileSync } = require("node:fs");
const aslValidator = require("asl-validator");
const { getLanguageService } = require("amazon-states-language-service");
const { TextDocument } = require("vscode-languageserver-textdocument");

async function problems(path) {
  const text = readFileSync(path, "utf8");
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

async function main(paths) {
  if (paths.length === 0) throw new Error("name the definitions to validate");
  let failed = 0;
  for (const path of paths) {
    const found = await problems(path);
    found.forEach((problem) => console.error(`${path}: ${problem}`));
    if (found.length > 0) failed += 1;
  }
  console.log(`${paths.length - failed} of ${paths.length} definitions accepted by both validators`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
