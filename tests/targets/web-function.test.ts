import { openWebFunction } from '../support/web-function-door.ts';
import { contract } from './contract.ts';

contract('lambda', (vars) => openWebFunction({ vars }));
