import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { fillDisk } from "./fill-disk.ts";
import { mountSmallDisk } from "./small-disk.ts";

setDefaultTimeout(120_000);

const disk = mountSmallDisk(200);
afterAll(() => disk?.[Symbol.dispose]());

test.skipIf(disk === undefined)(
  "on a disk that runs full (a tmpfs, which only root can mount) nothing is lost, and a killed server starts again",
  async () => {
    if (disk === undefined) throw new Error("there is no small disk");
    expect((await fillDisk(disk, 1)).broken).toEqual([]);
  },
);
