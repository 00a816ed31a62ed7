// Prints what the AgentCore command line would not accept in agentcore.json and aws-targets.json, or would ignore, a line each.
const fs = require("node:fs");
const schema = require(`${process.env.NODE_PATH}/@aws/agentcore/dist/schema`);

const [project, targets] = process.argv.slice(2).map((path) => JSON.parse(fs.readFileSync(path, "utf8")));
console.log([...check(schema.AgentCoreProjectSpecSchema, project), ...check(schema.AwsDeploymentTargetsSchema, targets)].join("\n"));

function check(model, data) {
  const read = model.safeParse(data);
  if (!read.success) return read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  return unread(data, read.data, "");
}

// The schemas pass over keys that they do not know.
function unread(given, read, path) {
  if (given === null || typeof given !== "object") return [];
  return Object.keys(given).flatMap((key) =>
    read?.[key] === undefined ? [`${path}${key} is not a setting`] : unread(given[key], read[key], `${path}${key}.`),
  );
}
