/** Preloaded into a server under test: whatever becomes of the test, the server does not outlive it. */
process.once("disconnect", () => process.exit(1));
process.channel?.unref();
