/** Preloaded into a server under test, so that the server ends with the test process. */
process.once("disconnect", () => process.exit(1));
process.channel?.unref();
