#!/usr/bin/env node
import './server/quiet-console.ts';
import { main } from './main.ts';

await main(process.argv.slice(2));
