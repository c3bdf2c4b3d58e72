// Uses TorchServe's gRPC services with the official client, @grpc/grpc-js: registers, scales, predicts, describes, unregisters.
// node torchserve.js ADDRESS REPOSITORY: ends with 0 and prints 'ok' if everything was as it must be. The model store has twice.mar,
// whose module doubles and adds one.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, repository] = process.argv.slice(2);
const protos = path.join(repository, 'Api', 'Grpc', 'Protos');
const definition = loader.loadSync(['torchserve/inference.proto', 'torchserve/management.proto'], { includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
const packages = grpc.loadPackageDefinition(definition).org.pytorch.serve.grpc;
const inference = new packages.inference.InferenceAPIsService(address, grpc.credentials.createInsecure());
const management = new packages.management.ManagementAPIsService(address, grpc.credentials.createInsecure());

const unary = (client, method, request) => new Promise((resolve, reject) =>
  client[method](request, (error, response) => error ? reject(error) : resolve(response)));
const manage = async (method, request) => (await unary(management, method, request)).msg;
const failure = async promise => {
  try { await promise; } catch (error) { return [error.code, error.details]; }
  return assert.fail('the call succeeded');
};
const request = (model, numbers) => ({ model_name: model, input: { data: Buffer.from(JSON.stringify(numbers)) } });
const predict = async (model, numbers) => JSON.parse((await unary(inference, 'Predictions', request(model, numbers))).prediction.toString());
const collect = stream => new Promise((resolve, reject) => {
  const messages = [];
  stream.on('data', message => messages.push(message));
  stream.on('error', reject);
  stream.on('end', () => resolve(messages));
});

async function main() {
  assert.deepEqual(JSON.parse((await unary(inference, 'Ping', {})).health), { status: 'Healthy' });
  assert.equal(await manage('RegisterModel', { url: 'twice.mar', model_name: 'js', initial_workers: 1, synchronous: true, batch_size: 8, max_batch_delay: 5 }),
    'Model "js" Version: 1.0 registered with 1 initial workers');
  assert.equal(await manage('ScaleWorker', { model_name: 'js', min_worker: 2, synchronous: true }), 'Workers scaled to 2 for model: js');
  assert.deepEqual(await predict('js', [1.5, -2.5]), [4, -4]);
  const [model] = JSON.parse(await manage('DescribeModel', { model_name: 'js' }));
  assert.deepEqual([model.modelVersion, model.modelUrl, model.batchSize, model.maxBatchDelay, model.workers.length], ['1.0', 'twice.mar', 8, 5, 2]);
  assert.ok(JSON.parse(await manage('ListModels', { limit: 10 })).models.some(one => one.modelName === 'js'));
  assert.equal(await manage('SetDefault', { model_name: 'js', model_version: '1.0' }), 'Default version successfully updated for model "js" to "1.0"');

  // A queue takes 100.
  const many = await Promise.all(Array.from({ length: 80 }, (_, i) => predict('js', [i + 0.5])));
  assert.deepEqual(many, Array.from({ length: 80 }, (_, i) => [2 * i + 2]));
  const [once] = await collect(inference.StreamPredictions(request('js', [0.5])));
  assert.deepEqual(JSON.parse(once.prediction.toString()), [2]);
  const stream = inference.StreamPredictions2();
  const answers = collect(stream);
  stream.write(request('js', [0.5]));
  stream.write(request('none', [0.5]));
  stream.end();
  const [good, bad] = await answers;
  assert.deepEqual(JSON.parse(good.prediction.toString()), [2]);
  assert.equal(bad.status.message, 'Model not found: none');

  assert.deepEqual(await failure(predict('none', [1])), [grpc.status.INTERNAL, 'Model not found: none\norg.pytorch.serve.archive.model.ModelNotFoundException']);
  assert.deepEqual(await failure(manage('RegisterModel', { url: 'http://169.254.169.254/x.mar' })),
    [grpc.status.NOT_FOUND, 'Given URL http://169.254.169.254/x.mar does not match any allowed URL(s)\norg.pytorch.serve.archive.model.ModelNotFoundException']);
  assert.equal(await manage('UnregisterModel', { model_name: 'js' }), 'Model "js" unregistered');
  assert.deepEqual(await failure(manage('DescribeModel', { model_name: 'js' })), [grpc.status.NOT_FOUND, 'Model not found: js\norg.pytorch.serve.archive.model.ModelNotFoundException']);
}

main().then(
  () => { console.log('ok'); process.exit(0); },
  error => { console.error(error); process.exit(1); });
