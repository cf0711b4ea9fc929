import { expect, test } from 'vitest';
import { breaches } from '../../scripts/check-imports.ts';

test.each([
  ['kernels/ref/device.ts', "import { x } from '../../models/errors.ts';"],
  ['kernels/wasm/device.ts', "import { x } from '../ref/device.ts';"],
  ['models/load.ts', "import { readFileSync } from 'node:fs';"],
  ['models/load.ts', "import { x } from './cli/pull.ts';"],
  ['engine/local.ts', "import { createWasmDevice } from '../kernels/wasm/device.ts';"],
  ['engine/local.ts', "import { Hono } from 'hono';"],
  ['app/app.ts', "import type { Llama } from '../models/llama/model.ts';"],
  ['edge/worker.ts', "import fs from 'node:fs';"],
  ['edge/worker.ts', "import { openFileSource } from '../models/cli/file-source.ts';"],
  ['shared/thing.ts', ''],
])('breaches() finds %s: %s', (file, source) => {
  expect(breaches(file, source)).toHaveLength(1);
});

test('breaches() lets a door name a backend, and a layer the one below', () => {
  expect(breaches('edge/worker.ts', "import { x } from '../kernels/wasm/device.ts';")).toEqual([]);
  expect(breaches('engine/local.ts', "import { x } from '../models/load.ts';")).toEqual([]);
});
