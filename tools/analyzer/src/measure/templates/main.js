// Measures a slow and a fast way of doing the same. Each side has timing code of its own, so that what the engine learns of one
// does not change the other.
const [n, order, sampleNs, warmNs, limitNs] = process.argv
  .slice(2)
  .map((text, index) => (index === 1 ? text : Number(text)));

const benchmark = (() => {
@@SETUP@@
  const slowSide = (() => {
@@SLOW@@
    const sample = (input, calls) => {
      let kept;
      const begin = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) kept = run(input);
      const took = Number(process.hrtime.bigint() - begin);
      globalThis.kept = kept;
      return took;
    };
    const sampleAsync = async (input, calls) => {
      let kept;
      const begin = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) kept = await run(input);
      const took = Number(process.hrtime.bigint() - begin);
      globalThis.kept = kept;
      return took;
    };
    return { run, sample, sampleAsync };
  })();
  const fastSide = (() => {
@@FAST@@
    const sample = (input, calls) => {
      let kept;
      const begin = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) kept = run(input);
      const took = Number(process.hrtime.bigint() - begin);
      globalThis.kept = kept;
      return took;
    };
    const sampleAsync = async (input, calls) => {
      let kept;
      const begin = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) kept = await run(input);
      const took = Number(process.hrtime.bigint() - begin);
      globalThis.kept = kept;
      return took;
    };
    return { run, sample, sampleAsync };
  })();
  return { setup, slowSide, fastSide };
})();

const util = require("node:util");

async function check(input) {
  const slow = await benchmark.slowSide.run(input);
  const fast = await benchmark.fastSide.run(input);
  if (!util.isDeepStrictEqual(slow, fast)) {
    const shown = (value) => util.inspect(value).slice(0, 200);
    console.log(JSON.stringify({ slow: shown(slow), fast: shown(fast) }));
    process.exit();
  }
}

const isPromise = (value) => typeof value?.then === "function";

async function sampler(side, input) {
  const first = side.run(input);
  const sample = isPromise(first) ? side.sampleAsync : side.sample;
  await first;
  const begin = process.hrtime.bigint();
  let calls = 1;
  for (;;) {
    if ((await sample(input, calls)) < sampleNs) calls *= 2;
    else if (Number(process.hrtime.bigint() - begin) >= warmNs) return { sample, calls };
  }
}

async function main() {
  const input = await benchmark.setup(n);
  await check(input);
  const sides = {
    s: await sampler(benchmark.slowSide, input),
    f: await sampler(benchmark.fastSide, input),
  };
  const begin = process.hrtime.bigint();
  for (let done = 0; done < order.length; done++) {
    if (done >= 2 && Number(process.hrtime.bigint() - begin) > limitNs) break;
    const took = {};
    for (const name of order[done] === "s" ? "sf" : "fs") {
      const { sample, calls } = sides[name];
      took[name] = (await sample(input, calls)) / calls;
    }
    console.log(JSON.stringify({ slow_ns: took.s, fast_ns: took.f }));
  }
  await check(input);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
