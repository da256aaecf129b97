export { createRedisStore } from "../../store/redis/store.js";
