/** The process in which `mcpc dev` serves. */
import "../../node/dev/process.js";
