import { openLambda } from '../support/lambda-door.ts';
import { contract } from './contract.ts';

contract('lambda', (vars) => openLambda({ vars }));
