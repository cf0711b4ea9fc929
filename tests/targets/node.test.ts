import { openNode } from '../support/node-door.ts';
import { contract } from './contract.ts';

contract('node', (vars) => openNode({ vars }));
