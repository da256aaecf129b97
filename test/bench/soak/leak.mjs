// Preloaded into a server that is to fail: holds on to something with every request that comes over HTTP.
import * as fs from "node:fs";
import * as http from "node:http";

const kept = [];
const leaks = {
  memory: () => kept.push(Array.from({ length: 128 }, Math.random)),
  handles: () => kept.push(setInterval(() => {}, 1e9)),
  files: () => kept.push(fs.openSync(process.execPath)),
};
const leak = leaks[process.env.SOAK_LEAK];
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, ...rest) {
  if (event === "request") leak();
  return emit.call(this, event, ...rest);
};
