// Makes a small weave: transactions and data items that are really signed, by npm arweave (tests/node), for the test gateway.
// Usage: node make-weave.js NODE_MODULES DIRECTORY. Writes DIRECTORY/weave.json and DIRECTORY/NAME.data.
'use strict';
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');
const [modules, directory] = process.argv.slice(2);
const Arweave = require(path.join(modules, 'arweave'));
const deepHash = require(path.join(modules, 'arweave/node/lib/deepHash')).default;
const arweave = Arweave.init({ host: 'localhost', port: 1, protocol: 'http' });
const utf8 = (text) => Buffer.from(text);
const sha256 = (data) => crypto.createHash('sha256').update(data).digest();
const base64url = (data) => Buffer.from(data).toString('base64url');

// The same bytes every time, and cheap: SHA-256 in counter mode would take as long as all the rest.
function bytes(name, length) {
  return crypto.createCipheriv('aes-128-ctr', sha256(name).subarray(0, 16), Buffer.alloc(16)).update(Buffer.alloc(length));
}

const weave = { owners: {}, transactions: {} };

function note(name, entry, data, tags) {
  fs.writeFileSync(path.join(directory, `${name}.data`), data);
  weave.transactions[name] = { ...entry, size: data.length, sha256: sha256(data).toString('hex'), tags };
}

function fileTags(repository, file, version, time, data) {
  return [['App-Name', 'Ritual'], ['Content-Type', 'application/octet-stream'], ['Unix-Time', `${time}`], ['Repo-Name', repository],
    ['File-Version', version], ['File-Name', file], ['File-SHA256', sha256(data).toString('hex')]];
}

async function transaction(key, name, data, tags, { format = 2, saltLength, denomination } = {}) {
  const tx = await arweave.createTransaction({ data, last_tx: base64url(sha256('anchor')), reward: '123456' }, key);
  tx.format = format;
  for (const [tag, value] of tags)
    tx.addTag(tag, value);
  if (format === 1)
    tx.data_root = '';
  tx.setOwner(key.n);
  let message = await tx.getSignatureData();
  if (denomination) {
    // arweave-js knows no denominations; the network signs them as the first part (ar_tx.erl).
    const raw = (text) => Buffer.from(text, 'base64url');
    message = await deepHash([utf8(denomination), utf8('2'), raw(tx.owner), raw(tx.target), utf8(tx.quantity), utf8(tx.reward), raw(tx.last_tx),
      tx.tags.map((tag) => [raw(tag.name), raw(tag.value)]), utf8(tx.data_size), raw(tx.data_root)]);
  }
  const signature = await arweave.crypto.sign(key, message, { saltLength });
  tx.setSignature({ id: base64url(sha256(signature)), owner: key.n, signature: base64url(signature) });
  if (!denomination && !(await arweave.transactions.verify(tx)))
    throw new Error(`${name} does not verify`);
  const chunks = format === 1 ? [] : tx.chunks.chunks.map((chunk, i) => (
    { begin: chunk.minByteRange, end: chunk.maxByteRange, path: base64url(tx.chunks.proofs[i].proof) }));
  note(name, { id: tx.id, owner: await arweave.wallets.jwkToAddress(key), header: { ...tx.toJSON(), data: '', ...(denomination && { denomination }) }, chunks }, data, tags);
  return tx.id;
}

// ANS-104.
const number = (value, length) => {
  const buffer = Buffer.alloc(length);
  buffer.writeUInt32LE(value);
  return buffer;
};

function avro(tags) {
  if (tags.length === 0)
    return Buffer.alloc(0);
  const long = (value) => {
    const out = [];
    for (value *= 2; value >= 0x80; value = Math.floor(value / 128))
      out.push((value % 128) | 0x80);
    return Buffer.from([...out, value]);
  };
  return Buffer.concat([long(tags.length), ...tags.flat().flatMap((text) => [long(utf8(text).length), utf8(text)]), long(0)]);
}

async function item(key, name, data, tags, { anchor = Buffer.alloc(0), target = Buffer.alloc(0) } = {}) {
  const owner = Buffer.from(key.n, 'base64url');
  const rawTags = avro(tags);
  const message = await deepHash([utf8('dataitem'), utf8('1'), utf8('1'), owner, target, anchor, rawTags, data]);
  const signature = Buffer.from(await arweave.crypto.sign(key, message));
  const optional = (part) => Buffer.concat([Buffer.from([part.length ? 1 : 0]), part]);
  const binary = Buffer.concat([number(1, 2 + 2).subarray(0, 2), signature, owner, optional(target), optional(anchor), number(tags.length, 8), number(rawTags.length, 8), rawTags, data]);
  const id = sha256(signature);
  note(name, { id: base64url(id), owner: await arweave.wallets.jwkToAddress(key) }, data, tags);
  return { name, id, binary };
}

function foreignItem(name, data, tags) {
  const signature = bytes(name, 65);
  const rawTags = avro(tags);
  const binary = Buffer.concat([Buffer.from([3, 0]), signature, bytes('key', 65), Buffer.from([0, 0]), number(tags.length, 8), number(rawTags.length, 8), rawTags, data]);
  const id = sha256(signature);
  note(name, { id: base64url(id), owner: base64url(sha256(bytes('key', 65))) }, data, tags);
  return { name, id, binary };
}

