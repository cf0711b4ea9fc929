import { openWorkerd } from '../support/workerd-door.ts';
import { contract } from './contract.ts';

contract('workerd', (vars) => openWorkerd({ vars }));
