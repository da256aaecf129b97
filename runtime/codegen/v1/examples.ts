export { serveExamples } from "../../node/examples.js";
export type { ExampleCall, ExampleReply, ExampleSettings } from "../../node/examples.js";
