import { NoSide, type Side, type SideOptions } from "./surface.js";

export async function serverSide(named: string, _options: SideOptions): Promise<Side> {
  throw new NoSide(`${named}: not there yet`);
}
