import { expect, setDefaultTimeout, test } from "bun:test";
import { canMountSmallDisk, mountSmallDisk } from "@headrace/server/testing/small-disk.ts";
import { fillDisk } from "./fill-disk.ts";

setDefaultTimeout(120_000);

test.skipIf(!canMountSmallDisk)(
  "on a disk that runs full (a tmpfs, which only root can mount) nothing is lost, and a killed server starts again",
  async () => {
    using disk = mountSmallDisk("200m");
    expect((await fillDisk(disk, 1)).broken).toEqual([]);
  },
);
