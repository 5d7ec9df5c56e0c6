import type { ShapeDifference } from '../../api/compare-shapes.ts';
import { endpointName, type Place } from '../../api/endpoint.ts';
import type { CodeApi, CodeEndpoint } from '../../fastapi/endpoints.ts';
import type { ContractEndpoint, Conventions } from '../contract.ts';
import type { Difference, DifferenceKind } from './differences.ts';

/** Places that say more precisely than the endpoints where the two sides differ. */
interface Places {
  readonly contract?: Place | undefined;
  readonly code?: Place | undefined;
}

/** An endpoint of the contract, the one of the code that answers it, and what goes for all endpoints of each side. */
export class EndpointPair {
  readonly contract: ContractEndpoint;
  readonly code: CodeEndpoint;
  readonly conventions: Conventions;
  readonly api: CodeApi;
  /** What reading alone cannot decide, each a sentence. */
  readonly undecided: string[] = [];

  constructor(contract: ContractEndpoint, code: CodeEndpoint, conventions: Conventions, api: CodeApi) {
    this.contract = contract;
    this.code = code;
    this.conventions = conventions;
    this.api = api;
  }

  /** A difference, at the two endpoints where nothing more precise is given. */
  difference(kind: DifferenceKind, detail: string, places: Places = {}): Difference {
    return {
      kind,
      endpoint: endpointName(this.contract),
      detail,
      contract: places.contract ?? this.contract.place,
      code: places.code ?? this.code.place,
    };
  }

  /** A difference in a body; `what` names the whole of it. */
  shapeDifference(kind: DifferenceKind, what: string, each: ShapeDifference, places: Places): Difference {
    const detail = each.field === '' ? `${what} ${each.detail}` : `\`${each.field}\` of ${what} ${each.detail}`;
    // Lines of fields lie in the contract's document; those of the code may lie in another module than the endpoint.
    const { path } = this.contract.place;
    const isHere = each.contractLine > 0 && (places.contract ?? this.contract.place).path === path;
    return this.difference(kind, detail, { contract: isHere ? { path, line: each.contractLine } : places.contract, code: places.code });
  }

  /** Notes what cannot be decided by reading. */
  undecide(reason: string): void {
    this.undecided.push(`${endpointName(this.contract)}: ${reason}`);
  }
}
