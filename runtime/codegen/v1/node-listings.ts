export { listingFiles } from "../../node/listing-files.js";
