// aws-local-stepfunctions: the chain of five tasks behind a handler that answers at once.
import { StateMachine } from "aws-local-stepfunctions";

// The package wants Node 22; of what it uses, only this is not in Node 20.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const count = Number(process.argv[2] ?? 20000);
const names = ["task 1", "task 2", "task 3", "task 4", "task 5"];
const resource = "arn:aws:lambda:us-east-1:123456789012:function:place-holder";
const state = (name, index) => {
  const next = names[index + 1];
  return [name, { Type: "Task", Resource: resource, ...(next ? { Next: next } : { End: true }) }];
};
const machine = new StateMachine({ StartAt: names[0], States: Object.fromEntries(names.map(state)) });
const atOnce = async () => ({ done: true });
const taskResourceLocalHandlers = Object.fromEntries(names.map((name) => [name, atOnce]));

async function run(times) {
  for (let number = 0; number < times; number += 1) {
    const output = await machine.run({}, { overrides: { taskResourceLocalHandlers } }).result;
    if (output.done !== true) throw new Error("the chain ended otherwise");
  }
}

// Enough for the compiler in the engine to have done its work.
await run(Math.max(2000, count / 10));
const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
await run(count);
const seconds = Number(process.hrtime.bigint() - wall) / 1e9;
const used = process.cpuUsage(cpu);
const busy = (used.user + used.system) / 1e6;
console.log(["aws-local-stepfunctions 3.0.0 chain", count, Math.round(count / seconds), Math.round(count / busy)].join("\t"));
