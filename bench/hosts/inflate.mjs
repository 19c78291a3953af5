// The least that anybody can do with layers: read, hash, inflate, hash.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

for (const path of process.argv.slice(2)) {
  const packed = createHash("sha256"), archive = createHash("sha256");
  const unzip = createGunzip({ chunkSize: 256 * 1024 });
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  file.on("data", (chunk) => packed.update(chunk));
  for await (const chunk of file.pipe(unzip)) archive.update(chunk);
  console.log(packed.digest("hex"), archive.digest("hex"));
}