function bundle(items) {
  return Buffer.concat([number(items.length, 32), ...items.map((entry) => Buffer.concat([number(entry.binary.length, 32), entry.id])), ...items.map((entry) => entry.binary)]);
}

function place(items, id) {
  for (const entry of items)
    weave.transactions[entry.name].bundledIn = id;
}

async function main() {
  const [alice, mallory] = await Promise.all([arweave.wallets.generate(), arweave.wallets.generate()]);
  weave.owners.alice = await arweave.wallets.jwkToAddress(alice);
  weave.owners.mallory = await arweave.wallets.jwkToAddress(mallory);
  const file = async (name, repository, filename, version, time, length, options = {}) => {
    const data = bytes(name, length);
    return transaction(options.key ?? alice, name, data, options.tags?.(data) ?? fileTags(repository, filename, version, time, data), options);
  };

  await file('older', 'iris', 'model.pt', '0.9.0', 1700000000.5, 5000);
  await file('small', 'iris', 'model.pt', '1.0.0', 1700000100.25, 6000);
  await file('evil', 'iris', 'model.pt', '1.0.0', 1800000000, 6000, { key: mallory });
  await file('exact', 'sizes', 'exact.pt', '1', 1, 2 * 256 * 1024);
  await file('halved', 'sizes', 'halved.pt', '1', 1, 2 * 256 * 1024 + 10001);
  await file('uneven', 'sizes', 'uneven.pt', '1', 1, 256 * 1024 + 100000);
  await file('tiny', 'sizes', 'tiny.pt', '1', 1, 1);
  await file('medium', 'sizes', 'medium.pt', '1', 1, 3_000_001);
  await file('big', 'sizes', 'big.pt', '1', 1, 13_000_000);
  await file('salt32', 'sizes', 'salt32.pt', '1', 1, 1000, { saltLength: 32 });
  await file('salt0', 'sizes', 'salt0.pt', '1', 1, 1000, { saltLength: 0 });
  await file('denominated', 'sizes', 'denominated.pt', '1', 1, 1000, { denomination: '1' });
  await file('odd', 'odd', 'sub dir/m"o{d]}e%20l ü.pt', '1', 1, 1000);
  await file('untagged', 'sizes', 'untagged.pt', '1', 1, 400_000, { tags: (data) => fileTags('sizes', 'untagged.pt', '1', 1, data).slice(0, -1) });
  await file('badhash', 'badhash', 'model.pt', '1', 1, 1000, { tags: (data) => [...fileTags('badhash', 'model.pt', '1', 1, data).slice(0, -1), ['File-SHA256', 'ab'.repeat(32)]] });
  await file('early', 'early', 'model.torch', '', 1, 1000, { tags: (data) => [['App-Name', 'Ritual'], ['Unix-Time', '1'], ['Model-Id', 'org/early'], ['File-Version', ''], ['File-Name', 'model.torch'], ['File-SHA256', sha256(data).toString('hex')]] });
  await file('format1', 'ancient', 'model.pt', '1', 1, 50_000, { format: 1 });
  await file('format1-untagged', 'ancient', 'untagged.pt', '1', 1, 5000, { format: 1, tags: (data) => fileTags('ancient', 'untagged.pt', '1', 1, data).slice(0, -1) });

  const target = await file('target', '', '', '', 0, 7000, { tags: () => [['Content-Type', 'application/octet-stream'], ['File-Version', '2.0']] });
  const theirs = await file('theirs', '', '', '', 0, 7000, { key: mallory, tags: () => [['File-Version', '2.0']] });
  const manifest = (name, time, paths) => transaction(alice, name, utf8(JSON.stringify({ manifest: 'arweave/paths', version: '0.1.0', paths })),
    [['App-Name', 'Ritual'], ['Content-Type', 'application/x.arweave-manifest+json'], ['Unix-Time', `${time}`], ['Repo-Name', 'packed'], ['Type', 'manifest']]);
  await manifest('manifest-older', 1, { 'weights.pt': { id: theirs } });
  await manifest('manifest', 2, { 'weights.pt': { id: target }, 'theirs.pt': { id: theirs } });

  const first = await item(alice, 'item', bytes('item', 700_000), fileTags('bundled', 'item.pt', '1', 1, bytes('item', 700_000)), { anchor: sha256('a') });
  const plain = await item(alice, 'item-plain', bytes('item-plain', 3000), [], { target: sha256('t') });
  const foreign = foreignItem('item-foreign', bytes('item-foreign', 3000), fileTags('bundled', 'foreign.pt', '1', 1, bytes('item-foreign', 3000)));
  const inner = await item(alice, 'item-inner', bytes('item-inner', 4000), fileTags('bundled', 'inner.pt', '1', 1, bytes('item-inner', 4000)));
  const nested = await item(mallory, 'nested', bundle([plain, inner]), [['Bundle-Format', 'binary'], ['Bundle-Version', '2.0.0']]);
  place([plain, inner], base64url(nested.id));
  const items = [foreign, first, nested];
  place(items, await transaction(mallory, 'bundle', bundle(items), [['Bundle-Format', 'binary'], ['Bundle-Version', '2.0.0']]));

  fs.writeFileSync(path.join(directory, 'weave.json'), JSON.stringify(weave));
}

main().catch((error) => { console.error(error); process.exit(1); });
