// Preloaded into a server under load: tells, when asked, what it holds on to.
process.on("message", () => {
  globalThis.gc();
  globalThis.gc();
  const { rss, heapUsed: heap, external } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  process.send({ rss, heap, external, handles });
});
// A server that nobody asks any more has no use.
process.on("disconnect", () => process.exit());
// It keeps nothing alive by itself.
process.channel.unref();
